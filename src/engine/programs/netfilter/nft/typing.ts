/** Which datatypes selectors have. */
import type { NftFamily, Operand } from '../../../net/netfilter/nftables';
import { fieldOf } from '../../../net/netfilter/nftables';
import type { DataType } from './datatype';
import { dataType } from './datatypes';

const META: Readonly<Record<string, string>> = {
  mark: 'mark', iif: 'iface_index', oif: 'iface_index', iifname: 'ifname', oifname: 'ifname', iiftype: 'iface_type',
  oiftype: 'iface_type', skuid: 'uid', skgid: 'gid', protocol: 'ether_type', l4proto: 'inet_proto', nfproto: 'nf_proto',
  priority: 'classid', iifgroup: 'devgroup', oifgroup: 'devgroup', pkttype: 'pkt_type', iifkind: 'ifname', oifkind: 'ifname',
  time: 'time_type', day: 'day', hour: 'hour', ibrname: 'ifname', obrname: 'ifname', rtclassid: 'realm', ipsec: 'boolean',
  sdif: 'iface_index', sdifname: 'ifname',
}; // prettier-ignore
const CT: Readonly<Record<string, string>> = {
  state: 'ct_state', direction: 'ct_dir', status: 'ct_status', mark: 'mark', expiration: 'time', helper: 'string', label: 'ct_label',
  l3proto: 'nf_proto', protocol: 'inet_proto', 'proto-src': 'inet_service', 'proto-dst': 'inet_service',
}; // prettier-ignore

/** Widths of integers that have no type of their own, in bits. */
const META_BITS: Readonly<Record<string, number>> = {
  length: 32,
  cpu: 32,
  nftrace: 1,
  cgroup: 32,
  random: 32,
  secmark: 32,
};

const integers = new Map<number, DataType>();
/** The integer type of a width. */
export function integerOf(bits: number): DataType {
  let t = integers.get(bits);
  if (t === undefined) integers.set(bits, (t = { ...dataType('integer')!, bits }));
  return t;
}

/** Datatypes of an operand, one for each part of a concatenation. */
export function typesOf(o: Operand, family: NftFamily): DataType[] {
  switch (o.kind) {
    case 'payload': {
      const f = fieldOf(o.field)!;
      return [f.type === 'integer' ? integerOf(f.bits) : dataType(f.type)!];
    }
    case 'raw':
      if (o.base === 'th' && o.length === 16 && o.offset <= 16) return [dataType('inet_service')!];
      return [{ ...integerOf(o.length), format: (v) => (typeof v === 'number' ? `0x${v.toString(16)}` : `0x${v}`) }];
    case 'meta':
      return [META[o.key] !== undefined ? dataType(META[o.key]!)! : integerOf(META_BITS[o.key] ?? 32)];
    case 'ct': {
      if (o.key === 'saddr' || o.key === 'daddr') {
        const six = o.family === 'ip6' || (o.family === undefined && family === 'ip6');
        return [dataType(six ? 'ipv6_addr' : 'ipv4_addr')!];
      }
      return [
        CT[o.key] !== undefined ? dataType(CT[o.key]!)! : integerOf(o.key === 'zone' ? 16 : o.key === 'id' ? 32 : 53),
      ];
    }
    case 'fib':
      return [dataType({ type: 'fib_addrtype', oif: 'iface_index', oifname: 'ifname', check: 'boolean' }[o.result])!];
    case 'numgen':
    case 'hash':
      return [integerOf(32)];
    case 'bitwise':
    case 'shift':
      return typesOf(o.source, family);
    case 'concat':
      return o.parts.flatMap((p) => typesOf(p, family));
    case 'map':
      return [integerOf(32)];
    case 'exthdr':
      if (o.field === undefined) return [dataType('boolean')!];
      return [o.field === 'nexthdr' ? dataType('inet_proto')! : integerOf(o.field === 'more-fragments' ? 1 : 32)];
    case 'tcpopt':
      return [o.field === undefined ? dataType('boolean')! : integerOf(o.field === 'size' ? 16 : 32)];
    case 'rt':
      if (o.key === 'nexthop') return [dataType(o.family === 'ip6' || family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr')!];
      return [o.key === 'classid' ? dataType('realm')! : integerOf(16)];
    case 'socket':
      return [o.key === 'mark' ? dataType('mark')! : integerOf(1)];
    case 'value':
      return [integerOf(32)];
  }
}

/** Protocols above IP by number, as payload selectors call them. */
export const L4: Readonly<Record<string, number>> = {
  icmp: 1, igmp: 2, tcp: 6, udp: 17, dccp: 33, esp: 50, ah: 51, icmpv6: 58, comp: 108, sctp: 132, udplite: 136,
}; // prettier-ignore
