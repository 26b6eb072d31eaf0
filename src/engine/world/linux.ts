import { buildRootfs } from '../host/rootfs';
import type { World } from './world';

/** One Linux host as it is after it has booted: loopback is up, and there is no other interface. */
export function linux(world: World): void {
  const host = world.addMachine('host');
  buildRootfs(host);
  // Not by running ip: what a browser has to fetch before the first prompt is kept small.
  const { links } = host.namespaces.net;
  links.set(links.byName('lo')!, { up: true });
}
