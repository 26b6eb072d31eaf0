import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../src/engine/world';
import { CHECKS, captured, complaints, fields, fileIn, skip, tshark, withFiles } from './tshark.testing';

/** Two namespaces on one cable. */
const CABLE = `
ip netns add a; ip netns add b
ip link add eth0 netns a type veth peer name eth0 netns b
for n in a b; do ip -n $n link set lo up; ip -n $n link set eth0 up; done
ip -n a addr add 192.168.0.1/24 dev eth0; ip -n b addr add 192.168.0.2/24 dev eth0
`;

const CAPTURE = 'ip netns exec a tcpdump -i eth0 -w /tmp/x.pcap & T=$!; sleep 0.2\n';

const OVERLAY = `
ip -n a link add vx type vxlan id 42 dstport 4789 local 192.168.0.1 remote 192.168.0.2 dev eth0
ip -n b link add vx type vxlan id 42 dstport 4789 local 192.168.0.2 remote 192.168.0.1 dev eth0
for n in a b; do ip -n $n link set vx up; done
ip -n a addr add 10.42.0.1/24 dev vx; ip -n b addr add 10.42.0.2/24 dev vx
`;

test('tshark reads VXLAN: both headers, the identifier, one source port a flow', { skip }, () => {
  const script = `${CABLE}${OVERLAY}${CAPTURE}
ip netns exec a ping -c2 -i0.2 -s 1000 10.42.0.2; sleep 0.2; kill $T; wait`;
  captured(script, (file) => {
    const rows = fields(
      file,
      ['vxlan.vni', 'udp.dstport', 'ip.src', 'icmp.type', 'ip.flags.df', 'frame.len'],
      'vxlan && icmp',
    );
    assert.deepEqual(rows, [
      '42\t4789\t192.168.0.1,10.42.0.1\t8\t0,1\t1092',
      '42\t4789\t192.168.0.2,10.42.0.2\t0\t0,0\t1092',
      '42\t4789\t192.168.0.1,10.42.0.1\t8\t0,1\t1092',
      '42\t4789\t192.168.0.2,10.42.0.2\t0\t0,0\t1092',
    ]);
    const ports = new Set(fields(file, ['udp.srcport'], 'vxlan && icmp'));
    assert.equal(ports.size, 1, [...ports].join());
    // The outer checksum of a frame between virtual links is left to the last card, as in the recordings.
    assert.deepEqual(
      complaints(file).filter((line) => !line.includes('VXLAN') && !line.includes('ICMP') && !line.includes('ARP')),
      [],
    );
    assert.deepEqual(tshark(file, ['-Y', '_ws.malformed']), []);
  });
});

test(
  'tshark finds the checksums of VXLAN between cards right, outer and inner, and cuts before the tunnel',
  { skip },
  () => {
    const world = createWorld('two-hosts', 'tshark');
    const on = (machine: string, script: string): void => {
      const { status, screen } = world.exec({ machine }, script);
      assert.equal(status, 0, screen);
    };
    const overlay = (own: string, other: string, address: string): string =>
      `ip link add vx type vxlan id 9 dstport 4789 local ${own} remote ${other} dev eth0 && ip link set vx up && ip addr add ${address}/24 dev vx`;
    on('n1', overlay('192.168.50.11', '192.168.50.12', '10.9.0.1'));
    on('n2', overlay('192.168.50.12', '192.168.50.11', '10.9.0.2'));
    on(
      'n2',
      'cd /tmp; (python3 -m http.server 80 > /dev/null 2>&1 &); (tcpdump -U -i eth0 -w /tmp/x.pcap 2> /dev/null &) ; sleep 0.5',
    );
    on('n1', 'ping -c1 -s 3000 10.9.0.2 > /dev/null; curl -s 10.9.0.2 > /dev/null; sleep 1');
    withFiles([fileIn(world, 'n2', 'x.pcap')], (file) => {
      const incoming = 'vxlan && ip.src == 192.168.50.11';
      const bad = ['ip', 'udp', 'tcp', 'icmp'].map((p) => `${p}.checksum.status == "Bad"`).join(' || ');
      assert.deepEqual(tshark(file!, [...CHECKS, '-Y', `${incoming} && (${bad} || _ws.malformed)`]), []);
      assert.ok(fields(file!, ['ip.dst'], `${incoming} && tcp`).length >= 3);
      assert.ok(
        fields(file!, ['ip.dst'], `${incoming} && ip.flags.mf == 1`).length >= 2,
        'the inner packet was cut first',
      );
    });
  },
);

test('tshark reads 802.1Q and 802.1ad tags, checksums right', { skip }, () => {
  const script = `${CABLE}
for n in a b; do
  ip -n $n link add link eth0 name v10 type vlan id 10; ip -n $n link set v10 up
  ip -n $n link add link eth0 name s5 type vlan protocol 802.1ad id 5; ip -n $n link set s5 up
  ip -n $n link add link s5 name c7 type vlan id 7; ip -n $n link set c7 up
done
ip -n a addr add 10.10.0.1/24 dev v10; ip -n b addr add 10.10.0.2/24 dev v10
ip -n a addr add 10.7.0.1/24 dev c7; ip -n b addr add 10.7.0.2/24 dev c7
${CAPTURE}
ip netns exec a ping -c1 10.10.0.2; ip netns exec a ping -c1 10.7.0.2; sleep 0.2; kill $T; wait`;
  captured(script, (file) => {
    assert.deepEqual(fields(file, ['vlan.id', 'ieee8021ad.id', 'ip.dst', 'icmp.type', 'frame.len'], 'icmp'), [
      '10\t\t10.10.0.2\t8\t102',
      '10\t\t10.10.0.1\t0\t102',
      '7\t5\t10.7.0.2\t8\t106',
      '7\t5\t10.7.0.1\t0\t106',
    ]);
    assert.deepEqual(complaints(file), []);
  });
});

test('tshark reads the spanning tree', { skip }, () => {
  const script = `
ip link add br0 type bridge stp_state 1; ip link set br0 address 02:00:00:00:00:10 up
ip link add p0 type veth peer name q0; ip link set p0 master br0 up; ip link set q0 up
tcpdump -i q0 -w /tmp/x.pcap & T=$!; sleep 5; kill $T; wait`;
  captured(script, (file) => {
    const rows = fields(file, ['stp.root.hw', 'stp.bridge.prio', 'stp.port', 'stp.hello', 'stp.forward'], 'stp');
    assert.ok(rows.length >= 2, String(rows.length));
    assert.equal(rows[0], '02:00:00:00:00:10\t32768\t0x8001\t2\t15');
    assert.deepEqual(tshark(file, ['-Y', '_ws.malformed']), []);
  });
});
