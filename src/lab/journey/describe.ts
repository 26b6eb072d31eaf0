/** What a packet is, in the fewest words, and which packets belong together. */
import { decode } from '../../engine/core';
import type {
  DnsMessage,
  DnsQuestion,
  DnsRecord,
  EthernetPayload,
  Icmp4Packet,
  Icmp6Packet,
  Ipv4Packet,
  Ipv6Packet,
  TcpSegment,
  UdpDatagram,
} from '../../engine/wire';
import {
  ARP_OP,
  decodeDns,
  DNS_RCODE,
  DNS_TYPE,
  formatIp,
  encodePayload,
  IPPROTO,
  ipAddresses,
  ipProtocol,
  TCP_FLAG,
} from '../../engine/wire';

/** A packet in words. */
export interface Description {
  readonly protocol: string;
  readonly from: string;
  readonly to: string;
  readonly what: string;
}

/** What two packets of one exchange have in common, seen from the sender. */
export interface Tuple {
  readonly protocol: number;
  readonly src: string;
  readonly dst: string;
  /** Port, or the ICMP identifier. */
  readonly sport: number;
  readonly dport: number;
  /** Sequence number of an echo, else 0. */
  readonly seq: number;
  readonly answer: boolean;
}

const DNS_NAMES = new Map(Object.entries(DNS_TYPE).map(([name, n]): [number, string] => [n, name]));
const RCODES = new Map(Object.entries(DNS_RCODE).map(([name, n]): [number, string] => [n, name]));

/** Parts of a DNS message as text. */
export const dnsText = {
  question: (q: DnsQuestion): string => `${q.name || '.'} ${DNS_NAMES.get(q.type) ?? q.type}`,
  record({ name, data }: DnsRecord): string {
    const value =
      'address' in data
        ? formatIp(data.address)
        : 'name' in data
          ? data.name
          : data.type === 'SRV'
            ? `${data.target}:${data.port}`
            : data.type === 'TXT'
              ? data.strings.join(' ')
              : '';
    return `${name || '.'} ${data.type === 'raw' ? data.typeNumber : data.type} ${value}`.trimEnd();
  },
  rcode: (rcode: number): string => RCODES.get(rcode) ?? String(rcode),
};

/** The DNS message in a datagram from or to port 53. */
export function dnsOf(udp: UdpDatagram): DnsMessage | undefined {
  return udp.srcPort === 53 || udp.dstPort === 53 ? decodeDns(udp.payload) : undefined;
}

/** The first line of an HTTP message; undefined for anything else. */
export function firstLine(payload: Uint8Array): string | undefined {
  if (payload.length < 12) return undefined;
  const line = decode(payload.subarray(0, 160)).split('\r\n', 1)[0] ?? '';
  return /^(?:[A-Z]{3,8} \S+ HTTP\/1\.[01]|HTTP\/1\.[01] \d{3}\b.*)$/.test(line) ? line : undefined;
}

const FLAGS = ['SYN', 'FIN', 'RST', 'PSH', 'ACK', 'URG'] as const;

/** The flags of a segment: `SYN`, `SYN ACK`, ... */
export function tcpFlags(tcp: TcpSegment): string {
  return FLAGS.filter((name) => (tcp.flags & TCP_FLAG[name]) !== 0).join(' ') || 'none';
}

const ICMP4_UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  4: 'fragmentation needed',
  9: 'network prohibited',
  10: 'host prohibited',
  13: 'administratively prohibited',
};
const ICMP6_UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'no route',
  1: 'administratively prohibited',
  3: 'address unreachable',
  4: 'port unreachable',
};

/** An ICMP message in words. */
export function icmpText(message: Icmp4Packet | Icmp6Packet): string {
  switch (message.message) {
    case 'echo':
      return message.type === 8 || message.type === 128 ? 'echo request' : 'echo reply';
    case 'error':
      if (message.kind === 'icmp4') {
        if (message.type === 3) return ICMP4_UNREACHABLE[message.code] ?? 'unreachable';
        return message.type === 11 ? 'time exceeded' : message.type === 5 ? 'redirect' : 'parameter problem';
      }
      if (message.type === 1) return ICMP6_UNREACHABLE[message.code] ?? 'unreachable';
      return message.type === 2 ? 'packet too big' : message.type === 3 ? 'time exceeded' : 'parameter problem';
    case 'routerSolicitation':
      return 'router solicitation';
    case 'routerAdvertisement':
      return 'router advertisement';
    case 'neighborSolicitation':
      return 'neighbour solicitation';
    case 'neighborAdvertisement':
      return 'neighbour advertisement';
    case 'mldv2Report':
      return 'multicast listener report';
    default:
      return `type ${message.type}`;
  }
}

/** Describes what a frame carries. */
export function describePacket(payload: EthernetPayload): Description {
  if (payload.kind === 'raw') return { protocol: 'data', from: '', to: '', what: `${payload.bytes.length} bytes` };
  if (payload.kind === 'arp') {
    const request = payload.op === ARP_OP.REQUEST;
    const from = formatIp(payload.spa);
    const to = formatIp(payload.tpa);
    const what = !request ? `${from} is at ${payload.sha}` : from === to ? `announces ${to}` : `who has ${to}?`;
    return { protocol: 'ARP', from: request && from === '0.0.0.0' ? payload.sha : from, to, what };
  }
  const { src, dst } = ipAddresses(payload);
  const from = formatIp(src);
  const to = formatIp(dst);
  const t = payload.payload;
  switch (t.kind) {
    case 'tcp':
      return { protocol: 'TCP', from: withPort(from, t.srcPort), to: withPort(to, t.dstPort), what: tcpText(t) };
    case 'udp':
      return { ...udpText(t), from: withPort(from, t.srcPort), to: withPort(to, t.dstPort) };
    case 'icmp4':
    case 'icmp6':
      return {
        protocol: t.kind === 'icmp4' ? 'ICMP' : 'ICMPv6',
        from,
        to,
        what: t.message === 'echo' ? `${icmpText(t)}, seq ${t.seq}` : icmpText(t),
      };
    default: {
      const fragment = payload.kind === 'ipv4' && (payload.mf || payload.fragmentOffset > 0);
      if (!fragment && ipProtocol(payload) === IPPROTO.IGMP)
        return { protocol: 'IGMP', from, to, what: 'which groups it listens to' };
      const what = fragment ? `fragment at ${payload.fragmentOffset}` : `protocol ${ipProtocol(payload)}`;
      return { protocol: 'IP', from, to, what };
    }
  }
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function tcpText(tcp: TcpSegment): string {
  const line = firstLine(tcp.payload);
  const size = tcp.payload.length;
  return line ?? (size > 0 ? `${tcpFlags(tcp)}, ${size} bytes` : tcpFlags(tcp));
}

function udpText(udp: UdpDatagram): { protocol: string; what: string } {
  const dns = dnsOf(udp);
  if (!dns) return { protocol: 'UDP', what: `${udp.payload.length} bytes` };
  const asked = dns.questions[0] ? dnsText.question(dns.questions[0]) : '';
  if (!dns.response) return { protocol: 'DNS', what: `query ${asked}` };
  const first = dns.answers.find((a) => 'address' in a.data) ?? dns.answers[0];
  return { protocol: 'DNS', what: `${dnsText.rcode(dns.rcode)} ${first ? dnsText.record(first) : asked}` };
}

/** What identifies the exchange that a packet is part of; undefined for packets that nobody answers. */
export function tupleOf(payload: EthernetPayload): Tuple | undefined {
  if (payload.kind === 'raw') return undefined;
  if (payload.kind === 'arp') {
    return {
      protocol: -1,
      src: formatIp(payload.spa),
      dst: formatIp(payload.tpa),
      sport: 0,
      dport: 0,
      seq: 0,
      answer: payload.op !== ARP_OP.REQUEST,
    };
  }
  const { src, dst } = ipAddresses(payload);
  const ends = { src: formatIp(src), dst: formatIp(dst), protocol: ipProtocol(payload) };
  const t = payload.payload;
  switch (t.kind) {
    case 'tcp':
    case 'udp':
      return { ...ends, sport: t.srcPort, dport: t.dstPort, seq: 0, answer: false };
    case 'icmp4':
    case 'icmp6':
      if (t.message === 'echo')
        return { ...ends, sport: t.id, dport: t.id, seq: t.seq, answer: t.type === 0 || t.type === 129 };
      if (t.message === 'neighborSolicitation' || t.message === 'neighborAdvertisement')
        return {
          ...ends,
          dst: formatIp(t.target),
          sport: 0,
          dport: 0,
          seq: 0,
          answer: t.message === 'neighborAdvertisement',
        };
      return undefined;
    default:
      return undefined;
  }
}

/** True when `reply` can be the answer to `request`, both as the answering stack saw them. */
export function answers(reply: Tuple, request: Tuple): boolean {
  if (reply.protocol !== request.protocol) return false;
  switch (request.protocol) {
    case -1:
      return reply.answer && !request.answer && reply.src === request.dst && reply.dst === request.src;
    case IPPROTO.TCP:
    case IPPROTO.UDP:
      return (
        reply.src === request.dst &&
        reply.dst === request.src &&
        reply.sport === request.dport &&
        reply.dport === request.sport
      );
    default:
      if (!reply.answer || request.answer) return false;
      // A neighbour advertisement names the address that was asked for.
      if (request.sport === 0 && request.seq === 0 && reply.dst === request.dst) return true;
      return (
        reply.dst === request.src && reply.sport === request.sport && reply.seq === request.seq && reply.sport !== 0
      );
  }
}

/** True when `error` is an ICMP error about `packet`. */
export function quotes(error: EthernetPayload, packet: EthernetPayload): boolean {
  const original = quoted(error);
  if (!original || (packet.kind !== 'ipv4' && packet.kind !== 'ipv6')) return false;
  const v6 = packet.kind === 'ipv6';
  const mine = head(packet);
  if (original.length < mine.length) return false;
  // Length, identification, addresses and protocol: TTL and checksums have changed on the way.
  const spots = v6 ? range(8, 40) : [2, 3, 4, 5, 9, ...range(12, 20)];
  return spots.every((i) => original[i] === mine[i]);
}

function quoted(payload: EthernetPayload): Uint8Array | undefined {
  if (payload.kind !== 'ipv4' && payload.kind !== 'ipv6') return undefined;
  const t = payload.payload;
  return (t.kind === 'icmp4' || t.kind === 'icmp6') && t.message === 'error' ? t.original : undefined;
}

/** The header of an IP packet as bytes, the parts that `quotes` looks at. */
function head(packet: Ipv4Packet | Ipv6Packet): Uint8Array {
  return encodePayload(packet).subarray(0, packet.kind === 'ipv6' ? 40 : 20);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
