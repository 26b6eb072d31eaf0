/** What mount, umount, findmnt and mountpoint of util-linux 2.38 share. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Mount, Program, Sys } from '../../../host';
import { mountsOf } from '../../../host/proc';
import { GetoptError } from '../../lib/getopt';

const VERSION = ' from util-linux 2.38.1\n';

/** The end of a program with a status and a message on standard error, its newline included. */
export class Stop extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The end after operands that make no sense. */
export const badUsage = (name: string): Stop =>
  new Stop(1, `${name}: bad usage\nTry '${name} --help' for more information.\n`);

/** Makes a program of the package, with `--help` and `--version`. `body` may throw {@link Stop} and GetoptError. */
export function mountProgram(
  name: string,
  summary: string,
  help: string,
  body: (sys: Sys, argv: readonly string[]) => Coroutine<number>,
): Program {
  return {
    name,
    path: `/usr/bin/${name}`,
    summary,
    manual: help,
    *main(sys, argv) {
      if (argv.includes('--help') || (argv.length === 2 && argv[1] === '-h')) {
        yield* sys.print(help);
        return 0;
      }
      if (argv.includes('--version') || (argv.length === 2 && argv[1] === '-V')) {
        yield* sys.print(name + VERSION);
        return 0;
      }
      try {
        return yield* body(sys, argv);
      } catch (e) {
        if (e instanceof Stop) {
          yield* sys.eprint(e.message);
          return e.status;
        }
        if (!(e instanceof GetoptError)) throw e;
        yield* sys.eprint(`${name}: ${e.message}\nTry '${name} --help' for more information.\n`);
        return 1;
      }
    },
  };
}

/** The path without symbolic links; as it is given where that leads nowhere. */
export function absolute(sys: Sys, path: string): string {
  try {
    return sys.files.realpath(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return path;
  }
}

/** True when the process may change what is mounted where it is. */
export const mayMount = (sys: Sys): boolean => sys.proc.capable(sys.proc.ns.mnt.owner);

/** The mount that holds `path`. */
export function mountOf(sys: Sys, path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const m of mountsOf(sys.proc)) {
    const inside = m.target === '/' || path === m.target || path.startsWith(`${m.target}/`);
    if (inside && (!best || m.target.length >= best.target.length)) best = m;
  }
  return best;
}
