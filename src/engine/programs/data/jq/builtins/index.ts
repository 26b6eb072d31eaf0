/** The builtins of jq 1.6 that are written here rather than in jq (see ../prelude.ts). */
import type { Builtin } from './builtin';
import { ofValues } from './builtin';
import { DATES } from './dates';
import { ENDING } from './ending';
import { GENERATORS } from './generators';
import { INPUT_OUTPUT } from './input-output';
import { MATHEMATICS } from './mathematics';
import { PATHS } from './paths';
import { REGULAR_EXPRESSIONS } from './regular-expressions';
import { SORTING } from './sorting';
import { STRINGS } from './strings';
import { VALUES } from './values';

/** All of them by `name/arity`. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(
  Object.entries({
    ...MATHEMATICS,
    ...VALUES,
    ...STRINGS,
    ...REGULAR_EXPRESSIONS,
    ...SORTING,
    ...DATES,
    ...PATHS,
    ...GENERATORS,
    ...ENDING,
    ...INPUT_OUTPUT,
    ...ofValues({ 'builtins/0': () => [...BUILTINS.keys()].filter((k) => !k.startsWith('_')) }),
  }),
);
