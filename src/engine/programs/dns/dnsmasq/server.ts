/** The server: sockets, answers, forwarding, the cache and the statistics (forward.c, network.c, cache.c of dnsmasq 2.90). */
import type { Coroutine, Micros } from '../../../core';
import { Errno, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { SockAddr, TcpSocket, UdpSocket } from '../../../net';
import type { DnsMessage, DnsRecord, Edns, IpAddress } from '../../../wire';
import { decodeDns, DNS_RCODE, DNS_TYPE, dnsTypeNumber, encodeDns, formatIp, makeDns } from '../../../wire';
import { strftime } from '../../lib/strftime';
import { answers, framed, readExactly } from '../../network/dns-query';
import { parseHosts, parseResolvConf, slurp } from '../../network/resolv-conf';
import { tcpSocket, udpSocket } from '../../network/sockets';
import type { Decision, Ede } from './answer';
import { Answerer, EDE_NETWORK, EDE_NOT_READY, logType, noData, reverseAddress } from './answer';
import type { DnsmasqConfig, Upstream } from './config';
import type { CacheEntry } from './data';
import { Cache, LocalData } from './data';
import type { Log } from './log';

/** Microseconds after which a question that nobody answered is forgotten. */
const FORGET = 10e6;
/** All servers of a group are tried anew after so many questions, or after so much time. */
const TEST_QUERIES = 50;
const TEST_TIME: Micros = 20e6;
/** A question that somebody else asks too is sent again when the last time is this long ago. */
const RESEND: Micros = 2e6;
/** Largest answer over UDP for clients that do not say what they take. */
const PLAIN_SIZE = 512;
/** Idle time after which a TCP connection is closed. */
const TCP_IDLE: Micros = 120e6;

/** Who asked, and how the answer gets there. */
interface Client {
  readonly query: DnsMessage;
  readonly from: SockAddr;
  readonly reply: (bytes: Uint8Array) => void;
  readonly serial: number;
}

/** A question that was passed on. */
interface Forwarded {
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

/** What is remembered about the servers of one domain. */
interface GroupState {
  last: Upstream | undefined;
  queries: number;
  testedAt: Micros;
}

interface ServerCount {
  sent: number;
  retried: number;
  failed: number;
  nxdomain: number;
  latency: number;
}

/** How an upstream server is written in the log. */
export function serverText(u: Upstream, always = false): string {
  return formatIp(u.address) + (always || u.port !== 53 ? `#${u.port}` : '');
}

/** One running dnsmasq. */
export class Dnsmasq {
  private local: LocalData;
  private readonly cache: Cache;
  private answerer!: Answerer;
  private resolvServers: Upstream[] = [];
  private resolvSeen = '';
  private readonly forwarded = new Set<Forwarded>();
  private readonly groups = new Map<string, GroupState>();
  private readonly counts = new Map<string, ServerCount>();
  private readonly udp: { fd: number; socket: UdpSocket }[] = [];
  private readonly tcp: { fd: number; socket: TcpSocket }[] = [];
  private serial = 0;
  private forwards = 0;
  private answered = 0;
  private children = 0;
  private mostChildren = 0;

  constructor(
    private readonly config: DnsmasqConfig,
    private readonly log: Log,
  ) {
    this.cache = new Cache(config.cacheSize);
    this.local = new LocalData(config);
  }

  // --- start and reload ---------------------------------------------------------------------------------------------

  /** Binds the sockets. @throws Errno with the address that could not be had in its message */
  listen(sys: Sys): void {
    const { config } = this;
    if (config.port === 0) return;
    if (!config.bindInterfaces) {
      this.bind(sys, 0, `port ${config.port}`);
      this.bind(sys, '::', `port ${config.port}`);
      return;
    }
    const addresses = config.listen.length > 0 && config.interfaces.length === 0 ? [] : this.interfaceAddresses(sys);
    for (const a of [...config.listen, ...addresses.filter((x) => !config.listen.includes(x))])
      this.bind(sys, a, formatIp(a));
  }

  /** Addresses of the interfaces that are listened on: those named and loopback, or all. */
  private interfaceAddresses(sys: Sys): IpAddress[] {
    const { interfaces, exceptInterfaces } = this.config;
    const found = sys.net.addrs.list().flatMap((a) => {
      const link = sys.net.links.get(a.index);
      if (!link || a.tentative || exceptInterfaces.includes(link.name)) return [];
      if (interfaces.length > 0 && !link.isLoopback && !interfaces.includes(link.name)) return [];
      return [a.local];
    });
    // Those of the last interface come first, IPv4 before IPv6.
    return found.reverse().sort((x, y) => Number(typeof x !== 'number') - Number(typeof y !== 'number'));
  }

  private bind(sys: Sys, address: IpAddress, shown: string): void {
    const family = typeof address === 'number' ? 'inet' : 'inet6';
    const udp = udpSocket(sys, family);
    const tcp = tcpSocket(sys, family);
    const fds = [sys.install(udp), sys.install(tcp)] as const;
    const scope =
      typeof address === 'string' && address.startsWith('fe80')
        ? { scope: sys.net.addrs.list().find((a) => a.local === address)?.index ?? 0 }
        : {};
    try {
      for (const s of [udp, tcp]) {
        s.reuseAddr = true;
        if (family === 'inet6') s.v6only = true;
        s.bind({ address, port: this.config.port, ...scope });
      }
      tcp.listen(5);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new Errno(e.code, `failed to create listening socket for ${shown}: ${e.message}`);
    }
    this.udp.push({ fd: fds[0], socket: udp });
    this.tcp.push({ fd: fds[1], socket: tcp });
  }

  /** The lines of the start: version, servers, files. */
  *announce(sys: Sys, options: string): Coroutine<void> {
    const { config } = this;
    const cache = config.cacheSize > 0 ? `cachesize ${config.cacheSize}` : 'cache disabled';
    yield* this.log.line(sys, `started, version 2.90 ${cache}`);
    yield* this.log.line(sys, `compile time options: ${options}`);
    if (!config.bindInterfaces) {
      for (const name of config.interfaces)
        if (!sys.net.links.byName(name))
          yield* this.log.line(sys, `warning: interface ${name} does not currently exist`);
    }
    const servers = config.rules.some((r) => r.action.kind === 'server');
    if (config.noResolv && !servers) yield* this.log.line(sys, 'warning: no upstream servers configured');
    if (config.noResolv) yield* this.listServers(sys);
    else yield* this.readResolv(sys);
    yield* this.reload(sys);
  }

  /** Reads resolv.conf when it differs from what was read last. */
  private *readResolv(sys: Sys): Coroutine<void> {
    const path = this.config.resolvFiles[0] ?? '/etc/resolv.conf';
    const text = yield* slurp(sys, path);
    if (text === this.resolvSeen) return;
    this.resolvSeen = text;
    const listed = parseResolvConf(
      text
        .split('\n')
        .filter((l) => /^\s*nameserver/.test(l))
        .join('\n'),
    ).nameservers;
    yield* this.log.line(sys, `reading ${path}`);
    // Its own address would be a loop.
    this.resolvServers = listed
      .filter((n) => !(this.config.port === 53 && this.isOwn(sys, n.address)))
      .map((n) => ({ address: n.address, port: 53 }));
    for (const n of listed)
      if (this.config.port === 53 && this.isOwn(sys, n.address))
        yield* this.log.line(sys, `ignoring nameserver ${formatIp(n.address)} - local interface`);
    yield* this.listServers(sys);
  }

  private isOwn(sys: Sys, address: IpAddress): boolean {
    return sys.net.addrs.list().some((a) => a.local === address);
  }

  private *listServers(sys: Sys): Coroutine<void> {
    const { rules } = this.config;
    for (const r of rules) {
      const where = r.unqualified ? 'unqualified names' : `domain ${r.domain} `;
      if (r.action.kind === 'server') {
        const suffix = r.unqualified ? ' for unqualified names ' : r.domain === '' ? '' : ` for ${where}`;
        yield* this.log.line(sys, `using nameserver ${serverText(r.action.upstream, true)}${suffix}`);
      } else if (r.action.kind === 'standard') yield* this.log.line(sys, `using standard nameservers for ${r.domain}`);
    }
    const locals = [...new Set(rules.filter((r) => r.action.kind === 'local').map((r) => r.domain))].reverse();
    for (const domain of locals.slice(0, 8))
      yield* this.log.line(
        sys,
        `using only locally-known addresses for ${domain === '' ? 'unqualified names' : domain}`,
      );
    for (const u of this.resolvServers) yield* this.log.line(sys, `using nameserver ${serverText(u, true)}`);
  }

  /** SIGHUP: the cache is emptied, hosts files are read again. */
  private *reload(sys: Sys): Coroutine<void> {
    const { config } = this;
    this.cache.clear();
    this.local = new LocalData(config);
    this.answerer = new Answerer(
      config,
      this.local,
      this.cache,
      () => this.resolvServers,
      (name) => this.chaos(name),
    );
    const files = [...(config.noHosts ? [] : ['/etc/hosts']), ...config.addnHosts];
    if (files.length === 0) yield* this.log.line(sys, 'cleared cache');
    for (const file of files) {
      let text: string;
      try {
        text = yield* sys.readFile(file);
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* this.log.line(sys, `failed to load names from ${file}: ${e.message}`);
        continue;
      }
      const count = this.local.addHosts(parseHosts(text), file);
      yield* this.log.line(sys, `read ${file} - ${count} names`);
    }
  }

  // --- the loop -----------------------------------------------------------------------------------------------------

  /** Serves until it is told to end. @returns the exit status */
  *serve(sys: Sys): Coroutine<number> {
    let ending = false;
    let hangup = false;
    let statistics = false;
    sys.onSignal('SIGTERM', () => (ending = true));
    sys.onSignal('SIGHUP', () => (hangup = true));
    sys.onSignal('SIGUSR1', () => (statistics = true));
    sys.onSignal('SIGUSR2', () => undefined);
    sys.onSignal('SIGCHLD', () => undefined);
    sys.onSignal('SIGPIPE', 'ignore');
    let interrupted = false;
    sys.onSignal('SIGINT', () => (interrupted = this.config.debug));
    for (;;) {
      if (interrupted) return 5;
      if (ending) {
        yield* this.log.line(sys, 'exiting on receipt of SIGTERM');
        return 0;
      }
      if (hangup) {
        hangup = false;
        if (!this.config.noResolv) yield* this.readResolv(sys);
        yield* this.reload(sys);
      }
      if (statistics) {
        statistics = false;
        yield* this.dump(sys);
      }
      try {
        yield* this.turn(sys);
      } catch (e) {
        if (!isErrno(e, 'EINTR')) throw e;
      }
    }
  }

  private *turn(sys: Sys): Coroutine<void> {
    yield* this.collect(sys);
    const upstream = [...this.forwarded].flatMap((f) => [...f.sockets.values()].map((s) => ({ ...s, f })));
    const fds = [...this.udp, ...this.tcp, ...upstream].map((s) => ({ fd: s.fd, read: true }));
    const oldest = Math.min(Infinity, ...[...this.forwarded].map((f) => f.since + FORGET));
    const ready = yield* sys.poll(fds, oldest === Infinity ? undefined : Math.max(0, oldest - sys.now));
    let i = 0;
    for (const { socket } of this.udp) if (ready[i++]) yield* this.fromUdp(sys, socket);
    for (const { socket } of this.tcp) if (ready[i++]) yield* this.fromTcp(sys, socket);
    for (const { socket, f } of upstream)
      if (ready[i++] && this.forwarded.has(f)) yield* this.fromServer(sys, socket, f);
    for (const f of [...this.forwarded]) if (f.since + FORGET <= sys.now) this.forget(sys, f);
  }

  private *collect(sys: Sys): Coroutine<void> {
    while (this.children > 0) {
      const done = yield* sys.waitpid(-1, { nohang: true });
      if (!done) return;
      this.children--;
    }
  }

  /** May packets that came by this link to this address be answered? */
  private allowed(sys: Sys, link: string, to: IpAddress, loopback: boolean): boolean {
    const { listen, interfaces, exceptInterfaces, bindInterfaces } = this.config;
    if (bindInterfaces) return true;
    if (exceptInterfaces.includes(link)) return false;
    if (listen.length === 0 && interfaces.length === 0) return true;
    void sys;
    return listen.includes(to) || interfaces.includes(link) || (loopback && interfaces.length > 0);
  }

  private *fromUdp(sys: Sys, socket: UdpSocket): Coroutine<void> {
    let message;
    try {
      message = yield* socket.receive(sys, { dontWait: true });
    } catch (e) {
      if (!isErrno(e)) throw e;
      return;
    }
    if (!this.allowed(sys, message.link.name, message.to, message.link.isLoopback)) return;
    const query = decodeDns(message.data);
    if (!query || query.response) return;
    const { from, to } = message;
    const limit = query.edns ? Math.max(PLAIN_SIZE, Math.min(query.edns.udpSize, this.config.ednsSize)) : PLAIN_SIZE;
    const reply = (bytes: Uint8Array): void => {
      try {
        socket.send(fit(bytes, limit), from, { source: to });
      } catch (e) {
        if (!isErrno(e)) throw e;
      }
    };
    yield* this.question(sys, { query, from, reply, serial: ++this.serial });
  }

  /** Everything about one question that came over UDP. */
  private *question(sys: Sys, client: Client): Coroutine<void> {
    const { query } = client;
    const decision = yield* this.decide(sys, client);
    if (decision.kind === 'answer') {
      client.reply(encodeDns(this.response(query, decision.answer), false));
      return;
    }
    yield* this.forward(sys, client, decision);
  }

  private *decide(sys: Sys, client: Client): Coroutine<Decision> {
    const { query } = client;
    const [question] = query.questions;
    if (!this.config.noResolv && !this.config.noPoll) yield* this.readResolv(sys);
    if (query.opcode !== 0 || !question) {
      const refused = { rcode: DNS_RCODE.REFUSED, answers: [], authoritative: false, ede: EDE_NOT_READY };
      return { kind: 'answer', answer: { ...refused, log: [`config error is REFUSED (EDE: ${EDE_NOT_READY.text})`] } };
    }
    yield* this.note(
      sys,
      client,
      `query[${logType(question.type)}] ${question.name === '' ? '.' : question.name} from ${formatIp(client.from.address)}`,
    );
    const decision = this.answerer.decide(question, sys.now, query.recursionDesired);
    for (const line of decision.kind === 'answer' ? decision.answer.log : decision.log)
      yield* this.note(sys, client, line);
    if (decision.kind === 'answer') this.answered++;
    return decision;
  }

  /** A line of the query log. */
  private *note(sys: Sys, client: Client, text: string): Coroutine<void> {
    const { logQueries } = this.config;
    if (logQueries === 'no') return;
    const head = logQueries === 'extra' ? `${client.serial} ${formatIp(client.from.address)}/${client.from.port} ` : '';
    yield* this.log.line(sys, head + text);
  }

  private response(
    query: DnsMessage,
    answer: {
      rcode: number;
      answers: readonly DnsRecord[];
      additionals?: readonly DnsRecord[];
      authoritative: boolean;
      ede?: Ede;
    },
  ): DnsMessage {
    return makeDns({
      id: query.id,
      response: true,
      opcode: query.opcode,
      authoritative: answer.authoritative,
      recursionDesired: query.recursionDesired,
      recursionAvailable: true,
      z: query.z,
      checkingDisabled: query.checkingDisabled,
      rcode: answer.rcode,
      questions: query.questions,
      answers: answer.answers,
      additionals: answer.additionals ?? [],
      ...(query.edns ? { edns: this.edns(query.edns, answer.ede) } : {}),
    });
  }

  private edns(asked: Edns, ede: Ede | undefined): Edns {
    return {
      udpSize: this.config.ednsSize,
      extendedRcode: 0,
      version: 0,
      dnssecOk: asked.dnssecOk,
      options: ede ? [{ code: 15, bytes: Uint8Array.of(ede.code >> 8, ede.code & 255) }] : [],
    };
  }

  // --- TCP ----------------------------------------------------------------------------------------------------------

  /** A child of its own serves each connection. */
  private *fromTcp(sys: Sys, listener: TcpSocket): Coroutine<void> {
    let peer: TcpSocket;
    try {
      peer = yield* listener.accept(sys, { dontWait: true });
    } catch (e) {
      if (!isErrno(e)) throw e;
      return;
    }
    const fd = sys.install(peer);
    this.children++;
    this.mostChildren = Math.max(this.mostChildren, this.children);
    sys.fork((child) => this.connection(child, peer, fd));
    sys.close(fd);
  }

  private *connection(sys: Sys, peer: TcpSocket, fd: number): Coroutine<number> {
    for (const s of [...this.udp, ...this.tcp]) sys.close(s.fd);
    sys.onSignal('SIGPIPE', 'ignore');
    try {
      for (;;) {
        const until = sys.now + TCP_IDLE;
        const head = yield* readExactly(sys, peer, 2, until);
        const bytes = head && (yield* readExactly(sys, peer, (head[0]! << 8) | head[1]!, until));
        const query = bytes && decodeDns(bytes);
        if (!query || query.response || !peer.remote) return 0;
        const from = { address: peer.remoteIp, port: peer.remote.port };
        const client: Client = { query, from, reply: () => undefined, serial: ++this.serial };
        const decision = yield* this.decide(sys, client);
        let reply: Uint8Array | undefined;
        if (decision.kind === 'answer') reply = encodeDns(this.response(query, decision.answer), false);
        else reply = yield* this.forwardTcp(sys, client, decision);
        if (!reply) return 0;
        yield* sys.write(fd, framed(reply));
      }
    } catch (e) {
      if (!isErrno(e)) throw e;
      return 0;
    }
  }

  private *forwardTcp(
    sys: Sys,
    client: Client,
    decision: Extract<Decision, { kind: 'forward' }>,
  ): Coroutine<Uint8Array> {
    const last = this.group(decision.domain).last;
    const servers =
      last && decision.servers.includes(last)
        ? [last, ...decision.servers.filter((s) => s !== last)]
        : decision.servers;
    for (const server of servers) {
      const socket = tcpSocket(sys, typeof server.address === 'number' ? 'inet' : 'inet6');
      const fd = sys.install(socket);
      try {
        yield* socket.connect(sys, { address: server.address, port: server.port });
        yield* sys.write(fd, framed(encodeDns(client.query)));
        this.forwards++;
        this.count(server).sent++;
        yield* this.note(sys, client, `forwarded ${client.query.questions[0]!.name} to ${serverText(server)}`);
        const head = yield* readExactly(sys, socket, 2);
        const bytes = head && (yield* readExactly(sys, socket, (head[0]! << 8) | head[1]!));
        const reply = bytes && decodeDns(bytes);
        if (!bytes || !reply || !answers(reply, client.query)) continue;
        yield* this.learn(sys, client, reply);
        return bytes;
      } catch (e) {
        if (!isErrno(e)) throw e;
      } finally {
        sys.close(fd);
      }
    }
    yield* this.note(sys, client, `config error is REFUSED (EDE: ${EDE_NETWORK.text})`);
    const refused = { rcode: DNS_RCODE.REFUSED, answers: [], authoritative: false, ede: EDE_NETWORK };
    return encodeDns(this.response(client.query, refused), false);
  }

  // --- forwarding ---------------------------------------------------------------------------------------------------

  private group(domain: string): GroupState {
    let g = this.groups.get(domain);
    if (!g) this.groups.set(domain, (g = { last: undefined, queries: 0, testedAt: 0 }));
    return g;
  }

  private count(server: Upstream): ServerCount {
    const key = serverText(server, true);
    let c = this.counts.get(key);
    if (!c) this.counts.set(key, (c = { sent: 0, retried: 0, failed: 0, nxdomain: 0, latency: 0 }));
    return c;
  }

  private *forward(sys: Sys, client: Client, decision: Extract<Decision, { kind: 'forward' }>): Coroutine<void> {
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

  private forget(sys: Sys, f: Forwarded): void {
    this.forwarded.delete(f);
    for (const { fd } of f.sockets.values()) sys.close(fd);
    f.sockets.clear();
  }

  private *fromServer(sys: Sys, socket: UdpSocket, f: Forwarded): Coroutine<void> {
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
  private *learn(sys: Sys, client: Client, reply: DnsMessage): Coroutine<void> {
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

  // --- statistics ---------------------------------------------------------------------------------------------------

  private chaos(name: string): readonly string[] | undefined {
    switch (name.toLowerCase()) {
      case 'version.bind':
        return ['dnsmasq-2.90'];
      case 'authors.bind':
        return ['Simon Kelley'];
      case 'copyright.bind':
        return ['Copyright (c) 2000-2024 Simon Kelley'];
      case 'cachesize.bind':
        return [String(this.config.cacheSize)];
      case 'insertions.bind':
        return [String(this.cache.inserted)];
      case 'evictions.bind':
        return [String(this.cache.evicted)];
      case 'hits.bind':
        return [String(this.answered)];
      case 'misses.bind':
        return [String(this.forwards)];
      case 'auth.bind':
        return ['0'];
      case 'servers.bind':
        return this.allServers().map((u) => {
          const c = this.count(u);
          return `${serverText(u, true)} ${c.sent} ${c.failed}`;
        });
      default:
        return undefined;
    }
  }

  private allServers(): Upstream[] {
    const all = [
      ...this.config.rules.flatMap((r) => (r.action.kind === 'server' ? [r.action.upstream] : [])),
      ...this.resolvServers,
    ];
    return all.filter((u, i) => all.findIndex((o) => serverText(o, true) === serverText(u, true)) === i);
  }

  /** SIGUSR1 */
  private *dump(sys: Sys): Coroutine<void> {
    const { cache, config } = this;
    const lines = [
      `time ${Math.floor(sys.now / 1e6)}`,
      `cache size ${config.cacheSize}, ${cache.evicted}/${cache.inserted} cache insertions re-used unexpired cache entries.`,
      `queries forwarded ${this.forwards}, queries answered locally ${this.answered}`,
      'queries for authoritative zones 0',
      'DNSSEC per-query subqueries HWM 0',
      'DNSSEC per-query crypto work HWM 0',
      'DNSSEC per-RRSet signature fails HWM 0',
      `child processes for TCP requests: in use ${this.children}, highest since last SIGUSR1 ${this.mostChildren}, max allowed 20.`,
    ];
    this.mostChildren = this.children;
    for (const u of this.allServers()) {
      const c = this.count(u);
      lines.push(
        `server ${serverText(u, true)}: queries sent ${c.sent}, retried ${c.retried}, failed ${c.failed}, nxdomain replies ${c.nxdomain}, avg. latency ${c.latency}ms`,
      );
    }
    if (config.debug || config.logQueries !== 'no') {
      const row = (host: string, address: string, flags: string, expires: string): string =>
        `${host.padEnd(30)} ${address.padEnd(40)} ${flags.padEnd(10)} ${expires}`;
      lines.push(row('Host', 'Address', 'Flags', 'Expires                  Source'));
      lines.push(`${'-'.repeat(30)} ${'-'.repeat(40)} ${'-'.repeat(10)} ${'-'.repeat(24)} ${'-'.repeat(12)}`);
      for (const { entry, first } of this.local.all()) {
        const kind = typeof entry.address === 'number' ? '4' : '6';
        const own = entry.source === 'config';
        const flags = `${kind}F${first ? 'R' : ' '}I   ${own ? ' C' : 'H'}`;
        lines.push(
          row(entry.name, formatIp(entry.address), flags, `${' '.repeat(25)}${own ? '' : entry.source.padEnd(40)}`),
        );
      }
      for (const { alias, target } of this.local.aliases.values())
        lines.push(row(alias, target, 'CF I    C', ' '.repeat(24)).trimEnd());
      for (const e of cache.all(sys.now)) {
        const { data } = e;
        const address = data && 'address' in data ? formatIp(data.address) : data && 'name' in data ? data.name : '';
        const kind = { A: '4', AAAA: '6', CNAME: 'C' }[data?.type as 'A'] ?? ' ';
        const flags = data ? `${kind}F` : e.nxdomain ? ' F N X' : ' F N';
        lines.push(row(e.name, address, flags, strftime('%a %b %e %H:%M:%S %Y', e.expires)));
      }
    }
    for (const line of lines) yield* this.log.line(sys, line);
  }
}

/** An answer that fits into `limit` bytes: what does not is left out, and the answer is marked as cut. */
function fit(bytes: Uint8Array, limit: number): Uint8Array {
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
