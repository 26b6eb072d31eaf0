/** Builtins for dates: seconds since the epoch, broken-down time, and text. The world keeps UTC, so local time is the same. */
import { gmtime, strftime, timegm } from '../../../lib/strftime';
import { computed } from '../path';
import { strptime } from '../strptime';
import type { Json } from '../value';
import { isArray, JqError } from '../value';
import type { Builtins } from './builtin';
import { ofValues } from './builtin';

/** Dates. */
export const DATES: Builtins = {
  ...ofValues({
    'gmtime/0': (v) => fromSeconds(v, 'gmtime'),
    'localtime/0': (v) => fromSeconds(v, 'localtime'),
    'mktime/0': (v) => {
      if (!isArray(v)) throw new JqError('mktime requires array inputs');
      if (v.length < 6) throw new JqError('mktime requires parsed datetime inputs');
      return fromBrokenDown(v, 'mktime');
    },
    'strftime/1': (v, f) => formatted(v, f, 'strftime'),
    'strflocaltime/1': (v, f) => formatted(v, f, 'strflocaltime'),
    'strptime/1': (v, f) => {
      if (typeof v !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
      if (typeof f !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
      const broken = strptime(v, f);
      if (!broken) throw new JqError(`date "${v}" does not match format "${f}"`);
      return broken;
    },
  }),
  'now/0': (c) => c.emit(c.interp.host.now(), computed(c.path)),
};

/** `gmtime` and `localtime`. */
function fromSeconds(v: Json, name: string): Json {
  if (typeof v !== 'number') throw new JqError(`${name}() requires numeric inputs`);
  return brokenDown(v);
}

/** `strftime` and `strflocaltime`. */
function formatted(v: Json, f: Json, name: string): Json {
  const broken = typeof v === 'number' ? brokenDown(v) : v;
  if (!isArray(broken)) throw new JqError(`${name}/1 requires parsed datetime inputs`);
  if (typeof f !== 'string') throw new JqError(`${name}/1 requires a string format`);
  return strftime(f, fromBrokenDown(broken, `${name}/1`) * 1e6);
}

/** Year, month from 0, day, hour, minute, seconds with their fraction, weekday, day of the year from 0. */
function brokenDown(seconds: number): Json {
  const whole = Math.floor(seconds);
  const t = gmtime(whole * 1e6);
  return [t.year, t.month - 1, t.day, t.hour, t.minute, t.second + (seconds - whole), t.weekday, t.yearday - 1];
}

/** Seconds since the epoch. */
function fromBrokenDown(v: Json, name: string): number {
  if (!isArray(v) || v.length < 6) throw new JqError(`${name} requires array of 6 numbers`);
  if (!v.every((x) => typeof x === 'number')) throw new JqError(`${name} requires parsed datetime inputs`);
  const [year, month, day, hour, minute, second] = v as number[];
  return timegm(year!, month! + 1, day!, hour, minute, Math.floor(second!));
}
