import { buildRootfs } from '../host/rootfs';
import type { World } from './world';

/** The machine that the Linux recordings were made on: `vm`, with loopback up and world-writable scratch space below /mnt. */
export function recorder(world: World): void {
  const vm = world.addMachine('vm');
  buildRootfs(vm);
  world.boot(vm, 'ip link set lo up && mkdir -p /etc/netns /mnt/www /mnt/log /mnt/bin && chmod 777 /mnt /mnt/log');
}
