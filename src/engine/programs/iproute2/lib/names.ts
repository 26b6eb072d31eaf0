/** The numbers that iproute2 prints by name, as Debian's /etc/iproute2 has them. */
import { readUnsigned } from './args';

const TABLES = new Map([
  [255, 'local'],
  [254, 'main'],
  [253, 'default'],
  [0, 'unspec'],
]);

const PROTOCOLS = new Map([
  [0, 'unspec'],
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [8, 'gated'],
  [9, 'ra'],
  [10, 'mrt'],
  [11, 'zebra'],
  [12, 'bird'],
  [13, 'dnrouted'],
  [14, 'xorp'],
  [15, 'ntk'],
  [16, 'dhcp'],
  [17, 'mrouted'],
  [18, 'keepalived'],
  [42, 'babel'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [192, 'eigrp'],
]);

const SCOPES = new Map([
  [0, 'global'],
  [255, 'nowhere'],
  [254, 'host'],
  [253, 'link'],
  [200, 'site'],
]);

function read(map: ReadonlyMap<number, string>, text: string, max: number): number | undefined {
  for (const [n, name] of map) if (name === text) return n;
  return readUnsigned(text, max);
}

/** Name of a routing table. */
export function tableName(table: number): string {
  return TABLES.get(table) ?? String(table);
}

/** Number of a routing table; undefined when it is none. */
export function readTable(text: string): number | undefined {
  return read(TABLES, text, 0xffffffff);
}

/** Name of a route's origin. */
export function protocolName(protocol: number): string {
  return PROTOCOLS.get(protocol) ?? String(protocol);
}

/** Number of a route's origin; undefined when it is none. */
export function readProtocol(text: string): number | undefined {
  return read(PROTOCOLS, text, 255);
}

/** Name of a scope. */
export function scopeName(scope: number): string {
  return SCOPES.get(scope) ?? String(scope);
}

/** Number of a scope; undefined when it is none. */
export function readScope(text: string): number | undefined {
  return read(SCOPES, text, 255);
}

/** Name of a link group. */
export function groupName(group: number): string {
  return group === 0 ? 'default' : String(group);
}

/** Number of a link group; undefined when it is none. */
export function readGroup(text: string): number | undefined {
  return text === 'default' ? 0 : readUnsigned(text, 0x7fffffff);
}
