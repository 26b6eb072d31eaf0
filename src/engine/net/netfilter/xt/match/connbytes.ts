/** -m connbytes: how much a connection has carried (net/netfilter/xt_connbytes.c, extensions/libxt_connbytes.c). */
import type { Conn } from '../../../conntrack/conn';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { XtProblem } from '../problem';
import { parseUint } from '../values';

const MODES = ['packets', 'bytes', 'avgpkt'] as const;
const DIRECTIONS = ['original', 'reply', 'both'] as const;

/** struct xt_connbytes_info */
export interface ConnbytesInfo {
  from: number;
  /** Infinity: no upper end. */
  to: number;
  mode: (typeof MODES)[number] | undefined;
  direction: (typeof DIRECTIONS)[number] | undefined;
  inverted: boolean;
}

const rangeText = (i: ConnbytesInfo): string => (i.to === Infinity ? String(i.from) : `${i.from}:${i.to}`);

function amount(i: ConnbytesInfo, ct: Conn): number {
  const sum = (pair: readonly [number, number]): number =>
    i.direction === 'original' ? pair[0] : i.direction === 'reply' ? pair[1] : pair[0] + pair[1];
  const packets = sum(ct.packets);
  if (i.mode === 'packets') return packets;
  const bytes = sum(ct.bytes);
  return i.mode === 'bytes' ? bytes : packets === 0 ? 0 : Math.floor(bytes / packets);
}

/** The extension. */
export const connbytes: XtMatchExtension<ConnbytesInfo> = {
  kind: 'match',
  name: 'connbytes',
  revision: 0,
  options: [
    { name: 'connbytes', type: 'string', invert: true, mandatory: true },
    { name: 'connbytes-dir', type: 'string', mandatory: true },
    { name: 'connbytes-mode', type: 'string', mandatory: true },
  ],
  make: () => ({ from: 0, to: Infinity, mode: undefined, direction: undefined, inverted: false }),
  parse(i, option, { text }, inverted) {
    if (option === 'connbytes-dir') {
      i.direction = DIRECTIONS.find((d) => d === text);
      if (!i.direction) throw new XtProblem(`Unknown --connbytes-dir "${text}"`);
    } else if (option === 'connbytes-mode') {
      i.mode = MODES.find((m) => m === text);
      if (!i.mode) throw new XtProblem(`Unknown --connbytes-mode "${text}"`);
    } else {
      const [low = '', high] = text.split(':');
      const from = low === '' ? 0 : parseUint(low, 0, Number.MAX_SAFE_INTEGER);
      const to = high === undefined || high === '' ? Infinity : parseUint(high, 0, Number.MAX_SAFE_INTEGER);
      if (from === undefined || to === undefined)
        throw new XtProblem(
          `connbytes: bad value for option "--connbytes", or out of range (0-18446744073709551615).\n`,
        );
      if (to < from) throw new XtProblem(`${from} should be less than ${to}`);
      Object.assign(i, { from, to, inverted });
    }
  },
  print: (i) =>
    `${not(i.inverted)} connbytes ${rangeText(i)} connbytes mode ${i.mode} connbytes direction ${i.direction}`,
  save: (i) =>
    `${not(i.inverted)} --connbytes ${rangeText(i)} --connbytes-mode ${i.mode} --connbytes-dir ${i.direction}`,
  nft: (i) => {
    const dir = i.direction === 'both' ? '' : `${i.direction} `;
    const range =
      i.to === Infinity ? `${i.inverted ? 'lt' : 'ge'} ${i.from}` : `${i.inverted ? '!= ' : ''}${i.from}-${i.to}`;
    return `ct ${dir}${i.mode} ${range}`;
  },
  kernel: {
    name: 'connbytes',
    matches(i, p) {
      const ct = p.skb.ct as Conn | null;
      if (ct === null) return false;
      const n = amount(i, ct);
      return (n >= i.from && n <= i.to) !== i.inverted;
    },
    added(_i, ns) {
      // Nothing is counted otherwise (nf_ct_set_acct).
      if (ns.sysctl.get('netfilter/nf_conntrack_acct') !== '1') ns.sysctl.set('netfilter/nf_conntrack_acct', '1');
    },
  },
};
