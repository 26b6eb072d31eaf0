/** -m iprange (net/netfilter/xt_iprange.c). */
import type { IpAddress } from '../../../../wire';
import { formatIp, ip6Bytes } from '../../../../wire';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { destinationOf, sourceOf } from '../packet';
import { XtProblem } from '../problem';
import type { XtFamily } from '../values';
import { parseNumeric } from '../values';

interface Range {
  readonly low: IpAddress;
  readonly high: IpAddress;
  readonly inverted: boolean;
}

/** struct xt_iprange_mtinfo */
export interface IprangeInfo {
  src: Range | undefined;
  dst: Range | undefined;
}

/** Addresses in numeric order: negative, 0 or positive. */
export function compareAddresses(a: IpAddress, b: IpAddress): number {
  if (typeof a === 'number') return a - (b as number);
  const x = ip6Bytes(a);
  const y = ip6Bytes(b as string);
  for (let i = 0; i < 16; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return 0;
}

function parseRange(text: string, family: XtFamily, inverted: boolean): Range {
  const dash = text.indexOf('-');
  const read = (t: string): IpAddress => {
    const a = parseNumeric(t, family);
    if (a === undefined) throw new XtProblem(`iprange: Bad IP address "${t}"\n`);
    return a;
  };
  const low = read(dash < 0 ? text : text.slice(0, dash));
  const high = dash < 0 ? low : read(text.slice(dash + 1));
  return { low, high, inverted };
}

const show = (r: Range): string => `${formatIp(r.low)}-${formatIp(r.high)}`;

function fails(r: Range | undefined, address: IpAddress): boolean {
  if (r === undefined) return false;
  return (compareAddresses(address, r.low) >= 0 && compareAddresses(address, r.high) <= 0) === r.inverted;
}

/** The extension. */
export const iprange: XtMatchExtension<IprangeInfo> = {
  kind: 'match',
  name: 'iprange',
  revision: 1,
  options: [
    { name: 'src-range', type: 'string', invert: true },
    { name: 'dst-range', type: 'string', invert: true },
  ],
  make: () => ({ src: undefined, dst: undefined }),
  parse(i, option, value, inverted, c) {
    i[option === 'src-range' ? 'src' : 'dst'] = parseRange(value.text, c.family, inverted);
  },
  finish(i, c) {
    if (!i.src && !i.dst) throw new XtProblem("iprange match: You must specify `--src-range' or `--dst-range'");
    for (const r of [i.src, i.dst])
      if (r && compareAddresses(r.low, r.high) > 0)
        c.warn(`iprange: range ${show(r)} is reversed and will never match\n`);
  },
  print(i) {
    let out = '';
    if (i.src) out += ` source IP range${not(i.src.inverted)} ${show(i.src)}`;
    if (i.dst) out += ` destination IP range${not(i.dst.inverted)} ${show(i.dst)}`;
    return out;
  },
  save(i) {
    let out = '';
    if (i.src) out += `${not(i.src.inverted)} --src-range ${show(i.src)}`;
    if (i.dst) out += `${not(i.dst.inverted)} --dst-range ${show(i.dst)}`;
    return out;
  },
  nft(i, c) {
    const part = (key: string, r: Range | undefined): string =>
      r ? `${c.family} ${key} ${r.inverted ? '!= ' : ''}${show(r)} ` : '';
    return (part('saddr', i.src) + part('daddr', i.dst)).trimEnd();
  },
  kernel: { name: 'iprange', matches: (i, p) => !fails(i.src, sourceOf(p)) && !fails(i.dst, destinationOf(p)) },
};
