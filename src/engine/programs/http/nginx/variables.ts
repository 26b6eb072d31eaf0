/** Variables and texts that contain them (ngx_http_variables.c, ngx_http_script.c). */
import { strftime } from '../../lib/strftime';
import { formatIp } from '../../../wire';
import { header } from '../message';
import type { Exchange } from './exchange';
import { ConfigError } from './parser';

const FIXED: Readonly<Record<string, (x: Exchange) => string>> = {
  args: (x) => x.args,
  query_string: (x) => x.args,
  is_args: (x) => (x.args === '' ? '' : '?'),
  uri: (x) => x.uri,
  document_uri: (x) => x.uri,
  request_uri: (x) => x.head.target,
  host: (x) => x.host,
  request: (x) => x.head.line,
  request_method: (x) => x.head.method,
  request_body: (x) => x.bodyText(),
  request_length: (x) => String(x.head.length + x.body.length),
  request_time: (x) => ((x.now - x.began) / 1e6).toFixed(3),
  request_id: (x) => x.requestId,
  request_filename: (x) => x.fileName(),
  request_completion: (x) => (x.finished ? 'OK' : ''),
  document_root: (x) => x.root(),
  realpath_root: (x) => x.root(),
  remote_addr: (x) => formatIp(x.client.address),
  remote_port: (x) => String(x.client.port),
  remote_user: (x) => x.remoteUser(),
  binary_remote_addr: (x) => formatIp(x.client.address),
  server_addr: (x) => formatIp(x.local.address),
  server_port: (x) => String(x.local.port),
  server_name: (x) => x.server.names[0]!.text,
  server_protocol: (x) => x.head.protocol,
  scheme: () => 'http',
  https: () => '',
  status: (x) => String(x.status).padStart(3, '0'),
  body_bytes_sent: (x) => String(x.bodySent),
  bytes_sent: (x) => String(x.bytesSent),
  content_type: (x) => header(x.head.headers, 'content-type') ?? '',
  content_length: (x) => header(x.head.headers, 'content-length') ?? '',
  connection: (x) => String(x.connection),
  connection_requests: (x) => String(x.requests),
  connection_time: (x) => ((x.now - x.connected) / 1e6).toFixed(3),
  hostname: (x) => x.site.hostname,
  nginx_version: (x) => x.site.version.replace('nginx/', ''),
  pid: (x) => String(x.site.pid),
  pipe: () => '.',
  msec: (x) => (x.now / 1e6).toFixed(3),
  time_local: (x) => strftime('%d/%b/%Y:%H:%M:%S +0000', x.now),
  time_iso8601: (x) => strftime('%Y-%m-%dT%H:%M:%S+00:00', x.now),
  limit_rate: () => '0',
  proxy_host: (x) => x.proxyHost,
  proxy_port: (x) => x.proxyPort,
  proxy_add_x_forwarded_for: (x) => {
    const before = header(x.head.headers, 'x-forwarded-for');
    return (before === undefined ? '' : `${before}, `) + formatIp(x.client.address);
  },
  upstream_addr: (x) => x.upstreams.map((u) => u.address).join(', '),
  upstream_status: (x) => x.upstreams.map((u) => u.status || '-').join(', '),
  upstream_response_time: (x) => x.upstreams.map((u) => seconds(u.response)).join(', '),
  upstream_connect_time: (x) => x.upstreams.map((u) => seconds(u.connect)).join(', '),
  upstream_header_time: (x) => x.upstreams.map((u) => seconds(u.header)).join(', '),
  upstream_response_length: (x) => x.upstreams.map((u) => String(u.length)).join(', '),
  upstream_bytes_received: (x) => x.upstreams.map((u) => String(u.received)).join(', '),
  upstream_bytes_sent: (x) => x.upstreams.map((u) => String(u.sent)).join(', '),
  upstream_cache_status: () => '',
  fastcgi_script_name: (x) => x.fastcgiScript(),
  fastcgi_path_info: (x) => x.pathInfo,
  gzip_ratio: () => '',
};

function seconds(micros: number | undefined): string {
  return micros === undefined ? '-' : (micros / 1e6).toFixed(3);
}

const PREFIXES: Readonly<Record<string, (x: Exchange, rest: string) => string>> = {
  arg_: (x, rest) => {
    for (const part of x.args.split('&')) {
      const at = part.indexOf('=');
      if (at >= 0 && part.slice(0, at).toLowerCase() === rest) return part.slice(at + 1);
    }
    return '';
  },
  cookie_: (x, rest) => {
    for (const part of (header(x.head.headers, 'cookie') ?? '').split(/; */)) {
      const at = part.indexOf('=');
      if (at >= 0 && part.slice(0, at).toLowerCase() === rest) return part.slice(at + 1);
    }
    return '';
  },
  sent_http_: (x, rest) => header(x.sentHeaders, rest.replace(/_/g, '-')) ?? '',
  upstream_http_: (x, rest) => header(x.upstreamHeaders, rest.replace(/_/g, '-')) ?? '',
  http_: (x, rest) => header(x.head.headers, rest.replace(/_/g, '-')) ?? '',
};

/** The value of a variable; empty when it has none. */
export function variable(x: Exchange, name: string): string {
  if (/^[1-9]$/.test(name)) return x.captures[Number(name)] ?? '';
  const own = x.variables.get(name);
  if (own !== undefined) return own;
  const map = x.site.config.maps.find((m) => m.variable === name);
  if (map) {
    const source = interpolate(x, map.source);
    const lower = source.toLowerCase();
    const hit =
      map.entries.find((e) => e.regex === undefined && e.key.toLowerCase() === lower) ??
      map.entries.find((e) => e.regex?.test(source));
    if (hit?.regex) x.remember(hit.regex, source);
    return interpolate(x, hit?.value ?? map.initial);
  }
  const fixed = FIXED[name];
  if (fixed) return fixed(x);
  for (const [prefix, get] of Object.entries(PREFIXES))
    if (name.startsWith(prefix)) return get(x, name.slice(prefix.length).toLowerCase());
  return '';
}

const REFERENCE = /\$(?:\{(\w+)\}|(\w+))/g;

/** Puts variables into a text. @param absent what stands for an empty value: `-` in logs */
export function interpolate(x: Exchange, text: string, absent = ''): string {
  if (!text.includes('$')) return text;
  return text.replace(REFERENCE, (_, braced: string | undefined, plain: string | undefined) => {
    let name = braced ?? plain!;
    // $1abc is the first group and `abc`.
    const digit = braced === undefined && /^[1-9]/.test(name) ? name.slice(1) : '';
    if (digit !== '') name = name[0]!;
    return (variable(x, name) || absent) + digit;
  });
}

/** Refuses names that nothing defines. @throws ConfigError */
export function checkVariables(text: string, defined: ReadonlySet<string>): void {
  for (const [, braced, plain] of text.matchAll(REFERENCE)) {
    const name = braced ?? plain!;
    if (
      /^[1-9]/.test(name) ||
      defined.has(name) ||
      FIXED[name] ||
      Object.keys(PREFIXES).some((p) => name.startsWith(p))
    )
      continue;
    throw new ConfigError(`unknown "${name}" variable`);
  }
}
