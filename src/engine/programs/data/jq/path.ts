/** How a value was reached, for `path(f)` and assignments. */
import { badPath } from './operators';
import type { Json } from './value';

/** How a value was reached from the start of `path(...)`; `BAD` when it was computed; undefined when nobody asks. */
export type Path = Link | typeof ROOT | typeof BAD | undefined;

interface Link {
  readonly up: Link | typeof ROOT;
  readonly key: Json;
}

/** Where `path(...)` began. */
export const ROOT = 'root';

/** Stands for a computed value, which no path leads to. */
export const BAD = 'bad';

/** The keys of a path from the start on. */
export function keysOf(p: Path): Json[] {
  const out: Json[] = [];
  for (let q = p; q !== undefined && q !== ROOT && q !== BAD; q = q.up) out.push(q.key);
  return out.reverse();
}

/** Extends a path by several keys, for `getpath`. */
export function extend(p: Path, keys: readonly Json[], v: Json): Path {
  if (p === undefined) return undefined;
  if (p === BAD) throw badPath('near attempt to access element of ', v);
  return keys.reduce<Link | typeof ROOT>((up, key) => ({ up, key }), p);
}

/** Path of a computed value. */
export const computed = (p: Path): Path => p && BAD;
