/** The configuration as the server uses it: scopes that inherit from each other, servers, locations, upstreams, listeners. */
import type { IpAddress } from '../../../wire';
import { formatIp, parseIp } from '../../../wire';
import { Regex, RegexError } from '../../lib/regex';
import type { Directive, Position } from './parser';
import { at, ConfigError, NotSimulated } from './parser';

/** One block of the configuration; what it does not say, the block around it says (ngx_conf_merge_value). */
export class Scope {
  constructor(
    readonly kind: 'main' | 'http' | 'server' | 'location' | 'if' | 'limit_except',
    readonly directives: readonly Directive[],
    readonly parent: Scope | undefined,
  ) {}

  /** The directive as it stands in this very block. */
  own(name: string): Directive | undefined {
    return this.directives.find((d) => d.name === name);
  }

  /** The directive that holds here. */
  get(name: string): Directive | undefined {
    return this.own(name) ?? this.parent?.get(name);
  }

  /** All of one name from the innermost block that has any: how arrays such as add_header are inherited. */
  all(name: string): readonly Directive[] {
    const own = this.directives.filter((d) => d.name === name);
    return own.length > 0 || !this.parent ? own : this.parent.all(name);
  }

  /** An `on`/`off` setting. */
  flag(name: string, initial: boolean): boolean {
    const d = this.get(name);
    return d ? d.args[0]!.toLowerCase() === 'on' : initial;
  }

  /** A time in microseconds. */
  time(name: string, seconds: number): number {
    return (parseTime(this.get(name)?.args[0]) ?? seconds) * 1e6;
  }
}

/** `30s`, `1m`, `500ms`, `10` in seconds; undefined for what is no time. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const units: Record<string, number> = {
    ms: 0.001,
    s: 1,
    m: 60,
    h: 3600,
    d: 86400,
    w: 604800,
    M: 2592000,
    y: 31536000,
  };
  let sum = 0;
  let rest = text.replace(/ /g, '');
  while (rest !== '') {
    const m = /^(\d+)(ms|[smhdwMy])?/.exec(rest);
    if (!m) return undefined;
    sum += Number(m[1]) * units[m[2] ?? 's']!;
    rest = rest.slice(m[0].length);
  }
  return sum;
}

/** `10m`, `512k`, `1g` in bytes. */
export function parseSize(text: string | undefined): number | undefined {
  const m = /^(\d+)([kKmMgG])?$/.exec(text ?? '');
  if (!m) return undefined;
  return Number(m[1]) * { k: 1024, m: 1024 ** 2, g: 1024 ** 3, '': 1 }[(m[2] ?? '').toLowerCase() as 'k']!;
}

/** How a location is chosen. */
export interface Location {
  readonly scope: Scope;
  readonly modifier: '' | '=' | '^~' | '~' | '~*' | '@';
  readonly name: string;
  readonly regex: Regex | undefined;
  readonly inner: readonly Location[];
}

/** One `server` block. */
export interface Server {
  readonly scope: Scope;
  readonly names: readonly ServerName[];
  readonly locations: readonly Location[];
}

/** A server name: exact, with a leading or trailing wildcard, or a regular expression. */
export interface ServerName {
  readonly text: string;
  readonly regex: Regex | undefined;
}

/** An address that is listened to and the servers behind it. */
export interface Listener {
  readonly address: IpAddress;
  readonly port: number;
  readonly v6only: boolean;
  readonly backlog: number;
  readonly reusePort: boolean;
  readonly servers: Server[];
  default: Server;
  explicitDefault: boolean;
}

/** One peer of an upstream. */
export interface PeerConfig {
  readonly host: string;
  readonly port: number;
  readonly text: string;
  readonly weight: number;
  readonly maxFails: number;
  /** Seconds. */
  readonly failTimeout: number;
  readonly backup: boolean;
  readonly down: boolean;
  readonly position: Position;
}

/** An `upstream` block. */
export interface UpstreamConfig {
  readonly name: string;
  readonly method: 'round-robin' | 'least_conn' | 'ip_hash' | 'random' | 'hash';
  readonly hashKey: string | undefined;
  readonly peers: readonly PeerConfig[];
  readonly position: Position;
}

/** A `map` block. */
export interface MapConfig {
  readonly source: string;
  readonly variable: string;
  readonly entries: readonly { readonly key: string; readonly regex: Regex | undefined; readonly value: string }[];
  readonly initial: string;
}

/** Everything. */
export interface Config {
  readonly main: Scope;
  readonly events: boolean;
  readonly http: Scope | undefined;
  readonly servers: readonly Server[];
  readonly listeners: readonly Listener[];
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly maps: readonly MapConfig[];
  readonly formats: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** Compiles a PCRE pattern. @throws ConfigError with PCRE's text */
export function compile(pattern: string, ignoreCase: boolean, position: Position): Regex {
  try {
    return new Regex(pattern, { syntax: 'perl', ignoreCase });
  } catch (e) {
    if (!(e instanceof RegexError) && !(e instanceof SyntaxError)) throw e;
    const open = (pattern.match(/(^|[^\\])\(/g) ?? []).length;
    const close = (pattern.match(/(^|[^\\])\)/g) ?? []).length;
    const why =
      open > close
        ? 'missing closing parenthesis'
        : close > open
          ? 'unmatched closing parenthesis'
          : /^[*+?]/.test(pattern)
            ? 'quantifier does not follow a repeatable item'
            : e.message;
    throw new ConfigError(`pcre2_compile() failed: ${why} in "${pattern}"${at(position)}`);
  }
}

const NAMED = new Map<Regex, string[]>();

/** Names of the groups of a pattern, by number from 1; empty where a group has none. */
export function groupNames(regex: Regex): readonly string[] {
  let names = NAMED.get(regex);
  if (!names) {
    names = [...regex.pattern.matchAll(/\\.|\((?:\?P?<([A-Za-z_]\w*)>|(?!\?))/g)]
      .filter((m) => m[0] !== undefined && m[0].startsWith('('))
      .map((m) => m[1] ?? '');
    NAMED.set(regex, names);
  }
  return names;
}

const ONCE = new Set([
  'root',
  'alias',
  'index_',
  'keepalive_timeout',
  'client_max_body_size',
  'sendfile',
  'daemon',
  'pid',
  'user',
  'worker_processes',
  'proxy_pass',
  'fastcgi_pass',
  'try_files',
  'autoindex',
  'default_type',
  'http',
  'events',
  'worker_connections',
  'proxy_connect_timeout',
  'proxy_read_timeout',
  'proxy_http_version',
  'resolver',
  'types_hash_max_size',
  'fastcgi_index',
  'server_tokens',
  'tcp_nopush',
  'gzip',
  'stub_status',
  'internal',
  'etag',
]);
const TIMES = [
  'client_body_timeout',
  'client_header_timeout',
  'send_timeout',
  'proxy_connect_timeout',
  'proxy_read_timeout',
  'proxy_send_timeout',
  'fastcgi_connect_timeout',
  'fastcgi_read_timeout',
  'resolver_timeout',
  'lingering_timeout',
];
const SIZES = [
  'client_max_body_size',
  'client_body_buffer_size',
  'client_header_buffer_size',
  'proxy_buffer_size',
  'fastcgi_buffer_size',
  'limit_rate',
  'limit_rate_after',
];

/** Builds the configuration out of the parsed file. @throws ConfigError */
export class ConfigBuilder {
  private readonly servers: Server[] = [];
  private readonly listeners: Listener[] = [];
  private readonly upstreams = new Map<string, UpstreamConfig>();
  private readonly maps: MapConfig[] = [];
  private readonly formats = new Map([
    [
      'combined',
      '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
    ],
  ]);
  private readonly warnings: string[] = [];

  build(directives: readonly Directive[]): Config {
    const main = new Scope('main', directives, undefined);
    this.values(main);
    const workers = main.own('worker_processes');
    if (workers && !/^(auto|[1-9]\d*)$/.test(workers.args[0]!))
      throw new ConfigError(`"worker_processes" directive invalid value${at(workers)}`);
    const block = main.own('http');
    let http: Scope | undefined;
    if (block) {
      http = new Scope('http', block.block!, main);
      this.values(http);
      this.http(http);
    }
    return {
      main,
      events: main.own('events') !== undefined,
      http,
      servers: this.servers,
      listeners: this.listeners,
      upstreams: this.upstreams,
      maps: this.maps,
      formats: this.formats,
      warnings: this.warnings,
    };
  }

  /** Duplicates and values that are checked when a directive is read. */
  private values(scope: Scope): void {
    const seen = new Set<string>();
    for (const d of scope.directives) {
      if (ONCE.has(d.name)) {
        if (d.name === 'alias' && seen.has('root'))
          throw new ConfigError(`"alias" directive is duplicate, "root" directive was specified earlier${at(d)}`);
        if (d.name === 'root' && seen.has('alias'))
          throw new ConfigError(`"root" directive is duplicate, "alias" directive was specified earlier${at(d)}`);
        if (seen.has(d.name)) {
          if (d.name === 'proxy_pass' || d.name === 'fastcgi_pass' || !/^(http|events|proxy_pass)$/.test(d.name))
            throw new ConfigError(`"${d.name}" directive is duplicate${at(d)}`);
        }
        seen.add(d.name);
      }
      const [value] = d.args;
      if (d.name === 'keepalive_timeout' || TIMES.includes(d.name)) {
        if (parseTime(value) === undefined) throw new ConfigError(`"${d.name}" directive invalid value${at(d)}`);
      } else if (SIZES.includes(d.name) && !value?.includes('$')) {
        if (parseSize(value) === undefined) throw new ConfigError(`"${d.name}" directive invalid value${at(d)}`);
      } else if (d.name === 'return') {
        const code = Number(value);
        const alone = d.args.length === 1 && /^(https?:\/\/|\$scheme)/.test(value!);
        if (!/^\d+$/.test(value!) ? !alone : code > 999)
          throw new ConfigError(`invalid return code "${value}"${at(d)}`);
      } else if (d.name === 'set') {
        if (!value?.startsWith('$')) throw new ConfigError(`invalid variable name "${value}"${at(d)}`);
      } else if (d.name === 'rewrite') {
        compile(value!, false, d);
        if (d.args[2] !== undefined && !/^(last|break|redirect|permanent)$/.test(d.args[2]))
          throw new ConfigError(`invalid parameter "${d.args[2]}"${at(d)}`);
      } else if (d.name === 'error_page') {
        for (const code of d.args.slice(0, -1)) {
          if (/^=\d*$/.test(code)) continue;
          if (!/^\d+$/.test(code)) throw new ConfigError(`invalid value "${code}"${at(d)}`);
          if (Number(code) < 300 || Number(code) > 599)
            throw new ConfigError(`value "${code}" must be between 300 and 599${at(d)}`);
        }
      } else if (d.name === 'log_format') {
        if (this.formats.has(value!) && value !== 'combined')
          throw new ConfigError(`duplicate "log_format" name "${value}"${at(d)}`);
        this.formats.set(value!, d.args.slice(/^escape=/.test(d.args[1]!) ? 2 : 1).join(''));
      } else if (d.name === 'access_log' && d.args[1] !== undefined) {
        if (!/[=]/.test(d.args[1]) && !this.formats.has(d.args[1]))
          throw new ConfigError(`unknown log format "${d.args[1]}"${at(d)}`);
      } else if (
        (d.name === 'allow' || d.name === 'deny') &&
        !/^(all|unix:)$/.test(value!) &&
        parseIp(value!.split('/')[0]!) === undefined
      )
        throw new ConfigError(`invalid parameter "${value}"${at(d)}`);
    }
  }

  private http(http: Scope): void {
    for (const d of http.directives) {
      if (d.name === 'map') this.map(d);
      else if (d.name === 'upstream') this.upstream(d);
      else if (d.name === 'server') this.server(d, http);
    }
    for (const l of this.listeners) this.clashes(l);
  }

  private map(d: Directive): void {
    const [source, name] = d.args as [string, string];
    if (!name.startsWith('$')) throw new ConfigError(`invalid variable name "${name}"${at(d)}`);
    let initial = '';
    const entries: { key: string; regex: Regex | undefined; value: string }[] = [];
    for (const e of d.block!) {
      if (e.name === 'hostnames' || e.name === 'volatile') continue;
      const value = e.args[0] ?? '';
      if (e.name === 'default') initial = value;
      else if (e.name.startsWith('~')) {
        const loose = e.name.startsWith('~*');
        entries.push({ key: '', regex: compile(e.name.slice(loose ? 2 : 1), loose, e), value });
      } else entries.push({ key: e.name.replace(/^\\/, ''), regex: undefined, value });
    }
    this.maps.push({ source, variable: name.slice(1), entries, initial });
  }

  private upstream(d: Directive): void {
    const peers: PeerConfig[] = [];
    let method: UpstreamConfig['method'] = 'round-robin';
    let hashKey: string | undefined;
    if (this.upstreams.has(d.args[0]!)) throw new ConfigError(`duplicate upstream "${d.args[0]!}"${at(d)}`);
    for (const e of d.block!) {
      if (e.name === 'ip_hash' || e.name === 'least_conn' || e.name === 'random') method = e.name;
      else if (e.name === 'hash') {
        method = 'hash';
        hashKey = e.args[0];
      } else if (e.name === 'server') peers.push(this.peer(e));
    }
    if (peers.length === 0) throw new ConfigError(`no servers are inside upstream${at(d)}`);
    this.upstreams.set(d.args[0]!, { name: d.args[0]!, method, hashKey, peers, position: d });
  }

  private peer(d: Directive): PeerConfig {
    const [text = '', ...options] = d.args;
    let [weight, maxFails, failTimeout] = [1, 1, 10];
    let backup = false;
    let down = false;
    for (const option of options) {
      const [key, value = ''] = option.split('=') as [string, string?];
      const n = Number(value);
      if (key === 'weight' && n >= 1) weight = n;
      else if (key === 'max_fails' && /^\d+$/.test(value)) maxFails = n;
      else if (key === 'fail_timeout' && parseTime(value) !== undefined) failTimeout = parseTime(value)!;
      else if (key === 'max_conns' && /^\d+$/.test(value)) continue;
      else if (option === 'backup') backup = true;
      else if (option === 'down') down = true;
      else if (option === 'resolve' || key === 'slow_start') throw new NotSimulated(`server ${option}${at(d)}`);
      else throw new ConfigError(`invalid parameter "${option}"${at(d)}`);
    }
    const { host, port } = splitHost(text, 80);
    if (Number.isNaN(port)) throw new ConfigError(`invalid port in upstream "${text}"${at(d)}`);
    return { host, port, text, weight, maxFails, failTimeout, backup, down, position: d };
  }

  private server(d: Directive, http: Scope): void {
    const scope = new Scope('server', d.block!, http);
    this.values(scope);
    const names = scope.directives
      .filter((x) => x.name === 'server_name')
      .flatMap((x) =>
        x.args.map((text) => ({
          text: text.toLowerCase(),
          regex: text.startsWith('~') ? compile(text.slice(1), true, x) : undefined,
        })),
      );
    const server: Server = {
      scope,
      names: names.length > 0 ? names : [{ text: '', regex: undefined }],
      locations: this.locations(scope, undefined),
    };
    this.servers.push(server);
    const listens = scope.directives.filter((x) => x.name === 'listen');
    if (listens.length === 0) this.listen({ ...d, name: 'listen', args: ['80'] }, server);
    for (const l of listens) this.listen(l, server);
  }

  private listen(d: Directive, server: Server): void {
    const [text = '', ...options] = d.args;
    if (text.startsWith('unix:')) throw new NotSimulated(`listen ${text}${at(d)}`);
    const { host, port } = /^\d+$/.test(text) ? { host: '*', port: checkPort(text) } : splitHost(text, 80);
    if (Number.isNaN(port)) throw new ConfigError(`invalid port in "${text}" of the "listen" directive${at(d)}`);
    const address = host === '*' ? 0 : host === 'localhost' ? 0x7f000001 : parseIp(host.replace(/^\[|\]$/g, ''));
    if (address === undefined) throw new ConfigError(`host not found in "${text}" of the "listen" directive${at(d)}`);
    let isDefault = false;
    let [v6only, reusePort] = [true, false];
    let backlog = 511;
    for (const o of options) {
      if (o === 'default_server' || o === 'default') isDefault = true;
      else if (/^ipv6only=(on|off)$/.test(o)) v6only = o.endsWith('on');
      else if (/^backlog=\d+$/.test(o)) backlog = Number(o.slice(8));
      else if (o === 'reuseport') reusePort = true;
      else if (o === 'ssl' || o === 'http2' || o === 'proxy_protocol' || o === 'quic')
        throw new NotSimulated(`listen ... ${o}${at(d)}`);
      else if (!/^(deferred|bind|so_keepalive=.*|fastopen=.*|rcvbuf=.*|sndbuf=.*)$/.test(o))
        throw new ConfigError(`invalid parameter "${o}"${at(d)}`);
    }
    let l = this.listeners.find((x) => x.address === address && x.port === port);
    if (!l) {
      l = { address, port, v6only, backlog, reusePort, servers: [], default: server, explicitDefault: false };
      this.listeners.push(l);
    } else if (l.servers.includes(server)) throw new ConfigError(`a duplicate listen ${showListen(l)}${at(d)}`);
    if (isDefault) {
      if (l.explicitDefault) throw new ConfigError(`a duplicate default server for ${showListen(l)}${at(d)}`);
      l.explicitDefault = true;
      l.default = server;
    }
    l.servers.push(server);
  }

  private clashes(l: Listener): void {
    const seen = new Set<string>();
    for (const s of l.servers)
      for (const n of s.names) {
        if (seen.has(n.text)) this.warnings.push(`conflicting server name "${n.text}" on ${showListen(l)}, ignored`);
        seen.add(n.text);
      }
  }

  private locations(scope: Scope, outer: Location | undefined): Location[] {
    const out: Location[] = [];
    for (const d of scope.directives) {
      if (d.name === 'if') this.values(new Scope('if', d.block!, scope));
      if (d.name !== 'location') continue;
      let [modifier, name] = d.args.length === 2 ? (d.args as [string, string]) : ['', d.args[0]!];
      if (d.args.length === 1) {
        const glued = /^(=|\^~|~\*|~)(.+)$/.exec(name);
        if (glued) [modifier, name] = [glued[1]!, glued[2]!];
        else if (name.startsWith('@')) modifier = '@';
      } else if (!['=', '^~', '~', '~*'].includes(modifier))
        throw new ConfigError(`invalid location modifier "${modifier}"${at(d)}`);
      if (outer) {
        if (outer.modifier === '=')
          throw new ConfigError(`location "${name}" cannot be inside the exact location "${outer.name}"${at(d)}`);
        if (outer.modifier === '@')
          throw new ConfigError(`location "${name}" cannot be inside the named location "${outer.name}"${at(d)}`);
        if (modifier === '@') throw new ConfigError(`named location "${name}" can be on the server level only${at(d)}`);
        if (outer.regex === undefined && !modifier.startsWith('~') && !name.startsWith(outer.name))
          throw new ConfigError(`location "${name}" is outside location "${outer.name}"${at(d)}`);
      }
      if (
        !modifier.startsWith('~') &&
        out.some((l) => l.name === name && !l.regex && (l.modifier === '=') === (modifier === '='))
      )
        throw new ConfigError(`duplicate location "${name}"${at(d)}`);
      const inner = new Scope('location', d.block!, scope);
      this.values(inner);
      const regex = modifier.startsWith('~') ? compile(name, modifier === '~*', d) : undefined;
      const location: Location = { scope: inner, modifier: modifier as Location['modifier'], name, regex, inner: [] };
      this.passes(inner, location);
      (location.inner as Location[]).push(...this.locations(inner, location));
      out.push(location);
    }
    return out;
  }

  private passes(scope: Scope, location: Location): void {
    const check = (d: Directive | undefined, inIf: boolean): void => {
      if (!d) return;
      const [target = ''] = d.args;
      if (target.includes('$')) return;
      const m = /^(https?):\/\/([^/]*)(.*)$/.exec(target);
      if (!m) throw new ConfigError(`invalid URL prefix${at(d)}`);
      if (m[1] === 'https') throw new NotSimulated(`proxy_pass https://${at(d)}`);
      if (m[2]!.startsWith('unix:')) throw new NotSimulated(`proxy_pass http://unix:${at(d)}`);
      if (Number.isNaN(splitHost(m[2]!, 80).port))
        throw new ConfigError(`invalid port in upstream "${m[2]!}${m[3]!}"${at(d)}`);
      if (m[3] !== '' && (location.regex || location.modifier === '@' || inIf))
        throw new ConfigError(
          `"proxy_pass" cannot have URI part in location given by regular expression, or inside named location, or inside "if" statement, or inside "limit_except" block${at(d)}`,
        );
    };
    check(scope.own('proxy_pass'), false);
    for (const d of scope.directives)
      if (d.name === 'if')
        check(
          d.block!.find((x) => x.name === 'proxy_pass'),
          true,
        );
  }
}

function checkPort(text: string): number {
  const n = Number(text);
  return n >= 1 && n <= 65535 ? n : NaN;
}

/** `host`, `host:port`, `[v6]:port`; the port is NaN when it is none. */
export function splitHost(text: string, port: number): { host: string; port: number } {
  const m = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text);
  if (!m) return { host: text, port: NaN };
  return { host: m[1]!, port: m[2] === undefined ? port : /^\d+$/.test(m[2]) ? checkPort(m[2]) : NaN };
}

/** An address with its port, as nginx shows listeners. */
export function showListen(l: { address: IpAddress; port: number }): string {
  return typeof l.address === 'string' ? `[${l.address}]:${l.port}` : `${formatIp(l.address)}:${l.port}`;
}
