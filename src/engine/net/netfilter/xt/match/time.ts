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

/** Days from 1 January 1970 to a date (proleptic Gregorian calendar). */
function daysTo(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const inEra = y - Math.floor(y / 400) * 400;
  const inYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const era = Math.floor(y / 400) * 146097;
  return era + inEra * 365 + Math.floor(inEra / 4) - Math.floor(inEra / 100) + inYear - 719468;
}

/** `YYYY[-MM[-DD[Thh[:mm[:ss]]]]]` in seconds. @throws XtProblem */
function date(text: string): number {
  const m = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?)?$/.exec(text);
  if (m === null) throw new XtProblem(`Invalid date "${text}" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]`);
  const n = (i: number, otherwise: number): number => (m[i] === undefined ? otherwise : Number(m[i]));
  const seconds = daysTo(n(1, 1970), n(2, 1), n(3, 1)) * DAY + n(4, 0) * 3600 + n(5, 0) * 60 + n(6, 0);
  return Math.min(LAST, Math.max(0, seconds));
}

/** A date with its time of day behind `separator`. */
function showDate(seconds: number, separator: string): string {
  const c = civil(Math.floor(seconds / DAY));
  return `${c.year}-${two(c.month)}-${two(c.day)}${separator}${showClock(seconds % DAY)}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

const showClock = (s: number): string => `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;

function weekdays(i: TimeInfo, label: string): string {
  if (i.weekdays === ALL_WEEK) return '';
  return `${label}${WEEK.filter((_, d) => i.weekdays & (1 << (d + 1))).join(',')}`;
}

function monthdays(i: TimeInfo, label: string, show: (n: number) => string): string {
  if (i.monthdays >>> 0 === ALL_MONTH) return '';
  const list = Array.from({ length: 31 }, (_, d) => d + 1).filter((d) => i.monthdays & (1 << d));
  return `${label}${list.map(show).join(',')}`;
}

/** The date of a day counted from 1 January 1970; years of the reckoning begin in March. */
function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719468;
  const eras = Math.floor(shifted / 146097);
  const era = shifted - eras * 146097;
  const year = Math.floor((era - Math.floor(era / 1460) + Math.floor(era / 36524) - Math.floor(era / 146096)) / 365);
  const inYear = era - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * inYear + 2) / 153);
  const m = month < 10 ? month + 3 : month - 9;
  return { year: eras * 400 + year + (m <= 2 ? 1 : 0), month: m, day: inYear - Math.floor((153 * month + 2) / 5) + 1 };
}

/** `1st`, `2nd`, `11th`. */
function ordinal(n: number): string {
  const tail =
    n % 10 === 1 && n !== 11 ? 'st' : n % 10 === 2 && n !== 12 ? 'nd' : n % 10 === 3 && n !== 13 ? 'rd' : 'th';
  return `${n}${tail}`;
}

/** The extension. */
export const time: XtMatchExtension<TimeInfo> = {
  kind: 'match',
  name: 'time',
  revision: 0,
  options: [
    { name: 'datestart', type: 'string' },
    { name: 'datestop', type: 'string' },
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
      case 'datestart':
        i.dateStart = date(value.text);
        return;
      case 'datestop':
        i.dateStop = date(value.text);
        return;
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
    out += weekdays(i, ' on ') + monthdays(i, ' on ', ordinal);
    if (i.dateStart !== 0) out += ` starting from ${showDate(i.dateStart, ' ')}`;
    if (i.dateStop !== LAST) out += ` until date ${showDate(i.dateStop, ' ')}`;
    return out + (i.local ? '' : ' UTC') + (i.contiguous ? ' contiguous' : '');
  },
  save(i) {
    let out = '';
    if (i.dayStart !== 0 || i.dayStop !== DAY - 1)
      out += ` --timestart ${showClock(i.dayStart)} --timestop ${showClock(i.dayStop)}`;
    out += monthdays(i, ' --monthdays ', String) + weekdays(i, ' --weekdays ');
    if (i.dateStart !== 0) out += ` --datestart ${showDate(i.dateStart, 'T')}`;
    return `${out} --datestop ${showDate(i.dateStop, 'T')}${i.local ? ' --kerneltz' : ''}${i.contiguous ? ' --contiguous' : ''}`;
  },
  nft: () => undefined,
  kernel: {
    name: 'time',
    matches(i, p) {
      const now = Math.floor(p.ns.now / 1e6);
      if (now < i.dateStart || now > i.dateStop) return false;
      const inDay = now % DAY;
      if (i.dayStart < i.dayStop ? inDay < i.dayStart || inDay > i.dayStop : inDay < i.dayStart && inDay > i.dayStop)
        return false;
      const day = Math.floor(now / DAY);
      // 1 January 1970 was a Thursday.
      const weekday = ((day + 3) % 7) + 1;
      return (i.weekdays & (1 << weekday)) !== 0 && (i.monthdays & (1 << civil(day).day)) !== 0;
    },
  },
};
