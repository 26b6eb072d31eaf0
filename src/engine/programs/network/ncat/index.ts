/** ncat(1) 7.93. */
import type { Program } from '../../../host';
import { stoppable } from '../common';
import { connectTo } from './connect';
import { NCAT_VERSION } from './help';
import { listenOn } from './listen';
import { parseNcat, quit } from './options';

/** The program. */
export const ncat: Program = {
  name: 'ncat',
  path: '/usr/bin/ncat',
  size: 426976,
  summary: 'concatenate and redirect sockets',
  manual: `NAME
       ncat - connect, listen and pass on, by Nmap's makers

SYNOPSIS
       ncat [-vuz46U] [-w TIME] [-p PORT] HOST PORT
       ncat -l [-kvuU] [-e COMMAND | -c 'SHELL COMMAND'] [ADDRESS] [PORT]

DESCRIPTION
       -l   listen        -k   ... for more than one client        -c   run a shell command for every client
       -v   say what happens       -z   only connect       --send-only, --recv-only   one direction
`,
  complete: () => ['-4', '-6', '-U', '-c', '-e', '-k', '-l', '-u', '-v', '-w', '-z', '--send-only', '--recv-only'],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const { o, words } = parseNcat(argv);
      sys.onSignal('SIGPIPE', 'ignore');
      if (o.verbose > 0) yield* sys.eprint(NCAT_VERSION);
      if (o.listen && o.zero) quit("Services designed for LISTENING can't be used with -z");
      if (!o.listen && o.keep) quit("Invalid option combination: `--keep-open' with connect.");
      if (words.length > 2) quit(`Got more than one port specification: ${words.slice(1).join(' ')}.`);
      if (o.listen) return yield* listenOn(sys, o, words);
      if (words.length === 0) quit('You must specify a host to connect to.');
      return yield* connectTo(sys, o, words);
    });
  },
};
