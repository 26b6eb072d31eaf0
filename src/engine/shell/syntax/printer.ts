import { decodeAnsi } from '../expansion/ansi';
import { singleQuote } from '../expansion/quote';
import type {
  ArithmeticFor, Assignment, CommandNode, CompoundCommand, CompoundList, Redirection, ShellNode, Statement, TestExpression,
} from './parser'; // prettier-ignore

/**
 * Commands as text, laid out as bash does it for `declare -f`, `jobs` and BASH_COMMAND.
 * @param source the text that the node's positions point into.
 * @param depth indentation in steps of four blanks.
 */
export function printNode(node: ShellNode, source = '', depth = 0): string {
  return new Printer(source).node(node, depth);
}

/** `name () { ... }`, as `declare -f` and `type` show a function. */
export function printFunction(name: string, body: ShellNode, source: string): string {
  return `${name} () \n${functionBody(new Printer(source), body, 0)}`;
}

function functionBody(p: Printer, body: ShellNode, depth: number): string {
  const pad = '    '.repeat(depth);
  if (body.type === 'BraceGroup') return `${pad}{ \n${p.list(body.body.commands, depth + 1)}\n${pad}}`;
  if (body.type === 'Redirected' && body.command.type === 'BraceGroup') {
    return `${pad}{ \n${p.list(body.command.body.commands, depth + 1)}\n${pad}}${body.redirects.map((r) => ` ${p.redirect(r)}`).join('')}`;
  }
  return `${pad}{ \n${'    '.repeat(depth + 1)}${p.node(body, depth + 1)}\n${pad}}`;
}

/** The three expressions of `for (( ; ; ))`. */
export function arithmeticHeader(source: string, node: ArithmeticFor): [string, string, string] {
  const open = source.indexOf('((', node.pos) + 2;
  const parts: string[] = [];
  let depth = 0;
  let start = open;
  let i = open;
  for (; i < source.length; i++) {
    const c = source[i]!;
    if (c === '(') depth++;
    else if (c === ')') {
      if (depth === 0) break;
      depth--;
    } else if (c === ';' && depth === 0) {
      parts.push(source.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(source.slice(start, i));
  return [parts[0]!.trimStart(), (parts[1] ?? '').trimStart(), (parts[2] ?? '').trimStart()];
}

/** The inside of `[[ ]]`. */
export function testText(e: TestExpression): string {
  switch (e.type) {
    case 'TestUnary':
      return `${e.operator} ${e.operand.text}`;
    case 'TestBinary':
      return `${e.left.text} ${e.operator} ${e.right.text}`;
    case 'TestLogical':
      return e.operands.map(testText).join(` ${e.operator} `);
    case 'TestNot':
      return `! ${testText(e.operand)}`;
    case 'TestGroup':
      return `( ${testText(e.expression)} )`;
  }
}

class Printer {
  private hereDocs: string[] = [];

  constructor(private readonly source: string) {}

  node(node: ShellNode, depth: number): string {
    switch (node.type) {
      case 'Statement':
        return this.node(node.command, depth) + (node.background ? ' &' : '');
      case 'CompoundList':
        return this.inline(node, depth);
      case 'AndOr':
        return node.commands
          .map((c, i) => (i === 0 ? '' : ` ${node.operators[i - 1]} `) + this.node(c, depth))
          .join('');
      case 'Pipeline': {
        const prefix = node.prefixes
          .map((p) => (p.type === 'Negation' ? '! ' : p.posix ? 'time -p ' : 'time '))
          .join('');
        const body = node.commands.map((c, i) => {
          if (i === 0) return this.node(c, depth);
          return (node.operators[i - 1] === '|&' ? ' 2>&1 | ' : ' | ') + this.node(c, depth);
        });
        return prefix + body.join('');
      }
      default:
        return this.command(node, depth);
    }
  }

  private command(node: CommandNode, depth: number): string {
    switch (node.type) {
      case 'Command': {
        const words: string[] = [];
        const redirects: string[] = [];
        for (const p of node.prefix) {
          if (p.type === 'Assignment') words.push(assignmentText(p));
          else redirects.push(this.redirect(p));
        }
        if (node.name) words.push(shown(node.name.text));
        for (const s of node.suffix) {
          if (s.type === 'Word') words.push(shown(s.text));
          else if (s.type === 'Assignment') words.push(assignmentText(s));
          else redirects.push(this.redirect(s));
        }
        return [...words, ...redirects].join(' ') + this.takeHereDocs();
      }
      case 'Redirected':
        return `${this.command(node.command, depth)} ${node.redirects.map((r) => this.redirect(r)).join(' ')}${this.takeHereDocs()}`;
      case 'Function':
        return `function ${node.name.text} () \n${functionBody(this, node.body, depth)}`;
      case 'Coproc':
        return `coproc ${node.name?.text ?? 'COPROC'} ${this.node(node.body, depth)}`;
      default:
        return this.compound(node, depth);
    }
  }

  private compound(node: CompoundCommand, depth: number): string {
    const pad = '    '.repeat(depth);
    const body = (list: CompoundList): string => this.list(list.commands, depth + 1);
    switch (node.type) {
      case 'BraceGroup':
        return depth === 0
          ? `{ ${this.inline(node.body, depth)}${closing(node.body)} }`
          : `{ \n${body(node.body)}\n${pad}}`;
      case 'Subshell':
        return `( ${this.inline(node.body, depth)} )`;
      case 'If': {
        let out = `if ${this.inline(node.clause, depth)}; then\n${body(node.then)};\n`;
        // bash keeps `elif` as an `if` inside `else`.
        let level = depth;
        let close = '';
        for (const elif of node.elif) {
          const at = '    '.repeat(level);
          out += `${at}else\n${at}    if ${this.inline(elif.clause, level + 1)}; then\n${this.list(elif.then.commands, level + 2)};\n`;
          level++;
          close = `${'    '.repeat(level)}fi;\n${close}`;
        }
        if (node.else) out += `${'    '.repeat(level)}else\n${this.list(node.else.commands, level + 1)};\n`;
        return `${out}${close}${pad}fi`;
      }
      case 'For':
        return `for ${node.name.text} in ${node.wordlist ? node.wordlist.map((w) => w.text).join(' ') : '"$@"'};\n${pad}do\n${body(node.body)};\n${pad}done`;
      case 'Select':
        return `select ${node.name.text} in ${node.wordlist ? node.wordlist.map((w) => w.text).join(' ') : '"$@"'};\n${pad}do\n${body(node.body)};\n${pad}done`;
      case 'ArithmeticFor':
        return `for ((${this.source === '' ? ';;' : arithmeticHeader(this.source, node).join('; ')}))\n${pad}do\n${body(node.body)};\n${pad}done`;
      case 'While':
        return `${node.kind} ${this.inline(node.clause, depth)}; do\n${body(node.body)};\n${pad}done`;
      case 'Case': {
        const items = node.items.map(
          (i) =>
            `${pad}    ${i.pattern.map((p) => p.text).join(' | ')})\n${this.list(i.body.commands, depth + 2)}\n${pad}    ${i.terminator ?? ';;'}\n`,
        );
        return `case ${node.word.text} in \n${items.join('')}${pad}esac`;
      }
      case 'TestCommand':
        return `[[ ${testText(node.expression)} ]]`;
      case 'ArithmeticCommand':
        return `((${node.body}))`;
    }
  }

  /** Statements one a line; the last has no semicolon. */
  list(statements: readonly Statement[], depth: number): string {
    const pad = '    '.repeat(depth);
    return statements
      .map((s, i) => {
        // What follows a command in the background stays on its line.
        const text = (statements[i - 1]?.background ? ' ' : pad) + this.node(s, depth);
        if (i === statements.length - 1 || s.background) return text;
        return text.endsWith('\n') ? `${text}\n` : `${text};\n`;
      })
      .join('');
  }

  private inline(list: CompoundList, depth: number): string {
    return list.commands
      .map((s, i) => this.node(s, depth) + (i < list.commands.length - 1 ? (s.background ? ' ' : '; ') : ''))
      .join('');
  }

  redirect(r: Redirection): string {
    const fd =
      r.descriptor?.type === 'FileDescriptor'
        ? String(r.descriptor.value)
        : r.descriptor
          ? `{${r.descriptor.name}}`
          : '';
    if (r.type === 'HereDoc') {
      const delimiter = r.delimiter?.text ?? '';
      this.hereDocs.push(`\n${r.body.text}${r.delimiter?.value ?? ''}\n`);
      return `${fd}${r.operator}${delimiter}`;
    }
    const target = shown(r.target?.text ?? '');
    if (r.operator === '>&' || r.operator === '<&') {
      const n = fd === '' ? (r.operator === '>&' ? (/^\d+-?$|^-$/.test(target) ? '1' : '') : '0') : fd;
      if (n === '' && !/^[\d$-]/.test(target)) return `&> ${target}`;
      return `${n}${r.operator}${target}`;
    }
    return `${fd}${r.operator} ${target}`;
  }

  private takeHereDocs(): string {
    const out = this.hereDocs.join('');
    this.hereDocs = [];
    return out;
  }
}

function closing(list: CompoundList): string {
  return list.commands.at(-1)?.background ? '' : ';';
}

/** A word with the strings that bash translates while it reads: `$'...'` is kept as the quoted result. */
function shown(word: string): string {
  if (!word.includes("$'")) return word;
  return word.replace(
    /\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|\$'((?:\\[^]|[^'\\])*)'/g,
    (whole, ansi: string | undefined) => (ansi === undefined ? whole : singleQuote(decodeAnsi(ansi))),
  );
}

function assignmentText(a: Assignment): string {
  return shown(a.text);
}
