/** What no shell needs before its first prompt, in one chunk: the other builtins, sockets, /proc/net, /proc/sys and /sys. */
import '../host/netfs/register';
import '../net/socket/register';
import '../shell/builtins/rest';
