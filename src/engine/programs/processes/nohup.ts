/** nohup(1), nice(1), renice(1) and setsid(1): start a command detached or with another niceness. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { shellStatus } from '../../host';
import { getopt } from '../lib/getopt';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';
import { CannotRun, execvp, waitFor } from './run-as';
import { readUsers } from './users';

function* replace(t: Tool, argv: readonly string[], what = 'failed to run command '): Coroutine<number> {
  try {
    return yield* execvp(t.sys, argv);
  } catch (e) {
    if (!(e instanceof CannotRun)) throw e;
    yield* t.warn(`${what}${what === 'failed to execute ' ? e.command : t.q(e.command)}: ${e.message}`);
    return e.status;
  }
}

/** nohup(1). */
export const nohup = tool({
  name: 'nohup',
  summary: 'run a command that a hangup does not end',
  usageStatus: 125,
  help: `COMMAND [ARG]...
Run COMMAND with hangup signals ignored. What would go to a terminal is appended to nohup.out, or else $HOME/nohup.out.
`,
  *run(t) {
    const { sys } = t;
    const { operands } = t.getopt('+');
    if (operands.length === 0) throw new UsageError('missing operand');
    const [input, output, error] = [0, 1, 2].map((fd) => sys.isatty(fd)) as [boolean, boolean, boolean];
    if (input) {
      const fd = yield* sys.open('/dev/null', { write: true });
      sys.dup2(fd, 0);
      sys.close(fd);
    }
    let name = '';
    if (output) {
      const candidates = ['nohup.out', ...(sys.env('HOME') ? [`${sys.env('HOME')!}/nohup.out`] : [])];
      let fd = -1;
      for (const candidate of candidates) {
        try {
          fd = yield* sys.open(candidate, { write: true, create: true, append: true, mode: 0o600 });
          name = candidate;
          break;
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* t.warn(`failed to open ${t.qf(candidate)}: ${e.message}`);
        }
      }
      if (fd < 0) return 125;
      yield* t.warn(`${input ? 'ignoring input and ' : ''}appending output to ${t.qf(name)}`);
      sys.dup2(fd, 1);
      sys.close(fd);
    } else if (input) yield* t.warn(`ignoring input${error ? ' and redirecting stderr to stdout' : ''}`);
    if (error) sys.dup2(1, 2);
    sys.onSignal('SIGHUP', 'ignore');
    return yield* replace(t, operands);
  },
});

/** nice(1). */
export const nice = tool({
  name: 'nice',
  summary: 'run a command with another niceness',
  usageStatus: 125,
  help: `[OPTION] [COMMAND [ARG]...]
Run COMMAND with an adjusted niceness, from -20 (favoured) to 19. Without COMMAND print the current one. The machines of this
course have time for everybody: niceness is shown by ps and top, and changes nothing else.

  -n, --adjustment=N   add N to the niceness (default 10)
`,
  *run(t) {
    const { sys } = t;
    const argv = t.argv.map((a, i) =>
      i > 0 && i <= 2 && /^-[-+]?\d+$/.test(a) && t.argv[i - 1] !== '-n' ? `-n${a.slice(1)}` : a,
    );
    const { options, operands } = t.getopt('+n:', ['adjustment:=n'], argv);
    const text = options.at(-1)?.arg;
    if (operands.length === 0) {
      if (text !== undefined) throw new UsageError('a command must be given with an adjustment');
      yield* t.out.line(String(sys.proc.nice));
      return 0;
    }
    if (text !== undefined && !/^[-+]?\d+$/.test(text)) throw new Fail(`invalid adjustment ${t.q(text)}`, 125);
    const value = Math.max(-20, Math.min(19, sys.proc.nice + Number(text ?? 10)));
    if (value < sys.proc.nice && !sys.proc.privileged) yield* t.warn('cannot set niceness: Permission denied');
    else sys.proc.nice = value;
    return yield* replace(t, operands, '');
  },
});

/** renice(1). */
export const renice = tool({
  name: 'renice',
  summary: 'change the niceness of running processes',
  version: 'util-linux 2.38.1',
  help: `[-n] PRIORITY [-p | -g | -u] ID...
Set the niceness of processes, groups (-g) or users (-u).
`,
  *run(t) {
    const { sys } = t;
    const words = t.argv.slice(1);
    let relative = false;
    if (words[0] === '--relative') {
      relative = true;
      words.shift();
    }
    if (words[0] === '-n' || words[0] === '--priority') words.shift();
    const priority = words.shift();
    if (priority === undefined) throw new Fail('not enough arguments');
    if (!/^[-+]?\d+$/.test(priority)) throw new Fail(`invalid priority '${priority}'`);
    const users = yield* readUsers(sys);
    let kind = 'process';
    for (const word of words) {
      if (word === '-p' || word === '--pid') kind = 'process';
      else if (word === '-g' || word === '--pgrp') kind = 'pgrp';
      else if (word === '-u' || word === '--user') kind = 'user';
      else {
        const id = kind === 'user' ? users.uid(word) : /^\d+$/.test(word) ? Number(word) : undefined;
        if (id === undefined) {
          yield* t.complain(
            kind === 'user'
              ? `unknown user ${word}`
              : `bad value ${kind === 'pgrp' ? 'process group ID' : 'process ID'}: ${word}`,
          );
          continue;
        }
        const found = [...sys.proc.ns.pid.processes.entries()].filter(([n, p]) =>
          kind === 'user' ? p.uid === id : kind === 'pgrp' ? p.pgid === id : n === id,
        );
        const label = `${id} (${kind === 'process' ? 'process ID' : kind === 'pgrp' ? 'process group ID' : 'user ID'})`;
        const [first] = found;
        if (!first) {
          yield* t.complain(`failed to get priority for ${label}: No such process`);
          continue;
        }
        const old = first[1].nice;
        const value = Math.max(-20, Math.min(19, Number(priority) + (relative ? old : 0)));
        if (!sys.proc.privileged && (value < old || first[1].uid !== sys.proc.uid)) {
          yield* t.complain(
            `failed to set priority for ${label}: ${value < old ? 'Permission denied' : 'Operation not permitted'}`,
          );
          continue;
        }
        for (const [, p] of found) p.nice = value;
        yield* t.out.line(`${label} old priority ${old}, new priority ${value}`);
      }
    }
    return 0;
  },
});

/** setsid(1) of util-linux. */
export const setsid = tool({
  name: 'setsid',
  summary: 'run a program in a new session',
  version: 'util-linux 2.38.1',
  help: `[options] PROGRAM [ARG]...
Run PROGRAM in a session of its own, without a controlling terminal.

  -c, --ctty   give it this terminal as the controlling one
  -f, --fork   always fork
  -w, --wait   wait for PROGRAM and exit with its status
`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = getopt(t.argv, '+cfwhV', [
      'ctty=c',
      'fork=f',
      'wait=w',
      'help=--help',
      'version=--version',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    if (has('--help') || has('--version')) t.getopt('', [], ['setsid', has('--help') ? '--help' : '--version']);
    if (operands.length === 0) throw new UsageError('no command specified');
    const { proc, machine } = sys;
    const number = proc.pidIn(machine.namespaces.pid);
    const tty = proc.tty;
    if (proc.pgid !== number && !has('f')) {
      proc.sid = proc.pgid = number;
      proc.tty = null;
      if (has('c') && tty) {
        proc.tty = tty;
        tty.session = tty.foreground = number;
      }
      return yield* replace(t, operands, 'failed to execute ');
    }
    // The leader of a group cannot leave it: a child does.
    const child = sys.fork(
      function* (c) {
        try {
          return yield* execvp(c, operands);
        } catch (e) {
          if (!(e instanceof CannotRun)) throw e;
          yield* c.eprint(`${t.name}: failed to execute ${e.command}: ${e.message}\n`);
          return e.status;
        }
      },
      { session: { tty: has('c') ? tty : null } },
    );
    return has('w') ? shellStatus(yield* waitFor(sys, child)) : 0;
  },
});
