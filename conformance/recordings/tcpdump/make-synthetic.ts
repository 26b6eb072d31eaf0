/**
 * Writes synthetic.pcap and cooked.pcap: packets of every kind the wire layer knows that the recorded captures lack.
 * `record.sh` then asks the real tcpdump to print them. Run with: npx tsx conformance/recordings/tcpdump/make-synthetic.ts DIR
 */
import { writeFileSync } from 'node:fs';
import * as w from '../../../src/engine/wire';

const mac1 = '02:00:00:00:00:01';
const mac2 = '02:00:00:00:00:02';
const a = w.parseIp4('10.0.0.1')!;
const b = w.parseIp4('10.0.0.2')!;
const a6 = '2001:db8::1';
const b6 = '2001:db8::2';
const text = w.latin1;
const frames: w.EthernetFrame[] = [];
const v4 = (payload: w.Transport, protocol: number, extra: Partial<w.Ipv4Init> = {}): w.Ipv4Packet =>
  w.makeIpv4({ src: a, dst: b, protocol, payload, id: 4711, ...extra });
const v6 = (payload: w.Transport, nextHeader: number, extra: Partial<w.Ipv6Init> = {}): w.Ipv6Packet =>
  w.makeIpv6({ src: a6, dst: b6, nextHeader, payload, ...extra });
const put = (payload: w.EthernetPayload, vlan?: w.VlanTag, trailer?: Uint8Array): void => {
  frames.push(w.makeFrame(mac2, mac1, w.payloadEtherType(payload) ?? 0x88cc, payload, vlan, trailer));
};
const udp = (s: number, d: number, payload: Uint8Array, checksum?: number): void =>
  put(v4(w.makeUdp(s, d, payload, checksum), 17));
const tcp = (
  s: number,
  d: number,
  seq: number,
  ack: number,
  flags: number,
  data = '',
  options?: Partial<w.TcpOptions>,
): void => put(v4(w.makeTcp(s, d, seq, ack, flags, 502, options && w.makeTcpOptions(options), text(data)), 6));

// ARP
put(w.makeArp(1, mac1, a, '00:00:00:00:00:00', b));
put(w.makeArp(1, mac1, a, mac2, b));
put(w.makeArp(2, mac1, a, mac2, b), { id: 10, priority: 3 });
put(w.makeArp(3, mac1, a, mac2, b));
put(w.makeArp(4, mac1, a, mac2, b));
put(w.makeArp(1, mac1, a, '00:00:00:00:00:00', b), { id: 10, priority: 0, dei: true }, new Uint8Array(18));
// ICMP
const quoted = w.encodeIpv4(v4(w.makeUdp(40000, 33434, text('hello hello')), 17)).subarray(0, 36);
const quotedTcp = w.encodeIpv4(v4(w.makeTcp(40000, 443, 1, 0, 2, 100, undefined, w.NO_BYTES), 6));
for (let code = 0; code < 17; code++)
  put(v4(w.makeIcmp4Error(3, code, quoted, code === 4 ? 1400 : 0), 1, { tos: 0xc0 }));
put(v4(w.makeIcmp4Error(3, 3, quotedTcp), 1));
put(v4(w.makeIcmp4Error(3, 4, quotedTcp), 1));
for (let code = 0; code < 5; code++) put(v4(w.makeIcmp4Error(5, code, quoted, w.parseIp4('10.0.0.254')!), 1));
for (let code = 0; code < 3; code++) put(v4(w.makeIcmp4Error(11, code, quoted), 1));
put(v4(w.makeIcmp4Error(12, 0, quoted, 0x14000000), 1));
put(v4(w.makeIcmp4Error(12, 1, quoted), 1));
for (const type of [4, 10, 13, 14, 15, 16, 17, 18, 42]) {
  put(v4({ kind: 'icmp4', message: 'other', type, code: 0, body: new Uint8Array(28).fill(7), checksum: -1 }, 1));
}
put(v4({ ...w.makeIcmp4Echo(7, 1, text('bad sum')), checksum: 0x1234 }, 1));
put(v4(w.makeIcmp4Echo(7, 1, text('options')), 1, { options: new Uint8Array([7, 7, 4, 10, 0, 0, 9, 0]) }));
put(v4(w.makeIcmp4Echo(7, 1, text('ra')), 1, { options: new Uint8Array([148, 4, 0, 0]), df: false, ttl: 0, tos: 3 }));
put({ ...v4(w.makeIcmp4Echo(7, 1, text('bad ip sum')), 1, { tos: 1 }), checksum: 0x4321 });
// fragments
put(
  v4(w.makeRaw(w.encodeTransport(w.makeUdp(1000, 2000, new Uint8Array(64)), a, b, 17).subarray(0, 40)), 17, {
    mf: true,
    df: false,
  }),
);
put(v4(w.makeRaw(new Uint8Array(32)), 17, { fragmentOffset: 40, df: false }));
put(v4(w.makeRaw(new Uint8Array(32)), 1, { fragmentOffset: 1480, mf: true, df: false }));
put(
  v6(w.makeRaw(w.encodeTransport(w.makeUdp(1000, 2000, new Uint8Array(64)), a6, b6, 17).subarray(0, 40)), 17, {
    fragment: { offset: 0, mf: true, id: 77 },
  }),
);
put(v6(w.makeRaw(new Uint8Array(32)), 17, { fragment: { offset: 40, mf: false, id: 77 } }));
// other protocols
put(v4(w.makeRaw(new Uint8Array(10)), 253));
put(v4(w.makeRaw(new Uint8Array(10)), 254));
put(v6(w.makeRaw(w.NO_BYTES), 59));
put(v4(w.makeRaw(w.encodeIpv4(v4(w.makeIcmp4Echo(1, 1, text('inner')), 1))), 4));
put(v4(w.makeRaw(w.fromHex('16000904e0000005')), 2, { ttl: 1 }));
put(
  v4(w.makeRaw(w.fromHex('2200f9020000000104000000e0000009')), 2, { ttl: 1, options: new Uint8Array([148, 4, 0, 0]) }),
);
put(v4(w.makeRaw(w.fromHex('1164ee9b00000000')), 2));
put(v4(w.makeRaw(w.fromHex('1700000 0e0000005'.replace(/ /g, ''))), 2));
// UDP
udp(40000, 7777, text('hello'));
udp(40000, 7777, text('no checksum'), 0);
udp(40000, 7777, text('partial'), w.CHECKSUM_PARTIAL);
udp(40000, 7777, text('bad'), 0x1111);
put(v6(w.makeUdp(40000, 7777, text('six')), 17));
put(v6(w.makeUdp(40000, 7777, text('six'), 0x2222), 17, { trafficClass: 0x20, flowLabel: 0x12345 }));
udp(
  68,
  67,
  (() => {
    const m = new Uint8Array(250);
    m.set([1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78]);
    m.set([2, 0, 0, 0, 0, 1], 28);
    m.set([0x63, 0x82, 0x53, 0x63, 53, 1, 1, 50, 4, 10, 0, 0, 7, 255], 236);
    return m;
  })(),
);
// VXLAN
const inner = w.makeFrame(mac2, mac1, 0x0800, v4(w.makeIcmp4Echo(9, 9, text('inner')), 1));
udp(50000, 4789, w.encodeVxlan(42, inner), 0);
udp(50000, 8472, w.encodeVxlan(1, w.makeFrame(mac2, mac1, 0x0806, w.makeArp(1, mac1, a, '00:00:00:00:00:00', b))), 0);
// TCP
tcp(40000, 80, 1000, 0, 2, '', { mss: 1460, sackPermitted: true, timestamps: { val: 5, ecr: 0 }, wscale: 7 });
tcp(80, 40000, 9000, 1001, 0x12, '', { mss: 1460, sackPermitted: true, wscale: 7 });
tcp(40000, 80, 1001, 9001, 0x10);
tcp(40000, 80, 1001, 9001, 0x18, 'GET /index.html HTTP/1.1\r\nHost: web\r\n\r\n');
tcp(80, 40000, 9001, 1041, 0x18, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
tcp(80, 40000, 9046, 1041, 0x10, 'some more body without a line\nand a second');
tcp(80, 40000, 9100, 1041, 0x10, '\x01\x02binary\xff');
tcp(40000, 80, 1041, 9046, 0x10, '', { timestamps: { val: 7, ecr: 8 }, sack: [[9100, 9109]] });
tcp(40000, 80, 1041, 9109, 0x11);
tcp(40000, 80, 1042, 0, 4);
tcp(40000, 80, 1042, 9109, 0x14, 'a reason for the reset');
tcp(40001, 8080, 5, 6, 0x18, 'POST / HTTP/1.0\r\n\r\n');
tcp(40002, 25, 5, 6, 0x18, 'EHLO there\r\n');
tcp(40003, 22, 5, 6, 0x18, 'SSH-2.0-OpenSSH_9.2p1\r\n');
tcp(40004, 21, 5, 6, 0x18, 'USER anonymous\r\n');
tcp(40005, 443, 0xfffffff0, 6, 0x18, 'wraps around the end of the space');
tcp(40005, 443, 0x11, 6, 0x38, 'urgent');
tcp(40006, 443, 1, 2, 0xc2);
tcp(40007, 443, 1, 2, 0);
tcp(40008, 3306, 1, 2, 0x18, 'a payload without a printer');
put(
  v4(
    w.makeTcp(
      40009,
      443,
      1,
      2,
      0x10,
      502,
      w.makeTcpOptions({ raw: new Uint8Array([28, 4, 0x80, 5, 99, 4, 0x12, 0x34, 1, 1, 0, 0]) }),
      w.NO_BYTES,
    ),
    6,
  ),
);
put(v6(w.makeTcp(40000, 443, 1, 2, 0x18, 502, undefined, text('six'), w.CHECKSUM_PARTIAL), 6));
put(v6(w.makeTcp(443, 40000, 2, 4, 0x18, 502, undefined, text('six')), 6));
// DNS
const q = (name: string, type: number): w.DnsQuestion => ({ name, type, class: 1 });
const rr = (name: string, data: w.DnsData, ttl = 5400): w.DnsRecord => ({ name, class: 1, ttl, data });
const dns = (m: Partial<w.DnsMessage>): void =>
  udp(m.response === true ? 53 : 40000, m.response === true ? 40000 : 53, w.encodeDns(w.makeDns({ id: 1234, ...m })));
dns({ recursionDesired: true, questions: [q('web.shop.test', 1)] });
dns({
  recursionDesired: true,
  checkingDisabled: true,
  authenticData: true,
  questions: [q('web.shop.test', 28)],
  edns: {
    udpSize: 1232,
    extendedRcode: 0,
    version: 0,
    dnssecOk: true,
    options: [{ code: 10, bytes: w.fromHex('0102030405060708') }],
  },
});
dns({
  response: true,
  recursionDesired: true,
  recursionAvailable: true,
  authoritative: true,
  questions: [q('web.shop.test', 1)],
  answers: [
    rr('web.shop.test', { type: 'CNAME', name: 'lb.shop.test' }),
    rr('lb.shop.test', { type: 'A', address: b }),
  ],
  authorities: [rr('shop.test', { type: 'NS', name: 'ns.shop.test' })],
  additionals: [rr('ns.shop.test', { type: 'AAAA', address: b6 })],
  edns: { udpSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options: [] },
});
dns({
  response: true,
  rcode: 3,
  questions: [q('nosuch.test', 1)],
  authorities: [
    rr(
      'test',
      { type: 'SOA', mname: 'ns.test', rname: 'admin.test', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
      3661,
    ),
  ],
});
dns({ response: true, rcode: 2, truncated: true, questions: [q('x.test', 15)] });
dns({
  response: true,
  questions: [q('_http._tcp.test', 33)],
  answers: [
    rr('_http._tcp.test', { type: 'SRV', priority: 1, weight: 2, port: 80, target: 'web.test' }),
    rr('t.test', { type: 'MX', preference: 10, exchange: 'mail.test' }),
    rr('t.test', { type: 'TXT', strings: ['v=1', 'a "b"\x01'] }),
    rr('1.0.0.10.in-addr.arpa', { type: 'PTR', name: 'web.test' }),
  ],
});
dns({ opcode: 4, questions: [q('', 6)] });
tcp(
  40010,
  53,
  1,
  2,
  0x18,
  (() => {
    const m = w.encodeDns(w.makeDns({ id: 7, recursionDesired: true, questions: [q('a.test', 252)] }));
    return String.fromCharCode(0, m.length, ...m);
  })(),
);
udp(5353, 5353, w.encodeDns(w.makeDns({ questions: [q('box.local', 1)] })));
// ICMPv6
const quoted6 = w.encodeIpv6(v6(w.makeUdp(40000, 33434, text('hello')), 17));
const i6 = (p: w.Icmp6Packet, extra: Partial<w.Ipv6Init> = {}): void => put(v6(p, 58, { hopLimit: 255, ...extra }));
i6(w.makeIcmp6Echo(3, 4, text('ping')));
i6(w.makeIcmp6Echo(3, 4, text('ping'), 129));
for (let code = 0; code < 7; code++) i6(w.makeIcmp6Error(1, code, quoted6));
i6(w.makeIcmp6Error(2, 0, quoted6, 1280));
i6(w.makeIcmp6Error(3, 0, quoted6));
i6(w.makeIcmp6Error(3, 1, quoted6));
for (let code = 0; code < 3; code++) i6(w.makeIcmp6Error(4, code, quoted6, 40));
i6(w.makeNeighborSolicitation(b6, mac1));
i6(w.makeNeighborSolicitation(b6, undefined), { src: '::', dst: w.solicitedNode(b6) });
i6(w.makeNeighborAdvertisement(b6, mac2, { router: true, solicited: true, override: true }));
i6(w.makeNeighborAdvertisement(b6, undefined, {}));
i6(w.makeRouterSolicitation([{ option: 'sourceLinkAddress', mac: mac1 }]));
i6({
  kind: 'icmp6',
  code: 0,
  checksum: -1,
  message: 'routerAdvertisement',
  type: 134,
  hopLimit: 64,
  flags: 0xc8,
  lifetime: 1800,
  reachable: 0,
  retrans: 1000,
  options: [
    { option: 'sourceLinkAddress', mac: mac1 },
    { option: 'mtu', mtu: 1500 },
    {
      option: 'prefix',
      prefix: '2001:db8::',
      length: 64,
      flags: 0xc0,
      validLifetime: 86400,
      preferredLifetime: 0xffffffff,
    },
    { option: 'rdnss', lifetime: 300, servers: ['2001:db8::53'] },
  ],
});
i6(
  w.makeMldv2Report([
    { type: 4, group: 'ff02::1:ff00:2', sources: [] },
    { type: 1, group: 'ff02::fb', sources: [a6] },
  ]),
  { hopByHop: w.ROUTER_ALERT_MLD, hopLimit: 1, dst: 'ff02::16' },
);
i6({ ...w.makeIcmp6Echo(3, 4, text('bad sum')), checksum: 0x1234 });
for (const type of [130, 131, 132, 137, 200])
  i6({ kind: 'icmp6', code: 0, checksum: -1, message: 'other', type, body: new Uint8Array(36).fill(2) });
// link layer
frames.push(
  w.makeFrame(
    '01:80:c2:00:00:00',
    mac1,
    38,
    w.makeRaw(
      w.fromHex('424203000002023c8000020000000001000000008000020000000001800100001400020 00f00'.replace(/ /g, '')),
    ),
    undefined,
    new Uint8Array(8),
  ),
);
frames.push(
  w.makeFrame(
    '01:80:c2:00:00:00',
    mac1,
    38,
    w.makeRaw(
      w.fromHex('42420300000000008000020000000001000000008000020000000001800100001400020 00f00'.replace(/ /g, '')),
    ),
  ),
);
frames.push(w.makeFrame(w.MAC_BROADCAST, mac1, 0x1234, w.makeRaw(text('an unknown EtherType with some bytes'))));
frames.push(w.makeFrame(mac2, mac1, 0x0800, w.makeRaw(w.fromHex('4500'))));

const records = frames.map((frame, i): w.PcapRecord => {
  const bytes = w.encodeFrame(frame);
  return {
    seconds: 1763916410 + Math.floor(i / 3) * 7,
    microseconds: (i * 123457) % 1000000,
    length: bytes.length,
    bytes,
  };
});
const dir = process.argv[2]!;
writeFileSync(`${dir}/synthetic.pcap`, w.writePcap({ linkType: 1, snaplen: 262144, records }));
// the same cut at 60 bytes: what a small -s leaves
const cut = records.map((r) => ({ ...r, bytes: r.bytes.subarray(0, 60) }));
writeFileSync(`${dir}/cut.pcap`, w.writePcap({ linkType: 1, snaplen: 60, records: cut }));
const cooked = frames
  .slice(0, 12)
  .concat(frames.slice(-1))
  .map((frame, i): w.PcapRecord => {
    const bytes = w.encodeSll2(frame, { ifindex: 4242 + i, packetType: i % 5, arphrd: 1 });
    return { seconds: 1763916410, microseconds: i, length: bytes.length, bytes };
  });
writeFileSync(`${dir}/cooked.pcap`, w.writePcap({ linkType: 276, snaplen: 262144, records: cooked }));
