import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { IpAddress } from '../../wire';
import { formatIp, parseIp } from '../../wire';
import type { NssService } from '../network/resolv-conf';
import { addressIn, hostServices, parseNsswitch } from '../network/resolv-conf';
import type { HostEntry } from '../network/resolver';
import { hostByAddress, hostByName, hostsFile, lookupHost } from '../network/resolver';

const DATABASES = [
  'passwd',
  'group',
  'hosts',
  'ahosts',
  'ahostsv4',
  'ahostsv6',
  'services',
  'protocols',
  'networks',
  'shadow',
  'gshadow',
  'ethers',
  'rpc',
  'netgroup',
  'initgroups',
  'aliases',
];
const HINT = "Try `getent --help' or `getent --usage' for more information.\n";

const FILES: Record<string, string> = {
  passwd: '/etc/passwd',
  group: '/etc/group',
  shadow: '/etc/shadow',
  gshadow: '/etc/gshadow',
  services: '/etc/services',
  protocols: '/etc/protocols',
  networks: '/etc/networks',
};

function* lines(sys: Sys, path: string): Coroutine<string[]> {
  try {
    return (yield* sys.readFile(path))
      .split('\n')
      .map((l) => l.replace(/#.*/, '').trimEnd())
      .filter((l) => l.trim() !== '');
  } catch (e) {
    if (isErrno(e)) return [];
    throw e;
  }
}

const hostLine = (address: string, names: readonly string[]): string => `${address.padEnd(15)} ${names.join(' ')}\n`;

/** gethostent(3): /etc/hosts as a lookup for IPv4 sees it. */
function* listHosts(sys: Sys): Coroutine<number> {
  for (const { address, names } of yield* hostsFile(sys)) {
    const four = addressIn(address, 'inet');
    if (four !== undefined) yield* sys.print(hostLine(formatIp(four), names));
  }
  return 0;
}

function* showHosts(sys: Sys, keys: readonly string[], services: readonly NssService[]): Coroutine<number> {
  if (keys.length === 0) return yield* listHosts(sys);
  let status = 0;
  for (const key of keys) {
    const address = parseIp(key);
    let host: HostEntry | undefined;
    if (address !== undefined) host = yield* hostByAddress(sys, address, services);
    else {
      // gethostbyname2 is asked for IPv6 first.
      for (const family of ['inet6', 'inet'] as const) {
        const found = yield* hostByName(sys, key, family, services);
        if (found.status !== 'SUCCESS') continue;
        host = found.host;
        break;
      }
    }
    if (!host) status = 2;
    for (const a of host?.addresses ?? []) yield* sys.print(hostLine(shownIp(a), [host!.name, ...host!.aliases]));
  }
  return status;
}

/** inet_ntop(3) of an address or of an IPv4 address in an IPv6 lookup. */
function shownIp(address: IpAddress, mapped = false): string {
  return mapped && typeof address === 'number' ? `::ffff:${formatIp(address)}` : formatIp(address);
}

const AHOSTS = { ahosts: 'any', ahostsv4: 'inet', ahostsv6: 'inet6' } as const;

function* showAddresses(
  sys: Sys,
  database: keyof typeof AHOSTS,
  keys: readonly string[],
  addrConfig: boolean,
): Coroutine<number> {
  if (keys.length === 0) return yield* listHosts(sys);
  let status = 0;
  for (const key of keys) {
    const family = AHOSTS[database];
    let found = yield* lookupHost(sys, key, { family, addrConfig });
    // AI_V4MAPPED: without an IPv6 address, the IPv4 ones are shown in IPv6's form.
    if ('error' in found && family === 'inet6') found = yield* lookupHost(sys, key, { family: 'inet' });
    if ('error' in found) {
      status = 2;
      continue;
    }
    let name = found.canonical;
    for (const address of found.addresses) {
      for (const type of ['STREAM', 'DGRAM ', 'RAW   ']) {
        yield* sys.print(`${shownIp(address, family === 'inet6').padEnd(15)} ${type} ${name}\n`);
        name = '';
      }
    }
  }
  return status;
}

/** services, protocols, networks: a name, a value, aliases. */
function* showTable(sys: Sys, database: string, keys: readonly string[]): Coroutine<number> {
  const rows = (yield* lines(sys, FILES[database]!)).map((l) => l.trim().split(/\s+/));
  const show = ([name = '', value = '', ...aliases]: string[]): string => {
    const tail = aliases.length > 0 ? ` ${aliases.join(' ')}` : '';
    return `${name.padEnd(21)} ${value}${tail}\n`;
  };
  if (keys.length === 0) {
    for (const row of rows) yield* sys.print(show(row));
    return 0;
  }
  let status = 0;
  for (const key of keys) {
    const [name = '', proto] = key.split('/');
    const row = rows.find((r) => {
      const [n = '', value = '', ...aliases] = r;
      const [port, p] = value.split('/');
      if (database === 'services' && proto !== undefined && p !== proto) return false;
      if (/^\d+$/.test(name)) return port === name;
      return n === name || aliases.includes(name);
    });
    if (row) yield* sys.print(show(row));
    else status = 2;
  }
  return status;
}

/** passwd, group and the like: whole lines by the first or third field. */
function* showLines(sys: Sys, database: string, keys: readonly string[]): Coroutine<number> {
  const rows = yield* lines(sys, FILES[database]!);
  let status = 0;
  if (keys.length === 0) for (const row of rows) yield* sys.print(`${row}\n`);
  for (const key of keys) {
    const byNumber = /^\d+$/.test(key) && (database === 'passwd' || database === 'group');
    const row = rows.find((r) => r.split(':')[byNumber ? 2 : 0] === key);
    if (row === undefined) status = 2;
    else yield* sys.print(`${row}\n`);
  }
  return status;
}

function* initgroups(sys: Sys, keys: readonly string[]): Coroutine<number> {
  const rows = yield* lines(sys, '/etc/group');
  for (const key of keys) {
    const ids = rows
      .map((r) => r.split(':'))
      .filter((f) => f[3]?.split(',').includes(key))
      .map((f) => f[2]!);
    yield* sys.print(`${key.padEnd(21)}${ids.map((id) => ` ${id}`).join('')}\n`);
  }
  return 0;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const operands: string[] = [];
  let addrConfig = true;
  let services: readonly NssService[] | undefined;
  // `-s [DATABASE:]SERVICES`
  const serviceOption = (text: string): void => {
    const colon = text.indexOf(':');
    if (colon >= 0 && text.slice(0, colon) !== 'hosts') return;
    services = parseNsswitch(`hosts: ${text.slice(colon + 1)}`, 'hosts');
  };
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--help' || word === '-?') {
      yield* sys.print(HELP);
      return 0;
    }
    if (word === '--version' || word === '-V') {
      yield* sys.print('getent (Debian GLIBC 2.36) 2.36\n');
      return 0;
    }
    if (word === '-s' || word === '--service') serviceOption(argv[++i] ?? '');
    else if (word.startsWith('--service=')) serviceOption(word.slice(10));
    else if (word === '-A' || word === '--no-addrconfig') addrConfig = false;
    else if (word === '-i' || word === '--no-idn') continue;
    else if (word.startsWith('--')) {
      yield* sys.eprint(`getent: unrecognized option '${word}'\n${HINT}`);
      return 64;
    } else if (word.startsWith('-') && word !== '-') {
      yield* sys.eprint(`getent: invalid option -- '${word[1]!}'\n${HINT}`);
      return 64;
    } else operands.push(word);
  }
  const [database, ...keys] = operands;
  if (database === undefined) {
    yield* sys.eprint('getent: wrong number of arguments\n');
    yield* sys.print(HINT);
    return 1;
  }
  if (!DATABASES.includes(database)) {
    yield* sys.eprint(`Unknown database: ${database}\n`);
    yield* sys.print(HINT);
    return 1;
  }
  switch (database) {
    case 'hosts':
      return yield* showHosts(sys, keys, services ?? (yield* hostServices(sys)));
    case 'ahosts':
    case 'ahostsv4':
    case 'ahostsv6':
      return yield* showAddresses(sys, database, keys, addrConfig);
    case 'services':
    case 'protocols':
    case 'networks':
      return yield* showTable(sys, database, keys);
    case 'initgroups':
      return yield* initgroups(sys, keys);
    default:
      if (FILES[database]) return yield* showLines(sys, database, keys);
      // No entries anywhere.
      if (database === 'aliases' || (database === 'netgroup' && keys.length > 0)) return keys.length > 0 ? 2 : 0;
      if (database === 'ethers' || database === 'netgroup') {
        if (keys.length > 0) return 2;
        yield* sys.eprint(`Enumeration not supported on ${database}\n`);
        return 3;
      }
      yield* sys.eprint(`getent: not simulated in this course: ${database}\n`);
      return 3;
  }
}

const HELP = `Usage: getent [OPTION...] database [key ...]
Print entries of an administrative database.

  -A, --no-addrconfig        do not filter out unsupported addresses
  -i, --no-idn               no IDN encoding
  -s, --service=CONFIG       service configuration to use
  -?, --help                 this text
  -V, --version              the version

Databases: ahosts ahostsv4 ahostsv6 group hosts initgroups networks passwd protocols services shadow
`;

/** getent(1) of glibc 2.36. */
export const getent: Program = {
  name: 'getent',
  path: '/usr/bin/getent',
  summary: 'get entries from Name Service Switch libraries',
  manual: HELP,
  main,
};
