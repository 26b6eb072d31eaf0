import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coroutine } from '../../core';
import { encode, isErrno } from '../../core';
import { parseIp4 } from '../../wire';
import { addNic, connectNics } from '../cable';
import type { NetNamespace } from '../namespace';
import { CALLER, ROOT, TestWorld } from '../testing';
import type { TcpSocket } from './tcp';

const ip = (text: string): number => parseIp4(text)!;

/** Two machines on one cable. */
function cabled(w: TestWorld, cable: { latency?: number; loss?: number; mtu?: number }): [NetNamespace, NetNamespace] {
  const [a, b] = [w.ns(w.machine('one')), w.ns(w.machine('two'))];
  const [na, nb] = [addNic(a, 'eth0'), addNic(b, 'eth0')];
  connectNics(na, nb, { latency: 1000, ...cable });
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
  s.bind({ address: 0, port });
  s.listen(backlog);
  return s;
}

function* drain(s: TcpSocket): Coroutine<number> {
  let n = 0;
  for (;;) {
    const data = yield* s.read(CALLER, 65536);
    if (data.length === 0) return n;
    for (const x of data) {
      if (x !== ((n * 7 + (n >> 8)) & 255)) throw new Error(`byte ${n} is wrong`);
      n++;
    }
  }
}

/** Sends `size` bytes from `a` to `b`. @returns what the receiver got, and when it was complete */
function transfer(
  w: TestWorld,
  a: NetNamespace,
  b: NetNamespace,
  size: number,
  limit = 600e6,
  options: { timestamps?: boolean } = {},
) {
  void options;
  const data = new Uint8Array(size);
  for (let i = 0; i < size; i++) data[i] = (i * 7 + (i >> 8)) & 255;
  const l = listen(b, 80);
  const start = w.scheduler.now;
  let took = Infinity;
  const got = w.spawn(
    (function* () {
      const s = (yield* l.accept(CALLER)).ref();
      const n = yield* drain(s);
      took = w.scheduler.now - start;
      s.unref();
      return n;
    })(),
  );
  const c = a.sockets.createTcp('inet', ROOT).ref();
  w.spawn(
    (function* () {
      yield* c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 });
      yield* c.write(CALLER, data);
      c.shutdown('write');
    })(),
  );
  w.run(limit);
  return { got: got.value, error: got.error, took, client: c };
}

for (const seed of ['a', 'b', 'c']) {
  test(`a transfer over a cable that loses 20 % completes, seed ${seed}`, () => {
    const w = new TestWorld(seed);
    const [a, b] = cabled(w, { loss: 0.2 });
    const r = transfer(w, a, b, 200_000);
    assert.equal(r.error, undefined);
    assert.equal(r.got, 200_000);
    assert.ok(a.mib.TcpExtTCPSackRecovery > 0, 'SACK recovery was used');
    assert.ok(a.mib.TcpExtTCPFastRetrans > a.mib.TcpExtTCPTimeouts, 'most losses are repaired without the timer');
  });
}

test('without SACK and time stamps losses are repaired as NewReno does', () => {
  const w = new TestWorld('reno');
  const [a, b] = cabled(w, { loss: 0.05 });
  a.sysctl.set('ipv4/tcp_sack', '0');
  b.sysctl.set('ipv4/tcp_timestamps', '0');
  const r = transfer(w, a, b, 300_000);
  assert.equal(r.got, 300_000);
  assert.ok(a.mib.TcpExtTCPRenoRecovery > 0);
  assert.equal(a.mib.TcpExtTCPSackRecovery, 0);
});

test('slow start: the time of a transfer grows with the logarithm of its size', () => {
  const took = (size: number): number => {
    const w = new TestWorld('slow');
    const [a, b] = cabled(w, { latency: 20_000 });
    return transfer(w, a, b, size).took / 40_000;
  };
  // ARP and handshake take two round trips, ten segments one, then twice as many each time.
  assert.ok(took(10_000) < 3.6, `${took(10_000)}`);
  const rounds = took(400_000);
  assert.ok(rounds > 5 && rounds < 9, `${rounds} round trips`);
});

test('a path that silently swallows big packets stalls; with tcp_mtu_probing it recovers', () => {
  const run = (probing: string) => {
    const w = new TestWorld('hole');
    const [a, b] = cabled(w, { mtu: 1200 });
    a.sysctl.set('ipv4/tcp_mtu_probing', probing);
    return transfer(w, a, b, 50_000, 120e6);
  };
  const stuck = run('0');
  assert.equal(stuck.got, undefined);
  assert.equal(stuck.client.state, 'FIN_WAIT1');
  assert.ok(stuck.client.retransmits >= 5, `${stuck.client.retransmits}`);
  assert.equal(run('1').got, 50_000);
});

test('a path MTU of 576 behind a router is learned and forgotten after ten minutes', () => {
  const w = new TestWorld('576');
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
  r.links.set(r.links.byName('eth2')!, { mtu: 576 });
  const t = transfer(w, a, b, 100_000, 60e6);
  assert.equal(t.got, 100_000);
  assert.ok(t.took < 1e6, `no timeout is needed: ${t.took}`);
  assert.equal(a.routes.get({ dst: ip('10.0.0.2') }).mtu, 576);
  w.run(600e6);
  assert.equal(a.routes.get({ dst: ip('10.0.0.2') }).mtu, 1500);
});

test('a closed window is probed and opens when the program reads', () => {
  const w = new TestWorld('zero');
  const [a, b] = cabled(w, {});
  const l = listen(b, 80);
  const accepted = w.spawn(l.accept(CALLER));
  const c = a.sockets.createTcp('inet', ROOT).ref();
  const sent = w.spawn(
    (function* () {
      yield* c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 });
      yield* c.write(CALLER, new Uint8Array(500_000));
    })(),
  );
  w.run(30e6);
  assert.equal(sent.done, false);
  assert.equal(c.info().timer?.kind, 'persist');
  assert.ok(a.mib.TcpExtTCPWinProbe > 2);
  assert.ok(b.mib.TcpExtTCPToZeroWindowAdv > 0);
  const s = accepted.value!.ref();
  let read = 0;
  w.spawn(
    (function* () {
      while (read < 500_000) read += (yield* s.read(CALLER, 65536)).length;
    })(),
  );
  w.run(10e6);
  assert.equal(read, 500_000);
  assert.equal(sent.done, true);
});

test('timers: a lost segment is probed, then sent again at doubling intervals until tcp_retries2 is over', () => {
  const w = new TestWorld('gone');
  const [a, b] = cabled(w, {});
  const l = listen(b, 80);
  w.spawn(l.accept(CALLER));
  const c = a.sockets.createTcp('inet', ROOT).ref();
  w.spawn(c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 }));
  w.run(1e6);
  assert.equal(c.state, 'ESTABLISHED');
  a.neigh.replace({
    index: a.links.byName('eth0')!.index,
    address: ip('10.0.0.2'),
    lladdr: b.links.byName('eth0')!.mac,
    state: 'PERMANENT',
  });
  b.links.set(b.links.byName('eth0')!, { up: false });
  w.spawn(c.write(CALLER, encode('hello')));
  w.run(150_000);
  assert.equal(c.info().timer?.kind, 'on');
  w.run(100_000);
  assert.equal(a.mib.TcpExtTCPLossProbes, 1);
  w.run(2e6);
  assert.ok(c.retransmits >= 2 && c.retransmits <= 4, `${c.retransmits}`);
  const reading = w.spawn(c.read(CALLER, 10));
  w.run(800e6);
  assert.ok(reading.done === false, 'tcp_retries2 means more than 13 minutes');
  w.run(300e6);
  assert.ok(isErrno(reading.error, 'ETIMEDOUT') || isErrno(reading.error, 'EHOSTUNREACH'), String(reading.error));
  assert.equal(a.mib.TcpExtTCPAbortOnTimeout, 1);
});

test('keepalive finds out that the peer is gone', () => {
  const w = new TestWorld('keep');
  const [a, b] = cabled(w, {});
  const l = listen(b, 80);
  w.spawn(l.accept(CALLER));
  const c = a.sockets.createTcp('inet', ROOT).ref();
  c.keepAlive = true;
  c.keepIdle = 10e6;
  c.keepInterval = 5e6;
  c.keepCount = 3;
  w.spawn(c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 }));
  w.run(60e6);
  assert.equal(c.state, 'ESTABLISHED', 'a living peer answers');
  assert.ok(a.mib.TcpExtTCPKeepAlive >= 4);
  b.links.set(b.links.byName('eth0')!, { up: false });
  const reading = w.spawn(c.read(CALLER, 10));
  w.run(60e6);
  assert.ok(isErrno(reading.error, 'ETIMEDOUT') || isErrno(reading.error, 'EHOSTUNREACH'), String(reading.error));
});

test('a full accept queue drops SYNs; too many half-open connections make cookies, which work', () => {
  const w = new TestWorld('full');
  const [a, b] = cabled(w, {});
  const log: string[] = [];
  (b.host as { kernelLog?: (line: string) => void }).kernelLog = (line) => log.push(line);
  const l = listen(b, 80, 1);
  const connect = (): TcpSocket => {
    const c = a.sockets.createTcp('inet', ROOT).ref();
    w.spawn(
      (function* () {
        try {
          yield* c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 });
        } catch {
          // Some must fail.
        }
      })(),
    );
    return c;
  };
  const first = [connect(), connect(), connect()];
  w.run(200_000);
  assert.equal(l.acceptQueue.length, 2, 'the queue holds one more than the backlog');
  assert.ok(first.filter((c) => c.state === 'ESTABLISHED').length >= 2);
  assert.ok(b.mib.TcpExtListenOverflows > 0 || b.mib.TcpExtSyncookiesSent > 0);
  // Many SYNs at once from a host that never answers.
  l.acceptQueue.splice(0);
  b.sysctl.set('ipv4/tcp_syncookies', '2');
  const c = connect();
  w.run(200_000);
  assert.equal(c.state, 'ESTABLISHED');
  assert.ok(b.mib.TcpExtSyncookiesSent > 0);
  assert.ok(b.mib.TcpExtSyncookiesRecv > 0);
  const child = l.acceptQueue[0]!;
  const got = w.spawn(child.ref().read(CALLER, 10));
  w.spawn(c.write(CALLER, encode('hi')));
  w.run(200_000);
  assert.deepEqual([...(got.value ?? [])], [...encode('hi')]);
});

test('an exact RST kills, one in the window is challenged', () => {
  const w = new TestWorld('rst');
  const [a, b] = cabled(w, {});
  const l = listen(b, 80);
  w.spawn(l.accept(CALLER));
  const c = a.sockets.createTcp('inet', ROOT).ref();
  w.spawn(c.connect(CALLER, { address: ip('10.0.0.2'), port: 80 }));
  w.run(1e6);
  const rst = (seq: number) => ({
    kind: 'tcp' as const,
    srcPort: 80,
    dstPort: c.local.port,
    seq: seq >>> 0,
    ack: c.sndNxt,
    flags: 4,
    window: 0,
    urgent: 0,
    options: undefined,
    payload: new Uint8Array(0),
    checksum: -1,
  });
  c.input(rst(c.rcvNxt + 100));
  assert.equal(c.state, 'ESTABLISHED');
  assert.equal(a.mib.TcpExtTCPChallengeACK, 1);
  c.input(rst(c.rcvNxt + 101));
  assert.equal(a.mib.TcpExtTCPACKSkippedChallenge, 1);
  c.input(rst(c.rcvNxt));
  assert.equal(c.state, 'CLOSED');
});
