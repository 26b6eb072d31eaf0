import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOOK, hooksOf } from '../src/engine/net/netfilter/hook-table';
import { natApi } from '../src/engine/net/conntrack';
import { configure, ip, masquerade, natChain } from '../src/engine/net/conntrack/testing';
import { NF, Skb } from '../src/engine/net';
import { TestWorld } from '../src/engine/net/testing';
import type { EthernetFrame, IpPacket, Ipv4Packet, Transport } from '../src/engine/wire';
import {
  DEFAULT_SNAPLEN,
  ETHERTYPE,
  LINKTYPE,
  NO_BYTES,
  TCP_FLAG,
  encodeFrame,
  encodeIpv4,
  encodeIpv6,
  makeFrame,
  makeIcmp4Echo,
  makeIcmp4Error,
  makeIcmp6Echo,
  makeIcmp6Error,
  makeIpv4,
  makeIpv6,
  makeTcp,
  makeTcpOptions,
  makeUdp,
  writePcap,
} from '../src/engine/wire';
import { createWorld } from '../src/engine/world';
import { CHECKS, complaints, fileIn, skip, tshark as run, withFiles } from './tshark.testing';

/** One line a packet that `filter` takes, with checksums looked at. */
function tshark(file: string, filter: string, names: readonly string[] = []): string[] {
  const out = names.length > 0 ? ['-T', 'fields', ...names.flatMap((f) => ['-e', f])] : [];
  return run(file, [...CHECKS, '-Y', filter, ...out]);
}

/** A client behind a router (the machine itself) that masquerades, and publishes the client's port 80 as 8080. */
const OFFICE = `ip netns add c; ip netns add s
ip link add br0 type bridge; ip link add port0 type veth peer name eth0 netns c; ip link set port0 master br0
ip link add eth1 type veth peer name eth0 netns s
ip addr add 10.0.0.1/24 dev br0; ip addr add 192.0.2.1/24 dev eth1
ip -n c addr add 10.0.0.2/24 dev eth0; ip -n s addr add 192.0.2.2/24 dev eth0
for l in br0 port0 eth1; do ip link set $l up; done
ip -n c link set eth0 up; ip -n s link set eth0 up; ip -n c route add default via 10.0.0.1
sysctl -qw net.ipv4.ip_forward=1; sleep 3
`;

/** Captures on both sides of the router while `script` runs. */
function captured(script: string, look: (inside: string, outside: string) => void): void {
  const world = createWorld('recorder', 'tshark-nat');
  const vm = world.machine('vm');
  const exec = (text: string): void => {
    const { status, screen } = world.exec({ machine: 'vm' }, text);
    assert.equal(status, 0, screen);
  };
  exec(OFFICE);
  const { net } = vm.namespaces;
  masquerade(net, 'eth1');
  natChain(net, HOOK.PREROUTING, (skb) => {
    const { payload } = skb.payload as Ipv4Packet;
    if (payload.kind !== 'tcp' || payload.dstPort !== 8080) return NF.ACCEPT;
    return natApi.setup(net, skb, { min: ip('10.0.0.2'), max: ip('10.0.0.2'), minPort: 80, maxPort: 80 }, 'dst');
  });
  exec(`cd /tmp
ip netns exec c tcpdump -U -i eth0 -w /tmp/in.pcap 2>/dev/null & in=$!
ip netns exec s tcpdump -U -i eth0 -w /tmp/out.pcap 2>/dev/null & out=$!
sleep 0.3
${script}
sleep 0.2; kill $in $out; wait`);
  withFiles([fileIn(world, 'vm', 'in.pcap'), fileIn(world, 'vm', 'out.pcap')], (inside, outside) =>
    look(inside!, outside!),
  );
}

// The sender's own captures show checksums that it leaves to its card, as on a real veth; what the other side sees is whole only
// for packets that did not come straight from a socket, so TCP and UDP are looked at where the router has forwarded them.
test('pings, fragments and errors are right on both sides of the translation', { skip }, () => {
  const script = `ip netns exec c ping -c2 -i0.2 192.0.2.2 > /dev/null
ip netns exec c ping -c1 -s 4000 192.0.2.2 > /dev/null
ip netns exec c traceroute -n -q1 -w1 192.0.2.2 > /dev/null`;
  captured(script, (inside, outside) => {
    for (const file of [inside, outside]) {
      assert.deepEqual(
        tshark(file, '_ws.malformed || ip.checksum.status == "Bad" || icmp.checksum.status == "Bad"'),
        [],
      );
    }
    const pairs = (file: string): string[] => [
      ...new Set(tshark(file, 'icmp.type == 8 || icmp.type == 0', ['ip.src', 'ip.dst', 'icmp.type'])),
    ];
    assert.deepEqual(pairs(inside), ['10.0.0.2\t192.0.2.2\t8', '192.0.2.2\t10.0.0.2\t0']);
    assert.deepEqual(pairs(outside), ['192.0.2.1\t192.0.2.2\t8', '192.0.2.2\t192.0.2.1\t0']);
    // The quoted datagram names the client again.
    const quoted = tshark(inside, 'icmp.type == 3', ['ip.src', 'ip.dst']);
    assert.ok(quoted.length > 0);
    for (const line of quoted) assert.equal(line, '192.0.2.2,10.0.0.2\t10.0.0.2,192.0.2.2');
  });
});

test('TCP through DNAT and masquerading: addresses, ports and streams', { skip }, () => {
  const script = `echo hello > index.html
ip netns exec c python3 -m http.server 80 > /dev/null 2>&1 & server=$!
sleep 0.3; ip netns exec s curl -s 192.0.2.1:8080 > /dev/null; kill $server`;
  captured(script, (inside, outside) => {
    for (const file of [inside, outside])
      assert.deepEqual(tshark(file, '_ws.malformed || ip.checksum.status == "Bad"'), []);
    const flows = (file: string): string[] => [
      ...new Set(tshark(file, 'tcp.dstport == 80 || tcp.dstport == 8080', ['ip.src', 'ip.dst', 'tcp.dstport'])),
    ];
    assert.deepEqual(flows(outside), ['192.0.2.2\t192.0.2.1\t8080']);
    assert.deepEqual(flows(inside), ['192.0.2.2\t10.0.0.2\t80']);
    assert.equal(tshark(outside, 'http.response.code == 200').length, 1);
    assert.equal(tshark(inside, 'http.response.code == 200').length, 1);
  });
});

test('whole checksums stay whole when addresses and ports change, in the quotes of errors too', { skip }, () => {
  const w = new TestWorld('tshark-nat');
  const ns = w.ns();
  for (const [name, address] of [
    ['in', '10.0.0.1'],
    ['out', '192.0.2.1'],
  ] as const) {
    ns.links.add({ kind: 'dummy', name });
    configure(ns, name, address);
  }
  natChain(ns, HOOK.POSTROUTING, (skb, _h, _i, out) =>
    out!.name === 'out'
      ? natApi.setup(ns, skb, { min: ip('192.0.2.1'), max: ip('192.0.2.1'), minPort: 7000, maxPort: 7999 }, 'src')
      : NF.ACCEPT,
  );
  natChain(
    ns,
    HOOK.POSTROUTING,
    (skb) => natApi.setup(ns, skb, { min: 'fd00:2::1', max: 'fd00:2::1', minPort: 7000, maxPort: 7999 }, 'src'),
    'ip6',
  );
  const frames: EthernetFrame[] = [];
  const pass = (p: IpPacket, input: string, output: string): IpPacket => {
    const type = p.kind === 'ipv4' ? ETHERTYPE.IPV4 : ETHERTYPE.IPV6;
    const family = p.kind === 'ipv4' ? 'ip' : 'ip6';
    const skb = new Skb(type, p);
    const [i, o] = [ns.links.byName(input)!, ns.links.byName(output)!];
    skb.dev = i;
    assert.equal(hooksOf(ns).run(family, HOOK.PREROUTING, skb, i, null), NF.ACCEPT);
    assert.equal(hooksOf(ns).run(family, HOOK.POSTROUTING, skb, i, o), NF.ACCEPT);
    frames.push(makeFrame('02:00:00:00:00:01', '02:00:00:00:00:02', type, skb.payload));
    return skb.payload as IpPacket;
  };
  const data = new Uint8Array([1, 2, 3, 4, 5]);
  const four = (protocol: number, payload: Transport): IpPacket =>
    makeIpv4({ src: ip('10.0.0.2'), dst: ip('192.0.2.2'), protocol, payload });
  const six = (nextHeader: number, payload: Transport): IpPacket =>
    makeIpv6({ src: 'fd00:1::2', dst: 'fd00:2::2', nextHeader, payload });
  const syn = makeTcp(1000, 80, 5, 0, TCP_FLAG.SYN, 64240, makeTcpOptions({ mss: 1460 }), NO_BYTES);
  for (const make of [four, six]) {
    const echo = make === four ? makeIcmp4Echo(9, 1, data) : makeIcmp6Echo(9, 1, data);
    const messages: [number, Transport][] = [
      [6, syn],
      [17, makeUdp(1000, 9999, data)],
      [make === four ? 1 : 58, echo],
    ];
    for (const [protocol, payload] of messages) {
      const sent = pass(make(protocol, payload), 'in', 'out');
      if (sent.kind === 'ipv4') {
        const error = makeIcmp4Error(11, 0, encodeIpv4(sent));
        pass(makeIpv4({ src: ip('192.0.2.9'), dst: sent.src, protocol: 1, payload: error }), 'out', 'in');
      } else {
        const error = makeIcmp6Error(3, 0, encodeIpv6(sent));
        pass(makeIpv6({ src: 'fd00:2::9', dst: sent.src, nextHeader: 58, payload: error }), 'out', 'in');
      }
    }
  }
  const records = frames.map((frame, i) => {
    const bytes = encodeFrame(frame);
    return { seconds: i, microseconds: 0, length: bytes.length, bytes };
  });
  withFiles([writePcap({ linkType: LINKTYPE.ETHERNET, snaplen: DEFAULT_SNAPLEN, records })], (file) => {
    assert.equal(tshark(file!, 'frame').length, frames.length);
    assert.deepEqual(complaints(file!), []);
    assert.deepEqual(
      [...new Set(tshark(file!, 'udp.srcport && ip.src == 192.0.2.1 && !icmp', ['ip.src']))],
      ['192.0.2.1'],
    );
    // The quotes name the client and its own port.
    assert.deepEqual(tshark(file!, 'icmp.type == 11 && udp', ['udp.srcport']), ['1000']);
    assert.deepEqual(tshark(file!, 'icmpv6.type == 3 && tcp', ['tcp.srcport']), ['1000']);
  });
});
