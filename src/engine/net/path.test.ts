import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isErrno } from '../core';
import { IPPROTO, formatIp4, makeIcmp4Echo, parseIp4 } from '../wire';
import { isBridge } from './link/kinds';
import type { NetNamespace } from './namespace';
import { addNic, connectNics } from './cable';
import type { Message } from './socket';
import { CALLER, ROOT, TestWorld } from './testing';
import type { TraceEvent } from './trace';

const ip = (text: string): number => parseIp4(text)!;

/** A veth pair with an address on each end. */
function pair(a: NetNamespace, b: NetNamespace, names: [string, string], addrs: [string | null, string | null]): void {
  a.links.add({ kind: 'veth', name: names[0], peer: { name: names[1], ns: b } });
  [a, b].forEach((ns, i) => {
    const link = ns.links.byName(names[i]!)!;
    const text = addrs[i];
    if (text) ns.addrs.add({ index: link.index, local: ip(text), prefixLength: 24 });
    ns.links.set(ns.loopback, { up: true });
    ns.links.set(link, { up: true });
  });
}

interface Pings {
  rtts: number[];
  errors: { from: string; type: number; code: number }[];
  received: Message[];
}

/** Pings `count` times, a second apart, and collects what comes back. */
function ping(
  w: TestWorld,
  ns: NetNamespace,
  to: string,
  count = 1,
  options: { size?: number; ttl?: number; pmtudisc?: 'do' | 'dont' } = {},
): Pings {
  const s = ns.sockets.createRaw('inet', IPPROTO.ICMP, ROOT);
  if (options.pmtudisc) s.pmtudisc = options.pmtudisc;
  const out: Pings = { rtts: [], errors: [], received: [] };
  const sent = new Map<number, number>();
  w.spawn(
    (function* () {
      for (;;) {
        const m = yield* s.receive(CALLER);
        out.received.push(m);
        const icmp = m.packet.payload;
        if (icmp.kind !== 'icmp4') continue;
        if (icmp.message === 'echo' && icmp.type === 0) out.rtts.push(m.at - sent.get(icmp.seq)!);
        if (icmp.message === 'error')
          out.errors.push({ from: formatIp4(m.packet.src as number), type: icmp.type, code: icmp.code });
      }
    })(),
  );
  for (let seq = 1; seq <= count; seq++) {
    sent.set(seq, w.scheduler.now);
    s.send(
      makeIcmp4Echo(77, seq, new Uint8Array(options.size ?? 56)),
      { address: ip(to), port: 0 },
      options.ttl ? { ttl: options.ttl } : {},
    );
    w.run(1_000_000);
  }
  return out;
}

test('two namespaces ping over a veth, with ARP first and different times', () => {
  const w = new TestWorld();
  const [a, b] = [w.ns(), w.ns()];
  pair(a, b, ['eth0', 'eth0'], ['10.0.0.1', '10.0.0.2']);
  w.run(5_000_000);
  const p = ping(w, a, '10.0.0.2', 4);
  assert.equal(p.rtts.length, 4);
  for (const rtt of p.rtts) assert.ok(rtt >= 20 && rtt <= 150, `rtt ${rtt}`);
  assert.ok(p.rtts[0]! > p.rtts[1]!, 'the first one waits for ARP');
  assert.ok(new Set(p.rtts).size > 1);
  assert.equal(a.neigh.list({ family: 'inet' })[0]!.state, 'REACHABLE');
  assert.equal(b.neigh.list({ family: 'inet' })[0]!.state, 'DELAY');
  w.run(10_000_000);
  assert.equal(b.neigh.list({ family: 'inet' })[0]!.state, 'REACHABLE');
  w.run(120_000_000);
  assert.equal(a.neigh.list({ family: 'inet' })[0]!.state, 'STALE');
});

test('operational states of a veth follow the recordings', () => {
  const w = new TestWorld();
  const [vm, h1, h2] = [w.ns(), w.ns(), w.ns()];
  vm.links.add({ kind: 'veth', name: 'veth1', peer: { name: 'veth2' } });
  const v1 = vm.links.byName('veth1')!;
  const v2 = vm.links.byName('veth2')!;
  assert.deepEqual([v2.index, v1.index], [2, 3]);
  assert.equal(v1.info().qdisc, 'noop');
  vm.links.set(v1, { ns: h1 });
  vm.links.set(v2, { ns: h2 });
  assert.equal(vm.links.byName('veth1'), undefined);
  h1.links.set(v1, { up: true });
  assert.equal(v1.info().operstate, 'LOWERLAYERDOWN');
  assert.equal(v1.info().qdisc, 'noqueue');
  h2.links.set(v2, { up: true });
  assert.equal(v1.info().operstate, 'UP');
  assert.equal(v2.info().operstate, 'UP');
  h1.links.set(v1, { up: false });
  assert.equal(v2.info().operstate, 'DOWN');
  assert.equal(v2.info().flags & 0x40, 0, 'not RUNNING');
  h1.links.delete(v1);
  assert.equal(h2.links.list().length, 1);
});

test('kernel routes of an address, in the order of ip route show table local', () => {
  const w = new TestWorld();
  const [a, b] = [w.ns(), w.ns()];
  pair(a, b, ['veth1', 'veth2'], ['10.0.0.1', null]);
  const text = (table: number): string[] =>
    a.routes.list({ family: 'inet', table }).map((r) => `${r.type} ${formatIp4(r.dst as number)}/${r.dstLength}`);
  assert.deepEqual(text(255), [
    'local 10.0.0.1/32',
    'broadcast 10.0.0.255/32',
    'local 127.0.0.0/8',
    'local 127.0.0.1/32',
    'broadcast 127.255.255.255/32',
  ]);
  assert.deepEqual(text(254), ['unicast 10.0.0.0/24']);
  a.links.set(a.links.byName('veth1')!, { up: false });
  assert.deepEqual(text(254), []);
});

test('nobody answers: host unreachable after three ARP requests', () => {
  const w = new TestWorld();
  const [a, b] = [w.ns(), w.ns()];
  pair(a, b, ['eth0', 'eth0'], ['10.0.0.1', '10.0.0.2']);
  const p = ping(w, a, '10.0.0.99', 3);
  w.run(2_000_000);
  assert.deepEqual(
    p.errors,
    [1, 2, 3].map(() => ({ from: '10.0.0.1', type: 3, code: 1 })),
  );
  assert.equal(a.neigh.list()[0]!.state, 'FAILED');
});

function bridged(w: TestWorld): { vm: NetNamespace; hosts: NetNamespace[] } {
  const vm = w.ns();
  const br = vm.links.add({ kind: 'bridge', name: 'br0' });
  vm.links.set(br, { up: true });
  const hosts = [1, 2, 3].map((i) => {
    const h = w.ns();
    pair(vm, h, [`veth${i}`, 'eth0'], [null, `10.0.0.${i}`]);
    vm.links.set(vm.links.byName(`veth${i}`)!, { master: br.index });
    return h;
  });
  return { vm, hosts };
}

test('a bridge learns, floods and respects isolation', () => {
  const w = new TestWorld();
  const { vm, hosts } = bridged(w);
  const [h1, h2, h3] = hosts as [NetNamespace, NetNamespace, NetNamespace];
  w.run(10_000_000);
  const br = vm.links.byName('br0')!;
  assert.ok(isBridge(br));
  const macs = [1, 2, 3].map((i) => vm.links.byName(`veth${i}`)!.mac).sort();
  assert.equal(br.mac, macs[0], 'the lowest port address');
  const tap = h3.sockets.createPacket(ROOT);
  assert.equal(ping(w, h1, '10.0.0.2', 2).rtts.length, 2);
  const learned = vm.fdb
    .list({ bridge: br.index })
    .filter((e) => e.state === 'dynamic')
    .map((e) => e.mac);
  assert.ok(learned.includes(h1.links.byName('eth0')!.mac) && learned.includes(h2.links.byName('eth0')!.mac));
  const seen: string[] = [];
  w.spawn(
    (function* () {
      for (;;) seen.push((yield* tap.receive(CALLER)).frame.payload.kind);
    })(),
  );
  w.run(10);
  assert.equal(seen.filter((k) => k === 'ipv4').length, 0, 'unicast is not flooded once learned');
  assert.equal(seen.filter((k) => k === 'arp').length, 1, 'the ARP request is flooded');
  for (const i of [1, 2]) vm.links.set(vm.links.byName(`veth${i}`)!, { port: { isolated: true } });
  assert.equal(ping(w, h1, '10.0.0.2', 1).rtts.length, 0);
  assert.equal(ping(w, h1, '10.0.0.3', 1).rtts.length, 1);
  // Router solicitations would keep the entry alive.
  h2.sysctl.set('ipv6/conf/all/disable_ipv6', '1');
  w.run(400_000_000);
  assert.equal(
    vm.fdb.list({ bridge: br.index }).filter((e) => e.state === 'dynamic' && e.mac === h2.links.byName('eth0')!.mac)
      .length,
    0,
    'aged',
  );
});

function routed(w: TestWorld): { h1: NetNamespace; r: NetNamespace; h2: NetNamespace } {
  const [h1, r, h2] = [w.ns(), w.ns(), w.ns()];
  pair(h1, r, ['eth0', 'eth1'], ['10.0.1.2', '10.0.1.1']);
  pair(h2, r, ['eth0', 'eth2'], ['10.0.2.2', '10.0.2.1']);
  h1.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: ip('10.0.1.1') });
  h2.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: ip('10.0.2.1') });
  return { h1, r, h2 };
}

test('a router forwards once ip_forward is set, lowers the TTL and reports what it cannot do', () => {
  const w = new TestWorld();
  const { h1, r } = routed(w);
  assert.equal(ping(w, h1, '10.0.2.2').rtts.length, 0);
  r.sysctl.set('ipv4/ip_forward', '1');
  assert.equal(r.sysctl.get('ipv4/conf/eth1/forwarding'), '1');
  const ok = ping(w, h1, '10.0.2.2');
  assert.equal(ok.received[0]!.ttl, 63);
  assert.deepEqual(ping(w, h1, '10.0.2.2', 1, { ttl: 1 }).errors, [{ from: '10.0.1.1', type: 11, code: 0 }]);
  assert.deepEqual(ping(w, h1, '172.16.0.1').errors, [{ from: '10.0.1.1', type: 3, code: 0 }]);
  const late = ping(w, h1, '10.0.2.9', 4);
  assert.deepEqual(late.errors[0], { from: '10.0.1.1', type: 3, code: 1 });
});

test('long packets are cut and put together again; with DF the router says how long they may be', () => {
  const w = new TestWorld();
  const { h1, r, h2 } = routed(w);
  r.sysctl.set('ipv4/ip_forward', '1');
  const big = ping(w, h1, '10.0.2.2', 1, { size: 4000 });
  assert.equal(big.rtts.length, 1);
  assert.equal(h2.mib.IpReasmOKs, 1);
  assert.equal(h1.mib.IpFragCreates, 3);
  r.links.set(r.links.byName('eth2')!, { mtu: 1400 });
  h2.links.set(h2.links.byName('eth0')!, { mtu: 1400 });
  const df = ping(w, h1, '10.0.2.2', 1, { size: 1472, pmtudisc: 'do' });
  assert.deepEqual(df.errors, [{ from: '10.0.1.1', type: 3, code: 4 }]);
  assert.equal(h1.routes.get({ dst: ip('10.0.2.2') }).mtu, 1400);
});

test('rp_filter drops what comes in by the wrong link', () => {
  const w = new TestWorld();
  const [a, b] = [w.ns(), w.ns()];
  pair(a, b, ['eth1', 'eth1'], ['10.1.0.1', '10.1.0.2']);
  pair(a, b, ['eth2', 'eth2'], ['10.2.0.1', '10.2.0.2']);
  // b answers 10.9.9.9 by the other link.
  a.addrs.add({ index: 1, local: ip('10.9.9.9'), prefixLength: 32 });
  b.routes.add({ family: 'inet', dst: ip('10.9.9.9'), dstLength: 32, gateway: ip('10.2.0.1') });
  b.addrs.add({ index: 1, local: ip('10.8.8.8'), prefixLength: 32 });
  a.routes.add({ family: 'inet', dst: ip('10.8.8.8'), dstLength: 32, gateway: ip('10.1.0.2') });
  const from = (): number => {
    const s = a.sockets.createRaw('inet', IPPROTO.ICMP, ROOT);
    s.bind({ address: ip('10.9.9.9'), port: 0 });
    let n = 0;
    w.spawn(
      (function* () {
        for (;;) {
          yield* s.receive(CALLER);
          n++;
        }
      })(),
    );
    s.send(makeIcmp4Echo(1, 1, new Uint8Array(8)), { address: ip('10.8.8.8'), port: 0 });
    w.run(1_000_000);
    return n;
  };
  assert.equal(from(), 1);
  a.sysctl.set('ipv4/conf/all/rp_filter', '1');
  assert.equal(from(), 0);
  assert.equal(a.mib.TcpExtIPReversePathFilter, 1);
  a.sysctl.set('ipv4/conf/all/rp_filter', '2');
  assert.equal(from(), 1);
});

test('errors carry the texts of the kernel', () => {
  const w = new TestWorld();
  const { h1 } = routed(w);
  const eth0 = h1.links.byName('eth0')!;
  const fails = (f: () => void, code: string, text?: string): void => {
    assert.throws(f, (e) => {
      assert.ok(isErrno(e));
      assert.equal(e.code, code);
      if (text !== undefined) assert.equal(e.detail, text);
      return true;
    });
  };
  const via = (dst: string, length: number, gw: string) => () =>
    h1.routes.add({ family: 'inet', dst: ip(dst), dstLength: length, gateway: ip(gw) });
  fails(via('0.0.0.0', 0, '10.0.1.1'), 'EEXIST');
  fails(via('10.5.0.0', 16, '10.9.9.9'), 'ENETUNREACH', 'Nexthop has invalid gateway');
  via('10.5.0.0', 16, '10.0.1.2')();
  fails(via('10.5.0.1', 16, '10.0.1.1'), 'EINVAL', 'Invalid prefix for given prefix length');
  fails(() => h1.routes.add({ family: 'inet', dst: ip('10.6.0.0'), dstLength: 16 }), 'ENODEV');
  fails(() => h1.routes.delete({ family: 'inet', dst: ip('10.7.0.0'), dstLength: 16 }), 'ESRCH');
  fails(() => h1.routes.list({ family: 'inet', table: 77 }), 'ENOENT', 'ipv4: FIB table does not exist');
  fails(() => h1.links.set(eth0, { mtu: 60 }), 'EINVAL', 'mtu less than device minimum');
  fails(() => h1.links.set(eth0, { mac: '01:00:00:00:00:01' }), 'EADDRNOTAVAIL');
  fails(() => h1.links.add({ kind: 'veth', name: 'eth0', peer: { name: 'x1' } }), 'EEXIST');
  fails(() => h1.links.add({ kind: 'nosuch', name: 'x0' }), 'EOPNOTSUPP', 'Unknown device type');
  fails(() => h1.links.set(h1.loopback, { ns: w.ns() }), 'EINVAL', 'The interface netns is immutable');
  fails(() => h1.links.set(eth0, { name: 'lo' }), 'EEXIST');
  fails(
    () => h1.addrs.add({ index: eth0.index, local: ip('10.0.1.2'), prefixLength: 24 }),
    'EEXIST',
    'ipv4: Address already assigned',
  );
  fails(
    () => h1.addrs.delete({ index: eth0.index, local: ip('10.0.77.1'), prefixLength: 24 }),
    'EADDRNOTAVAIL',
    'ipv4: Address not found',
  );
});

test('nothing is traced when nobody listens, and a listener sees the whole path', () => {
  const w = new TestWorld();
  const { h1, r } = routed(w);
  r.sysctl.set('ipv4/ip_forward', '1');
  assert.equal(h1.tracer.active, false);
  const events: TraceEvent[] = [];
  const stop = h1.tracer.listen((e) => events.push(e));
  ping(w, h1, '10.0.2.2');
  stop();
  const request = events.find((e) => e.event === 'created' && e.by === 'socket')!;
  const path = events.filter((e) => e.packet === request.packet).map((e) => e.event);
  assert.deepEqual(
    path.filter((e) => e === 'tx' || e === 'rx' || e === 'route' || e === 'handled'),
    ['route', 'tx', 'rx', 'route', 'tx', 'rx', 'route', 'handled'],
  );
  const before = events.length;
  ping(w, h1, '10.0.2.2');
  assert.equal(events.length, before);
});

test('a broadcast storm in a loop of bridges leaves time for others', () => {
  const w = new TestWorld();
  const ns = w.ns();
  for (const n of [0, 1]) ns.links.set(ns.links.add({ kind: 'bridge', name: `br${n}` }), { up: true });
  for (const n of [0, 1]) {
    ns.links.add({ kind: 'veth', name: `a${n}`, peer: { name: `b${n}` } });
    ns.links.set(ns.links.byName(`a${n}`)!, { master: ns.links.byName('br0')!.index, up: true });
    ns.links.set(ns.links.byName(`b${n}`)!, { master: ns.links.byName('br1')!.index, up: true });
  }
  ns.addrs.add({ index: ns.links.byName('br0')!.index, local: ip('10.0.0.1'), prefixLength: 24 });
  let turns = 0;
  w.spawn(
    (function* () {
      for (;;) {
        turns++;
        yield { queues: [], until: w.scheduler.now + 1000 };
      }
    })(),
  );
  ns.arp.announce(ns.links.byName('br0')!, ip('10.0.0.1'));
  w.run(100_000);
  assert.ok(turns > 5, `${turns} turns`);
});

test('machines on a cable: latency counts, loss loses, pulling it takes the carrier', () => {
  const w = new TestWorld();
  const a = w.ns(w.machine('one'));
  const b = w.ns(w.machine('two'));
  const [na, nb] = [addNic(a, 'eth0'), addNic(b, 'eth0')];
  const cable = connectNics(na, nb, { latency: 2000, jitter: 0 });
  for (const [ns, nic, addr] of [
    [a, na, '10.0.0.1'],
    [b, nb, '10.0.0.2'],
  ] as const) {
    ns.addrs.add({ index: nic.index, local: ip(addr), prefixLength: 24 });
    ns.links.set(nic, { up: true });
  }
  const p = ping(w, a, '10.0.0.2', 2);
  assert.ok(p.rtts[1]! >= 4000 && p.rtts[1]! < 4200, `rtt ${p.rtts[1]}`);
  cable.plug(false);
  w.run(1_000_000);
  assert.equal(na.info().operstate, 'DOWN');
  cable.plug(true);
  assert.equal(na.info().operstate, 'UP');
});
