/** lsof(8): the open files of processes, from /proc/PID/fd and the tables of sockets. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';
import { getopt, GetoptError } from '../lib/getopt';
import { notSimulated, tool } from '../lib/tool';
import type { ProcessEntry } from './table';
import { readProcesses } from './table';
import type { Users } from './users';
import { readUsers } from './users';

interface Row {
  readonly command: string;
  readonly pid: string;
  readonly user: string;
  readonly fd: string;
  readonly type: string;
  readonly device: string;
  readonly size: string;
  readonly node: string;
  readonly name: string;
}

/** What /proc/PID/net tells of an Internet socket. */
interface Socket {
  readonly type: 'IPv4' | 'IPv6';
  readonly protocol: 'TCP' | 'UDP';
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly state: string;
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const TCP_STATES = [
  '',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSED',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];

/** lsof(8). */
export const lsof = tool({
  name: 'lsof',
  summary: 'list open files',
  version: 'lsof 4.95.0',
  help: `[-anPt] [-c NAME] [-i [46][PROTOCOL][@HOST][:PORT]] [-p PIDS] [-u USERS] [-U] [FILE]...
List the open files of processes. Choices are joined by "or", with -a by "and".

  -c NAME   processes whose name begins with NAME
  -i        Internet sockets, such as -i :80 or -i TCP
  -n, -P    addresses and ports as numbers
  -p PIDS   these processes
  -t        process numbers only
  -u USERS  processes of these users
  -U        Unix sockets
`,
  *run(t) {
    const { sys } = t;
    // -i takes an optional argument, also from the next word.
    const words: string[] = ['lsof'];
    const rest = t.argv.slice(1);
    for (let i = 0; i < rest.length; i++) {
      const word = rest[i]!;
      const next = rest[i + 1];
      if (
        /^-[anPtlU]*i$/.test(word) &&
        next !== undefined &&
        !next.startsWith('-') &&
        /^(?:[46]|(?:tcp|udp)|[46]?(?:tcp|udp)?[@:])/i.test(next)
      ) {
        words.push(word + next);
        i++;
      } else words.push(word);
    }
    let parsed;
    try {
      parsed = getopt(words, 'ac:d:i::lnPp:s::tu:U', []);
    } catch (e) {
      if (!(e instanceof GetoptError)) throw e;
      yield* sys.eprint(
        `lsof: illegal option character: ${/'(.)'/.exec(e.message)?.[1] ?? ''}\nUse the \`\`-h'' option to get more help information.\n`,
      );
      return 1;
    }
    const { options, operands } = parsed;
    const has = (name: string): boolean => options.some((o) => o.name === name);
    if (has('d')) throw notSimulated('lsof -d');
    const users = yield* readUsers(sys);
    const services = has('P') ? new Map<string, string>() : yield* readServices(sys);
    const numbers = new Set(options.filter((o) => o.name === 'p').flatMap((o) => o.arg!.split(',').map(Number)));
    const owners = new Set(
      options.filter((o) => o.name === 'u').flatMap((o) => o.arg!.split(',').map((u) => users.uid(u) ?? -1)),
    );
    const names = options.filter((o) => o.name === 'c').map((o) => o.arg!);
    const internet = options.filter((o) => o.name === 'i').map((o) => o.arg ?? '');
    const filters: ((p: ProcessEntry, row: Row, socket: Socket | undefined) => boolean)[] = [];
    if (numbers.size > 0) filters.push((p) => numbers.has(p.pid));
    if (owners.size > 0) filters.push((p) => owners.has(p.euid));
    if (names.length > 0) filters.push((p) => names.some((n) => p.comm.startsWith(n)));
    if (internet.length > 0)
      filters.push((_p, _r, s) => s !== undefined && internet.some((spec) => matches(s, spec, services)));
    if (has('U')) filters.push((_p, r) => r.type === 'unix');
    if (operands.length > 0) {
      const paths = operands.map((o) => (sys.files.exists(o) ? sys.files.realpath(o) : o));
      filters.push((_p, r) => paths.includes(r.name));
    }
    const rows: Row[] = [];
    for (const p of yield* readProcesses(sys)) {
      yield* sys.work(2);
      for (const [row, socket] of yield* filesOf(sys, p, users, services)) {
        const hits = filters.map((f) => f(p, row, socket));
        if (filters.length === 0 || (has('a') ? hits.every(Boolean) : hits.some(Boolean))) rows.push(row);
      }
    }
    if (rows.length === 0) return 1;
    if (has('t')) yield* t.out.write([...new Set(rows.map((r) => r.pid))].map((p) => `${p}\n`).join(''));
    else yield* t.out.write(layout(rows));
    return 0;
  },
});

/** Columns as wide as their contents; numbers to the right. */
function layout(rows: readonly Row[]): string {
  const header: Row = {
    command: 'COMMAND',
    pid: 'PID',
    user: 'USER',
    fd: 'FD ',
    type: 'TYPE',
    device: 'DEVICE',
    size: 'SIZE/OFF',
    node: 'NODE',
    name: 'NAME',
  };
  const all = [header, ...rows];
  const width = (of: (r: Row) => string): number => Math.max(...all.map((r) => of(r).length));
  const w = {
    command: width((r) => r.command),
    pid: width((r) => r.pid),
    user: width((r) => r.user),
    fd: Math.max(
      5,
      width((r) => r.fd),
    ),
    type: Math.max(
      4,
      width((r) => r.type),
    ),
    device: width((r) => r.device),
    size: width((r) => r.size),
    node: width((r) => r.node),
  };
  return all
    .map((r) =>
      [
        r.command.padEnd(w.command),
        r.pid.padStart(w.pid),
        r.user.padStart(w.user),
        `${r.fd.padStart(w.fd)}  ${r.type.padStart(w.type)}`,
        r.device.padStart(w.device),
        r.size.padStart(w.size),
        r.node.padStart(w.node),
        `${r.name}\n`,
      ].join(' '),
    )
    .join('');
}

function* filesOf(
  sys: Sys,
  p: ProcessEntry,
  users: Users,
  services: ReadonlyMap<string, string>,
): Coroutine<[Row, Socket | undefined][]> {
  const out: [Row, Socket | undefined][] = [];
  const base = { command: p.comm.slice(0, 9), pid: String(p.pid), user: users.name(p.euid) };
  const path = (name: string): string | undefined => {
    try {
      return sys.files.readlink(`/proc/${p.pid}/${name}`);
    } catch (e) {
      if (isErrno(e)) return undefined;
      throw e;
    }
  };
  for (const [fd, link] of [
    ['cwd', 'cwd'],
    ['rtd', 'root'],
    ['txt', 'exe'],
  ] as const) {
    const target = path(link);
    if (target)
      out.push([{ ...base, fd: `${fd} `, ...describe(sys, `/proc/${p.pid}/${link}`), name: target }, undefined]);
  }
  let names: string[] = [];
  try {
    names = sys.files.readdir(`/proc/${p.pid}/fd`).sort((a, b) => Number(a) - Number(b));
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  const sockets = names.some((n) => path(`fd/${n}`)?.startsWith('socket:'))
    ? yield* readSockets(sys, p.pid)
    : undefined;
  for (const n of names) {
    yield* sys.work();
    const target = path(`fd/${n}`);
    if (target === undefined) continue;
    const mode = yield* access(sys, p.pid, n);
    const row = { ...base, fd: `${n}${mode}` };
    const inode = /^(\w+):\[(\d+)\]$/.exec(target)?.[2];
    if (target.startsWith('pipe:')) {
      out.push([{ ...row, type: 'FIFO', device: '0,13', size: '0t0', node: inode!, name: 'pipe' }, undefined]);
    } else if (target.startsWith('socket:')) {
      const s = sockets?.get(inode!);
      if (s) {
        out.push([
          { ...row, type: s.type, device: inode!, size: '0t0', node: s.protocol, name: address(s, services) },
          s,
        ]);
      } else
        out.push([
          { ...row, type: 'sock', device: '0,8', size: '0t0', node: inode!, name: 'protocol: UNIX or PACKET' },
          undefined,
        ]);
    } else out.push([{ ...row, ...describe(sys, `/proc/${p.pid}/fd/${n}`), name: target }, undefined]);
  }
  return out;
}

function describe(sys: Sys, path: string): { type: string; device: string; size: string; node: string } {
  try {
    const s = sys.files.stat(path);
    const types: Record<string, string> = {
      dir: 'DIR',
      file: 'REG',
      char: 'CHR',
      block: 'BLK',
      fifo: 'FIFO',
      socket: 'unix',
    };
    const device = s.type === 'char' ? '136,0' : '254,1';
    return {
      type: types[s.type] ?? 'unknown',
      device,
      size: s.type === 'char' ? '0t0' : String(s.type === 'dir' ? 4096 : s.size),
      node: String(s.ino),
    };
  } catch (e) {
    if (!isErrno(e)) throw e;
    return { type: 'unknown', device: '', size: '', node: '' };
  }
}

/** `r`, `w` or `u` from /proc/PID/fdinfo. */
function* access(sys: Sys, pid: number, fd: string): Coroutine<string> {
  try {
    const flags = Number.parseInt(
      /^flags:\t(\d+)/m.exec(yield* sys.readFile(`/proc/${pid}/fdinfo/${fd}`))?.[1] ?? '0',
      8,
    );
    return 'rwu'[flags & 3] ?? 'u';
  } catch (e) {
    if (isErrno(e)) return ' ';
    throw e;
  }
}

function* readSockets(sys: Sys, pid: number): Coroutine<Map<string, Socket>> {
  const out = new Map<string, Socket>();
  for (const file of ['tcp', 'udp', 'tcp6', 'udp6'] as const) {
    let text: string;
    try {
      text = yield* sys.readFile(`/proc/${pid}/net/${file}`);
    } catch (e) {
      if (isErrno(e)) continue;
      throw e;
    }
    for (const line of text.split('\n').slice(1)) {
      yield* sys.work();
      const f = line.trim().split(/\s+/);
      if (f.length < 10) continue;
      const protocol = file.startsWith('tcp') ? 'TCP' : 'UDP';
      out.set(f[9]!, {
        type: file.endsWith('6') ? 'IPv6' : 'IPv4',
        protocol,
        local: endpoint(f[1]!),
        remote: endpoint(f[2]!),
        state: protocol === 'TCP' ? (TCP_STATES[parseInt(f[3]!, 16)] ?? '') : '',
      });
    }
  }
  return out;
}

/** `0100007F:0050`: 32-bit words in the host's byte order. */
function endpoint(text: string): Endpoint {
  const [hex = '', port = '0'] = text.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((b) => parseInt(b, 16)),
  );
  if (bytes.length === 4) return { address: bytes.join('.'), port: parseInt(port, 16) };
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  const joined = groups.join(':').replace(/(?:^|:)0(?::0)+(?:$|:)/, '::');
  return { address: `[${joined}]`, port: parseInt(port, 16) };
}

function address(s: Socket, services: ReadonlyMap<string, string>): string {
  const show = (e: Endpoint): string => {
    const any = e.address === '0.0.0.0' || e.address === '[::]';
    const port = e.port === 0 ? '*' : (services.get(`${e.port}/${s.protocol.toLowerCase()}`) ?? String(e.port));
    return `${any ? '*' : e.address}:${port}`;
  };
  const peer = s.remote.port === 0 ? '' : `->${show(s.remote)}`;
  return `${show(s.local)}${peer}${s.state === '' ? '' : ` (${s.state})`}`;
}

/** Does a socket fit `[46][tcp|udp][@host][:port,...]`? */
function matches(s: Socket, spec: string, services: ReadonlyMap<string, string>): boolean {
  const m = /^([46])?(tcp|udp)?(?:@([^:]+|\[[^\]]+\]))?(?::(.+))?$/i.exec(spec);
  if (!m) return false;
  const [, version, protocol, host, ports] = m;
  if (version && s.type !== `IPv${version}`) return false;
  if (protocol && s.protocol !== protocol.toUpperCase()) return false;
  if (host && s.local.address !== host && s.remote.address !== host) return false;
  if (!ports) return true;
  return ports.split(',').some((p) => {
    const [low, high = low] = p
      .split('-')
      .map((n) => (/^\d+$/.test(n) ? Number(n) : portNamed(n, s.protocol, services)));
    return [s.local.port, s.remote.port].some((n) => n >= low! && n <= high!);
  });
}

function portNamed(name: string, protocol: string, services: ReadonlyMap<string, string>): number {
  for (const [key, value] of services)
    if (value === name && key.endsWith(`/${protocol.toLowerCase()}`)) return Number.parseInt(key, 10);
  return -1;
}

function* readServices(sys: Sys): Coroutine<Map<string, string>> {
  const map = new Map<string, string>();
  try {
    for (const line of (yield* sys.readFile('/etc/services')).split('\n')) {
      const m = /^(\S+)\s+(\d+\/\w+)/.exec(line);
      if (m && !map.has(m[2]!)) map.set(m[2]!, m[1]!);
    }
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  return map;
}
