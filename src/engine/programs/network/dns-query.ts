/**
 * The stub resolver's queries (resolv/res_send.c and res_query.c of glibc 2.36): which server is asked when, how long, and which names
 * of the search list are tried.
 */
import type { Coroutine, Micros } from '../../core';
import { isErrno } from '../../core';
import type { Process, Sys } from '../../host';
import type { TcpSocket, UdpSocket } from '../../net';
import type { DnsMessage, DnsQuestion } from '../../wire';
import { decodeDns, DNS_RCODE, dnsLabels, encodeDns, isDnsName, makeDns } from '../../wire';
import type { NameServer, ResolvConf } from './resolv-conf';
import { tcpSocket, udpSocket } from './sockets';

/** Port of name servers. */
export const DNS_PORT = 53;
/** UDP payload size that glibc offers with `options edns0` (RESOLV_EDNS_BUFFER_SIZE). */
const EDNS_SIZE = 1200;
/** The server that is asked when resolv.conf names none. */
const LOCAL: NameServer = { address: 0x7f000001, scope: undefined };

/** h_errno of netdb.h. */
export type HostError = 'HOST_NOT_FOUND' | 'TRY_AGAIN' | 'NO_RECOVERY' | 'NO_DATA';

/** What came of asking the servers: an answer a question (undefined: none, or not a usable one), or no answer at all. */
export type Sent =
  | { readonly kind: 'answers'; readonly answers: readonly (DnsMessage | undefined)[] }
  /** `rcode` is that of the last answer that was not usable. */
  | { readonly kind: 'failed'; readonly refused: boolean; readonly rcode: number | undefined };

/** Where each process's `options rotate` stands: a counter that begins anywhere. */
const rotations = new WeakMap<Process, number>();

function serversOf(sys: Sys, conf: ResolvConf): readonly NameServer[] {
  const servers = conf.nameservers.length > 0 ? conf.nameservers : [LOCAL];
  if (!conf.rotate) return servers;
  const offset = rotations.get(sys.proc) ?? sys.machine.random.below(256);
  rotations.set(sys.proc, offset + 1);
  return servers.map((_, i) => servers[(i + offset) % servers.length]!);
}

/** Is this the answer to the query: its number and its question? */
export function answers(reply: DnsMessage, query: DnsMessage): boolean {
  if (!reply.response || reply.id !== query.id) return false;
  const [asked] = query.questions;
  const [echoed] = reply.questions;
  if (!asked || !echoed) return reply.questions.length === 0;
  return sameName(echoed.name, asked.name) && echoed.type === asked.type && echoed.class === asked.class;
}

const BAD: readonly number[] = [DNS_RCODE.SERVFAIL, DNS_RCODE.NOTIMP, DNS_RCODE.REFUSED];

/** A server that answers so is passed over: an error, or a referral of a server that does not recurse. */
function unusable(m: DnsMessage): boolean {
  const lame =
    m.rcode === DNS_RCODE.NOERROR &&
    m.answers.length === 0 &&
    !m.authoritative &&
    !m.recursionAvailable &&
    m.additionals.length === 0 &&
    m.edns === undefined;
  return BAD.includes(m.rcode) || lame;
}

/** What one server made of the questions. */
interface Attempt {
  readonly answers: (DnsMessage | undefined)[];
  /** Something came from the server, or it was given all its time. */
  readonly somewhere: boolean;
  readonly usable: boolean;
  readonly truncated: boolean;
  readonly rcode: number | undefined;
}

/** How a process sends two questions; it becomes more careful when a server does not cope (RES_SNGLKUP, RES_SNGLKUPREOP). */
interface Manner {
  single: boolean;
  reopen: boolean;
}

/** Sockets that stay open while a question is asked: a late answer, or a late error, is met when the server's turn comes again. */
type Pool = Map<NameServer, { readonly fd: number; readonly socket: UdpSocket }>;

/** Asks one server over UDP. */
function* overUdp(
  sys: Sys,
  pool: Pool,
  server: NameServer,
  queries: readonly DnsMessage[],
  time: Micros,
  manner: Manner,
): Coroutine<Attempt> {
  const got: (DnsMessage | undefined)[] = queries.map(() => undefined);
  let rcode: number | undefined;
  let truncated = false;
  let somewhere = false;
  const result = (usable: boolean): Attempt => ({ answers: got, somewhere, usable, truncated, rcode });
  const open = (): UdpSocket => {
    const known = pool.get(server);
    if (known) return known.socket;
    const socket = udpSocket(sys, typeof server.address === 'number' ? 'inet' : 'inet6');
    pool.set(server, { fd: sys.install(socket), socket });
    // __res_enable_icmp: a server that is not there is told of before its time is up.
    socket.recvErr = true;
    socket.connect({
      address: server.address,
      port: DNS_PORT,
      ...(server.scope === undefined ? {} : { scope: server.scope }),
    });
    return socket;
  };
  const close = (): void => {
    const known = pool.get(server);
    if (known) sys.close(known.fd);
    pool.delete(server);
  };
  try {
    const done = queries.map(() => false);
    for (let next = 0; next < queries.length;) {
      const socket = open();
      const batch = manner.single ? [next] : queries.map((_, i) => i);
      for (const i of batch) socket.send(encodeDns(queries[i]!));
      next += batch.length;
      const until = sys.now + time;
      while (batch.some((i) => !done[i])) {
        const message = yield* socket.receive(sys, { until });
        somewhere = true;
        const reply = decodeDns(message.data);
        const at = reply ? queries.findIndex((q, i) => !done[i] && answers(reply, q)) : -1;
        if (!reply || at < 0) continue;
        done[at] = true;
        if (unusable(reply)) rcode = reply.rcode;
        else if (reply.truncated) {
          truncated = true;
          return result(true);
        } else got[at] = reply;
      }
      if (manner.reopen) close();
    }
    const usable = got.some((a) => a !== undefined);
    if (!usable) close();
    return result(usable);
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (e.code === 'EINTR') throw e;
    if (e.code !== 'EAGAIN') close();
    else {
      somewhere = true;
      // Some servers do not cope with two questions at once: ask one by one, then also from another port.
      if (queries.length > 1 && got.some((a) => a !== undefined) && !(manner.single && manner.reopen)) {
        if (manner.single) manner.reopen = true;
        else manner.single = true;
        close();
        return yield* overUdp(sys, pool, server, queries, time, manner);
      }
    }
    return result(false);
  }
}

/** Reads exactly `n` bytes; undefined at the end of the stream. @throws Errno */
export function* readExactly(
  sys: Sys,
  socket: TcpSocket,
  n: number,
  until?: Micros,
): Coroutine<Uint8Array | undefined> {
  const out = new Uint8Array(n);
  for (let at = 0; at < n;) {
    const part = yield* socket.receive(sys, n - at, until === undefined ? {} : { until });
    if (part.length === 0) return undefined;
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A DNS message with the two bytes of its length before it, as TCP carries it. */
export function framed(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(message.length + 2);
  out[0] = message.length >> 8;
  out[1] = message.length & 255;
  out.set(message, 2);
  return out;
}

/** Asks one server over TCP. */
function* overTcp(sys: Sys, server: NameServer, queries: readonly DnsMessage[]): Coroutine<Attempt> {
  const got: (DnsMessage | undefined)[] = queries.map(() => undefined);
  let rcode: number | undefined;
  const socket = tcpSocket(sys, typeof server.address === 'number' ? 'inet' : 'inet6');
  const fd = sys.install(socket);
  try {
    yield* socket.connect(sys, {
      address: server.address,
      port: DNS_PORT,
      ...(server.scope === undefined ? {} : { scope: server.scope }),
    });
    for (const q of queries) yield* sys.write(fd, framed(encodeDns(q)));
    for (let left = queries.length; left > 0;) {
      const head = yield* readExactly(sys, socket, 2);
      const body = head && (yield* readExactly(sys, socket, (head[0]! << 8) | head[1]!));
      if (!body) break;
      const reply = decodeDns(body);
      const at = reply ? queries.findIndex((q) => answers(reply, q)) : -1;
      if (!reply || at < 0) continue;
      left--;
      if (unusable(reply)) rcode = reply.rcode;
      else got[at] = reply;
    }
    return { answers: got, somewhere: true, usable: got.some((a) => a !== undefined), truncated: false, rcode };
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (e.code === 'EINTR') throw e;
    return { answers: got, somewhere: e.code === 'ETIMEDOUT', usable: false, truncated: false, rcode };
  } finally {
    sys.close(fd);
  }
}

/** res_nsend: asks the servers in turn, `attempts` times, until one gives a usable answer. */
export function* resSend(sys: Sys, conf: ResolvConf, questions: readonly DnsQuestion[]): Coroutine<Sent> {
  const queries = questions.map((q) =>
    makeDns({
      id: sys.machine.random.below(0x10000),
      recursionDesired: true,
      authenticData: conf.trustAd,
      questions: [q],
      ...(conf.edns0
        ? { edns: { udpSize: EDNS_SIZE, extendedRcode: 0, version: 0, dnssecOk: false, options: [] } }
        : {}),
    }),
  );
  const servers = serversOf(sys, conf);
  const manner: Manner = { single: conf.singleRequest || conf.singleRequestReopen, reopen: conf.singleRequestReopen };
  let somewhere = false;
  let rcode: number | undefined;
  let tcp = conf.useVc;
  const pool: Pool = new Map();
  try {
    for (let attempt = 0; attempt < conf.attempts; attempt++) {
      for (const [n, server] of servers.entries()) {
        // __res_get_timeout: later servers get more, shared among all.
        const seconds = Math.max(1, Math.floor((conf.timeout << n) / (n > 0 ? servers.length : 1)));
        let result = tcp
          ? yield* overTcp(sys, server, queries)
          : yield* overUdp(sys, pool, server, queries, seconds * 1e6, manner);
        if (result.truncated) {
          tcp = true;
          result = yield* overTcp(sys, server, queries);
        }
        somewhere ||= result.somewhere;
        rcode = result.rcode ?? rcode;
        if (result.usable) return { kind: 'answers', answers: result.answers };
      }
    }
  } finally {
    for (const { fd } of pool.values()) sys.close(fd);
  }
  return { kind: 'failed', refused: !somewhere, rcode };
}

/** What a lookup of one name gave. */
export type Queried =
  | { readonly kind: 'answers'; readonly name: string; readonly answers: readonly (DnsMessage | undefined)[] }
  | {
      readonly kind: 'error';
      readonly error: HostError;
      readonly refused: boolean;
      /** The response code behind the error, when a server gave one. */
      readonly rcode: number | undefined;
    };

/** res_nquery: one absolute name. */
export function* resQuery(sys: Sys, conf: ResolvConf, name: string, types: readonly number[]): Coroutine<Queried> {
  const absolute = name.endsWith('.') ? name.slice(0, -1) : name;
  if (!isDnsName(absolute)) return { kind: 'error', error: 'NO_RECOVERY', refused: false, rcode: undefined };
  const sent = yield* resSend(
    sys,
    conf,
    types.map((type) => ({ name: absolute, type, class: 1 })),
  );
  if (sent.kind === 'failed') return { kind: 'error', error: 'TRY_AGAIN', refused: sent.refused, rcode: sent.rcode };
  if (sent.answers.some((a) => a && a.rcode === DNS_RCODE.NOERROR && a.answers.length > 0))
    return { kind: 'answers', name: absolute, answers: sent.answers };
  const rcodes = sent.answers.flatMap((a) => (a ? [a.rcode] : []));
  const rcode = rcodes.includes(DNS_RCODE.NOERROR) ? DNS_RCODE.NOERROR : rcodes[0]!;
  const error: HostError =
    rcode === DNS_RCODE.NOERROR ? 'NO_DATA' : rcode === DNS_RCODE.NXDOMAIN ? 'HOST_NOT_FOUND' : 'NO_RECOVERY';
  return { kind: 'error', error, refused: false, rcode };
}

/** res_nsearch: the name with the domains of the search list, and as it is; which comes first is ndots' business. */
export function* resSearch(sys: Sys, conf: ResolvConf, name: string, types: readonly number[]): Coroutine<Queried> {
  const dots = name.split('.').length - 1;
  const trailing = name.endsWith('.');
  let first: Queried | undefined;
  if (dots >= conf.ndots || trailing) {
    first = yield* resQuery(sys, conf, name, types);
    if (first.kind === 'answers' || trailing) return first;
  }
  let last: Queried = first ?? { kind: 'error', error: 'HOST_NOT_FOUND', refused: false, rcode: undefined };
  let noData = false;
  let servfail = false;
  let rootListed = false;
  for (const domain of conf.search) {
    const suffix = domain.replace(/^\./, '').replace(/\.$/, '');
    if (suffix === '') rootListed = true;
    const full = suffix === '' ? name : `${name}.${suffix}`;
    if (!isDnsName(full)) continue;
    last = yield* resQuery(sys, conf, full, types);
    if (last.kind === 'answers') return last;
    if (last.refused) return last;
    if (last.error === 'NO_DATA') noData = true;
    else if (last.error === 'TRY_AGAIN') {
      if (last.rcode !== DNS_RCODE.SERVFAIL) break;
      servfail = true;
    } else if (last.error !== 'HOST_NOT_FOUND') break;
  }
  if (!first && !rootListed && (dots > 0 || conf.search.length === 0 || !conf.noTldQuery)) {
    last = yield* resQuery(sys, conf, name, types);
    if (last.kind === 'answers') return last;
  }
  if (first) return first;
  if (noData) return { kind: 'error', error: 'NO_DATA', refused: false, rcode: DNS_RCODE.NOERROR };
  if (servfail) return { kind: 'error', error: 'TRY_AGAIN', refused: false, rcode: DNS_RCODE.SERVFAIL };
  return last;
}

/** Two names that DNS holds for the same. */
export function sameName(a: string, b: string): boolean {
  return dnsLabels(a).join('.').toLowerCase() === dnsLabels(b).join('.').toLowerCase();
}
