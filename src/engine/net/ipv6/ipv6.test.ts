import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../core';
import type { Ipv6Packet, RouterAdvertisement } from '../../wire';
import { CHECKSUM_AUTO, ETHERTYPE, IPPROTO, makeIcmp6Echo, makeIpv6, makeRaw, encodeIpv6 } from '../../wire';
import type { NetNamespace } from '../namespace';
import { Skb } from '../skb';
import { CALLER, ROOT, TestWorld } from '../testing';

/** Two hosts on a veth pair, past duplicate address detection. */
function pair(w: TestWorld): [NetNamespace, NetNamespace] {
  const [a, b] = [w.ns(), w.ns()];
  a.links.add({ kind: 'veth', name: 'eth0', peer: { name: 'eth0', ns: b } });
  for (const [ns, addr] of [
    [a, '2001:db8::1'],
    [b, '2001:db8::2'],
  ] as const) {
    const link = ns.links.byName('eth0')!;
    ns.links.set(ns.loopback, { up: true });
    ns.links.set(link, { up: true });
    ns.addrs.add({ index: link.index, local: addr, prefixLength: 64, noDad: true });
  }
  w.run(3_000_000);
  return [a, b];
}

/** IPv6 packets that come in on `ns`'s eth0. */
function incoming(ns: NetNamespace): Ipv6Packet[] {
  const seen: Ipv6Packet[] = [];
  const link = ns.links.byName('eth0')!;
  ns.taps.add({
    link,
    deliver: (c) => {
      if (c.pktType !== 4 && c.frame.payload.kind === 'ipv6') seen.push(c.frame.payload);
    },
  });
  return seen;
}

/** Puts `packet` on `ns`'s eth0 as it is. */
function inject(ns: NetNamespace, packet: Ipv6Packet, to: NetNamespace): void {
  const link = ns.links.byName('eth0')!;
  const skb = new Skb(ETHERTYPE.IPV6, packet);
  skb.src = link.mac;
  skb.dst = to.links.byName('eth0')!.mac;
  skb.dev = link;
  link.transmit(skb);
}

test('a datagram longer than the link is cut by the sender and put together by the receiver', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const server = b.sockets.createUdp('inet6', ROOT).ref();
  server.bind({ address: '::', port: 53 });
  const seen = incoming(b);
  const got = w.spawn(server.receive(CALLER));
  const client = a.sockets.createUdp('inet6', ROOT).ref();
  const data = new Uint8Array(5000).map((_, i) => i * 7);
  client.send(data, { address: '2001:db8::2', port: 53 });
  w.run(1_000_000);
  assert.deepEqual(got.value?.data, data);
  const pieces = seen.filter((p) => p.fragment !== undefined);
  assert.equal(pieces.length, 4);
  assert.equal(new Set(pieces.map((p) => p.fragment!.id)).size, 1);
  assert.deepEqual([a.mib.Ip6FragOKs, a.mib.Ip6FragCreates], [1, 4]);
  assert.deepEqual([b.mib.Ip6ReasmReqds, b.mib.Ip6ReasmOKs], [4, 1]);
});

test('a fragment that stays alone times out after a minute and the sender is told', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const first = makeIpv6({
    src: '2001:db8::1',
    dst: '2001:db8::2',
    nextHeader: IPPROTO.UDP,
    fragment: { offset: 0, mf: true, id: 7 },
    payload: makeRaw(new Uint8Array(64)),
  });
  inject(a, first, b);
  w.run(59_000_000);
  assert.equal(b.mib.Ip6ReasmTimeout, 0);
  w.run(2_000_000);
  assert.equal(b.mib.Ip6ReasmTimeout, 1);
  assert.equal(a.mib.Icmp6InTimeExcds, 1);
});

test('extension headers: destination options are stepped over, unknown ones refused, unknown protocols reported', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const seen = incoming(a);
  // The echo request behind a destination options header that holds padding only.
  const echo = encodeIpv6(
    makeIpv6({
      src: '2001:db8::1',
      dst: '2001:db8::2',
      nextHeader: IPPROTO.ICMPV6,
      payload: makeIcmp6Echo(1, 1, encode('hello')),
    }),
  ).subarray(40);
  const behind = (header: readonly number[]): Ipv6Packet =>
    makeIpv6({
      src: '2001:db8::1',
      dst: '2001:db8::2',
      nextHeader: 60,
      payload: makeRaw(Uint8Array.from([...header, ...echo])),
    });
  inject(a, behind([IPPROTO.ICMPV6, 0, 1, 4, 0, 0, 0, 0]), b);
  w.run(100_000);
  assert.equal(seen.filter((p) => p.payload.kind === 'icmp6' && p.payload.message === 'echo').length, 1);
  // 0x80: "discard and report"; 0x40: "discard".
  inject(a, behind([IPPROTO.ICMPV6, 0, 0x80, 4, 0, 0, 0, 0]), b);
  inject(a, behind([IPPROTO.ICMPV6, 0, 0x40, 4, 0, 0, 0, 0]), b);
  w.run(100_000);
  const errors = (): number[][] =>
    seen.flatMap((p) =>
      p.payload.kind === 'icmp6' && p.payload.message === 'error'
        ? [[p.payload.type, p.payload.code, p.payload.rest]]
        : [],
    );
  assert.deepEqual(errors(), [[4, 2, 42]]);
  inject(
    a,
    makeIpv6({ src: '2001:db8::1', dst: '2001:db8::2', nextHeader: 200, payload: makeRaw(new Uint8Array(8)) }),
    b,
  );
  w.run(100_000);
  assert.deepEqual(errors()[1], [4, 1, 6]);
});

test('a router advertisement brings a default route, an address and a hop limit, which end with their lifetimes', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const router = b.addrs.list({ family: 'inet6' }).find((x) => String(x.local).startsWith('fe80'))!.local as string;
  const ra: RouterAdvertisement = {
    kind: 'icmp6',
    message: 'routerAdvertisement',
    type: 134,
    code: 0,
    checksum: CHECKSUM_AUTO,
    hopLimit: 33,
    flags: 0,
    lifetime: 1800,
    reachable: 0,
    retrans: 0,
    options: [
      { option: 'sourceLinkAddress', mac: b.links.byName('eth0')!.mac },
      { option: 'mtu', mtu: 1400 },
      {
        option: 'prefix',
        prefix: '2001:db8:5::',
        length: 64,
        flags: 0xc0,
        validLifetime: 3600,
        preferredLifetime: 600,
      },
    ],
  };
  b.ip6.icmp.send(b.links.byName('eth0')!, router, 'ff02::1', ra, 255);
  w.run(5_000_000);
  const gateway = () => a.routes.list({ family: 'inet6', table: 254 }).find((r) => r.dstLength === 0);
  assert.equal(gateway()?.nexthops[0]?.gateway, router);
  assert.equal(gateway()?.protocol, 9);
  const address = () => a.addrs.list({ family: 'inet6' }).find((x) => String(x.local).startsWith('2001:db8:5:'));
  assert.equal(address()?.learned, true);
  assert.equal(address()?.deprecated, false);
  assert.equal(a.routes.get({ dst: '2001:db8:77::1' }).gateway, router);
  assert.equal(a.links.byName('eth0')!.ip6!.conf.hop_limit, 33);
  assert.equal(a.routes.get({ dst: '2001:db8::2' }).mtu, 1400);
  w.run(601_000_000);
  assert.equal(address()?.deprecated, true);
  w.run(1300_000_000);
  assert.equal(gateway(), undefined);
  w.run(2000_000_000);
  assert.equal(address(), undefined);
});

test('a router does not believe other routers; accept_ra 2 makes it', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const router = b.addrs.list({ family: 'inet6' }).find((x) => String(x.local).startsWith('fe80'))!.local as string;
  const say = (): void => {
    const base = {
      kind: 'icmp6',
      message: 'routerAdvertisement',
      type: 134,
      code: 0,
      checksum: CHECKSUM_AUTO,
    } as const;
    const ra = { ...base, hopLimit: 64, flags: 0, lifetime: 1800, reachable: 0, retrans: 0, options: [] };
    b.ip6.icmp.send(b.links.byName('eth0')!, router, 'ff02::1', ra, 255);
    w.run(1_000_000);
  };
  const learned = (): boolean => a.routes.list({ family: 'inet6', table: 254 }).some((r) => r.dstLength === 0);
  a.sysctl.set('ipv6/conf/all/forwarding', '1');
  say();
  assert.equal(learned(), false);
  a.sysctl.set('ipv6/conf/eth0/accept_ra', '2');
  say();
  assert.equal(learned(), true);
});

test('ICMPv6 errors are limited to ten a second after a burst of six', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const seen = incoming(a);
  for (let i = 0; i < 20; i++)
    inject(
      a,
      makeIpv6({ src: '2001:db8::1', dst: '2001:db8::2', nextHeader: 200, payload: makeRaw(new Uint8Array(8)) }),
      b,
    );
  w.run(50_000);
  assert.equal(seen.filter((p) => p.payload.kind === 'icmp6' && p.payload.message === 'error').length, 6);
  assert.ok(b.mib.Icmp6OutRateLimitHost >= 14);
});

test('without a route even a host that forwards nothing says so; unreachable ones count as missing, black holes are silent', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  b.sysctl.set('ipv6/icmp/ratelimit', '0');
  const seen = incoming(a);
  const errors = (dst: string): number[] => {
    seen.length = 0;
    const packet = { src: '2001:db8::1', dst, nextHeader: 58, payload: makeIcmp6Echo(1, 1, new Uint8Array(8)) };
    inject(a, makeIpv6(packet), b);
    w.run(100_000);
    return seen.flatMap((p) => (p.payload.kind === 'icmp6' && p.payload.message === 'error' ? [p.payload.code] : []));
  };
  assert.deepEqual(errors('2001:db8:1::1'), [0]);
  for (const type of ['unreachable', 'prohibit', 'blackhole'] as const)
    b.routes.add({ family: 'inet6', type, dst: `2001:db8:${type.length}::`, dstLength: 48 });
  assert.deepEqual(errors('2001:db8:11::1'), [0]);
  assert.deepEqual(errors('2001:db8:8::1'), [1]);
  assert.deepEqual(errors('2001:db8:9::1'), []);
});

test('who has no IPv6 address at all hears of that, not of missing routes', () => {
  const w = new TestWorld();
  const ns = w.ns();
  assert.equal(ns.ip6.routing.output('2001:db8::1', undefined, null), 'EADDRNOTAVAIL');
  ns.links.set(ns.loopback, { up: true });
  assert.equal(ns.ip6.routing.output('2001:db8::1', undefined, null), 'ENETUNREACH');
});

test('the table of a route that cannot be is there afterwards', () => {
  const ns = new TestWorld().ns();
  const list = () => ns.routes.list({ family: 'inet', table: 100 });
  assert.throws(list, /FIB table does not exist/);
  assert.throws(() => ns.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: 0x0a000001, table: 100 }));
  assert.deepEqual(list(), []);
});
