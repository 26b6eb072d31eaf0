/** dnsmasq as a process: its sockets, its main loop, signals and what it says when it starts. */
import { Errno, isErrno } from '../../../core';
import type { Coroutine } from '../../../core';
import type { Sys } from '../../../host';
import { decodeDns, DNS_RCODE, encodeDns, formatIp, isLinkLocal6, makeDns } from '../../../wire';
import type { DnsMessage, DnsRecord, IpAddress } from '../../../wire';
import { strftime } from '../../lib/strftime';
import { answers, framed, readExactly } from '../../network/dns-query';
import { parseHosts } from '../../network/resolv-conf';
import { tcpSocket, udpSocket } from '../../network/sockets';
import { Answerer, EDE_NETWORK } from './answer';
import type { Decision, Ede } from './answer';
import { LocalData } from './data';
import { Questions } from './questions';
import { FORGET } from './forwarder';
import type { Client } from './forwarder';
import { serverText } from './upstreams';

/** One running dnsmasq. */
export class Dnsmasq extends Questions {
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
      typeof address === 'string' && isLinkLocal6(address)
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

  protected response(
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

  protected *forwardTcp(
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
