/** -m addrtype (net/netfilter/xt_addrtype.c, extensions/libxt_addrtype.c). */
import type { IpAddress } from '../../../../wire';
import { isMulticast6 } from '../../../../wire';
import type { Link } from '../../../link/link';
import { HOOK } from '../../hook-table';
import type { PktInfo } from '../../pktinfo';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { destinationOf, sourceOf } from '../packet';
import { XtProblem } from '../problem';

/** RTN_* in the order of their numbers: a type's bit is its place. */
const TYPES = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
];

/** struct xt_addrtype_info_v1; a mask of 0 is no test. */
export interface AddrtypeInfo {
  source: number;
  notSource: boolean;
  dest: number;
  notDest: boolean;
  limitIn: boolean;
  limitOut: boolean;
}

function parseTypes(text: string): number {
  let bits = 0;
  for (const part of text.split(',')) {
    const upper = part.toUpperCase();
    const at = part === '' ? -1 : TYPES.findIndex((t) => t.startsWith(upper));
    if (at < 0) throw new XtProblem(`addrtype: bad type "${part}"`);
    bits |= 1 << at;
  }
  return bits;
}

const formatTypes = (bits: number): string => TYPES.filter((_, i) => bits & (1 << i)).join(',');

/** The bit of an address's type, seen from `link` where it is not null (inet_dev_addr_type). */
function typeBit(p: PktInfo, address: IpAddress, link: Link | null): number {
  const { ns } = p;
  if (typeof address === 'string') {
    if (isMulticast6(address)) return 1 << 5;
    if (link !== null ? link.ip6?.find(address) : ns.addrs.isLocal6(address)) return 1 << 2;
    return 1 << 1;
  }
  let type: string = ns.addrs.type4(address);
  if (link !== null && (type === 'local' || type === 'broadcast') && address !== 0 && address !== 0xffffffff) {
    const own = link.ip4.addresses.some((a) => a.local === address || a.broadcast === address);
    if (!own) type = 'unicast';
  }
  return 1 << Math.max(0, TYPES.indexOf(type.toUpperCase()));
}

/** The extension. */
export const addrtype: XtMatchExtension<AddrtypeInfo> = {
  kind: 'match',
  name: 'addrtype',
  revision: 1,
  options: [
    { name: 'src-type', type: 'string', invert: true },
    { name: 'dst-type', type: 'string', invert: true },
    { name: 'limit-iface-in', type: 'none', excludes: ['limit-iface-out'] },
    { name: 'limit-iface-out', type: 'none', excludes: ['limit-iface-in'] },
  ],
  make: () => ({ source: 0, notSource: false, dest: 0, notDest: false, limitIn: false, limitOut: false }),
  parse(i, option, value, inverted) {
    switch (option) {
      case 'src-type':
        i.source = parseTypes(value.text);
        i.notSource = inverted;
        return;
      case 'dst-type':
        i.dest = parseTypes(value.text);
        i.notDest = inverted;
        return;
      case 'limit-iface-in':
        i.limitIn = true;
        return;
      case 'limit-iface-out':
        i.limitOut = true;
    }
  },
  finish(i) {
    if (i.source === 0 && i.dest === 0) throw new XtProblem('addrtype: you must specify --src-type or --dst-type');
  },
  print(i) {
    let out = ' ADDRTYPE match';
    if (i.source) out += ` src-type ${i.notSource ? '!' : ''}${formatTypes(i.source)}`;
    if (i.dest) out += ` dst-type ${i.notDest ? '!' : ''}${formatTypes(i.dest)}`;
    if (i.limitIn) out += ' limit-in';
    if (i.limitOut) out += ' limit-out';
    return out;
  },
  save(i) {
    let out = '';
    if (i.source) out += `${not(i.notSource)} --src-type ${formatTypes(i.source)}`;
    if (i.dest) out += `${not(i.notDest)} --dst-type ${formatTypes(i.dest)}`;
    if (i.limitIn) out += ' --limit-iface-in';
    if (i.limitOut) out += ' --limit-iface-out';
    return out;
  },
  nft(i) {
    const which = i.source ? 'saddr' : 'daddr';
    const bits = i.source || i.dest;
    const names = formatTypes(bits).toLowerCase().split(',');
    const interfacePart = i.limitIn ? ' . iif' : i.limitOut ? ' . oif' : '';
    const value = names.length > 1 ? `{ ${names.join(', ')} }` : names[0]!;
    return `fib ${which}${interfacePart} type ${(i.source ? i.notSource : i.notDest) ? '!= ' : ''}${value}`;
  },
  kernel: {
    name: 'addrtype',
    matches(i, p) {
      const link = i.limitIn ? p.input : i.limitOut ? p.output : null;
      if (i.source && ((i.source & typeBit(p, sourceOf(p), link)) !== 0) === i.notSource) return false;
      if (i.dest && ((i.dest & typeBit(p, destinationOf(p), link)) !== 0) === i.notDest) return false;
      return true;
    },
    check(i, place) {
      if (i.limitIn && place.hooks & ((1 << HOOK.POSTROUTING) | (1 << HOOK.OUTPUT))) return 'EINVAL';
      if (i.limitOut && place.hooks & ((1 << HOOK.PREROUTING) | (1 << HOOK.INPUT))) return 'EINVAL';
      return undefined;
    },
  },
};
