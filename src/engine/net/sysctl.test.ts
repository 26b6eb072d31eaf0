import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isErrno } from '../core';
import { TestWorld } from './testing';

test('sysctl: values, bounds, what follows what', () => {
  const w = new TestWorld();
  const ns = w.ns();
  const { sysctl } = ns;
  assert.equal(sysctl.get('ipv4/ip_forward'), '0');
  sysctl.set('ipv4/ip_forward', '5\n');
  assert.deepEqual([sysctl.get('ipv4/ip_forward'), sysctl.get('ipv4/conf/lo/forwarding')], ['5', '5']);
  // A single number is read, whatever follows it.
  sysctl.set('ipv4/ip_forward', '1 2');
  assert.equal(sysctl.get('ipv4/ip_forward'), '1');
  sysctl.set('ipv4/conf/all/forwarding', '0');
  assert.equal(sysctl.get('ipv4/ip_forward'), '0');
  const fails = (path: string, value: string, code: 'EINVAL' | 'ENOENT'): void =>
    assert.throws(
      () => sysctl.set(path, value),
      (e) => isErrno(e, code),
    );
  fails('ipv4/ip_forward', 'abc', 'EINVAL');
  fails('ipv4/ip_forward', '', 'EINVAL');
  fails('ipv4/ip_default_ttl', '256', 'EINVAL');
  fails('ipv4/conf/all/rp_filter', '99999999999', 'EINVAL');
  fails('ipv4/nosuch', '1', 'ENOENT');
  fails('ipv4/conf/eth9/rp_filter', '1', 'ENOENT');
  sysctl.set('ipv4/ip_local_port_range', '5000');
  assert.equal(sysctl.get('ipv4/ip_local_port_range'), '5000\t60999');
  assert.deepEqual(
    sysctl.entries('ipv4/conf')!.map((e) => e.name),
    ['all', 'default', 'lo'],
  );
  assert.equal(sysctl.entries('ipv4/conf/lo')!.length, 33);
  assert.equal(sysctl.get('ipv4/neigh/default/mcast_solicit'), '3');
  assert.equal(w.ns().sysctl.get('ipv4/neigh/default/mcast_solicit'), undefined);
});

test('links are named, numbered and announced', () => {
  const w = new TestWorld();
  const [vm, red] = [w.ns(), w.ns()];
  const lines: string[] = [];
  vm.events.subscribe((e) => {
    if (e.type === 'link') lines.push(`${e.deleted ? 'Deleted ' : ''}${e.link.index} ${e.link.name}`);
    if (e.type === 'nsid') lines.push(`nsid ${e.nsid}`);
  });
  vm.links.add({ kind: 'veth', name: 'v0', peer: { name: 'v1' } });
  assert.equal(vm.nsids.list().length, 0);
  vm.links.set(vm.links.byName('v1')!, { ns: red });
  assert.deepEqual(
    vm.nsids.list().map((n) => n.nsid),
    [0],
  );
  assert.equal(vm.links.byName('v0')!.info().linkNetnsid, 0);
  assert.equal(red.links.byName('v1')!.index, 2);
  assert.ok(lines.includes('Deleted 2 v1') && lines.includes('nsid 0'));
  assert.equal(vm.links.add({ kind: 'dummy' }).name, 'dummy0');
  assert.equal(vm.links.add({ kind: 'dummy' }).name, 'dummy1');
  red.destroy(vm);
  assert.equal(vm.links.byName('v0'), undefined, 'the other end dies with the namespace');
  assert.equal(vm.nsids.list().length, 0);
});
