/** What topologies of several machines are made with. */
import type { Machine } from '../host';
import { buildRootfs, TreeBuilder } from '../host/rootfs';
import type { CableOptions } from '../net';
import { addNic, connectNics, Switch } from '../net';
import type { NicLink } from '../net';
import type { World } from './world';

/** One way between two machines on a switch takes two of these: 0.2 ms. */
export const LAN: CableOptions = { latency: 100, jitter: 10 };
/** A cable that stands for a way through many networks: 10 ms. */
export const INTERNET: CableOptions = { latency: 10_000, jitter: 200 };

/** Adds a Debian machine that has not booted yet. */
export function addHost(world: World, name: string): Machine {
  const machine = world.addMachine(name);
  buildRootfs(machine);
  return machine;
}

/** Adds a card whose address has the prefix that QEMU gives its own, as the course's recordings have. */
export function addCard(machine: Machine, name: string): NicLink {
  const random = machine.random.fork(`nic:${name}`);
  const byte = () => random.below(256).toString(16).padStart(2, '0');
  return addNic(machine.namespaces.net, name, `52:54:00:${byte()}:${byte()}:${byte()}`);
}

/** A switch with the cards `nics` plugged in. */
export function addSwitch(world: World, name: string, nics: readonly NicLink[], options: CableOptions = LAN): Switch {
  const bridge = new Switch(world.scheduler, world.random.fork(`switch:${name}`), name);
  for (const nic of nics) bridge.connect(nic, options);
  return bridge;
}

/** A cable from one card to another. */
export function addCable(a: NicLink, b: NicLink, options: CableOptions = LAN): void {
  connectNics(a, b, options);
}

/** The names by which the machines of a world know each other: lines of /etc/hosts, below those of an installation. */
export function nameHosts(
  world: World,
  machine: Machine,
  names: readonly (readonly [address: string, name: string])[],
): void {
  const lines = names.filter(([, name]) => name !== machine.name).map(([address, name]) => `${address}\t${name}\n`);
  const own = `127.0.0.1\tlocalhost\n127.0.1.1\t${machine.name}\n`;
  const ip6 = '::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n';
  writeFile(world, machine, '/etc/hosts', `${own}${lines.join('')}\n${ip6}`);
}

/** Puts a file on a machine as an installation does. */
export function writeFile(world: World, machine: Machine, path: string, text: string): void {
  new TreeBuilder(machine.rootDir, world.now).file(path, text);
}

/** Virtual time that a boot takes after its last command: duplicate address detection has ended, carriers are up. */
const SETTLED = 5_000_000;

/** Lets the machines come to rest, as they are when somebody sits down before them. */
export function bootUp(world: World): void {
  world.run(SETTLED);
}
