/** Forwarding of questions to upstream servers (dnsmasq's forward.c). */
import { isErrno } from '../../../core';
import type { Coroutine, Micros } from '../../../core';
import type { Sys } from '../../../host';
import type { SockAddr, UdpSocket } from '../../../net';
import { decodeDns, DNS_RCODE, DNS_TYPE, dnsTypeNumber, encodeDns, formatIp } from '../../../wire';
import type { DnsMessage, DnsRecord, Edns } from '../../../wire';
import { answers } from '../../network/dns-query';
import { udpSocket } from '../../network/sockets';
import { EDE_NETWORK, logType, noData, reverseAddress } from './answer';
import type { Decision, Ede } from './answer';
import type { Upstream } from './config';
import type { CacheEntry } from './data';
import { Upstreams, serverText } from './upstreams';

/** Microseconds after which a question that nobody answered is forgotten. */
export const FORGET = 10e6;

/** All servers of a group are tried anew after so many questions, or after so much time. */
const TEST_QUERIES = 50;

const TEST_TIME: Micros = 20e6;

/** A question that somebody else asks too is sent again when the last time is this long ago. */
const RESEND: Micros = 2e6;

/** Who asked, and how the answer gets there. */
export interface Client {
  readonly query: DnsMessage;
  readonly from: SockAddr;
  readonly reply: (bytes: Uint8Array) => void;
  readonly serial: number;
  /** A child of the process answers: what it changes in the tables is lost with it. */
  readonly child?: boolean;
}

/** A question that was passed on. */
export interface Forwarded {
  readonly query: DnsMessage;
  readonly clients: Client[];
  readonly servers: readonly Upstream[];
  readonly domain: string;
  readonly sockets: Map<'inet' | 'inet6', { fd: number; socket: UdpSocket }>;
  readonly since: Micros;
  /** When it was last sent. */
  sentAt: Micros;
  /** Servers that have not answered yet, when several were asked at once. */
  outstanding: number;
}

/** Largest answer over UDP for clients that do not say what they take. */
export const PLAIN_SIZE = 512;

/** Passes questions on, and takes what is answered to who asked. */
export abstract class Forwarder extends Upstreams {
  /** A line of the query log. */
  protected *note(sys: Sys, client: Client, text: string): Coroutine<void> {
    const { logQueries } = this.config;
    if (logQueries === 'no') return;
    const head = logQueries === 'extra' ? `${client.serial} ${formatIp(client.from.address)}/${client.from.port} ` : '';
    yield* this.log.line(sys, head + text);
  }

  protected edns(asked: Edns, ede: Ede | undefined): Edns {
    return {
      udpSize: this.config.ednsSize,
      extendedRcode: 0,
      version: 0,
      dnssecOk: asked.dnssecOk,
      options: ede ? [{ code: 15, bytes: Uint8Array.of(ede.code >> 8, ede.code & 255) }] : [],
    };
  }

  protected *forward(sys: Sys, client: Client, decision: Extract<Decision, { kind: 'forward' }>): Coroutine<void> {
    const question = client.query.questions[0]!;
    for (const f of this.forwarded) {
      const q = f.query.questions[0]!;
      if (q.name !== question.name || q.type !== question.type || f.domain !== decision.domain) continue;
      const again = f.clients.find(
        (c) =>
          c.query.id === client.query.id && c.from.address === client.from.address && c.from.port === client.from.port,
      );
      // Another one who asks the same waits for the same answer; one who asks again makes it be sent again.
      if (!again) f.clients.push(client);
      if (again || sys.now - f.sentAt >= RESEND) {
        this.count(f.servers[0]!).retried++;
        yield* this.send(sys, client, f, f.servers);
      }
      return;
    }
    const f: Forwarded = {
      query: { ...client.query, id: sys.machine.random.below(0x10000) },
      clients: [client],
      servers: decision.servers,
      domain: decision.domain,
      sockets: new Map(),
      since: sys.now,
      sentAt: sys.now,
      outstanding: 0,
    };
    const g = this.group(decision.domain);
    const known = g.last && decision.servers.find((s) => serverText(s, true) === serverText(g.last!, true));
    let targets: readonly Upstream[];
    if (this.config.allServers) targets = decision.servers;
    else if (this.config.strictOrder) targets = decision.servers.slice(0, 1);
    else if (!known || ++g.queries > TEST_QUERIES || sys.now - g.testedAt > TEST_TIME) {
      g.queries = 0;
      g.testedAt = sys.now;
      targets = decision.servers;
    } else targets = [known];
    this.forwarded.add(f);
    if (yield* this.send(sys, client, f, targets)) return;
    const others = decision.servers.filter((s) => !targets.includes(s));
    if (others.length > 0 && (yield* this.send(sys, client, f, others))) return;
    this.forget(sys, f);
    yield* this.note(sys, client, `config error is REFUSED (EDE: ${EDE_NETWORK.text})`);
    const refused = { rcode: DNS_RCODE.REFUSED, answers: [], authoritative: false, ede: EDE_NETWORK };
    client.reply(encodeDns(this.response(client.query, refused), false));
  }

  /** Sends to each of `targets`. @returns false when none could be sent to */
  private *send(sys: Sys, client: Client, f: Forwarded, targets: readonly Upstream[]): Coroutine<boolean> {
    let any = false;
    f.sentAt = sys.now;
    for (const server of targets) {
      const family = typeof server.address === 'number' ? 'inet' : 'inet6';
      let s = f.sockets.get(family);
      if (!s) {
        const socket = udpSocket(sys, family);
        s = { socket, fd: sys.install(socket) };
        f.sockets.set(family, s);
      }
      try {
        s.socket.send(encodeDns(f.query), { address: server.address, port: server.port });
      } catch (e) {
        if (!isErrno(e)) throw e;
        continue;
      }
      any = true;
      f.outstanding++;
      this.forwards++;
      this.count(server).sent++;
      yield* this.note(sys, client, `forwarded ${f.query.questions[0]!.name} to ${serverText(server)}`);
    }
    return any;
  }

  protected forget(sys: Sys, f: Forwarded): void {
    this.forwarded.delete(f);
    for (const { fd } of f.sockets.values()) sys.close(fd);
    f.sockets.clear();
  }

  protected *fromServer(sys: Sys, socket: UdpSocket, f: Forwarded): Coroutine<void> {
    let message;
    try {
      message = yield* socket.receive(sys, { dontWait: true });
    } catch (e) {
      if (!isErrno(e)) throw e;
      return;
    }
    const { address, port } = message.from;
    const server = f.servers.find((s) => s.address === address && s.port === port);
    const reply = decodeDns(message.data);
    if (!server || !reply || !answers(reply, f.query)) return;
    const failed = reply.rcode === DNS_RCODE.REFUSED || reply.rcode === DNS_RCODE.SERVFAIL;
    const count = this.count(server);
    if (reply.rcode === DNS_RCODE.NXDOMAIN) count.nxdomain++;
    f.outstanding--;
    if (failed && f.outstanding > 0) return;
    const next = f.servers[f.servers.indexOf(server) + 1];
    if (failed && this.config.strictOrder && next && (yield* this.send(sys, f.clients[0]!, f, [next]))) return;
    if (!failed) this.group(f.domain).last = server;
    count.latency = Math.round((count.latency + (sys.now - f.since) / 1000) / 2);
    this.forget(sys, f);
    yield* this.learn(sys, f.clients[0]!, reply);
    for (const { query, reply: deliver } of f.clients) {
      // The answer goes on as it came, but for its number.
      const bytes = message.data.slice();
      bytes[0] = query.id >> 8;
      bytes[1] = query.id & 255;
      deliver(bytes);
    }
  }

  /** Writes an answer to the log and puts into the cache what may be kept. */
  protected *learn(sys: Sys, client: Client, reply: DnsMessage): Coroutine<void> {
    const question = reply.questions[0] ?? client.query.questions[0]!;
    const { rcode } = reply;
    if (rcode !== DNS_RCODE.NOERROR && rcode !== DNS_RCODE.NXDOMAIN) {
      const names: Readonly<Record<number, string>> = {
        1: 'FORMERR',
        2: 'SERVFAIL',
        4: 'not implemented',
        5: 'REFUSED',
      };
      yield* this.note(sys, client, `reply error is ${names[rcode] ?? `${rcode}`}`);
      return;
    }
    if (reply.truncated) {
      yield* this.note(sys, client, 'reply is truncated');
      return;
    }
    const kept: CacheEntry[] = [];
    const { config } = this;
    const until = (ttl: number): Micros =>
      // Time is kept in whole seconds.
      (Math.floor(sys.now / 1e6) + Math.max(config.minCacheTtl, Math.min(ttl, config.maxCacheTtl ?? Infinity))) * 1e6;
    let current = question.name;
    let hit = false;
    for (const r of reply.answers) {
      const type = dnsTypeNumber(r.data);
      const { data } = r;
      const keep = (): void =>
        void (r.ttl > 0 && kept.push({ name: r.name, type, data, nxdomain: false, expires: until(r.ttl) }));
      if (data.type === 'CNAME') {
        yield* this.note(sys, client, `reply ${r.name} is <CNAME>`);
        current = data.name;
        if (question.type !== DNS_TYPE.ANY) keep();
        continue;
      }
      if (question.type !== type && question.type !== DNS_TYPE.ANY) continue;
      hit = true;
      if (question.type === DNS_TYPE.ANY) yield* this.note(sys, client, `reply ${r.name} is <${logType(type)}>`);
      else if (data.type === 'A' || data.type === 'AAAA') {
        yield* this.note(sys, client, `reply ${r.name} is ${formatIp(data.address)}`);
        keep();
      } else if (data.type === 'PTR') {
        const address = reverseAddress(r.name);
        yield* this.note(sys, client, `reply ${address === undefined ? r.name : formatIp(address)} is ${data.name}`);
        keep();
      } else if (data.type === 'TXT') yield* this.note(sys, client, `reply ${r.name} is ${data.strings.join('')}`);
      else yield* this.note(sys, client, `reply ${r.name} is <${logType(type)}>`);
    }
    if (!hit) {
      const nxdomain = rcode === DNS_RCODE.NXDOMAIN;
      const address = question.type === DNS_TYPE.PTR ? reverseAddress(current) : undefined;
      const shown = address === undefined ? current : formatIp(address);
      yield* this.note(sys, client, `reply ${shown} is ${nxdomain ? 'NXDOMAIN' : noData(question.type)}`);
      const soa = reply.authorities.find((r) => r.data.type === 'SOA');
      const ttl = soa?.data.type === 'SOA' ? Math.min(soa.ttl, soa.data.minimum) : config.negTtl;
      if (ttl !== undefined && ttl > 0 && !config.noNegcache && question.type !== DNS_TYPE.ANY)
        kept.push({
          name: current,
          type: nxdomain ? 0 : question.type,
          data: undefined,
          nxdomain,
          expires: until(ttl),
        });
    }
    if (kept.length > 0) this.cache.put(kept);
  }

  protected abstract response(
    query: DnsMessage,
    answer: {
      rcode: number;
      answers: readonly DnsRecord[];
      additionals?: readonly DnsRecord[];
      authoritative: boolean;
      ede?: Ede;
    },
  ): DnsMessage;
}

/** An answer that fits into `limit` bytes: what does not is left out, and the answer is marked as cut. */
export function fit(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length <= limit) return bytes;
  const message = decodeDns(bytes);
  if (!message) return bytes.subarray(0, limit);
  for (let n = message.answers.length - 1; n >= 0; n--) {
    const cut = encodeDns({
      ...message,
      truncated: true,
      answers: message.answers.slice(0, n),
      authorities: [],
      additionals: [],
    });
    if (cut.length <= limit) return cut;
  }
  return bytes.subarray(0, limit);
}
