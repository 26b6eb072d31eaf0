/** arping(8) of iputils: asks for link-layer addresses. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { Link } from '../../net';
import { IFF, PACKET } from '../../net';
import { ARP_OP, ETHERTYPE, formatIp4, MAC_BROADCAST, makeArp, makeFrame } from '../../wire';
import { getoptOr } from '../lib/options';
import { deviceNames, Stop, stoppable, why } from './common';
import { ARPING_USAGE } from './help';
import { inetAton, resolveHost } from './resolver';
import { packetSocket, udpSocket } from './sockets';

const VERSION =
  'arping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n';

function number(text: string, low: number): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Stop(1, `arping: invalid argument: '${text}'\n`);
  const n = Number(text);
  if (n < low) throw new Stop(1, `arping: invalid argument: '${text}': out of range: ${low} <= value <= 2147483647\n`);
  return n;
}

/** The only link that could be meant when none is named. */
function defaultLink(sys: Sys): Link | undefined {
  for (const info of sys.net.links.list()) {
    if ((info.flags & IFF.UP) === 0 || (info.flags & (IFF.LOOPBACK | IFF.NOARP)) !== 0) continue;
    return sys.net.links.get(info.index);
  }
  return undefined;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const parsed = getoptOr(
      argv,
      'h?bfDUAqc:w:i:s:I:V',
      [],
      (message) => new Stop(2, `arping: ${message}\n${ARPING_USAGE}`),
    );
    let count: number | undefined;
    let deadline: number | undefined;
    let interval = 1;
    let device: string | undefined;
    let sourceText: string | undefined;
    const flags = new Set<string>();
    for (const { name, arg } of parsed.options) {
      if (name === 'V') throw new Stop(0, '', VERSION);
      if (name === 'h' || name === '?') throw new Stop(2, ARPING_USAGE);
      if (name === 'c') count = number(arg!, 1);
      else if (name === 'w') deadline = number(arg!, 0);
      else if (name === 'i') interval = number(arg!, 0);
      else if (name === 's') sourceText = arg!;
      else if (name === 'I') device = arg!;
      else flags.add(name);
    }
    const advert = flags.has('A');
    const unsolicited = flags.has('U') || advert;
    const dad = flags.has('D');
    const quiet = flags.has('q');
    let quit = flags.has('f') || dad;
    const [host] = parsed.operands;
    if (host === undefined) throw new Stop(2, ARPING_USAGE);
    const link = device === undefined ? defaultLink(sys) : sys.net.links.byName(device);
    if (!link) {
      if (device !== undefined) throw new Stop(2, `arping: Device ${device} not available.\n`);
      throw new Stop(2, 'arping: no suitable device found. Please, use option -I.\n');
    }
    const info = sys.net.links.info(link);
    if ((info.flags & IFF.UP) === 0) throw new Stop(2, '', `Interface "${link.name}" is down\n`);
    if ((info.flags & (IFF.LOOPBACK | IFF.NOARP)) !== 0)
      throw new Stop(2, '', `Interface "${link.name}" is not ARPable\n`);
    let target = inetAton(host);
    if (target === undefined) {
      const found = yield* resolveHost(sys, host, 'inet');
      if ('error' in found) throw new Stop(2, `arping: ${host}: ${found.error}\n`);
      target = found.addresses[0] as number;
    }
    if (!sys.netAdmin) throw new Stop(2, 'arping: socket: Operation not permitted\n');
    let source = sourceText === undefined ? 0 : inetAton(sourceText);
    if (source === undefined) throw new Stop(2, `arping: invalid source ${sourceText}\n`);
    if (unsolicited && source === 0) source = target;
    if (!dad || source !== 0) {
      const probe = udpSocket(sys, 'inet');
      try {
        if (source !== 0) {
          try {
            probe.bind({ address: source, port: 0 });
          } catch (e) {
            throw new Stop(2, `arping: bind: ${why(e)}\n`);
          }
        } else if (!dad) {
          try {
            probe.bindToDevice(link.name);
            probe.connect({ address: target, port: 1025 });
            source = probe.local.address as number;
          } catch (e) {
            if (!isErrno(e)) throw e;
            throw new Stop(2, `arping: connect: ${why(e)}\n`);
          }
        }
      } finally {
        probe.discard();
      }
    }
    const socket = packetSocket(sys);
    const fd = sys.install(socket);
    socket.bind(link);
    const from = source;
    const to = target;
    let peer = MAC_BROADCAST;
    let sent = 0;
    let broadcasts = 0;
    let received = 0;
    let requests = 0;
    let stop = false;
    socket.filter = (f) => f.pktType !== PACKET.OUTGOING && f.frame.payload.kind === 'arp';
    sys.onSignal('SIGINT', () => (stop = true));
    const send = (): void => {
      const request = unsolicited
        ? makeArp(advert ? ARP_OP.REPLY : ARP_OP.REQUEST, link.mac, from, advert ? link.mac : MAC_BROADCAST, to)
        : makeArp(ARP_OP.REQUEST, link.mac, from, peer === MAC_BROADCAST ? MAC_BROADCAST : peer, to);
      const frame = makeFrame(peer, link.mac, ETHERTYPE.ARP, request);
      try {
        socket.send(frame);
      } catch (e) {
        if (!isErrno(e)) throw e;
      }
      sent++;
      if (peer === MAC_BROADCAST) broadcasts++;
    };
    if (!quiet) yield* sys.print(`ARPING ${formatIp4(to)} from ${formatIp4(from)} ${link.name}\n`);
    const started = sys.now;
    let lastSent = 0;
    let next = sys.now;
    try {
      while (!stop) {
        yield* sys.work(2);
        if (deadline !== undefined && sys.now >= started + deadline * 1e6) break;
        if (sys.now >= next) {
          if (count !== undefined && sent >= count) break;
          send();
          lastSent = sys.now;
          next = sys.now + interval * 1e6;
          // Announcements expect no answer: after the last one there is nothing to wait for.
          if (count !== undefined && sent >= count && unsolicited) break;
          yield* sys.work(10);
        }
        const limits = [next, ...(deadline === undefined ? [] : [started + deadline * 1e6])];
        let frame;
        try {
          frame = yield* socket.receive(sys, { until: Math.min(...limits) });
        } catch (e) {
          if (!isErrno(e)) throw e;
          if (e.code === 'ENETDOWN') throw new Stop(2, 'arping: recvfrom: Network is down\n');
          continue;
        }
        const arp = frame.frame.payload;
        if (arp.kind !== 'arp' || arp.spa !== to) continue;
        if (dad) {
          // Somebody has the address, or somebody else asks for it too.
          if (arp.sha === link.mac) continue;
          if (from !== 0 && arp.tpa !== from) continue;
        } else if (arp.tpa !== from || (arp.op === ARP_OP.REPLY && arp.tha !== link.mac)) continue;
        received++;
        if (arp.op === ARP_OP.REQUEST) requests++;
        if (!quiet) {
          const kind = frame.pktType === PACKET.HOST ? 'Unicast' : 'Broadcast';
          const what = arp.op === ARP_OP.REPLY ? 'reply' : 'request';
          const took = Math.max(0, frame.at - lastSent);
          const time = `  ${Math.floor(took / 1000)}.${String(took % 1000).padStart(3, '0')}ms`;
          yield* sys.print(`${kind} ${what} from ${formatIp4(arp.spa)} [${arp.sha.toUpperCase()}]${time}\n`);
        }
        if (quit || (count !== undefined && received >= count && sent >= count)) break;
        if (!flags.has('b')) peer = arp.sha;
      }
    } finally {
      sys.close(fd);
    }
    quit = false;
    if (!quiet) {
      yield* sys.print(`Sent ${sent} probes (${broadcasts} broadcast(s))\nReceived ${received} response(s)`);
      const details = requests > 0 ? ` (${requests} request(s))` : '';
      yield* sys.print(`${details}\n`);
    }
    if (dad) return received > 0 ? 1 : 0;
    if (unsolicited) return 0;
    return received > 0 ? 0 : 1;
  });
}

/** The program. */
export const arping: Program = {
  name: 'arping',
  path: '/usr/bin/arping',
  size: 26776,
  summary: 'send ARP REQUEST to a neighbour host',
  manual: `NAME
       arping - ask a neighbour for its link-layer address

SYNOPSIS
       arping [-c COUNT] [-w SECONDS] [-I DEVICE] [-f] [-D] [-U] [-A] [-b] [-q] [-s SOURCE] DESTINATION

DESCRIPTION
       Sends ARP requests and prints the answers. -D asks whether anybody has the address; -U and -A announce an own one.
`,
  main,
  complete: (words, sys) =>
    words[words.length - 1] === '-I' ? deviceNames(sys) : ['-A', '-D', '-I', '-U', '-b', '-c', '-f', '-q', '-s', '-w'],
};
