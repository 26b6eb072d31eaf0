/** Builtins that put the items of an array in order, and find the least and the greatest. */
import type { Json } from '../value';
import { compare, described, isArray, JqError } from '../value';
import type { Builtins } from './builtin';
import { ofValues } from './builtin';

/** Sorting, grouping, minimum and maximum. */
export const SORTING: Builtins = ofValues({
  'sort/0': (v) => [...array(v, 'sorted')].sort(compare),
  '_sort_by/1': (v, by) => sorted(v, by!, 'sorted').map((x) => x.item),
  '_group_by/1': (v, by) => {
    const groups: Json[][] = [];
    let last: Json | undefined;
    for (const { item, key } of sorted(v, by!, 'sorted')) {
      if (last !== undefined && compare(last, key) === 0) groups[groups.length - 1]!.push(item);
      else groups.push([item]);
      last = key;
    }
    return groups;
  },
  'min/0': (v) => extreme(iterated(v), iterated(v), true),
  'max/0': (v) => extreme(iterated(v), iterated(v), false),
  '_min_by/1': (v, by) => extreme(iterated(v), by as readonly Json[], true),
  '_max_by/1': (v, by) => extreme(iterated(v), by as readonly Json[], false),
});

function array(v: Json, what: string): readonly Json[] {
  if (!isArray(v)) throw new JqError(`${described(v)} cannot be ${what}, as it is not an array`);
  return v;
}

function sorted(v: Json, by: Json, what: string): { item: Json; key: Json }[] {
  if (!isArray(v))
    throw new JqError(`${described(v)} and ${described(by)} cannot be ${what}, as they are not both arrays`);
  const list = v;
  const ks = by as readonly Json[];
  return list.map((item, i) => ({ item, key: ks[i]! })).sort((a, b) => compare(a.key, b.key));
}

function extreme(list: readonly Json[], by: readonly Json[], min: boolean): Json {
  let best = 0;
  for (let i = 1; i < list.length; i++) if (compare(by[i]!, by[best]!) < 0 === min) best = i;
  return list[best] ?? null;
}

function iterated(v: Json): readonly Json[] {
  if (!isArray(v)) throw new JqError(`${described(v)} and ${described(v)} cannot be iterated over`);
  return v;
}
