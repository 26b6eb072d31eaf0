import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTcp, TCP_FLAG } from '../../wire';
import { IpvsStats } from './estimator';
import { makeScheduler } from './schedulers';
import { Destination, Service } from './service';
import { nextTcpState } from './states';

function service(scheduler: string, weights: readonly number[]): Service {
  const s = new Service(
    { protocol: 6, address: 1, port: 80 },
    { scheduler, persistent: undefined, netmask: 0xffffffff, onePacket: false },
    makeScheduler(scheduler)!,
    0,
  );
  // The newest server comes first, as in the kernel.
  weights.forEach((weight, i) =>
    s.destinations.unshift(new Destination(i + 1, 80, { weight, forwarding: 'masq', upper: 0, lower: 0 }, 0)),
  );
  s.scheduler.changed(s);
  return s;
}

const choices = (s: Service, n: number, src = 9): (number | undefined)[] =>
  Array.from({ length: n }, () => s.scheduler.schedule(s, { src, dst: 1 })?.address);

test('schedulers choose as the kernel does (recorded: 28-ipvs)', () => {
  assert.deepEqual(choices(service('rr', [1, 2]), 4), [2, 1, 2, 1]);
  assert.deepEqual(choices(service('wrr', [1, 2]), 6), [2, 2, 1, 2, 2, 1]);
  assert.deepEqual(choices(service('rr', [0, 0]), 1), [undefined]);
  const wlc = service('wlc', [1, 3]);
  wlc.destinations[0]!.active = 2;
  wlc.destinations[1]!.active = 1;
  assert.deepEqual(choices(wlc, 1), [2]);
  const sh = service('sh', [1, 1, 1]);
  assert.equal(new Set(choices(sh, 20)).size, 1);
  assert.ok(new Set(Array.from({ length: 50 }, (_, i) => choices(sh, 1, 0x0a000000 + i)[0])).size > 1);
});

test('a TCP connection goes through its states', () => {
  const seg = (flags: number) => makeTcp(1, 2, 0, 0, flags, 0, undefined, new Uint8Array(0));
  const { SYN, ACK, FIN } = TCP_FLAG;
  let state = nextTcpState('NONE', seg(SYN), 'in', false);
  assert.equal(state, 'SYN_RECV');
  state = nextTcpState(state, seg(SYN | ACK), 'out', false);
  assert.equal(state, 'SYN_RECV');
  state = nextTcpState(state, seg(ACK), 'in', false);
  assert.equal(state, 'ESTABLISHED');
  state = nextTcpState(state, seg(FIN | ACK), 'out', false);
  assert.equal(state, 'FIN_WAIT');
  state = nextTcpState(state, seg(FIN | ACK), 'in', false);
  assert.equal(state, 'TIME_WAIT');
});

test('rates follow the counters and fade', () => {
  const s = new IpvsStats(0);
  for (let i = 0; i < 100; i++) s.countIn(1_000_000, 60);
  const first = s.perSecond(2_000_000).inPackets;
  assert.ok(first > 0 && first <= 50);
  assert.ok(s.perSecond(20_000_000).inPackets < first);
  assert.equal(s.perSecond(200_000_000).inPackets, 0);
  s.zero();
  assert.equal(s.counters().inPackets, 0);
});
