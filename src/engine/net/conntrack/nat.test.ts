import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, isErrno } from '../../core';
import type { Ipv4Packet } from '../../wire';
import { IPPROTO, formatIp, makeIcmp4Echo, parseIp6 } from '../../wire';
import { NF } from '../hooks';
import type { NetNamespace } from '../namespace';
import { HOOK } from '../netfilter/hook-table';
import type { Message } from '../socket';
import type { TcpSocket } from '../socket/tcp';
import { CALLER, ROOT, TestWorld } from '../testing';
import type { TraceEvent } from '../trace';
import { CT_STATUS, conntrackOf, natApi, tupleText } from './index';
import { configure, ip, masquerade, natChain, office } from './testing';

/** What conntrack -L would show, without times. */
const entries = (ns: NetNamespace): string[] =>
  conntrackOf(ns)
    .list()
    .map((c) => `${tupleText(c.original)} | ${tupleText(c.reply)}`)
    .sort();

/** Sends `count` pings with one identifier and returns what a raw ICMP socket gets. */
function ping(w: TestWorld, ns: NetNamespace, to: string, options: { size?: number; ttl?: number } = {}): Message[] {
  const s = ns.sockets.createRaw('inet', IPPROTO.ICMP, ROOT);
  const got: Message[] = [];
  w.spawn(
    (function* () {
      for (;;) got.push(yield* s.receive(CALLER));
    })(),
  );
  s.pmtudisc = 'dont';
  s.send(
    makeIcmp4Echo(77, 1, new Uint8Array(options.size ?? 56)),
    { address: ip(to), port: 0 },
    options.ttl ? { ttl: options.ttl } : {},
  );
  w.run(1_000_000);
  return got;
}

/** One line over TCP: what the server read, what the client got back, and the error of the connect. */
function talk(
  w: TestWorld,
  client: NetNamespace,
  to: [string, number],
  server: NetNamespace,
  port: number,
): { asked: string; answered: string; peer: string; error: unknown } {
  const l = server.sockets.createTcp('inet', ROOT).ref();
  l.reuseAddr = true;
  l.bind({ address: 0, port });
  l.listen(5);
  const out = { asked: '', answered: '', peer: '', error: undefined as unknown };
  w.spawn(
    (function* () {
      const s: TcpSocket = (yield* l.accept(CALLER)).ref();
      out.peer = formatIp(s.info().remote!.address);
      out.asked = decode(yield* s.read(CALLER, 100));
      yield* s.write(CALLER, encode('pong'));
      s.unref();
    })(),
  );
  const c = client.sockets.createTcp('inet', ROOT).ref();
  const slot = w.spawn(
    (function* () {
      yield* c.connect(CALLER, { address: ip(to[0]), port: to[1] });
      yield* c.write(CALLER, encode('ping'));
      out.answered = decode(yield* c.read(CALLER, 100));
      c.unref();
    })(),
  );
  w.run(5_000_000);
  l.unref();
  out.error = slot.error;
  return out;
}

test('a ping is masqueraded, and its answer comes back to who asked', () => {
  const w = new TestWorld();
  const { clients, router, server } = office(w);
  masquerade(router, 'eth1');
  const seen: string[] = [];
  server.tracer.listen((e: TraceEvent) => {
    if (e.event === 'handled' && e.by === 'icmp' && e.netns === server.inode)
      seen.push(formatIp((e.payload as Ipv4Packet).src));
  });
  const got = ping(w, clients[0]!, '192.0.2.2');
  assert.deepEqual(seen, ['192.0.2.1']);
  assert.equal(got.length, 1);
  assert.equal(formatIp(got[0]!.packet.src), '192.0.2.2');
  assert.deepEqual(entries(router), [
    'src=10.0.0.2 dst=192.0.2.2 type=8 code=0 id=77 | src=192.0.2.2 dst=192.0.2.1 type=0 code=0 id=77',
  ]);
  w.run(31_000_000);
  assert.deepEqual(entries(router), [], 'an ICMP flow is forgotten after 30 s');
});

test('a published port: DNAT for others, for the machine itself, and for the container that asks itself', () => {
  const w = new TestWorld();
  const { clients, router, server } = office(w, 2);
  masquerade(router, 'eth1');
  const rule = (skb: Parameters<Parameters<typeof natChain>[2]>[0]): number => {
    const p = skb.payload as Ipv4Packet;
    if (p.payload.kind !== 'tcp' || p.payload.dstPort !== 8080) return NF.ACCEPT;
    return natApi.setup(router, skb, { min: ip('10.0.0.2'), max: ip('10.0.0.2'), minPort: 80, maxPort: 80 }, 'dst');
  };
  natChain(router, HOOK.PREROUTING, rule);
  natChain(router, HOOK.OUTPUT, rule);
  // The hairpin needs the answer to come back through here.
  natChain(router, HOOK.POSTROUTING, (skb, _h, _i, out) => {
    const p = skb.payload as Ipv4Packet;
    if (out!.name !== 'br0' || p.src !== ip('10.0.0.2') || p.dst !== ip('10.0.0.2')) return NF.ACCEPT;
    return natApi.masquerade(router, skb, {}, out!);
  });

  const outside = talk(w, server, ['192.0.2.1', 8080], clients[0]!, 80);
  assert.deepEqual([outside.asked, outside.answered, outside.peer], ['ping', 'pong', '192.0.2.2']);
  const own = talk(w, router, ['192.0.2.1', 8080], clients[0]!, 80);
  assert.deepEqual([own.asked, own.answered, own.peer], ['ping', 'pong', '192.0.2.1']);
  const neighbour = talk(w, clients[1]!, ['192.0.2.1', 8080], clients[0]!, 80);
  assert.equal(neighbour.answered, '', 'the answer crosses the bridge and is not translated back');
  router.links.byName('port0')!.port!.flags.hairpin = true;
  const itself = talk(w, clients[0]!, ['192.0.2.1', 8080], clients[0]!, 80);
  assert.deepEqual([itself.asked, itself.answered, itself.peer], ['ping', 'pong', '10.0.0.1']);
  assert.match(
    entries(router).join('\n'),
    /src=192\.0\.2\.2 dst=192\.0\.2\.1 sport=\d+ dport=8080 \| src=10\.0\.0\.2 dst=192\.0\.2\.2 sport=80 dport=\d+/,
  );
});

test('DNAT of what the machine sends to 127.0.0.1 needs route_localnet and another source', () => {
  const w = new TestWorld();
  const { clients, router } = office(w);
  natChain(router, HOOK.OUTPUT, (skb) =>
    natApi.setup(router, skb, { min: ip('10.0.0.2'), max: ip('10.0.0.2'), minPort: 80, maxPort: 80 }, 'dst'),
  );
  natChain(router, HOOK.POSTROUTING, (skb, _h, _i, out) =>
    out!.name === 'br0' ? natApi.masquerade(router, skb, {}, out!) : NF.ACCEPT,
  );
  const refused = talk(w, router, ['127.0.0.1', 8080], clients[0]!, 80);
  assert.equal(refused.answered, '');
  router.sysctl.set('ipv4/conf/br0/route_localnet', '1');
  const done = talk(w, router, ['127.0.0.1', 8080], clients[0]!, 80);
  assert.deepEqual([done.asked, done.answered, done.peer], ['ping', 'pong', '10.0.0.1']);
});

test('REDIRECT leads to the address of the input link, or to the loopback', () => {
  const w = new TestWorld();
  const { clients, router } = office(w);
  for (const hook of [HOOK.PREROUTING, HOOK.OUTPUT])
    natChain(router, hook, (skb, h, input) => {
      const p = skb.payload as Ipv4Packet;
      if (p.payload.kind !== 'tcp' || p.payload.dstPort !== 9000) return NF.ACCEPT;
      return natApi.redirect(router, skb, { minPort: 80, maxPort: 80 }, h, input);
    });
  assert.equal(talk(w, clients[0]!, ['192.0.2.77', 9000], router, 80).answered, 'pong');
  assert.equal(talk(w, router, ['192.0.2.77', 9000], router, 80).answered, 'pong');
  const all = entries(router).join('\n');
  assert.match(all, /dst=192\.0\.2\.77 sport=\d+ dport=9000 \| src=10\.0\.0\.1 dst=10\.0\.0\.2 sport=80/);
  assert.match(all, /dst=192\.0\.2\.77 sport=\d+ dport=9000 \| src=127\.0\.0\.1 .* sport=80/);
});

test('two clients with the same source port get different ones outside; the first keeps it', () => {
  const w = new TestWorld();
  const { clients, router, server } = office(w, 2);
  masquerade(router, 'eth1');
  const l = server.sockets.createUdp('inet', ROOT).ref();
  l.bind({ address: 0, port: 53 });
  const from: string[] = [];
  w.spawn(
    (function* () {
      for (;;) {
        const m = yield* l.receive(CALLER);
        from.push(`${formatIp(m.from.address)}:${m.from.port}`);
        l.send(encode('yes'), m.from);
      }
    })(),
  );
  const answers: string[] = [];
  for (const c of clients) {
    const s = c.sockets.createUdp('inet', ROOT).ref();
    s.bind({ address: 0, port: 5000 });
    s.send(encode('?'), { address: ip('192.0.2.2'), port: 53 });
    w.spawn(
      (function* () {
        const m = yield* s.receive(CALLER);
        answers.push(formatIp(m.from.address));
      })(),
    );
    w.run(1_000_000);
  }
  assert.equal(from[0], '192.0.2.1:5000');
  assert.match(from[1]!, /^192\.0\.2\.1:\d+$/);
  const port = Number(from[1]!.split(':')[1]);
  assert.ok(port !== 5000 && port >= 1024, `port ${port}`);
  assert.deepEqual(answers, ['192.0.2.2', '192.0.2.2']);
});

test('a source keeps its mapping for all destinations while it can', () => {
  const w = new TestWorld();
  const { clients, router, server } = office(w);
  natChain(router, HOOK.POSTROUTING, (skb, _h, _i, out) =>
    out!.name === 'eth1'
      ? natApi.setup(router, skb, { min: ip('192.0.2.1'), max: ip('192.0.2.1'), minPort: 2000, maxPort: 2999 }, 'src')
      : NF.ACCEPT,
  );
  server.addrs.add({ index: server.links.byName('eth0')!.index, local: ip('192.0.2.3'), prefixLength: 24 });
  const s = clients[0]!.sockets.createUdp('inet', ROOT).ref();
  s.bind({ address: 0, port: 5000 });
  for (const to of ['192.0.2.2', '192.0.2.3']) s.send(encode('?'), { address: ip(to), port: 53 });
  w.run(1_000_000);
  const ports = conntrackOf(router)
    .list()
    .map((c) => c.reply.dport);
  assert.equal(ports.length, 2);
  assert.equal(ports[0], ports[1]);
  assert.ok(ports[0]! >= 2000 && ports[0]! <= 2999);
});

test('errors about translated packets quote what their sender sent', () => {
  const w = new TestWorld();
  const { clients, router, server } = office(w);
  masquerade(router, 'eth1');
  const [c] = clients;
  // Port unreachable from the server, about a masqueraded datagram.
  const s = c!.sockets.createUdp('inet', ROOT).ref();
  s.bind({ address: 0, port: 5000 });
  s.connect({ address: ip('192.0.2.2'), port: 9999 });
  s.send(encode('?'));
  w.run(1_000_000);
  assert.throws(
    () => s.send(encode('again')),
    (e) => isErrno(e) && e.code === 'ECONNREFUSED',
  );
  // Time exceeded from a router behind, about a ping.
  const far = w.ns();
  server.links.add({ kind: 'veth', name: 'eth1', peer: { name: 'eth0', ns: far } });
  configure(server, 'eth1', '198.51.100.1');
  configure(far, 'eth0', '198.51.100.2');
  far.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: ip('198.51.100.1') });
  server.sysctl.set('ipv4/ip_forward', '1');
  router.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: ip('192.0.2.2') });
  const got = ping(w, c!, '198.51.100.2', { ttl: 2 });
  assert.equal(got.length, 1);
  const icmp = got[0]!.packet.payload;
  assert.ok(icmp.kind === 'icmp4' && icmp.message === 'error' && icmp.type === 11);
  assert.equal(formatIp(got[0]!.packet.src), '192.0.2.2');
  assert.deepEqual([...icmp.original.subarray(12, 20)], [10, 0, 0, 2, 198, 51, 100, 2]);
});

test('an error of the router itself about a packet it has translated names the address that was asked', () => {
  const w = new TestWorld();
  const { clients, router, server } = office(w);
  natChain(router, HOOK.PREROUTING, (skb, _h, input) =>
    input!.name === 'eth1' ? natApi.setup(router, skb, { min: ip('10.0.0.2'), max: ip('10.0.0.2') }, 'dst') : NF.ACCEPT,
  );
  // TTL 1 expires after DNAT, before the connection is confirmed.
  const got = ping(w, server, '192.0.2.1', { ttl: 1 });
  assert.equal(got.length, 1);
  const icmp = got[0]!.packet.payload;
  assert.ok(icmp.kind === 'icmp4' && icmp.message === 'error' && icmp.type === 11);
  assert.deepEqual([...icmp.original.subarray(12, 20)], [192, 0, 2, 2, 192, 0, 2, 1]);
  assert.deepEqual(entries(router), [], 'the error does not confirm the connection');
  assert.equal(ping(w, server, '192.0.2.1').length, 1, 'with more TTL it reaches the client');
  void clients;
});

test('fragments are put together for NAT and cut again', () => {
  const w = new TestWorld();
  const { clients, router, server } = office(w);
  masquerade(router, 'eth1');
  const got = ping(w, clients[0]!, '192.0.2.2', { size: 4000 });
  assert.equal(got.length, 1);
  const icmp = got[0]!.packet.payload;
  assert.ok(icmp.kind === 'icmp4' && icmp.message === 'echo' && icmp.payload.length === 4000);
  assert.ok(router.mib.IpReasmOKs >= 2 && router.mib.IpFragOKs >= 2);
  void server;
});

test('masqueraded connections end with the address or the link that they use', () => {
  const w = new TestWorld();
  const { clients, router } = office(w);
  masquerade(router, 'eth1');
  ping(w, clients[0]!, '192.0.2.2');
  assert.equal(entries(router).length, 1);
  const eth1 = router.links.byName('eth1')!;
  router.links.set(eth1, { up: false });
  assert.equal(entries(router).length, 0);
  router.links.set(eth1, { up: true });
  ping(w, clients[0]!, '192.0.2.2');
  assert.equal(entries(router).length, 1);
  router.addrs.delete({ index: eth1.index, local: ip('192.0.2.1'), prefixLength: 24 });
  assert.equal(entries(router).length, 0);
});

test('without a free port the packet is dropped where it would be confirmed', () => {
  const w = new TestWorld();
  const { clients, router } = office(w, 2);
  natChain(router, HOOK.POSTROUTING, (skb, _h, _i, out) =>
    out!.name === 'eth1'
      ? natApi.setup(router, skb, { min: ip('192.0.2.1'), max: ip('192.0.2.1'), minPort: 2000, maxPort: 2000 }, 'src')
      : NF.ACCEPT,
  );
  for (const c of clients) {
    const s = c.sockets.createUdp('inet', ROOT).ref();
    s.bind({ address: 0, port: 5000 });
    s.send(encode('?'), { address: ip('192.0.2.2'), port: 53 });
    w.run(100_000);
  }
  assert.equal(entries(router).length, 1);
  assert.equal(conntrackOf(router).stats.insertFailed, 1);
});

test('IPv6 is translated likewise', () => {
  const w = new TestWorld();
  const [a, r, b] = [w.ns(), w.ns(), w.ns()];
  a.links.add({ kind: 'veth', name: 'eth0', peer: { name: 'eth1', ns: r } });
  b.links.add({ kind: 'veth', name: 'eth0', peer: { name: 'eth2', ns: r } });
  const six = (ns: NetNamespace, name: string, address: string): void => {
    const link = configure(ns, name, null);
    ns.addrs.add({ index: link.index, local: parseIp6(address)!, prefixLength: 64 });
  };
  six(a, 'eth0', 'fd00:1::2');
  six(r, 'eth1', 'fd00:1::1');
  six(r, 'eth2', 'fd00:2::1');
  six(b, 'eth0', 'fd00:2::2');
  r.sysctl.set('ipv6/conf/all/forwarding', '1');
  w.run(5_000_000);
  a.routes.add({ family: 'inet6', dst: '::', dstLength: 0, gateway: 'fd00:1::1' });
  natChain(
    r,
    HOOK.POSTROUTING,
    (skb, _h, _i, out) => (out!.name === 'eth2' ? natApi.masquerade(r, skb, {}, out!) : NF.ACCEPT),
    'ip6',
  );
  const s = a.sockets.createUdp('inet6', ROOT).ref();
  s.bind({ address: '::', port: 5000 });
  s.connect({ address: 'fd00:2::2', port: 9999 });
  s.send(encode('?'));
  w.run(3_000_000);
  assert.deepEqual(entries(r), [
    'src=fd00:1::2 dst=fd00:2::2 sport=5000 dport=9999 | src=fd00:2::2 dst=fd00:2::1 sport=9999 dport=5000',
  ]);
  assert.throws(
    () => s.send(encode('again')),
    (e) => isErrno(e) && e.code === 'ECONNREFUSED',
  );
  // Fragments: the router puts them together, translates them and cuts them as they were.
  const l = b.sockets.createUdp('inet6', ROOT).ref();
  l.bind({ address: '::', port: 53 });
  const got = w.spawn(
    (function* () {
      const m = yield* l.receive(CALLER);
      return `${formatIp(m.from.address)} ${m.data.length}`;
    })(),
  );
  const t = a.sockets.createUdp('inet6', ROOT).ref();
  t.send(new Uint8Array(4000), { address: 'fd00:2::2', port: 53 });
  w.run(1_000_000);
  assert.equal(got.value, 'fd00:2::1 4000');
  assert.ok(r.mib.Ip6FragOKs > 0);
});

test('decisions are in the trace', () => {
  const w = new TestWorld();
  const { clients, router } = office(w);
  masquerade(router, 'eth1');
  const seen: string[] = [];
  router.tracer.listen((e: TraceEvent) => {
    if (e.event === 'conntrack') seen.push(`${e.state} ${e.action}`);
    if (e.event === 'nat') seen.push(`${e.kind} ${e.from} ${e.to}`);
  });
  ping(w, clients[0]!, '192.0.2.2');
  assert.deepEqual(seen, [
    'NEW new',
    'snat 10.0.0.2 192.0.2.1',
    'NEW confirmed',
    'ESTABLISHED found',
    'dnat 192.0.2.1 10.0.0.2',
  ]);
  const [conn] = conntrackOf(router).list();
  assert.equal(conn!.status & CT_STATUS.SRC_NAT, CT_STATUS.SRC_NAT);
});
