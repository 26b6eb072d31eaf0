/**
 * What one host with a shell does not need before its first prompt, in one chunk: the rest of the shell, what handles packets,
 * sockets, /proc/net, /proc/sys and /sys, and worlds of several machines.
 */
import '../host/netfs/register';
import '../net/register';
import '../shell/builtins/rest';
import { registerFileSystems } from '../host/proc/hooks';
import { NGINX_FILES } from '../programs/http/nginx/debian-files';
import './more-topologies';

registerFileSystems({ packages: NGINX_FILES });
