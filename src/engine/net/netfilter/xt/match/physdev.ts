/** -m physdev: the bridge ports of a frame that br_netfilter hands to the IP hooks (net/netfilter/xt_physdev.c). */
import { HOOK } from '../../hook-table';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { interfaceMatches } from '../interface';
import { XtProblem } from '../problem';

/** struct xt_physdev_info; an empty name is no test. */
export interface PhysdevInfo {
  in: string;
  notIn: boolean;
  out: string;
  notOut: boolean;
  /** undefined: no test, else what must be. */
  isIn: boolean | undefined;
  isOut: boolean | undefined;
  isBridged: boolean | undefined;
}

function parts(i: PhysdevInfo): string {
  let out = '';
  if (i.isIn !== undefined) out += `${not(!i.isIn)} --physdev-is-in`;
  if (i.in !== '') out += `${not(i.notIn)} --physdev-in ${i.in}`;
  if (i.isOut !== undefined) out += `${not(!i.isOut)} --physdev-is-out`;
  if (i.out !== '') out += `${not(i.notOut)} --physdev-out ${i.out}`;
  if (i.isBridged !== undefined) out += `${not(!i.isBridged)} --physdev-is-bridged`;
  return out;
}

/** The extension. */
export const physdev: XtMatchExtension<PhysdevInfo> = {
  kind: 'match',
  name: 'physdev',
  revision: 0,
  options: [
    { name: 'physdev-in', type: 'string', invert: true },
    { name: 'physdev-out', type: 'string', invert: true },
    { name: 'physdev-is-in', type: 'none', invert: true },
    { name: 'physdev-is-out', type: 'none', invert: true },
    { name: 'physdev-is-bridged', type: 'none', invert: true },
  ],
  make: () => ({
    in: '',
    notIn: false,
    out: '',
    notOut: false,
    isIn: undefined,
    isOut: undefined,
    isBridged: undefined,
  }),
  parse(i, option, value, inverted) {
    switch (option) {
      case 'physdev-in':
        i.in = value.text;
        i.notIn = inverted;
        return;
      case 'physdev-out':
        i.out = value.text;
        i.notOut = inverted;
        return;
      case 'physdev-is-in':
        i.isIn = !inverted;
        return;
      case 'physdev-is-out':
        i.isOut = !inverted;
        return;
      case 'physdev-is-bridged':
        i.isBridged = !inverted;
    }
  },
  finish(_i, c) {
    if (c.seen.size === 0) throw new XtProblem('PHYSDEV: no physdev option specified');
  },
  print: (i) => ` PHYSDEV match${parts(i)}`,
  save: parts,
  nft: () => undefined,
  kernel: {
    name: 'physdev',
    matches(i, p) {
      const { bridgeIn, bridgeOut } = p.skb;
      // A packet that is no bridged one has neither port.
      const through = bridgeIn !== null;
      if (!through) {
        if (i.isBridged === true || i.isIn === true || i.isOut === true) return false;
        if (i.in !== '' && !i.notIn) return false;
        if (i.out !== '' && !i.notOut) return false;
        return true;
      }
      if (i.isBridged !== undefined && (bridgeOut !== null) !== i.isBridged) return false;
      if (i.isIn !== undefined && !i.isIn) return false;
      if (i.isOut !== undefined && (bridgeOut !== null) !== i.isOut) return false;
      if (i.in !== '' && interfaceMatches(i.in, bridgeIn.link.name) === i.notIn) return false;
      if (i.out !== '' && interfaceMatches(i.out, bridgeOut === null ? '' : bridgeOut.link.name) === i.notOut)
        return false;
      return true;
    },
    check(i, place) {
      if ((i.out !== '' || i.isOut !== undefined) && i.isBridged !== true && place.hooks & (1 << HOOK.OUTPUT))
        return 'EINVAL';
      return undefined;
    },
  },
};
