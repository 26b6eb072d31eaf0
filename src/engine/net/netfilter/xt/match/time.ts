/** -m time, in UTC (net/netfilter/xt_time.c). */
import type { XtMatchExtension } from '../command-line';
import { XtProblem } from '../problem';

const DAY = 86400;
const LAST = 0x7fffffff;
const WEEK = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** struct xt_time_info: seconds. */
export interface TimeInfo {
  dateStart: number;
  dateStop: number;
  dayStart: number;
  dayStop: number;
  /** Bits 1..31 and 1..7 (Monday first). */
  monthdays: number;
  weekdays: number;
  contiguous: boolean;
  local: boolean;
}

const ALL_MONTH = 0xfffffffe;
const ALL_WEEK = 0xfe;

function clock(text: string): number {
  const m = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?$/.exec(text);
  if (m === null || Number(m[1]) > 23 || Number(m[2]) > 59 || Number(m[3] ?? 0) > 59)
    throw new XtProblem(`invalid time "${text}" specified, should be hh:mm[:ss] format and within the boundaries`);
  return Number(m[1]) * 3600 + Number(m[2]) * 60 + Number(m[3] ?? 0);
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

const showClock = (s: number): string => `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;

function days(i: TimeInfo, weekLabel: string, monthLabel: string): string {
  let out = '';
  if (i.weekdays !== ALL_WEEK) out += `${weekLabel}${WEEK.filter((_, d) => i.weekdays & (1 << (d + 1))).join(',')}`;
  if (i.monthdays >>> 0 !== ALL_MONTH) {
    const list = Array.from({ length: 31 }, (_, d) => d + 1).filter((d) => i.monthdays & (1 << d));
    out += `${monthLabel}${list.join(',')}`;
  }
  return out;
}

/** Day of the month of a day counted from 1 January 1970 (proleptic Gregorian calendar, years that begin in March). */
function dayOfMonth(day: number): number {
  const shifted = day + 719468;
  const era = shifted - Math.floor(shifted / 146097) * 146097;
  const year = Math.floor((era - Math.floor(era / 1460) + Math.floor(era / 36524) - Math.floor(era / 146096)) / 365);
  const inYear = era - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * inYear + 2) / 153);
  return inYear - Math.floor((153 * month + 2) / 5) + 1;
}

/** The extension. Dates are not simulated: the simulated day is the only one there is. */
export const time: XtMatchExtension<TimeInfo> = {
  kind: 'match',
  name: 'time',
  revision: 0,
  options: [
    { name: 'timestart', type: 'string' },
    { name: 'timestop', type: 'string' },
    { name: 'weekdays', type: 'string', invert: true },
    { name: 'monthdays', type: 'string', invert: true },
    { name: 'contiguous', type: 'none' },
    { name: 'kerneltz', type: 'none' },
  ],
  make: () => ({
    dateStart: 0,
    dateStop: LAST,
    dayStart: 0,
    dayStop: DAY - 1,
    monthdays: ALL_MONTH,
    weekdays: ALL_WEEK,
    contiguous: false,
    local: false,
  }),
  parse(i, option, value, inverted) {
    switch (option) {
      case 'timestart':
        i.dayStart = clock(value.text);
        return;
      case 'timestop':
        i.dayStop = clock(value.text);
        return;
      case 'weekdays': {
        let bits = 0;
        for (const part of value.text.split(',')) {
          const n = /^[1-7]$/.test(part)
            ? Number(part)
            : WEEK.findIndex((d) => part.toLowerCase().startsWith(d.toLowerCase().slice(0, 2))) + 1;
          if (n < 1) throw new XtProblem(`"${part}" is not a valid day specifier`);
          bits |= 1 << n;
        }
        i.weekdays = inverted ? ALL_WEEK ^ bits : bits;
        return;
      }
      case 'monthdays': {
        let bits = 0;
        for (const part of value.text.split(',')) {
          const n = Number(part);
          if (!(n >= 1 && n <= 31)) throw new XtProblem(`"${part}" is an invalid for --monthdays`);
          bits |= 1 << n;
        }
        i.monthdays = (inverted ? ALL_MONTH ^ bits : bits) >>> 0;
        return;
      }
      case 'contiguous':
        i.contiguous = true;
        return;
      case 'kerneltz':
        i.local = true;
    }
  },
  print(i) {
    let out = ' TIME';
    if (i.dayStart !== 0 || i.dayStop !== DAY - 1) out += ` from ${showClock(i.dayStart)} to ${showClock(i.dayStop)}`;
    out += days(i, ' on ', ' on ');
    return out + (i.local ? '' : ' UTC') + (i.contiguous ? ' contiguous' : '');
  },
  save(i) {
    let out = '';
    if (i.dayStart !== 0 || i.dayStop !== DAY - 1)
      out += ` --timestart ${showClock(i.dayStart)} --timestop ${showClock(i.dayStop)}`;
    out += days(i, ' --weekdays ', ' --monthdays ');
    return `${out} --datestop 2038-01-19T03:14:07${i.local ? ' --kerneltz' : ''}${i.contiguous ? ' --contiguous' : ''}`;
  },
  nft: () => undefined,
  kernel: {
    name: 'time',
    matches(i, p) {
      const now = Math.floor(p.ns.now / 1e6);
      const inDay = now % DAY;
      if (i.dayStart < i.dayStop ? inDay < i.dayStart || inDay > i.dayStop : inDay < i.dayStart && inDay > i.dayStop)
        return false;
      const day = Math.floor(now / DAY);
      // 1 January 1970 was a Thursday.
      const weekday = ((day + 3) % 7) + 1;
      return (i.weekdays & (1 << weekday)) !== 0 && (i.monthdays & (1 << dayOfMonth(day))) !== 0;
    },
  },
};
