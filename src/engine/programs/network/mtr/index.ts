/** mtr(8) 0.95: traceroute and ping in one. */
import type { Coroutine, WaitQueue } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { IpAddress } from '../../../wire';
import { formatIp } from '../../../wire';
import { strftime } from '../../lib/strftime';
import { SCREEN, Terminal, ttyOf } from '../../screen/terminal';
import { Stop, stoppable, why } from '../common';
import { nameOf, resolveHost } from '../resolver';
import { udpSocket } from '../sockets';
import { parseTraceroute } from '../traceroute/options';
import type { Probe, Prober, Target } from '../traceroute/probes';
import { IcmpProber, TcpProber, UdpProber } from '../traceroute/probes';
import { isErrno } from '../../../core';
import type { MtrOptions } from './options';
import { parseMtr } from './options';
import type { Hop } from './report';
import { answered, cell, csvReport, emptyHop, fieldsOf, jsonReport, tableReport, xmlReport } from './report';

/** The number that the first probe bears (MinSequence). */
const FIRST_SEQUENCE = 33000;
/** Hops that the first round is paced for. */
const FIRST_HOSTS = 10;
/** A name server that is silent for this long is asked nothing more, microseconds. */
const PATIENCE = 4_000_000;

/** One run towards one host (net.c, select.c). */
class Run {
  readonly hops: Hop[] = Array.from({ length: 31 }, emptyHop);
  private readonly flying = new Map<Probe, { readonly hop: number; readonly sequence: number }>();
  private sequence = FIRST_SEQUENCE;
  private at: number;
  private hosts = FIRST_HOSTS;
  cycles = 0;
  private silentServer = false;

  constructor(
    private readonly t: Target,
    private readonly o: MtrOptions,
    private readonly prober: Prober,
  ) {
    this.at = o.first - 1;
  }

  /** Sends the next probe of a round. @returns true when the round is complete (net_send_batch) */
  *send(): Coroutine<boolean> {
    const { o, t, hops, at } = this;
    const header = o.method === 'tcp' ? 0 : this.prober.header;
    const probe: Probe = {
      sent: undefined,
      received: undefined,
      done: false,
      final: false,
      from: undefined,
      mark: '',
      ttl: undefined,
      key: -1,
      socket: undefined,
    };
    const sequence = this.sequence++;
    this.flying.set(probe, { hop: at, sequence });
    hops[at]!.sent++;
    hops[at]!.transit = true;
    if (o.output === 'raw') yield* t.sys.print(`x ${at} ${sequence}\n`);
    yield* this.prober.send(probe, at + 1, Math.max(0, o.size - t.overhead - header));
    // Whether the answer came is seen only at the next probe, so the first round goes one hop too far.
    let unknown = 0;
    let reached = false;
    for (let i = o.first - 1; i < at; i++) {
      if (hops[i]!.address === undefined) unknown++;
      if (hops[i]!.address === t.address) reached = true;
    }
    if (reached || hops[at]!.address === t.address || unknown > o.maxUnknown || at >= o.max - 1) {
      this.hosts = at + 1;
      this.at = o.first - 1;
      return true;
    }
    this.at++;
    return false;
  }

  /** What has not been answered by now is lost (net_end_transit). */
  endTransit(): void {
    for (const h of this.hops) h.transit = false;
  }

  /** Takes the answers that came (net_process_return). */
  *collect(): Coroutine<void> {
    const { t, o } = this;
    yield* this.prober.collect([...this.flying.keys()]);
    for (const [probe, { hop: n, sequence }] of [...this.flying]) {
      if (!probe.done || probe.received === undefined || probe.from === undefined) continue;
      this.flying.delete(probe);
      const hop = this.hops[n]!;
      const fresh = hop.address === undefined;
      hop.address = probe.from;
      if (probe.final && probe.from !== t.address) hop.error = true;
      const time = Math.max(0, probe.received - probe.sent!);
      if (o.output === 'raw') {
        // The host is told when it is noted and when its name would be asked for.
        if (fresh) yield* t.sys.print(`h ${n} ${formatIp(probe.from)}\n`.repeat(2));
        yield* t.sys.print(`p ${n} ${time} ${sequence}\n`);
      }
      answered(hop, time);
    }
  }

  /** Microseconds between two probes. */
  get pace(): number {
    return (this.o.interval * 1e6) / this.hosts;
  }

  /** What wakes when an answer comes. */
  queues(): WaitQueue[] {
    const { sys } = this.t;
    const queues = this.prober.fds().flatMap((fd) => [...sys.file(fd).waitQueues]);
    for (const p of this.flying.keys()) if (p.socket) queues.push(...p.socket.socket.waitQueues);
    return queues;
  }

  /** Number of hops that are shown (net_max). */
  get length(): number {
    let max = 0;
    for (let i = 0; i < this.o.max; i++) {
      const h = this.hops[i]!;
      if (h.address === this.t.address || h.error) return i + 1;
      if (h.address !== undefined) max = Math.min(i + 2, this.o.max);
    }
    return max;
  }

  /** The hops that are shown, with their names. */
  *shown(): Coroutine<{ text: string; hop: Hop }[]> {
    const { o, t } = this;
    const out: { text: string; hop: Hop }[] = [];
    for (let i = o.first - 1; i < this.length; i++) {
      const hop = this.hops[i]!;
      if (hop.address === undefined) {
        out.push({ text: '???', hop });
        continue;
      }
      const ip = formatIp(hop.address);
      if (!o.numeric && hop.name === undefined && !this.silentServer) {
        const began = t.sys.now;
        hop.name = (yield* nameOf(t.sys, hop.address)) ?? ip;
        if (hop.name === ip && t.sys.now - began >= PATIENCE) this.silentServer = true;
      }
      const name = o.numeric ? ip : (hop.name ?? ip);
      out.push({ text: o.ips && name !== ip ? `${name} (${ip})` : name, hop });
    }
    return out;
  }
}

/** The address that packets to `address` leave with, found as the real one does: by a UDP socket. @throws Stop */
function sourceOf(sys: Sys, address: IpAddress): IpAddress {
  const socket = udpSocket(sys, typeof address === 'number' ? 'inet' : 'inet6');
  try {
    socket.connect({ address, port: 1 });
    return socket.local.address;
  } catch (e) {
    throw new Stop(1, `mtr: udp socket connect failed: ${why(e)}\n`);
  } finally {
    socket.discard();
  }
}

function* start(sys: Sys, o: MtrOptions, address: IpAddress): Coroutine<{ t: Target; run: Run }> {
  const base = parseTraceroute(['x']);
  const family = typeof address === 'number' ? 'inet' : 'inet6';
  let source: IpAddress | undefined;
  if (o.source !== undefined) {
    const found = yield* resolveHost(sys, o.source, family);
    if ('error' in found) throw new Stop(1, `mtr: invalid local address: ${o.source}\n`);
    source = found.addresses[0];
  }
  const port = o.method === 'icmp' ? FIRST_SEQUENCE : o.method === 'tcp' ? (o.port ?? 80) : (o.port ?? FIRST_SEQUENCE);
  const t: Target = {
    sys,
    o: { ...base, port, tos: o.tos, mark: o.mark, device: o.device, sourcePort: o.localPort },
    family,
    address,
    source,
    overhead: family === 'inet' ? 20 : 40,
  };
  const prober =
    o.method === 'icmp'
      ? new IcmpProber(t)
      : o.method === 'tcp'
        ? new TcpProber(t)
        : new UdpProber(t, o.port !== undefined);
  return { t, run: new Run(t, o, prober) };
}

/** Probes until the rounds are done and the last answers had their time. @param pause called while it waits */
function* probe(sys: Sys, o: MtrOptions, run: Run, pause: (until: number) => Coroutine<boolean>): Coroutine<void> {
  let next = sys.now;
  for (;;) {
    if (sys.now >= next) {
      if (yield* run.send()) {
        run.cycles++;
        if ((o.output !== 'screen' || o.limited) && run.cycles >= o.cycles) break;
      }
      next = sys.now + run.pace;
    }
    if (yield* pause(next)) return;
    yield* run.collect();
  }
  const end = sys.now + o.grace * 1e6;
  while (sys.now < end) {
    if (yield* pause(end)) return;
    yield* run.collect();
  }
  run.endTransit();
}

function* report(sys: Sys, o: MtrOptions, host: string, address: IpAddress): Coroutine<void> {
  const began = sys.now;
  const { run } = yield* start(sys, o, address);
  if (o.output === 'report') yield* sys.print(`Start: ${strftime('%Y-%m-%dT%H:%M:%S%z', began)}\n`);
  yield* probe(sys, o, run, function* (until) {
    yield* sys.wait(run.queues(), until);
    return false;
  });
  if (o.output === 'raw') return;
  const hops = yield* run.shown();
  const local = sys.proc.ns.uts.hostname;
  const about = { local, host, tos: o.tos, tests: o.cycles, size: o.size, pattern: o.bitPattern };
  if (o.output === 'json') yield* sys.print(jsonReport(about, hops, o.first, o.order));
  else if (o.output === 'xml') yield* sys.print(xmlReport(about, hops, o.first, o.order));
  else if (o.output === 'csv') yield* sys.print(csvReport(host, Math.floor(began / 1e6), hops, o.first, o.order));
  else yield* sys.print(tableReport(local, hops, o.first, o.order, o.wide));
}

/** The full-screen display: the table anew after every round. */
function* screen(sys: Sys, o: MtrOptions, host: string, address: IpAddress): Coroutine<void> {
  const source = sourceOf(sys, address);
  const { run } = yield* start(sys, o, address);
  const terminal = yield* Terminal.open(sys, { start: SCREEN.enter, end: SCREEN.leave });
  if (!terminal) throw new Stop(1, 'mtr: not simulated in this course: the screen without a terminal; use mtr -r\n');
  const local = sys.proc.ns.uts.hostname;
  const draw = function* (): Coroutine<void> {
    const columns = ttyOf(sys, 0)?.columns ?? 80;
    const fields = fieldsOf(o.order);
    const width = fields.reduce((sum, f) => sum + f.width, 0);
    const title = ' My traceroute  [v0.95]';
    const rows = [
      title.padStart(Math.floor((columns + title.length) / 2)),
      `${local} (${formatIp(source)}) -> ${host} (${formatIp(address)})`.padEnd(columns - 24) +
        strftime('%Y-%m-%dT%H:%M:%S%z', sys.now),
      'Keys:  q (quit)',
      `${' '.repeat(Math.max(0, columns - width))}   Packets               Pings`,
      ` Host`.padEnd(Math.max(5, columns - width - 1)) + fields.map((f) => f.title.padStart(f.width)).join(''),
    ];
    (yield* run.shown()).forEach(({ text, hop }, i) => {
      const head = `${String(o.first + i).padStart(2)}. ${text}`
        .padEnd(columns - width - 1)
        .slice(0, columns - width - 1);
      rows.push(head + (hop.sent === 0 ? '' : fields.map((f) => cell(f, hop)).join('')));
    });
    yield* sys.print(SCREEN.clear + rows.map((r) => r.slice(0, columns)).join('\r\n'));
  };
  try {
    terminal.enter();
    let shown = -1;
    yield* probe(sys, o, run, function* (until) {
      if (run.cycles !== shown) {
        shown = run.cycles;
        yield* draw();
      }
      const got = yield* terminal.key(until);
      if ('key' in got) return got.key === 'q' || got.key === '^C';
      return got.event === 'interrupt' || got.event === 'eof';
    });
  } finally {
    terminal.leave();
    yield* terminal.drain();
  }
}

/** The program. */
export const mtr: Program = {
  name: 'mtr',
  path: '/usr/bin/mtr',
  size: 110288,
  summary: 'a network diagnostic tool',
  manual: `NAME
       mtr - the way to a host, hop by hop, with losses and times

SYNOPSIS
       mtr [-r] [-w] [-n] [-b] [-c COUNT] [-i SECONDS] [-s SIZE] [-u | -T] [-P PORT] [-o FIELDS] HOST

DESCRIPTION
       Sends probes with every TTL on the way, again and again, and counts what comes back from each hop.

       -r   a report after COUNT rounds (10)      -w   with long names       -b   names and addresses
       -u   UDP, -T TCP instead of ICMP echo      -j, -x, -C   JSON, XML, CSV     -l   raw events
       -o   columns: L loss, D dropped, R received, S sent, N newest, B best, A average, W worst, V deviation,
            G geometric mean, J jitter, M its average, X its worst, I interarrival jitter
`,
  complete: () => ['-r', '-w', '-n', '-b', '-c', '-i', '-T', '-u', '-j', '--report', '--report-wide', '--json'],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const { o, hosts } = parseMtr(argv);
      let status = 0;
      for (const host of hosts) {
        const found = yield* resolveHost(sys, host, o.family ?? 'any');
        if ('error' in found) {
          yield* sys.eprint(`mtr: Failed to resolve host: ${host}: ${found.error}\n`);
          // Reports go on with the next host, and end well.
          if (o.output === 'screen') status = 1;
          continue;
        }
        const address =
          found.addresses.find((a) => o.family !== undefined || typeof a === 'number') ?? found.addresses[0]!;
        try {
          if (o.output === 'screen') yield* screen(sys, o, host, address);
          else {
            sourceOf(sys, address);
            yield* report(sys, o, host, address);
          }
        } catch (e) {
          if (!isErrno(e, 'EINTR')) throw e;
          return 130;
        }
      }
      return status;
    });
  },
};
