import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { captured, complaints, fields, skip } from './tshark.testing';

const RECORDED = path.join(__dirname, 'recordings/linux/pcap');

/** Protocol and info-free columns of a capture: what tshark takes each packet for. */
function columns(file: string): string[] {
  const names = [
    '_ws.col.Protocol',
    'eth.type',
    'ip.src',
    'ip.dst',
    'arp.opcode',
    'icmp.type',
    'tcp.flags',
    'frame.len',
  ];
  return fields(file, names).filter((line) => !line.includes('ICMPv6'));
}

const PAIR = `ip netns add h1; ip netns add h2
ip link add veth1 netns h1 type veth peer name veth2 netns h2
ip -n h1 addr add 10.0.0.1/24 dev veth1; ip -n h2 addr add 10.0.0.2/24 dev veth2
for h in 1 2; do ip -n h$h link set lo up; ip -n h$h link set veth$h up; done
sleep 3
`;

test('tshark takes the pings of the simulation for what the recorded ones are', { skip }, () => {
  const script = `${PAIR}ip netns exec h1 tcpdump -U -i veth1 -w /tmp/x.pcap 2>/dev/null & sleep 0.3
ip netns exec h1 ping -c3 -i0.2 10.0.0.2 > /dev/null; kill $!; wait`;
  captured(script, (file) => {
    assert.deepEqual(complaints(file), []);
    assert.deepEqual(columns(file), columns(path.join(RECORDED, '01-veth-ping.pcap')));
  });
});

test('tshark finds nothing wrong with an HTTP exchange, a refused connection and fragments', { skip }, () => {
  const script = `${PAIR}cd /tmp; echo hello > index.html
ip netns exec h2 python3 -m http.server 80 > /dev/null 2>&1 & server=$!
ip netns exec h1 tcpdump -U -i veth1 -w /tmp/x.pcap 2>/dev/null & capture=$!; sleep 0.3
ip netns exec h1 curl -s 10.0.0.2 > /dev/null; ip netns exec h1 curl -s 10.0.0.2:81
ip netns exec h1 ping -c1 -s 4000 10.0.0.2 > /dev/null; kill $capture $server; wait`;
  captured(script, (file) => {
    // Checksums that the sender leaves to its card are partial in a capture on the sending side, as on a real veth.
    const offloaded = complaints(file).filter((line) => !/ TCP | HTTP /.test(line));
    assert.deepEqual(offloaded, []);
    const protocols = new Set(columns(file).map((line) => line.split('\t')[0]));
    for (const protocol of ['ARP', 'TCP', 'HTTP', 'IPv4', 'ICMP'])
      assert.ok(protocols.has(protocol), `no ${protocol}: ${[...protocols].join()}`);
  });
});
