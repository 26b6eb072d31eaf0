/** The configuration of the stub resolver: resolv.conf(5) as glibc 2.36 reads it, host.conf(5) and nsswitch.conf(5). */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';
import type { IpAddress } from '../../wire';
import { parseIp, parseIp4 } from '../../wire';

/** A name server: an address and, for link-local IPv6, the index of the link. */
export interface NameServer {
  readonly address: IpAddress;
  readonly scope: number | undefined;
}

/** What resolv.conf says, with the defaults of res_init(3) for what it does not say. */
export interface ResolvConf {
  /** At most three; may be empty (glibc then asks 127.0.0.1). */
  readonly nameservers: readonly NameServer[];
  /** Domains to append; empty when the file names none (glibc then takes the host's domain). */
  readonly search: readonly string[];
  readonly ndots: number;
  /** Seconds that one server is given. */
  readonly timeout: number;
  readonly attempts: number;
  readonly rotate: boolean;
  readonly useVc: boolean;
  readonly singleRequest: boolean;
  readonly singleRequestReopen: boolean;
  readonly edns0: boolean;
  readonly trustAd: boolean;
  readonly noTldQuery: boolean;
  readonly noAaaa: boolean;
}

/** Most name servers that are used (MAXNS of resolv.h). */
const MAX_SERVERS = 3;

/** The text of a small file, or '' when it cannot be read. */
export function* slurp(sys: Sys, path: string): Coroutine<string> {
  try {
    return yield* sys.readFile(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return '';
  }
}

/**
 * Parses resolv.conf. Of `domain` and `search` the last one counts.
 * @param localdomain $LOCALDOMAIN, which replaces the search list.
 * @param resOptions $RES_OPTIONS, which adds options.
 */
export function parseResolvConf(
  text: string,
  localdomain?: string,
  resOptions?: string,
  linkIndex: (name: string) => number | undefined = () => undefined,
): ResolvConf {
  const nameservers: NameServer[] = [];
  let search: string[] = [];
  const o = {
    ndots: 1,
    timeout: 5,
    attempts: 2,
    rotate: false,
    useVc: false,
    singleRequest: false,
    singleRequestReopen: false,
    edns0: false,
    trustAd: false,
    noTldQuery: false,
    noAaaa: false,
  };
  const option = (word: string): void => {
    const number = (prefix: string, limit: number): number | undefined =>
      word.startsWith(prefix) ? Math.min(limit, Number.parseInt(word.slice(prefix.length), 10) || 0) : undefined;
    const ndots = number('ndots:', 15);
    const timeout = number('timeout:', 30);
    const attempts = number('attempts:', 5);
    if (ndots !== undefined) o.ndots = ndots;
    else if (timeout !== undefined) o.timeout = timeout;
    else if (attempts !== undefined) o.attempts = attempts;
    else if (word === 'rotate') o.rotate = true;
    else if (word === 'use-vc') o.useVc = true;
    else if (word === 'single-request-reopen') o.singleRequestReopen = true;
    else if (word === 'single-request') o.singleRequest = true;
    else if (word === 'edns0') o.edns0 = true;
    else if (word === 'trust-ad') o.trustAd = true;
    else if (word === 'no-tld-query') o.noTldQuery = true;
    else if (word === 'no-aaaa') o.noAaaa = true;
  };
  for (const line of text.split('\n')) {
    if (/^[;#]/.test(line)) continue;
    const [keyword, ...words] = line.split(/[ \t]+/);
    if (keyword === 'nameserver') {
      const [literal = '', scope] = (words[0] ?? '').split('%');
      const address = parseIp(literal);
      if (address === undefined || nameservers.length >= MAX_SERVERS) continue;
      const index = scope === undefined ? undefined : /^\d+$/.test(scope) ? Number(scope) : linkIndex(scope);
      nameservers.push({ address, scope: index });
    } else if (keyword === 'domain') {
      if (words[0]) search = [words[0]];
    } else if (keyword === 'search') search = words.filter((w) => w !== '');
    else if (keyword === 'options') words.forEach(option);
  }
  if (localdomain !== undefined) search = localdomain.split(/\s+/).filter((w) => w !== '');
  resOptions?.split(/\s+/).forEach(option);
  return { nameservers, search, ...o };
}

/** res_init(3): the process's resolv.conf and environment; the host's domain stands in for a search list. */
export function* readResolvConf(sys: Sys): Coroutine<ResolvConf> {
  const conf = parseResolvConf(
    yield* slurp(sys, '/etc/resolv.conf'),
    sys.env('LOCALDOMAIN'),
    sys.env('RES_OPTIONS'),
    (name) => sys.net.links.byName(name)?.index,
  );
  if (conf.search.length > 0) return conf;
  const host = sys.proc.ns.uts.hostname;
  const dot = host.indexOf('.');
  return dot < 0 || dot === host.length - 1 ? conf : { ...conf, search: [host.slice(dot + 1)] };
}

/** How a lookup in one service ended (nsswitch.conf(5)). */
export type NssStatus = 'SUCCESS' | 'NOTFOUND' | 'UNAVAIL' | 'TRYAGAIN';

/** One service of a database with the actions that differ from the default (return on success, else continue). */
export interface NssService {
  readonly name: string;
  readonly actions: ReadonlyMap<NssStatus, 'return' | 'continue'>;
}

/** The services of `database` in nsswitch.conf. */
export function parseNsswitch(text: string, database: string): NssService[] {
  const line = text
    .split('\n')
    .map((l) => l.replace(/#.*/, ''))
    .find((l) => l.trimStart().startsWith(`${database}:`));
  if (line === undefined) return ['files', 'dns'].map((name) => ({ name, actions: new Map() }));
  const services: { name: string; actions: Map<NssStatus, 'return' | 'continue'> }[] = [];
  for (const word of line.slice(line.indexOf(':') + 1).match(/\[[^\]]*\]|[^\s[]+/g) ?? []) {
    if (!word.startsWith('[')) {
      services.push({ name: word, actions: new Map() });
      continue;
    }
    for (const [, not, status, action] of word.matchAll(/(!?)(\w+)=(\w+)/g)) {
      const verb = action!.toLowerCase() === 'return' ? 'return' : 'continue';
      const all: NssStatus[] = ['SUCCESS', 'NOTFOUND', 'UNAVAIL', 'TRYAGAIN'];
      for (const s of all) {
        if ((s === status!.toUpperCase()) !== (not === '!')) services.at(-1)?.actions.set(s, verb);
      }
    }
  }
  return services;
}

/** The services that host names are looked up in. */
export function* hostServices(sys: Sys): Coroutine<NssService[]> {
  return parseNsswitch(yield* slurp(sys, '/etc/nsswitch.conf'), 'hosts');
}

/** An entry of /etc/hosts. */
export interface HostsEntry {
  readonly address: IpAddress;
  readonly names: readonly string[];
}

/** Lines of hosts(5). Whatever follows `#` is a comment, also inside of a word. */
export function parseHosts(text: string): HostsEntry[] {
  const entries: HostsEntry[] = [];
  for (const line of text.split('\n')) {
    const [word, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = word === undefined || word === '' ? undefined : parseIp(word);
    if (address !== undefined && names.length > 0) entries.push({ address, names });
  }
  return entries;
}

/**
 * An entry's address as a lookup in one family sees it (nss/nss_files/files-hosts.c): IPv6 loopback and mapped addresses stand for
 * IPv4 ones. Undefined when the entry does not count.
 */
export function addressIn(address: IpAddress, family: 'inet' | 'inet6' | 'any'): IpAddress | undefined {
  if (family === 'any') return address;
  if (family === 'inet6') return typeof address === 'string' ? address : undefined;
  if (typeof address === 'number') return address;
  if (address === '::1') return 0x7f000001;
  return address.startsWith('::ffff:') ? parseIp4(address.slice(7)) : undefined;
}
