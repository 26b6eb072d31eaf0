/** Fields of the protocols above IP, but for ICMP. */
import type { TcpSegment, UdpDatagram } from '../../../../wire';
import { get16, makeTcp, makeUdp, peekPorts, tcpHeaderLength } from '../../../../wire';
import type { PktInfo } from '../../pktinfo';
import type { Field, Place } from './header';
import { header, putTransport, transport } from './header';

const TCP: Place<TcpSegment> = {
  base: 'th',
  of(p) {
    const t = transport(p);
    return t?.kind === 'tcp' ? t : undefined;
  },
  replace: putTransport,
};
const UDP: Place<UdpDatagram> = {
  base: 'th',
  of(p) {
    const t = transport(p);
    return t?.kind === 'udp' ? t : undefined;
  },
};
/** The octets of a protocol that the simulation does not take apart. */
const octets = (protocol: number): Place<Uint8Array> => ({
  base: 'th',
  of(p) {
    const t = transport(p);
    return p.l4proto === protocol && t?.kind === 'raw' ? t.bytes : undefined;
  },
});

const octet =
  (at: number) =>
  (bytes: Uint8Array): number | undefined =>
    bytes[at];
const get32 = (bytes: Uint8Array, at: number): number => get16(bytes, at) * 65536 + get16(bytes, at + 2);
const word =
  (at: number) =>
  (bytes: Uint8Array): number | undefined =>
    bytes.length < at + 4 ? undefined : get32(bytes, at);

/** Source or destination port of TCP, UDP and whatever else has ports in its first four bytes. */
function port(p: PktInfo, which: 'src' | 'dst'): number | undefined {
  const t = transport(p);
  if (t === undefined) return undefined;
  if (t.kind === 'tcp' || t.kind === 'udp') return which === 'src' ? t.srcPort : t.dstPort;
  return peekPorts(t, p.l4proto)?.[which];
}

function putPort(p: PktInfo, which: 'src' | 'dst', v: number): void {
  const t = transport(p);
  if (t?.kind === 'tcp') {
    const { seq, ack, flags, window, options, payload, checksum, urgent } = t;
    const [s, d] = which === 'src' ? [v, t.dstPort] : [t.srcPort, v];
    putTransport(p, makeTcp(s, d, seq, ack, flags, window, options, payload, checksum, urgent));
  } else if (t?.kind === 'udp') {
    const [s, d] = which === 'src' ? [v, t.dstPort] : [t.srcPort, v];
    putTransport(p, makeUdp(s, d, t.payload, t.checksum));
  }
}

/** Both ports. @param only the protocol's number; undefined: any protocol's */
function ports(protocol: string, only?: number): Field[] {
  return (['src', 'dst'] as const).map((which) => ({
    protocol,
    name: which === 'src' ? 'sport' : 'dport',
    type: 'inet_service',
    base: 'th',
    offset: which === 'src' ? 0 : 16,
    bits: 16,
    get: (p) => (only !== undefined && p.l4proto !== only ? undefined : port(p, which)),
    put: (p, v) => putPort(p, which, v as number),
  }));
}

/** The fields, protocol by protocol. */
export const TRANSPORT_FIELDS: readonly Field[] = [
  ...ports('th'),
  ...ports('tcp', 6),
  ...header('tcp', TCP, {
    sequence: [32, 32, 'integer', (t) => t.seq, (_, n) => ({ seq: n })],
    ackseq: [64, 32, 'integer', (t) => t.ack, (_, n) => ({ ack: n })],
    doff: [96, 4, 'integer', (t) => tcpHeaderLength(t) / 4],
    reserved: [100, 4, 'integer', (t) => (t.flags >> 8) & 15],
    flags: [104, 8, 'tcp_flag', (t) => t.flags & 255, (_, n) => ({ flags: n })],
    window: [112, 16, 'integer', (t) => t.window, (_, n) => ({ window: n })],
    checksum: [128, 16, 'integer', (t) => Math.max(0, t.checksum)],
    urgptr: [144, 16, 'integer', (t) => t.urgent, (_, n) => ({ urgent: n })],
  }),
  ...ports('udp', 17),
  ...header('udp', UDP, {
    length: [32, 16, 'integer', (t) => t.payload.length + 8],
    checksum: [48, 16, 'integer', (t) => Math.max(0, t.checksum)],
  }),
  ...ports('sctp', 132),
  ...header('sctp', octets(132), { vtag: [32, 32, 'integer', word(4)] }),
  ...ports('dccp', 33),
  ...ports('udplite', 136),
  ...header('igmp', octets(2), {
    type: [0, 8, 'igmp_type', octet(0)],
    mrt: [8, 8, 'integer', octet(1)],
    checksum: [16, 16, 'integer', (bytes) => get16(bytes, 2)],
    group: [32, 32, 'ipv4_addr', (bytes) => get32(bytes, 4)],
  }),
  ...header('esp', octets(50), { spi: [0, 32, 'integer', word(0)], sequence: [32, 32, 'integer', word(4)] }),
  ...header('ah', octets(51), { nexthdr: [0, 8, 'inet_proto', octet(0)], spi: [32, 32, 'integer', word(4)] }),
  ...header('comp', octets(108), { nexthdr: [0, 8, 'inet_proto', octet(0)] }),
];
