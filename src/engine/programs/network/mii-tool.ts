/** mii-tool(8): the registers of a card's transceiver. No link here has one. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import { deviceNames, linkOf, Stop, stoppable } from './common';

const USAGE = `usage: mii-tool [-VvRrwl] [-A media,... | -F media] [-p addr] <interface ...>
       -V, --version               display version information
       -v, --verbose               more verbose output
       -R, --reset                 reset MII to poweron state
       -r, --restart               restart autonegotiation
       -w, --watch                 monitor for link status changes
       -l, --log                   with -w, write events to syslog
       -A, --advertise=media,...   advertise only specified media
       -F, --force=media           force specified media technology
       -p, --phy=addr              set PHY (MII address) to report
media: 1000baseTx-HD, 1000baseTx-FD,
       100baseT4, 100baseTx-FD, 100baseTx-HD,
       10baseT-FD, 10baseT-HD,
       (to advertise both HD and FD) 1000baseTx, 100baseTx, 10baseT
`;

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const names = argv.slice(1).filter((w) => !w.startsWith('-'));
    if (argv.slice(1).some((w) => w === '--help' || w === '-h')) throw new Stop(2, USAGE);
    if (names.length === 0) throw new Stop(1, 'no MII interfaces found\n');
    for (const name of names) {
      const reason = linkOf(sys, name) ? 'Operation not supported' : 'No such device';
      yield* sys.eprint(`SIOCGMIIPHY on '${name}' failed: ${reason}\n`);
    }
    return 1;
  });
}

/** The program. */
export const miiTool: Program = {
  name: 'mii-tool',
  path: '/usr/sbin/mii-tool',
  size: 26808,
  summary: 'view, manipulate media-independent interface status',
  main,
  complete: (_words, sys) => deviceNames(sys),
};
