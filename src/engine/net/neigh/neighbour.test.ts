import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeIcmp4Echo, parseIp4 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { TestWorld } from '../testing';
import type { IpAddress } from '../../wire';

const ip = (text: string): number => parseIp4(text)!;

/** Two namespaces on one cable, both ends up. */
function cable(world: TestWorld): { a: NetNamespace; b: NetNamespace; left: Link; right: Link } {
  const a = world.ns();
  const b = world.ns();
  const left = a.links.add({ kind: 'veth', name: 'v', up: true, peer: { name: 'v', ns: b, up: true } });
  a.links.set(left, { up: true });
  world.run(2e6);
  return { a, b, left, right: b.links.byName('v')! };
}

function address(link: Link, local: IpAddress, prefixLength: number): void {
  link.ns.addrs.add({ index: link.index, local, prefixLength, noDad: true });
}

function echo(from: NetNamespace, to: string): void {
  from.ip4.output.send({ src: 0, dst: ip(to), protocol: 1, payload: makeIcmp4Echo(1, 1, new Uint8Array(8)) });
}

test('who asks from an address that is the broadcast address here is answered, but not believed', () => {
  const world = new TestWorld();
  const { a, b, left, right } = cable(world);
  address(left, ip('10.0.1.3'), 24);
  address(right, ip('10.0.1.2'), 30);
  echo(a, '10.0.1.2');
  world.run(1e6);
  assert.equal(a.neigh.list()[0]?.lladdr, right.mac, 'the answer came');
  assert.deepEqual(b.neigh.list(), [], 'entries without ARP are not shown');
  const [known] = b.neigh.list({ all: true });
  assert.equal(known?.state, 'NOARP');
  assert.equal(known?.lladdr, 'ff:ff:ff:ff:ff:ff');
});

test('the broadcast address of another link is an address like any other', () => {
  const world = new TestWorld();
  const { a, b, left, right } = cable(world);
  address(left, ip('10.0.1.3'), 24);
  address(right, ip('10.0.1.2'), 24);
  const other = b.links.add({ kind: 'dummy', name: 'd', up: true });
  address(other, ip('10.0.1.1'), 30);
  echo(a, '10.0.1.2');
  world.run(1e6);
  assert.equal(b.neigh.list().find((n) => n.address === ip('10.0.1.3'))?.lladdr, left.mac);
});

test('an entry that was used is asked for after delay_first_probe_time; an advertisement tells who is a router', () => {
  const world = new TestWorld();
  const { a, b, left, right } = cable(world);
  address(left, 'fd00::1', 64);
  address(right, 'fd00::2', 64);
  right.ip6!.conf.forwarding = 1;
  // Who was asked knows the asker's address, but nothing else.
  right.ip6!.neigh.delay_first_probe_time = left.ip6!.neigh.delay_first_probe_time = 1;
  b.ndp.sendSolicitation(right, 'fd00::1', 'fd00::2', 'ff02::1:ff00:1', right.mac);
  world.run(1e5);
  const of = (ns: NetNamespace) => ns.neigh.list().find((n) => n.address === 'fd00::2');
  assert.equal(of(a)?.router, false);
  world.run(3e6);
  assert.equal(of(a)?.state, 'REACHABLE', 'the advertisement was sent through the entry, which was then probed');
  assert.equal(of(a)?.router, true);
});
