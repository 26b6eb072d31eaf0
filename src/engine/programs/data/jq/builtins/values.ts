/** Builtins that look at a value or turn it into another: its type, its length, its keys, text and JSON. */
import { text } from '../formats';
import { JsonError, parseJson } from '../json';
import { contains, has } from '../operators';
import type { Json } from '../value';
import { codepoints, described, dump, isArray, isObject, JqError, kind, sortedKeys, truthy } from '../value';
import type { Builtins } from './builtin';
import { ofValues } from './builtin';

/** Types, conversions, keys. */
export const VALUES: Builtins = ofValues({
  'not/0': (v) => !truthy(v),
  'type/0': (v) => kind(v),
  'tostring/0': (v) => text(v),
  'tojson/0': (v) => dump(v),
  'fromjson/0': (v) => {
    if (typeof v !== 'string') throw new JqError(`${described(v)} only strings can be parsed`);
    return parsed(v);
  },
  'tonumber/0': (v) => {
    if (typeof v === 'number') return v;
    const n = typeof v === 'string' ? parsed(v) : undefined;
    if (typeof n !== 'number') throw new JqError(`${described(v)} cannot be parsed as a number`);
    return n;
  },
  'length/0': (v) => {
    if (v === null) return 0;
    if (typeof v === 'string') return codepoints(v);
    if (typeof v === 'number') return Math.abs(v);
    if (isArray(v)) return v.length;
    if (isObject(v)) return v.size;
    throw new JqError(`${described(v)} has no length`);
  },
  'keys/0': (v) => keys(v, true),
  'keys_unsorted/0': (v) => keys(v, false),
  'has/1': (v, key) => has(v, key!),
  'contains/1': (v, x) => contains(v, x!),
});

function keys(v: Json, sort: boolean): Json {
  if (isObject(v)) return sort ? sortedKeys(v) : [...v.keys()];
  if (isArray(v)) return v.map((_, i) => i);
  throw new JqError(`${described(v)} has no keys`);
}

function parsed(s: string): Json {
  try {
    const v = parseJson(s);
    if (v === undefined) throw new JqError(`Expected JSON value (while parsing '${s}')`);
    return v;
  } catch (e) {
    if (e instanceof JsonError) throw new JqError(e.message);
    throw e;
  }
}
