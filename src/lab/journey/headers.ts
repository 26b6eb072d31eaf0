/** A frame as headers that a person can compare. */
import type {
  EthernetFrame,
  EthernetPayload,
  Icmp4Packet,
  Icmp6Packet,
  Ipv4Packet,
  Ipv6Packet,
  Mac,
  TcpSegment,
  Transport,
  UdpDatagram,
  VlanTag,
} from '../../engine/wire';
import {
  ARP_OP,
  CHECKSUM_PARTIAL,
  decodeVxlan,
  encodePayload,
  ETHERNET_HEADER,
  ETHERTYPE,
  formatIp,
  IPPROTO,
  ipv4Length,
  payloadEtherType,
  payloadLength,
} from '../../engine/wire';
import { dnsOf, dnsText, firstLine, icmpText, tcpFlags } from './describe';
import type { Header, HeaderField, JourneyLayer } from './types';

/** UDP ports whose datagrams are taken for VXLAN: IANA's, and the Linux kernel's default. */
const VXLAN_PORTS = [4789, 8472];

/** The Ethernet addresses that a packet has, once it has some. */
export interface Addressed {
  readonly src: Mac;
  readonly dst: Mac;
  readonly vlan?: VlanTag;
}

/** A packet taken apart. */
export interface Dissected {
  readonly headers: readonly Header[];
  readonly layers: readonly JourneyLayer[];
  /** Length with the Ethernet header. */
  readonly bytes: number;
}

/** Takes a packet apart. @param eth undefined: it has not come to a link yet. */
export function dissect(payload: EthernetPayload, eth: Addressed | undefined): Dissected {
  const headers: Header[] = [];
  if (eth) headers.push(ethernet(eth, payloadEtherType(payload)));
  addPayload(headers, payload);
  return { headers, layers: headers.map((h) => h.layer), bytes: ETHERNET_HEADER + payloadLength(payload) };
}

/** Marks what differs from the step before. Headers are compared from the inside out, so that a tunnel's are the added ones. */
export function compare(before: readonly Header[] | undefined, now: readonly Header[]): Header[] {
  if (!before) return [...now];
  const shift = now.length - before.length;
  return now.map((header, i) => {
    const was = before[i - shift];
    if (was?.layer !== header.layer) return { ...header, added: true };
    const fields = header.fields.map((field) => {
      const old = was.fields.find((f) => f.name === field.name);
      return old && old.value !== field.value ? { ...field, before: old.value } : field;
    });
    return { ...header, fields };
  });
}

/** Number of fields that a step changed. */
export function changedFields(headers: readonly Header[]): number {
  return headers.reduce((n, h) => n + h.fields.filter((f) => f.before !== undefined).length, 0);
}

const hex = (n: number, digits = 4) => `0x${n.toString(16).padStart(digits, '0')}`;
const field = (name: string, value: string | number): HeaderField => ({ name, value: String(value) });

const TYPE_NAMES = new Map<number, string>([
  [ETHERTYPE.IPV4, 'IPv4'],
  [ETHERTYPE.ARP, 'ARP'],
  [ETHERTYPE.IPV6, 'IPv6'],
]);

function ethernet(eth: Addressed, type: number | undefined): Header {
  const fields = [field('Destination', eth.dst), field('Source', eth.src)];
  if (eth.vlan) fields.push(field('VLAN', eth.vlan.id));
  if (type !== undefined) fields.push(field('Type', `${hex(type)} ${TYPE_NAMES.get(type) ?? ''}`.trimEnd()));
  return { layer: 'eth', title: 'Ethernet', fields };
}

function addFrame(headers: Header[], frame: EthernetFrame): void {
  headers.push(
    ethernet(frame.vlan ? { ...frame, vlan: frame.vlan } : { src: frame.src, dst: frame.dst }, frame.etherType),
  );
  addPayload(headers, frame.payload);
}

function addPayload(headers: Header[], payload: EthernetPayload): void {
  switch (payload.kind) {
    case 'arp':
      headers.push({
        layer: 'arp',
        title: 'Address Resolution Protocol',
        fields: [
          field(
            'Operation',
            payload.op === ARP_OP.REQUEST ? '1 request' : payload.op === ARP_OP.REPLY ? '2 reply' : payload.op,
          ),
          field('Sender MAC', payload.sha),
          field('Sender address', formatIp(payload.spa)),
          field('Target MAC', payload.tha),
          field('Target address', formatIp(payload.tpa)),
        ],
      });
      return;
    case 'ipv4':
      return addIpv4(headers, payload);
    case 'ipv6':
      return addIpv6(headers, payload);
    case 'raw':
      headers.push({ layer: 'data', title: 'Data', fields: [field('Length', payload.bytes.length)] });
  }
}

const PROTOCOLS: Readonly<Record<number, string>> = {
  [IPPROTO.ICMP]: 'ICMP',
  [IPPROTO.TCP]: 'TCP',
  [IPPROTO.UDP]: 'UDP',
  [IPPROTO.ICMPV6]: 'ICMPv6',
};

function protocolText(protocol: number): string {
  return `${protocol} ${PROTOCOLS[protocol] ?? ''}`.trimEnd();
}

function addIpv4(headers: Header[], packet: Ipv4Packet): void {
  const bytes = encodePayload(packet);
  const header = (bytes[0]! & 15) * 4;
  const flags = [...(packet.df ? ['DF'] : []), ...(packet.mf ? ['MF'] : [])].join(' ') || 'none';
  headers.push({
    layer: 'ip',
    title: 'Internet Protocol 4',
    fields: [
      field('Source', formatIp(packet.src)),
      field('Destination', formatIp(packet.dst)),
      field('Protocol', protocolText(packet.protocol)),
      field('Time to live', packet.ttl),
      field('Flags', flags),
      ...(packet.fragmentOffset > 0 ? [field('Fragment offset', packet.fragmentOffset)] : []),
      field('Identification', packet.id),
      ...(packet.tos === 0 ? [] : [field('Type of service', hex(packet.tos, 2))]),
      field('Total length', ipv4Length(packet)),
      field('Checksum', hex((bytes[10]! << 8) | bytes[11]!)),
    ],
  });
  addTransport(headers, packet.payload, bytes, header);
}

function addIpv6(headers: Header[], packet: Ipv6Packet): void {
  const bytes = encodePayload(packet);
  headers.push({
    layer: 'ip',
    title: 'Internet Protocol 6',
    fields: [
      field('Source', formatIp(packet.src)),
      field('Destination', formatIp(packet.dst)),
      field('Next header', protocolText(packet.nextHeader)),
      field('Hop limit', packet.hopLimit),
      field('Payload length', bytes.length - 40),
    ],
  });
  addTransport(headers, packet.payload, bytes, undefined);
}

/** @param at where the transport header begins in `bytes`; undefined when that is not known. */
function addTransport(headers: Header[], payload: Transport, bytes: Uint8Array, at: number | undefined): void {
  const checksum = (offset: number, own: number): HeaderField[] =>
    own === CHECKSUM_PARTIAL
      ? [field('Checksum', 'left to the card')]
      : at === undefined
        ? []
        : [field('Checksum', hex((bytes[at + offset]! << 8) | bytes[at + offset + 1]!))];
  switch (payload.kind) {
    case 'tcp':
      return addTcp(headers, payload, checksum(16, payload.checksum));
    case 'udp':
      return addUdp(headers, payload, checksum(6, payload.checksum));
    case 'icmp4':
    case 'icmp6':
      headers.push(icmp(payload, checksum(2, payload.checksum)));
      return;
    default: {
      const { length } = 'bytes' in payload ? payload.bytes : bytes;
      headers.push({ layer: 'data', title: 'Data', fields: [field('Length', length)] });
    }
  }
}

function addTcp(headers: Header[], tcp: TcpSegment, checksum: readonly HeaderField[]): void {
  const { options } = tcp;
  const texts = options
    ? [
        ...(options.mss === undefined ? [] : [`mss ${options.mss}`]),
        ...(options.sackPermitted ? ['sackOK'] : []),
        ...(options.timestamps === undefined ? [] : ['TS']),
        ...(options.wscale === undefined ? [] : [`wscale ${options.wscale}`]),
      ]
    : [];
  headers.push({
    layer: 'tcp',
    title: 'Transmission Control Protocol',
    fields: [
      field('Source port', tcp.srcPort),
      field('Destination port', tcp.dstPort),
      field('Flags', tcpFlags(tcp)),
      field('Sequence', tcp.seq),
      field('Acknowledgment', tcp.ack),
      field('Window', tcp.window),
      ...checksum,
      ...(texts.length > 0 ? [field('Options', texts.join(', '))] : []),
      ...(tcp.payload.length > 0 ? [field('Data', `${tcp.payload.length} bytes`)] : []),
    ],
  });
  const line = firstLine(tcp.payload);
  if (line !== undefined) headers.push({ layer: 'http', title: 'HTTP', fields: [field('First line', line)] });
}

function addUdp(headers: Header[], udp: UdpDatagram, checksum: readonly HeaderField[]): void {
  headers.push({
    layer: 'udp',
    title: 'User Datagram Protocol',
    fields: [
      field('Source port', udp.srcPort),
      field('Destination port', udp.dstPort),
      field('Length', udp.payload.length + 8),
      ...checksum,
    ],
  });
  const dns = dnsOf(udp);
  if (dns) {
    headers.push({
      layer: 'dns',
      title: 'Domain Name System',
      fields: [
        field('Identification', dns.id),
        field('Kind', dns.response ? 'response' : 'query'),
        ...dns.questions.map((q) => field('Question', dnsText.question(q))),
        ...dns.answers.map((a) => field('Answer', dnsText.record(a))),
        ...(dns.response ? [field('Result', dnsText.rcode(dns.rcode))] : []),
      ],
    });
    return;
  }
  if (!VXLAN_PORTS.includes(udp.dstPort)) return;
  const tunnel = decodeVxlan(udp.payload);
  if (!tunnel) return;
  headers.push({ layer: 'vxlan', title: 'VXLAN', fields: [field('Network identifier', tunnel.vni)] });
  addFrame(headers, tunnel.inner);
}

function icmp(message: Icmp4Packet | Icmp6Packet, checksum: readonly HeaderField[]): Header {
  const v6 = message.kind === 'icmp6';
  const fields = [field('Type', `${message.type} ${icmpText(message)}`), field('Code', message.code)];
  if (message.message === 'echo') fields.push(field('Identifier', message.id), field('Sequence', message.seq));
  if (message.message === 'error' && message.rest !== 0)
    fields.push(field(message.type === (v6 ? 2 : 3) ? 'MTU' : 'Pointer or gateway', message.rest & 0xffff));
  if (message.message === 'neighborSolicitation' || message.message === 'neighborAdvertisement')
    fields.push(field('Target', formatIp(message.target)));
  return {
    layer: 'icmp',
    title: v6 ? 'ICMP for IPv6' : 'Internet Control Message Protocol',
    fields: [...fields, ...checksum],
  };
}
