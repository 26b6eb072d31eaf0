/** ipvsadm(8) 1.31. */
import type { Coroutine, ErrnoCode } from '../../core';
import { decode, isErrno, strerror } from '../../core';
import type { Program, Sys } from '../../host';
import '../../host/netfs/register';
import type { Destination, IpvsConnection, Service, ServiceKey } from '../../net/ipvs';
import { ipvsOf, MISSING_SCHEDULERS, TABLE_SIZE } from '../../net/ipvs';
import { formatIp4, serviceName } from '../../wire';
import { Stop, stoppable } from '../network/common';
import { nameOf } from '../network/resolver';
import { IPVSADM_VERSION, ipvsadmUsage } from './help';
import type { IpvsCommand } from './parse';
import { parseIpvsadm } from './parse';

const TITLE = `IP Virtual Server version 1.2.1 (size=${TABLE_SIZE})\n`;

/** ipvs_strerror: the same number means different things in different commands. */
const MEANING: Readonly<Record<string, Partial<Record<ErrnoCode, string>>>> = {
  'add-service': { EEXIST: 'Service already exists', ENOENT: 'Scheduler or persistence engine not found' },
  'edit-service': { ESRCH: 'No such service', ENOENT: 'Scheduler or persistence engine not found' },
  'delete-service': { ESRCH: 'No such service' },
  'add-server': { ESRCH: 'Service not defined', EEXIST: 'Destination already exists' },
  'edit-server': { ESRCH: 'Service not defined', ENOENT: 'No such destination' },
  'delete-server': { ESRCH: 'Service not defined', ENOENT: 'No such destination' },
  zero: { ESRCH: 'No such service' },
};

function* place(sys: Sys, address: number, port: number, protocol: number, numeric: boolean): Coroutine<string> {
  if (numeric) return `${formatIp4(address)}:${port}`;
  const host = (yield* nameOf(sys, address)) ?? formatIp4(address);
  return `${host}:${serviceName(port, protocol === 17 ? 'udp' : 'tcp') ?? port}`;
}

const protocolOf = (n: number): string => (n === 6 ? 'TCP' : n === 17 ? 'UDP' : 'IP');

/** Services in the order of the list. */
function sorted(services: readonly Service[], sort: boolean): Service[] {
  const rank = (k: ServiceKey): number[] => ('fwmark' in k ? [k.fwmark, 0, 0, 0] : [0, k.protocol, k.address, k.port]);
  return sort ? [...services].sort((a, b) => compare(rank(a.key), rank(b.key))) : [...services];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** A number in nine columns, shortened with a letter when it is too large. */
function large(n: number, exact: boolean): string {
  if (exact || n < 1e8) return String(n).padStart(9);
  for (const [limit, unit, letter] of [
    [1e11, 1e3, 'K'],
    [1e14, 1e6, 'M'],
    [1e17, 1e9, 'G'],
  ] as const)
    if (n < limit) return `${String(Math.floor(n / unit)).padStart(8)}${letter}`;
  return `${String(Math.floor(n / 1e12)).padStart(8)}T`;
}

function* list(sys: Sys, c: IpvsCommand): Coroutine<void> {
  const ipvs = ipvsOf(sys.net);
  const has = (f: string): boolean => c.flags.has(f);
  const numeric = has('numeric');
  if (has('timeout')) {
    const t = ipvs.timeouts;
    return yield* sys.print(`Timeout (tcp tcpfin udp): ${t.ESTABLISHED} ${t.FIN_WAIT} ${t.UDP}\n`);
  }
  if (has('daemon')) return;
  if (has('connection')) return yield* connections(sys, ipvs.connections(), numeric);
  let services = sorted(ipvs.list(), !has('nosort'));
  if (c.service) {
    const one = ipvs.get(c.service);
    if (!one) throw new Stop(1, 'No such service\n');
    services = [one];
  }
  const head = (first: string, columns: readonly string[], widths: readonly number[]): string =>
    `${first.padEnd(33)} ${columns.map((t, i) => (widths[i]! < 0 ? t.padEnd(-widths[i]!) : t.padStart(widths[i]!))).join(' ')}\n  -> RemoteAddress:Port\n`;
  let text = c.service ? '' : TITLE;
  const first = 'Prot LocalAddress:Port';
  const eight = [8, 8, 8, 8, 8];
  if (has('stats')) text += head(first, ['Conns', 'InPkts', 'OutPkts', 'InBytes', 'OutBytes'], eight);
  else if (has('rate')) text += head(first, ['CPS', 'InPPS', 'OutPPS', 'InBPS', 'OutBPS'], eight);
  else if (has('thresholds'))
    text += head(first, ['Uthreshold', 'Lthreshold', 'ActiveConn', 'InActConn'], [-10, -10, -10, -10]);
  else if (has('persistent-conn'))
    text += head(first, ['Weight', 'PersistConn', 'ActiveConn', 'InActConn'], [-9, -11, -10, -10]);
  else text += `${first} Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n`;
  const counts = (s: Service | Destination): string => {
    const v = has('rate') ? s.stats.perSecond(sys.now) : s.stats.counters();
    return [v.conns, v.inPackets, v.outPackets, v.inBytes, v.outBytes].map((n) => large(n, has('exact'))).join('');
  };
  for (const s of services) {
    const protocol = 'fwmark' in s.key ? 6 : s.key.protocol;
    const name =
      'fwmark' in s.key
        ? `FWM  ${s.key.fwmark}`
        : `${protocolOf(protocol).padEnd(4)} ${yield* place(sys, s.key.address, s.key.port, protocol, numeric)}`;
    if (has('stats') || has('rate')) text += `${name.padEnd(33)}${counts(s)}\n`;
    else {
      text += `${has('thresholds') || has('persistent-conn') ? name.padEnd(33) : name} ${s.scheduler.name}`;
      if (s.settings.persistent !== undefined) {
        text += ` persistent ${s.settings.persistent}`;
        if (s.settings.netmask !== 0xffffffff) text += ` mask ${formatIp4(s.settings.netmask)}`;
      }
      if (s.settings.onePacket) text += ' ops';
      text += '\n';
    }
    const servers = has('nosort')
      ? s.destinations
      : [...s.destinations].sort((a, b) => compare([a.address, a.port], [b.address, b.port]));
    for (const d of servers) {
      const at = `  -> ${(yield* place(sys, d.address, d.port, protocol, numeric)).padEnd(28)}`;
      if (has('stats') || has('rate')) text += `${at}${counts(d)}\n`;
      else if (has('thresholds'))
        text += `${at} ${[d.settings.upper, d.settings.lower, d.active, d.inactive].map((n) => String(n).padEnd(10)).join(' ')}\n`;
      else if (has('persistent-conn'))
        text += `${at} ${String(d.weight).padEnd(9)} ${String(d.persistentConns).padEnd(11)} ${String(d.active).padEnd(10)} ${String(d.inactive).padEnd(10)}\n`;
      else {
        const how = d.settings.forwarding === 'masq' ? 'Masq' : sys.net.addrs.isLocal4(d.address) ? 'Local' : 'Route';
        text += `${at} ${how.padEnd(7)} ${String(d.weight).padEnd(6)} ${String(d.active).padEnd(10)} ${String(d.inactive).padEnd(10)}\n`;
      }
    }
  }
  yield* sys.print(text);
}

function* connections(sys: Sys, all: readonly IpvsConnection[], numeric: boolean): Coroutine<void> {
  let text = 'IPVS connection entries\npro expire state       source             virtual            destination\n';
  for (const c of all) {
    const left = Math.max(0, Math.floor((c.expires - sys.now) / 1e6));
    const two = (n: number): string => String(n).padStart(2, '0');
    const port = c.destination.port || c.virtualPort;
    const [from, to, server] = [
      yield* place(sys, c.client, c.clientPort, c.protocol, numeric),
      yield* place(sys, c.virtual, c.virtualPort, c.protocol, numeric),
      yield* place(sys, c.destination.address, port, c.protocol, numeric),
    ];
    text += `${protocolOf(c.protocol).padEnd(3)} ${`${two(Math.floor(left / 60))}:${two(left % 60)}`.padEnd(6)} ${c.state.padEnd(11)} ${from.padEnd(18)} ${to.padEnd(18)} ${server}\n`;
  }
  yield* sys.print(text);
}

function* save(sys: Sys, numeric: boolean): Coroutine<void> {
  let text = '';
  for (const s of sorted(ipvsOf(sys.net).list(), true)) {
    const protocol = 'fwmark' in s.key ? 6 : s.key.protocol;
    const name =
      'fwmark' in s.key
        ? `-f ${s.key.fwmark}`
        : `${protocol === 6 ? '-t' : '-u'} ${yield* place(sys, s.key.address, s.key.port, protocol, numeric)}`;
    text += `-A ${name} -s ${s.scheduler.name}`;
    if (s.settings.persistent !== undefined)
      text += ` -p ${s.settings.persistent}${s.settings.netmask !== 0xffffffff ? ` -M ${formatIp4(s.settings.netmask)}` : ''}`;
    text += s.settings.onePacket ? ' -o\n' : '\n';
    for (const d of [...s.destinations].sort((a, b) => compare([a.address, a.port], [b.address, b.port])))
      text += `-a ${name} -r ${yield* place(sys, d.address, d.port, protocol, numeric)} ${d.settings.forwarding === 'masq' ? '-m' : '-g'} -w ${d.weight}\n`;
  }
  yield* sys.print(text);
}

/** Carries out one command. @throws Stop */
function* perform(sys: Sys, name: string, c: IpvsCommand): Coroutine<number> {
  const ipvs = ipvsOf(sys.net);
  if (c.scheduler !== undefined && MISSING_SCHEDULERS.includes(c.scheduler))
    throw new Stop(255, `ipvsadm: not simulated in this course: -s ${c.scheduler}\n`);
  const settings = {
    scheduler: c.scheduler ?? 'wlc',
    persistent: c.persistent,
    netmask: c.netmask ?? 0xffffffff,
    onePacket: c.onePacket,
  };
  const destination = {
    weight: c.weight ?? 1,
    forwarding: c.forwarding ?? ('route' as const),
    upper: c.upper ?? 0,
    lower: c.lower ?? 0,
  };
  const key = c.service!;
  const port =
    c.server && (c.server.port === 0 || destination.forwarding === 'route') && key && 'port' in key
      ? key.port
      : (c.server?.port ?? 0);
  try {
    switch (c.command) {
      case 'add-service':
        ipvs.addService(key, settings);
        break;
      case 'edit-service':
        ipvs.editService(key, settings);
        break;
      case 'delete-service':
        ipvs.deleteService(key);
        break;
      case 'add-server':
        ipvs.addDestination(key, c.server!.address, port, destination);
        break;
      case 'edit-server':
        ipvs.editDestination(key, c.server!.address, port, destination);
        break;
      case 'delete-server': {
        // Without a port the service's is meant; the forwarding method is not known here.
        const at = c.server!.port === 0 && 'port' in key ? key.port : c.server!.port;
        ipvs.deleteDestination(key, c.server!.address, at);
        break;
      }
      case 'clear':
        ipvs.flush();
        break;
      case 'zero':
        ipvs.zero(c.service);
        break;
      case 'set': {
        const [tcp, fin, udp] = c.timeouts as [number, number, number];
        if (tcp > 0) ipvs.timeouts.ESTABLISHED = tcp;
        if (fin > 0) ipvs.timeouts.FIN_WAIT = fin;
        if (udp > 0) ipvs.timeouts.UDP = udp;
        break;
      }
      case 'save':
        yield* save(sys, c.flags.has('numeric'));
        break;
      case 'restore': {
        const text = decode(yield* sys.readAll(0));
        for (const line of text.split('\n')) {
          const words = line
            .trim()
            .split(/\s+/)
            .filter((w) => w !== '');
          if (words.length === 0 || words[0]!.startsWith('#')) continue;
          if (words[0] === 'ipvsadm') words.shift();
          yield* perform(sys, name, yield* parseIpvsadm(sys, name, words));
        }
        break;
      }
      default:
        yield* list(sys, c);
    }
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new Stop(255, `${MEANING[c.command ?? '']?.[e.code as ErrnoCode] ?? strerror(e.code as ErrnoCode)}\n`);
  }
  return 0;
}

/** The program. */
export const ipvsadm: Program = {
  name: 'ipvsadm',
  path: '/usr/sbin/ipvsadm',
  links: ['/sbin/ipvsadm-save', '/sbin/ipvsadm-restore'],
  size: 73608,
  summary: 'Linux Virtual Server administration',
  manual: `NAME
       ipvsadm - load balancing in the kernel (IP Virtual Server)

SYNOPSIS
       ipvsadm -A|-E SERVICE [-s SCHEDULER] [-p [SECONDS]]      add, edit a virtual service (-D deletes it)
       ipvsadm -a|-e SERVICE -r SERVER [-m|-g] [-w WEIGHT]      add, edit a server (-d deletes it)
       ipvsadm -L [-n] [-c] [--stats] [--rate]                  list services, connections
       ipvsadm -C | -S | -R | -Z | --set TCP TCPFIN UDP

DESCRIPTION
       SERVICE is -t HOST:PORT, -u HOST:PORT or -f FWMARK. Schedulers here: rr wrr lc wlc sh dh sed nq fo.
       -m   masquerading (NAT)      -g   direct routing
`,
  complete: (words) =>
    words[words.length - 1] === '-s'
      ? ['rr', 'wrr', 'lc', 'wlc', 'sh', 'dh', 'sed', 'nq', 'fo']
      : [
          '-A',
          '-E',
          '-D',
          '-a',
          '-e',
          '-d',
          '-L',
          '-Ln',
          '-C',
          '-S',
          '-R',
          '-Z',
          '-t',
          '-u',
          '-f',
          '-r',
          '-s',
          '-m',
          '-g',
          '-w',
          '-p',
          '--stats',
          '--rate',
          '--timeout',
        ],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const name = 'ipvsadm';
      if (!sys.netAdmin)
        throw new Stop(
          2,
          "Can't initialize ipvs: Permission denied (you must be root)\nAre you sure that IP Virtual Server is built in the kernel or as module?\n",
        );
      const called = argv[0]!.slice(argv[0]!.lastIndexOf('/') + 1);
      const args =
        called === 'ipvsadm-save'
          ? ['-S', ...argv.slice(1)]
          : called === 'ipvsadm-restore'
            ? ['-R', ...argv.slice(1)]
            : argv.slice(1);
      const c = yield* parseIpvsadm(sys, name, args);
      if (c.command === 'help') {
        yield* sys.print(IPVSADM_VERSION + ipvsadmUsage(name));
        return 0;
      }
      if (c.command === 'version') {
        yield* sys.print(IPVSADM_VERSION);
        return 0;
      }
      return yield* perform(sys, name, c);
    });
  },
};

/** All programs of this room. */
export const IPVS_PROGRAMS: readonly Program[] = [ipvsadm];
