/** netstat(8) of net-tools. */
import type { Coroutine } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { SocketInfo } from '../../../net';
import { IFF } from '../../../net';
import { formatIp, serviceName } from '../../../wire';
import { getoptOr } from '../../lib/options';
import { Stop, stoppable } from '../common';
import { NETSTAT_USAGE } from '../help';
import { allInterfaces, byName, tableRow } from './ifconfig';
import { routeTable4, routeTable6 } from './route-table';

const STATES: Readonly<Record<string, string>> = {
  ESTAB: 'ESTABLISHED',
  'SYN-SENT': 'SYN_SENT',
  'SYN-RECV': 'SYN_RECV',
  'FIN-WAIT-1': 'FIN_WAIT1',
  'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT',
  UNCONN: '',
  'CLOSE-WAIT': 'CLOSE_WAIT',
  'LAST-ACK': 'LAST_ACK',
  LISTEN: 'LISTEN',
  CLOSING: 'CLOSING',
};

function endpoint(a: SocketInfo['local'], protocol: 'tcp' | 'udp', numeric: boolean, wide: boolean): string {
  const port = a.port === 0 ? '*' : ((numeric ? undefined : serviceName(a.port, protocol)) ?? String(a.port));
  const host = formatIp(a.address);
  const room = 23 - port.length - 1;
  return `${wide ? host : host.slice(0, Math.max(room, 7))}:${port}`;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const parsed = getoptOr(
      argv,
      'A:CFMacdeghilnNoprsStuUvVWwxZ46',
      [
        'route=r',
        'interfaces=i',
        'statistics=s',
        'numeric=n',
        'all=a',
        'listening=l',
        'tcp=t',
        'udp=u',
        'raw=w',
        'unix=x',
        'programs=p',
        'wide=W',
        'extend=e',
        'timers=o',
        'verbose=v',
        'help=h',
        'version=V',
        'inet=4',
        'inet6=6',
        'groups=g',
        'continuous=c',
        'fib=F',
        'numeric-hosts=n',
        'numeric-ports=n',
        'symbolic=N',
        'sctp=S',
        'udplite=U',
        'masquerade=M',
        'cache=C',
        'context=Z',
      ],
      (message) => new Stop(3, `netstat: ${message}\n${NETSTAT_USAGE}`),
    );
    const has = new Set(parsed.options.map((x) => x.name));
    if (has.has('h')) throw new Stop(3, NETSTAT_USAGE);
    if (has.has('V')) {
      yield* sys.print('net-tools 2.10\n');
      return 0;
    }
    for (const name of ['s', 'g', 'c', 'M', 'S', 'U', 'Z', 'C']) {
      if (has.has(name)) throw new Stop(1, `netstat: not simulated in this course: -${name}\n`);
    }
    const numeric = has.has('n');
    if (has.has('r')) {
      yield* sys.print(has.has('6') ? routeTable6(sys) : yield* routeTable4(sys, 'netstat', numeric));
      return 0;
    }
    if (has.has('i')) {
      const rows = byName(sys).filter((l) => has.has('a') || (l.flags & IFF.UP) !== 0);
      if (has.has('e')) yield* sys.print(`Kernel Interface table\n${allInterfaces(sys, has.has('a'))}`);
      else {
        yield* sys.print(
          `Kernel Interface table\nIface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n${rows.map(tableRow).join('')}`,
        );
      }
      return 0;
    }
    const chosen = ['t', 'u', 'w', 'x'].filter((p) => has.has(p));
    const want = (p: string): boolean => (chosen.length === 0 ? p !== 'x' || !has.has('4') : chosen.includes(p));
    const listening = has.has('l');
    const all = has.has('a');
    const which = listening ? '(only servers)' : all ? '(servers and established)' : '(w/o servers)';
    const programs = has.has('p');
    const owner = new Map<number, string>();
    if (programs) {
      for (const [pid, proc] of [...sys.proc.ns.pid.processes].sort((a, b) => b[0] - a[0])) {
        for (const { file } of proc.fds.values()) {
          const m = /^socket:\[(\d+)\]$/.exec(file.describe());
          if (m)
            owner.set(Number(m[1]), `${pid}/${(proc.argv[0] ?? '').replace(/^.*\//, '') || proc.comm}`.slice(0, 19));
        }
      }
    }
    const sockets = sys.net.sockets.list();
    let text = '';
    if (want('t') || want('u') || want('w')) {
      text += `Active Internet connections ${which}\nProto Recv-Q Send-Q Local Address           Foreign Address         State      ${programs ? ' PID/Program name    ' : ''}${has.has('o') ? ' Timer' : ''}\n`;
      for (const p of ['tcp', 'udp', 'raw'] as const) {
        if (!want(p === 'raw' ? 'w' : p[0]!)) continue;
        for (const family of ['inet', 'inet6'] as const) {
          if (has.has('4') && family === 'inet6') continue;
          if (has.has('6') && family === 'inet') continue;
          const mine = sockets.filter(
            (s) =>
              s.protocol === p &&
              s.family === family &&
              !(p === 'tcp' && s.state === 'UNCONN') &&
              !(p === 'udp' && s.local.port === 0),
          );
          mine.sort((a, b) => Number(b.state === 'LISTEN') - Number(a.state === 'LISTEN'));
          for (const s of mine) {
            const server = s.state === 'LISTEN' || s.state === 'UNCONN';
            if (!all && server !== listening) continue;
            const name = `${p}${family === 'inet6' ? '6' : ''}`;
            const protocol = p === 'udp' ? 'udp' : 'tcp';
            const sendQ = s.state === 'LISTEN' ? 0 : s.sendQ;
            const state = p === 'tcp' ? STATES[s.state] : s.state === 'ESTAB' ? 'ESTABLISHED' : p === 'raw' ? '7' : '';
            text += `${name.padEnd(5)} ${String(s.recvQ).padStart(6)} ${String(sendQ).padStart(6)} ${endpoint(s.local, protocol, numeric, has.has('W')).padEnd(23)} ${endpoint(s.remote, protocol, numeric, has.has('W')).padEnd(23)} ${(state ?? '').padEnd(11)}`;
            if (programs) text += ` ${(owner.get(s.inode) ?? '-').padEnd(20)}`;
            text += '\n';
          }
        }
      }
    }
    if (want('x') && !has.has('4') && !has.has('6')) {
      text += `Active UNIX domain sockets ${which}\nProto RefCnt Flags       Type       State         I-Node   ${programs ? 'PID/Program name     ' : ''}Path\n`;
      for (const s of sockets) {
        if (s.protocol !== 'unix') continue;
        const server = s.state === 'LISTEN';
        if (!all && server !== listening) continue;
        const state = server ? 'LISTENING' : s.state === 'ESTAB' ? 'CONNECTED' : '';
        text += `unix  ${'2'.padEnd(6)} ${(server ? '[ ACC ]' : '[ ]').padEnd(11)} ${'STREAM'.padEnd(10)} ${state.padEnd(13)} ${String(s.inode).padEnd(8)} ${programs ? `${(owner.get(s.inode) ?? '-').padEnd(20)} ` : ''}${s.path ?? ''}\n`;
      }
    }
    yield* sys.print(text);
    return 0;
  });
}

/** The program. */
export const netstat: Program = {
  name: 'netstat',
  path: '/usr/bin/netstat',
  size: 155136,
  summary: 'print network connections, routing tables and interface statistics',
  manual: `NAME
       netstat - show connections, routes and interfaces

SYNOPSIS
       netstat [-tuwx] [-a|-l] [-n] [-p]
       netstat -r [-n]
       netstat -i

DESCRIPTION
       The older tool; ss(8), ip-route(8) and "ip -s link" do the same and more.
`,
  main,
  complete: () => ['-a', '-i', '-l', '-n', '-p', '-r', '-t', '-u', '-x'],
};
