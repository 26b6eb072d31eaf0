/** Builtins that search with regular expressions; the rest of them is written in jq on top of these. */
import type { Coroutine } from '../../../../core';
import type { Call } from '../interpreter';
import { computed } from '../path';
import { match } from '../regexp';
import type { Json } from '../value';
import { described, JqError } from '../value';
import type { Builtins } from './builtin';
import { ofValues } from './builtin';

/** Regular expressions. */
export const REGULAR_EXPRESSIONS: Builtins = {
  ...ofValues({ '_match/3': (v, re, flags, test) => match(v, re!, flags!, test === true) }),
  'sub/3': (c) =>
    c.interp.eval(c.args[2]!, c.scope, c.input, undefined, (flags) =>
      c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (re) => substitute(c, re, flags)),
    ),
};

/** `sub`: the text up to each match, what the filter makes of its named captures, and the rest. */
function substitute(c: Call, re: Json, flags: Json): Coroutine<void> {
  const { input } = c;
  if (typeof input !== 'string') throw new JqError(`${described(input)} cannot be matched, as it is not a string`);
  const global = typeof flags === 'string' && flags.includes('g');
  const once = typeof flags === 'string' ? flags.replace(/g/g, '') : flags;
  // As in jq 1.6, each search begins anew in what is left, so that `^` matches again.
  const go = (rest: string, done: string): Coroutine<void> => {
    const list = match(rest, re, once, false) as readonly ReadonlyMap<string, Json>[];
    const m = list[0];
    if (!m || (rest === '' && done !== '' && global)) return c.emit(done + rest, computed(c.path));
    const chars = [...rest];
    const offset = m.get('offset') as number;
    const length = m.get('length') as number;
    const names = new Map<string, Json>();
    for (const x of m.get('captures') as readonly ReadonlyMap<string, Json>[])
      if (x.get('name') !== null) names.set(x.get('name') as string, x.get('string')!);
    return c.interp.eval(c.args[1]!, c.scope, names, undefined, function* (s) {
      yield* c.interp.tick();
      if (typeof s !== 'string') throw new JqError(`${described(names)} cannot be added to a string`);
      const before = done + chars.slice(0, offset).join('') + s;
      const after = chars.slice(offset + length).join('');
      if (!global) return yield* c.emit(before + after, computed(c.path));
      if (length === 0) {
        const [first = '', ...others] = [...after];
        if (first === '') return yield* c.emit(before, computed(c.path));
        return yield* go(others.join(''), before + first);
      }
      yield* go(after, before);
    });
  };
  return go(input, '');
}
