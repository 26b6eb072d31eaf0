/** Calendar arithmetic and strftime(3) for UTC, the only time zone of the simulated machines. */

/** A broken-down time (tm of time.h). */
export interface Tm {
  readonly year: number;
  /** 1-12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Microseconds within the second. */
  readonly micros: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1-366 */
  readonly yearday: number;
}

/** English day names, Sunday first. */
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
/** English month names, January first. */
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const DAY = 86400;

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return era * 146097 + doe - 719468;
}

/** Seconds since the epoch of a UTC date and time; fields may overflow, as with timegm(3). */
export function timegm(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const months = year * 12 + (month - 1);
  const y = Math.floor(months / 12);
  return daysFromCivil(y, months - y * 12 + 1, 1) * DAY + (day - 1) * DAY + hour * 3600 + minute * 60 + second;
}

/** Takes apart microseconds since the epoch; `offset` is seconds east of UTC. */
export function gmtime(micros: number, offset = 0): Tm {
  const total = Math.floor(micros / 1e6) + offset;
  const days = Math.floor(total / DAY);
  const rest = total - days * DAY;
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  const year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    micros: micros - Math.floor(micros / 1e6) * 1e6,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearday: days - daysFromCivil(year, 1, 1) + 1,
  };
}

/**
 * strftime(3) with GNU date's extensions (%N, %:z, flags `-_0^#`, widths).
 * @param micros microseconds since the epoch.
 * @param nanos nanoseconds within the second for %N, when more is known than microseconds.
 */
export function strftime(
  format: string,
  micros: number,
  nanos?: number,
  zone: { name: string; offset: number } = UTC,
): string {
  const tm = gmtime(micros, zone.offset);
  const sub = (f: string): string => strftime(f, micros, nanos, zone);
  return format.replace(
    /%([-_0^#+]*)(\d*)(:{0,3}z|[EO]?[a-zA-Z%])/g,
    (all, flags: string, width: string, conv: string) => {
      let pad = '';
      const num = (value: number, n: number, fill = '0'): string => {
        pad = fill;
        const f = /[-_0]/.exec([...flags].reverse().join(''))?.[0];
        if (f === '-' && width === '') return String(value);
        if (f === '_') pad = ' ';
        if (f === '0') pad = '0';
        const digits = String(Math.abs(value)).padStart((width === '' ? n : Number(width)) - (value < 0 ? 1 : 0), pad);
        return value < 0 ? `-${digits}` : digits;
      };
      let out: string;
      switch (conv.replace(/^[EO]/, '')) {
        case '%':
          out = '%';
          break;
        case 'a':
          out = DAYS[tm.weekday]!.slice(0, 3);
          break;
        case 'A':
          out = DAYS[tm.weekday]!;
          break;
        case 'b':
        case 'h':
          out = MONTHS[tm.month - 1]!.slice(0, 3);
          break;
        case 'B':
          out = MONTHS[tm.month - 1]!;
          break;
        case 'c':
          out = sub('%a %b %e %H:%M:%S %Y');
          break;
        case 'C':
          out = num(Math.floor(tm.year / 100), 2);
          break;
        case 'd':
          out = num(tm.day, 2);
          break;
        case 'D':
        case 'x':
          out = sub('%m/%d/%y');
          break;
        case 'e':
          out = num(tm.day, 2, ' ');
          break;
        case 'F':
          out = sub('%Y-%m-%d');
          break;
        case 'g':
          out = num(isoWeek(tm).year % 100, 2);
          break;
        case 'G':
          out = num(isoWeek(tm).year, 4);
          break;
        case 'H':
          out = num(tm.hour, 2);
          break;
        case 'I':
          out = num(tm.hour % 12 || 12, 2);
          break;
        case 'j':
          out = num(tm.yearday, 3);
          break;
        case 'k':
          out = num(tm.hour, 2, ' ');
          break;
        case 'l':
          out = num(tm.hour % 12 || 12, 2, ' ');
          break;
        case 'm':
          out = num(tm.month, 2);
          break;
        case 'M':
          out = num(tm.minute, 2);
          break;
        case 'n':
          out = '\n';
          break;
        case 'N': {
          const all9 = String(nanos ?? tm.micros * 1000).padStart(9, '0');
          out =
            width === ''
              ? flags.includes('-')
                ? all9.replace(/0+$/, '') || '0'
                : all9
              : all9.padEnd(Number(width), '0').slice(0, Number(width));
          return out;
        }
        case 'p':
          out = tm.hour < 12 ? 'AM' : 'PM';
          if (flags.includes('#')) out = out.toLowerCase();
          break;
        case 'P':
          out = tm.hour < 12 ? 'am' : 'pm';
          break;
        case 'q':
          out = String(Math.floor((tm.month - 1) / 3) + 1);
          break;
        case 'r':
          out = sub('%I:%M:%S %p');
          break;
        case 'R':
          out = sub('%H:%M');
          break;
        case 's':
          out = num(Math.floor(micros / 1e6), 1);
          break;
        case 'S':
          out = num(tm.second, 2);
          break;
        case 't':
          out = '\t';
          break;
        case 'T':
        case 'X':
          out = sub('%H:%M:%S');
          break;
        case 'u':
          out = num(tm.weekday || 7, 1);
          break;
        case 'U':
          out = num(Math.floor((tm.yearday + 6 - tm.weekday) / 7), 2);
          break;
        case 'V':
          out = num(isoWeek(tm).week, 2);
          break;
        case 'w':
          out = num(tm.weekday, 1);
          break;
        case 'W':
          out = num(Math.floor((tm.yearday + 6 - ((tm.weekday + 6) % 7)) / 7), 2);
          break;
        case 'y':
          out = num(((tm.year % 100) + 100) % 100, 2);
          break;
        case 'Y':
          out = num(tm.year, 1);
          break;
        case 'z':
          out = zoneOffset(zone.offset, '');
          break;
        case ':z':
          out = zoneOffset(zone.offset, ':');
          break;
        case '::z':
          out = `${zoneOffset(zone.offset, ':')}:00`;
          break;
        case ':::z':
          out = zoneOffset(zone.offset, ':').replace(/:00$/, '');
          break;
        case 'Z':
          out = zone.name;
          break;
        default:
          return all;
      }
      if (flags.includes('^')) out = out.toUpperCase();
      if (flags.includes('#') && /[aAbBh]/.test(conv)) out = out.toUpperCase();
      if (width !== '' && out.length < Number(width))
        out = out.padStart(Number(width), pad || (flags.includes('0') ? '0' : ' '));
      return out;
    },
  );
}

/** Coordinated Universal Time. */
export const UTC = { name: 'UTC', offset: 0 } as const;

function zoneOffset(seconds: number, colon: string): string {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
}

/** ISO 8601 week and the year it belongs to. */
function isoWeek(tm: Tm): { year: number; week: number } {
  const weekday = (tm.weekday + 6) % 7;
  const thursday = tm.yearday - 1 - weekday + 3;
  if (thursday < 0) return lastWeek(tm.year - 1);
  const length = daysFromCivil(tm.year + 1, 1, 1) - daysFromCivil(tm.year, 1, 1);
  if (thursday >= length) return { year: tm.year + 1, week: 1 };
  return { year: tm.year, week: Math.floor(thursday / 7) + 1 };
}

function lastWeek(year: number): { year: number; week: number } {
  return isoWeek(gmtime(timegm(year, 12, 31) * 1e6));
}
