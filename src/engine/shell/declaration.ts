import { doubleQuote } from './expansion/quote';
import type { Variable } from './variables';
import { AssocArray, IndexedArray } from './variables';

/** `declare` line that makes variable `v` again, as `declare -p` prints it. */
export function declaration(name: string, v: Variable): string {
  const flags = v.flags === '' ? '-' : v.flags;
  const value = valueText(v);
  return `declare -${flags} ${name}${value === undefined ? '' : `=${value}`}`;
}

/** The quoted value of a variable: `"x"` or `([0]="x")`. */
export function valueText(v: Variable): string | undefined {
  const { value } = v;
  if (value === undefined) return undefined;
  if (typeof value === 'string') return doubleQuote(value);
  if (value instanceof IndexedArray)
    return `(${value
      .keys()
      .map((i) => `[${i}]=${doubleQuote(value.get(i)!)}`)
      .join(' ')})`;
  return `(${value
    .keys()
    .map((k) => `[${keyText(k)}]=${doubleQuote(value.get(k)!)} `)
    .join('')})`;
}

function keyText(key: string): string {
  return key !== '' && !/[\s\\'"`$&|;<>(){}[\]*?!^]|^[~#]|[\x00-\x1f\x7f]/.test(key) ? key : doubleQuote(key);
}

export { AssocArray };
