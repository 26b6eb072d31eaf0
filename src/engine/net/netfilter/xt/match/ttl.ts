/** -m ttl and -m hl (net/netfilter/xt_hl.c). */
import type { XtMatchExtension } from '../command-line';
import { ipOf } from '../packet';
import { XtProblem } from '../problem';

/** struct ipt_ttl_info */
export interface TtlMatchInfo {
  mode: 'eq' | 'ne' | 'lt' | 'gt';
  value: number;
}

const SIGNS = { eq: '==', ne: '!=', lt: '<', gt: '>' } as const;

function make(name: 'ttl' | 'hl', family: 'ip' | 'ip6'): XtMatchExtension<TtlMatchInfo> {
  const label = name.toUpperCase();
  const key = name === 'ttl' ? 'ip ttl' : 'ip6 hoplimit';
  return {
    kind: 'match',
    name,
    families: [family],
    revision: 0,
    options: [
      { name: `${name}-lt`, type: 'uint', max: 255 },
      { name: `${name}-gt`, type: 'uint', max: 255 },
      { name: `${name}-eq`, type: 'uint', max: 255, invert: true },
    ],
    make: () => ({ mode: 'eq', value: 0 }),
    parse(i, option, value, inverted) {
      i.value = value.number;
      i.mode = inverted ? 'ne' : (option.slice(-2) as TtlMatchInfo['mode']);
    },
    finish(_i, c) {
      if (c.seen.size !== 1)
        throw new XtProblem(`${label} match: You must specify one of \`--${name}-eq', \`--${name}-lt', \`--${name}-gt`);
    },
    print: (i) => ` ${label} match ${label} ${SIGNS[i.mode]} ${i.value}`,
    save: (i) => (i.mode === 'ne' ? ` ! --${name}-eq ${i.value}` : ` --${name}-${i.mode} ${i.value}`),
    nft: (i) => `${key} ${i.mode === 'eq' ? '' : i.mode === 'ne' ? '!= ' : `${i.mode} `}${i.value}`,
    kernel: {
      name,
      matches(i, p) {
        const packet = ipOf(p);
        const ttl = packet.kind === 'ipv4' ? packet.ttl : packet.hopLimit;
        switch (i.mode) {
          case 'eq':
            return ttl === i.value;
          case 'ne':
            return ttl !== i.value;
          case 'lt':
            return ttl < i.value;
          case 'gt':
            return ttl > i.value;
        }
      },
    },
  };
}

/** -m ttl */
export const ttlMatch = make('ttl', 'ip');
/** -m hl */
export const hlMatch = make('hl', 'ip6');
