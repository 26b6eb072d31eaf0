import { UsageError } from '../lib/tool';

/** A list of numbers and ranges as cut(1) takes it: pairs [low, high], sorted and merged, 1-based. */
export type Ranges = readonly (readonly [number, number])[];

/** Reads `1,3-5,7-`. @throws UsageError @param what `field`, or `byte/character`. */
export function parseRanges(text: string, what: 'field' | 'byte/character', quote: (s: string) => string): Ranges {
  const out: [number, number][] = [];
  for (const part of text.split(/[, \t]/)) {
    if (part === '-') throw new UsageError('invalid range with no endpoint: -');
    const m = /^(\d*)(-?)(\d*)$/.exec(part);
    if (!m) {
      if (what === 'field') throw new UsageError(`invalid field value ${quote(part)}`);
      throw new UsageError(`invalid byte/character position ${quote(part)}`);
    }
    if (part === '')
      throw new UsageError(
        what === 'field' ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1',
      );
    const low = m[1] === '' ? 1 : Number(m[1]);
    const high = m[2] === '' ? low : m[3] === '' ? Infinity : Number(m[3]);
    if (low === 0 || high === 0)
      throw new UsageError(
        what === 'field' ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1',
      );
    if (high < low) throw new UsageError('invalid decreasing range');
    out.push([low, high]);
  }
  out.sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [low, high] of out) {
    const last = merged.at(-1);
    if (last && low <= last[1]) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

/** Everything that `ranges` leaves out. */
export function complement(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  let next = 1;
  for (const [low, high] of ranges) {
    if (low > next) out.push([next, low - 1]);
    next = high + 1;
  }
  if (next !== Infinity) out.push([next, Infinity]);
  return out;
}
