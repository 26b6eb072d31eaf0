import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';

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

/** Where host names are looked up beyond the files: set by what speaks DNS. */
export type HostLookup = (sys: Sys, name: string) => Coroutine<readonly { address: string; name: string }[]>;
let dns: HostLookup | undefined;

/** Lets getent ask a resolver for names that /etc/hosts does not know. */
export function setHostLookup(lookup: HostLookup): void {
  dns = lookup;
}

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

interface Host {
  readonly address: string;
  readonly names: readonly string[];
}

function* hosts(sys: Sys): Coroutine<Host[]> {
  return (yield* lines(sys, '/etc/hosts')).map((line) => {
    const [address = '', ...names] = line.trim().split(/\s+/);
    return { address, names };
  });
}

const isAddress = (s: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(s) || s.includes(':');

/** Hosts by name or address: the files first, then DNS (nsswitch.conf: `hosts: files dns`). */
function* findHosts(sys: Sys, key: string): Coroutine<Host[]> {
  const list = yield* hosts(sys);
  const found = list.filter((h) => (isAddress(key) ? h.address === key : h.names.includes(key)));
  if (found.length > 0 || isAddress(key) || !dns) return found;
  return (yield* dns(sys, key)).map((h) => ({ address: h.address, names: [h.name] }));
}

const hostLine = (h: Host): string => `${h.address.padEnd(15)} ${h.names.join(' ')}\n`;

function* showHosts(sys: Sys, keys: readonly string[]): Coroutine<number> {
  if (keys.length === 0) {
    for (const h of yield* hosts(sys)) yield* sys.print(hostLine(h));
    return 0;
  }
  let status = 0;
  for (const key of keys) {
    const found = yield* findHosts(sys, key);
    // gethostbyname2 is asked for IPv6 first.
    const v6 = found.filter((h) => h.address.includes(':'));
    const shown = v6.length > 0 ? v6 : found;
    if (shown.length === 0) status = 2;
    for (const h of shown) yield* sys.print(hostLine(h));
  }
  return status;
}

function* showAddresses(sys: Sys, database: string, keys: readonly string[]): Coroutine<number> {
  if (keys.length === 0) return yield* showHosts(sys, keys);
  let status = 0;
  for (const key of keys) {
    let found = yield* findHosts(sys, key);
    if (found.length === 0 && isAddress(key)) found = [{ address: key, names: [key] }];
    if (isAddress(key)) found = [{ address: key, names: [key] }];
    if (database === 'ahostsv4') found = found.filter((h) => !h.address.includes(':'));
    if (database === 'ahostsv6') found = found.filter((h) => h.address.includes(':'));
    if (found.length === 0) status = 2;
    let first = true;
    const canonical = found[0]?.names[0] ?? '';
    for (const h of found) {
      for (const type of ['STREAM', 'DGRAM', 'RAW']) {
        yield* sys.print(`${h.address.padEnd(15)} ${type.padEnd(6)} ${first ? canonical : ''}\n`);
        first = false;
      }
    }
  }
  return status;
}

/** services, protocols, networks: a name, a value, aliases. */
function* showTable(sys: Sys, database: string, keys: readonly string[]): Coroutine<number> {
  const rows = (yield* lines(sys, FILES[database]!)).map((l) => l.trim().split(/\s+/));
  const show = ([name = '', value = '', ...aliases]: string[]): string => {
    const width = database === 'services' ? 21 : 21;
    const tail = aliases.length > 0 ? ` ${aliases.join(' ')}` : '';
    return `${name.padEnd(width)} ${value}${tail}\n`;
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
    yield* sys.print(`${key.padEnd(21)} ${ids.join(' ')}${ids.length > 0 ? ' ' : ''}\n`);
  }
  return 0;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const operands: string[] = [];
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
    if (word === '-s' || word === '--service') i++;
    else if (
      word === '-i' ||
      word === '-A' ||
      word === '--no-idn' ||
      word === '--no-addrconfig' ||
      word.startsWith('--service=')
    )
      continue;
    else if (word.startsWith('-') && word !== '-') {
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
      return yield* showHosts(sys, keys);
    case 'ahosts':
    case 'ahostsv4':
    case 'ahostsv6':
      return yield* showAddresses(sys, database, keys);
    case 'services':
    case 'protocols':
    case 'networks':
      return yield* showTable(sys, database, keys);
    case 'initgroups':
      return yield* initgroups(sys, keys);
    default:
      if (FILES[database]) return yield* showLines(sys, database, keys);
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
