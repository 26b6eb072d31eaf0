/** Questions of clients over UDP and TCP, answered from what is known or passed on (receive_query, tcp_request). */
import { isErrno } from '../../../core';
import type { Coroutine, Micros } from '../../../core';
import type { Sys } from '../../../host';
import type { TcpSocket, UdpSocket } from '../../../net';
import { decodeDns, DNS_RCODE, encodeDns, formatIp } from '../../../wire';
import type { IpAddress } from '../../../wire';
import { framed, readExactly } from '../../network/dns-query';
import { EDE_NOT_READY, logType } from './answer';
import type { Decision } from './answer';
import { Forwarder, PLAIN_SIZE, fit } from './forwarder';
import type { Client } from './forwarder';
import { serverText } from './upstreams';

/** Idle time after which a TCP connection is closed. */
const TCP_IDLE: Micros = 120e6;

/** As many questions a connection may carry, and as many numbers of the log are kept for it. */
const TCP_MAX_QUERIES = 100;

/** What clients ask, over UDP and TCP, and what is decided about it. */
export abstract class Questions extends Forwarder {
  /** May packets that came by this link to this address be answered? */
  private allowed(sys: Sys, link: string, to: IpAddress, loopback: boolean): boolean {
    const { listen, interfaces, exceptInterfaces, bindInterfaces } = this.config;
    if (bindInterfaces) return true;
    if (exceptInterfaces.includes(link)) return false;
    if (listen.length === 0 && interfaces.length === 0) return true;
    void sys;
    return listen.includes(to) || interfaces.includes(link) || (loopback && interfaces.length > 0);
  }

  protected *fromUdp(sys: Sys, socket: UdpSocket): Coroutine<void> {
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
    const decision = this.answerer.decide(question, sys.now, query.recursionDesired, client.child !== true);
    for (const line of decision.kind === 'answer' ? decision.answer.log : decision.log)
      yield* this.note(sys, client, line);
    if (decision.kind === 'answer') this.answered++;
    return decision;
  }

  /** A child of its own serves each connection. */
  protected *fromTcp(sys: Sys, listener: TcpSocket): Coroutine<void> {
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
    const first = this.serial + 1;
    sys.fork((child) => this.connection(child, peer, fd, first));
    this.serial += TCP_MAX_QUERIES;
    sys.close(fd);
  }

  private *connection(sys: Sys, peer: TcpSocket, fd: number, serial: number): Coroutine<number> {
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
        const client: Client = { query, from, reply: () => undefined, serial: serial++, child: true };
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

  protected chaos(name: string): readonly string[] | undefined {
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

  protected abstract forwardTcp(
    sys: Sys,
    client: Client,
    decision: Extract<Decision, { kind: 'forward' }>,
  ): Coroutine<Uint8Array>;
}
