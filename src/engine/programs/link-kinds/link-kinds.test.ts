import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stalled } from '../../core';
import { createWorld } from '../../world';
import { fetchLinkKindsWith } from './fetch';

/** Runs shell lines on a fresh machine and returns what the last one shows. */
function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'link-kinds');
  let text = '';
  for (const line of lines) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

const VETH =
  'ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; ip addr add 10.0.0.1/24 dev v0';

test('-d and -j -d of each kind', () => {
  const info = (kind: string, show: string): string => screen(`${VETH}; ip link add x ${kind}`, show);
  const line = (kind: string): string => info(kind, 'ip -d link show x | sed -n "3s/ addrgenmode.*//p"');
  const json = (kind: string): string => info(kind, 'ip -j -d link show x | jq -c ".[0].linkinfo.info_data"').trim();
  assert.equal(line('link v0 type vlan id 9'), '    vlan protocol 802.1Q id 9 <REORDER_HDR>\n');
  assert.equal(
    json('link v0 type vlan protocol 802.1ad id 9'),
    '{"protocol":"802.1ad","id":9,"flags":["REORDER_HDR"]}',
  );
  assert.equal(
    line('link v0 type macvlan mode bridge'),
    '    macvlan mode bridge bcqueuelen 1000 usedbcqueuelen 1000\n',
  );
  assert.equal(line('link v0 type ipvlan mode l2'), '    ipvlan  mode l2 bridge\n');
  assert.equal(
    line('type vxlan id 6 remote 10.0.0.2 dev v0 dstport 4789 ttl inherit tos inherit noudpcsum'),
    '    vxlan id 6 remote 10.0.0.2 dev v0 srcport 0 0 dstport 4789 tos inherit ttl inherit ageing 300 noudpcsum noudp6zerocsumtx noudp6zerocsumrx\n',
  );
  assert.equal(
    json('type vxlan id 5 dev v0 local 10.0.0.1 dstport 4789 nolearning'),
    '{"id":5,"local":"10.0.0.1","link":"v0","port_range":{"low":0,"high":0},"port":4789,"learning":false,"ttl":0,"df":"unset","ageing":300,"udp_csum":true,"udp_zero_csum6_tx":false,"udp_zero_csum6_rx":false}',
  );
});

test('bridge fdb of a VXLAN link: append, replace, via, port and vni', () => {
  const fdb = (...lines: string[]): string =>
    screen(`${VETH}; ip link add x type vxlan id 6 dstport 4789`, ...lines, 'bridge fdb show dev x');
  assert.equal(
    fdb(
      'bridge fdb append 00:00:00:00:00:00 dev x dst 10.0.0.2',
      'bridge fdb append 00:00:00:00:00:00 dev x dst 10.0.0.3',
      'bridge fdb add 02:00:00:00:00:01 dev x dst 10.0.0.9 port 99 vni 7 via v0',
    ),
    '02:00:00:00:00:01 dst 10.0.0.9 port 99 vni 7 via v0 self permanent\n' +
      '00:00:00:00:00:00 dst 10.0.0.2 self permanent\n00:00:00:00:00:00 dst 10.0.0.3 self permanent\n',
  );
  assert.equal(
    screen(
      'ip link add x type vxlan id 6 dstport 4789',
      'bridge fdb append 00:00:00:00:00:00 dev x dst 10.0.0.2',
      'bridge fdb replace 00:00:00:00:00:00 dev x dst 10.0.0.8',
    ),
    'Error: Cannot replace non-unicast fdb entries.\n',
  );
});

test('bridge vlan: ranges, compression, errors', () => {
  const setup =
    'ip link add br0 type bridge vlan_filtering 1; ip link add p type veth peer name q; ip link set p master br0';
  const show = (options: string, ...lines: string[]): string =>
    screen(setup, ...lines, `bridge ${options} vlan show dev p`);
  assert.equal(
    show('-compressvlans', 'bridge vlan add vid 30-32 dev p', 'bridge vlan add vid 7 dev p pvid untagged'),
    'port              vlan-id  \np                 1 Egress Untagged\n' +
      '                  7 PVID Egress Untagged\n                  30-32\n',
  );
  assert.equal(screen(setup, 'bridge vlan add vid 5 dev p self'), 'RTNETLINK answers: Operation not supported\n');
  assert.equal(screen(setup, 'bridge vlan add vid 0 dev p'), 'RTNETLINK answers: Invalid argument\n');
  assert.equal(screen(setup, 'bridge vlan add vid 9-3 dev p'), 'Invalid VLAN range "9-3"\n');
});

test('tc shows what was set in its own units', () => {
  const shown = (options: string): string =>
    screen(VETH, `tc qdisc add dev v0 root handle 1: ${options}`, 'tc qdisc show dev v0').replace(/^.*refcnt \d+ /, '');
  assert.equal(shown('netem delay 1500us'), 'limit 1000 delay 1.5ms\n');
  assert.equal(shown('netem delay 1s 10ms 25%'), 'limit 1000 delay 1s  10ms 25%\n');
  assert.equal(shown('netem loss 0.3% duplicate 1% rate 1mbit'), 'limit 1000 loss 0.3% duplicate 1% rate 1Mbit\n');
  assert.equal(shown('netem delay 10ms reorder 25% 50% gap 5'), 'limit 1000 delay 10ms reorder 25% 50% gap 5\n');
  assert.equal(shown('tbf rate 1500kbit burst 10k latency 50ms'), 'rate 1500Kbit burst 10Kb lat 50ms \n');
  assert.equal(
    screen('tc qdisc add dev lo root netem corrupt 1%'),
    'tc: not simulated in this course: netem corrupt\n',
  );
});

test('the code of a kind is fetched when a command names it, and the world waits', async () => {
  let loads = 0;
  let there = false;
  fetchLinkKindsWith(() => {
    if (there) return undefined;
    loads++;
    return Promise.resolve().then(() => void (there = true));
  });
  try {
    assert.equal(screen(VETH, 'ip link show type veth | wc -l').trim(), '4');
    assert.equal(loads, 0);
    let stalled: Stalled | undefined;
    try {
      screen(VETH, 'ip link add link v0 name v0.5 type vlan id 5');
    } catch (e) {
      assert.ok(e instanceof Stalled);
      stalled = e;
    }
    assert.ok(stalled, 'the world went on without the code');
    await stalled.ready;
    assert.equal(loads, 1);
    assert.match(screen(VETH, 'ip link add link v0 name v0.5 type vlan id 5', 'ip link show v0.5'), /v0\.5@v0/);
  } finally {
    fetchLinkKindsWith(() => undefined);
  }
});

test('tc -n works in another namespace, which -names does not take for itself', () => {
  const setup = 'ip netns add x; ip -n x link add d0 type dummy; ip -n x link set d0 up';
  assert.equal(
    screen(setup, 'tc -n x qdisc add dev d0 root handle 1: pfifo limit 5; tc -s -netns x qdisc show dev d0 | head -1'),
    'qdisc pfifo 1: root refcnt 2 limit 5p\n',
  );
  assert.equal(screen('tc -n nosuch qdisc'), 'Cannot open network namespace "nosuch": No such file or directory\n');
  assert.equal(screen('tc -n'), 'Cannot open network namespace "(null)": No such file or directory\n');
});
