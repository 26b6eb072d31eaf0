/** time(1), the program; bash has a keyword of that name. */
import type { Coroutine } from '../../core';
import { shellStatus } from '../../host';
import { getopt } from '../lib/getopt';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';
import { CannotRun, endingSignal, execvp, waitFor } from './run-as';

const DEFAULT =
  '%Uuser %Ssystem %Eelapsed %PCPU (%Xavgtext+%Davgdata %Mmaxresident)k\n%Iinputs+%Ooutputs (%Fmajor+%Rminor)pagefaults %Wswaps';

/** time(1) of GNU. */
export const time = tool({
  name: 'time',
  summary: 'run a program and tell what it used',
  version: 'GNU Time 1.9',
  usageStatus: 125,
  help: `[-p] [-q] [-f FORMAT] [-o FILE] [-a] COMMAND [ARG]...
Run COMMAND and print on standard error how long it took. CPU time is what the simulation charges the program itself.

  -f, --format=FORMAT   %e seconds, %E [h:]m:s, %U user, %S system, %P CPU, %M memory in kB, %C command, %x status
  -o, --output=FILE     write it to FILE; -a appends
  -p, --portability     three lines: real, user, sys
  -q, --quiet           do not mention a non-zero status
`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = getopt(t.argv, '+af:o:pqvV', [
      'append=a',
      'format:=f',
      'output:=o',
      'portability=p',
      'quiet=q',
      'verbose=v',
      'help=--help',
      'version=--version',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const last = (name: string): string | undefined => options.findLast((o) => o.name === name)?.arg;
    if (has('--help') || has('--version')) t.getopt('', [], ['time', has('--help') ? '--help' : '--version']);
    if (has('v')) throw new Fail('not simulated in this course: -v', 2);
    if (operands.length === 0) throw new UsageError('missing program to run');
    const began = sys.now;
    let memory = 0;
    const child = sys.fork(
      function* (c) {
        try {
          return yield* execvp(c, operands);
        } catch (e) {
          if (!(e instanceof CannotRun)) throw e;
          yield* c.eprint(`${t.name}: cannot run ${e.command}: ${e.message}\n`);
          return e.status;
        }
      },
      { argv: operands },
    );
    child.onExit.push(() => (memory = 1000));
    for (const s of ['SIGINT', 'SIGQUIT'] as const) sys.onSignal(s, 'ignore');
    const status = yield* waitFor(sys, child);
    const elapsed = (sys.now - began) / 1e6;
    const cpu = child.task.cpu / 1e6;
    const format = has('p') ? 'real %e\nuser %U\nsys %S' : (last('f') ?? sys.env('TIME') ?? DEFAULT);
    let out = '';
    if (!has('q')) {
      const signal = endingSignal(status);
      if (signal !== undefined) out += `Command terminated by signal ${signal}\n`;
      else if (shellStatus(status) !== 0) out += `Command exited with non-zero status ${shellStatus(status)}\n`;
    }
    out += `${expand(format, { elapsed, cpu, memory, command: operands.join(' '), status: shellStatus(status) })}\n`;
    yield* report(t, out, last('o'), has('a'));
    return shellStatus(status);
  },
});

function expand(
  format: string,
  v: { elapsed: number; cpu: number; memory: number; command: string; status: number },
): string {
  const clock = (s: number): string => {
    const minutes = Math.floor(s / 60);
    const seconds = (s - minutes * 60).toFixed(2).padStart(5, '0');
    if (minutes < 60) return `${minutes}:${seconds}`;
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${seconds.slice(0, 2)}`;
  };
  return format.replace(/\\([nt\\])|%(.)/g, (_m, escape: string | undefined, letter: string | undefined) => {
    if (escape) return escape === 'n' ? '\n' : escape === 't' ? '\t' : '\\';
    switch (letter) {
      case 'e':
        return v.elapsed.toFixed(2);
      case 'E':
        return clock(v.elapsed);
      case 'U':
        return v.cpu.toFixed(2);
      case 'S':
        return '0.00';
      case 'P':
        return v.elapsed < 0.005 ? '0%' : `${Math.floor((v.cpu * 100) / v.elapsed)}%`;
      case 'M':
        return String(v.memory);
      case 'C':
        return v.command;
      case 'x':
        return String(v.status);
      case '%':
        return '%';
      case 'Z':
        return '4096';
      default:
        return /[XDIOFRWKtcswrk]/.test(letter!) ? '0' : `?${letter!}`;
    }
  });
}

function* report(t: Tool, text: string, file: string | undefined, append: boolean): Coroutine<void> {
  if (file === undefined) {
    yield* t.sys.eprint(text);
    return;
  }
  const fd = yield* t.sys.open(file, { write: true, create: true, truncate: !append, append });
  yield* t.sys.write(fd, text);
  t.sys.close(fd);
}
