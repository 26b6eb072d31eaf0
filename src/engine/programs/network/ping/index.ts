/** ping(8) of iputils. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { Link } from '../../../net';
import type { IpAddress } from '../../../wire';
import {
  decodeIcmp4,
  decodeIcmp6,
  formatIp,
  formatIp4,
  IPPROTO,
  isMulticast4,
  isMulticast6,
  makeIcmp4Echo,
  makeIcmp6Echo,
  parseIp6,
  isLinkLocal6,
} from '../../../wire';
import { deviceNames, Stop, stoppable, why } from '../common';
import { inetAton, nameOf, resolveHost } from '../resolver';
import { rawSocket, udpSocket } from '../sockets';
import { icmp4Text, icmp6Text } from './icmp-text';
import { optionNotes, optionsOf } from './ip-options';
import type { PingOptions } from './options';
import { parsePing } from './options';
import type { PingFamily } from './run';
import { PingRun } from './run';

function fail(text: string): never {
  throw new Stop(2, `ping: ${text}\n`);
}

/** Sends and receives for IPv4. */
function* ping4(sys: Sys, o: PingOptions, target: number, host: string): Coroutine<number> {
  const { net } = sys;
  const socket = rawSocket(sys, 'inet', IPPROTO.ICMP);
  const fd = sys.install(socket);
  try {
    const source = o.source === undefined ? undefined : inetAton(o.source);
    const probe = udpSocket(sys, 'inet');
    let local: number;
    try {
      if (o.device !== undefined) bindDevice(o.device, probe, socket);
      if (source !== undefined) {
        try {
          probe.bind({ address: source, port: 0 });
        } catch (e) {
          fail(`bind: ${why(e)}`);
        }
      }
      if (o.mark !== 0) probe.mark = socket.mark = o.mark;
      probe.broadcast = o.broadcast;
      // Where the source is given, nobody asks for a route before the first packet.
      if (source === undefined) {
        try {
          probe.connect({ address: target, port: 1025 });
        } catch (e) {
          if (!isErrno(e, 'EACCES')) fail(`connect: ${why(e)}`);
          fail('Do you want to ping broadcast? Then -b. If not, check your local firewall rules');
        }
      }
      local = source ?? (probe.local.address as number);
    } finally {
      probe.discard();
    }
    if (o.broadcast && isBroadcast(sys, target)) yield* sys.eprint('WARNING: pinging broadcast address\n');
    if (o.device !== undefined) {
      const link = net.links.byName(o.device);
      const own = link && net.addrs.list({ family: 'inet', index: link.index }).some((a) => a.local === local);
      if (!own)
        yield* sys.eprint(`ping: Warning: source address might be selected on device other than: ${o.device}\n`);
    }
    if (source !== undefined) {
      try {
        socket.bind({ address: source, port: 0 });
      } catch (e) {
        fail(`bind: ${why(e)}`);
      }
    }
    socket.recvErr = true;
    socket.broadcast = o.broadcast;
    // Only echo replies, source quenches and redirects reach the program.
    socket.icmpFilter = ~((1 << 0) | (1 << 4) | (1 << 5));
    if (o.ttl !== undefined) socket.ttl = socket.multicastTtl = o.ttl;
    socket.tos = o.tos;
    socket.dontRoute = o.dontRoute;
    // A source route is an option that the kernel refuses by default.
    if (o.hops.length > 0 && o.stamps !== 'tsprespec') fail('record route: Operation not permitted');
    socket.ipOptions = yield* optionsOf(sys, o);
    // Without -M, packets of ping may be fragmented on the way out but carry DF when they fit.
    socket.pmtudisc = o.pmtudisc ?? 'want';
    const id = o.ident ?? sys.pid & 0xffff;
    const family: PingFamily = {
      request: (i, seq, data) => makeIcmp4Echo(i, seq, data),
      reply: (m, i) => {
        const icmp = m.packet.payload;
        if (icmp.kind !== 'icmp4' || icmp.message !== 'echo' || icmp.type !== 0 || icmp.id !== i) return undefined;
        return { seq: icmp.seq, data: icmp.payload };
      },
      about: (e, i) => {
        // About a packet to somebody else (NAT on the way changed it): none of ours.
        if (e.destination.address !== target) return undefined;
        const icmp = decodeIcmp4(e.data);
        if (!icmp || icmp.message !== 'echo' || icmp.type !== 8 || icmp.id !== i) return undefined;
        return icmp.seq;
      },
      describe: (e) => icmp4Text(e.type, e.code, e.type === 5 ? formatIp4(e.info) : e.info),
      send: (payload) => socket.send(payload, { address: target, port: 0 }),
      show: (a) => formatIp(a),
      errorsAnswer: true,
      ...(socket.ipOptions && { notes: optionNotes(sys, o) }),
      many: o.broadcast || isMulticast4(target),
    };
    const from =
      o.device !== undefined || source !== undefined || o.strictSource
        ? `from ${formatIp4(local)} ${o.device ?? ''}: `
        : '';
    // Connecting to 0.0.0.0 means this host.
    const shown = target === 0 ? 0x7f000001 : target;
    yield* sys.print(
      `PING ${host} (${formatIp4(shown)}) ${from}${o.size}(${o.size + 28 + (socket.ipOptions?.length ?? 0)}) bytes of data.\n`,
    );
    return yield* new PingRun(sys, o, socket, family, id, host).run();
  } finally {
    sys.close(fd);
  }
}

function isBroadcast(sys: Sys, target: number): boolean {
  if (target === 0xffffffff) return true;
  try {
    return sys.net.routes.get({ dst: target }).type === 'broadcast';
  } catch {
    return isMulticast4(target);
  }
}

function bindDevice(device: string, ...sockets: { bindToDevice(name: string): void }[]): void {
  for (const s of sockets) {
    try {
      s.bindToDevice(device);
    } catch (e) {
      fail(`SO_BINDTODEVICE ${device}: ${why(e)}`);
    }
  }
}

/** Splits `ADDRESS%LINK`. */
function scopeOf(sys: Sys, host: string): { link: Link | undefined; known: boolean } {
  const percent = host.indexOf('%');
  if (percent < 0) return { link: undefined, known: true };
  const name = host.slice(percent + 1);
  const link = sys.net.links.byName(name) ?? (/^\d+$/.test(name) ? sys.net.links.get(Number(name)) : undefined);
  return { link, known: link !== undefined };
}

function* ping6(sys: Sys, o: PingOptions, target: string, host: string): Coroutine<number> {
  const { net } = sys;
  const { link: scope, known } = scopeOf(sys, host);
  if (!known) fail(`${host}: Name or service not known`);
  const socket = rawSocket(sys, 'inet6', IPPROTO.ICMPV6);
  const fd = sys.install(socket);
  try {
    const source = o.source === undefined ? undefined : parseIp6(o.source.split('%')[0]!);
    if (o.source !== undefined && source === undefined) fail(`${o.source}: Address family for hostname not supported`);
    const probe = udpSocket(sys, 'inet6');
    let local: IpAddress;
    const device = o.device === undefined ? undefined : net.links.byName(o.device);
    const to = { address: target, port: 1025, ...(scope && { scope: scope.index }) };
    try {
      if (o.device !== undefined) bindDevice(o.device, probe, socket);
      if (source !== undefined) {
        try {
          probe.bind({ address: source, port: 0 });
        } catch (e) {
          fail(`bind icmp socket: ${why(e)}`);
        }
      }
      try {
        probe.connect(to);
      } catch (e) {
        fail(`connect: ${why(e)}`);
      }
      local = probe.local.address;
    } finally {
      probe.discard();
    }
    if (o.device !== undefined) {
      // The original compares with addresses it has not asked for when none was given.
      yield* sys.eprint(`ping: Warning: source address might be selected on device other than: ${o.device}\n`);
    }
    if (source !== undefined) socket.bind({ address: source, port: 0 });
    socket.recvErr = true;
    if (o.ttl !== undefined) socket.ttl = socket.multicastTtl = o.ttl;
    socket.tos = o.tos;
    socket.pmtudisc = o.pmtudisc ?? 'want';
    const id = o.ident ?? sys.pid & 0xffff;
    socket.filter = (packet) =>
      packet.payload.kind === 'icmp6' && packet.payload.message === 'echo' && packet.payload.type === 129;
    const show = (a: IpAddress, s: number | undefined): string => {
      const text = formatIp(a);
      if (typeof a === 'number' || !isLinkLocal6(a)) return text;
      const name = net.links.get(s ?? scope?.index ?? device?.index ?? 0)?.name;
      return name === undefined ? text : `${text}%${name}`;
    };
    const family: PingFamily = {
      request: (i, seq, data) => makeIcmp6Echo(i, seq, data),
      reply: (m, i) => {
        const icmp = m.packet.payload;
        if (icmp.kind !== 'icmp6' || icmp.message !== 'echo' || icmp.type !== 129 || icmp.id !== i) return undefined;
        return { seq: icmp.seq, data: icmp.payload };
      },
      about: (e, i) => {
        if (e.destination.address !== target) return undefined;
        const icmp = decodeIcmp6(e.data, 0);
        if (!icmp || icmp.message !== 'echo' || icmp.type !== 128 || icmp.id !== i) return undefined;
        return icmp.seq;
      },
      describe: (e) => icmp6Text(e.type, e.code, e.info),
      send: (payload) => socket.send(payload, { address: target, port: 0, ...(scope && { scope: scope.index }) }),
      show,
      errorsAnswer: false,
      many: isMulticast6(target),
    };
    const shown = scope ? `${target}%${scope.name}` : target;
    const from =
      o.device !== undefined || source !== undefined
        ? `from ${source === undefined ? '::' : formatIp(local)} ${o.device ?? ''}: `
        : '';
    const name = o.numeric ? undefined : yield* nameOf(sys, target);
    yield* sys.print(
      `PING ${host}(${name === undefined ? shown : `${name} (${shown})`}) ${from}${o.size} data bytes\n`,
    );
    return yield* new PingRun(sys, o, socket, family, id, host).run();
  } finally {
    sys.close(fd);
  }
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const o = parsePing(argv, sys.proc.uid === 0);
    if (o.warnings !== '') yield* sys.eprint(o.warnings);
    if (o.pattern)
      yield* sys.print(`PATTERN: 0x${[...o.pattern].map((b) => b.toString(16).padStart(2, '0')).join('')}\n`);
    if (inetAton(o.target) !== undefined || o.target.includes(':')) o.numeric = true;
    const found = yield* resolveHost(sys, o.target, o.family);
    if ('error' in found) fail(`${o.target}: ${found.error}`);
    const address = found.addresses[0]!;
    if (o.verbose) {
      const kind = sys.proc.uid === 0 ? 'SOCK_RAW' : 'SOCK_DGRAM';
      const hint = o.family === 'inet' ? 'AF_INET' : o.family === 'inet6' ? 'AF_INET6' : 'AF_UNSPEC';
      const four = o.family === 'inet6' ? '-1 (socktype: 0)' : `3 (socktype: ${kind})`;
      const six = o.family === 'inet' ? '-1 (socktype: 0)' : `${o.family === 'inet6' ? 3 : 4} (socktype: ${kind})`;
      yield* sys.eprint(`ping: sock4.fd: ${four}, sock6.fd: ${six}, hints.ai_family: ${hint}\n\n`);
      const name = typeof address === 'number' ? 'AF_INET' : 'AF_INET6';
      yield* sys.print(`ai->ai_family: ${name}, ai->ai_canonname: '${found.canonical}'\n`);
    }
    if (typeof address === 'number') return yield* ping4(sys, o, address, found.canonical);
    const literal = o.target.includes(':');
    if (o.hops.length > 0) fail('record route: Operation not permitted');
    return yield* ping6(sys, o, address, literal ? o.target : found.canonical);
  });
}

/** The program. */
export const ping: Program = {
  name: 'ping',
  path: '/usr/bin/ping',
  links: ['/usr/bin/ping4', '/usr/bin/ping6'],
  size: 90568,
  summary: 'send ICMP ECHO_REQUEST to network hosts',
  manual: `NAME
       ping - send ICMP echo requests to a host

SYNOPSIS
       ping [options] DESTINATION

DESCRIPTION
       Sends an echo request once a second and prints a line for each reply, until Ctrl-C; then the statistics.

       -c COUNT      stop after COUNT replies          -i SECONDS   time between packets
       -W SECONDS    time to wait for the last reply   -w SECONDS   stop after that time
       -s SIZE       bytes of data, by default 56      -t TTL       time to live
       -I NAME|ADDR  interface or source address       -M do        do not fragment
       -n            no names                          -q           statistics only
       -4, -6        one protocol only                 -D           time stamps
       -O            report missing replies            -f           flood

EXIT STATUS
       0 with at least one reply, 1 without any, 2 for other errors.
`,
  main,
  complete: (words, sys) => {
    if (words[words.length - 1] === '-I') return deviceNames(sys);
    return ['-4', '-6', '-I', '-W', '-c', '-i', '-n', '-q', '-s', '-t', '-w'];
  },
};
