import type { Coroutine } from '../core';
import { isErrno } from '../core';
import { provideRest } from '../host';
import { ExitShell, Interrupted, ShellError } from './errors';
import { notLoaded, runProgram, runString } from './evaluate';
import { expandHistory, loadHistory, remember, saveHistory } from './history';
import { jobState, notify } from './jobs';
import { foreground } from './pipeline';
import { expandPrompt } from './prompt';
import type { ReadResult } from './editor';
import { complete } from './completion';
import { isModest } from './modest';
import type { Shell } from './shell';
import { parseProgram } from './syntax/parser';
import { Source } from './syntax/source';
import { fromBytes } from './text';
import { restoreDefault, runPending } from './traps';

/** The read-eval loop of an interactive shell. */
export function* interactiveLoop(sh: Shell): Coroutine<number> {
  yield* takeTerminal(sh);
  for (const s of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const)
    if (!sh.traps.has(s)) restoreDefault(sh, s);
  const defaults = (name: string, value: string): void => {
    if (sh.get(name) === undefined) sh.set(name, value);
  };
  defaults('PS1', sh.dash ? (sh.sys.proc.uid === 0 ? '# ' : '$ ') : '\\s-\\v\\$ ');
  defaults('PS2', '> ');
  if (!sh.dash) {
    defaults('HISTSIZE', '500');
    defaults('HISTFILESIZE', '500');
    if (sh.get('HOME')) defaults('HISTFILE', `${sh.get('HOME')}/.bash_history`);
    yield* loadHistory(sh);
  }
  try {
    for (;;) {
      const done = yield* oneCommand(sh);
      if (done !== undefined) return done;
    }
  } finally {
    hangUpJobs(sh);
  }
}

/** Tells the machine's owner what the terminal is at; undo and automatic checks go by it. */
function announce(sh: Shell, kind: 'prompt' | 'command', text: string): void {
  const { machine, proc } = sh.sys;
  if (proc.tty) machine.onShellEvent?.({ kind, tty: proc.tty.name, text });
}

/** Makes the shell the leader of the terminal's foreground group. */
function* takeTerminal(sh: Shell): Coroutine<void> {
  const { proc } = sh.sys;
  const { tty } = proc;
  if (!tty || !sh.opt('monitor')) return;
  // A shell started in a group of another one gets its own.
  const own = proc.pidIn(proc.machine.namespaces.pid);
  if (proc.pgid !== own) proc.pgid = own;
  foreground(sh, proc.pgid);
  yield* sh.sys.work();
}

/** Stopped and running jobs learn that the shell is gone. */
function hangUpJobs(sh: Shell): void {
  for (const job of sh.jobs.jobs.values()) {
    if (job.noHup || job.pgid === 0) continue;
    if (jobState(job) === 'stopped') {
      sh.sys.machine.signalGroup(job.pgid, 'SIGHUP');
      sh.sys.machine.signalGroup(job.pgid, 'SIGCONT');
    }
  }
}

/** Reads and runs one complete command. @returns the exit status at end of input. */
function* oneCommand(sh: Shell): Coroutine<number | undefined> {
  let text = '';
  try {
    sh.interruptPending = false;
    yield* runPending(sh);
    yield* notify(sh);
    const command = sh.get('PROMPT_COMMAND');
    if (command) {
      const { status } = sh;
      yield* runString(sh, command);
      sh.status = status;
    }
    for (;;) {
      const prompt = yield* expandPrompt(sh, sh.get(text === '' ? 'PS1' : 'PS2') ?? '');
      if (text === '') announce(sh, 'prompt', prompt);
      const result = yield* readInput(sh, prompt, text !== '');
      if (result.kind === 'interrupt') {
        sh.status = 130;
        return undefined;
      }
      if (result.kind === 'eof') {
        if (text !== '') {
          yield* sh.eprint(`${sh.name}: syntax error: unexpected end of file\n`);
          sh.status = 2;
          return undefined;
        }
        if (sh.opt('ignoreeof') || sh.get('IGNOREEOF') !== undefined) {
          yield* sh.eprint(`Use "${sh.login ? 'logout' : 'exit'}" to leave the shell.\n`);
          return undefined;
        }
        yield* sh.eprint(sh.dash ? '\n' : sh.login ? 'logout\n' : 'exit\n');
        if (!sh.exitWarned && [...sh.jobs.jobs.values()].some((j) => jobState(j) === 'stopped')) {
          sh.exitWarned = true;
          yield* sh.eprint('There are stopped jobs.\n');
          return undefined;
        }
        yield* saveHistory(sh);
        return sh.status;
      }
      let line = result.text;
      if (!(text === '' && isModest(sh, line)) && !(yield* provideRest(sh.sys.machine))) {
        yield* notLoaded(sh);
        return undefined;
      }
      if (sh.opt('histexpand') && !sh.dash) {
        const expanded = expandHistory(sh, line);
        if ('error' in expanded) {
          yield* sh.eprint(`${sh.name}: ${expanded.error}\n`);
          return undefined;
        }
        if (expanded.changed) {
          yield* sh.print(`${expanded.line}\n`);
          ({ line } = expanded);
          if (expanded.printOnly) {
            remember(sh, line);
            return undefined;
          }
        }
      }
      text += text === '' ? line : `\n${line}`;
      if (sh.opt('verbose')) yield* sh.eprint(`${line}\n`);
      if (!parseProgram(`${text}\n`).incomplete) break;
    }
    if (text.trim() === '') return undefined;
    announce(sh, 'command', text);
    remember(sh, text.includes('<<') ? text : text.replace(/(?<!\\)\n/g, (_, at: number) => joiner(text, at)));
    sh.commandNumber++;
    if (!/^\s*(?:exit|logout|jobs)\b/.test(text)) sh.exitWarned = false;
    sh.flow = null;
    sh.loopDepth = 0;
    sh.listDepth = parseProgram(text).statements.length > 1 ? 1 : 0;
    sh.source = new Source('');
    yield* runProgram(sh, new Source(`${text}\n`, '', sh.dash ? sh.commandNumber - 1 : 1), { fatal: false, label: '' });
    sh.flow = null;
    if (sh.interruptPending) throw new Interrupted();
  } catch (e) {
    yield* recover(sh, e);
  }
  return undefined;
}

/** cmdhist: lines of one command are kept as one line. */
function joiner(text: string, at: number): string {
  const before = text.slice(0, at).trimEnd();
  return /(?:[;&|{(]|\b(?:then|do|else|in))$/.test(before) || /['"]/.test(before)
    ? /['"]/.test(before)
      ? '\n'
      : ' '
    : '; ';
}

/** Back to the prompt after an error or Ctrl-C. */
function* recover(sh: Shell, e: unknown): Coroutine<void> {
  if (e instanceof ExitShell) {
    yield* saveHistory(sh);
    throw e;
  }
  sh.flow = null;
  sh.loopDepth = 0;
  sh.functionDepth = 0;
  sh.returnable = 0;
  sh.noErrExit = 0;
  sh.evalDepth = 0;
  sh.traceLevel = 0;
  sh.lineOverride = undefined;
  sh.frames = [];
  while (sh.vars.scopes.length > 1) sh.vars.scopes.pop();
  if (sh.opt('monitor')) foreground(sh, sh.sys.pgid);
  if (e instanceof Interrupted) {
    if (!e.onFreshRow) yield* sh.eprint('\n');
    sh.status = 130;
    return;
  }
  if (e instanceof ShellError) {
    sh.status = e.status;
    return;
  }
  if (e instanceof RangeError && /call stack/i.test(e.message)) {
    yield* sh.error('maximum nesting level exceeded');
    sh.status = 1;
    return;
  }
  throw e;
}

function* readInput(sh: Shell, prompt: string, continuation: boolean): Coroutine<ReadResult> {
  if (sh.editor && sh.sys.isatty(0)) {
    const result = yield* sh.editor.readLine(sh.sys, prompt, {
      history: sh.history,
      complete: (line, cursor) => complete(sh, line, cursor),
      continuation,
    });
    // The terminal was raw: Ctrl-C came as a key and not as the signal that a trap waits for.
    if (result.kind === 'interrupt' && sh.traps.get('SIGINT')) sh.pendingTraps.push('SIGINT');
    return result;
  }
  yield* sh.eprint(prompt.replace(/[\x01\x02]/g, ''));
  const bytes: number[] = [];
  for (;;) {
    let part: Uint8Array;
    try {
      part = yield* sh.sys.read(0, 1);
    } catch (e) {
      if (!isErrno(e, 'EINTR')) throw e;
      if (sh.interruptPending) {
        sh.interruptPending = false;
        yield* sh.eprint('\n');
        return { kind: 'interrupt' };
      }
      const trapped = sh.pendingTraps.includes('SIGINT');
      yield* runPending(sh);
      if (trapped) {
        yield* sh.eprint('\n');
        return { kind: 'interrupt' };
      }
      continue;
    }
    if (part.length === 0) {
      if (bytes.length === 0) return { kind: 'eof' };
      break;
    }
    if (part[0] === 10) break;
    bytes.push(part[0]!);
  }
  return { kind: 'line', text: fromBytes(Uint8Array.from(bytes)) };
}
