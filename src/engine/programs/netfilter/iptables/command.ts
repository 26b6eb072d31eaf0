/** iptables and ip6tables: one command (iptables/nft-standalone.c, iptables-standalone.c). */
import type { Coroutine } from '../../../core';
import { XT_STATUS, XtProblem } from '../../../net/netfilter/xt/problem';
import { execute } from './execute';
import type { Printed } from './execute';
import { EXTENSION_HELP, usage } from './help';
import type { Command } from './parsed-line';
import { parseCommand } from './parse';
import type { Call } from './run';
import { denied, failure, setting, versionOf } from './run';

/** Does the command only look? */
function onlyLooks(c: Command): boolean {
  return c.verbs.every((v) => v === 'L' || v === 'S' || v === 'C');
}

function work(c: Call, args: readonly string[], printed: Printed): number {
  const parsed = parseCommand(
    args,
    setting(c, undefined, (text) => void (printed.err += text)),
  );
  if (parsed.kind === 'version') {
    printed.out += `${versionOf(c)}\n`;
    return 0;
  }
  if (parsed.kind === 'help') {
    printed.out += `${versionOf(c)}\n\n${usage(c.family)}`;
    for (const e of parsed.extensions) printed.out += EXTENSION_HELP[e.name] ?? '';
    return 0;
  }
  const { command } = parsed;
  if (!c.backend.knows(command.table)) {
    throw new XtProblem(
      c.variant === 'legacy'
        ? `can't initialize ${c.name} table \`${command.table}': Table does not exist (do you need to insmod?)`
        : `table '${command.table}' does not exist`,
      XT_STATUS.VERSION_PROBLEM,
    );
  }
  const no = denied(c);
  if (no !== undefined) {
    printed.err += no.text;
    return no.status;
  }
  const before = { ...printed };
  const looks = onlyLooks(command);
  c.backend.run(
    command.table,
    (session) => {
      Object.assign(printed, before);
      if (looks && command.verbs[0] !== 'C') printed.err += c.backend.warning(false);
      execute(command, session, c.backend, c.hosts.name, printed);
    },
    looks,
  );
  return 0;
}

/** Runs the command on argv. */
export function* runCommand(c: Call, args: readonly string[]): Coroutine<number> {
  const printed: Printed = { out: '', err: '' };
  let status: number;
  yield* c.sys.work(20);
  try {
    status = work(c, args, printed);
  } catch (error) {
    const f = failure(error, c);
    printed.err += f.text;
    status = f.status;
  }
  if (printed.err !== '') yield* c.sys.eprint(printed.err);
  if (printed.out !== '') yield* c.sys.print(printed.out);
  return status;
}
