/** What parts of the kernel do in every namespace of a machine once they are loaded (register_pernet_subsys). */
import type { NetHost, NetNamespace } from './namespace';

const inits = new WeakMap<NetHost, ((ns: NetNamespace) => void)[]>();

/** Runs `init` in every namespace of the machine of `ns`, in those that will be made too. */
export function everyNamespace(ns: NetNamespace, init: (ns: NetNamespace) => void): void {
  const list = inits.get(ns.host);
  if (list === undefined) inits.set(ns.host, [init]);
  else list.push(init);
  for (const each of [...ns.siblings]) init(each);
}

/** A namespace was made: what is loaded starts in it. */
export function startPernet(ns: NetNamespace): void {
  const list = inits.get(ns.host);
  if (list !== undefined) for (const init of list) init(ns);
}

const exits = new WeakMap<NetNamespace, (() => void)[]>();

/** Runs `exit` when the namespace ends. */
export function atNamespaceEnd(ns: NetNamespace, exit: () => void): void {
  const list = exits.get(ns);
  if (list === undefined) exits.set(ns, [exit]);
  else list.push(exit);
}

/** The namespace ends: what is loaded lets go of it. */
export function stopPernet(ns: NetNamespace): void {
  for (const exit of exits.get(ns) ?? []) exit();
  exits.delete(ns);
}
