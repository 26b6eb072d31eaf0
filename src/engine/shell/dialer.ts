/** The redirections to /dev/tcp/HOST/PORT and /dev/udp/HOST/PORT, which bash itself takes for connections. */
import type { Coroutine } from '../core';
import type { Sys } from '../host';
import { provide } from '../host';
import type { Shell } from './shell';

/** How a connection went: a descriptor; or what failed (`at` the call or word that is blamed) and why. */
export type Dialed =
  { readonly fd: number } | { readonly at: string; readonly error: string; readonly system: boolean };

/** Connects. @param service a number or a name */
export type Dialer = (sys: Sys, protocol: 'tcp' | 'udp', host: string, service: string) => Coroutine<Dialed>;

let dialer: Dialer | undefined;

/** Hands over what connects: it comes with the network programs, as their resolver does. */
export function haveDialer(d: Dialer): void {
  dialer = d;
}

/** A program that comes with the dialer. */
const COMES_WITH = 'nc';

/** Connects for a redirection to `path`. @returns the descriptor; undefined after the messages */
export function* dial(sh: Shell, path: string): Coroutine<number | undefined> {
  const [, , protocol = '', host = '', ...rest] = path.split('/');
  const { machine } = sh.sys;
  const program = machine.programs.get(COMES_WITH);
  if (!dialer && program) yield* provide(machine, program);
  if (!dialer) {
    yield* sh.eprint(`${sh.name}: not simulated in this course: /dev/${protocol}\n`);
    return undefined;
  }
  const done = yield* dialer(sh.sys, protocol as 'tcp' | 'udp', host, rest.join('/'));
  if ('fd' in done) return done.fd;
  if (done.system) yield* sh.eprint(`${sh.name}: ${done.at}: ${done.error}\n`);
  else yield* sh.error(`${done.at}: ${done.error}`);
  yield* sh.error(`${path}: ${done.system ? done.error : 'Invalid argument'}`);
  return undefined;
}
