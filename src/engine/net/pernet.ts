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
