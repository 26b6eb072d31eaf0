import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isErrno } from '../../core';
import type { LinkSpec } from '../api';
import type { NetNamespace } from '../namespace';
import { TestWorld } from '../testing';
import type { BridgeLink } from './bridge';
import { bridgeOps } from './bridge-ops';
import type { Link } from './link';
import { Stp } from './stp';

bridgeOps.stp = (bridge) => new Stp(bridge);

/** A bridge with two ports that run. */
function build(): { world: TestWorld; ns: NetNamespace; bridge: BridgeLink; ports: [Link, Link] } {
  const world = new TestWorld('ports');
  const ns = world.ns();
  const bridge = ns.links.add({ kind: 'bridge', name: 'br0', up: true } as LinkSpec) as BridgeLink;
  const ports = ['p1', 'p2'].map((name) => {
    const link = ns.links.add({ kind: 'veth', name, up: true, peer: { name: `${name}x`, up: true } } as LinkSpec);
    ns.links.set(link, { master: bridge.index, up: true });
    return link;
  }) as [Link, Link];
  world.run(2e6);
  return { world, ns, bridge, ports };
}

test('cost and priority of a port have limits; without the protocol nothing stays blocked', () => {
  const { ns, bridge, ports } = build();
  const [p1] = ports;
  const port = bridge.ports[0]!;
  const refused = (change: object, code: 'ERANGE' | 'EBUSY'): void =>
    assert.throws(
      () => ns.links.set(p1, { port: change }),
      (e) => isErrno(e, code),
    );
  refused({ priority: 64 }, 'ERANGE');
  refused({ cost: 0 }, 'ERANGE');
  refused({ cost: 65536 }, 'ERANGE');
  assert.deepEqual([port.priority, port.cost], [32, 2]);
  ns.links.set(p1, { port: { state: 'blocking' } });
  assert.equal(port.state, 'forwarding');
  ns.links.set(p1, { port: { state: 'listening' } });
  assert.equal(port.state, 'listening');
  ns.links.set(bridge, { bridge: { stpState: 1 } });
  refused({ state: 'forwarding' }, 'EBUSY');
});

test('the protocol leaves ports that forward alone, and what it made wait goes on without it', () => {
  const { world, ns, bridge, ports } = build();
  const states = (): string => bridge.ports.map((p) => p.state).join(' ');
  ns.links.set(bridge, { bridge: { stpState: 1, forwardDelay: 400 } });
  assert.equal(states(), 'forwarding forwarding');
  ns.links.set(ports[0], { up: false });
  ns.links.set(ports[0], { up: true });
  world.run(1e6);
  assert.equal(states(), 'listening forwarding');
  ns.links.set(bridge, { bridge: { stpState: 0 } });
  assert.equal(states(), 'listening forwarding');
  world.run(20e6);
  assert.equal(states(), 'forwarding forwarding');
});

test('append moves a static entry; addresses besides its own make a veth take every frame', () => {
  const { ns, bridge, ports } = build();
  const mac = '02:00:00:00:00:55';
  ns.fdb.add({ mac, index: ports[0].index, master: true, state: 'static' });
  assert.throws(
    () => ns.fdb.add({ mac, index: ports[1].index, master: true, state: 'static' }),
    (e) => isErrno(e, 'EEXIST'),
  );
  ns.fdb.add({ mac, index: ports[1].index, master: true, state: 'static', append: true });
  assert.equal(bridge.fdb.entries.get(mac)?.port, bridge.ports[1]);
  const lone = ns.links.byName('p1x')!;
  assert.equal(lone.info().promiscuity, 0);
  ns.fdb.add({ mac, index: lone.index, self: true });
  assert.equal(lone.info().promiscuity, 1);
});

test('a bridge keeps a group address of the ones that are free for it', () => {
  const { ns, bridge } = build();
  ns.links.set(bridge, { bridge: { groupAddress: '01:80:c2:00:00:05' } });
  for (const groupAddress of ['01:80:c2:00:00:03', '01:80:c2:00:00:15', '02:00:00:00:00:01'])
    assert.throws(
      () => ns.links.set(bridge, { bridge: { groupAddress } }),
      (e) => isErrno(e, 'EINVAL'),
    );
  assert.equal(bridge.bridgeInfo().groupAddress, '01:80:c2:00:00:05');
});

test('a veth whose name is refused leaves no peer behind, only a number less', () => {
  const ns = new TestWorld('names').ns();
  const before = ns.links.list().length;
  assert.throws(
    () => ns.links.add({ kind: 'veth', name: '.', peer: { name: 'x' } } as LinkSpec),
    (e) => isErrno(e, 'EINVAL'),
  );
  assert.equal(ns.links.list().length, before);
});
