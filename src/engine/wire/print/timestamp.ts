/** The time stamp at the start of a line. */
import type { PrintOptions, PrintState } from './dissector';

const pad = (n: number, width: number): string => String(n).padStart(width, '0');

function clock(seconds: number, microseconds: number): string {
  const day = ((seconds % 86400) + 86400) % 86400;
  const hms = `${pad(Math.floor(day / 3600), 2)}:${pad(Math.floor(day / 60) % 60, 2)}:${pad(day % 60, 2)}`;
  return `${hms}.${pad(microseconds, 6)}`;
}

/** `YYYY-MM-DD` of seconds since the epoch (proleptic Gregorian calendar, days from civil inverted). */
function date(seconds: number): string {
  const days = Math.floor(seconds / 86400) + 719468;
  const era = Math.floor(days / 146097);
  const doe = days - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  const year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(doy - Math.floor((153 * mp + 2) / 5) + 1, 2)}`;
}

/** The stamp with its trailing blank in the chosen style; updates the reference packet of -ttt and -ttttt. */
export function timestamp(seconds: number, microseconds: number, options: PrintOptions, state: PrintState): string {
  const local = seconds + (options.utcOffset ?? 0);
  switch (options.timestamp ?? 0) {
    case 1:
      return '';
    case 2:
      return `${seconds}.${pad(microseconds, 6)} `;
    case 3:
    case 5: {
      const now = seconds * 1e6 + microseconds;
      const delta = now - (state.reference ?? now);
      if (state.reference === undefined || options.timestamp === 3) state.reference = now;
      const size = Math.abs(delta);
      return `${delta < 0 ? '-' : ' '}${clock(Math.floor(size / 1e6), size % 1e6)} `;
    }
    case 4:
      return `${date(local)} ${clock(local, microseconds)} `;
    default:
      return `${clock(local, microseconds)} `;
  }
}
