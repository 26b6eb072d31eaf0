/** -m multiport (net/netfilter/xt_multiport.c, extensions/libxt_multiport.c). */
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { portsOf } from '../packet';
import { XtProblem } from '../problem';
import { formatPort, parsePort } from '../values';

/** struct xt_multiport_v1: up to 15 ports, a range takes two. */
export interface MultiportInfo {
  which: 'sports' | 'dports' | 'ports';
  ranges: (readonly [number, number])[];
  inverted: boolean;
}

/** Protocols with ports, by number. */
const PORTED: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 33: 'dccp', 132: 'sctp', 136: 'udplite' };

function parsePorts(text: string, protocol: string): (readonly [number, number])[] {
  const out: (readonly [number, number])[] = [];
  let slots = 0;
  for (const part of text.split(',')) {
    const colon = part.indexOf(':');
    slots += colon < 0 ? 1 : 2;
    if (slots > 15) throw new XtProblem('too many ports specified');
    if (colon < 0) {
      const port = parsePort(part, protocol);
      out.push([port, port]);
      continue;
    }
    const low = parsePort(part.slice(0, colon), protocol);
    const high = parsePort(part.slice(colon + 1), protocol);
    if (low >= high) throw new XtProblem('invalid portrange specified');
    out.push([low, high]);
  }
  return out;
}

/** The extension. */
export const multiport: XtMatchExtension<MultiportInfo> = {
  kind: 'match',
  name: 'multiport',
  revision: 1,
  options: ['source-ports', 'sports', 'destination-ports', 'dports', 'ports'].map((name) => ({
    name,
    type: 'string' as const,
    invert: true,
    excludes: [],
  })),
  make: () => ({ which: 'ports', ranges: [], inverted: false }),
  parse(i, option, value, inverted, c) {
    const protocol = PORTED[c.protocol];
    if (c.protocolInverted || (protocol === undefined && c.protocol !== 0) || c.protocol === 0)
      throw new XtProblem("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
    i.which = option === 'ports' ? 'ports' : option.startsWith('s') ? 'sports' : 'dports';
    i.ranges = parsePorts(value.text, protocol!);
    i.inverted = inverted;
  },
  finish(i, c) {
    if (c.seen.size !== 1 || i.ranges.length === 0) throw new XtProblem('multiport expection an option');
  },
  print(i, c) {
    const p = (n: number): string => formatPort(n, c.protocol, c.numeric);
    const list = i.ranges.map(([low, high]) => (low === high ? p(low) : `${p(low)}:${p(high)}`)).join(',');
    return ` multiport ${i.which} ${i.inverted ? ' !' : ''}${list}`;
  },
  save(i) {
    const list = i.ranges.map(([low, high]) => (low === high ? low : `${low}:${high}`)).join(',');
    return `${not(i.inverted)} --${i.which} ${list}`;
  },
  nft(i, c) {
    const protocol = PORTED[c.protocol] ?? 'th';
    const values = i.ranges.map(([low, high]) => (low === high ? `${low}` : `${low}-${high}`));
    if (i.which === 'ports') {
      const pairs = values.flatMap((v) => [`0-65535 . ${v}`, `${v} . 0-65535`]);
      return `${protocol} sport . ${protocol} dport ${i.inverted ? '!= ' : ''}{ ${pairs.join(', ')} }`;
    }
    const set =
      values.length > 1
        ? `{ ${values.join(', ')} }`
        : i.ranges[0]![0] === i.ranges[0]![1]
          ? values[0]
          : `{ ${values[0]} }`;
    return `${protocol} ${i.which === 'sports' ? 'sport' : 'dport'} ${i.inverted ? '!= ' : ''}${set}`;
  },
  kernel: {
    name: 'multiport',
    matches(i, p) {
      const { src, dst } = portsOf(p);
      if (src < 0) return false;
      for (const [low, high] of i.ranges) {
        if (i.which !== 'dports' && src >= low && src <= high) return !i.inverted;
        if (i.which !== 'sports' && dst >= low && dst <= high) return !i.inverted;
      }
      return i.inverted;
    },
    check: (_i, place) => (PORTED[place.protocol] && !place.protocolInverted ? undefined : 'EINVAL'),
  },
};
