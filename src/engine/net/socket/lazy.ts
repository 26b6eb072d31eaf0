import type { NetNamespace } from '../namespace';
import type { Sockets } from './sockets';

let make: ((ns: NetNamespace) => Sockets) | null = null;

/** Sets how a namespace gets its sockets; see `register.ts`. */
export function makeSocketsWith(factory: (ns: NetNamespace) => Sockets): void {
  make = factory;
}

/** The sockets of a namespace that is asked for them for the first time. @throws Error when the code is not there */
export function newSockets(ns: NetNamespace): Sockets {
  if (!make) throw new Error('sockets are used before their code was fetched');
  return make(ns);
}
