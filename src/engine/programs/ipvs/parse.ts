/** Command line of ipvsadm. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import type { ServiceKey } from '../../net/ipvs';
import { mask4, maskLength4, parseIp4, servicePort } from '../../wire';
import { Stop } from '../network/common';
import { resolveHost } from '../network/resolver';

/** What shall be done. */
export type Command =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'clear'
  | 'restore'
  | 'save'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'list'
  | 'zero'
  | 'set'
  | 'help'
  | 'version';

/** A command line, understood. */
export interface IpvsCommand {
  command: Command | undefined;
  service: ServiceKey | undefined;
  scheduler: string | undefined;
  persistent: number | undefined;
  netmask: number | undefined;
  server: { address: number; port: number } | undefined;
  forwarding: 'masq' | 'route' | undefined;
  weight: number | undefined;
  upper: number | undefined;
  lower: number | undefined;
  onePacket: boolean;
  timeouts: number[];
  flags: Set<string>;
}

const LONG: Readonly<Record<string, string>> = {
  'add-service': 'A',
  'edit-service': 'E',
  'delete-service': 'D',
  clear: 'C',
  restore: 'R',
  save: 'S',
  'add-server': 'a',
  'edit-server': 'e',
  'delete-server': 'd',
  list: 'L',
  zero: 'Z',
  help: 'h',
  version: 'v',
  set: 'set',
  'tcp-service': 't',
  'udp-service': 'u',
  'fwmark-service': 'f',
  scheduler: 's',
  persistent: 'p',
  netmask: 'M',
  'real-server': 'r',
  masquerading: 'm',
  ipip: 'i',
  gatewaying: 'g',
  weight: 'w',
  'u-threshold': 'x',
  'l-threshold': 'y',
  numeric: 'n',
  connection: 'c',
  stats: 'stats',
  rate: 'rate',
  timeout: 'timeout',
  daemon: 'daemon',
  thresholds: 'thresholds',
  'persistent-conn': 'persistent-conn',
  nosort: 'nosort',
  sort: 'sort',
  exact: 'exact',
  ops: 'o',
  ipv6: '6',
  'start-daemon': 'start-daemon',
  'stop-daemon': 'stop-daemon',
  'sctp-service': 'sctp-service',
  pe: 'pe',
  'sched-flags': 'b',
  'tun-info': 'tun-info',
  'tun-type': 'tun-type',
};
const COMMANDS: Readonly<Record<string, Command>> = {
  A: 'add-service',
  E: 'edit-service',
  D: 'delete-service',
  C: 'clear',
  R: 'restore',
  S: 'save',
  a: 'add-server',
  e: 'edit-server',
  d: 'delete-server',
  L: 'list',
  l: 'list',
  Z: 'zero',
  h: 'help',
  v: 'version',
  set: 'set',
};
const TAKES = 'tufsMrwxyb';
const MISSING = ['i', '6', 'start-daemon', 'stop-daemon', 'sctp-service', 'pe', 'b', 'tun-info', 'tun-type'];
/** What each command must and may have besides the flags of listings. */
const NEEDS: Partial<Record<Command, readonly string[]>> = {
  'add-service': ['service-address'],
  'edit-service': ['service-address'],
  'delete-service': ['service-address'],
  'add-server': ['service-address', 'real-server'],
  'edit-server': ['service-address', 'real-server'],
  'delete-server': ['service-address', 'real-server'],
};
const MAY: Readonly<Record<Command, readonly string[]>> = {
  'add-service': ['service-address', 'scheduler', 'persistent', 'netmask', 'ops'],
  'edit-service': ['service-address', 'scheduler', 'persistent', 'netmask', 'ops'],
  'delete-service': ['service-address'],
  clear: [],
  restore: ['numeric'],
  save: ['numeric'],
  'add-server': ['service-address', 'real-server', 'forwarding-method', 'weight', 'u-threshold', 'l-threshold'],
  'edit-server': ['service-address', 'real-server', 'forwarding-method', 'weight', 'u-threshold', 'l-threshold'],
  'delete-server': ['service-address', 'real-server'],
  list: [
    'service-address',
    'numeric',
    'connection',
    'stats',
    'rate',
    'timeout',
    'daemon',
    'thresholds',
    'persistent-conn',
    'nosort',
    'sort',
    'exact',
  ],
  zero: ['service-address'],
  set: [],
  help: [],
  version: [],
};
const NAMES: Readonly<Record<string, string>> = {
  t: 'service-address',
  u: 'service-address',
  f: 'service-address',
  s: 'scheduler',
  p: 'persistent',
  M: 'netmask',
  r: 'real-server',
  m: 'forwarding-method',
  g: 'forwarding-method',
  w: 'weight',
  x: 'u-threshold',
  y: 'l-threshold',
  n: 'numeric',
  c: 'connection',
  o: 'ops',
};

function fail(text: string): never {
  throw new Stop(2, `${text}\n`);
}

/** `host[:port]`. @returns undefined when it is neither */
function* address(sys: Sys, text: string): Coroutine<{ address: number; port: number } | undefined> {
  const at = text.lastIndexOf(':');
  const host = at < 0 ? text : text.slice(0, at);
  const service = at < 0 ? '' : text.slice(at + 1);
  let port = 0;
  if (at >= 0) {
    if (/^\d+$/.test(service)) port = Number(service);
    else port = servicePort(service)?.port ?? -1;
    if (port < 0 || port > 65535) return undefined;
  }
  if (host.startsWith('[') || host.includes(':'))
    throw new Stop(2, 'ipvsadm: not simulated in this course: IPv6 services\n');
  const literal = parseIp4(host);
  if (literal !== undefined) return { address: literal, port };
  const found = yield* resolveHost(sys, host, 'inet');
  return 'error' in found ? undefined : { address: found.addresses[0] as number, port };
}

/** Reads a command line or a line of `-R`. @throws Stop */
export function* parseIpvsadm(sys: Sys, name: string, args: readonly string[]): Coroutine<IpvsCommand> {
  const c: IpvsCommand = {
    command: undefined,
    service: undefined,
    scheduler: undefined,
    persistent: undefined,
    netmask: undefined,
    server: undefined,
    forwarding: undefined,
    weight: undefined,
    upper: undefined,
    lower: undefined,
    onePacket: false,
    timeouts: [],
    flags: new Set(),
  };
  const seen = new Set<string>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    let keys: string[];
    let inline: string | undefined;
    if (word.startsWith('--')) {
      const [long = '', value] = word.slice(2).split(/=(.*)/s) as [string, string?];
      if (LONG[long] === undefined) fail(`${word}: unknown option`);
      keys = [LONG[long]!];
      inline = value;
    } else if (word.startsWith('-') && word.length > 1) {
      keys = [];
      for (let j = 1; j < word.length; j++) {
        keys.push(word[j]!);
        if (TAKES.includes(word[j]!)) {
          if (j + 1 < word.length) inline = word.slice(j + 1);
          break;
        }
        if (word[j] === 'p' && /^\d+$/.test(word.slice(j + 1))) {
          inline = word.slice(j + 1);
          break;
        }
      }
    } else {
      rest.push(word);
      continue;
    }
    for (const key of keys) {
      if (COMMANDS[key]) {
        if (c.command !== undefined) fail('multiple commands specified');
        c.command = COMMANDS[key];
        continue;
      }
      if (MISSING.includes(key)) fail(`ipvsadm: not simulated in this course: ${key.length > 1 ? '--' : '-'}${key}`);
      if (!(key in NAMES) && !Object.values(LONG).includes(key)) fail(`-${key}: unknown option`);
      const option = NAMES[key] ?? key;
      if (seen.has(option)) fail(`multiple '${option}' options specified`);
      seen.add(option);
      c.flags.add(option);
      let value = '';
      if (TAKES.includes(key)) {
        const given = inline ?? args[++i];
        if (given === undefined) fail(`${word}: missing argument`);
        value = given;
      }
      const number = (max: number, what: string): number =>
        /^\d+$/.test(value) && Number(value) <= max ? Number(value) : fail(`illegal ${what} specified`);
      if (key === 't' || key === 'u') {
        const a = yield* address(sys, value);
        if (!a) return fail('illegal virtual server address[:port] specified');
        c.service = { protocol: key === 't' ? 6 : 17, address: a.address, port: a.port };
      } else if (key === 'f') {
        if (!/^\d+$/.test(value) || Number(value) === 0) fail(`invalid fwmark value \`${value}' specified`);
        c.service = { fwmark: Number(value) };
      } else if (key === 's') c.scheduler = value;
      else if (key === 'p') {
        // The time may stand in the next word.
        const next = inline ?? (/^\d+$/.test(args[i + 1] ?? '') ? args[++i] : undefined);
        c.persistent = next === undefined ? 360 : Number(next);
        if (c.persistent < 1 || c.persistent > 31 * 24 * 3600) fail(`invalid timeout value \`${next ?? ''}' specified`);
      } else if (key === 'M') {
        const mask = /^\d+$/.test(value) ? mask4(Number(value)) : parseIp4(value);
        if (mask === undefined || maskLength4(mask) === undefined)
          return fail('illegal virtual server persistent mask specified');
        c.netmask = mask;
      } else if (key === 'r') {
        const a = yield* address(sys, value);
        if (!a) return fail('illegal real server address[:port] specified');
        c.server = a;
      } else if (key === 'm' || key === 'g') c.forwarding = key === 'm' ? 'masq' : 'route';
      else if (key === 'w') c.weight = number(0x7fffffff, 'weight');
      else if (key === 'x') c.upper = number(0x7fffffff, 'u_threshold');
      else if (key === 'y') c.lower = number(0x7fffffff, 'l_threshold');
      else if (key === 'o') c.onePacket = true;
    }
  }
  if (c.command === 'set') {
    for (const text of rest.splice(0, 3))
      c.timeouts.push(/^\d+$/.test(text) ? Number(text) : fail(`invalid timeout value \`${text}' specified`));
    if (c.timeouts.length !== 3) fail('--set option requires 3 timeout values');
  }
  if (rest.length > 0) fail(`unexpected argument ${rest[0]!}`);
  const command = c.command;
  if (command === undefined) {
    if (args.length === 0) c.command = 'list';
    else throw new Stop(255, `Try \`${name} -h' or '${name} --help' for more information.\n`);
    return c;
  }
  for (const need of NEEDS[command] ?? [])
    if (!seen.has(need)) fail(`You need to supply the '${need}' option for the '${command}' command`);
  for (const option of seen)
    if (!MAY[command].includes(option)) fail(`Illegal '${option}' option with the '${command}' command`);
  if (
    (command === 'add-service' || command === 'edit-service') &&
    c.service &&
    'port' in c.service &&
    c.service.port === 0 &&
    c.persistent === undefined
  )
    fail('Zero port specified for non-persistent service');
  if (c.onePacket && c.service && !('fwmark' in c.service) && c.service.protocol !== 17)
    fail('One-Packet Scheduling is only for UDP virtual services');
  if (
    command === 'list' &&
    ['connection', 'stats', 'rate', 'thresholds', 'persistent-conn', 'timeout', 'daemon'].filter((f) => seen.has(f))
      .length > 1
  )
    fail('options conflicts in the list command');
  return c;
}
