/** Gives namespaces their sockets. Imported for its effect: a browser does so when the first command is run. */
import { makeSocketsWith } from './lazy';
import { Sockets } from './sockets';

makeSocketsWith((ns) => new Sockets(ns));
