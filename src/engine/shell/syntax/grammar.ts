/** The grammar of bash: the only file that knows the parser library. */
import { forEachChild, parse } from 'unbash';
import type * as Unbash from 'unbash';
import type { Grammar, Program, ShellNode, SimpleCommand, SyntaxProblem } from './parser';

/** Words that can stand where a command was expected only by mistake. */
const CLOSERS = /(?:^|[\s;&|(){}])(then|elif|else|fi|do|done|esac)$/;
const OPERATORS = /^(?:;;&|;;|;&|&&|\|\||\|&|<<<|<<-|<<|>>|>\||<>|>&|<&|&>>|&>|[;&|<>()])/;

/** Parses `text`. Never throws. */
function parseText(text: string): Program {
  const script = parse(text);
  if (/[^\s;&|(<>][<>]\(/.test(text)) for (const st of script.commands) eachSimpleCommand(st, joinWords);
  const errors = [...(script.errors ?? [])].sort((a, b) => a.pos - b.pos);
  const unclosed = text.includes('<<') ? unclosedHereDocs(script, text) : [];
  const first = errors[0];
  if (!first) {
    const continued = /(?:^|[^\\])(?:\\\\)*\\\n?$/.test(text) && !/#[^\n]*$/.test(text);
    return { statements: script.commands, problem: undefined, incomplete: unclosed.length > 0 || continued, unclosed };
  }
  const unterminated = errors.find((e) => e.message.startsWith('unterminated'));
  const problem = unterminated
    ? unterminatedProblem(unterminated, text)
    : describe({ ...first, last: errors.at(-1)!.message }, text);
  const incomplete = unterminated !== undefined || problem.message.endsWith('unexpected end of file');
  return { statements: script.commands, problem, incomplete, unclosed };
}

/** `--from=<(list)` is one word; the parser makes two of it. */
function joinWords(command: SimpleCommand): void {
  const joined: Unbash.Command['suffix'][number][] = [];
  for (const part of command.suffix) {
    const before = joined.at(-1);
    if (before?.type === 'Word' && part.type === 'Word' && before.end === part.pos)
      joined[joined.length - 1] = {
        ...before,
        end: part.end,
        text: before.text + part.text,
        value: before.value + part.value,
      };
    else joined.push(part);
  }
  if (joined.length < command.suffix.length) Object.assign(command, { suffix: joined });
}

function unterminatedProblem(error: { message: string; pos: number }, text: string): SyntaxProblem {
  const what = error.message.slice('unterminated '.length);
  const closer: Record<string, string> = {
    'double quote': '"',
    'single quote': "'",
    'ANSI-C quote': "'",
    backtick: '`',
    'parameter expansion': '}',
    'array subscript': ']',
  };
  const atEnd = what === 'command substitution' || what === 'process substitution';
  // In `a=(...` bash fails while it expands the assignment already.
  const array = what === 'extended glob' && text[error.pos] === '=';
  return {
    pos: error.pos,
    atEnd,
    status: array ? 1 : 2,
    message: `unexpected EOF while looking for matching \`${closer[what] ?? ')'}'`,
    quoteLine: false,
  };
}

function describe(error: { message: string; pos: number; last?: string }, text: string): SyntaxProblem {
  const { message } = error;
  let { pos } = error;
  if (message.startsWith('maximum')) return { pos, message: `syntax error: ${message}`, quoteLine: true };
  const named = /^unexpected token '([^]*)'$/.exec(message);
  if (named) {
    // Behind a word, bash already minds what follows the parenthesis.
    const argument = named[1] === ')' ? /[^\s;&|<>()$=]\s*\(\s*([^\s;&|<>()]+)\s*$/.exec(text.slice(0, pos)) : null;
    return near(argument?.[1] ?? named[1]!, pos);
  }
  if (message.startsWith('unexpected argument')) {
    const argument = /'([^]*)'/.exec(message)?.[1] ?? '';
    const kind = message.includes('unary') ? 'unary' : 'binary';
    return { pos, message: `unexpected argument \`${argument}' to conditional ${kind} operator`, quoteLine: false };
  }
  if (message === 'expected three arithmetic expressions in for header') {
    const header = text.slice(text.lastIndexOf('((', pos), pos).trimEnd();
    return {
      pos,
      message: 'syntax error: arithmetic expression required',
      quoteLine: true,
      quoted: `syntax error: \`${header}${header.endsWith('))') ? '' : '))'}'`,
    };
  }
  // The parser may have consumed the wrong word already; it is then the one that ends here.
  const before = CLOSERS.exec(text.slice(0, pos));
  if (before && /^expected '(?:then|do|in|esac|fi|done)/.test(message) && !isExpected(message, before[1]!)) {
    return near(before[1]!, pos - before[1]!.length);
  }
  // The same after the header of `for`.
  const instead = message === "expected 'do'" && /[;\n]\s*([^\s;&|<>()]+)[ \t]*$/.exec(text.slice(0, pos))?.[1];
  if (instead) return near(instead, text.lastIndexOf(instead, pos - 1));
  if (/^expected command in /.test(message)) pos++;
  while (pos < text.length && (text[pos] === ' ' || text[pos] === '\t')) pos++;
  const rest = text.slice(pos);
  if (rest.startsWith('\n') || rest === '') {
    if (message === 'expected redirect target' || /^expected word after/.test(message)) return near('newline', pos);
    const before = text.slice(0, pos).trimEnd();
    if (/(?:^|[\n;])[ \t]*(?:for|select|function|coproc)$/.test(before)) return near('newline', before.length);
  }
  const blank = /^(?:\s|#[^\n]*(?:\n|$)|\\\n)*/.exec(rest)![0].length;
  if (blank >= rest.length)
    return {
      pos: text.length,
      atEnd: true,
      message: 'syntax error: unexpected end of file',
      expecting: /^expected '([^']+)'/.exec(error.last ?? message)?.[1],
      quoteLine: false,
    };
  return near(tokenAt(text, pos + blank), pos + blank);
}

function isExpected(message: string, word: string): boolean {
  return message.startsWith(`expected '${word}'`);
}

function near(token: string, pos: number): SyntaxProblem {
  return { pos, message: `syntax error near unexpected token \`${token}'`, quoteLine: true };
}

function tokenAt(text: string, pos: number): string {
  const rest = text.slice(pos);
  if (rest.startsWith('\n')) return 'newline';
  return OPERATORS.exec(rest)?.[0] ?? /^[^\s;&|<>()]+/.exec(rest)?.[0] ?? rest.slice(0, 1);
}

function unclosedHereDocs(script: Unbash.ParsedScript, text: string): { pos: number; delimiter: string }[] {
  const found: { pos: number; delimiter: string }[] = [];
  const visit = (node: Unbash.SyntaxNode): void => {
    if (node.type === 'HereDoc' && !node.closing) found.push({ pos: node.pos, delimiter: node.delimiter?.value ?? '' });
    if (node.type !== 'Word') forEachChild(node, visit);
  };
  void text;
  visit(script);
  return found;
}

function eachSimpleCommand(from: ShellNode, visit: (command: SimpleCommand) => void): void {
  const walk = (node: Unbash.SyntaxNode): void => {
    if (node.type === 'Command') visit(node);
    else if (node.type !== 'Word') forEachChild(node, walk);
  };
  walk(from);
}

/**
 * Where the `$(...)`, `<(...)` or `${...}` that starts at `pos` ends (after its last character), as the grammar sees it;
 * undefined when the parser does not find one.
 */
function substitutionEnd(text: string, pos: number): number | undefined {
  const script = parse(text.slice(pos));
  const node = script.commands[0]?.command;
  let word: Unbash.Word | undefined;
  const find = (n: Unbash.SyntaxNode): void => {
    if (word) return;
    if (n.type === 'Word') word = n;
    else forEachChild(n, find);
  };
  if (node) find(node);
  const part = word?.pos === 0 ? word.parts?.[0] : undefined;
  return part ? pos + part.end : undefined;
}

/** The grammar of bash. */
export const GRAMMAR: Grammar = { parse: parseText, eachSimpleCommand, substitutionEnd };
