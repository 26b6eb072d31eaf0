/** -m statistic (net/netfilter/xt_statistic.c, extensions/libxt_statistic.c). */
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { XtProblem } from '../problem';

/** struct xt_statistic_info */
export interface StatisticInfo {
  mode: 'random' | 'nth' | undefined;
  inverted: boolean;
  /** 0 to 0x80000000: the chance in 31 bits. */
  probability: number;
  /** One less than every how many packets, as the kernel keeps it. */
  every: number;
  packet: number;
  /** Packets since the last hit. */
  count: number;
}

function parts(i: StatisticInfo, prefix: string): string {
  if (i.mode === 'random')
    return ` ${prefix}mode random${not(i.inverted)} ${prefix}probability ${(i.probability / 0x80000000).toFixed(11)}`;
  const packet = i.packet !== 0 || prefix !== '' ? ` ${prefix}packet ${i.packet}` : '';
  return ` ${prefix}mode nth${not(i.inverted)} ${prefix}every ${i.every + 1}${packet}`;
}

/** The extension. */
export const statistic: XtMatchExtension<StatisticInfo> = {
  kind: 'match',
  name: 'statistic',
  revision: 0,
  options: [
    { name: 'mode', type: 'string', mandatory: true },
    { name: 'probability', type: 'string', invert: true },
    { name: 'every', type: 'uint', invert: true, min: 1, also: ['packet'] },
    { name: 'packet', type: 'uint', also: ['every'] },
  ],
  make: () => ({ mode: undefined, inverted: false, probability: 0, every: 0, packet: 0, count: 0 }),
  parse(i, option, value, inverted) {
    if (inverted) i.inverted = true;
    switch (option) {
      case 'mode':
        if (value.text !== 'random' && value.text !== 'nth') throw new XtProblem(`Bad mode "${value.text}"`);
        i.mode = value.text;
        return;
      case 'probability': {
        const p = /^\s*(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(value.text) ? Number(value.text) : NaN;
        if (!(p >= 0 && p <= 1))
          throw new XtProblem('statistic: bad value for option "--probability", or out of range (0-1).\n');
        i.probability = Math.round(p * 0x80000000);
        return;
      }
      case 'every':
        i.every = value.number - 1;
        return;
      case 'packet':
        i.packet = value.number;
    }
  },
  finish(i, c) {
    if (i.mode === 'random' && !c.seen.has('probability'))
      throw new XtProblem('--probability must be specified when using random mode');
    if (i.mode === 'nth' && !c.seen.has('every')) throw new XtProblem('--every must be specified when using nth mode');
    if (i.mode === 'nth' && i.packet > i.every) throw new XtProblem('the --packet p must be 0 <= p <= n-1');
    // Each rule starts so that its first hit comes after `packet` others.
    i.count = i.every - i.packet;
  },
  print: (i) => ` statistic${parts(i, '')}`,
  save: (i) => parts(i, '--'),
  nft(i) {
    if (i.mode === 'random')
      return `meta random & 2147483647 ${i.inverted ? '>=' : '<'} ${Math.min(i.probability, 0x7fffffff)}`;
    return `numgen inc mod ${i.every + 1} ${i.inverted ? '!= ' : ''}${i.packet}`;
  },
  kernel: {
    name: 'statistic',
    matches(i, p) {
      if (i.mode === 'random') return (p.ns.random.uint32() & 0x7fffffff) < i.probability !== i.inverted;
      const hit = i.count === i.every;
      i.count = hit ? 0 : i.count + 1;
      return hit !== i.inverted;
    },
  },
};
