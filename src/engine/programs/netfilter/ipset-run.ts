/** One run of ipset: where it is, what it was told, what it has to say. */
import type { NetNamespace } from '../../net';
import type { IpSet } from '../../net/netfilter/ipset/ip-set';
import { setsOf } from '../../net/netfilter/ipset/registry';
import { IpsetProblem } from './ipset-elements';
import type { Lookup } from './ipset-elements';

/** How ipset calls itself in messages. */
export const VERSION = 'ipset v7.17';

/** How a run of ipset prints and what it was told. */
export interface Run {
  readonly ns: NetNamespace;
  readonly now: number;
  readonly lookup: Lookup;
  exist: boolean;
  quiet: boolean;
  names: boolean;
  terse: boolean;
  sorted: boolean;
  output: 'plain' | 'save';
  out: string;
  err: string;
}

const NO_SET = 'The set with the given name does not exist';

/** A set by name. @throws IpsetProblem when there is none */
export function mustSet(r: Run, name: string): IpSet {
  const set = setsOf(r.ns).get(name);
  if (set === undefined) throw new IpsetProblem(NO_SET);
  return set as IpSet;
}
