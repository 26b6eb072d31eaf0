/** -j TTL and -j HL (net/netfilter/xt_HL.c). */
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { ipOf } from '../packet';
import { XtProblem } from '../problem';
import { rewrite } from './rewrite';

/** struct ipt_TTL_info */
export interface TtlInfo {
  mode: 'set' | 'inc' | 'dec';
  value: number;
}

const WORDS = { set: 'set to', inc: 'increment by', dec: 'decrement by' } as const;

function make(name: 'TTL' | 'HL', family: 'ip' | 'ip6'): XtTargetExtension<TtlInfo> {
  const low = name.toLowerCase();
  return {
    kind: 'target',
    name,
    families: [family],
    revision: 0,
    options: ['set', 'inc', 'dec'].map((m) => ({
      name: `${low}-${m}`,
      type: 'uint' as const,
      max: 255,
      min: m === 'set' ? 0 : 1,
    })),
    make: () => ({ mode: 'set', value: 0 }),
    parse(i, option, value) {
      i.mode = option.slice(-3) as TtlInfo['mode'];
      i.value = value.number;
    },
    finish(_i, c) {
      if (c.seen.size !== 1) throw new XtProblem(`${name}: You must specify an action`);
    },
    print: (i) => ` ${name} ${WORDS[i.mode]} ${i.value}`,
    save: (i) => ` --${low}-${i.mode} ${i.value}`,
    nft: () => undefined,
    kernel: {
      name,
      run(i, p) {
        const q = ipOf(p);
        const old = q.kind === 'ipv4' ? q.ttl : q.hopLimit;
        const next =
          i.mode === 'set' ? i.value : i.mode === 'inc' ? Math.min(255, old + i.value) : Math.max(0, old - i.value);
        if (next !== old) rewrite(p, { ttl: next });
        return VERDICT.CONTINUE;
      },
      check: (_i, place) => (place.table === 'mangle' ? undefined : 'EINVAL'),
    },
  };
}

/** -j TTL */
export const ttlTarget = make('TTL', 'ip');
/** -j HL */
export const hlTarget = make('HL', 'ip6');
