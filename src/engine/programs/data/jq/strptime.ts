import { DAYS, daysFromCivil, MONTHS } from '../../lib/strftime';
import type { Json } from './value';

/** strptime(3) as jq uses it: broken-down time with months from 0, or undefined when the text does not fit. */
export function strptime(text: string, format: string): Json | undefined {
  let year = 1900;
  let month = 0;
  let day = 0;
  let hour = 0;
  let minute = 0;
  let second = 0;
  let pm: boolean | undefined;
  let epoch: number | undefined;
  let at = 0;
  const number = (max: number): number | undefined => {
    const m = new RegExp(`^\\s*(\\d{1,${max}})`).exec(text.slice(at));
    if (!m) return undefined;
    at += m[0].length;
    return Number(m[1]);
  };
  const name = (list: readonly string[]): number | undefined => {
    const rest = text.slice(at).toLowerCase();
    const full = list.findIndex((n) => rest.startsWith(n.toLowerCase()));
    if (full >= 0) {
      at += list[full]!.length;
      return full;
    }
    const short = list.findIndex((n) => rest.startsWith(n.slice(0, 3).toLowerCase()));
    if (short >= 0) at += 3;
    return short >= 0 ? short : undefined;
  };
  const expanded = format
    .replace(/%T/g, '%H:%M:%S')
    .replace(/%D/g, '%m/%d/%y')
    .replace(/%F/g, '%Y-%m-%d')
    .replace(/%R/g, '%H:%M');
  for (let i = 0; i < expanded.length; i++) {
    const c = expanded[i]!;
    if (/\s/.test(c)) {
      while (/\s/.test(text[at] ?? '')) at++;
      continue;
    }
    if (c !== '%') {
      if (text[at] !== c) return undefined;
      at++;
      continue;
    }
    let got: number | undefined = 0;
    switch (expanded[++i]) {
      case 'Y':
        got = number(4);
        year = got ?? 0;
        break;
      case 'y':
        got = number(2);
        year = (got ?? 0) + ((got ?? 0) < 69 ? 2000 : 1900);
        break;
      case 'm':
        got = number(2);
        month = (got ?? 1) - 1;
        if (month < 0 || month > 11) return undefined;
        break;
      case 'd':
      case 'e':
        got = number(2);
        day = got ?? 0;
        if (day > 31) return undefined;
        break;
      case 'H':
      case 'I':
        got = number(2);
        hour = got ?? 0;
        if (hour > 23) return undefined;
        break;
      case 'M':
        got = number(2);
        minute = got ?? 0;
        if (minute > 59) return undefined;
        break;
      case 'S':
        got = number(2);
        second = got ?? 0;
        if (second > 61) return undefined;
        break;
      case 's':
        got = number(15);
        epoch = got;
        break;
      case 'j':
        got = number(3);
        break;
      case 'p':
        pm = /^pm/i.test(text.slice(at));
        at += 2;
        break;
      case 'A':
      case 'a':
        got = name(DAYS);
        break;
      case 'B':
      case 'b':
      case 'h':
        got = name(MONTHS);
        month = got ?? 0;
        break;
      case 'Z': {
        const m = /^[A-Za-z]+/.exec(text.slice(at));
        if (!m) return undefined;
        at += m[0].length;
        break;
      }
      case 'z': {
        const m = /^(?:Z|[+-]\d\d:?\d\d)/.exec(text.slice(at));
        if (!m) return undefined;
        at += m[0].length;
        break;
      }
      case '%':
        if (text[at++] !== '%') return undefined;
        break;
      default:
        return undefined;
    }
    if (got === undefined) return undefined;
  }
  if (at !== text.length) return undefined;
  if (pm !== undefined) hour = (hour % 12) + (pm ? 12 : 0);
  void epoch;
  // Without a date these keep what jq filled in beforehand.
  if (!/%[mdebBhj]/.test(expanded)) return [year, month, day, hour, minute, second, 8, 367];
  const days = daysFromCivil(year, month + 1, day);
  const yearday = days - daysFromCivil(year, 1, 1);
  return [year, month, day, hour, minute, second, (((days + 4) % 7) + 7) % 7, yearday];
}
