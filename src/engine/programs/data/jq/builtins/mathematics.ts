/** Builtins that calculate with numbers; most are those of C's <math.h>. */
import type { Json } from '../value';
import { described, JqError } from '../value';
import type { Builtins } from './builtin';
import { ofValues } from './builtin';

function number(v: Json): number {
  if (typeof v !== 'number') throw new JqError(`${described(v)} number required`);
  return v;
}

/** Functions of the input. */
const OF_ONE: Record<string, (x: number) => number> = {
  floor: Math.floor,
  ceil: Math.ceil,
  sqrt: Math.sqrt,
  fabs: Math.abs,
  round: (x) => Math.sign(x) * Math.round(Math.abs(x)),
  trunc: Math.trunc,
  rint: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  nearbyint: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  exp10: (x) => 10 ** x,
  pow10: (x) => 10 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  cbrt: Math.cbrt,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  significand: (x) => (x === 0 ? 0 : x / 2 ** Math.floor(Math.log2(Math.abs(x)))),
  logb: (x) => (x === 0 ? -Infinity : Math.floor(Math.log2(Math.abs(x)))),
};

/** Functions of two arguments. */
const OF_TWO: Record<string, (x: number, y: number) => number> = {
  pow: (x, y) => x ** y,
  atan2: Math.atan2,
  fmod: (x, y) => x % y,
  fmin: Math.min,
  fmax: Math.max,
  hypot: Math.hypot,
  ldexp: (x, y) => x * 2 ** y,
  scalb: (x, y) => x * 2 ** y,
  scalbln: (x, y) => x * 2 ** y,
  fdim: (x, y) => Math.max(0, x - y),
  copysign: (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
};

/** Mathematics. */
export const MATHEMATICS: Builtins = ofValues({
  ...Object.fromEntries(Object.entries(OF_ONE).map(([name, f]) => [`${name}/0`, (v: Json) => f(number(v))])),
  ...Object.fromEntries(
    Object.entries(OF_TWO).map(([name, f]) => [`${name}/2`, (_: Json, x: Json, y: Json) => f(number(x), number(y))]),
  ),
  'infinite/0': () => Infinity,
  'nan/0': () => NaN,
  'isinfinite/0': (v) => Math.abs(number(v)) === Infinity,
  'isnan/0': (v) => Number.isNaN(v),
  'isnormal/0': (v) => Number.isFinite(number(v)) && Math.abs(v as number) >= 2 ** -1022,
  'modf/0': (v) => [number(v) - Math.trunc(number(v)), Math.trunc(number(v))],
  'frexp/0': (v) => {
    const x = number(v);
    if (x === 0 || !Number.isFinite(x)) return [x, 0];
    const e = Math.floor(Math.log2(Math.abs(x))) + 1;
    return [x / 2 ** e, e];
  },
});
