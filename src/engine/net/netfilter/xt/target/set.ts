/** -j SET: puts the packet's addresses into an ipset, or takes them out (net/netfilter/xt_set.c). */
import { findSet } from '../../ipset/registry';
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import type { SetReference } from '../match/set';
import { parseSetArguments } from '../match/set';
import { XtProblem } from '../problem';

/** struct xt_set_info_target_v3 */
export interface SetTargetInfo {
  add: SetReference | undefined;
  del: SetReference | undefined;
  exist: boolean;
  /** Seconds; undefined: the set's own. */
  timeout: number | undefined;
}

function words(i: SetTargetInfo, prefix: string): string {
  let out = '';
  if (i.add) out += ` ${prefix}add-set ${i.add.set} ${i.add.directions.join(',')}`;
  if (i.exist) out += ` ${prefix}exist`;
  if (i.timeout !== undefined) out += ` ${prefix}timeout ${i.timeout}`;
  if (i.del) out += ` ${prefix}del-set ${i.del.set} ${i.del.directions.join(',')}`;
  return out;
}

/** The extension. */
export const setTarget: XtTargetExtension<SetTargetInfo> = {
  kind: 'target',
  name: 'SET',
  revision: 3,
  options: [
    { name: 'add-set', type: 'string' },
    { name: 'del-set', type: 'string' },
    { name: 'exist', type: 'none' },
    { name: 'timeout', type: 'uint' },
  ],
  make: () => ({ add: undefined, del: undefined, exist: false, timeout: undefined }),
  parse(i, option, value) {
    if (option === 'add-set') i.add = parseSetArguments(value.text, 'add-set');
    else if (option === 'del-set') i.del = parseSetArguments(value.text, 'del-set');
    else if (option === 'exist') i.exist = true;
    else i.timeout = value.number;
  },
  finish(i) {
    if (!i.add && !i.del) throw new XtProblem("You must specify either `--add-set' or `--del-set' or `--map-set'");
  },
  print: (i) => words(i, ''),
  save: (i) => words(i, '--'),
  nft: () => undefined,
  kernel: {
    name: 'SET',
    run(i, p) {
      if (i.add) findSet(p.ns, i.add.set)?.addPacket(p, i.add.directions, i.exist, i.timeout);
      if (i.del) findSet(p.ns, i.del.set)?.deletePacket(p, i.del.directions);
      return VERDICT.CONTINUE;
    },
    check(i, _place, ns) {
      for (const r of [i.add, i.del]) if (r && findSet(ns, r.set) === undefined) return 'ENOENT';
      return undefined;
    },
    added(i, ns) {
      for (const r of [i.add, i.del]) {
        const set = r && findSet(ns, r.set);
        if (set) set.references++;
      }
    },
    removed(i, ns) {
      for (const r of [i.add, i.del]) {
        const set = r && findSet(ns, r.set);
        if (set) set.references--;
      }
    },
  },
};
