import type { Machine } from '../host';
import { addCard, addHost, addSwitch, bootUp, nameHosts } from './build';
import type { World } from './world';

const SUBNET = '192.168.50';

const NAMES = [
  [`${SUBNET}.11`, 'n1'],
  [`${SUBNET}.12`, 'n2'],
] as const;

/** Two Linux hosts, `n1` and `n2`, on one switch: 192.168.50.0/24. They do not forward, and know of nothing behind the other. */
export function twoHosts(world: World): void {
  const n1 = addHost(world, 'n1');
  const n2 = addHost(world, 'n2');
  addSwitch(world, 'lan', [addCard(n1, 'eth0'), addCard(n2, 'eth0')]);
  for (const [address, name] of NAMES) {
    const machine = world.machine(name);
    nameHosts(world, machine, NAMES);
    world.boot(machine, bootCard(address));
  }
  bootUp(world);
}

const FAR = [...NAMES, ['192.168.60.13', 'n3'], [`${SUBNET}.1`, 'router']] as const;

/**
 * Two hosts on one switch as in `two-hosts`, and a third, `n3`, on another subnet (192.168.60.0/24) behind the machine `router`,
 * which forwards. All hosts have the router for their default gateway.
 */
export function threeNodes(world: World): void {
  const [n1, n2, n3, router] = ['n1', 'n2', 'n3', 'router'].map((name) => addHost(world, name)) as [
    Machine,
    Machine,
    Machine,
    Machine,
  ];
  addSwitch(world, 'lan', [addCard(n1, 'eth0'), addCard(n2, 'eth0'), addCard(router, 'eth0')]);
  addSwitch(world, 'far', [addCard(n3, 'eth0'), addCard(router, 'eth1')]);
  for (const machine of [n1, n2, n3, router]) nameHosts(world, machine, FAR);
  world.boot(
    router,
    `${bootCard(`${SUBNET}.1`)} && ip addr add 192.168.60.1/24 dev eth1 && ip link set eth1 up && sysctl -qw net.ipv4.ip_forward=1`,
  );
  for (const [address, name] of FAR.slice(0, 3)) {
    const gateway = address.replace(/\.\d+$/, '.1');
    world.boot(world.machine(name), `${bootCard(address)} && ip route add default via ${gateway}`);
  }
  bootUp(world);
}

function bootCard(address: string): string {
  return `ip link set lo up && ip addr add ${address}/24 dev eth0 && ip link set eth0 up`;
}
