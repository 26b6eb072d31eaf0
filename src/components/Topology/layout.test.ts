import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topology, TopologyPort } from '../../lab/protocol';
import { changes, describe, layout, wrap } from './layout';

function port(id: string, more: Partial<TopologyPort> = {}): TopologyPort {
  return { id, name: id.split('/').at(-1) ?? id, state: 'up', addresses: [], mac: '', kind: 'veth', ...more };
}

const cable: Topology = {
  boxes: [
    {
      id: 'h',
      title: 'host',
      kind: 'machine',
      ports: [port('h/lo', { kind: 'loopback' }), port('h/veth1')],
      routes: [],
      neighbours: [],
    },
    {
      id: 'c',
      title: 'c1',
      kind: 'namespace',
      parent: 'h',
      ports: [port('c/lo', { kind: 'loopback' }), port('c/eth0')],
      routes: [],
      neighbours: [],
    },
  ],
  links: [{ from: 'h/veth1', to: 'c/eth0', kind: 'veth', alive: true }],
};

const bridge: Topology = {
  boxes: [
    {
      id: 'h',
      title: 'host',
      kind: 'machine',
      ports: [
        port('h/br0', { kind: 'bridge', addresses: ['172.30.0.1/24'] }),
        port('h/veth1', { master: 'h/br0' }),
        port('h/veth2', { master: 'h/br0' }),
      ],
      routes: ['172.30.0.0/24 dev br0 proto kernel scope link src 172.30.0.1'],
      neighbours: [],
    },
    { id: 'c1', title: 'c1', kind: 'namespace', parent: 'h', ports: [port('c1/eth0')], routes: [], neighbours: [] },
    { id: 'c2', title: 'c2', kind: 'namespace', parent: 'h', ports: [port('c2/eth0')], routes: [], neighbours: [] },
  ],
  links: [
    { from: 'h/veth1', to: 'c1/eth0', kind: 'veth', alive: true },
    { from: 'h/veth2', to: 'c2/eth0', kind: 'veth', alive: false },
  ],
};

test('one cable runs straight, from the right edge of the host to the left edge of the namespace', () => {
  const at = layout(cable, 'full');
  const [host, c1] = at.boxes;
  assert.ok(host && c1);
  assert.match(at.links[0]?.path ?? '', new RegExp(`^M${host.x + host.w} \\d+H${c1.x}$`));
  assert.equal(host.h, c1.h);
});

test('boxes never overlap and everything lies inside the drawing', () => {
  for (const topology of [cable, bridge])
    for (const detail of ['full', 'ports', 'compact'] as const) {
      const at = layout(topology, detail);
      for (const [i, a] of at.boxes.entries()) {
        assert.ok(
          a.x >= 0 && a.y >= 0 && a.x + a.w <= at.w && a.y + a.h <= at.h,
          `${detail}: ${a.box.title} leaves the drawing`,
        );
        for (const b of at.boxes.slice(i + 1))
          assert.ok(
            a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y,
            `${detail}: boxes overlap`,
          );
      }
    }
});

test('cables keep to the gutter between the columns', () => {
  const at = layout(bridge, 'full');
  const right = Math.max(...at.boxes.filter((b) => b.box.kind === 'machine').map((b) => b.x + b.w));
  const left = Math.min(...at.boxes.filter((b) => b.box.kind === 'namespace').map((b) => b.x));
  for (const link of at.links)
    for (const [, x] of link.path.matchAll(/[MH](\d+)/g)) assert.ok(Number(x) >= right && Number(x) <= left, link.path);
});

test('a bridge has a line to each of its ports', () => {
  assert.equal(layout(bridge, 'full').boxes[0]?.bridges[0]?.members.length, 2);
});

test('long lines break between words', () => {
  assert.deepEqual(wrap('172.30.0.0/24 dev veth1 proto kernel', 180), ['172.30.0.0/24 dev veth1', 'proto kernel']);
});

test('the picture is said in one sentence', () => {
  assert.equal(describe(cable), 'host and c1. veth1 on host (up) is joined to eth0 in c1 (up).');
});

test('changes are said, and only changes', () => {
  const down: Topology = {
    ...cable,
    boxes: cable.boxes.map((b) => ({
      ...b,
      ports: b.ports.map((p) => (p.id === 'c/eth0' ? { ...p, state: 'down' as const } : p)),
    })),
  };
  assert.equal(changes(cable, down), 'eth0 in c1 is down');
  assert.equal(changes(cable, cable), '');
  assert.equal(changes(cable, { ...cable, boxes: cable.boxes.slice(0, 1) }), 'c1 is gone');
});

test('cables neither cross nor run along each other', () => {
  const [host, c1, c2] = bridge.boxes;
  assert.ok(host && c1 && c2);
  const outside = { ...c1, id: 'out', title: 'outside', ports: [port('out/eth0')] };
  const at = layout(
    {
      boxes: [{ ...host, ports: [...host.ports, port('h/eth1')] }, c1, c2, outside],
      links: [...bridge.links, { from: 'h/eth1', to: 'out/eth0', kind: 'veth', alive: true }],
    },
    'full',
  );
  type Segment = readonly [number, number, number, number];
  const segments = at.links.map(({ path }) => {
    const [x, y, ...rest] = (path.match(/-?[\d.]+/g) ?? []).map(Number) as [number, number, ...number[]];
    if (rest.length === 1) return [[x, y, rest[0] ?? x, y] as Segment];
    const [lane = x, down = y, end = x] = rest;
    return [[x, y, lane, y] as Segment, [lane, y, lane, down] as Segment, [lane, down, end, down] as Segment];
  });
  assert.equal(segments.length, 3);
  const meet = (a: Segment, b: Segment): boolean => {
    const overlap = (p: number, q: number, r: number, s: number): boolean =>
      Math.max(Math.min(p, q), Math.min(r, s)) <= Math.min(Math.max(p, q), Math.max(r, s));
    return overlap(a[0], a[2], b[0], b[2]) && overlap(a[1], a[3], b[1], b[3]);
  };
  for (const [i, mine] of segments.entries())
    for (const other of segments.slice(i + 1))
      for (const a of mine) for (const b of other) assert.ok(!meet(a, b), `${a.join()} meets ${b.join()}`);
});
