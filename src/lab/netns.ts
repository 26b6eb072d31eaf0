import { Files, lookup } from '../engine/host';
import type { Machine } from '../engine/host';
import { NamespaceNode } from '../engine/host/netfs/nsfs';
import type { NetNamespace } from '../engine/net';
import type { World } from '../engine/world';
import type { Place } from './protocol';

/** A network namespace with the name that a person uses for it. */
export interface NamedNetwork {
  readonly machine: Machine;
  readonly ns: NetNamespace;
  /** Undefined: the machine's own. */
  readonly netns: string | undefined;
  /** `machine`, or `machine/netns`. */
  readonly id: string;
  /** The shortest name that is clear: the namespace's, or the machine's. */
  readonly title: string;
}

const DIRECTORY = '/run/netns';

/** The network namespaces of a machine: its own, those that `ip netns` names, then the nameless. Changes nothing. */
export function networksOf(machine: Machine): NamedNetwork[] {
  const own = machine.namespaces.net;
  const out: NamedNetwork[] = [{ machine, ns: own, netns: undefined, id: machine.name, title: machine.name }];
  for (const name of names(machine)) {
    const ns = named(machine, name);
    if (ns && !out.some((n) => n.ns === ns))
      out.push({ machine, ns, netns: name, id: `${machine.name}/${name}`, title: name });
  }
  for (const ns of own.siblings) {
    if (ns.dead || out.some((n) => n.ns === ns)) continue;
    out.push({ machine, ns, netns: ns.label, id: `${machine.name}/${ns.label}`, title: ns.label });
  }
  return out;
}

/** All network namespaces of a world. */
export function networks(world: World): NamedNetwork[] {
  return [...world.machines.values()].flatMap(networksOf);
}

/** The namespace at a place; undefined when there is none. */
export function networkAt(world: World, place: Place): NamedNetwork | undefined {
  const machine = world.machines.get(place.machine);
  return machine && networksOf(machine).find((n) => n.netns === place.netns);
}

function names(machine: Machine): string[] {
  try {
    return new Files(machine.init).readdir(DIRECTORY).sort();
  } catch {
    return [];
  }
}

function named(machine: Machine, name: string): NetNamespace | undefined {
  try {
    const inode = lookup(machine.init, `${DIRECTORY}/${name}`);
    return inode instanceof NamespaceNode && inode.namespace.kind === 'net'
      ? (inode.namespace as NetNamespace)
      : undefined;
  } catch {
    return undefined;
  }
}
