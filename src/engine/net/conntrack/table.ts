/** The hash of connections by tuple: chained buckets that grow, newest first. No strings, no objects per lookup. */
import type { Connection, TupleNode } from './connection';
import type { Tuple } from './conn';
import { hashTuple } from './tuple';

const FIRST_SIZE = 256;

/** Connections by both of their tuples. Every method is O(1) but `resize` and iterating. */
export class ConnTable {
  private buckets: (TupleNode | null)[] = new Array<TupleNode | null>(FIRST_SIZE).fill(null);
  private mask = FIRST_SIZE - 1;
  /** Connections in the table. */
  size = 0;

  constructor(private readonly seed: number) {}

  /** The hash by which a tuple is kept. */
  hash(t: Tuple): number {
    return hashTuple(t, this.seed);
  }

  /** The node with that tuple in that zone, expired or not; null for none. */
  find(t: Tuple, zone: number): TupleNode | null {
    const hash = hashTuple(t, this.seed);
    for (let n = this.buckets[hash & this.mask]!; n !== null; n = n.next!) {
      if (n.hash !== hash) continue;
      const o = n.tuple;
      if (
        o.sport === t.sport &&
        o.dport === t.dport &&
        o.src === t.src &&
        o.dst === t.dst &&
        o.protocol === t.protocol &&
        n.conn.zone === zone
      )
        return n;
    }
    return null;
  }

  /** Puts both directions in. */
  insert(conn: Connection): void {
    if (this.size * 2 >= this.buckets.length) this.resize();
    for (const node of conn.nodes) {
      node.hash = hashTuple(node.tuple, this.seed);
      const at = node.hash & this.mask;
      node.next = this.buckets[at]!;
      this.buckets[at] = node;
    }
    this.size++;
  }

  /** Takes both directions out. */
  remove(conn: Connection): void {
    for (const node of conn.nodes) {
      const at = node.hash & this.mask;
      let before: TupleNode | null = null;
      let n: TupleNode | null = this.buckets[at]!;
      while (n !== null && n !== node) {
        before = n;
        n = n.next;
      }
      if (n === null) continue;
      if (before === null) this.buckets[at] = n.next;
      else before.next = n.next;
      n.next = null;
    }
    this.size--;
  }

  private resize(): void {
    const old = this.buckets;
    this.buckets = new Array<TupleNode | null>(old.length * 2).fill(null);
    this.mask = this.buckets.length - 1;
    const nodes: TupleNode[] = [];
    for (const head of old) for (let n = head; n !== null; n = n.next) nodes.push(n);
    // Backwards, so that a chain keeps its order.
    for (const n of nodes.reverse()) {
      const at = n.hash & this.mask;
      n.next = this.buckets[at]!;
      this.buckets[at] = n;
    }
  }

  /** All connections in the order of a dump: by bucket. */
  list(): Connection[] {
    const all: Connection[] = [];
    for (const head of this.buckets) for (let n = head; n !== null; n = n.next) if (n.dir === 0) all.push(n.conn);
    return all;
  }

  /** early_drop's search: the first connection that `accept` takes in up to `range` buckets from `hash` on. */
  nearby(hash: number, range: number, accept: (conn: Connection) => boolean): Connection | undefined {
    for (let i = 0; i < range; i++) {
      for (let n = this.buckets[(hash + i) & this.mask]!; n !== null; n = n.next!) if (accept(n.conn)) return n.conn;
    }
    return undefined;
  }
}
