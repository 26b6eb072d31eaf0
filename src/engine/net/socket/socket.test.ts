import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coroutine } from '../../core';
import { encode, decode, isErrno } from '../../core';
import { parseIp4 } from '../../wire';
import { addNic, connectNics } from '../cable';
import type { NetNamespace } from '../namespace';
import { CALLER, ROOT, TestWorld } from '../testing';
import type { TcpSocket } from './tcp';

const ip = (text: string): number => parseIp4(text)!;

function code(e: unknown): string | undefined {
  return isErrno(e) ? e.code : e === undefined ? undefined : String(e);
}

function pair(w: TestWorld): [NetNamespace, NetNamespace] {
  const [a, b] = [w.ns(), w.ns()];
  a.links.add({ kind: 'veth', name: 'eth0', peer: { name: 'eth0', ns: b } });
  for (const [ns, addr] of [
    [a, '10.0.0.1'],
    [b, '10.0.0.2'],
  ] as const) {
    const link = ns.links.byName('eth0')!;
    ns.links.set(ns.loopback, { up: true });
    ns.addrs.add({ index: link.index, local: ip(addr), prefixLength: 24 });
    ns.links.set(link, { up: true });
  }
  return [a, b];
}

function cabled(w: TestWorld, loss: number): [NetNamespace, NetNamespace] {
  const [a, b] = [w.ns(w.machine('one')), w.ns(w.machine('two'))];
  const [na, nb] = [addNic(a, 'eth0'), addNic(b, 'eth0')];
  connectNics(na, nb, { latency: 1000, loss });
  for (const [ns, nic, addr] of [
    [a, na, '10.0.0.1'],
    [b, nb, '10.0.0.2'],
  ] as const) {
    ns.addrs.add({ index: nic.index, local: ip(addr), prefixLength: 24 });
    ns.links.set(nic, { up: true });
  }
  return [a, b];
}

function listen(ns: NetNamespace, port: number, backlog = 5): TcpSocket {
  const s = ns.sockets.createTcp('inet', ROOT).ref();
  s.reuseAddr = true;
  s.bind({ address: 0, port });
  s.listen(backlog);
  return s;
}

/** Reads to the end of the stream. */
function* drain(s: TcpSocket): Coroutine<Uint8Array> {
  const parts: number[] = [];
  for (;;) {
    const data = yield* s.read(CALLER, 65536);
    if (data.length === 0) return Uint8Array.from(parts);
    for (const b of data) parts.push(b);
  }
}

function transfer(
  w: TestWorld,
  client: NetNamespace,
  server: NetNamespace,
  size: number,
): { client: TcpSocket; ok: boolean } {
  const data = new Uint8Array(size);
  for (let i = 0; i < size; i++) data[i] = (i * 7 + (i >> 8)) & 255;
  const l = listen(server, 80);
  const got = w.spawn(
    (function* () {
      const s = (yield* l.accept(CALLER)).ref();
      const all = yield* drain(s);
      s.unref();
      return all;
    })(),
  );
  const c = client.sockets.createTcp('inet', ROOT).ref();
  const sent = w.spawn(
    (function* () {
      yield* c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 });
      yield* c.write(CALLER, data);
      c.shutdown('write');
      yield* drain(c);
      c.unref();
    })(),
  );
  w.run(600_000_000);
  assert.equal(code(sent.error), undefined);
  assert.equal(code(got.error), undefined);
  return { client: c, ok: Buffer.compare(Buffer.from(got.value ?? []), Buffer.from(data)) === 0 };
}

test('TCP carries a megabyte over a veth without retransmission and ends in TIME-WAIT', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const { ok } = transfer(w, a, b, 1_000_000);
  assert.ok(ok);
  assert.equal(a.mib.TcpRetransSegs, 0);
  assert.equal(a.sockets.list().filter((s) => s.protocol === 'tcp').length, 0, 'TIME-WAIT is over after 60 s');
});

test('TCP carries a megabyte over a cable that loses 5 % of the frames', () => {
  const w = new TestWorld();
  const [a, b] = cabled(w, 0.05);
  const { ok } = transfer(w, a, b, 1_000_000);
  assert.ok(ok);
  assert.ok(a.mib.TcpRetransSegs > 10);
});

test('TCP finds the path MTU behind a router', () => {
  const w = new TestWorld();
  const [a, r, b] = [w.ns(), w.ns(), w.ns()];
  a.links.add({ kind: 'veth', name: 'eth0', peer: { name: 'eth1', ns: r } });
  b.links.add({ kind: 'veth', name: 'eth0', peer: { name: 'eth2', ns: r } });
  const set = (ns: NetNamespace, name: string, addr: string): void => {
    const link = ns.links.byName(name)!;
    ns.links.set(ns.loopback, { up: true });
    ns.addrs.add({ index: link.index, local: ip(addr), prefixLength: 24 });
    ns.links.set(link, { up: true });
  };
  set(a, 'eth0', '10.0.1.2');
  set(r, 'eth1', '10.0.1.1');
  set(r, 'eth2', '10.0.0.1');
  set(b, 'eth0', '10.0.0.2');
  a.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: ip('10.0.1.1') });
  b.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: ip('10.0.0.1') });
  r.sysctl.set('ipv4/ip_forward', '1');
  // Only the router knows that its second link is narrow; the server announces a full MSS.
  r.links.set(r.links.byName('eth2')!, { mtu: 1300 });
  const { ok } = transfer(w, a, b, 100_000);
  assert.ok(ok);
  assert.equal(a.routes.get({ dst: ip('10.0.0.2') }).mtu, 1300);
  assert.ok(r.mib.IcmpOutDestUnreachs > 0);
});

test('states of a connection and of its end', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const l = listen(b, 9000);
  const c = a.sockets.createTcp('inet', ROOT).ref();
  const accepted = w.spawn(l.accept(CALLER));
  const done = w.spawn(c.connect(CALLER, { address: ip('10.0.0.2'), port: 9000 }));
  w.run(100_000);
  assert.equal(done.error, undefined);
  const s = accepted.value!.ref();
  const states = (ns: NetNamespace): string[] =>
    ns.sockets
      .list()
      .filter((x) => x.protocol === 'tcp')
      .map((x) => x.state);
  assert.deepEqual([states(a), states(b)], [['ESTAB'], ['LISTEN', 'ESTAB']]);
  assert.ok(c.local.port >= 32768 && c.local.port <= 60999);
  const read = w.spawn(s.read(CALLER, 100));
  w.spawn(c.write(CALLER, encode('hello')));
  w.run(100_000);
  assert.equal(decode(read.value!), 'hello');
  c.unref();
  w.run(100_000);
  assert.deepEqual([states(a), states(b)], [['FIN-WAIT-2'], ['LISTEN', 'CLOSE-WAIT']]);
  s.unref();
  w.run(100_000);
  assert.deepEqual([states(a), states(b)], [['TIME-WAIT'], ['LISTEN']]);
  w.run(61_000_000);
  assert.deepEqual(states(a), []);
});

test('errors of connect: refused, timed out, no route', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const connect = (addr: string, port: number): { at: number; error?: unknown } => {
    const s = a.sockets.createTcp('inet', ROOT).ref();
    const out: { at: number; error?: unknown } = { at: 0 };
    const start = w.scheduler.now;
    w.spawn(
      (function* () {
        try {
          yield* s.connect(CALLER, { address: ip(addr), port });
        } catch (e) {
          out.error = e;
        }
        out.at = w.scheduler.now - start;
      })(),
    );
    w.run(200_000_000);
    return out;
  };
  assert.equal(code(connect('10.0.0.2', 81).error), 'ECONNREFUSED');
  const unreachable = connect('10.0.0.77', 80);
  assert.equal(code(unreachable.error), 'EHOSTUNREACH');
  assert.ok(unreachable.at > 2_900_000 && unreachable.at < 3_300_000, `${unreachable.at}`);
  assert.equal(code(connect('192.168.1.1', 80).error), 'ENETUNREACH');
  // A peer that stays silent: its address is known, its link swallows everything.
  const eth = b.links.byName('eth0')!;
  a.neigh.replace({ index: a.links.byName('eth0')!.index, address: ip('10.0.0.50'), lladdr: eth.mac });
  const silent = connect('10.0.0.50', 80);
  assert.equal(code(silent.error), 'ETIMEDOUT');
  assert.ok(silent.at > 125e6 && silent.at < 135e6, `${silent.at / 1e6} s`);
});

test('a reset: reader gets ECONNRESET, later writer EPIPE; unread data at close sends one', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const l = listen(b, 80);
  const c = a.sockets.createTcp('inet', ROOT).ref();
  const accepted = w.spawn(l.accept(CALLER));
  w.spawn(c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 }));
  w.run(10_000);
  w.spawn(c.write(CALLER, encode('x')));
  w.run(10_000);
  accepted.value!.ref().unref();
  w.run(10_000);
  const read = w.spawn(c.read(CALLER, 10));
  w.run(10_000);
  assert.equal(code(read.error), 'ECONNRESET');
  const write = w.spawn(c.write(CALLER, encode('y')));
  w.run(10_000);
  assert.equal(code(write.error), 'EPIPE');
});

test('binding: in use, not ours, privileged', () => {
  const w = new TestWorld();
  const [, b] = pair(w);
  const l = listen(b, 80);
  const s = b.sockets.createTcp('inet', ROOT).ref();
  s.reuseAddr = true;
  assert.throws(
    () => s.bind({ address: ip('10.0.0.2'), port: 80 }),
    (e) => isErrno(e, 'EADDRINUSE'),
  );
  assert.throws(
    () => s.bind({ address: ip('10.0.0.9'), port: 81 }),
    (e) => isErrno(e, 'EADDRNOTAVAIL'),
  );
  const user = b.sockets.createTcp('inet', { uid: 1000, netRaw: false });
  assert.throws(
    () => user.bind({ address: 0, port: 81 }),
    (e) => isErrno(e, 'EACCES'),
  );
  assert.throws(
    () => b.sockets.createRaw('inet', 1, { uid: 1000, netRaw: false }),
    (e) => isErrno(e, 'EPERM'),
  );
  l.unref();
  s.bind({ address: ip('10.0.0.2'), port: 80 });
  s.listen(1);
});

test('UDP: datagrams both ways, port unreachable on a connected socket, broadcast needs leave', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const server = b.sockets.createUdp('inet', ROOT).ref();
  server.bind({ address: 0, port: 53 });
  const client = a.sockets.createUdp('inet', ROOT).ref();
  client.connect({ address: ip('10.0.0.2'), port: 53 });
  w.spawn(
    (function* () {
      const m = yield* server.receive(CALLER);
      server.send(encode(decode(m.data).toUpperCase()), m.from);
    })(),
  );
  client.send(encode('hi'));
  const answer = w.spawn(client.receive(CALLER));
  w.run(10_000);
  assert.equal(decode(answer.value!.data), 'HI');
  server.unref();
  client.send(encode('again'));
  const refused = w.spawn(client.receive(CALLER));
  w.run(10_000);
  assert.equal(code(refused.error), 'ECONNREFUSED');
  const all = { address: 0xffffffff, port: 9 };
  assert.throws(
    () => a.sockets.createUdp('inet', ROOT).send(encode('x'), all),
    (e) => isErrno(e, 'ENETUNREACH', 'EACCES'),
  );
  assert.throws(
    () => a.sockets.createUdp('inet', ROOT).send(encode('x'), { address: ip('10.0.0.255'), port: 9 }),
    (e) => isErrno(e, 'EACCES'),
  );
});

test('UDP multicast reaches who joined the group', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const group = ip('239.1.2.3');
  const link = b.links.byName('eth0')!;
  const member = b.sockets.createUdp('inet', ROOT).ref();
  member.bind({ address: 0, port: 5000 });
  const got: string[] = [];
  w.spawn(
    (function* () {
      for (;;) got.push(decode((yield* member.receive(CALLER)).data));
    })(),
  );
  const s = a.sockets.createUdp('inet', ROOT).ref();
  s.bindToDevice('eth0');
  const say = (text: string): void => {
    s.send(encode(text), { address: group, port: 5000 });
    w.run(10_000);
  };
  say('nobody');
  member.join(group, link);
  say('one');
  member.leave(group, link);
  say('nobody again');
  assert.deepEqual(got, ['one']);
});

test('IPv6: link-local address after DAD, neighbour discovery, TCP on a dual-stack listener', () => {
  const w = new TestWorld();
  const [a, b] = pair(w);
  const addr = (ns: NetNamespace) => ns.addrs.list({ family: 'inet6' }).find((x) => x.index !== 1)!;
  assert.equal(addr(a).tentative, true);
  w.run(3_000_000);
  assert.equal(addr(a).tentative, false);
  b.addrs.add({ index: b.links.byName('eth0')!.index, local: '2001:db8::2', prefixLength: 64 });
  a.addrs.add({ index: a.links.byName('eth0')!.index, local: '2001:db8::1', prefixLength: 64 });
  w.run(3_000_000);
  const l = b.sockets.createTcp('inet6', ROOT).ref();
  l.bind({ address: '::', port: 80 });
  l.listen(5);
  const six = a.sockets.createTcp('inet6', ROOT).ref();
  const four = a.sockets.createTcp('inet', ROOT).ref();
  const r6 = w.spawn(six.connect(CALLER, { address: '2001:db8::2', port: 80 }));
  const r4 = w.spawn(four.connect(CALLER, { address: ip('10.0.0.2'), port: 80 }));
  w.run(1_000_000);
  assert.deepEqual([r6.error, r4.error], [undefined, undefined]);
  const peers = l.acceptQueue.map((s) => s.remote!.address).sort();
  assert.deepEqual(peers, ['2001:db8::1', '::ffff:10.0.0.1']);
  assert.equal(a.neigh.list({ family: 'inet6' }).find((n) => n.address === '2001:db8::2')!.state, 'REACHABLE');
  a.addrs.add({ index: a.links.byName('eth0')!.index, local: '2001:db8::2', prefixLength: 64 });
  w.run(3_000_000);
  assert.equal(a.addrs.list({ family: 'inet6' }).find((x) => x.local === '2001:db8::2')!.dadFailed, true);
});

test('the same seed gives the same traffic', () => {
  const once = (): string => {
    const w = new TestWorld('seed');
    const [a, b] = pair(w);
    const lines: string[] = [];
    a.tracer.listen((e) => lines.push(`${e.at} ${e.event} ${e.packet}`));
    transfer(w, a, b, 20_000);
    return lines.join('\n');
  };
  assert.equal(once(), once());
});
