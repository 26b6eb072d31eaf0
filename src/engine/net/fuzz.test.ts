import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, isErrno } from '../core';
import { IPPROTO, makeIcmp4Echo, parseIp4 } from '../wire';
import type { Link } from './link/link';
import type { NetNamespace } from './namespace';
import { CALLER, ROOT, TestWorld } from './testing';

const ip = (text: string): number => parseIp4(text)!;

/** Random configuration and traffic: only `Errno` may be thrown, and the books must balance. */
function fuzz(seed: string, steps: number): string {
  const w = new TestWorld(seed);
  const r = new Random(`fuzz/${seed}`);
  let spaces: NetNamespace[] = [0, 1, 2, 3].map(() => w.ns());
  const pick = <T>(list: readonly T[]): T => list[r.below(list.length)]!;
  const anyLink = (ns: NetNamespace): Link => pick([...ns.links]);
  const address = (): number => ip(`10.0.${r.below(3)}.${1 + r.below(6)}`);
  const log: string[] = [];
  const actions: ((ns: NetNamespace) => void)[] = [
    (ns) => ns.links.add({ kind: 'veth', name: `v${r.below(6)}`, peer: { name: `p${r.below(6)}`, ns: pick(spaces) } }),
    (ns) => ns.links.add({ kind: 'bridge', name: `br${r.below(2)}` }),
    (ns) => ns.links.add({ kind: 'dummy', name: `d${r.below(2)}` }),
    (ns) => ns.links.set(anyLink(ns), { up: r.below(4) > 0 }),
    (ns) => ns.links.set(anyLink(ns), { up: true }),
    (ns) => ns.links.set(anyLink(ns), { master: r.below(2) ? 0 : anyLink(ns).index }),
    (ns) => ns.links.set(anyLink(ns), { master: ns.links.byName('br0')?.index ?? 0 }),
    (ns) => ns.links.set(anyLink(ns), { ns: pick(spaces) }),
    (ns) => ns.links.set(anyLink(ns), { name: `v${r.below(6)}` }),
    (ns) => ns.links.set(anyLink(ns), { mtu: pick([68, 600, 1280, 1400, 1500, 9000, 1e9]) }),
    (ns) => ns.links.set(anyLink(ns), { mac: `02:00:00:00:00:0${r.below(10)}` }),
    (ns) => ns.links.set(anyLink(ns), { port: { isolated: r.below(2) === 0, hairpin: r.below(2) === 0 } }),
    (ns) => r.below(4) === 0 && ns.links.delete(anyLink(ns)),
    (ns) =>
      ns.addrs.add({ index: anyLink(ns).index, local: address(), prefixLength: pick([8, 16, 24, 24, 24, 31, 32]) }),
    (ns) => ns.addrs.add({ index: anyLink(ns).index, local: `2001:db8::${r.below(9)}`, prefixLength: 64 }),
    (ns) => ns.addrs.delete({ index: anyLink(ns).index, local: address() }),
    (ns) => ns.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: address() }),
    (ns) => ns.routes.replace({ family: 'inet', dst: ip('10.9.0.0'), dstLength: 16, index: anyLink(ns).index }),
    (ns) =>
      ns.routes.add({
        family: 'inet',
        dst: ip('10.8.0.0'),
        dstLength: 16,
        type: pick(['blackhole', 'unreachable', 'prohibit', 'throw'] as const),
      }),
    (ns) => ns.routes.delete({ family: 'inet', dst: 0, dstLength: 0 }),
    (ns) => ns.rules.add({ family: 'inet', src: address(), srcLength: 32, table: 100 }),
    (ns) => ns.rules.delete({ family: 'inet', table: 100 }),
    (ns) => ns.neigh.replace({ index: anyLink(ns).index, address: address(), lladdr: '02:00:00:00:00:05' }),
    (ns) =>
      ns.sysctl.set(
        pick([
          'ipv4/ip_forward',
          'ipv4/conf/all/rp_filter',
          'ipv4/conf/all/proxy_arp',
          'ipv6/conf/all/disable_ipv6',
          'ipv6/conf/all/forwarding',
        ]),
        String(r.below(3)),
      ),
    (ns) => {
      const s = ns.sockets.createRaw('inet', IPPROTO.ICMP, ROOT).ref();
      s.broadcast = true;
      try {
        for (let i = 0; i < 3; i++)
          s.send(makeIcmp4Echo(1, i, new Uint8Array(pick([0, 56, 3000]))), {
            address: pick([address(), 0xffffffff, ip('224.0.0.1'), ip('10.9.1.1')]),
            port: 0,
          });
      } finally {
        s.unref();
      }
    },
    (ns) => {
      const s = ns.sockets.createTcp('inet', ROOT).ref();
      s.reuseAddr = true;
      s.bind({ address: 0, port: 80 });
      s.listen(3);
    },
    (ns) => {
      const s = ns.sockets.createTcp('inet', ROOT).ref();
      w.spawn(
        (function* () {
          try {
            yield* s.connect(CALLER, { address: address(), port: 80 }, w.scheduler.now + 2e6);
            yield* s.write(CALLER, new Uint8Array(5000));
          } catch (e) {
            assert.ok(isErrno(e), String(e));
          } finally {
            s.unref();
          }
        })(),
      );
    },
    (ns) => {
      const s = ns.sockets.createUdp('inet', ROOT).ref();
      try {
        s.send(new Uint8Array(pick([1, 2000])), { address: address(), port: 53 });
      } finally {
        s.unref();
      }
    },
    (ns) => {
      if (r.below(10) > 0 || ns === spaces[0]) return;
      ns.destroy(spaces[0]!);
      spaces = spaces.map((x) => (x === ns ? w.ns() : x));
    },
  ];
  for (let i = 0; i < steps; i++) {
    const ns = pick(spaces);
    const n = r.below(actions.length);
    try {
      actions[n]!(ns);
      log.push(`${n}`);
    } catch (e) {
      if (!isErrno(e)) throw e;
      log.push(`${n} ${e.code}`);
    }
    w.run(r.below(3) === 0 ? 3_000_000 : 10_000);
  }
  for (const ns of spaces) {
    for (const link of ns.links) {
      assert.equal(link.ns, ns);
      assert.equal(ns.links.get(link.index), link);
      assert.equal(ns.links.byName(link.name), link);
      assert.ok(link.promiscuity >= 0 && link.allmulti >= 0);
      if (link.port) assert.ok(link.port.bridge.registered && link.port.bridge.ns === ns);
    }
    for (const route of ns.routes.list({}))
      for (const nh of route.nexthops)
        if (nh.index !== undefined) assert.ok(ns.links.get(nh.index), 'a route by a link that is gone');
    for (const a of ns.addrs.list({ family: 'inet' })) assert.equal(ns.addrs.isLocal4(a.local as number), true);
  }
  log.push(String(w.scheduler.now));
  return log.join('\n');
}

test('random configuration and traffic leave no contradiction and no exception', () => {
  for (let seed = 0; seed < 12; seed++) fuzz(String(seed), 1500);
});

test('the same seed leads to the same world', () => {
  assert.equal(fuzz('same', 300), fuzz('same', 300));
});
