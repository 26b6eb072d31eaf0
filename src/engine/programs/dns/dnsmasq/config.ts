/** The configuration of dnsmasq 2.90: its command line and its files, which say the same things. */
import type { DnsData, IpAddress } from '../../../wire';
import { parseIp, parsePrefix } from '../../../wire';
import { typeByName } from '../text';

/** An upstream server. */
export interface Upstream {
  readonly address: IpAddress;
  readonly port: number;
}

/** What is done with names in `domain` (and below): dnsmasq's --server, --local and --address. */
export interface DomainRule {
  /** Lower case, '' for all names; `unqualified` for names without a dot. */
  readonly domain: string;
  readonly unqualified: boolean;
  /** `local`: never forwarded; `standard`: to the servers without a domain. */
  readonly action:
    | { readonly kind: 'server'; readonly upstream: Upstream }
    | { readonly kind: 'local' }
    | { readonly kind: 'standard' }
    | { readonly kind: 'address'; readonly address: IpAddress };
}

/** A record of the configuration. */
export interface ConfigRecord {
  readonly name: string;
  readonly data: DnsData;
}

/** Everything that can be set. Times in seconds. */
export interface DnsmasqConfig {
  port: number;
  debug: boolean;
  foreground: boolean;
  test: boolean;
  logQueries: 'no' | 'yes' | 'extra';
  logFacility: string | undefined;
  noResolv: boolean;
  noPoll: boolean;
  noHosts: boolean;
  resolvFiles: string[];
  addnHosts: string[];
  listen: IpAddress[];
  interfaces: string[];
  exceptInterfaces: string[];
  bindInterfaces: boolean;
  cacheSize: number;
  localTtl: number;
  negTtl: number | undefined;
  maxTtl: number | undefined;
  maxCacheTtl: number | undefined;
  minCacheTtl: number;
  noNegcache: boolean;
  expandHosts: boolean;
  domain: string | undefined;
  domainNeeded: boolean;
  bogusPriv: boolean;
  strictOrder: boolean;
  allServers: boolean;
  filterA: boolean;
  filterAaaa: boolean;
  ednsSize: number;
  user: string | undefined;
  pidFile: string | undefined;
  readonly rules: DomainRule[];
  readonly hostRecords: {
    readonly names: readonly string[];
    readonly addresses: readonly IpAddress[];
    readonly ttl: number | undefined;
  }[];
  readonly cnames: { readonly alias: string; readonly target: string; readonly ttl: number | undefined }[];
  readonly records: ConfigRecord[];
  /** Files to read besides, in the order in which they were named. */
  readonly confFiles: string[];
}

/** A configuration without any setting. */
export function emptyConfig(): DnsmasqConfig {
  return {
    port: 53,
    debug: false,
    foreground: false,
    test: false,
    logQueries: 'no',
    logFacility: undefined,
    noResolv: false,
    noPoll: false,
    noHosts: false,
    resolvFiles: [],
    addnHosts: [],
    listen: [],
    interfaces: [],
    exceptInterfaces: [],
    bindInterfaces: false,
    cacheSize: 150,
    localTtl: 0,
    negTtl: undefined,
    maxTtl: undefined,
    maxCacheTtl: undefined,
    minCacheTtl: 0,
    noNegcache: false,
    expandHosts: false,
    domain: undefined,
    domainNeeded: false,
    bogusPriv: false,
    strictOrder: false,
    allServers: false,
    filterA: false,
    filterAaaa: false,
    ednsSize: 1232,
    user: undefined,
    pidFile: undefined,
    rules: [],
    hostRecords: [],
    cnames: [],
    records: [],
    confFiles: [],
  };
}

/** A setting that cannot be taken; the message may be empty. */
export class BadOption extends Error {}

/** A setting that dnsmasq has and this one has not. */
export class NotSimulated extends Error {}

/** Letters of the command line. */
const SHORT: Readonly<Record<string, string>> = {
  a: 'listen-address',
  A: 'address',
  b: 'bogus-priv',
  c: 'cache-size',
  C: 'conf-file',
  d: 'no-daemon',
  D: 'domain-needed',
  E: 'expand-hosts',
  f: 'filterwin2k',
  F: 'dhcp-range',
  g: 'group',
  G: 'dhcp-host',
  h: 'no-hosts',
  H: 'addn-hosts',
  i: 'interface',
  I: 'except-interface',
  k: 'keep-in-foreground',
  m: 'mx-host',
  n: 'no-poll',
  N: 'no-negcache',
  o: 'strict-order',
  O: 'dhcp-option',
  p: 'port',
  P: 'edns-packet-max',
  q: 'log-queries',
  Q: 'query-port',
  r: 'resolv-file',
  R: 'no-resolv',
  S: 'server',
  s: 'domain',
  T: 'local-ttl',
  u: 'user',
  v: 'version',
  w: 'help',
  W: 'srv-host',
  x: 'pid-file',
  Y: 'txt-record',
  z: 'bind-interfaces',
  '0': 'dns-forward-max',
  '8': 'log-facility',
};

/** Settings that dnsmasq has and that need more than is simulated. */
const MISSING =
  /^(dhcp-.*|tftp-.*|enable-tftp|enable-ra|ra-param|enable-dbus|enable-ubus|dnssec.*|trust-anchor|auth-.*|ipset|nftset|conntrack|pxe-.*|bootp-dynamic|bogus-nxdomain|ignore-address|alias|filterwin2k|filter-rr|selfmx|localmx|mx-target|hostsdir|synth-domain|interface-name|dynamic-host|add-mac|add-subnet|add-cpe-id|umbrella|strip-.*|dumpfile|dumpmask|script-.*|shared-network|tag-if|cache-rr|use-stale-cache|proxy-dnssec|servers-file|naptr-record|dns-loop-detect|stop-dns-rebind|rebind-.*|connmark-allowlist.*|leasequery|bridge-interface|quiet-.*|leasefile-ro|read-ethers|no-ping)$/;

/** Settings without an effect that could be seen here. */
const HARMLESS =
  /^(dns-forward-max|query-port|min-port|max-port|port-limit|clear-on-reload|log-async|log-debug|fast-dns-retry|max-tcp-connections|no-ident|group|localise-queries|no-0x20-encode)$/;

const numberOf = (text: string | undefined, max = 0x7fffffff): number => {
  if (text === undefined || !/^\d+$/.test(text) || Number(text) > max) throw new BadOption('');
  return Number(text);
};

const canonical = (name: string | undefined, complaint: string): string => {
  if (name === undefined || name === '' || /[\s/]/.test(name)) throw new BadOption(complaint);
  return name.replace(/\.$/, '');
};

/** Splits `/a/b/rest` into its domains and the rest. */
function domainsOf(text: string): { domains: string[] | undefined; rest: string } {
  if (!text.startsWith('/')) return { domains: undefined, rest: text };
  const parts = text.split('/');
  return { domains: parts.slice(1, -1), rest: parts.at(-1)! };
}

function upstream(text: string): Upstream {
  const [host = '', port, ...more] = text.replace(/@.*$/, '').split('#');
  const address = parseIp(host);
  if (address === undefined) throw new BadOption(more.length > 0 ? 'bad port' : 'Cannot resolve server name');
  if (port !== undefined && (!/^\d+$/.test(port) || Number(port) > 65535)) throw new BadOption('bad port');
  return { address, port: port === undefined ? 53 : Number(port) };
}

function domainRule(domain: string, action: DomainRule['action']): DomainRule {
  if (domain === '#') return { domain: '', unqualified: false, action };
  return { domain: domain.replace(/^\./, '').replace(/\.$/, '').toLowerCase(), unqualified: domain === '', action };
}

/** A list separated by commas, with double quotes around what contains some. */
function commas(text: string): string[] {
  const out: string[] = [];
  let word = '';
  let quote = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && quote && i + 1 < text.length) word += text[++i]!;
    else if (c === '"') quote = !quote;
    else if (c === ',' && !quote) {
      out.push(word.trim());
      word = '';
    } else word += c;
  }
  out.push(quote ? word : word.trim());
  return out;
}

type Setter = (c: DnsmasqConfig, arg: string | undefined) => void;

const flag =
  (set: (c: DnsmasqConfig) => void): Setter =>
  (c, arg) => {
    if (arg !== undefined) throw new BadOption('extraneous parameter');
    set(c);
  };
const value =
  (set: (c: DnsmasqConfig, arg: string) => void): Setter =>
  (c, arg) => {
    if (arg === undefined || arg === '') throw new BadOption('missing parameter');
    set(c, arg);
  };

function serverSetting(c: DnsmasqConfig, arg: string): void {
  const { domains, rest } = domainsOf(arg);
  if (domains === undefined) {
    c.rules.push({ domain: '', unqualified: false, action: { kind: 'server', upstream: upstream(rest) } });
    return;
  }
  const action: DomainRule['action'] =
    rest === ''
      ? { kind: 'local' }
      : rest === '#'
        ? { kind: 'standard' }
        : { kind: 'server', upstream: upstream(rest) };
  for (const d of domains) c.rules.push(domainRule(d, action));
}

const SETTINGS: Readonly<Record<string, Setter>> = {
  port: value((c, a) => (c.port = numberOf(a, 65535))),
  'no-daemon': flag((c) => (c.debug = true)),
  'keep-in-foreground': flag((c) => (c.foreground = true)),
  test: flag((c) => (c.test = true)),
  'log-queries': (c, a) => {
    if (a !== undefined && !/^(extra|proto|auth)$/.test(a)) throw new BadOption('');
    c.logQueries = a === 'extra' || a === 'proto' ? 'extra' : 'yes';
  },
  'log-facility': value((c, a) => (c.logFacility = a)),
  'no-resolv': flag((c) => (c.noResolv = true)),
  'no-poll': flag((c) => (c.noPoll = true)),
  'no-hosts': flag((c) => (c.noHosts = true)),
  'resolv-file': value((c, a) => c.resolvFiles.push(a)),
  'addn-hosts': value((c, a) => c.addnHosts.push(a)),
  'listen-address': value((c, a) => {
    for (const word of a.split(',')) {
      const address = parseIp(word);
      if (address === undefined) throw new BadOption('');
      c.listen.push(address);
    }
  }),
  interface: value((c, a) => c.interfaces.push(...a.split(','))),
  'except-interface': value((c, a) => c.exceptInterfaces.push(...a.split(','))),
  'bind-interfaces': flag((c) => (c.bindInterfaces = true)),
  'bind-dynamic': flag((c) => (c.bindInterfaces = true)),
  'cache-size': value((c, a) => (c.cacheSize = numberOf(a))),
  'local-ttl': value((c, a) => (c.localTtl = numberOf(a))),
  'neg-ttl': value((c, a) => (c.negTtl = numberOf(a))),
  'max-ttl': value((c, a) => (c.maxTtl = numberOf(a))),
  'max-cache-ttl': value((c, a) => (c.maxCacheTtl = numberOf(a))),
  'min-cache-ttl': value((c, a) => (c.minCacheTtl = Math.min(3600, numberOf(a)))),
  'no-negcache': flag((c) => (c.noNegcache = true)),
  'expand-hosts': flag((c) => (c.expandHosts = true)),
  domain: value((c, a) => {
    const [domain, ...range] = a.split(',');
    if (range.length > 0) throw new NotSimulated('--domain with a range');
    c.domain = domain === '#' ? undefined : canonical(domain, '');
  }),
  'domain-needed': flag((c) => (c.domainNeeded = true)),
  'bogus-priv': flag((c) => (c.bogusPriv = true)),
  'strict-order': flag((c) => (c.strictOrder = true)),
  'all-servers': flag((c) => (c.allServers = true)),
  'filter-A': flag((c) => (c.filterA = true)),
  'filter-AAAA': flag((c) => (c.filterAaaa = true)),
  'edns-packet-max': value((c, a) => (c.ednsSize = numberOf(a, 65535))),
  user: value((c, a) => (c.user = a)),
  'pid-file': (c, a) => (c.pidFile = a ?? ''),
  'conf-file': (c, a) => c.confFiles.push(a ?? ''),
  server: value(serverSetting),
  local: value(serverSetting),
  'rev-server': value((c, a) => {
    const [net = '', server] = a.split(',');
    const prefix = parsePrefix(net);
    if (!prefix || typeof prefix.address !== 'number') throw new BadOption('Bad address in --rev-server');
    const octets = Math.max(1, Math.ceil(prefix.length / 8));
    const labels = Array.from({ length: octets }, (_, i) => ((prefix.address as number) >>> (24 - 8 * i)) & 255);
    c.rules.push(
      domainRule(
        `${labels.reverse().join('.')}.in-addr.arpa`,
        server ? { kind: 'server', upstream: upstream(server) } : { kind: 'local' },
      ),
    );
  }),
  address: value((c, a) => {
    const complaint = 'Bad address in --address';
    const { domains, rest } = domainsOf(a);
    if (domains === undefined || domains.length === 0) throw new BadOption(complaint);
    for (const d of domains) {
      if (rest === '') c.rules.push(domainRule(d, { kind: 'local' }));
      else if (rest === '#') {
        c.rules.push(domainRule(d, { kind: 'address', address: 0 }), domainRule(d, { kind: 'address', address: '::' }));
      } else {
        const address = parseIp(rest);
        if (address === undefined) throw new BadOption(complaint);
        c.rules.push(domainRule(d, { kind: 'address', address }));
      }
    }
  }),
  'host-record': value((c, a) => {
    const names: string[] = [];
    const addresses: IpAddress[] = [];
    let ttl: number | undefined;
    for (const word of commas(a)) {
      const address = parseIp(word);
      if (address !== undefined) addresses.push(address);
      else if (/^\d+$/.test(word)) ttl = Number(word);
      else names.push(canonical(word, 'Bad name in host-record'));
    }
    if (names.length === 0 || addresses.length === 0) throw new BadOption('Bad host-record');
    c.hostRecords.push({ names, addresses, ttl });
  }),
  cname: value((c, a) => {
    const words = commas(a);
    let ttl: number | undefined;
    if (words.length > 2 && /^\d+$/.test(words.at(-1)!)) ttl = Number(words.pop());
    const target = canonical(words.pop(), 'bad CNAME');
    if (words.length === 0) throw new BadOption('bad CNAME');
    for (const alias of words) {
      if (c.cnames.some((n) => n.alias.toLowerCase() === alias.toLowerCase())) throw new BadOption('duplicate CNAME');
      c.cnames.push({ alias: canonical(alias, 'bad CNAME'), target, ttl });
    }
  }),
  'mx-host': value((c, a) => {
    const [name, exchange, preference] = commas(a);
    c.records.push({
      name: canonical(name, 'bad MX name'),
      data: {
        type: 'MX',
        exchange: canonical(exchange ?? name, 'bad MX target'),
        preference: preference === undefined ? 1 : numberOf(preference, 65535),
      },
    });
  }),
  'txt-record': value((c, a) => {
    const [name, ...strings] = commas(a);
    c.records.push({ name: canonical(name, 'bad TXT record'), data: { type: 'TXT', strings } });
  }),
  'srv-host': value((c, a) => {
    const [name, target, port, priority, weight] = commas(a);
    const number = (text: string | undefined, otherwise: number, complaint: string): number => {
      if (text === undefined || text === '') return otherwise;
      if (!/^\d+$/.test(text)) throw new BadOption(complaint);
      return Number(text);
    };
    c.records.push({
      name: canonical(name, 'bad SRV record'),
      data: {
        type: 'SRV',
        target: target ? canonical(target, 'bad SRV target') : '',
        port: number(port, 1, 'invalid port number'),
        priority: number(priority, 0, 'invalid priority'),
        weight: number(weight, 0, 'invalid weight'),
      },
    });
  }),
  'ptr-record': value((c, a) => {
    const [name, target] = commas(a);
    c.records.push({
      name: canonical(name, 'bad PTR record'),
      data: { type: 'PTR', name: (target ?? '').replace(/\.$/, '') },
    });
  }),
  'caa-record': value((c, a) => {
    const [name, flags, tag = '', text = ''] = commas(a);
    const bytes = Uint8Array.from([numberOf(flags, 255), tag.length, ...[...(tag + text)].map((x) => x.charCodeAt(0))]);
    c.records.push({ name: canonical(name, 'bad CAA record'), data: { type: 'raw', typeNumber: 257, bytes } });
  }),
  'dns-rr': value((c, a) => {
    const [name, type = '', digits = ''] = commas(a);
    const number = /^\d+$/.test(type) ? Number(type) : typeByName(type);
    if (number === undefined || !/^([0-9a-f]{2}:?)*$/i.test(digits)) throw new BadOption('bad RR record');
    const bytes = Uint8Array.from((digits.match(/[0-9a-f]{2}/gi) ?? []).map((d) => parseInt(d, 16)));
    c.records.push({ name: canonical(name, 'bad RR record'), data: { type: 'raw', typeNumber: number, bytes } });
  }),
};

/** Makes one setting. @throws BadOption, NotSimulated */
export function applySetting(c: DnsmasqConfig, name: string, arg: string | undefined): void {
  const setter = SETTINGS[name];
  if (setter) setter(c, arg);
  else if (HARMLESS.test(name)) return;
  else if (MISSING.test(name)) throw new NotSimulated(`--${name}`);
  else throw new BadOption('bad option');
}

/** Reads the text of a configuration file. @throws BadOption with the message of the original, NotSimulated */
export function readConfText(c: DnsmasqConfig, text: string, file: string): void {
  text.split('\n').forEach((line, i) => {
    // A comment begins at a `#` after white space.
    const bare = line.replace(/(^|\s)#.*$/, '').trim();
    if (bare === '') return;
    const eq = bare.indexOf('=');
    const name = (eq < 0 ? bare : bare.slice(0, eq)).trim();
    try {
      applySetting(c, name, eq < 0 ? undefined : bare.slice(eq + 1).trim());
    } catch (e) {
      if (e instanceof BadOption) throw new BadOption(`${e.message || 'error'} at line ${i + 1} of ${file}`);
      throw e;
    }
  });
}

/** What a command line asks for. */
export interface CommandLine {
  readonly config: DnsmasqConfig;
  readonly show: 'help' | 'version' | undefined;
}

/** Options that take a value on the command line even when none follows `=`. */
const FLAGS = new Set(
  'no-daemon keep-in-foreground test no-resolv no-poll no-hosts bind-interfaces bind-dynamic no-negcache expand-hosts domain-needed bogus-priv strict-order all-servers filter-A filter-AAAA help version log-queries pid-file conf-file localise-queries fast-dns-retry clear-on-reload no-ident log-debug log-async filterwin2k'.split(
    ' ',
  ),
);

/** Takes a command line apart. @throws BadOption with the whole message behind `dnsmasq: ` */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const config = emptyConfig();
  let show: CommandLine['show'];
  const set = (name: string, arg: string | undefined): void => {
    if (name === 'help' || name === 'version') {
      show ??= name;
      return;
    }
    try {
      applySetting(config, name, arg);
    } catch (e) {
      if (!(e instanceof BadOption)) throw e;
      const why = e.message === '' || e.message === 'bad option' ? 'try --help' : e.message;
      throw new BadOption(`bad command line options: ${why}`);
    }
  };
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (word.startsWith('--')) {
      const eq = word.indexOf('=');
      const name = word.slice(2, eq < 0 ? undefined : eq);
      let arg = eq < 0 ? undefined : word.slice(eq + 1);
      if (arg === undefined && !FLAGS.has(name) && (SETTINGS[name] || HARMLESS.test(name))) arg = argv[++i];
      set(name, arg);
    } else if (word.startsWith('-') && word.length > 1) {
      for (let k = 1; k < word.length; k++) {
        const name = SHORT[word[k]!];
        if (name === undefined) throw new BadOption('bad command line options: try --help');
        if (FLAGS.has(name) && name !== 'conf-file' && name !== 'pid-file') {
          set(name, undefined);
          continue;
        }
        const rest = word.slice(k + 1);
        set(name, rest !== '' ? rest : argv[++i]);
        break;
      }
    } else throw new BadOption('junk found in command line');
  }
  return { config, show };
}
