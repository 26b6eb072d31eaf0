/** Durations and dates in nft's spelling: `1d2h3m4s`, `2026-11-27 10:00:00`. */
import type { Style } from './datatype';

/** Days since 1970-01-01 of a date (Gregorian). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy - 719468;
}

/** The day of the Gregorian calendar that is so many days after 1970-01-01. */
export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp + (mp < 10 ? 3 : -9);
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 };
}

/** @throws Error with the message: what nft says of a value that it cannot read */
export function fail(message: string): never {
  throw message;
}

/** `1d2h3m4s`, `500ms`, plain seconds. @returns microseconds */
export function parseDuration(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1e6;
  const m = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
  if (m === null) throw 'Could not parse time';
  const [, d = '0', h = '0', mi = '0', s = '0', ms = '0'] = m;
  return ((((Number(d) * 24 + Number(h)) * 60 + Number(mi)) * 60 + Number(s)) * 1000 + Number(ms)) * 1000;
}

/** The inverse. @param micros microseconds */
export function formatDuration(micros: number, style: Style): string {
  let ms = Math.floor(micros / 1000);
  if (style.numeric || style.numericTime === true) return `${Math.floor(ms / 1000)}s`;
  const days = Math.floor(ms / 86400000);
  ms %= 86400000;
  const hours = Math.floor(ms / 3600000);
  ms %= 3600000;
  const minutes = Math.floor(ms / 60000);
  ms %= 60000;
  const seconds = Math.floor(ms / 1000);
  ms %= 1000;
  let out = '';
  if (days > 0) out += `${days}d`;
  if (hours > 0) out += `${hours}h`;
  if (minutes > 0) out += `${minutes}m`;
  if (seconds > 0) out += `${seconds}s`;
  if (ms > 0) out += `${ms}ms`;
  return out === '' ? '0s' : out;
}
