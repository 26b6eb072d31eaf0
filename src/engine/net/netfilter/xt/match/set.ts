/** -m set: is the packet in an ipset (net/netfilter/xt_set.c)? */
import type { PktInfo } from '../../pktinfo';
import { findSet } from '../../ipset/registry';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { XtProblem } from '../problem';

/** A set and which parts of the packet are looked up in it. */
export interface SetReference {
  set: string;
  /** 'src' or 'dst', one for each dimension. */
  directions: ('src' | 'dst')[];
}

/** `src,dst`. @throws XtProblem */
export function parseDirections(text: string): ('src' | 'dst')[] {
  return text.split(',').map((d) => {
    if (d !== 'src' && d !== 'dst')
      throw new XtProblem("You must spefify (the comma separated list of) 'src' or 'dst'.");
    return d;
  });
}

/** The set must exist, and the name fit. @throws XtProblem */
export function parseSetArguments(text: string, option: string): SetReference {
  const [set, directions] = text.split(' ') as [string, string | undefined];
  if (directions === undefined) throw new XtProblem(`--${option} requires two args.`);
  if (set.length > 31) throw new XtProblem(`setname \`${set}' too long, max 31 characters.`);
  return { set, directions: parseDirections(directions) };
}

/** struct xt_set_info_match_v4 */
export interface SetMatchInfo extends SetReference {
  inverted: boolean;
  returnNomatch: boolean;
}

/** The extension. */
export const setMatch: XtMatchExtension<SetMatchInfo> = {
  kind: 'match',
  name: 'set',
  revision: 4,
  options: [
    { name: 'match-set', type: 'string', invert: true, mandatory: true },
    { name: 'return-nomatch', type: 'none', invert: true },
  ],
  make: () => ({ set: '', directions: [], inverted: false, returnNomatch: false }),
  parse(i, option, value, inverted) {
    if (option === 'return-nomatch') {
      i.returnNomatch = true;
      return;
    }
    Object.assign(i, parseSetArguments(value.text, 'match-set'));
    i.inverted = inverted;
  },
  print: (i) =>
    `${not(i.inverted)} match-set ${i.set} ${i.directions.join(',')}${i.returnNomatch ? ' return-nomatch' : ''}`,
  save: (i) =>
    `${not(i.inverted)} --match-set ${i.set} ${i.directions.join(',')}${i.returnNomatch ? ' --return-nomatch' : ''}`,
  nft: () => undefined,
  kernel: {
    name: 'set',
    matches(i: SetMatchInfo, p: PktInfo) {
      const set = findSet(p.ns, i.set);
      return set !== undefined && set.matchesPacket(p, i.directions) !== i.inverted;
    },
    check: (i, _place, ns) => (findSet(ns, i.set) === undefined ? 'ENOENT' : undefined),
    added(i, ns) {
      const set = findSet(ns, i.set);
      if (set) set.references++;
    },
    removed(i, ns) {
      const set = findSet(ns, i.set);
      if (set) set.references--;
    },
  },
};
