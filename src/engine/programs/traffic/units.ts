/** Times, rates, sizes and percentages as tc(8) reads and prints them. */

/** C's "%g": up to six significant digits, or `digits` of them. */
export function general(n: number, digits = 6): string {
  return String(Number(n.toPrecision(digits)));
}

/** strtod(3) followed by a suffix; undefined without a number. */
function split(text: string): { value: number; suffix: string } | undefined {
  const m = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(.*)$/i.exec(text);
  return m ? { value: Number(m[1]), suffix: m[2]!.toLowerCase() } : undefined;
}

const TIMES: Readonly<Record<string, number>> = {
  '': 1,
  s: 1e6,
  sec: 1e6,
  secs: 1e6,
  ms: 1000,
  msec: 1000,
  msecs: 1000,
  us: 1,
  usec: 1,
  usecs: 1,
  ns: 0.001,
  nsec: 0.001,
  nsecs: 0.001,
};

/** A time in microseconds. */
export function readTime(text: string): number | undefined {
  const t = split(text);
  const unit = t && TIMES[t.suffix];
  return unit === undefined ? undefined : t!.value * unit;
}

/** `100ms` */
export function timeText(micros: number): string {
  if (micros >= 1e6) return `${general(micros / 1e6, 3)}s`;
  if (micros >= 1000) return `${general(micros / 1000, 3)}ms`;
  return `${Math.floor(micros)}us`;
}

const RATES: Readonly<Record<string, number>> = { '': 1 };
for (const [i, prefix] of ['', 'k', 'm', 'g', 't'].entries()) {
  (RATES as Record<string, number>)[`${prefix}bit`] = 1000 ** i;
  (RATES as Record<string, number>)[`${prefix}bps`] = 8 * 1000 ** i;
  if (i > 0) {
    (RATES as Record<string, number>)[`${prefix}ibit`] = 1024 ** i;
    (RATES as Record<string, number>)[`${prefix}ibps`] = 8 * 1024 ** i;
  }
}

/** A rate in bytes a second. */
export function readRate(text: string): number | undefined {
  const r = split(text);
  const unit = r && RATES[r.suffix];
  return unit === undefined || r!.value < 0 ? undefined : (r!.value * unit) / 8;
}

/** `1Mbit` */
export function rateText(bytes: number): string {
  let rate = bytes * 8;
  const units = ['', 'K', 'M', 'G', 'T'];
  let i = 0;
  for (; i < units.length - 1; i++) {
    if (rate < 1000 || (rate % 1000 !== 0 && rate < 1e6)) break;
    rate /= 1000;
  }
  return `${Math.floor(rate)}${units[i]}bit`;
}

const SIZES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  kbit: 128,
  mbit: 131072,
  gbit: 134217728,
};

/** A size in bytes. */
export function readSize(text: string): number | undefined {
  const s = split(text);
  const unit = s && SIZES[s.suffix];
  return unit === undefined || s!.value < 0 ? undefined : Math.floor(s!.value * unit);
}

/** `32Kb` */
export function sizeText(bytes: number): string {
  const mega = 1024 * 1024;
  if (bytes >= mega && Math.abs(mega * Math.round(bytes / mega) - bytes) < 1024) return `${Math.round(bytes / mega)}Mb`;
  if (bytes >= 1024 && Math.abs(1024 * Math.round(bytes / 1024) - bytes) < 16) return `${Math.round(bytes / 1024)}Kb`;
  return `${bytes}b`;
}

/** `30%` as a fraction; undefined when it is none or out of range. */
export function readPercent(text: string): number | undefined {
  const p = split(text);
  if (!p || (p.suffix !== '%' && p.suffix !== '')) return undefined;
  // Without a sign it is a number of 2^32.
  const fraction = p.suffix === '%' ? p.value / 100 : p.value / 0xffffffff;
  return fraction >= 0 && fraction <= 1 ? fraction : undefined;
}

/** `30%` */
export function percentText(fraction: number): string {
  return `${general(fraction * 100)}%`;
}
