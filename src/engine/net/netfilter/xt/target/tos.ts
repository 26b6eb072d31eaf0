/** -j TOS and -j DSCP (net/netfilter/xt_DSCP.c). */
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { DSCP_CLASSES, TOS_NAMES, byte, dsField, parseTos } from '../match/tos';
import { XtProblem } from '../problem';
import { rewrite } from './rewrite';

/** struct xt_tos_target_info: tos = (tos & ~mask) ^ value */
export interface TosTargetInfo {
  value: number;
  mask: number;
}

/** -j TOS */
export const tosTarget: XtTargetExtension<TosTargetInfo> = {
  kind: 'target',
  name: 'TOS',
  revision: 1,
  options: [
    { name: 'set-tos', type: 'string' },
    { name: 'and-tos', type: 'uint', max: 255 },
    { name: 'or-tos', type: 'uint', max: 255 },
    { name: 'xor-tos', type: 'uint', max: 255 },
  ],
  make: () => ({ value: 0, mask: 0 }),
  parse(i, option, value) {
    switch (option) {
      case 'set-tos':
        Object.assign(i, parseTos(value.text, 'TOS'));
        return;
      case 'and-tos':
        i.value = 0;
        i.mask = ~value.number & 255;
        return;
      case 'or-tos':
        i.value = i.mask = value.number;
        return;
      case 'xor-tos':
        i.value = value.number;
        i.mask = 0;
    }
  },
  finish(_i, c) {
    if (c.seen.size === 0) throw new XtProblem('TOS: An action is required');
  },
  print(i, c) {
    if (c.numeric) return ` TOS set ${byte(i.value)}/${byte(i.mask)}`;
    const name = i.mask === 0x3f ? TOS_NAMES.find(([, v]) => v === i.value) : undefined;
    if (name) return `  TOS set${name[0]}`;
    if (i.value === 0) return ` TOS and ${byte(~i.mask & 255)}`;
    if (i.value === i.mask) return ` TOS or ${byte(i.value)}`;
    if (i.mask === 0) return ` TOS xor ${byte(i.value)}`;
    return ` TOS set ${byte(i.value)}/${byte(i.mask)}`;
  },
  save: (i) => ` --set-tos ${byte(i.value)}/${byte(i.mask)}`,
  nft(i) {
    // nft's translation names ip6 in both families.
    const dscp = (n: number): string => `0x${(n >> 2).toString(16).padStart(2, '0')}`;
    if (i.mask === 0x3f || i.mask === 255) return `ip6 dscp set ${dscp(i.value)}`;
    if (i.value === 0) return `ip6 dscp set ip6 dscp and ${dscp(~i.mask & 255)}`;
    if (i.value === i.mask) return `ip6 dscp set ip6 dscp or ${dscp(i.value)}`;
    if (i.mask === 0) return `ip6 dscp set ip6 dscp xor ${dscp(i.value)}`;
    return undefined;
  },
  kernel: {
    name: 'TOS',
    run(i, p) {
      const old = dsField(p);
      const next = (old & ~i.mask) ^ i.value;
      if (next !== old) rewrite(p, { tos: next });
      return VERDICT.CONTINUE;
    },
    check: (_i, place) => (place.table === 'mangle' ? undefined : 'EINVAL'),
  },
};

/** struct xt_DSCP_info */
export interface DscpTargetInfo {
  value: number;
}

/** -j DSCP */
export const dscpTarget: XtTargetExtension<DscpTargetInfo> = {
  kind: 'target',
  name: 'DSCP',
  revision: 0,
  options: [
    { name: 'set-dscp', type: 'uint', max: 63, excludes: ['set-dscp-class'] },
    { name: 'set-dscp-class', type: 'string' },
  ],
  make: () => ({ value: 0 }),
  parse(i, option, value) {
    if (option === 'set-dscp') i.value = value.number;
    else {
      const known = DSCP_CLASSES[value.text.toUpperCase()];
      if (known === undefined) throw new XtProblem(`Invalid DSCP value \`${value.text}'\n`);
      i.value = known;
    }
  },
  finish(_i, c) {
    if (c.seen.size === 0) throw new XtProblem('DSCP target: Parameter --set-dscp is required');
  },
  print: (i) => ` DSCP set ${byte(i.value)}`,
  save: (i) => ` --set-dscp ${byte(i.value)}`,
  nft: (i, c) => `${c.family} dscp set ${byte(i.value)}`,
  kernel: {
    name: 'DSCP',
    run(i, p) {
      const old = dsField(p);
      const next = (i.value << 2) | (old & 3);
      if (next !== old) rewrite(p, { tos: next });
      return VERDICT.CONTINUE;
    },
    check: (_i, place) => (place.table === 'mangle' ? undefined : 'EINVAL'),
  },
};
