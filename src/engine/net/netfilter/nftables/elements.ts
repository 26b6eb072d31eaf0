/** How sets find elements: by hash (nft_set_hash), by order for intervals (nft_set_rbtree), by trial for both (pipapo). */
import type { Micros } from '../../../core';
import type { ElementIndex, Scalar, SetElement, Value } from './model';

/** Has the element's time run out? @param now virtual time in microseconds */
export function expired(e: SetElement, now: Micros): boolean {
  return e.expires !== undefined && e.expires <= now;
}

/** Key of what follows the first part of a concatenation. */
function tail(value: readonly Scalar[]): Scalar {
  if (value.length === 2) return value[1]!;
  const [, a, b] = value;
  if (value.length === 3 && typeof a === 'number' && typeof b === 'number' && a < 0x100000) return a * 2 ** 32 + b;
  return value.slice(1).join('\n');
}

/** Single values; two levels of Maps for concatenations, so that no string is built for addresses and ports. */
class HashIndex implements ElementIndex {
  private readonly single = new Map<Scalar, SetElement>();
  private readonly nested = new Map<Scalar, Map<Scalar, SetElement>>();
  private catchall: SetElement | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  private at(value: Value): SetElement | undefined {
    return typeof value === 'object' ? this.nested.get(value[0]!)?.get(tail(value)) : this.single.get(value);
  }

  find(value: Value, now: Micros): SetElement | undefined {
    const e = this.at(value);
    if (e !== undefined && !expired(e, now)) return e;
    return this.catchall !== undefined && !expired(this.catchall, now) ? this.catchall : undefined;
  }

  exact(key: Value): SetElement | undefined {
    return this.at(key);
  }

  overlapping(key: Value, _end: Value, now: Micros): SetElement | undefined {
    const e = this.at(key);
    return e !== undefined && !expired(e, now) ? e : undefined;
  }

  add(e: SetElement): void {
    if (e.catchall) this.catchall = e;
    else if (typeof e.key === 'object') {
      let inner = this.nested.get(e.key[0]!);
      if (inner === undefined) this.nested.set(e.key[0]!, (inner = new Map()));
      inner.set(tail(e.key), e);
    } else this.single.set(e.key as Scalar, e);
    this.count++;
  }

  remove(e: SetElement): void {
    let had = false;
    if (e.catchall) {
      had = this.catchall === e;
      this.catchall = undefined;
    } else if (typeof e.key === 'object') {
      const inner = this.nested.get(e.key[0]!);
      had = inner?.get(tail(e.key)) === e && inner.delete(tail(e.key));
      if (inner?.size === 0) this.nested.delete(e.key[0]!);
    } else had = this.single.get(e.key as Scalar) === e && this.single.delete(e.key as Scalar);
    if (had) this.count--;
  }

  clear(): void {
    this.single.clear();
    this.nested.clear();
    this.catchall = undefined;
    this.count = 0;
  }

  *values(): Iterable<SetElement> {
    yield* this.single.values();
    for (const inner of this.nested.values()) yield* inner.values();
    if (this.catchall !== undefined) yield this.catchall;
  }
}

/** Intervals of one part that do not overlap, in order of their start. */
class IntervalIndex implements ElementIndex {
  private list: SetElement[] = [];
  private catchall: SetElement | undefined;

  get size(): number {
    return this.list.length + (this.catchall === undefined ? 0 : 1);
  }

  /** Number of elements that start at or before `value`. */
  private upper(value: Scalar): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.list[middle]!.key as Scalar) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  find(value: Value, now: Micros): SetElement | undefined {
    const e = this.list[this.upper(value as Scalar) - 1];
    if (e !== undefined && (value as Scalar) <= (e.end as Scalar) && !expired(e, now)) return e;
    return this.catchall !== undefined && !expired(this.catchall, now) ? this.catchall : undefined;
  }

  exact(key: Value, end: Value): SetElement | undefined {
    const e = this.list[this.upper(key as Scalar) - 1];
    return e !== undefined && e.key === key && e.end === end ? e : undefined;
  }

  overlapping(key: Value, end: Value, now: Micros): SetElement | undefined {
    for (let i = Math.max(0, this.upper(key as Scalar) - 1); i < this.list.length; i++) {
      const e = this.list[i]!;
      if ((e.key as Scalar) > (end as Scalar)) return undefined;
      if ((e.end as Scalar) >= (key as Scalar) && !expired(e, now)) return e;
    }
    return undefined;
  }

  add(e: SetElement): void {
    if (e.catchall) {
      this.catchall = e;
      return;
    }
    const at = this.upper(e.key as Scalar);
    if (at === this.list.length) this.list.push(e);
    else this.list.splice(at, 0, e);
  }

  remove(e: SetElement): void {
    if (this.catchall === e) this.catchall = undefined;
    const at = this.list.indexOf(e);
    if (at >= 0) this.list.splice(at, 1);
  }

  clear(): void {
    this.list = [];
    this.catchall = undefined;
  }

  *values(): Iterable<SetElement> {
    yield* this.list;
    if (this.catchall !== undefined) yield this.catchall;
  }
}

/** Concatenations with intervals in any part: those without go by hash, the others are tried one by one. */
class ConcatIndex implements ElementIndex {
  private readonly exactly = new HashIndex();
  private readonly ranges: SetElement[] = [];

  get size(): number {
    return this.exactly.size + this.ranges.length;
  }

  private static isRange(e: SetElement): boolean {
    return !e.catchall && (e.key as readonly Scalar[]).some((k, i) => k !== (e.end as readonly Scalar[])[i]);
  }

  find(value: Value, now: Micros): SetElement | undefined {
    const parts = value as readonly Scalar[];
    for (const e of this.ranges) {
      const key = e.key as readonly Scalar[];
      const end = e.end as readonly Scalar[];
      let inside = !expired(e, now);
      for (let i = 0; inside && i < parts.length; i++) inside = parts[i]! >= key[i]! && parts[i]! <= end[i]!;
      if (inside) return e;
    }
    return this.exactly.find(value, now);
  }

  exact(key: Value, end: Value): SetElement | undefined {
    const text = `${String(key)} ${String(end)}`;
    return (
      this.ranges.find((e) => `${String(e.key)} ${String(e.end)}` === text) ??
      (String(key) === String(end) ? this.exactly.exact(key) : undefined)
    );
  }

  overlapping(key: Value, end: Value, now: Micros): SetElement | undefined {
    const low = key as readonly Scalar[];
    const high = end as readonly Scalar[];
    for (const e of this.values()) {
      if (expired(e, now) || e.catchall) continue;
      const k = e.key as readonly Scalar[];
      const n = e.end as readonly Scalar[];
      if (low.every((v, i) => v <= n[i]! && high[i]! >= k[i]!)) return e;
    }
    return undefined;
  }

  add(e: SetElement): void {
    if (ConcatIndex.isRange(e)) this.ranges.push(e);
    else this.exactly.add(e);
  }

  remove(e: SetElement): void {
    const at = this.ranges.indexOf(e);
    if (at >= 0) this.ranges.splice(at, 1);
    else this.exactly.remove(e);
  }

  clear(): void {
    this.ranges.length = 0;
    this.exactly.clear();
  }

  *values(): Iterable<SetElement> {
    yield* this.ranges;
    yield* this.exactly.values();
  }
}

/** An index for a set. @param parts of its key */
export function newIndex(interval: boolean, parts: number): ElementIndex {
  if (!interval) return new HashIndex();
  return parts === 1 ? new IntervalIndex() : new ConcatIndex();
}
