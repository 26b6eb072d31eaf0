import { MONTHS, timegm, gmtime } from '../lib/strftime';

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
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * Reads a date as GNU `date -d` does, for the forms in common use: `@N`, ISO 8601 dates and times with a zone, `23 Nov 2026 10:00`,
 * `now`, `today`, `yesterday`, `tomorrow`, `N units ago`, `next week`, weekday names.
 * @param now virtual microseconds.
 * @returns microseconds since the epoch, or undefined when it cannot be read.
 */
export function parseDate(text: string, now: number): number | undefined {
  const at = /^@(-?\d+)(?:\.(\d{1,6})\d*)?$/.exec(text.trim());
  if (at) return Number(at[1]) * 1e6 + Number((at[2] ?? '').padEnd(6, '0'));
  let rest = ` ${text.trim().toLowerCase()} `.replace(/,/g, ' ');
  const tm = gmtime(now);
  let { year, month, day } = tm;
  let seconds = tm.hour * 3600 + tm.minute * 60 + tm.second;
  let micros = tm.micros;
  let zone = 0;
  let shift = 0;
  let months = 0;
  let hasTime = false;
  let hasDate = false;
  const take = (pattern: RegExp, use: (m: RegExpExecArray) => void): void => {
    const m = pattern.exec(rest);
    if (!m) return;
    rest = `${rest.slice(0, m.index)} ${rest.slice(m.index + m[0].length)}`;
    use(m);
  };
  const date = (y: number, mo: number, d: number): void => {
    [year, month, day, hasDate] = [y, mo, d, true];
  };
  take(/ (\d{4})-(\d{1,2})-(\d{1,2})(?=[t ])/, (m) => date(Number(m[1]), Number(m[2]), Number(m[3])));
  take(/ (\d{1,2})\/(\d{1,2})\/(\d{4}) /, (m) => date(Number(m[3]), Number(m[1]), Number(m[2])));
  const names = MONTHS.map((n) => n.slice(0, 3).toLowerCase()).join('|');
  const monthOf = (word: string): number => MONTHS.findIndex((n) => n.toLowerCase().startsWith(word.slice(0, 3))) + 1;
  take(new RegExp(` (\\d{1,2})[ -](${names})[a-z]*(?:[ -](\\d{4}))? `), (m) =>
    date(Number(m[3] ?? year), monthOf(m[2]!), Number(m[1])),
  );
  take(new RegExp(` (${names})[a-z]* (\\d{1,2})(?: (?=\\d\\d:)| (\\d{4}) | )`), (m) =>
    date(Number(m[3] ?? year), monthOf(m[1]!), Number(m[2])),
  );
  take(/[t ](\d{1,2}):(\d\d)(?::(\d\d)(?:[.](\d{1,9}))?)?(?: ?(am|pm))?/, (m) => {
    const half = m[5] === 'pm' ? 12 : 0;
    const hour = m[5] ? (Number(m[1]) % 12) + half : Number(m[1]);
    seconds = hour * 3600 + Number(m[2]) * 60 + Number(m[3] ?? 0);
    micros = Number((m[4] ?? '').padEnd(6, '0').slice(0, 6));
    hasTime = true;
  });
  take(/ ?(?:z|utc|gmt)(?= )/, () => undefined);
  if (hasTime)
    take(
      / ?([-+])(\d\d):?(\d\d)? /,
      (m) => (zone = (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3] ?? 0)) * 60),
    );
  take(/ (\d{4}) /, (m) => hasDate && (year = Number(m[1])));
  take(/ now /, () => undefined);
  take(/ today /, () => undefined);
  take(/ yesterday /, () => (shift -= 86400));
  take(/ tomorrow /, () => (shift += 86400));
  take(/ (?:midnight) /, () => [(seconds = 0), (hasTime = true)]);
  for (let before = ''; before !== rest;) {
    before = rest;
    take(
      / (next|last|this|[-+]? ?\d+|a|an) ?(sec|second|min|minute|hour|day|week|fortnight|month|year)s?( ago)? /,
      (m) => {
        const n =
          m[1] === 'next' || m[1] === 'a' || m[1] === 'an'
            ? 1
            : m[1] === 'last'
              ? -1
              : m[1] === 'this'
                ? 0
                : Number(m[1]!.replace(' ', ''));
        const signed = m[3] ? -n : n;
        if (m[2] === 'month') months += signed;
        else if (m[2] === 'year') months += 12 * signed;
        else shift += signed * UNITS[m[2]!]!;
      },
    );
  }
  take(new RegExp(` (?:(next|last) )?(${DAY_NAMES.join('|')})[a-z]* `), (m) => {
    if (hasDate) return;
    const ahead = (DAY_NAMES.indexOf(m[2]!) - tm.weekday + 7) % 7;
    shift += (m[1] === 'next' && ahead === 0 ? 7 : m[1] === 'last' ? ahead - 7 : ahead) * 86400;
    if (!hasTime) [seconds, micros, hasTime] = [0, 0, true];
  });
  if (rest.trim() !== '' && text.trim() !== '') return undefined;
  if (hasDate && (month < 1 || month > 12 || day < 1 || day > 31)) return undefined;
  if ((hasDate || text.trim() === '') && !hasTime) [seconds, micros] = [0, 0];
  const total = year * 12 + (month - 1) + months;
  const base = timegm(Math.floor(total / 12), (total % 12) + 1, day);
  return (base + seconds + shift - zone) * 1e6 + (hasDate || hasTime ? micros : tm.micros);
}
