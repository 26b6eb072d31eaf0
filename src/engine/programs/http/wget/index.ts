/** wget(1) 1.21.3, HTTP only. */
import type { Program } from '../../../host';
import { stoppable } from '../../network/common';
import { parseWget } from './options';
import { Retriever } from './retrieve';

/** The program. */
export const wget: Program = {
  name: 'wget',
  path: '/usr/bin/wget',
  size: 536408,
  summary: 'the non-interactive network downloader',
  manual: `NAME
       wget - fetch URLs into files

SYNOPSIS
       wget [-q] [-O FILE] [-S] [--spider] [-T SECONDS] [-t TRIES] URL...

DESCRIPTION
       -q   say nothing       -O -   to standard output      -S   show the server's headers     --spider   only look whether it is there
       Exit status: 4 network failure, 8 the server answered with an error.
`,
  complete: () => ['-q', '-O', '-S', '-T', '-t', '-nv', '--spider', '--header='],
  *main(sys, argv) {
    return yield* stoppable(sys, function* () {
      const { o, urls } = parseWget(argv);
      sys.onSignal('SIGPIPE', 'ignore');
      let status = 0;
      const run = new Retriever(sys, o);
      try {
        for (const url of urls) status = (yield* run.fetch(url)) || status;
      } finally {
        run.close();
      }
      return status;
    });
  },
};
