/** nft's datatypes: how values of each are written, read and sorted (nftables src/datatype.c). */
import { formatIp4, parseIp4, parseIp6, protocolNumber, servicePort } from '../../../wire';
import { ip6FromKey, ip6Key } from '../../../net/netfilter/nftables';
import type { Scalar } from '../../../net/netfilter/nftables';
import { integer, parseInteger, numberOf, nameOf, symbolic, types } from './datatype';
import type { DataType, Env } from './datatype';
import { fail, parseDuration, formatDuration, daysFromCivil, civilFromDays } from './durations';

const hex = (digits: number) => (n: number) => `0x${n.toString(16).padStart(digits, '0')}`;

integer('integer', 'integer', 53, { perLine: 5 });

integer('string', 'string', 128, {
  parse: (text) => text,
  format: (v) => `"${v}"`,
});

integer('mark', 'packet mark', 32, {
  perLine: 5,
  hostOrder: true,
  parse: (text) => parseInteger(text, 32, 'packet mark'),
  format: (v) => hex(8)(v as number),
});

integer('ipv4_addr', 'IPv4 address', 32, {
  perLine: 2,
  parse(text, env) {
    const a = parseIp4(text);
    if (a !== undefined) return a;
    const known = hostByName(env, text, false);
    if (known !== undefined) return known;
    throw 'Could not resolve hostname: Name or service not known';
  },
  format: (v) => formatIp4(v as number),
});

integer('ipv6_addr', 'IPv6 address', 128, {
  parse(text, env) {
    const a = parseIp6(text);
    if (a !== undefined) return ip6Key(a);
    const known = hostByName(env, text, true);
    if (known !== undefined) return known;
    throw text.includes('.') && parseIp4(text) !== undefined
      ? 'Could not resolve hostname: Address family for hostname not supported'
      : 'Could not resolve hostname: Name or service not known';
  },
  format: (v) => ip6FromKey(String(v)),
});

integer('ether_addr', 'Ethernet address', 48, {
  parse(text) {
    if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text)) throw 'Could not parse Ethernet address';
    return text
      .toLowerCase()
      .split(':')
      .map((p) => p.padStart(2, '0'))
      .join(':');
  },
  format: (v) => String(v),
});

integer('inet_service', 'internet network service', 16, {
  perLine: 5,
  parse(text) {
    const n = numberOf(text);
    if (n !== undefined) {
      if (n > 65535) throw `Service out of range`;
      return n;
    }
    const port = servicePort(text)?.port;
    if (port === undefined) throw 'Could not resolve service: Servname not supported for ai_socktype';
    return port;
  },
  format: (v) => String(v),
});

integer('inet_proto', 'Internet protocol', 8, {
  perLine: 5,
  parse(text) {
    const n = numberOf(text);
    if (n !== undefined) {
      if (n > 255) throw `Unsupported protocol number`;
      return n;
    }
    const p = PROTOCOLS[text] ?? protocolNumber(text);
    if (p === undefined) throw 'Could not resolve protocol name';
    return p;
  },
  format: (v, style) => (style.numeric ? String(v) : (nameOf(PROTOCOLS, v as number) ?? String(v))),
});

integer('ifname', 'network interface name', 128, {
  hostOrder: true,
  parse(text) {
    if (text.length > 15) throw 'String exceeds maximum length of 16';
    return text;
  },
  format: (v) => `"${v}"`,
});

integer('iface_index', 'network interface index', 32, {
  perLine: 1,
  hostOrder: true,
  parse(text, env) {
    const link = env.linkIndex(text);
    if (link !== undefined) return link;
    const n = numberOf(text);
    if (n !== undefined) return n;
    throw 'Interface does not exist';
  },
  format(v, _style, env) {
    const name = env.linkName(v as number);
    return name === undefined ? String(v) : `"${name}"`;
  },
});

integer('uid', 'user ID', 32, {
  hostOrder: true,
  parse(text, env) {
    return numberOf(text) ?? idByName(env.passwd, text) ?? fail('User does not exist');
  },
  format: (v) => String(v),
});

integer('gid', 'group ID', 32, {
  hostOrder: true,
  parse(text, env) {
    return numberOf(text) ?? idByName(env.group, text) ?? fail('Group does not exist');
  },
  format: (v) => String(v),
});

integer('time', 'relative time', 64, {
  hostOrder: true,
  parse: (text) => Math.round(parseDuration(text) / 1000),
  format: (v, style) => formatDuration((v as number) * 1000, style),
});

integer('time_type', 'Date and time', 64, {
  hostOrder: true,
  parse(text) {
    const n = numberOf(text);
    if (n !== undefined) return n * 1e9;
    const m = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
    if (m === null) throw 'Cannot parse date';
    const [, y, mo, d, h = '0', mi = '0', s = '0'] = m;
    return (
      ((daysFromCivil(Number(y), Number(mo), Number(d)) * 24 + Number(h)) * 60 + Number(mi)) * 60e9 + Number(s) * 1e9
    );
  },
  format(v) {
    const seconds = Math.floor((v as number) / 1e9);
    const { year, month, day } = civilFromDays(Math.floor(seconds / 86400));
    const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
    const rest = seconds % 86400;
    return `"${year}-${two(month)}-${two(day)} ${two(rest / 3600)}:${two((rest / 60) % 60)}:${two(rest % 60)}"`;
  },
});

integer('hour', 'Hour of day of packet reception', 32, {
  parse(text) {
    const n = numberOf(text);
    if (n !== undefined) return n;
    const m = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text);
    if (m === null) throw 'Cannot parse hour';
    return Number(m[1]) * 3600 + Number(m[2]) * 60 + Number(m[3] ?? 0);
  },
  format(v) {
    const s = v as number;
    const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
    const text = `${two(s / 3600)}:${two((s / 60) % 60)}`;
    return `"${text}${s % 60 ? `:${two(s % 60)}` : ''}"`;
  },
});

integer('classid', 'TC classid', 32, {
  parse(text) {
    const m = /^([0-9a-f]*):([0-9a-f]*)$/i.exec(text);
    return m === null
      ? parseInteger(text, 32, 'TC classid')
      : parseInt(m[1] || '0', 16) * 65536 + parseInt(m[2] || '0', 16);
  },
  format: (v) => `${((v as number) >>> 16).toString(16)}:${((v as number) & 0xffff).toString(16)}`,
});

/** /etc/protocols as far as nft prints it. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ipencap: 4,
  st: 5,
  tcp: 6,
  egp: 8,
  igp: 9,
  pup: 12,
  udp: 17,
  hmp: 20,
  'xns-idp': 22,
  rdp: 27,
  'iso-tp4': 29,
  dccp: 33,
  xtp: 36,
  ddp: 37,
  'idpr-cmtp': 38,
  ipv6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  idrp: 45,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  skip: 57,
  'ipv6-icmp': 58,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  rspf: 73,
  vmtp: 81,
  eigrp: 88,
  ospf: 89,
  'ax.25': 93,
  ipip: 94,
  etherip: 97,
  encap: 98,
  pim: 103,
  ipcomp: 108,
  comp: 108,
  vrrp: 112,
  l2tp: 115,
  isis: 124,
  sctp: 132,
  fc: 133,
  'mobility-header': 135,
  udplite: 136,
  'mpls-in-ip': 137,
  manet: 138,
  hip: 139,
  shim6: 140,
  wesp: 141,
  rohc: 142,
  ethernet: 143,
};

symbolic({
  name: 'ct_state',
  desc: 'conntrack state',
  bits: 32,
  bitmask: true,
  perLine: 2,
  hostOrder: true,
  symbols: { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 },
  number: hex(8),
  numeric: (n) => `0x${n.toString(16)}`,
});

symbolic({ name: 'ct_dir', desc: 'conntrack direction', bits: 8, perLine: 2, symbols: { original: 0, reply: 1 } });

symbolic({
  name: 'ct_status',
  desc: 'conntrack status',
  bits: 32,
  bitmask: true,
  perLine: 2,
  hostOrder: true,
  numeric: (n) => `0x${n.toString(16)}`,
  symbols: { expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 },
  number: hex(8),
});

symbolic({ name: 'ct_label', desc: 'conntrack label', bits: 128, symbols: {} });

symbolic({
  name: 'tcp_flag',
  desc: 'TCP flag',
  bits: 8,
  bitmask: true,
  numeric: (n) => `0x${n.toString(16)}`,
  number: (n) => `0x${n.toString(16)}`,
  symbols: { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 },
});

symbolic({
  name: 'icmp_type',
  desc: 'ICMP type',
  bits: 8,
  symbols: {
    'echo-reply': 0,
    'destination-unreachable': 3,
    'source-quench': 4,
    redirect: 5,
    'echo-request': 8,
    'router-advertisement': 9,
    'router-solicitation': 10,
    'time-exceeded': 11,
    'parameter-problem': 12,
    'timestamp-request': 13,
    'timestamp-reply': 14,
    'info-request': 15,
    'info-reply': 16,
    'address-mask-request': 17,
    'address-mask-reply': 18,
  },
});

symbolic({
  name: 'icmp_code',
  desc: 'icmp code',
  bits: 8,
  symbols: {
    'net-unreachable': 0,
    'host-unreachable': 1,
    'prot-unreachable': 2,
    'port-unreachable': 3,
    'frag-needed': 4,
    'net-prohibited': 9,
    'host-prohibited': 10,
    'admin-prohibited': 13,
  },
});

symbolic({
  name: 'icmpv6_type',
  desc: 'ICMPv6 type',
  bits: 8,
  symbols: {
    'destination-unreachable': 1,
    'packet-too-big': 2,
    'time-exceeded': 3,
    'parameter-problem': 4,
    'echo-request': 128,
    'echo-reply': 129,
    'mld-listener-query': 130,
    'mld-listener-report': 131,
    'mld-listener-done': 132,
    'mld-listener-reduction': 132,
    'nd-router-solicit': 133,
    'nd-router-advert': 134,
    'nd-neighbor-solicit': 135,
    'nd-neighbor-advert': 136,
    'nd-redirect': 137,
    'router-renumbering': 138,
    'ind-neighbor-solicit': 141,
    'ind-neighbor-advert': 142,
    'mld2-listener-report': 143,
  },
});

symbolic({
  name: 'icmpv6_code',
  desc: 'icmpv6 code',
  bits: 8,
  symbols: {
    'no-route': 0,
    'admin-prohibited': 1,
    'addr-unreachable': 3,
    'port-unreachable': 4,
    'policy-fail': 5,
    'reject-route': 6,
  },
});

symbolic({
  name: 'icmpx_code',
  desc: 'icmpx code',
  bits: 8,
  symbols: { 'no-route': 0, 'port-unreachable': 1, 'host-unreachable': 2, 'admin-prohibited': 3 },
});

symbolic({
  name: 'igmp_type',
  desc: 'IGMP type',
  bits: 8,
  symbols: {
    'membership-query': 17,
    'membership-report-v1': 18,
    'membership-report-v2': 22,
    'membership-report-v3': 34,
    'leave-group': 23,
  },
});

symbolic({
  name: 'iface_type',
  desc: 'network interface type',
  bits: 16,
  hostOrder: true,
  symbols: { ether: 1, ppp: 512, ipip: 768, ipip6: 769, loopback: 772, sit: 776, ipgre: 778 },
});

symbolic({
  name: 'pkt_type',
  desc: 'packet type',
  bits: 8,
  perLine: 2,
  symbols: { host: 0, unicast: 0, broadcast: 1, multicast: 2, other: 3 },
});

symbolic({ name: 'nf_proto', desc: 'netfilter protocol', bits: 8, perLine: 2, symbols: { ipv4: 2, ipv6: 10 } });

symbolic({
  name: 'ether_type',
  desc: 'Ethernet protocol',
  bits: 16,
  number: hex(4),
  numeric: hex(4),
  symbols: { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, '8021q': 0x8100, '8021ad': 0x88a8, vlan: 0x8100 },
});

symbolic({
  name: 'dscp',
  desc: 'Differentiated Services Code Point',
  bits: 6,
  number: hex(2),
  numeric: hex(2),
  symbols: {
    cs0: 0,
    cs1: 8,
    cs2: 16,
    cs3: 24,
    cs4: 32,
    cs5: 40,
    cs6: 48,
    cs7: 56,
    df: 0,
    be: 0,
    lephb: 1,
    af11: 10,
    af12: 12,
    af13: 14,
    af21: 18,
    af22: 20,
    af23: 22,
    af31: 26,
    af32: 28,
    af33: 30,
    af41: 34,
    af42: 36,
    af43: 38,
    va: 44,
    ef: 46,
  },
});

symbolic({
  name: 'ecn',
  desc: 'Explicit Congestion Notification',
  bits: 2,
  symbols: { 'not-ect': 0, ect0: 2, ect1: 1, ce: 3 },
});

symbolic({ name: 'boolean', desc: 'boolean type', bits: 1, symbols: { exists: 1, missing: 0 } });

symbolic({
  name: 'arp_op',
  desc: 'ARP operation',
  bits: 16,
  symbols: { request: 1, reply: 2, rrequest: 3, rreply: 4, inrequest: 8, inreply: 9, nak: 10 },
});

symbolic({
  name: 'day',
  desc: 'Day of week of packet reception',
  bits: 8,
  quote: true,
  symbols: { Sunday: 0, Monday: 1, Tuesday: 2, Wednesday: 3, Thursday: 4, Friday: 5, Saturday: 6 },
});

symbolic({ name: 'devgroup', desc: 'devgroup name', bits: 32, quote: true, hostOrder: true, symbols: { default: 0 } });

symbolic({ name: 'realm', desc: 'routing realm', bits: 32, quote: true, symbols: { cosmos: 0 } });

symbolic({ name: 'cgroupsv2', desc: 'cgroupsv2', bits: 64, symbols: {} });

symbolic({
  name: 'fib_addrtype',
  desc: 'fib address type',
  bits: 32,
  hostOrder: true,
  symbols: {
    unspec: 0,
    unicast: 1,
    local: 2,
    broadcast: 3,
    anycast: 4,
    multicast: 5,
    blackhole: 6,
    unreachable: 7,
    prohibit: 8,
  },
});

/** A datatype by name. */
export function dataType(name: string): DataType | undefined {
  return types.get(name);
}

/** A name of /etc/hosts, which is all that rules should ask. */
function hostByName(env: Env, name: string, six: boolean): Scalar | undefined {
  if (!/[a-z]/i.test(name)) return undefined;
  for (const line of env.hosts.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address === undefined || !names.includes(name)) continue;
    const a = six ? parseIp6(address) : parseIp4(address);
    if (a !== undefined) return typeof a === 'string' ? ip6Key(a) : a;
  }
  return undefined;
}

function idByName(file: string, name: string): number | undefined {
  for (const line of file.split('\n')) {
    const [n, , id] = line.split(':');
    if (n === name && id !== undefined) return Number(id);
  }
  return undefined;
}
