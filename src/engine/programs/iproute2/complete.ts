/** Words for Tab after `ip`. */
import type { Sys } from '../../host';
import { netnsNames } from './netns/names';

const OBJECTS = ['address', 'help', 'link', 'maddress', 'monitor', 'neighbour', 'netns', 'route', 'rule'];
const OPTIONS = [
  '-4',
  '-6',
  '-all',
  '-batch',
  '-brief',
  '-color',
  '-details',
  '-family',
  '-human',
  '-json',
  '-netns',
  '-oneline',
  '-pretty',
  '-stats',
  '-timestamp',
  '-Version',
];

const VERBS: Readonly<Record<string, readonly string[]>> = {
  address: ['add', 'change', 'delete', 'flush', 'help', 'replace', 'show'],
  link: ['add', 'delete', 'help', 'property', 'set', 'show'],
  route: ['add', 'append', 'change', 'delete', 'flush', 'get', 'help', 'replace', 'show'],
  neighbour: ['add', 'change', 'delete', 'flush', 'get', 'help', 'replace', 'show'],
  netns: ['add', 'attach', 'delete', 'exec', 'help', 'identify', 'list', 'list-id', 'monitor', 'pids', 'set'],
  rule: ['add', 'delete', 'flush', 'help', 'show'],
  monitor: ['address', 'all', 'help', 'label', 'link', 'neigh', 'nsid', 'route', 'rule'],
  maddress: ['help', 'show'],
};

const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  'link set': [
    'address',
    'alias',
    'allmulticast',
    'arp',
    'broadcast',
    'dev',
    'down',
    'group',
    'master',
    'mtu',
    'multicast',
    'name',
    'netns',
    'nomaster',
    'promisc',
    'txqueuelen',
    'type',
    'up',
  ],
  'link add': ['address', 'dev', 'link', 'mtu', 'name', 'netns', 'peer', 'txqueuelen', 'type'],
  'link show': ['dev', 'group', 'master', 'nomaster', 'type', 'up'],
  'link delete': ['dev', 'group'],
  'address add': ['broadcast', 'dev', 'label', 'peer', 'scope'],
  'address delete': ['dev', 'label'],
  'address show': ['dev', 'label', 'master', 'scope', 'to', 'type', 'up'],
  'address flush': ['dev', 'label', 'scope', 'to'],
  'route add': [
    'blackhole',
    'default',
    'dev',
    'metric',
    'nexthop',
    'onlink',
    'prohibit',
    'proto',
    'scope',
    'src',
    'table',
    'unreachable',
    'via',
  ],
  'route delete': ['default', 'dev', 'metric', 'table', 'via'],
  'route show': ['default', 'dev', 'exact', 'match', 'proto', 'root', 'scope', 'src', 'table', 'type', 'via'],
  'route get': ['from', 'iif', 'mark', 'oif'],
  'route flush': ['dev', 'proto', 'table', 'via'],
  'neighbour add': ['dev', 'lladdr', 'nud', 'proxy'],
  'neighbour delete': ['dev', 'proxy'],
  'neighbour show': ['dev', 'nud', 'proxy', 'to'],
  'neighbour flush': ['all', 'dev', 'nud', 'to'],
  'rule add': ['from', 'fwmark', 'iif', 'lookup', 'oif', 'priority', 'table', 'to'],
};

const DEVICE_AFTER = new Set(['dev', 'master', 'oif', 'iif', 'link']);

/** Names of the links in the process's namespace. */
export function deviceNames(sys: Sys): string[] {
  return sys.net.links.list().map((l) => l.name);
}

/** @param words the arguments before the one being completed. */
export function completeIp(words: readonly string[], sys: Sys): readonly string[] | undefined {
  let i = 0;
  for (; i < words.length && words[i]!.startsWith('-'); i++) {
    if ('-netns'.startsWith(words[i]!) && words[i]!.length > 1) {
      i++;
      if (i >= words.length) return netnsNames(sys).sort();
    } else if ('-family'.startsWith(words[i]!) || '-batch'.startsWith(words[i]!)) {
      i++;
      if (i >= words.length) return '-family'.startsWith(words[i - 1]!) ? ['inet', 'inet6', 'link'] : undefined;
    }
  }
  const rest = words.slice(i);
  if (rest.length === 0) return [...OBJECTS, ...OPTIONS];
  const object = ['address', 'maddress', 'route', 'rule', 'neighbour', 'link', 'monitor', 'netns', 'help'].find((o) =>
    o.startsWith(rest[0]!),
  );
  const verbs = object === undefined ? undefined : VERBS[object];
  if (!object || !verbs) return [];
  if (rest.length === 1) return verbs;
  const verb = verbs.find((v) => v.startsWith(rest[1]!)) ?? rest[1]!;
  const last = rest[rest.length - 1]!;
  if (object === 'netns') {
    if (rest.length === 2) return ['exec', 'delete', 'pids', 'set'].includes(verb) ? netnsNames(sys).sort() : [];
    return verb === 'exec' ? undefined : [];
  }
  if (DEVICE_AFTER.has(last)) return deviceNames(sys);
  if (last === 'netns') return netnsNames(sys).sort();
  if (last === 'type')
    return object === 'route' ? [] : ['bridge', 'bridge_slave', 'dummy', 'ipvlan', 'macvlan', 'veth', 'vlan', 'vxlan'];
  if (last === 'table' || last === 'lookup') return ['all', 'default', 'local', 'main'];
  if (last === 'nud') return ['delay', 'failed', 'incomplete', 'noarp', 'permanent', 'probe', 'reachable', 'stale'];
  if (last === 'scope') return ['global', 'host', 'link'];
  const keywords = KEYWORDS[`${object} ${verb}`] ?? [];
  if (object === 'link' && rest.length === 2 && verb !== 'add') return [...deviceNames(sys), ...keywords];
  if (rest.length === 2 && (verb === 'show' || verb === 'flush') && object === 'address')
    return [...deviceNames(sys), ...keywords];
  return keywords;
}
