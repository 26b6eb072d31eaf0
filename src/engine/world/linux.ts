import { buildRootfs } from '../host/rootfs';
import type { World } from './world';

/** One Linux host as it is after it has booted: loopback is up, and there is no other interface. */
export function linux(world: World): void {
  const host = world.addMachine('host');
  buildRootfs(host);
  world.boot(host, 'ip link set lo up');
}
