import { buildRootfs } from '../host/rootfs';
import type { World } from './world';

/** One Linux host with nothing but a loopback interface. */
export function linux(world: World): void {
  const host = world.addMachine('host');
  buildRootfs(host);
}
