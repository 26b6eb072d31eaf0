import type { Coroutine } from '../core';
import { isErrno } from '../core';
import { expandPattern, expandString, expandWords, tryArithmetic } from './expansion/expand';
import { pattern } from './expansion/pattern';
import { conditional } from './conditional';
import { ExitShell } from './errors';
import { startBackground, runPipeline, runSubshell, startCoproc } from './pipeline';
import { expandPrompt } from './prompt';
import { redirect, restore } from './redirect';
import type { Saved } from './redirect';
import { runSimple } from './simple';
import type { Shell } from './shell';
import { linePosition } from './shell';
import type {
  AndOr, ArithmeticFor, CaseNode, CompoundCommand, CompoundList, FunctionNode, ShellNode, Statement,
} from './syntax/parser'; // prettier-ignore
import { arithmeticHeader, printNode } from './syntax/print';
import { runTrap, tick } from './traps';

/** Runs a node of the tree and returns its exit status. `tail`: the process ends afterwards, so a program may take its place. */
export function* runNode(sh: Shell, node: ShellNode, tail = false): Coroutine<number> {
  switch (node.type) {
    case 'Statement':
      if (node.background) return yield* startBackground(sh, node.command);
      return yield* runNode(sh, node.command, tail);
    case 'AndOr':
      return yield* runAndOr(sh, node, tail);
    case 'Pipeline':
      return yield* runPipeline(sh, node, tail);
    case 'Command': {
      sh.pos = linePosition(node);
      const status = yield* runSimple(sh, node, tail);
      sh.pipeStatus = [status];
      return yield* checked(sh, status);
    }
    case 'Function':
      return yield* define(sh, node);
    case 'Coproc':
      return yield* startCoproc(sh, node);
    case 'CompoundList':
      return yield* runList(sh, node.commands, tail);
    case 'Redirected': {
      sh.pos = node.pos;
      if (node.command.type === 'Subshell')
        return yield* checkedSubshell(sh, node, yield* runSubshell(sh, node.command, node.redirects));
      const saved: Saved[] = [];
      const opened = sh.openSubstitutions.length;
      try {
        if (!(yield* redirect(sh, node.redirects, saved))) return yield* checked(sh, (sh.status = 1));
        return yield* runCompound(sh, node.command);
      } finally {
        restore(sh, saved);
        closeSubstitutions(sh, opened);
      }
    }
    case 'Subshell':
      sh.pos = node.pos;
      return yield* checkedSubshell(sh, node, yield* runSubshell(sh, node, []));
    default:
      return yield* runCompound(sh, node);
  }
}

/** Closes descriptors of process substitutions beyond the first `keep`. */
export function closeSubstitutions(sh: Shell, keep: number): void {
  while (sh.openSubstitutions.length > keep) {
    const fd = sh.openSubstitutions.pop()!;
    if (sh.sys.proc.fds.has(fd)) sh.sys.close(fd);
  }
}

/** The ERR trap and `set -e` after a command that failed. */
export function* checked(sh: Shell, status: number): Coroutine<number> {
  sh.status = status;
  if (status === 0 || sh.noErrExit > 0 || sh.flow) return status;
  const action = sh.traps.get('ERR');
  if (action && (sh.functionDepth === 0 || sh.opt('errtrace'))) yield* runTrap(sh, 'ERR', action);
  if (sh.opt('errexit')) throw new ExitShell(status);
  return status;
}

/** Of a subshell that failed, ERR is told the whole text and the line where it ends. */
function* checkedSubshell(sh: Shell, node: ShellNode, status: number): Coroutine<number> {
  if (status === 0 || !sh.traps.has('ERR')) return yield* checked(sh, status);
  sh.pos = node.end - 1;
  sh.commandText = printNode(node, sh.source.text);
  try {
    return yield* checked(sh, status);
  } finally {
    sh.commandText = undefined;
  }
}

function* runList(sh: Shell, list: readonly Statement[], tail = false): Coroutine<number> {
  let status = 0;
  const several = list.length > 1 ? 1 : 0;
  sh.listDepth += several;
  for (let i = 0; i < list.length; i++) {
    status = yield* runNode(sh, list[i]!, tail && i === list.length - 1);
    sh.status = status;
    if (sh.flow) break;
  }
  sh.listDepth -= several;
  return status;
}

/** Runs something whose failure is a condition's answer, not an error. */
function* condition(sh: Shell, node: ShellNode): Coroutine<number> {
  sh.noErrExit++;
  try {
    return yield* runNode(sh, node);
  } finally {
    sh.noErrExit--;
  }
}

function* runAndOr(sh: Shell, node: AndOr, tail: boolean): Coroutine<number> {
  const last = node.commands.length - 1;
  let status = 0;
  sh.listDepth++;
  for (let i = 0; i <= last; i++) {
    if (i > 0) {
      const op = node.operators[i - 1];
      if (op === '&&' ? status !== 0 : status === 0) continue;
    }
    status = i === last ? yield* runNode(sh, node.commands[i]!, tail) : yield* condition(sh, node.commands[i]!);
    sh.status = status;
    if (sh.flow) break;
  }
  sh.listDepth--;
  return status;
}

function* define(sh: Shell, node: FunctionNode): Coroutine<number> {
  const name = node.name.text.replace(/['"\\]/g, '');
  const old = sh.functions.get(name);
  if (old && sh.readonlyFunctions.has(name)) {
    yield* sh.error(`${name}: readonly function`);
    return 1;
  }
  sh.functions.set(name, { name, body: node.body, source: sh.source, pos: node.pos, exported: old?.exported ?? false });
  return 0;
}

function* runCompound(sh: Shell, node: CompoundCommand | CompoundList): Coroutine<number> {
  switch (node.type) {
    case 'CompoundList':
      return yield* runList(sh, node.commands);
    case 'BraceGroup':
      return yield* runList(sh, node.body.commands);
    case 'If': {
      if ((yield* condition(sh, node.clause)) === 0)
        return sh.flow ? sh.status : yield* runList(sh, node.then.commands);
      for (const elif of node.elif) {
        if (sh.flow) return sh.status;
        if ((yield* condition(sh, elif.clause)) === 0)
          return sh.flow ? sh.status : yield* runList(sh, elif.then.commands);
      }
      if (sh.flow) return sh.status;
      return node.else ? yield* runList(sh, node.else.commands) : 0;
    }
    case 'While':
      return yield* loop(
        sh,
        function* () {
          const status = yield* condition(sh, node.clause);
          return (status === 0) === (node.kind === 'while');
        },
        node.body,
      );
    case 'For': {
      sh.pos = node.pos;
      const words = node.wordlist
        ? yield* expandWords(
            sh,
            node.wordlist.map((w) => w.text),
          )
        : [...sh.positional];
      const { text: name } = node.name;
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        yield* sh.error(`\`${name}': not a valid identifier`);
        return 1;
      }
      let i = 0;
      return yield* loop(
        sh,
        function* () {
          if (i >= words.length) return false;
          sh.pos = node.pos;
          sh.commandText = `for ${name} in ${(node.wordlist ?? []).map((w) => w.text).join(' ')}`;
          yield* debugTrap(sh);
          sh.commandText = undefined;
          if (sh.opt('xtrace'))
            yield* trace(sh, `for ${name} in ${(node.wordlist ?? []).map((w) => w.text).join(' ') || '"$@"'}`);
          const v = sh.vars.find(name);
          const word = words[i]!;
          if (v?.nameref) {
            i++;
            if (/^[A-Za-z_]\w*(?:\[[^]*\])?$/.test(word)) v.value = word;
            else {
              yield* sh.error(`\`${word}': not a valid identifier`);
              sh.status = 1;
              return false;
            }
          } else {
            const message = sh.set(name, words[i++]!);
            if (message !== undefined) yield* sh.fail(message, 1, false);
          }
          return true;
        },
        node.body,
      );
    }
    case 'Select':
      return yield* select(sh, node);
    case 'ArithmeticFor':
      return yield* arithmeticFor(sh, node);
    case 'Case':
      return yield* runCase(sh, node);
    case 'Subshell':
      return yield* checkedSubshell(sh, node, yield* runSubshell(sh, node, []));
    case 'TestCommand': {
      sh.pos = node.pos;
      if (sh.dash) {
        yield* sh.error('[[: not found');
        return yield* checked(sh, 127);
      }
      yield* debugTrap(sh);
      const status = yield* conditional(sh, node.expression);
      sh.pipeStatus = [status];
      return yield* checked(sh, status);
    }
    case 'ArithmeticCommand': {
      sh.pos = node.pos;
      yield* tick(sh);
      yield* debugTrap(sh);
      if (sh.opt('xtrace')) yield* trace(sh, `(( ${node.body} ))`);
      const value = yield* tryArithmetic(sh, node.body);
      if (typeof value === 'string') yield* arithmeticFailed(sh, value);
      const status = typeof value === 'string' || value === 0n ? 1 : 0;
      sh.pipeStatus = [status];
      return yield* checked(sh, status);
    }
  }
}

export function* debugTrap(sh: Shell): Coroutine<void> {
  const action = sh.traps.get('DEBUG');
  if (action && (sh.functionDepth === 0 || sh.opt('functrace'))) yield* runTrap(sh, 'DEBUG', action);
}

/** `while`, `for`: runs `body` as long as `more` says so; break and continue end here. */
function* loop(
  sh: Shell,
  more: () => Coroutine<boolean>,
  body: CompoundList,
  after?: () => Coroutine<void>,
): Coroutine<number> {
  let status = 0;
  sh.loopDepth++;
  try {
    for (;;) {
      yield* tick(sh);
      const go = yield* more();
      if (!sh.flow) {
        if (!go) break;
        status = yield* runList(sh, body.commands);
      }
      const { flow } = sh;
      if (flow) {
        if (flow.kind === 'return') break;
        if (flow.levels > 1) {
          flow.levels--;
          if (sh.loopDepth === 1) sh.flow = null;
          break;
        }
        sh.flow = null;
        if (flow.kind === 'break') break;
      }
      if (after) yield* after();
    }
  } finally {
    sh.loopDepth--;
  }
  return status;
}

function* arithmeticFor(sh: Shell, node: ArithmeticFor): Coroutine<number> {
  const [init, test, update] = arithmeticHeader(sh.source.text, node);
  let failed = false;
  const evaluate = function* (text: string): Coroutine<bigint> {
    sh.pos = node.pos;
    if (sh.opt('xtrace')) yield* trace(sh, `(( ${text.trim()} ))`);
    const value = yield* tryArithmetic(sh, text);
    if (typeof value === 'bigint') return value;
    yield* arithmeticFailed(sh, value);
    failed = true;
    return 0n;
  };
  if (init.trim() !== '') yield* evaluate(init);
  if (failed) return 1;
  const status = yield* loop(
    sh,
    function* () {
      return !failed && (test.trim() === '' || (yield* evaluate(test)) !== 0n);
    },
    node.body,
    function* () {
      if (update.trim() !== '') yield* evaluate(update);
    },
  );
  return failed ? 1 : status;
}

/** The message of `((...))`; with `set -u` an unset variable ends the shell. */
function* arithmeticFailed(sh: Shell, message: string): Coroutine<void> {
  if (message.endsWith(': unbound variable')) yield* sh.fail(message, 127, true);
  yield* sh.error(`((: ${message}`);
}

function* runCase(sh: Shell, node: CaseNode): Coroutine<number> {
  sh.pos = node.pos;
  yield* tick(sh);
  const word = yield* expandString(sh, node.word.text);
  if (sh.opt('xtrace')) yield* trace(sh, `case ${node.word.text} in`);
  const options = { extglob: true, nocase: sh.shopt('nocasematch') };
  let status = 0;
  let through = false;
  for (const item of node.items) {
    let hit = through;
    for (const p of item.pattern) {
      if (hit) break;
      hit = pattern(yield* expandPattern(sh, p.text), options).matches(word);
    }
    if (!hit) continue;
    status = yield* runList(sh, item.body.commands);
    if (sh.flow) return status;
    if (item.terminator === ';&') through = true;
    else if (item.terminator === ';;&') through = false;
    else return status;
  }
  return status;
}

function* select(sh: Shell, node: Extract<CompoundCommand, { type: 'Select' }>): Coroutine<number> {
  const words = node.wordlist
    ? yield* expandWords(
        sh,
        node.wordlist.map((w) => w.text),
      )
    : [...sh.positional];
  if (sh.opt('xtrace')) {
    const list = node.wordlist ? node.wordlist.map((w) => w.text).join(' ') : '"$@"';
    yield* trace(sh, `select ${node.name.text} in ${list}`);
  }
  if (words.length === 0) return 0;
  let show = true;
  let ended = false;
  const status = yield* loop(
    sh,
    function* () {
      for (;;) {
        if (show) yield* sh.eprint(menu(words, Number(sh.get('COLUMNS') ?? 80)));
        show = false;
        yield* sh.eprint(sh.get('PS3') ?? '#? ');
        const line = yield* readLine(sh);
        if (line === undefined) {
          yield* sh.print('\n');
          ended = true;
          return false;
        }
        sh.set('REPLY', line);
        if (line === '') {
          show = true;
          continue;
        }
        const choice = /^\s*\d+\s*$/.test(line) ? words[Number(line) - 1] : undefined;
        sh.set(node.name.text, choice ?? '');
        return true;
      }
    },
    node.body,
  );
  return ended ? 1 : status;
}

function menu(words: readonly string[], columns: number): string {
  const width = String(words.length).length;
  const longest = Math.max(...words.map((w) => w.length)) + width + 2;
  const cell = longest + 2;
  let cols = Math.max(1, Math.floor(columns / cell));
  const rows = Math.ceil(words.length / cols);
  cols = Math.ceil(words.length / rows);
  if (rows === 1) cols = 1;
  const perColumn = rows === 1 ? words.length : rows;
  let out = '';
  for (let r = 0; r < perColumn; r++) {
    let line = '';
    let pad = 0;
    for (let i = r; i < words.length; i += perColumn) {
      const text = `${String(i + 1).padStart(width)}) ${words[i]}`;
      line += ' '.repeat(pad) + text;
      pad = cell - 2 - text.length + 2;
    }
    out += `${line}\n`;
  }
  return out;
}

/** A line from standard input, byte by byte so that nothing after it is taken. */
export function* readLine(sh: Shell): Coroutine<string | undefined> {
  let text = '';
  for (;;) {
    let bytes: Uint8Array;
    try {
      bytes = yield* sh.sys.read(0, 1);
    } catch (e) {
      if (!isErrno(e, 'EINTR')) throw e;
      yield* tick(sh);
      continue;
    }
    if (bytes.length === 0) return text === '' ? undefined : text;
    if (bytes[0] === 10) return text;
    text += String.fromCharCode(bytes[0]!);
  }
}

/** Prints a line of `set -x`. */
export function* trace(sh: Shell, text: string): Coroutine<void> {
  const ps4 = sh.get('PS4') ?? '+ ';
  let head = ps4;
  if (/[\\$`]/.test(ps4)) {
    const { status } = sh;
    sh.options.delete('xtrace');
    head = yield* expandPrompt(sh, ps4);
    sh.options.add('xtrace');
    sh.status = status;
  }
  const level = sh.traceLevel;
  yield* sh.eprint(`${head.slice(0, 1).repeat(level)}${head}${text}\n`);
}
