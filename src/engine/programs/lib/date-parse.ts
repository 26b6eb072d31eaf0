import { gmtime, timegm } from './strftime';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const UNITS: Record<string, number> = {
  sec: 1,
  second: 1,
  min: 60,
  minute: 60,
  hour: 3600,
  day: 86400,
  week: 604800,
  fortnight: 1209600,
};
const NUMBERS: Record<string, number> = {
  last: -1,
  this: 0,
  next: 1,
  first: 1,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  a: 1,
  an: 1,
};

/** Names of time zones, and how many hours they are east of UTC. */
const ZONES: Record<string, number> = {
  est: -5, edt: -4, cst: -6, cdt: -5, mst: -7, mdt: -6, pst: -8, pdt: -7, wet: 0, west: 1, bst: 1, cet: 1, cest: 2, eet: 2, eest: 3,
  msk: 3, ist: 5.5, jst: 9, nzst: 12,
}; // prettier-ignore
const ZONE_NAME = new RegExp(`^(${Object.keys(ZONES).join('|')})\\b`);

/**
 * Reads a date as `date -d`, `touch -d` and `find -newermt` do: the common forms, in UTC.
 * @returns microseconds since the epoch, or undefined when it cannot be read.
 */
export function parseDate(text: string, now: number): number | undefined {
  let s = text
    .trim()
    .toLowerCase()
    .replace(/\([^)]*\)/g, ' ');
  const at = /^@(-?\d+)(?:\.(\d+))?$/.exec(s);
  if (at) return Number(at[1]) * 1e6 + Number((at[2] ?? '').padEnd(6, '0').slice(0, 6));
  const tm = gmtime(now);
  let { year, month, day, hour, minute, second, micros } = tm;
  let sawDate = false;
  let sawYear = false;
  let sawTime = false;
  let offset = 0;
  let weekday: number | undefined;
  let weekOrdinal = 0;
  const add = { year: 0, month: 0, seconds: 0, micros: 0 };
  const take = (re: RegExp): RegExpExecArray | null => {
    const m = re.exec(s);
    if (m) s = s.slice(m[0].length).replace(/^[\s,]+/, '');
    return m;
  };
  const setTime = (h: number, m: number, sec: number, us: number): void => {
    hour = h;
    minute = m;
    second = sec;
    micros = us;
    sawTime = true;
  };
  const zone = (): void => {
    let z: RegExpExecArray | null;
    if ((z = take(/^(?:utc|gmt)([-+])(\d{1,2})(?::?(\d{2}))?(?![\d:])/)))
      offset = (z[1] === '-' ? -1 : 1) * (Number(z[2]) * 3600 + Number(z[3] ?? 0) * 60);
    else if (take(/^(?:utc|gmt|z)\b/)) offset = 0;
    else if ((z = take(ZONE_NAME))) offset = ZONES[z[1]!]! * 3600;
    else if ((z = take(/^([-+])(\d{1,2})(?::?(\d{2}))?(?![\d:])/)))
      offset = (z[1] === '-' ? -1 : 1) * (Number(z[2]) * 3600 + Number(z[3] ?? 0) * 60);
  };
  s = s.replace(/^[\s,]+/, '');
  while (s !== '') {
    let m: RegExpExecArray | null;
    if ((m = take(/^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?=$|[\st])/))) {
      [year, month, day] = [Number(m[1]), Number(m[3]), Number(m[4])];
      if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
      sawDate = sawYear = true;
      take(/^t(?=\d)/);
    } else if ((m = take(/^(\d{1,2})\/(\d{1,2})(?:\/(\d{2,4}))?\b/))) {
      [month, day] = [Number(m[1]), Number(m[2])];
      if (m[3]) year = m[3].length === 2 ? Number(m[3]) + (Number(m[3]) < 69 ? 2000 : 1900) : Number(m[3]);
      if (month < 1 || month > 12) return undefined;
      sawDate = true;
    } else if ((m = take(/^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(am|pm)?(?![\d:])/))) {
      let h = Number(m[1]);
      if (m[5]) h = (h % 12) + (m[5] === 'pm' ? 12 : 0);
      if (h > 23 || Number(m[2]) > 59 || Number(m[3] ?? 0) > 59) return undefined;
      setTime(h, Number(m[2]), Number(m[3] ?? 0), Number((m[4] ?? '').padEnd(6, '0').slice(0, 6)));
      zone();
    } else if ((m = take(/^(\d{1,2})\s*(am|pm)\b/))) setTime((Number(m[1]) % 12) + (m[2] === 'pm' ? 12 : 0), 0, 0, 0);
    else if (
      (m = take(
        /^(\d{1,2})[\s-]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?:[\s,-]+(\d{4}))?(?![\d:])/,
      ))
    ) {
      day = Number(m[1]);
      month = MONTHS.indexOf(m[2]!) + 1;
      if (m[3]) year = Number(m[3]);
      sawDate = true;
    } else if (
      (m = take(
        /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:(?:st|nd|rd|th))?(?:[\s,]+(\d{4}))?(?![\d:])/,
      ))
    ) {
      month = MONTHS.indexOf(m[1]!) + 1;
      day = Number(m[2]);
      if (m[3]) year = Number(m[3]);
      sawDate = true;
    } else if (
      (m = take(
        /^(?:(last|next|this)\s+)?(sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nes(?:day)?)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:ur(?:day)?)?)\.?(?=$|[\s,])/,
      ))
    ) {
      weekday = DAYS.indexOf(m[2]!.slice(0, 3));
      weekOrdinal = m[1] === 'last' ? -1 : m[1] === 'next' ? 1 : 0;
    } else if (take(/^(?:now|today)\b/)) continue;
    else if (take(/^yesterday\b/)) add.seconds -= 86400;
    else if (take(/^tomorrow\b/)) add.seconds += 86400;
    else if (
      (m = take(
        /^([-+]?\s*\d+(?:\.\d+)?|last|this|next|first|third|fourth|fifth|sixth|an?)?\s*(year|month|fortnight|week|day|hour|minute|min|second|sec)s?(\s+ago)?(?=$|[\s,+-])/,
      ))
    ) {
      const word = m[1]?.replace(/\s+/g, '');
      let n = word === undefined ? 1 : (NUMBERS[word] ?? Number(word));
      if (m[3]) n = -n;
      if (m[2] === 'year') add.year += n;
      else if (m[2] === 'month') add.month += n;
      else {
        const micro = n * UNITS[m[2]!]! * 1e6;
        add.seconds += Math.trunc(micro / 1e6);
        add.micros += Math.round(micro % 1e6);
      }
    } else if (take(/^(?:utc|gmt|z)\b/)) offset = 0;
    else if ((m = take(ZONE_NAME))) offset = ZONES[m[1]!]! * 3600;
    else if ((m = take(/^(\d{4})(\d{2})(\d{2})(?=$|[\st])/))) {
      [year, month, day] = [Number(m[1]), Number(m[2]), Number(m[3])];
      sawDate = sawYear = true;
      take(/^t(?=\d)/);
    } else if (sawDate && !sawYear && (m = take(/^(\d{4})$/))) year = Number(m[1]);
    else if ((m = take(/^(\d{2})(\d{2})$/))) setTime(Number(m[1]), Number(m[2]), 0, 0);
    else return undefined;
  }
  if ((sawDate || weekday !== undefined) && !sawTime) setTime(0, 0, 0, 0);
  if (weekday !== undefined && !sawDate) {
    let ahead = (weekday - tm.weekday + 7) % 7;
    if (weekOrdinal > 0 && ahead === 0) ahead = 7;
    if (weekOrdinal < 0) ahead = ahead === 0 ? -7 : ahead - 7;
    day += ahead;
  }
  const last = new Array(12)
    .fill(0)
    .map(
      (_, i) =>
        [
          31,
          (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28,
          31,
          30,
          31,
          30,
          31,
          31,
          30,
          31,
          30,
          31,
        ][i]!,
    );
  if (sawDate && day > last[month - 1]!) return undefined;
  return (
    (timegm(year + add.year, month + add.month, day, hour, minute, second) - offset + add.seconds) * 1e6 +
    micros +
    add.micros
  );
}
