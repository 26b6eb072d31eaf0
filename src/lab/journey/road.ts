/** Puts the recorded copies of packets together: which road each packet took, how it ended, and which packet answers it. */
import type { DropReason, TraceEvent } from '../../engine/net';
import type { EthernetPayload } from '../../engine/wire';
import { ARP_OP, TCP_FLAG } from '../../engine/wire';
import type { Tuple } from './describe';
import { answers, quotes, tupleOf } from './describe';
import type { PacketRecord, Recorded, Recorder } from './recorder';
import type { Verdict } from './types';

/** A packet's road: its own events up to where it was copied, then those of the copy that got furthest. */
export interface Road {
  readonly id: number;
  readonly events: readonly Recorded[];
  verdict: Verdict;
  /** Copies that went elsewhere. */
  readonly copies: readonly { readonly events: readonly Recorded[]; readonly verdict: Verdict }[];
  reply: number | undefined;
  request: number | undefined;
}

/** Reasons for which a packet is put aside in normal operation: it was somebody else's. */
const NOT_MINE: ReadonlySet<DropReason> = new Set(['OTHERHOST', 'LOCAL_MAC' as DropReason]);

/** How a record ended. */
export function verdictOf(events: readonly Recorded[]): Verdict {
  let verdict: Verdict = 'open';
  for (const { event } of events) {
    // A raw socket gets a copy; what becomes of the packet afterwards does not take that back.
    if (event.event === 'socket' || event.event === 'handled') return 'delivered';
    if (event.event === 'drop') verdict = NOT_MINE.has(event.reason) ? 'gone' : 'died';
  }
  return verdict;
}

/** All roads, in the order in which their packets were made. */
export function roadsOf(recorder: Recorder): Map<number, Road> {
  const children = new Map<number, PacketRecord[]>();
  const roots: PacketRecord[] = [];
  for (const record of recorder.packets.values()) {
    if (record.parent === undefined || !recorder.packets.has(record.parent)) roots.push(record);
    else children.set(record.parent, [...(children.get(record.parent) ?? []), record]);
  }
  const made = new Makers(roots);
  const roads = new Map<number, Road>();
  for (const root of roots) {
    const ways = waysOf(root, children);
    const best = ways.reduce((a, b) => (rank(b, made) > rank(a, made) ? b : a));
    roads.set(root.id, {
      id: root.id,
      events: best,
      verdict: verdictOf(best),
      copies: ways.filter((w) => w !== best).map((w) => ({ events: w, verdict: verdictOf(w) })),
      reply: undefined,
      request: undefined,
    });
  }
  pair(roads, made);
  return roads;
}

/** Every way through a packet's copies. */
function waysOf(record: PacketRecord, children: ReadonlyMap<number, readonly PacketRecord[]>): Recorded[][] {
  const ways = [record.events];
  for (const child of children.get(record.id) ?? []) {
    const from = child.events[0]!.order;
    const before = record.events.filter((e) => e.order < from);
    for (const way of waysOf(child, children)) ways.push([...before, ...way]);
  }
  return ways;
}

const RANK: Readonly<Record<Verdict, number>> = { delivered: 6, died: 3, open: 2, gone: 1 };

function rank(way: readonly Recorded[], made: Makers): number {
  const verdict = verdictOf(way);
  return RANK[verdict] + (verdict === 'delivered' && made.replyTo(way) !== undefined ? 1 : 0) + way.length / 1000;
}

/** Packets by the stack that made them. */
class Makers {
  private readonly by = new Map<string, PacketRecord[]>();

  constructor(roots: readonly PacketRecord[]) {
    for (const root of roots) {
      const first = root.events[0]!.event;
      if (first.event !== 'created') continue;
      const key = stack(first);
      const list = this.by.get(key);
      if (list) list.push(root);
      else this.by.set(key, [root]);
    }
  }

  /** The first packet that a stack made in answer to what came to it by `way`. */
  replyTo(way: readonly Recorded[], used?: ReadonlySet<number>): number | undefined {
    const end = way.at(-1)!;
    const arrived = way.findLast((e) => e.event.event === 'rx')?.order ?? way[0]!.order;
    const asked = tupleOf(end.event.payload);
    const died = verdictOf(way) === 'died';
    if (!died && (!asked || !expects(end.event.payload, asked))) return undefined;
    for (const { id, events } of this.by.get(stack(end.event)) ?? []) {
      const first = events[0]!;
      if (first.order < arrived || used?.has(id) || events === way) continue;
      const { payload } = first.event;
      if (quotes(payload, end.event.payload)) return id;
      const tuple = tupleOf(payload);
      if (asked && tuple && answers(tuple, asked)) return id;
    }
    return undefined;
  }
}

const stack = (e: TraceEvent) => `${e.machine} ${e.netns}`;

/** Whether a packet is one that somebody waits for an answer to. */
function expects(payload: EthernetPayload, tuple: Tuple): boolean {
  if (tuple.answer) return false;
  if (payload.kind !== 'ipv4' && payload.kind !== 'ipv6') return true;
  const t = payload.payload;
  return t.kind !== 'tcp' || t.payload.length > 0 || (t.flags & (TCP_FLAG.SYN | TCP_FLAG.FIN)) !== 0;
}

/** Whether somebody waits for an answer to what a road delivered. */
export function expectsReply(road: Road): boolean {
  const { payload } = road.events.at(-1)!.event;
  const tuple = tupleOf(payload);
  return tuple !== undefined && expects(payload, tuple);
}

function pair(roads: ReadonlyMap<number, Road>, made: Makers): void {
  const used = new Set<number>();
  for (const road of roads.values()) {
    // An answer is not answered, unless it was unwelcome.
    if (road.request !== undefined && road.verdict !== 'died') continue;
    const id = made.replyTo(road.events, used);
    const reply = id === undefined ? undefined : roads.get(id);
    if (!reply || reply === road) continue;
    road.reply = reply.id;
    reply.request = road.id;
    used.add(reply.id);
  }
  // A question for an address that everybody hears and nobody answers has come to nothing.
  for (const road of roads.values()) {
    if (road.verdict === 'delivered' && road.reply === undefined && isQuestion(road.events[0]!.event.payload))
      road.verdict = 'gone';
  }
}

function isQuestion(payload: EthernetPayload): boolean {
  if (payload.kind === 'arp') return payload.op === ARP_OP.REQUEST;
  return payload.kind === 'ipv6' && payload.payload.kind === 'icmp6' && payload.payload.type === 135;
}
