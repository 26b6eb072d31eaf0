/** Puts the network's files into /proc and /sys. Imported for its effect. */
import { registerFileSystems } from '../proc/hooks';
import { procNet } from './proc-net';
import { procSys } from './proc-sys';
import { sysfsRoot } from './sysfs';

registerFileSystems({
  net: (proc) => procNet(proc.ns.net),
  procSys,
  sysfs: (machine) => sysfsRoot(machine, machine.namespaces.net),
});
