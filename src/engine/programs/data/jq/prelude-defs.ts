/** The functions written in jq itself, parsed once. */
import { parseDefs } from './parser';
import type { Def } from './parser';
import { PRELUDE } from './prelude';

/** Between a function's name and the number of its parameters: `map/1`. */
export const KEY_SEPARATOR = '/';

let prelude: Map<string, Def> | undefined;

/** The functions written in jq itself. */
export function preludeDefs(): Map<string, Def> {
  return (prelude ??= new Map(parseDefs(PRELUDE).map((d) => [d.name + KEY_SEPARATOR + d.params.length, d])));
}
