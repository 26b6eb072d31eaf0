/** Lines of the kernel's log about packets (net/netfilter/nf_log_syslog.c), for LOG targets and `log` statements. */
import type { Ipv4Packet, Ipv6Packet, Transport } from '../../wire';
import {
  IPPROTO,
  TCP_FLAG,
  decodeIpv4,
  decodeIpv6,
  formatIp4,
  icmp4Length,
  ip6Bytes,
  ipv4Length,
  ipv6Length,
  tcpHeaderLength,
  tcpOptionsLength,
  toHex,
  transportLength,
  writeTcp,
} from '../../wire';
import type { PktInfo } from './pktinfo';

/** What a line shows beyond the usual. */
export type LogFlag = 'tcp sequence' | 'tcp options' | 'ip options' | 'skuid' | 'ether';

const hex = (n: number, digits: number): string => `0x${n.toString(16).toUpperCase().padStart(digits, '0')}`;
const ip6Full = (address: string): string => toHex(ip6Bytes(address)).match(/..../g)!.join(':');

function tcpText(t: Extract<Transport, { kind: 'tcp' }>, flags: ReadonlySet<LogFlag>): string {
  let s = `SPT=${t.srcPort} DPT=${t.dstPort} `;
  if (flags.has('tcp sequence')) s += `SEQ=${t.seq} ACK=${t.ack} `;
  s += `WINDOW=${t.window} RES=${hex(((t.flags >> 8) & 0xf) << 2, 2)} `;
  for (const [name, bit] of [
    ['CWR', TCP_FLAG.CWR],
    ['ECE', TCP_FLAG.ECE],
    ['URG', TCP_FLAG.URG],
    ['ACK', TCP_FLAG.ACK],
    ['PSH', TCP_FLAG.PSH],
    ['RST', TCP_FLAG.RST],
    ['SYN', TCP_FLAG.SYN],
    ['FIN', TCP_FLAG.FIN],
  ] as const)
    if ((t.flags & bit) !== 0) s += `${name} `;
  s += `URGP=${t.urgent} `;
  const options = tcpOptionsLength(t.options);
  if (flags.has('tcp options') && options > 0) {
    const bytes = new Uint8Array(tcpHeaderLength(t) + t.payload.length);
    writeTcp(t, bytes, 0, 0);
    s += `OPT (${toHex(bytes.subarray(20, 20 + options)).toUpperCase()}) `;
  }
  return s;
}

function packet4(q: Ipv4Packet, flags: ReadonlySet<LogFlag>, inner: boolean): string {
  let s =
    `SRC=${formatIp4(q.src)} DST=${formatIp4(q.dst)} LEN=${ipv4Length(q)} TOS=${hex(q.tos & 0x1e, 2)} ` +
    `PREC=${hex(q.tos & 0xe0, 2)} TTL=${q.ttl} ID=${q.id} `;
  if (q.df) s += 'DF ';
  if (q.mf) s += 'MF ';
  if (q.fragmentOffset > 0) s += `FRAG:${q.fragmentOffset >> 3} `;
  if (flags.has('ip options') && q.options !== undefined) s += `OPT (${toHex(q.options).toUpperCase()}) `;
  const t = q.payload;
  switch (q.protocol) {
    case IPPROTO.TCP:
    case IPPROTO.UDP: {
      s += q.protocol === IPPROTO.TCP ? 'PROTO=TCP ' : 'PROTO=UDP ';
      if (q.fragmentOffset > 0) break;
      if (t.kind === 'tcp') s += tcpText(t, flags);
      else if (t.kind === 'udp') s += `SPT=${t.srcPort} DPT=${t.dstPort} LEN=${t.payload.length + 8} `;
      else s += `INCOMPLETE [${transportLength(t)} bytes] `;
      break;
    }
    case IPPROTO.ICMP: {
      s += 'PROTO=ICMP ';
      if (q.fragmentOffset > 0) break;
      if (t.kind !== 'icmp4') {
        s += `INCOMPLETE [${transportLength(t)} bytes] `;
        break;
      }
      s += `TYPE=${t.type} CODE=${t.code} `;
      if (t.message === 'echo') s += `ID=${t.id} SEQ=${t.seq} `;
      else if (t.message === 'error') {
        if (t.type === 5) s += `GATEWAY=${formatIp4(t.rest >>> 0)} `;
        if (t.type === 12) s += `PARAMETER=${t.rest >>> 24} `;
        if (!inner && icmp4Length(t) > 8) {
          // The quoted packet may be cut: its own length says what it was.
          const whole = decodeIpv4(t.original) ?? decodeQuoted(t.original);
          if (whole) s += `[${packet4(whole, flags, true)}] `;
        }
        if (t.type === 3 && t.code === 4) s += `MTU=${t.rest & 0xffff} `;
      }
      break;
    }
    default:
      s += `PROTO=${q.protocol} `;
  }
  return s;
}

/** A quoted packet that was cut off. */
function decodeQuoted(bytes: Uint8Array): Ipv4Packet | undefined {
  if (bytes.length < 28) return undefined;
  const total = (bytes[2]! << 8) | bytes[3]!;
  const padded = new Uint8Array(Math.max(total, bytes.length));
  padded.set(bytes);
  return decodeIpv4(padded);
}

const NDP: Readonly<Record<string, number>> = { rs: 133, ra: 134, ns: 135, na: 136 };

function icmp6Type(t: Extract<Transport, { kind: 'icmp6' }>): number {
  return 'type' in t ? (t as { type: number }).type : (NDP[(t as { message: string }).message] ?? 143);
}

function packet6(q: Ipv6Packet, flags: ReadonlySet<LogFlag>, inner: boolean): string {
  let s =
    `SRC=${ip6Full(q.src)} DST=${ip6Full(q.dst)} LEN=${ipv6Length(q)} TC=${q.trafficClass} ` +
    `HOPLIMIT=${q.hopLimit} FLOWLBL=${q.flowLabel} `;
  if (q.fragment !== undefined) {
    s += `OPT ( FRAG:${q.fragment.offset >> 3} `;
    if (q.fragment.mf) s += 'INCOMPLETE ';
    s += `ID:${q.fragment.id.toString(16).padStart(8, '0')} ) `;
  }
  const t = q.payload;
  if (t.kind === 'tcp') s += `PROTO=TCP ${tcpText(t, flags)}`;
  else if (t.kind === 'udp') s += `PROTO=UDP SPT=${t.srcPort} DPT=${t.dstPort} LEN=${t.payload.length + 8} `;
  else if (t.kind === 'icmp6') {
    s += `PROTO=ICMPv6 TYPE=${icmp6Type(t)} CODE=${'code' in t ? (t as { code: number }).code : 0} `;
    if (t.message === 'echo') s += `ID=${t.id} SEQ=${t.seq} `;
    else if (t.message === 'error') {
      const whole = inner ? undefined : decodeIpv6(t.original);
      if (whole) s += `[${packet6(whole, flags, true)}] `;
      if (t.type === 2) s += `MTU=${t.rest} `;
    }
  } else s += `PROTO=${q.nextHeader} `;
  return s;
}

/** The line, without time stamp and level. It ends in a blank, as the kernel's does. */
export function packetLogLine(p: PktInfo, prefix: string, flags: readonly LogFlag[] = []): string {
  const { skb } = p;
  const set = new Set(flags);
  let s = `${prefix}IN=${p.input?.name ?? ''} OUT=${p.output?.name ?? ''} `;
  if (skb.bridgeIn !== null && skb.bridgeIn.link !== p.input) s += `PHYSIN=${skb.bridgeIn.link.name} `;
  if (skb.bridgeOut !== null && skb.bridgeOut.link !== p.output) s += `PHYSOUT=${skb.bridgeOut.link.name} `;
  if (p.input !== null) {
    if (set.has('ether'))
      s += `MACSRC=${skb.src} MACDST=${skb.dst} MACPROTO=${skb.etherType.toString(16).padStart(4, '0')} `;
    else if (p.input.isLoopback) s += 'MAC=00:00:00:00:00:00:00:00:00:00:00:00:08:00 ';
    else {
      const type = skb.etherType;
      const last = [type >> 8, type & 255].map((b) => b.toString(16).padStart(2, '0')).join(':');
      s += `MAC=${skb.dst}:${skb.src}:${last} `;
    }
  }
  const q = skb.payload;
  if (q.kind === 'ipv4') s += packet4(q, set, false);
  else if (q.kind === 'ipv6') s += packet6(q, set, false);
  else if (q.kind === 'arp') {
    s += `ARP HTYPE=1 PTYPE=0x0800 OPCODE=${q.op} MACSRC=${q.sha} IPSRC=${formatIp4(q.spa)} MACDST=${q.tha} IPDST=${formatIp4(q.tpa)} `;
  }
  if (skb.mark >>> 0 !== 0) s += `MARK=0x${(skb.mark >>> 0).toString(16)} `;
  return s;
}

/** Writes the line to the kernel's log. @param level syslog severity, 4 is "warning" */
export function logPacket(p: PktInfo, prefix: string, level: number, flags: readonly LogFlag[] = []): void {
  p.ns.log(packetLogLine(p, prefix, flags), level);
}
