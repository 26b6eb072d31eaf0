/** -m limit (net/netfilter/xt_limit.c, extensions/libxt_limit.c). */
import type { XtMatchExtension } from '../command-line';
import { XtProblem } from '../problem';

/** Parts of a second in which periods are counted (XT_LIMIT_SCALE). */
export const LIMIT_SCALE = 10000;

/** struct xt_rateinfo */
export interface LimitInfo {
  /** Time between two packets in 1/10000 s. */
  period: number;
  burst: number;
  /** Tokens left, in packets, and when they were counted. */
  tokens: number;
  at: number;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['day', LIMIT_SCALE * 86400],
  ['hour', LIMIT_SCALE * 3600],
  ['min', LIMIT_SCALE * 60],
  ['sec', LIMIT_SCALE],
];

/** `5/min` to the time between packets. @throws XtProblem */
export function parseRate(text: string, scale = LIMIT_SCALE): number {
  const bad = (): never => {
    throw new XtProblem(`bad rate "${text}"'`);
  };
  const slash = text.indexOf('/');
  let unit = 1;
  if (slash >= 0) {
    const name = text.slice(slash + 1).toLowerCase();
    if (name === '') bad();
    if ('second'.startsWith(name)) unit = 1;
    else if ('minute'.startsWith(name)) unit = 60;
    else if ('hour'.startsWith(name)) unit = 3600;
    else if ('day'.startsWith(name)) unit = 86400;
    else bad();
  }
  const rate = parseInt(text, 10);
  if (!(rate > 0)) bad();
  const period = Math.floor((scale * unit) / rate);
  if (period === 0) throw new XtProblem(`Rate too fast "${text}"`);
  return period;
}

/** `5/min` of the time between packets. */
export function formatRate(period: number, scale = LIMIT_SCALE): string {
  const units = UNITS.map(([name, mult]) => [name, (mult / LIMIT_SCALE) * scale] as const);
  let i = 1;
  for (; i < units.length; i++) {
    const mult = units[i]![1];
    if (period > mult || Math.floor(mult / period) < mult % period) break;
  }
  const [name, mult] = units[i - 1]!;
  return `${Math.floor(mult / period)}/${name}`;
}

const LONG: Readonly<Record<string, string>> = { sec: 'second', min: 'minute' };

/** The extension. */
export const limit: XtMatchExtension<LimitInfo> = {
  kind: 'match',
  name: 'limit',
  revision: 0,
  options: [
    { name: 'limit', type: 'string' },
    { name: 'limit-burst', type: 'uint', min: 0, max: 10000 },
  ],
  make: () => ({ period: parseRate('3/hour'), burst: 5, tokens: -1, at: 0 }),
  parse(i, option, value) {
    if (option === 'limit') i.period = parseRate(value.text);
    else i.burst = value.number;
  },
  print: (i) => ` limit: avg ${formatRate(i.period)} burst ${i.burst}`,
  save: (i) => ` --limit ${formatRate(i.period)}${i.burst === 5 ? '' : ` --limit-burst ${i.burst}`}`,
  nft(i) {
    const [rate, unit] = formatRate(i.period).split('/') as [string, string];
    return `limit rate ${rate}/${LONG[unit] ?? unit} burst ${i.burst} packets`;
  },
  kernel: {
    name: 'limit',
    matches(i, p) {
      const now = p.ns.now;
      const interval = i.period * (1e6 / LIMIT_SCALE);
      if (i.tokens < 0) i.tokens = i.burst;
      else i.tokens = Math.min(i.burst, i.tokens + (now - i.at) / interval);
      i.at = now;
      if (i.tokens < 1) return false;
      i.tokens--;
      return true;
    },
  },
};
