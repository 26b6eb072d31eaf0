/** What no shell needs before its first prompt, in one chunk: the other builtins, /proc/net, /proc/sys and /sys. */
import '../host/netfs/register';
import '../shell/builtins/rest';
