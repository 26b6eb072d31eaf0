import type { Coroutine } from '../core';
import { isErrno } from '../core';
import { provideRest } from '../host';
import type { Sys } from '../host';
import { drive } from './coroutine';
import type { LineReader } from './editor';
import { ShellError } from './errors';
import { runProgram } from './evaluate';
import { interactiveLoop } from './interactive';
import { optionOf, SET_OPTIONS, SHOPT_DEFAULTS } from './options';
import { readText, runSourced } from './script';
import { Shell } from './shell';
import { initialise } from './startup';
import { runToExit } from './subshell';
import { parseProgram } from './syntax/parser';
import { Source } from './syntax/source';
import { fromBytes } from './text';
import { readLine } from './interpreter';

interface CommandLine {
  command?: string;
  stdin: boolean;
  interactive: boolean;
  login: boolean;
  noProfile: boolean;
  noRc: boolean;
  rcFile?: string;
  rest: string[];
}

/** Entry point of bash and sh. @param editor reads lines of an interactive shell; without one the terminal's cooked mode serves. */
export function* shellMain(
  sys: Sys,
  argv: readonly string[],
  dash: boolean,
  editor: LineReader | null,
): Coroutine<number> {
  return yield* drive(start(sys, argv, dash, editor));
}

function* start(sys: Sys, argv: readonly string[], dash: boolean, editor: LineReader | null): Coroutine<number> {
  const sh = new Shell(sys);
  sh.dash = dash;
  sh.editor = editor;
  sh.name = argv[0] ?? (dash ? 'sh' : 'bash');
  if (dash) {
    sh.options.add('posix');
    sh.options.delete('braceexpand');
  }
  initialise(sh);
  return yield* runToExit(sh, main(sh, argv));
}

function* main(sh: Shell, argv: readonly string[]): Coroutine<number> {
  const line = yield* parseArgs(sh, argv);
  if (typeof line === 'number') return line;
  sh.login = line.login;
  if (line.login) sh.shopts.add('login_shell');
  const { rest } = line;
  const readsStdin = line.command === undefined && (line.stdin || rest.length === 0);
  sh.interactive = line.interactive || (readsStdin && sh.sys.isatty(0) && sh.sys.isatty(2));
  if (sh.interactive) {
    for (const o of ['emacs', 'histexpand', 'history', 'monitor']) sh.options.add(o);
    if (!sh.sys.proc.tty) sh.options.delete('monitor');
    sh.shopts.add('expand_aliases');
  }
  if (sh.dash) sh.shopts.add('expand_aliases');
  if (sh.options.has('posix')) sh.shopts.add('expand_aliases');
  // The start-up files of an interactive shell make do with what is there.
  if (!sh.interactive && !(yield* provideRest(sh.sys.machine))) {
    yield* sh.eprint(`${sh.name}: cannot load the shell: network error\n`);
    return 126;
  }
  yield* profiles(sh, line);
  sh.status = 0;
  if (line.command !== undefined) {
    sh.mode = 'c';
    sh.name = rest[0] ?? sh.name;
    sh.positional = rest.slice(1);
    return yield* runTop(sh, new Source(line.command, ''), true);
  }
  if (readsStdin) {
    sh.mode = 's';
    sh.positional = rest;
    if (sh.interactive) return yield* interactiveLoop(sh);
    return yield* runStdin(sh);
  }
  const [file, ...args] = rest;
  return yield* runFile(sh, file!, args);
}

/** Runs a whole script. */
function* runTop(sh: Shell, source: Source, canExec: boolean): Coroutine<number> {
  yield* runProgram(sh, source, { canExec, fatal: true, label: sh.mode === 'c' ? '-c' : '' });
  return sh.status;
}

function* runFile(sh: Shell, file: string, args: string[]): Coroutine<number> {
  let path = file;
  if (!file.includes('/') && !sh.sys.files.exists(file)) path = sh.sys.which(file, sh.get('PATH')) ?? file;
  let text: string;
  try {
    text = yield* readText(sh, path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (sh.dash) {
      yield* sh.eprint(`sh: 0: cannot open ${file}: ${e.code === 'ENOENT' ? 'No such file' : e.message}\n`);
      return e.code === 'ENOENT' ? 127 : 126;
    }
    const message = e.code === 'EISDIR' ? 'Is a directory' : e.message;
    yield* sh.eprint(`${e.code === 'EISDIR' ? file : sh.name}: ${file}: ${message}\n`);
    return e.code === 'ENOENT' ? 127 : 126;
  }
  if (/^[^\n]*\0/.test(text)) {
    yield* sh.eprint(`${file}: ${file}: cannot execute binary file\n`);
    return 126;
  }
  sh.name = file;
  sh.scriptName = file;
  sh.positional = args;
  return yield* runTop(sh, new Source(text, sh.dash ? '' : file), false);
}

/** Commands from standard input that is no terminal: read line by line, so that commands can read the rest. */
function* runStdin(sh: Shell): Coroutine<number> {
  let line = 1;
  for (;;) {
    let text = '';
    const first = line;
    let ended = false;
    for (;;) {
      const next = yield* readLine(sh);
      if (next === undefined) {
        ended = true;
        break;
      }
      text += `${fromBytes(Uint8Array.from(next, (c) => c.charCodeAt(0)))}\n`;
      line++;
      if (sh.opt('verbose')) yield* sh.eprint(text);
      if (!parseProgram(text).incomplete) break;
    }
    if (text !== '') {
      try {
        yield* runProgram(sh, new Source(text, '', first), { fatal: true, label: '' });
      } catch (e) {
        if (!(e instanceof ShellError) || e.fatal) throw e;
        sh.status = e.status;
        sh.flow = null;
      }
    }
    if (ended) return sh.status;
  }
}

function* profiles(sh: Shell, line: CommandLine): Coroutine<void> {
  const home = sh.get('HOME');
  const source = function* (path: string): Coroutine<boolean> {
    if (!sh.sys.files.exists(path)) return false;
    try {
      yield* runSourced(sh, 'source', path, undefined);
    } catch (e) {
      if (!(e instanceof ShellError)) throw e;
    }
    return true;
  };
  if (line.login && !line.noProfile) {
    yield* source('/etc/profile');
    if (home !== undefined) {
      for (const f of sh.dash ? ['.profile'] : ['.bash_profile', '.bash_login', '.profile'])
        if (yield* source(`${home}/${f}`)) break;
    }
  } else if (sh.interactive && !line.noRc && !sh.dash) {
    if (line.rcFile !== undefined) yield* source(line.rcFile);
    else {
      yield* source('/etc/bash.bashrc');
      if (home !== undefined) yield* source(`${home}/.bashrc`);
    }
  } else if (!sh.interactive && !sh.dash && sh.get('BASH_ENV')) yield* source(sh.get('BASH_ENV')!);
}

function* parseArgs(sh: Shell, argv: readonly string[]): Coroutine<CommandLine | number> {
  const line: CommandLine = {
    stdin: false,
    interactive: false,
    login: sh.name.startsWith('-'),
    noProfile: false,
    noRc: false,
    rest: [],
  };
  let wantCommand = false;
  let i = 1;
  for (; i < argv.length; i++) {
    const arg = argv[i]!;
    if (arg === '--' || arg === '-') {
      i++;
      break;
    }
    if (arg.startsWith('--') && !sh.dash) {
      const name = arg.slice(2);
      if (name === 'login') line.login = true;
      else if (name === 'norc') line.noRc = true;
      else if (name === 'noprofile') line.noProfile = true;
      else if (name === 'posix') sh.options.add('posix');
      else if (name === 'rcfile' || name === 'init-file') line.rcFile = argv[++i];
      else if (name === 'noediting') sh.editor = null;
      else if (name === 'verbose') sh.options.add('verbose');
      else if (name === 'version') {
        yield* sh.print(
          'GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nA simulation for this course; the real one is free software of the Free Software Foundation.\n',
        );
        return 0;
      } else if (name === 'help') {
        yield* sh.print(`GNU bash, version 5.2.15(1)-release-(x86_64-pc-linux-gnu)\n${usage(sh.name)}`);
        return 0;
      } else {
        yield* sh.eprint(`${sh.name}: ${arg}: invalid option\n${usage(sh.name)}`);
        return 2;
      }
      continue;
    }
    if (!/^[-+]./.test(arg)) break;
    const on = arg[0] === '-';
    for (const c of arg.slice(1)) {
      if (c === 'c' && on) wantCommand = true;
      else if (c === 's' && on) line.stdin = true;
      else if (c === 'i' && on) line.interactive = true;
      else if (c === 'l' && on) line.login = true;
      else if (c === 'o' || c === 'O') {
        const name = argv[++i];
        const known = c === 'o' ? SET_OPTIONS.some(([n]) => n === name) : SHOPT_DEFAULTS.some(([n]) => n === name);
        if (name === undefined || !known) {
          const zero = sh.dash ? '0: ' : 'line 0: ';
          yield* sh.eprint(
            `${sh.name}: ${zero}${sh.name}: ${name ?? ''}: invalid ${c === 'o' ? 'option' : 'shell option'} name\n`,
          );
          return 2;
        }
        const set = c === 'o' ? sh.options : sh.shopts;
        if (on) set.add(name);
        else set.delete(name);
      } else {
        const name = optionOf(c);
        if (name === undefined) {
          if (sh.dash) yield* sh.eprint(`sh: 0: Illegal option -${c}\n`);
          else yield* sh.eprint(`${sh.name}: ${arg[0]}${c}: invalid option\n${usage(sh.name)}`);
          return 2;
        }
        if (on) sh.options.add(name);
        else sh.options.delete(name);
      }
    }
  }
  line.rest = argv.slice(i);
  if (wantCommand) {
    if (line.rest.length === 0) {
      yield* sh.eprint(sh.dash ? 'sh: 0: -c requires an argument\n' : `${sh.name}: -c: option requires an argument\n`);
      return 2;
    }
    line.command = line.rest.shift();
  }
  return line;
}

function usage(name: string): string {
  const long = [
    'debug', 'debugger', 'dump-po-strings', 'dump-strings', 'help', 'init-file', 'login', 'noediting', 'noprofile', 'norc', 'posix',
    'pretty-print', 'rcfile', 'restricted', 'verbose', 'version',
  ]; // prettier-ignore
  return (
    `Usage:\t${name} [GNU long option] [option] ...\n\t${name} [GNU long option] [option] script-file ...\n` +
    `GNU long options:\n${long.map((l) => `\t--${l}\n`).join('')}` +
    'Shell options:\n\t-ilrsD or -c command or -O shopt_option\t\t(invocation only)\n\t-abefhkmnptuvxBCEHPT or -o option\n'
  );
}
