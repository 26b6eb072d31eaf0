import type { Coroutine } from '../core';
import { ExitShell, ShellError } from './errors';
import { runNode } from './interpreter';
import type { Shell } from './shell';
import type { Program, Statement } from './syntax/parser';
import { eachSimpleCommand, parseProgram, provideGrammar } from './syntax/parser';
import { expandAliases } from './syntax/aliases';
import { Source } from './syntax/source';

/** How a source is run. */
export interface RunOptions {
  /** The process ends afterwards: its last command may take its place without a fork. */
  readonly canExec?: boolean;
  /** What messages about syntax say before the line: `-c` or `eval`. */
  readonly label?: string;
  /** A syntax error ends the shell. */
  readonly fatal?: boolean;
}

/** Runs all of `source`, one complete command after the other, as bash reads them. */
export function* runProgram(sh: Shell, source: Source, options: RunOptions = {}): Coroutine<number> {
  if (!(yield* provideGrammar(sh.sys.machine, source.text))) return yield* notLoaded(sh);
  const before = { source: sh.source, pos: sh.pos };
  let src = source;
  let program = parseProgram(src.text);
  let { epoch } = sh;
  let i = 0;
  /** Last line that `set -v` has shown, or that came before it was set. */
  let shown = sh.opt('verbose') ? source.firstLine - 1 : 0;
  sh.source = src;
  if (program.statements.length === 0 && !program.problem) sh.status = 0;
  try {
    for (;;) {
      const { statements, problem } = program;
      const st = statements[i];
      if (!st || (problem && !complete(src, st, problem.pos))) {
        if (problem) yield* report(sh, src, program, options);
        break;
      }
      if (problem && i > 0 && sh.epoch !== epoch && src.line(st.pos) > src.line(statements[i - 1]!.end)) {
        src = new Source(src.text.slice(st.pos), src.name, src.line(st.pos));
        sh.source = src;
        ({ epoch } = sh);
        program = parseProgram(src.text);
        i = 0;
        continue;
      }
      const aliased =
        sh.shopt('expand_aliases') && sh.aliases.size > 0 ? lineWithAliases(sh, src, statements, i) : undefined;
      if (aliased) {
        yield* runExpanded(sh, aliased.source, options);
        sh.source = src;
        i = aliased.next;
      } else {
        yield* heredocWarnings(sh, src, program, st);
        if (sh.opt('verbose') && sh.mode !== 's') yield* echoLines(sh, src, statements, i, shown);
        shown = Math.max(shown, src.line(st.end));
        const last = i === statements.length - 1 && !problem;
        try {
          yield* runStatement(sh, st, (options.canExec ?? false) && last);
          i++;
        } catch (e) {
          // A failed expansion gives up the line it is on; bash reads the next one.
          if (!(e instanceof ShellError) || e.fatal || sh.subshellDepth > 0 || sh.interactive || sh.opt('posix'))
            throw e;
          sh.status = e.status;
          sh.source = src;
          const line = src.line(st.end);
          do i++;
          while (i < statements.length && src.line(statements[i]!.pos) <= line);
        }
      }
      if (sh.flow) break;
    }
  } finally {
    sh.source = before.source;
    sh.pos = before.pos;
  }
  return sh.status;
}

/** Runs `text` in the current shell, as eval does. */
export function* runString(sh: Shell, text: string, label = '', line = sh.line): Coroutine<number> {
  sh.evalDepth++;
  sh.traceLevel++;
  try {
    return yield* runProgram(sh, new Source(text, sh.source.name, line), { label });
  } finally {
    sh.evalDepth--;
    sh.traceLevel--;
  }
}

function* runExpanded(sh: Shell, src: Source, options: RunOptions): Coroutine<void> {
  if (!(yield* provideGrammar(sh.sys.machine, src.text))) {
    yield* notLoaded(sh);
    return;
  }
  const program = parseProgram(src.text);
  sh.source = src;
  if (program.problem) {
    yield* report(sh, src, program, options);
    return;
  }
  for (const st of program.statements) {
    yield* runStatement(sh, st, false);
    if (sh.flow) return;
  }
}

/** What is to be run cannot be: its code could not be fetched. The next one tries again. */
export function* notLoaded(sh: Shell): Coroutine<number> {
  yield* sh.eprint(`${sh.name}: cannot load the rest of the shell: network error\n`);
  return (sh.status = 126);
}

function* runStatement(sh: Shell, st: Statement, tail: boolean): Coroutine<void> {
  if (sh.opt('noexec') && !sh.interactive) return;
  sh.status = yield* runNode(sh, st, tail);
}

/** `set -v`: shows the lines read for a statement. */
function* echoLines(
  sh: Shell,
  src: Source,
  statements: readonly Statement[],
  i: number,
  shown: number,
): Coroutine<void> {
  const from = Math.max(shown + 1, src.firstLine);
  const to = src.line(statements[i]!.end);
  const lines = src.text.split('\n').slice(from - src.firstLine, to - src.firstLine + 1);
  if (lines.length > 0) yield* sh.eprint(`${lines.join('\n')}\n`);
}

/** True when the statement ends on a line before the one with the error. */
function complete(src: Source, st: Statement, problem: number): boolean {
  // `a &&` goes on in the next line.
  if (/^[ \t]*(?:&&|\|\|?)/.test(src.text.slice(st.end, st.end + 80))) return false;
  return st.end > st.pos && src.line(st.end - 1) < src.line(problem) && st.end <= problem;
}

function lineWithAliases(
  sh: Shell,
  src: Source,
  statements: readonly Statement[],
  first: number,
): { source: Source; next: number } | undefined {
  let last = first;
  while (last + 1 < statements.length && src.line(statements[last + 1]!.pos) === src.line(statements[last]!.end))
    last++;
  if (!namesAlias(sh, statements.slice(first, last + 1))) return undefined;
  const from = statements[first]!.pos;
  const text = src.text.slice(from, statements[last + 1]?.pos ?? src.text.length);
  const expanded = expandAliases(text, sh.aliases);
  if (expanded === text) return undefined;
  return { source: new Source(expanded, src.name, src.line(from)), next: last + 1 };
}

/** An alias can only begin with the name of a command as it stands. */
function namesAlias(sh: Shell, statements: readonly Statement[]): boolean {
  let found = false;
  eachSimpleCommand(statements, ({ name }) => {
    if (name && sh.aliases.has(name.text)) found = true;
  });
  return found;
}

function* heredocWarnings(sh: Shell, src: Source, program: Program, st: Statement): Coroutine<void> {
  for (const h of program.unclosed) {
    if (h.pos < st.pos || h.pos > st.end) continue;
    const end = src.line(src.text.length) + (src.text.endsWith('\n') ? -1 : 0);
    const at = sh.interactive ? '' : `line ${end}: `;
    yield* sh.eprint(
      `${sh.name}: ${at}warning: here-document at line ${src.line(h.pos)} delimited by end-of-file (wanted \`${h.delimiter}')\n`,
    );
  }
}

/** Prints a syntax error; ends a shell that is not interactive. */
function* report(sh: Shell, src: Source, program: Program, options: RunOptions): Coroutine<void> {
  const problem = program.problem!;
  let line = src.line(Math.min(problem.pos, src.text.length));
  if (problem.atEnd) line = src.line(src.text.length) + (src.text.endsWith('\n') ? 0 : 1);
  if (sh.dash) {
    const token = /`([^]*)'$/.exec(problem.message)?.[1];
    const what = problem.message.includes('end of file')
      ? `end of file unexpected${problem.expecting ? ` (expecting "${problem.expecting === 'esac' ? ';;' : problem.expecting}")` : ''}`
      : problem.message.includes('EOF')
        ? 'Unterminated quoted string'
        : `${token === 'newline' ? 'newline' : `"${token}"`} unexpected`;
    const at = problem.atEnd && !src.text.endsWith('\n') ? line - 1 : line;
    yield* sh.eprint(`${sh.name}: ${at}: Syntax error: ${what}\n`);
  } else {
    const file = sh.frames.at(-1)?.source || src.name || sh.name;
    const label = options.label ?? (sh.mode === 'c' && sh.evalDepth === 0 ? '-c' : '');
    const shown = label === '' ? '' : `${label}: `;
    const head = sh.interactive ? `${sh.name}: ${shown === '-c: ' ? '' : shown}` : `${file}: ${shown}line ${line}: `;
    yield* sh.eprint(`${head}${problem.message}\n`);
    if (problem.quoteLine && !sh.interactive)
      yield* sh.eprint(`${head}${problem.quoted ?? `\`${src.lineText(problem.pos)}'`}\n`);
  }
  sh.status = problem.status ?? 2;
  if (options.fatal ?? (!sh.interactive && sh.evalDepth === 0)) throw new ExitShell(sh.status);
}
