/**
 * Where each thing of a topology goes. Machines stand at the left, namespaces at the right, and every port with a cable sits on the
 * edge that faces the gutter between them, so that a cable runs at right angles and never crosses a box. Network cards and the
 * switches that join machines are at the far left.
 */
import type { Topology, TopologyBox, TopologyLink, TopologyPort, TopologySwitch } from '../../lab/protocol';

/** A drawn port. `inner` ports (loopback, ports without a cable) sit inside their box. */
export interface PortAt {
  readonly port: TopologyPort;
  readonly x: number;
  readonly y: number;
  readonly inner: boolean;
  /** Text grows away from the edge: to the left in a box at the left, to the right in one at the right. */
  readonly anchor: 'start' | 'end';
}

/** A bridge: a bar with a line from each of its ports. */
export interface BridgeAt {
  readonly port: TopologyPort;
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
  readonly anchor: 'start' | 'end';
  readonly members: readonly { readonly x: number; readonly y: number }[];
}

/** One section of lines at the foot of a box. */
export interface SectionAt {
  readonly title: string;
  readonly y: number;
  readonly lines: readonly string[];
}

/** A drawn box. */
export interface BoxAt {
  readonly box: TopologyBox;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly ports: readonly PortAt[];
  readonly bridges: readonly BridgeAt[];
  readonly sections: readonly SectionAt[];
}

/** A drawn cable: an SVG path and, when nothing can pass, where to say so. */
export interface LinkAt {
  readonly path: string;
  readonly alive: boolean;
  readonly kind: 'veth' | 'wire' | 'tunnel';
  /** Ids of the ports that it joins. */
  readonly from: string;
  readonly to: string;
  readonly label?: { readonly x: number; readonly y: number };
}

/** A switch: a bar at the far left with a line to each card that is plugged in. */
export interface SwitchAt {
  readonly lan: TopologySwitch;
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
  readonly ports: readonly { readonly id: string; readonly x: number; readonly y: number; readonly alive: boolean }[];
}

/** The whole picture in pixels. */
export interface Layout {
  readonly w: number;
  readonly h: number;
  readonly boxes: readonly BoxAt[];
  readonly links: readonly LinkAt[];
  readonly switches: readonly SwitchAt[];
}

const margin = 10;
const gapY = 20;
const titleH = 38;
const charW = 7.3;

/** How much is drawn: everything; titles, ports and addresses; or titles, ports and cables for a small card. */
export type Detail = 'full' | 'ports' | 'compact';

interface Measures {
  boxW: number;
  full: boolean;
  sections: boolean;
}

/** Breaks a line of `ip` output between words, so that it fits `width` pixels. */
export function wrap(line: string, width: number): string[] {
  const max = Math.max(8, Math.floor(width / charW));
  const out: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current && current.length + 1 + word.length > max) {
      out.push(current);
      current = word;
    } else current = current ? `${current} ${word}` : word;
  }
  return current ? [...out, current] : out;
}

function placeBox(
  box: TopologyBox,
  x: number,
  y: number,
  side: 'left' | 'right',
  cabled: ReadonlySet<string>,
  nics: ReadonlySet<string>,
  m: Measures,
): BoxAt {
  const edge = side === 'left' ? x + m.boxW : x;
  const anchor = side === 'left' ? 'end' : 'start';
  const inside = side === 'left' ? x + 24 : x + m.boxW - 24;
  const bridges = box.ports.filter((p) => p.kind === 'bridge');
  const isMember = (p: TopologyPort): boolean => bridges.some((b) => b.id === p.master);
  const onEdge = (p: TopologyPort): boolean => cabled.has(p.id) || (p.kind !== 'loopback' && p.name !== 'lo');
  const ports: PortAt[] = [];
  const placedBridges: BridgeAt[] = [];
  let row = y + titleH;

  if (m.full)
    for (const port of box.ports.filter((p) => p.kind !== 'bridge' && !isMember(p) && !onEdge(p))) {
      ports.push({ port, x: inside, y: row + 16, inner: true, anchor: side === 'left' ? 'start' : 'end' });
      row += 34 + 16 * Math.max(0, shown(port).length - (port.name === 'lo' ? 1 : 0));
    }
  for (const port of box.ports.filter((p) => p.kind !== 'bridge' && !isMember(p) && onEdge(p))) {
    const out = nics.has(port.id);
    ports.push({ port, x: out ? x : edge, y: row + 20, inner: false, anchor: out ? 'start' : anchor });
    row += m.full ? 40 + 16 * Math.max(0, shown(port).length - 1) : 34;
  }
  for (const port of bridges) {
    const members = box.ports.filter((p) => p.master === port.id);
    const head = row + (m.full ? 26 + 16 * Math.max(1, shown(port).length) : 26);
    row = head;
    const at = members.map((p) => {
      row += 30;
      const out = nics.has(p.id);
      ports.push({ port: p, x: out ? x : edge, y: row - 12, inner: false, anchor: out ? 'start' : anchor });
      return { x: out ? x : edge, y: row - 12 };
    });
    const barX = side === 'left' ? x + 24 : x + m.boxW - 38;
    placedBridges.push({
      port,
      x: barX,
      top: head,
      bottom: Math.max(row + 2, head + 16),
      anchor: side === 'left' ? 'start' : 'end',
      members: at,
    });
    row = Math.max(row, head + 16) + 10;
  }

  const sections: SectionAt[] = [];
  if (m.sections)
    for (const [title, lines] of [
      ['routes', box.routes],
      ['neighbours', box.neighbours],
    ] as const) {
      const wrapped = lines.flatMap((l) => wrap(l, m.boxW - 30));
      row += 12;
      sections.push({ title, y: row, lines: wrapped });
      row += 24 + 17 * Math.max(1, wrapped.length);
    }
  return {
    box,
    x,
    y,
    w: m.boxW,
    h: Math.max(row + 14 - y, m.full ? 110 : 84),
    ports,
    bridges: placedBridges,
    sections,
  };
}

/** Addresses to print at a port; loopback's own are left out, everybody knows them. */
export function shown(port: TopologyPort): readonly string[] {
  return port.addresses.filter((a) => !a.startsWith('127.') && a !== '::1/128');
}

/** Boxes in the order of the ports that they are joined to on the other side, so that cables do not cross. */
function facing(
  list: readonly TopologyBox[],
  links: readonly TopologyLink[],
  placed: readonly BoxAt[],
): readonly TopologyBox[] {
  const heights = new Map(placed.flatMap((b) => b.ports.map((p) => [p.port.id, p.y] as const)));
  const height = (box: TopologyBox): number => {
    const own = new Set(box.ports.map((p) => p.id));
    const ys = links.flatMap((l) => {
      const other = own.has(l.from) ? l.to : own.has(l.to) ? l.from : undefined;
      return (other === undefined ? undefined : heights.get(other)) ?? [];
    });
    return ys.length > 0 ? Math.min(...ys) : Infinity;
  };
  return list
    .map((box, i) => ({ box, i, y: height(box) }))
    .sort((a, b) => (a.y === b.y ? a.i - b.i : a.y - b.y))
    .map(({ box }) => box);
}

/**
 * The lane of each cable in the gutter, counted from the left. Of cables that go down, the lowest takes the first one; of cables
 * that go up, the highest: so none runs along or across another.
 */
function lanesOf(links: readonly TopologyLink[], at: ReadonlyMap<string, PortAt>): ReadonlyMap<TopologyLink, number> {
  const ends = links.flatMap((link) => {
    const [a, b] = [at.get(link.from), at.get(link.to)];
    if (!a || !b) return [];
    const [near, far] = a.x <= b.x ? [a, b] : [b, a];
    return [{ link, from: near.y, down: far.y >= near.y }];
  });
  const up = ends.filter((e) => !e.down).sort((a, b) => a.from - b.from);
  const down = ends.filter((e) => e.down).sort((a, b) => b.from - a.from);
  return new Map([...up, ...down].map((e, i) => [e.link, i]));
}

/** Lays out a topology at a level of detail. */
export function layout(topology: Topology, detail: Detail): Layout {
  const full = detail !== 'compact';
  const m: Measures = { boxW: full ? 240 : 84, full, sections: detail === 'full' };
  const cabled = new Set(topology.links.flatMap((l) => [l.from, l.to]));
  const left = topology.boxes.filter((b) => b.kind === 'machine');
  const right = topology.boxes.filter((b) => b.kind === 'namespace');
  const lans = topology.switches ?? [];
  const wires = topology.links.filter((l) => l.kind === 'wire');
  const inner = topology.links.filter((l) => l.kind !== 'wire');
  const nics = new Set([...lans.flatMap((s) => s.ports.map((p) => p.id)), ...wires.flatMap((l) => [l.from, l.to])]);
  const lanes = inner.length;
  const laneW = full ? 34 : 14;
  const outside = nics.size > 0 ? (lans.length + wires.length) * laneW + (full ? 14 : 8) : 0;
  const gutter = full ? Math.max(78, 40 + lanes * 12) : Math.max(34, 18 + lanes * 8);
  const boxes: BoxAt[] = [];
  const column = (list: readonly TopologyBox[], x: number, side: 'left' | 'right'): number => {
    let y = margin;
    for (const box of list) {
      const placed = placeBox(box, x, y, side, cabled, nics, m);
      boxes.push(placed);
      y += placed.h + gapY;
    }
    return y - gapY;
  };
  const leftX = margin + outside;
  const leftEnd = column(left, leftX, 'left');
  const rightX = left.length > 0 ? leftX + m.boxW + gutter : margin;
  const rightEnd = column(facing(right, inner, boxes), rightX, 'right');

  // Two boxes side by side look better at one height.
  if (left.length === 1 && right.length === 1) {
    const h = Math.max(...boxes.map((b) => b.h));
    boxes.forEach((b, i) => (boxes[i] = { ...b, h }));
  }

  const at = new Map(boxes.flatMap((b) => b.ports.map((p) => [p.port.id, p] as const)));
  const lane = lanesOf(inner, at);
  const laneX = (i: number): number => leftX + m.boxW + (full ? 24 : 12) + i * (full ? 12 : 8);
  const links: LinkAt[] = [];
  inner.forEach((link) => {
    const a = at.get(link.from);
    const b = at.get(link.to);
    if (!a || !b) return;
    const i = lane.get(link) ?? 0;
    const straight = a.y === b.y && a.x !== b.x;
    links.push({
      path: straight ? `M${a.x} ${a.y}H${b.x}` : `M${a.x} ${a.y}H${laneX(i)}V${b.y}H${b.x}`,
      alive: link.alive,
      kind: link.kind,
      from: link.from,
      to: link.to,
      ...(straight && full && !link.alive ? { label: { x: (a.x + b.x) / 2, y: a.y - 10 } } : {}),
    });
  });
  const outX = (i: number): number => margin + i * laneW + (full ? 12 : 6);
  const switches = lans.map((lan, i): SwitchAt => {
    const ports = lan.ports.flatMap((p) => {
      const port = at.get(p.id);
      return port ? [{ id: p.id, x: port.x, y: port.y, alive: p.alive }] : [];
    });
    const ys = ports.map((p) => p.y);
    return { lan, x: outX(i), top: Math.min(...ys) - 10, bottom: Math.max(...ys) + 10, ports };
  });
  wires.forEach((link, i) => {
    const a = at.get(link.from);
    const b = at.get(link.to);
    if (!a || !b) return;
    const { from, to, alive, kind } = link;
    links.push({ path: `M${a.x} ${a.y}H${outX(lans.length + i)}V${b.y}H${b.x}`, from, to, alive, kind });
  });
  const columns = (left.length > 0 ? 1 : 0) + (right.length > 0 ? 1 : 0);
  const spill = lanes > 0 && columns === 1 ? gutter : 0;
  return {
    w: margin * 2 + outside + m.boxW * Math.max(1, columns) + (columns === 2 ? gutter : spill),
    h: Math.max(leftEnd, rightEnd, margin + 84) + margin,
    boxes,
    links,
    switches,
  };
}

const words = { up: 'up', half: 'up without carrier', down: 'down' } as const;

/** The state of a port in words. */
export function portWords(port: TopologyPort): string {
  return words[port.state];
}

/** One sentence for a screen reader. */
export function describe(topology: Topology): string {
  const titles = new Map(topology.boxes.flatMap((b) => b.ports.map((p) => [p.id, { box: b.title, port: p }] as const)));
  const boxes = topology.boxes.map((b) => b.title);
  const cables = topology.links.map((l) => {
    const a = titles.get(l.from);
    const b = titles.get(l.to);
    return a && b
      ? `${a.port.name} on ${a.box} (${portWords(a.port)}) is joined to ${b.port.name} in ${b.box} (${portWords(b.port)})`
      : '';
  });
  for (const lan of topology.switches ?? []) {
    const plugged = lan.ports.flatMap((p) => {
      const t = titles.get(p.id);
      return t ? [`${t.port.name} on ${t.box} (${portWords(t.port)})`] : [];
    });
    cables.push(`the switch ${lan.title} joins ${plugged.join(', ')}`);
  }
  const list = boxes.length > 1 ? `${boxes.slice(0, -1).join(', ')} and ${boxes.at(-1)}` : (boxes[0] ?? 'nothing');
  return `${list}. ${cables.filter(Boolean).join('; ') || 'No cable'}.`;
}

/** What changed from one picture to the next, in words; at most four changes, so that a setup script does not become a speech. */
export function changes(before: Topology, after: Topology): string {
  const said: string[] = [];
  const key = (t: Topology) =>
    new Map(t.boxes.flatMap((b) => b.ports.map((p) => [p.id, { box: b.title, port: p }] as const)));
  const old = key(before);
  const now = key(after);
  for (const b of after.boxes) if (!before.boxes.some((o) => o.id === b.id)) said.push(`${b.title} was added`);
  for (const b of before.boxes) if (!after.boxes.some((o) => o.id === b.id)) said.push(`${b.title} is gone`);
  for (const [id, { box, port }] of now) {
    const was = old.get(id);
    if (!was) {
      if (before.boxes.some((b) => b.title === box)) said.push(`${port.name} in ${box} was added`);
    } else if (was.port.state !== port.state) said.push(`${port.name} in ${box} is ${portWords(port)}`);
  }
  for (const [id, { box, port }] of old)
    if (!now.has(id) && after.boxes.some((b) => b.title === box)) said.push(`${port.name} in ${box} is gone`);
  return said.slice(0, 4).join('. ');
}
