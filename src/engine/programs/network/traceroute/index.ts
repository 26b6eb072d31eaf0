/** traceroute(8) 2.1.2. */
import type { Coroutine, WaitQueue } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { Family } from '../../../net';
import type { IpAddress } from '../../../wire';
import { formatIp } from '../../../wire';
import { Stop, stoppable } from '../common';
import { nameOf, resolveHost } from '../resolver';
import { parseTraceroute } from './options';
import type { TracerouteOptions } from './options';
import type { Probe, Prober, Target } from './probes';
import { IcmpProber, TcpProber, UdpProber } from './probes';

/** Added to the time of an answered probe before it is multiplied, microseconds. */
const MIN_WAIT = 10_000;

/** One run. */
class Trace {
  private readonly probes: Probe[] = [];
  private lastSend = -Infinity;
  private length: number;

  constructor(
    private readonly t: Target,
    private readonly prober: Prober,
    length: number,
  ) {
    const n = t.o.max * t.o.queries;
    for (let i = 0; i < n; i++)
      this.probes.push({
        sent: undefined,
        received: undefined,
        done: false,
        final: false,
        from: undefined,
        mark: '',
        ttl: undefined,
        key: -1,
        socket: undefined,
      });
    this.length = length;
  }

  *run(): Coroutine<void> {
    const { t, probes } = this;
    const { o, sys } = t;
    let start = (o.first - 1) * o.queries;
    let end = probes.length;
    while (start < end) {
      let running = 0;
      let next = Infinity;
      for (let n = start; n < end; n++) {
        const p = probes[n]!;
        if (!p.done && p.sent !== undefined && sys.now - p.sent >= this.timeout(n)) {
          p.done = true;
          this.prober.end(p);
          this.afterExpiry(n);
        }
        if (p.done) {
          if (o.discoverMtu && p.tooLong === true) yield* this.smaller(n);
          if (p.done && n === start) {
            yield* this.print(n);
            start++;
          }
          if (p.done && p.final) end = (Math.floor(n / o.queries) + 1) * o.queries;
          if (p.done) continue;
        }
        if (p.sent === undefined) {
          const wait = this.lastSend + o.sendWait * 1e6 - sys.now;
          if (o.sendWait > 0 && wait > 0) {
            next = Math.min(next, sys.now + wait);
            break;
          }
          yield* this.prober.send(p, Math.floor(n / o.queries) + 1, this.length);
          this.lastSend = p.sent!;
        }
        next = Math.min(next, p.sent! + this.timeout(n));
        if (++running >= Math.max(1, o.simultaneous)) break;
      }
      yield* this.prober.collect(probes);
      if (start < end && running > 0 && !probes.slice(start, end).some((p) => p.done)) {
        const queues: WaitQueue[] = this.prober.fds().flatMap((fd) => [...sys.file(fd).waitQueues]);
        for (const p of probes) if (p.socket && !p.done) queues.push(...p.socket.socket.waitQueues);
        yield* sys.wait(queues, next === Infinity ? undefined : next);
        yield* this.prober.collect(probes);
      } else if (running === 0 && next !== Infinity && !probes.slice(start, end).some((p) => p.done))
        yield* sys.wait([], next);
      yield* sys.work();
    }
    yield* sys.print('\n');
  }

  /** --mtu: the packet was too long for the first link, or for one on the way; the hop is asked again with a shorter one. */
  private *smaller(n: number): Coroutine<void> {
    const p = this.probes[n]!;
    const mtu = Number(p.mark.slice(2));
    if (!(mtu > 0)) return;
    this.length = Math.max(0, mtu - this.t.overhead - this.prober.header);
    const { mark } = p;
    Object.assign(p, {
      sent: undefined,
      received: undefined,
      from: undefined,
      done: false,
      final: false,
      tooLong: false,
      mark,
    });
    yield* this.t.sys.work();
  }

  /** How long a probe is waited for, microseconds. */
  private timeout(n: number): number {
    const { o } = this.t;
    const all = o.wait * 1e6;
    const took = (p: Probe): number => p.received! - p.sent! + MIN_WAIT;
    if (o.here > 0) {
      const first = Math.floor(n / o.queries) * o.queries;
      for (let i = first; i < first + o.queries; i++) {
        const p = this.probes[i]!;
        if (p.done && p.received !== undefined) return Math.min(all, took(p) * o.here);
      }
    }
    if (o.near > 0)
      for (let i = n + 1; i < this.probes.length; i++) {
        const p = this.probes[i]!;
        if (p.done && p.received !== undefined) return Math.min(all, took(p) * o.near);
      }
    return all;
  }

  /** A whole hop that stays silent behind one that was final takes the end with it (check_expired). */
  private afterExpiry(n: number): void {
    const { o } = this.t;
    const first = Math.floor(n / o.queries) * o.queries;
    for (let i = first; i < first + o.queries; i++)
      if (!this.probes[i]!.done || this.probes[i]!.received !== undefined) return;
    // Answers of the destination to later probes, though this hop says nothing: the destination is not nearer than they say.
    for (let i = n + 1; i < this.probes.length; i++) if (this.probes[i]!.final) return;
  }

  private *print(n: number): Coroutine<void> {
    const { o, sys } = this.t;
    const p = this.probes[n]!;
    const index = n % o.queries;
    const hop = Math.floor(n / o.queries) + 1;
    let out = index === 0 ? `\n${String(hop).padStart(2)} ` : '';
    if (p.from === undefined) {
      yield* sys.print(`${out} *`);
      return;
    }
    let before: Probe | undefined;
    for (let i = n - 1; i >= n - index; i--)
      if (this.probes[i]!.from !== undefined) {
        before = this.probes[i];
        break;
      }
    if (!before || before.from !== p.from) {
      const text = formatIp(p.from);
      out += o.numeric ? ` ${text}` : ` ${(yield* nameOf(sys, p.from)) ?? text} (${text})`;
      if (o.back && p.ttl !== undefined) {
        const hops = p.ttl <= 64 ? 65 - p.ttl : p.ttl <= 128 ? 129 - p.ttl : 256 - p.ttl;
        if (hops !== hop) out += ` '-${hops}'`;
      }
    }
    out += `  ${((p.received! - p.sent!) / 1000).toFixed(3)} ms${p.mark === '' ? '' : ` ${p.mark}`}`;
    yield* sys.print(out);
  }
}

function* target(sys: Sys, o: TracerouteOptions): Coroutine<{ family: Family; address: IpAddress }> {
  const found = yield* resolveHost(sys, o.host, o.family ?? 'any');
  if ('error' in found)
    throw new Stop(
      2,
      `${o.host}: ${found.error}\nCannot handle "host" cmdline arg \`${o.host}' on position 1 (argc ${o.hostAt})\n`,
    );
  const address = found.addresses.find((a) => o.family !== undefined || typeof a === 'number') ?? found.addresses[0]!;
  return { family: typeof address === 'number' ? 'inet' : 'inet6', address };
}

/** The program. */
export const traceroute: Program = {
  name: 'traceroute',
  path: '/usr/sbin/traceroute',
  links: [
    '/usr/bin/traceroute',
    '/usr/bin/traceroute.db',
    '/usr/sbin/traceroute.db',
    '/usr/bin/traceroute6',
    '/usr/bin/traceroute4',
  ],
  size: 68472,
  summary: 'print the route packets trace to network host',
  manual: `NAME
       traceroute - the way of packets to a host, hop by hop

SYNOPSIS
       traceroute [-46nFIUT] [-f FIRST] [-m MAX] [-q QUERIES] [-w SECONDS] [-p PORT] [-s SOURCE] [-i DEVICE] HOST [LENGTH]

DESCRIPTION
       Sends probes with a growing time to live; routers that throw them away say so.

       -n   no names            -I   ICMP echo instead of UDP       -T   TCP SYN        -q 1   one probe a hop
       -w   seconds to wait     --mtu   find the MTU of the way     !H !N !P host, net, protocol unreachable; !X prohibited
`,
  complete: () => ['-4', '-6', '-I', '-T', '-U', '-n', '-q', '-m', '-w', '--mtu'],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      // By its name the program knows the protocol.
      const own = /[46]$/.exec(argv[0]!)?.[0];
      const o = parseTraceroute([...(own === undefined ? [] : [`-${own}`]), ...argv.slice(1)]);
      const { family, address } = yield* target(sys, o);
      let source: IpAddress | undefined;
      if (o.source !== undefined) {
        const found = yield* resolveHost(sys, o.source, family);
        if ('error' in found)
          throw new Stop(
            2,
            `${o.source}: ${found.error}\nCannot handle \`-s' option with arg \`${o.source}' (argc 2)\n`,
          );
        source = found.addresses[0]!;
      }
      const overhead = family === 'inet' ? 20 : 40;
      const t: Target = { sys, o, family, address, source, overhead };
      const header = o.method === 'tcp' ? 40 : 8;
      const wanted = o.length ?? (o.discoverMtu ? 65000 : overhead + 40);
      const length = o.method === 'tcp' ? 0 : Math.max(0, wanted - overhead - header);
      yield* sys.print(
        `traceroute to ${o.host} (${formatIp(address)}), ${o.max} hops max, ${overhead + header + length} byte packets`,
      );
      const prober =
        o.method === 'icmp'
          ? new IcmpProber(t)
          : o.method === 'tcp'
            ? new TcpProber(t)
            : new UdpProber(t, o.method === 'udp');
      yield* new Trace(t, prober, length).run();
      return 0;
    });
  },
};
