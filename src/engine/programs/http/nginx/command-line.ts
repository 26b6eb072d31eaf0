/** The command line of nginx(8). */
import type { NginxBuild } from './build';

/** What a command line asks for. */
export interface CommandLine {
  test: boolean;
  dump: boolean;
  quiet: boolean;
  version: boolean;
  configure: boolean;
  help: boolean;
  signal: string | undefined;
  configuration: string;
  errorLog: string;
  globals: string;
}

/** A command line that nginx refuses; printed as it is. */
export class Fatal extends Error {}

/** Reads a command line. @throws Fatal */
export function parseArgs(args: readonly string[], build: NginxBuild): CommandLine {
  const o: CommandLine = {
    test: false,
    dump: false,
    quiet: false,
    version: false,
    configure: false,
    help: false,
    signal: undefined,
    configuration: build.configuration,
    errorLog: build.errorLog,
    globals: '',
  };
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (!word.startsWith('-')) throw new Fatal(`nginx: invalid option: "${word}"\n`);
    for (let j = 1; j < word.length; j++) {
      const c = word[j]!;
      const value = (needs: string): string => {
        const inline = word.slice(j + 1);
        j = word.length;
        const v = inline === '' ? args[++i] : inline;
        if (v === undefined) throw new Fatal(`nginx: option "-${c}" requires ${needs}\n`);
        return v;
      };
      if (c === '?' || c === 'h') o.version = o.help = true;
      else if (c === 'v') o.version = true;
      else if (c === 'V') o.version = o.configure = true;
      else if (c === 't') o.test = true;
      else if (c === 'T') o.test = o.dump = true;
      else if (c === 'q') o.quiet = true;
      else if (c === 'p') value('directory name');
      else if (c === 'e') o.errorLog = value('file name');
      else if (c === 'c') o.configuration = value('file name');
      else if (c === 'g') o.globals = value('parameter');
      else if (c === 's') {
        o.signal = value('parameter');
        if (!['stop', 'quit', 'reopen', 'reload'].includes(o.signal))
          throw new Fatal(`nginx: invalid option: "-s ${o.signal}"\n`);
      } else throw new Fatal(`nginx: invalid option: "${c}"\n`);
    }
  }
  return o;
}

/** What -h prints. */
export function usage(build: NginxBuild): string {
  return `Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: ${build.prefix})
  -e filename   : set error log file (default: ${build.errorLog})
  -c filename   : set configuration file (default: ${build.configuration})
  -g directives : set global directives out of configuration file

`;
}
