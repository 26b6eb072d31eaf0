/** Which directives there are, where they may stand and how many arguments they take (the modules' command tables). */
import type { Position } from './parser';
import { at, ConfigError, NotSimulated } from './parser';

/**
 * Contexts by letter: m main, e events, h http, s server, l location, L `if` in a location, S `if` in a server, u upstream,
 * x limit_except. Arguments: `N`, `N-M` or `N+`; `flag` is `on` or `off`. A trailing `{` makes it a block.
 */
const TABLE = `
daemon m flag|master_process m flag|worker_processes m 1|pid m 1|user m 1-2|worker_rlimit_nofile m 1|worker_priority m 1
worker_cpu_affinity m 1+|pcre_jit m flag|env m 1|timer_resolution m 1|lock_file m 1|working_directory m 1|worker_shutdown_timeout m 1
load_module m 1|debug_points m 1|events m 0{|http m 0{|include mehslLSuxT 1|error_log mhsl 1+
worker_connections e 1|use e 1|multi_accept e flag|accept_mutex e flag|accept_mutex_delay e 1|debug_connection e 1
server h 0{|upstream h 1{|map h 2{|types hsl 0{|location sl 1-2{|if sl 1+{|limit_except l 1+{
listen s 1+|server_name s 1+|root hslL 1|alias l 1|index hsl 1+|try_files sl 2+|return sSlL 1-2|rewrite sSlL 2-3|set sSlL 2|break sSlL 0
default_type hsl 1|error_page hslL 2+|access_log hslLx 1+|log_format h 2+|add_header hslL 2-3|expires hslL 1-2|log_not_found hsl flag
sendfile hslL flag|sendfile_max_chunk hsl 1|tcp_nopush hsl flag|tcp_nodelay hsl flag|keepalive_timeout hslu 1-2|keepalive_requests hslu 1
keepalive_time hslu 1|keepalive_disable hsl 1+|client_max_body_size hsl 1|client_body_buffer_size hsl 1|client_header_buffer_size hs 1
large_client_header_buffers hs 2|client_body_timeout hsl 1|client_header_timeout hs 1|send_timeout hsl 1|reset_timedout_connection hsl flag
lingering_close hsl 1|lingering_time hsl 1|lingering_timeout hsl 1|types_hash_max_size hsl 1|types_hash_bucket_size hsl 1
server_names_hash_bucket_size h 1|server_names_hash_max_size h 1|map_hash_bucket_size h 1|map_hash_max_size h 1|variables_hash_max_size h 1
variables_hash_bucket_size h 1|server_tokens hsl 1|server_name_in_redirect hsl flag|port_in_redirect hsl flag|absolute_redirect hsl flag
merge_slashes hs flag|underscores_in_headers hs flag|ignore_invalid_headers hs flag|recursive_error_pages hsl flag|msie_padding hsl flag
internal l 0|allow hslx 1|deny hslx 1|satisfy hsl 1|autoindex hsl flag|autoindex_exact_size hsl flag|autoindex_localtime hsl flag
autoindex_format hsl 1|disable_symlinks hsl 1-2|etag hsl flag|if_modified_since hsl 1|max_ranges hsl 1|open_file_cache hsl 1-2
open_file_cache_valid hsl 1|open_file_cache_min_uses hsl 1|open_file_cache_errors hsl flag|open_log_file_cache hsl 1-4|log_subrequest hsl flag
output_buffers hsl 2|postpone_output hsl 1|aio hsl 1|directio hsl 1|limit_rate hslL 1|limit_rate_after hslL 1|chunked_transfer_encoding hsl flag
charset hslL 1|gzip hslL flag|gzip_vary hsl flag|gzip_proxied hsl 1+|gzip_comp_level hsl 1|gzip_buffers hsl 2|gzip_http_version hsl 1
gzip_types hsl 1+|gzip_min_length hsl 1|gzip_disable hsl 1+|gzip_static hsl 1
ssl_protocols hs 1+|ssl_prefer_server_ciphers hs flag|ssl_ciphers hs 1|ssl_session_cache hs 1-2|ssl_session_timeout hs 1|ssl_session_tickets hs flag
resolver hslu 1+|resolver_timeout hslu 1|real_ip_header hsl 1|set_real_ip_from hsl 1|real_ip_recursive hsl flag
proxy_pass lLx 1|proxy_set_header hsl 2|proxy_http_version hsl 1|proxy_redirect hsl 1-2|proxy_connect_timeout hsl 1|proxy_read_timeout hsl 1
proxy_send_timeout hsl 1|proxy_buffering hsl flag|proxy_request_buffering hsl flag|proxy_buffer_size hsl 1|proxy_buffers hsl 2
proxy_busy_buffers_size hsl 1|proxy_max_temp_file_size hsl 1|proxy_temp_file_write_size hsl 1|proxy_intercept_errors hsl flag
proxy_hide_header hsl 1|proxy_pass_header hsl 1|proxy_ignore_headers hsl 1+|proxy_pass_request_headers hsl flag|proxy_pass_request_body hsl flag
proxy_set_body hsl 1|proxy_method hsl 1|proxy_next_upstream hsl 1+|proxy_next_upstream_tries hsl 1|proxy_next_upstream_timeout hsl 1
proxy_socket_keepalive hsl flag|proxy_ignore_client_abort hsl flag|proxy_headers_hash_max_size hsl 1|proxy_headers_hash_bucket_size hsl 1
proxy_cache_bypass hsl 1+|proxy_no_cache hsl 1+|proxy_bind hsl 1-2
fastcgi_pass lL 1|fastcgi_param hsl 2-3|fastcgi_index hsl 1|fastcgi_split_path_info l 1|fastcgi_connect_timeout hsl 1|fastcgi_read_timeout hsl 1
fastcgi_send_timeout hsl 1|fastcgi_buffers hsl 2|fastcgi_buffer_size hsl 1|fastcgi_busy_buffers_size hsl 1|fastcgi_intercept_errors hsl flag
fastcgi_hide_header hsl 1|fastcgi_keep_conn hsl flag|fastcgi_buffering hsl flag|fastcgi_request_buffering hsl flag|fastcgi_next_upstream hsl 1+
ip_hash u 0|least_conn u 0|random u 0-2|hash u 1-2|keepalive u 1|zone u 1-2|stub_status sl 0-1|empty_gif l 0`;

interface Command {
  readonly where: string;
  readonly min: number;
  readonly max: number;
  readonly flag: boolean;
  readonly block: boolean;
}

let table: Map<string, Command> | undefined;

function commands(): Map<string, Command> {
  if (table) return table;
  table = new Map();
  for (const entry of TABLE.trim().split(/[|\n]/)) {
    const [name, where, count] = entry.split(' ') as [string, string, string];
    const block = count.endsWith('{');
    const range = block ? count.slice(0, -1) : count;
    const [, min, rest] = /^(\d+)(\+|-\d+)?$/.exec(range) ?? [undefined, '1', undefined];
    table.set(name, {
      where,
      min: Number(min),
      max: rest === '+' ? Infinity : rest === undefined ? Number(min) : Number(rest.slice(1)),
      flag: range === 'flag',
      block,
    });
  }
  return table;
}

/** Of real nginx's directives, some that are not simulated; anything else that is not in the table is unknown. */
const MISSING =
  /^(stream|mail|geo|geoip_.*|split_clients|limit_(req|conn)(_.*)?|ssl_.*|ssl|http2.*|auth_(basic|request|jwt).*|proxy_(cache|store|ssl|cookie|temp|limit).*|proxy_cache|fastcgi_(cache|store|temp|catch|limit|socket|pass|ignore|no|force).*|(uwsgi|scgi|grpc|memcached)_.*|sub_filter.*|secure_link.*|dav_.*|mirror.*|addition.*|add_before_body|add_after_body|add_trailer|perl.*|js_.*|valid_referers|referer_.*|ssi.*|userid.*|xslt.*|image_filter.*|mp4.*|flv|slice|thread_pool|random_index|browser|post_action|override_charset|charset_.*|source_charset|client_body_(temp|in).*|upstream_conf|quic.*|google_.*|subrequest.*|read_ahead|send_lowat|connection_pool_size|request_pool_size|modern_browser.*|ancient_browser.*|rewrite_log|uninitialized_variable_warn|server_rewrite|state|ntlm|sticky.*|queue|health_check|status.*|echo.*|more_.*|gunzip.*|ssl_engine|accept_filter|error_log_.*)$/;

/** The context that `parents` (names of the open blocks) make. */
function contextOf(parents: readonly string[]): string {
  const last = parents[parents.length - 1];
  switch (last) {
    case undefined:
      return 'm';
    case 'events':
      return 'e';
    case 'http':
      return 'h';
    case 'server':
      return 's';
    case 'location':
      return 'l';
    case 'upstream':
      return 'u';
    case 'limit_except':
      return 'x';
    case 'if':
      return parents.includes('location') ? 'L' : 'S';
    default:
      return 'T';
  }
}

/** Refuses what nginx would refuse when it reads this directive. @throws ConfigError */
export function checkDirective(
  name: string,
  args: readonly string[],
  block: boolean,
  position: Position,
  parents: readonly string[],
): void {
  const context = contextOf(parents);
  // Inside `types` and `map` every line is an entry.
  if (context === 'T' && name !== 'include') {
    if (block) throw new ConfigError(`unexpected "{"${at(position)}`);
    return;
  }
  if (name === 'server' && context === 'u') {
    if (args.length === 0) throw new ConfigError(`invalid number of arguments in "server" directive${at(position)}`);
    return;
  }
  const command = commands().get(name);
  if (!command) {
    if (MISSING.test(name)) throw new NotSimulated(`${name}${at(position)}`);
    throw new ConfigError(`unknown directive "${name}"${at(position)}`);
  }
  if (!command.where.includes(context)) throw new ConfigError(`"${name}" directive is not allowed here${at(position)}`);
  if (block && !command.block) throw new ConfigError(`directive "${name}" is not terminated by ";"${at(position)}`);
  if (!block && command.block) throw new ConfigError(`directive "${name}" has no opening "{"${at(position)}`);
  if (args.length < command.min || args.length > command.max)
    throw new ConfigError(`invalid number of arguments in "${name}" directive${at(position)}`);
  if (command.flag && !/^(on|off)$/i.test(args[0]!))
    throw new ConfigError(
      `invalid value "${args[0]!}" in "${name}" directive, it must be "on" or "off"${at(position)}`,
    );
}
