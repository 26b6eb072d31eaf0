/** The ipsets of a namespace, as rules see them. Kept apart so that rules without sets do not load the rest. */
import type { NetNamespace } from '../../namespace';
import type { PktInfo } from '../pktinfo';

/** A set, as matches and targets use it. */
export interface PacketSet {
  name: string;
  /** Rules (and sets of sets) that refer to it. */
  references: number;
  /** Is the packet in it, looked at in these directions? */
  matchesPacket(p: PktInfo, directions: readonly ('src' | 'dst')[]): boolean;
  addPacket(p: PktInfo, directions: readonly ('src' | 'dst')[], exist: boolean, timeout: number | undefined): void;
  deletePacket(p: PktInfo, directions: readonly ('src' | 'dst')[]): void;
}

const sets = new WeakMap<NetNamespace, Map<string, PacketSet>>();

/** All sets by name, in order of creation. */
export function setsOf(ns: NetNamespace): Map<string, PacketSet> {
  let all = sets.get(ns);
  if (all === undefined) sets.set(ns, (all = new Map()));
  return all;
}

/** A set by name. */
export function findSet(ns: NetNamespace, name: string): PacketSet | undefined {
  return sets.get(ns)?.get(name);
}
