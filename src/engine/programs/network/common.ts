/** What the network programs share: messages, the terminal, names of links. */
import type { Coroutine } from '../../core';
import { TtyFile } from '../../core';
import type { Sys } from '../../host';
import type { Link } from '../../net';

export { why } from '../lib/why';

/** The end of a program with a text for standard error. */
export class Stop extends Error {
  constructor(
    readonly status: number,
    /** Written as it is. */
    readonly text = '',
    /** Written to standard output before. */
    readonly stdout = '',
  ) {
    super(text);
  }
}

/** Runs a body that may end by `Stop`. */
export function* stoppable(sys: Sys, body: () => Coroutine<number>): Coroutine<number> {
  try {
    return yield* body();
  } catch (e) {
    if (!(e instanceof Stop)) throw e;
    if (e.stdout !== '') yield* sys.print(e.stdout);
    if (e.text !== '') yield* sys.eprint(e.text);
    return e.status;
  }
}

/** The link called `name` in the process's namespace. */
export function linkOf(sys: Sys, name: string): Link | undefined {
  return sys.net.links.byName(name);
}

/** Names of the links, for completion. */
export function deviceNames(sys: Sys): string[] {
  return sys.net.links.list().map((l) => l.name);
}

/** Columns of the terminal behind descriptor `fd`; undefined when it is none. */
export function terminalColumns(sys: Sys, fd = 1): number | undefined {
  try {
    const file = sys.file(fd);
    return file instanceof TtyFile ? file.tty.columns : undefined;
  } catch {
    return undefined;
  }
}
