/** Builtins that work on strings without regular expressions. */
import { byteLength } from '../../../lib/text';
import { format } from '../formats';
import { split } from '../operators';
import { described, isArray, JqError, kind } from '../value';
import type { Builtins } from './builtin';
import { ofValues } from './builtin';

/** Strings. */
export const STRINGS: Builtins = ofValues({
  'utf8bytelength/0': (v) => {
    if (typeof v !== 'string') throw new JqError(`${described(v)} only strings have UTF-8 byte length`);
    return byteLength(v);
  },
  'format/1': (v, name) => {
    if (typeof name !== 'string') throw new JqError(`${described(name!)} is not a valid format`);
    return format(name, v);
  },
  'startswith/1': (v, s) => {
    if (typeof v !== 'string' || typeof s !== 'string') throw new JqError('startswith() requires string inputs');
    return v.startsWith(s);
  },
  'endswith/1': (v, s) => {
    if (typeof v !== 'string' || typeof s !== 'string') throw new JqError('endswith() requires string inputs');
    return v.endsWith(s);
  },
  'ltrimstr/1': (v, s) => (typeof v === 'string' && typeof s === 'string' && v.startsWith(s) ? v.slice(s.length) : v),
  'rtrimstr/1': (v, s) =>
    typeof v === 'string' && typeof s === 'string' && v.endsWith(s) ? v.slice(0, v.length - s.length) : v,
  'split/1': (v, s) => {
    if (typeof v !== 'string' || typeof s !== 'string') throw new JqError('split input and separator must be strings');
    return split(v, s);
  },
  'explode/0': (v) => {
    if (typeof v !== 'string') throw new JqError('explode input must be a string');
    return [...v].map((c) => c.codePointAt(0)!);
  },
  'implode/0': (v) => {
    if (!isArray(v)) throw new JqError('implode input must be an array');
    return v
      .map((x) => {
        if (typeof x !== 'number') throw new JqError('Unicode codepoint must be numeric');
        return x >= 0 && x <= 0x10ffff && (x < 0xd800 || x > 0xdfff) ? String.fromCodePoint(Math.trunc(x)) : '\ufffd';
      })
      .join('');
  },
  'ascii_downcase/0': (v) => {
    if (typeof v !== 'string') throw new JqError('explode input must be a string');
    return v.replace(/[A-Z]/g, (c) => c.toLowerCase());
  },
  'ascii_upcase/0': (v) => {
    if (typeof v !== 'string') throw new JqError('explode input must be a string');
    return v.replace(/[a-z]/g, (c) => c.toUpperCase());
  },
  '_strindices/1': (v, s) => {
    if (typeof v !== 'string' || typeof s !== 'string')
      throw new JqError(`Cannot index ${kind(v)} with ${typeof s === 'string' ? `string "${s}"` : kind(s!)}`);
    const out: number[] = [];
    // jq 1.6 counts in bytes.
    if (s !== '') for (let i = v.indexOf(s); i >= 0; i = v.indexOf(s, i + 1)) out.push(byteLength(v.slice(0, i)));
    return out.length > 0 ? out : s === '' ? null : out;
  },
});
