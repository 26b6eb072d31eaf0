import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeIcmp4Echo, parseIp4 } from '../../wire';
import type { LinkSpec } from '../api';
import type { NetNamespace } from '../namespace';
import { Netem, NETEM_DEFAULTS } from '../qdisc/netem';
import { Tbf } from '../qdisc/tbf';
import { TestWorld } from '../testing';
import type { TraceEvent } from '../trace';
import type { BridgeLink } from './bridge';
import { bridgeOps } from './bridge-ops';
import { BridgeVlans } from './bridge-vlan';
import { NF } from '../hooks';
import type { Netfilter } from '../hooks';
import { IPVLAN_KIND } from './ipvlan';
import { registerLinkKind } from './kinds';
import type { Link } from './link';
import { MACVLAN_KIND } from './macvlan';
import { Stp } from './stp';
import { VLAN_KIND } from './vlan';
import type { VxlanLink } from './vxlan';
import { VXLAN_KIND } from './vxlan';

registerLinkKind('vlan', VLAN_KIND);
registerLinkKind('vxlan', VXLAN_KIND);
registerLinkKind('macvlan', MACVLAN_KIND);
registerLinkKind('ipvlan', IPVLAN_KIND);
bridgeOps.vlans = (bridge) => new BridgeVlans(bridge);
bridgeOps.stp = (bridge) => new Stp(bridge);

const ip = (text: string): number => parseIp4(text)!;

/** Adds a link of any kind. */
function add(ns: NetNamespace, spec: object): Link {
  return ns.links.add(spec as LinkSpec);
}

/** A veth with both ends up; addresses as given. */
function cable(a: NetNamespace, b: NetNamespace, name: string, peer = name): [Link, Link] {
  const link = a.links.add({ kind: 'veth', name, up: true, peer: { name: peer, ns: b, up: true } });
  a.links.set(link, { up: true });
  return [link, b.links.byName(peer)!];
}

function address(link: Link, text: string, length = 24): void {
  link.ns.addrs.add({ index: link.index, local: ip(text), prefixLength: length });
}

/** Does an ICMP echo come back within two seconds of virtual time? */
function pings(world: TestWorld, from: NetNamespace, to: string): boolean {
  const before = from.mib.IcmpInEchoReps;
  from.ip4.output.send({
    src: 0,
    dst: ip(to),
    protocol: 1,
    payload: makeIcmp4Echo(7, 1, new Uint8Array(56)),
  });
  world.run(2e6);
  return from.mib.IcmpInEchoReps > before;
}

function errno(run: () => void): string {
  try {
    run();
  } catch (e) {
    return `${(e as { code: string }).code} ${(e as { detail?: string }).detail ?? ''}`.trim();
  }
  return 'none';
}

test('VLANs on one cable are apart; a sub-interface goes up and down with its link', () => {
  const world = new TestWorld('vlan');
  const a = world.ns();
  const b = world.ns();
  const [ea, eb] = cable(a, b, 'eth0');
  const a10 = add(a, { kind: 'vlan', name: 'eth0.10', link: ea.index, id: 10, data: true, up: true });
  const b10 = add(b, { kind: 'vlan', name: 'eth0.10', link: eb.index, id: 10, data: true, up: true });
  const b20 = add(b, { kind: 'vlan', name: 'eth0.20', link: eb.index, id: 20, data: true, up: true });
  address(a10, '10.0.10.1');
  address(b10, '10.0.10.2');
  assert.equal(a10.mac, ea.mac);
  assert.ok(pings(world, a, '10.0.10.2'));
  b.links.delete(b10);
  address(b20, '10.0.10.2');
  a.neigh.flushLink(a10, false);
  assert.ok(!pings(world, a, '10.0.10.2'), 'the same address in another VLAN is not reached');
  a.links.set(ea, { up: false });
  assert.ok(!a10.up);
  assert.equal(
    errno(() => a.links.set(a10, { up: true })),
    'ENETDOWN',
  );
  a.links.set(ea, { up: true });
  assert.ok(a10.up);
  a.links.set(ea, { mtu: 1400 });
  assert.equal(a10.mtu, 1400);
  assert.equal(
    errno(() => a.links.set(a10, { mtu: 1500 })),
    'ERANGE',
  );
  a.links.delete(ea);
  assert.equal(a.links.byName('eth0.10'), undefined);
});

test('802.1Q requests that the kernel refuses', () => {
  const ns = new TestWorld('vlan errors').ns();
  const [eth0] = cable(ns, ns, 'eth0', 'eth1');
  const spec = (more: object): object => ({ kind: 'vlan', name: 'v', link: eth0.index, data: true, ...more });
  assert.equal(
    errno(() => add(ns, { kind: 'vlan', name: 'v' })),
    'EINVAL 8021q: VLAN properties not specified',
  );
  assert.equal(
    errno(() => add(ns, spec({}))),
    'EINVAL 8021q: VLAN id not specified',
  );
  assert.equal(
    errno(() => add(ns, spec({ id: 4096 }))),
    'ERANGE 8021q: Invalid VLAN id',
  );
  assert.equal(
    errno(() => add(ns, spec({ id: 5, link: 99 }))),
    'ENODEV 8021q: link does not exist',
  );
  add(ns, spec({ id: 5 }));
  assert.equal(
    errno(() => add(ns, spec({ id: 5, name: 'w' }))),
    'EEXIST 8021q: VLAN device already exists',
  );
});

test('tags nest: a VLAN on a VLAN', () => {
  const world = new TestWorld('qinq');
  const a = world.ns();
  const b = world.ns();
  const [ea, eb] = cable(a, b, 'eth0');
  for (const [ns, low, own] of [
    [a, ea, '10.9.0.1'],
    [b, eb, '10.9.0.2'],
  ] as const) {
    const outer = add(ns, {
      kind: 'vlan',
      name: 'o',
      link: low.index,
      id: 100,
      protocol: 0x88a8,
      data: true,
      up: true,
    });
    const inner = add(ns, { kind: 'vlan', name: 'i', link: outer.index, id: 7, data: true, up: true });
    address(inner, own);
  }
  const seen: string[] = [];
  b.taps.add({
    link: eb,
    deliver: ({ frame }) =>
      void seen.push(`${(frame.vlan?.tpid ?? 0).toString(16)}:${frame.vlan?.id}/${frame.vlan?.inner?.id}`),
  });
  assert.ok(pings(world, a, '10.9.0.2'));
  assert.ok(seen.includes('88a8:100/7'), seen.join());
});

/** Two machines with a VXLAN over one cable. */
function overlay(seed: string, options: object): { world: TestWorld; a: NetNamespace; b: NetNamespace; va: VxlanLink } {
  const world = new TestWorld(seed);
  const a = world.ns();
  const b = world.ns();
  const [ea, eb] = cable(a, b, 'eth0');
  address(ea, '192.168.0.1');
  address(eb, '192.168.0.2');
  const make = (ns: NetNamespace, dev: Link, local: string, remote: string): Link =>
    add(ns, {
      kind: 'vxlan',
      name: 'vx',
      vni: 42,
      dstPort: 4789,
      dev: dev.index,
      local: ip(local),
      remote: ip(remote),
      up: true,
      ...options,
    });
  const va = make(a, ea, '192.168.0.1', '192.168.0.2');
  const vb = make(b, eb, '192.168.0.2', '192.168.0.1');
  address(va, '10.42.0.1');
  address(vb, '10.42.0.2');
  return { world, a, b, va: va as VxlanLink };
}

test('VXLAN carries frames in datagrams, learns, and tells the trace', () => {
  const { world, a, b, va } = overlay('vxlan', { ageing: 50 });
  assert.equal(va.mtu, 1450);
  const events: TraceEvent[] = [];
  const stop = a.tracer.listen((e) => events.push(e));
  assert.ok(pings(world, a, '10.42.0.2'));
  stop();
  const wrap = events.find((e) => e.event === 'encapsulate' && e.payload.kind === 'ipv4');
  assert.ok(wrap?.event === 'encapsulate');
  assert.deepEqual([wrap.vni, wrap.outer.dst, wrap.outer.dstPort], [42, '192.168.0.2', 4789]);
  // The same packet goes on inside the outer one and comes out of it.
  const same = events.filter((e) => e.packet === wrap.packet).map((e) => e.event);
  assert.ok(same.includes('decapsulate') && same.filter((e) => e === 'created').length === 1, same.join());
  const learned = a.fdb.list({ index: va.index }).filter((e) => e.state === 'dynamic');
  assert.deepEqual(
    learned.map((e) => [e.mac, e.dst]),
    [[b.links.byName('vx')!.mac, ip('192.168.0.2')]],
  );
  // Router solicitations, ever rarer, keep the entry alive; the one after 252 s is followed by one after 508 s.
  world.run(400e6);
  assert.equal(a.fdb.list({ index: va.index }).filter((e) => e.state === 'dynamic').length, 0, 'entries age');
});

test('VXLAN: another VNI is dropped, no listener means an ICMP error, no remote means nothing is sent', () => {
  const { world, a, b, va } = overlay('vxlan errors', { learning: false });
  const events: TraceEvent[] = [];
  a.tracer.listen((e) => events.push(e));
  const drops = (): string[] => events.splice(0).flatMap((e) => (e.event === 'drop' ? [e.reason] : []));
  const vb = b.links.byName('vx')!;
  const other = add(b, { kind: 'vxlan', name: 'other', vni: 43, dstPort: 4789, up: true });
  b.links.set(vb, { up: false });
  pings(world, a, '10.42.0.2');
  assert.ok(drops().includes('VXLAN_VNI_NOT_FOUND'));
  b.links.delete(other);
  // The neighbour is given up; the next packet asks anew.
  world.run(5e6);
  const before = a.mib.IcmpInDestUnreachs;
  pings(world, a, '10.42.0.2');
  assert.ok(a.mib.IcmpInDestUnreachs > before, 'port unreachable');
  va.fdb.delete({ mac: '00:00:00:00:00:00', index: va.index });
  world.run(5e6);
  events.length = 0;
  pings(world, a, '10.42.0.2');
  assert.ok(drops().includes('NO_TX_TARGET'));
  assert.equal(
    errno(() => add(a, { kind: 'vxlan', name: 'again', vni: 42, dstPort: 4789 })),
    'EEXIST A VXLAN device with the specified VNI already exists',
  );
  assert.equal(
    errno(() => a.links.set(va, { mtu: 1451 })),
    'EINVAL',
  );
});

test('a VXLAN link keeps its underlay when it moves to another namespace', () => {
  const { world, a, va } = overlay('vxlan moved', {});
  const c = world.ns();
  a.links.set(va, { ns: c });
  c.links.set(va, { up: true });
  address(va, '10.42.0.9');
  assert.ok(pings(world, c, '10.42.0.2'));
});

test('macvlan: children reach each other and the cable, never their parent', () => {
  const world = new TestWorld('macvlan');
  const host = world.ns();
  const far = world.ns();
  const [eth0, there] = cable(host, far, 'eth0');
  address(eth0, '10.0.0.1');
  address(there, '10.0.0.254');
  const children = [1, 2].map((n) => {
    const ns = world.ns();
    const link = add(host, { kind: 'macvlan', name: `m${n}`, link: eth0.index, mode: 'bridge', ns });
    ns.links.set(link, { up: true });
    address(link, `10.0.0.1${n}`);
    return ns;
  });
  assert.ok(pings(world, children[0]!, '10.0.0.12'));
  assert.ok(pings(world, children[0]!, '10.0.0.254'));
  assert.ok(pings(world, far, '10.0.0.11'));
  assert.ok(!pings(world, children[0]!, '10.0.0.1'), 'the parent is not reached');
  assert.ok(!pings(world, host, '10.0.0.11'), 'nor does it reach a child');
  const link = children[0]!.links.byName('m1')!;
  children[0]!.links.set(link, { kindOptions: { mode: 'private' } });
  children[1]!.neigh.flushLink(children[1]!.links.byName('m2')!, false);
  assert.ok(!pings(world, children[1]!, '10.0.0.11'), 'private children do not hear each other');
  const bridge = add(host, { kind: 'bridge', name: 'br0' });
  assert.equal(
    errno(() => host.links.set(eth0, { master: bridge.index })),
    'EBUSY',
  );
});

const pass = (): number => NF.ACCEPT;
const dropsInput: Netfilter = {
  prerouting: pass,
  input: () => NF.DROP,
  forward: pass,
  output: pass,
  postrouting: pass,
  bridge: null,
  arp: null,
};

test('ipvlan: one address on the cable, told apart by IP; in the L3 modes the host routes, in l3s it filters as well', () => {
  for (const mode of ['l2', 'l3', 'l3s'] as const) {
    const world = new TestWorld(`ipvlan ${mode}`);
    const host = world.ns();
    const far = world.ns();
    const [eth0, there] = cable(host, far, 'eth0');
    address(eth0, '10.0.0.1');
    address(there, '10.0.0.254');
    const children = [1, 2].map((n) => {
      const ns = world.ns();
      const link = add(host, { kind: 'ipvlan', name: `i${n}`, link: eth0.index, mode, ns });
      ns.links.set(link, { up: true });
      address(link, mode === 'l2' ? `10.0.0.1${n}` : `10.1.${n}.1`);
      if (mode !== 'l2') ns.routes.add({ family: 'inet', dst: 0, dstLength: 0, index: link.index });
      return ns;
    });
    const [one, two] = mode === 'l2' ? ['10.0.0.11', '10.0.0.12'] : ['10.1.1.1', '10.1.2.1'];
    if (mode !== 'l2') {
      far.routes.add({ family: 'inet', dst: ip('10.1.0.0'), dstLength: 16, gateway: ip('10.0.0.1') });
    }
    assert.ok(pings(world, children[0]!, two), mode);
    assert.ok(pings(world, children[0]!, '10.0.0.254'), `${mode} out`);
    assert.ok(pings(world, far, one), `${mode} in`);
    assert.equal(children[0]!.links.byName('i1')!.mac, eth0.mac);
    host.netfilter = dropsInput;
    assert.equal(pings(world, far, one), mode !== 'l3s', `${mode} in, past the host's INPUT`);
  }
});

/** A bridge with three stations. */
function switched(
  seed: string,
  bridge: object,
): { world: TestWorld; vm: NetNamespace; br: BridgeLink; h: NetNamespace[] } {
  const world = new TestWorld(seed);
  const vm = world.ns();
  const br = vm.links.add({ kind: 'bridge', name: 'br0', up: true, bridge } as LinkSpec) as BridgeLink;
  const h = [1, 2, 3].map((n) => {
    const ns = world.ns();
    const [port, eth0] = cable(vm, ns, `p${n}`, 'eth0');
    vm.links.set(port, { master: br.index });
    address(eth0, `10.0.0.${n}`);
    return ns;
  });
  return { world, vm, br, h };
}

test('a VLAN-filtering bridge keeps VLANs apart, tags on trunks and learns per VLAN', () => {
  const { world, vm, br, h } = switched('vlan filtering', { vlanFiltering: true });
  const vlans = br.vlans as BridgeVlans;
  const port = (n: number): NonNullable<Link['port']> => vm.links.byName(`p${n}`)!.port!;
  assert.deepEqual(vlans.list(port(1)), [{ id: 1, pvid: true, untagged: true }]);
  assert.ok(pings(world, h[0]!, '10.0.0.2'));
  vlans.add(port(1), 10, { pvid: true, untagged: true });
  vlans.delete(port(1), 1);
  assert.ok(!pings(world, h[0]!, '10.0.0.2'));
  vlans.add(port(2), 10, { pvid: true, untagged: true });
  assert.ok(pings(world, h[0]!, '10.0.0.2'));
  assert.deepEqual(
    vm.fdb
      .list({ bridge: br.index })
      .filter((e) => e.state === 'dynamic' && e.mac === h[0]!.links.byName('eth0')!.mac)
      .map((e) => e.vlan),
    [10],
  );
  vlans.add(port(3), 10, { pvid: false, untagged: false });
  const eth0 = h[2]!.links.byName('eth0')!;
  const trunk = add(h[2]!, { kind: 'vlan', name: 'eth0.10', link: eth0.index, id: 10, data: true, up: true });
  address(trunk, '10.0.0.30');
  h[2]!.addrs.delete({ index: eth0.index, local: ip('10.0.0.3') });
  assert.ok(pings(world, h[0]!, '10.0.0.30'));
  vm.links.set(br, { bridge: { vlanFiltering: false } });
  assert.ok(pings(world, h[0]!, '10.0.0.2'));
});

test('isolated ports, hairpin and flooding switches', () => {
  const { world, vm, h } = switched('ports', {});
  for (const n of [1, 2]) vm.links.set(vm.links.byName(`p${n}`)!, { port: { isolated: true } });
  assert.ok(!pings(world, h[0]!, '10.0.0.2'));
  assert.ok(pings(world, h[0]!, '10.0.0.3'));
  vm.links.set(vm.links.byName('p3')!, { port: { bcastFlood: false } });
  h[0]!.neigh.flushLink(h[0]!.links.byName('eth0')!, false);
  h[2]!.neigh.flushLink(h[2]!.links.byName('eth0')!, false);
  assert.ok(!pings(world, h[0]!, '10.0.0.3'), 'the ARP request is not flooded');
});

test('the spanning tree cuts a loop, and mends the tree when a cable goes', () => {
  const world = new TestWorld('stp');
  const ns = world.ns();
  const [one, two] = ['br0', 'br1'].map((name, i) =>
    add(ns, { kind: 'bridge', name, mac: `02:00:00:00:00:${i + 1}0`, up: true, bridge: { stpState: 1 } }),
  ) as [BridgeLink, BridgeLink];
  for (const n of [1, 2]) {
    const [a, b] = cable(ns, ns, `a${n}`, `b${n}`);
    ns.links.set(a, { master: one.index });
    ns.links.set(b, { master: two.index });
  }
  const states = (): string => [...one.ports, ...two.ports].map((p) => p.state).join(' ');
  world.run(5e6);
  assert.equal(states(), 'listening listening listening blocking');
  assert.equal(two.bridgeInfo().rootPort, 1);
  assert.equal(two.bridgeInfo().designatedRoot, one.bridgeId);
  world.run(15e6);
  assert.equal(states(), 'learning learning learning blocking');
  world.run(15e6);
  assert.equal(states(), 'forwarding forwarding forwarding blocking');
  ns.links.set(ns.links.byName('a1')!, { up: false });
  world.run(40e6);
  assert.equal(states(), 'disabled forwarding disabled forwarding');
  ns.links.set(one, { bridge: { stpState: 0 } });
  assert.equal(one.ports[1]!.state, 'forwarding');
});

test('netem delays, loses and doubles; tbf makes packets wait for tokens', () => {
  const world = new TestWorld('netem');
  const a = world.ns();
  const b = world.ns();
  const [ea, eb] = cable(a, b, 'eth0');
  address(ea, '10.0.0.1');
  address(eb, '10.0.0.2');
  assert.ok(pings(world, a, '10.0.0.2'));
  const arrivals: number[] = [];
  b.taps.add({ link: eb, deliver: ({ at, pktType }) => void (pktType !== 4 && arrivals.push(at)) });
  const send = (n: number): number[] => {
    arrivals.length = 0;
    const start = world.scheduler.now;
    for (let i = 0; i < n; i++) {
      a.ip4.output.send({
        src: 0,
        dst: ip('10.0.0.2'),
        protocol: 253,
        payload: { kind: 'raw', bytes: new Uint8Array(1000) },
      });
    }
    world.run(5e6);
    return arrivals.map((at) => at - start);
  };
  const netem = new Netem(ea, 0x8001, { ...NETEM_DEFAULTS, delay: 100_000 });
  ea.sched = netem;
  const [first = 0] = send(1);
  assert.ok(first >= 100_000 && first < 101_000, String(first));
  netem.options = { ...NETEM_DEFAULTS, duplicate: 1 };
  assert.equal(send(3).length, 6);
  netem.options = { ...NETEM_DEFAULTS, loss: 0.5 };
  const half = send(200).length;
  assert.ok(half > 60 && half < 140, String(half));
  netem.options = { ...NETEM_DEFAULTS, delay: 50_000, limit: 10 };
  assert.equal(send(20).length, 10);
  const tbf = new Tbf(ea, 0x8002, { rate: 100_000, burst: 2000, limit: 1e6 });
  ea.sched = tbf;
  const spread = send(11);
  // One packet of 1034 bytes is in the burst, each other one takes 10.34 ms.
  assert.ok(spread[10]! > 90_000 && spread[10]! < 105_000, String(spread[10]));
  assert.equal(tbf.stats.packets, 11);
  ea.sched = null;
});

test('a link that goes down forgets what its netem holds back', () => {
  const world = new TestWorld('netem reset');
  const a = world.ns();
  const [ea, eb] = cable(a, a, 'eth0', 'eth1');
  const netem = new Netem(ea, 1, { ...NETEM_DEFAULTS, delay: 1e6 });
  ea.sched = netem;
  let got = 0;
  a.taps.add({ link: eb, deliver: ({ pktType }) => void (pktType !== 4 && got++) });
  const events: TraceEvent[] = [];
  a.tracer.listen((e) => events.push(e));
  address(ea, '10.0.0.1');
  a.ip4.output.send({
    src: 0,
    dst: 0xffffffff,
    protocol: 253,
    payload: { kind: 'raw', bytes: new Uint8Array(10) },
    oif: ea,
  });
  world.run(100_000);
  assert.equal(netem.stats.backlogPackets > 0, true);
  a.links.set(ea, { up: false });
  world.run(3e6);
  assert.equal(got, 0);
  assert.ok(events.some((e) => e.event === 'drop' && e.reason === 'QDISC_DROP'));
});

test('a bridge made with an address has no carrier from the start, one without until its ports are gone', () => {
  const world = new TestWorld();
  const ns = world.ns();
  const chosen = add(ns, { kind: 'bridge', name: 'br0', mac: '02:00:00:0b:00:01' });
  const random = add(ns, { kind: 'bridge', name: 'br1' });
  for (const link of [chosen, random]) ns.links.set(link, { up: true });
  world.run(2e6);
  assert.deepEqual([chosen.carrier, chosen.operstate, chosen.carrierChanges], [false, 'DOWN', 1]);
  assert.deepEqual([random.carrier, random.operstate, random.carrierChanges], [true, 'UNKNOWN', 0]);
});
