/** How BIND's tools ask name servers (bin/dig/dighost.c of 9.18): servers, tries, search list, TCP; what dig, host and nslookup share. */
import type { Coroutine, ErrnoCode, Micros } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';
import type { DnsMessage, Edns, IpAddress } from '../../wire';
import { decodeDns, DNS_RCODE, encodeDns, formatIp, isDnsName, makeDns, parseIp, parseIp4, parseIp6 } from '../../wire';
import { answers, framed, readExactly } from '../network/dns-query';
import { Stop } from '../network/common';
import type { ResolvConf } from '../network/resolv-conf';
import { readResolvConf, slurp } from '../network/resolv-conf';
import { lookupHost } from '../network/resolver';
import { tcpSocket, udpSocket } from '../network/sockets';
import { rcodeName } from './text';

/** A server and the name it was given by. */
export interface Server {
  readonly address: IpAddress;
  readonly scope: number | undefined;
  /** As the user wrote it, or the address. */
  readonly name: string;
}

/** What is asked, of whom, and how. */
export interface Lookup {
  /** As the user wrote it; a final dot makes it absolute. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly servers: readonly Server[];
  readonly port: number;
  readonly tcp: boolean;
  /** Seconds that a server is given; undefined is the default (5 over UDP, 10 over TCP). */
  readonly time: number | undefined;
  /** How often the first server is tried. */
  readonly tries: number;
  readonly flags: {
    readonly rd: boolean;
    readonly ad: boolean;
    readonly cd: boolean;
    readonly aa: boolean;
    readonly tc: boolean;
    readonly ra: boolean;
    readonly z: boolean;
  };
  readonly opcode: number;
  readonly id: number | undefined;
  readonly edns: Edns | undefined;
  /** Whether the search list is used, and from how many dots on the name comes first as it is. */
  readonly search: boolean;
  readonly ndots: number;
  readonly domains: readonly string[];
  readonly source: { readonly address: IpAddress; readonly port: number } | undefined;
  /** A SERVFAIL ends it; else the next server is tried. */
  readonly failStops: boolean;
  /** A cut answer is good enough. */
  readonly ignoreTruncation: boolean;
  readonly noQuestion: boolean;
}

/** An answer and how it was had. */
export interface Answer {
  readonly query: DnsMessage;
  readonly querySize: number;
  readonly reply: DnsMessage;
  readonly size: number;
  readonly server: Server;
  readonly port: number;
  readonly tcp: boolean;
  readonly micros: Micros;
}

/** What is told while a lookup is under way. */
export interface Reporter {
  /** A line for standard output: `communications error to ...`. */
  readonly say: (text: string) => Coroutine<void>;
  /** Before `no servers could be reached`: dig shows its command line there. */
  readonly unreachable: (repeated: boolean) => Coroutine<void>;
  /** A name is about to be asked for. */
  readonly trying?: (name: string) => Coroutine<void>;
  /** The query as it is sent. */
  readonly sending?: (query: DnsMessage, size: number) => Coroutine<void>;
  /** An answer that only makes the search go on. */
  readonly passed?: (answer: Answer) => Coroutine<void>;
}

/** How BIND names the errors of sockets (isc_result_totext). */
const RESULTS: Partial<Record<ErrnoCode, string>> = {
  ECONNREFUSED: 'connection refused',
  ENETUNREACH: 'network unreachable',
  EHOSTUNREACH: 'host unreachable',
  EADDRNOTAVAIL: 'address not available',
  EADDRINUSE: 'address in use',
  ECONNRESET: 'connection reset',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ETIMEDOUT: 'timed out',
  EINPROGRESS: 'timed out',
  EAGAIN: 'timed out',
};

/** Where servers come from when resolv.conf names none. */
const LOCAL: readonly Server[] = ['::1', 0x7f000001].map((address) => ({
  address,
  scope: undefined,
  name: formatIp(address),
}));

/** resolv.conf as BIND's tools read it: its options count where the command line says nothing. */
export interface BindConf extends ResolvConf {
  /** Seconds, of `options timeout:`. */
  readonly time: number | undefined;
  /** Of `options attempts:`. */
  readonly tries: number | undefined;
}

/** resolv.conf as BIND's tools read it: a server that is no address makes it unusable. @throws Stop */
export function* bindConf(sys: Sys, program: string): Coroutine<BindConf> {
  let time: number | undefined;
  let tries: number | undefined;
  for (const line of (yield* slurp(sys, '/etc/resolv.conf')).split('\n')) {
    const [, address] = /^nameserver[ \t]+(\S+)/.exec(line) ?? [];
    if (address !== undefined && parseIp(address.split('%')[0]!) === undefined)
      throw new Stop(1, `${program}: parse of /etc/resolv.conf failed\n`);
    for (const [, option, value] of line.startsWith('options')
      ? line.matchAll(/[ \t](timeout|attempts):(\d+)(?!\S)/g)
      : []) {
      if (option === 'timeout') time = Math.max(1, Number(value));
      else tries = Math.max(1, Number(value));
    }
  }
  return { ...(yield* readResolvConf(sys)), time, tries };
}

/** The servers of resolv.conf, of the wanted family. */
export function confServers(conf: ResolvConf, family: 'inet' | 'inet6' | 'any'): Server[] {
  const fits = (s: { address: IpAddress }): boolean =>
    family === 'any' || (typeof s.address === 'number') === (family === 'inet');
  const listed = conf.nameservers.map((n) => ({ ...n, name: formatIp(n.address) })).filter(fits);
  return listed.length > 0 ? listed : LOCAL.filter(fits);
}

/** The addresses of a server that is named. @returns the message behind `PROGRAM: ` when there are none */
export function* namedServer(
  sys: Sys,
  name: string,
  family: 'inet' | 'inet6' | 'any',
): Coroutine<Server[] | { readonly error: string }> {
  if (family === 'inet' && parseIp6(name) !== undefined)
    return { error: `couldn't get address for '${name}': address family not supported` };
  const found = yield* lookupHost(sys, name, { family });
  if ('error' in found) {
    const why = found.error === 'Temporary failure in name resolution' ? 'failure' : 'not found';
    return { error: `couldn't get address for '${name}': ${why}` };
  }
  const scope = name.includes('%') ? sys.net.links.byName(name.split('%')[1]!)?.index : undefined;
  return found.addresses.map((address) => ({ address, scope, name: name.split('%')[0]! }));
}

/** Why BIND does not take a name, or undefined when it does: what follows `PROGRAM: 'NAME' is not a legal `. */
export function illegalName(name: string): string | undefined {
  if (name === '.' || name === '') return undefined;
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (/(^|[^\\])\.\.|^\./.test(name)) return 'name (empty label)';
  // The library for international names sees these first.
  const long = bare.split('.').some((l) => l.length > 63)
    ? 'domain label longer than 63 characters'
    : isDnsName(bare)
      ? undefined
      : 'domain name longer than 255 characters';
  return long && `IDNA2008 name (${long}), use +noidnin`;
}

/** A server of the other family: BIND maps the address and then has nobody to ask. @returns what it says, without an end */
export function mappedServer(name: string, family: 'inet' | 'inet6' | 'any'): string | undefined {
  if (family !== 'inet6' || parseIp4(name) === undefined) return undefined;
  return `;; Skipping mapped address '::ffff:${name}'\n;; No acceptable nameservers\n`;
}

/** The message that asks. */
export function buildQuery(sys: Sys, l: Lookup, name: string): DnsMessage {
  return makeDns({
    id: l.id ?? sys.machine.random.below(0x10000),
    opcode: l.opcode,
    authoritative: l.flags.aa,
    truncated: l.flags.tc,
    recursionDesired: l.flags.rd,
    recursionAvailable: l.flags.ra,
    z: l.flags.z,
    authenticData: l.flags.ad,
    checkingDisabled: l.flags.cd,
    questions: l.noQuestion ? [] : [{ name, type: l.type, class: l.class }],
    edns: l.edns,
  });
}

/** One exchange. A string says what went wrong. */
type Tried =
  | { readonly bytes: Uint8Array; readonly reply: DnsMessage | undefined }
  | { readonly error: string; readonly setup: boolean };

function* overUdp(sys: Sys, l: Lookup, server: Server, query: DnsMessage, bytes: Uint8Array): Coroutine<Tried> {
  const socket = udpSocket(sys, typeof server.address === 'number' ? 'inet' : 'inet6');
  // BIND leaves the size of the path to the network, so that its datagrams may be cut (IP_PMTUDISC_OMIT).
  socket.pmtudisc = 'dont';
  const fd = sys.install(socket);
  let setup = true;
  try {
    if (l.source) socket.bind(l.source);
    socket.connect({
      address: server.address,
      port: l.port,
      ...(server.scope === undefined ? {} : { scope: server.scope }),
    });
    setup = false;
    socket.send(bytes);
    const until = sys.now + (l.time ?? 5) * 1e6;
    for (;;) {
      const message = yield* socket.receive(sys, { until });
      const reply = decodeDns(message.data);
      if (reply && (reply.id !== query.id || !answers(reply, query))) continue;
      return { bytes: message.data, reply };
    }
  } catch (e) {
    if (!isErrno(e) || e.code === 'EINTR') throw e;
    return { error: RESULTS[e.code as ErrnoCode] ?? 'unexpected error', setup };
  } finally {
    sys.close(fd);
  }
}

function* overTcp(sys: Sys, l: Lookup, server: Server, query: DnsMessage, bytes: Uint8Array): Coroutine<Tried> {
  const socket = tcpSocket(sys, typeof server.address === 'number' ? 'inet' : 'inet6');
  // A segment fits the smallest path of IPv6 (isc_nm_tcpdnsconnect).
  socket.userMss = 1220;
  const fd = sys.install(socket);
  let setup = true;
  try {
    if (l.source) socket.bind(l.source);
    const until = sys.now + (l.time ?? 10) * 1e6;
    const scope = server.scope === undefined ? {} : { scope: server.scope };
    yield* socket.connect(sys, { address: server.address, port: l.port, ...scope }, until);
    setup = false;
    yield* sys.write(fd, framed(bytes));
    for (;;) {
      const head = yield* readExactly(sys, socket, 2, until);
      const body = head && (yield* readExactly(sys, socket, (head[0]! << 8) | head[1]!, until));
      if (!body) return { error: 'end of file', setup };
      const reply = decodeDns(body);
      if (reply && !answers(reply, query)) continue;
      return { bytes: body, reply };
    }
  } catch (e) {
    if (!isErrno(e) || e.code === 'EINTR') throw e;
    return { error: RESULTS[e.code as ErrnoCode] ?? 'unexpected error', setup };
  } finally {
    sys.close(fd);
  }
}

/** Asks for one absolute name. @returns undefined when no server could be reached or made sense */
function* ask(sys: Sys, l: Lookup, name: string, reporter: Reporter): Coroutine<Answer | undefined> {
  let tries = Math.max(1, l.tries);
  let tcp = l.tcp;
  let told = false;
  const giveUp = function* (): Coroutine<void> {
    yield* reporter.unreachable(told);
    told = true;
    yield* reporter.say(';; no servers could be reached\n');
  };
  for (let at = 0; at < l.servers.length;) {
    const server = l.servers[at]!;
    const query = buildQuery(sys, l, name);
    const bytes = encodeDns(query);
    yield* reporter.sending?.(query, bytes.length) ?? nothing();
    const from = sys.now;
    const tried = yield* (tcp ? overTcp : overUdp)(sys, l, server, query, bytes);
    const socketName = `${formatIp(server.address)}#${l.port}`;
    if ('error' in tried) {
      const label = `${socketName}(${server.name}) for ${name === '' ? '.' : name} failed: ${tried.error}.`;
      if (tried.setup) yield* reporter.say(`;; ${tcp ? 'Connection to' : 'UDP setup with'} ${label}\n`);
      else yield* reporter.say(`;; communications error to ${socketName}: ${tried.error}\n`);
      if (tries > 1) {
        tries--;
        // A server that cannot even be sent to is given up each time.
        if (tried.setup) yield* reporter.say(';; no servers could be reached\n');
      } else if (++at >= l.servers.length) {
        if (tried.setup) yield* reporter.say(';; no servers could be reached\n');
        else yield* giveUp();
        return undefined;
      }
      continue;
    }
    const { reply } = tried;
    if (!reply) {
      yield* reporter.say(`;; Got bad packet: unexpected end of input\n`);
      return undefined;
    }
    if (reply.truncated && !tcp && !l.ignoreTruncation) {
      yield* reporter.say(';; Truncated, retrying in TCP mode.\n');
      tcp = true;
      continue;
    }
    if (reply.rcode === DNS_RCODE.SERVFAIL && !l.failStops) {
      const next = at + 1 < l.servers.length;
      yield* reporter.say(
        `;; Got ${rcodeName(reply.rcode)} reply from ${formatIp(server.address)}${next ? ', trying next server' : ''}\n`,
      );
      if (next) {
        at++;
        continue;
      }
    }
    return {
      query,
      querySize: bytes.length,
      reply,
      size: tried.bytes.length,
      server,
      port: l.port,
      tcp,
      micros: sys.now - from,
    };
  }
  return undefined;
}

function* nothing(): Coroutine<void> {}

/** Asks for a name, with the domains of the search list where they are to be used. */
export function* perform(sys: Sys, l: Lookup, reporter: Reporter): Coroutine<Answer | undefined> {
  const bare = l.name.endsWith('.') ? l.name.slice(0, -1) : l.name;
  const dots = bare.split('.').length - 1;
  const searching = l.search && !l.name.endsWith('.') && l.domains.length > 0;
  const domains = searching ? l.domains.map((d) => d.replace(/\.$/, '')) : [];
  const asIs = !searching || dots >= l.ndots;
  const names = [
    ...(asIs ? [bare] : []),
    ...domains.map((d) => (d === '' ? bare : `${bare}.${d}`)),
    ...(asIs ? [] : [bare]),
  ];
  for (const [i, name] of names.entries()) {
    yield* reporter.trying?.(name) ?? nothing();
    const answer = yield* ask(sys, l, name, reporter);
    if (!answer) return undefined;
    const { rcode } = answer.reply;
    const more = i + 1 < names.length && (asIs && i === 0 ? rcode === DNS_RCODE.NXDOMAIN : rcode !== 0);
    if (!more) return answer;
    yield* reporter.passed?.(answer) ?? nothing();
  }
  return undefined;
}

/** The name at the end of the aliases that the answer has for `name`. */
export function chaseAliases(reply: DnsMessage, name: string): string {
  let current = name;
  for (let i = 0; i < reply.answers.length; i++) {
    const alias = reply.answers.find((r) => r.data.type === 'CNAME' && r.name.toLowerCase() === current.toLowerCase());
    if (alias?.data.type !== 'CNAME') break;
    current = alias.data.name;
  }
  return current;
}
