/** iptables-restore and ip6tables-restore (iptables/iptables-restore.c, xtables-restore.c). */
import type { Coroutine, ErrnoCode } from '../../../core';
import { decode, isErrno, strerror } from '../../../core';
import { XtProblem } from '../../../net/netfilter/xt/problem';
import type { XtCounters } from '../../../net/netfilter/xt/rule';
import { GetoptError, getopt } from '../../lib/getopt';
import type { TableSession } from './backend';
import { BatchError, XtErrno } from './backend';
import { execute } from './execute';
import type { Printed } from './execute';
import { RESTORE_USAGE } from './help';
import { parseCommand } from './parse';
import type { Call } from './run';
import { denied, failure, setting, versionOf } from './run';

/** How it was called. */
interface Options {
  counters: boolean;
  verbose: number;
  test: boolean;
  keep: boolean;
  table: string | undefined;
}

/** Splits a line into words; `"` keeps blanks together and `\` the next character inside. */
export function splitWords(line: string): string[] {
  const out: string[] = [];
  let word = '';
  let any = false;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const ch = line[i]!;
    if (quoted && ch === '\\' && i + 1 < line.length) word += line[++i];
    else if (ch === '"') {
      quoted = !quoted;
      any = true;
    } else if (!quoted && (ch === ' ' || ch === '\t' || ch === '\n')) {
      if (any || word !== '') out.push(word);
      word = '';
      any = false;
    } else word += ch;
  }
  if (any || word !== '') out.push(word);
  return out;
}

/** `[1:2]`; undefined when it is none. */
function parseCounters(text: string): XtCounters | undefined {
  const m = /^\[(\d+):(\d+)\]$/.exec(text);
  return m === null ? undefined : { packets: Number(m[1]), bytes: Number(m[2]) };
}

/** One line of a table, to be run when COMMIT comes. */
interface Step {
  readonly line: number;
  run(session: TableSession, printed: Printed): void;
}

/** Ends the program: text for standard error, and the status. */
class End extends Error {
  constructor(
    readonly text: string,
    readonly status: number,
  ) {
    super(text);
  }
}

class Restore {
  private steps: Step[] = [];
  private table: string | undefined;
  /** The table is not the one that -T names. */
  private skipping = false;
  private line = 0;

  constructor(
    private readonly c: Call,
    private readonly o: Options,
    private readonly printed: Printed,
  ) {}

  /** Takes one line. @throws End, XtProblem and whatever parsing throws */
  take(text: string): void {
    this.line++;
    if (text === '') return;
    if (text[0] === '#') {
      if (this.o.verbose > 0) this.printed.out += `${text}\n`;
      return;
    }
    if (text.trimEnd() === 'COMMIT' && this.table !== undefined) {
      this.commit();
      return;
    }
    if (text[0] === '*' && this.table === undefined) {
      this.begin(text.slice(1).trim());
      return;
    }
    if (text[0] === ':' && this.table !== undefined) {
      if (!this.skipping) this.declare(text.slice(1));
      return;
    }
    if (this.table !== undefined) {
      if (!this.skipping) this.rule(text);
      return;
    }
    throw new End(`${this.c.name}: line ${this.line} failed\n`, 1);
  }

  /** The end of the input. */
  end(): void {
    if (this.table !== undefined) throw new End(`${this.c.name}: COMMIT expected at line ${this.line + 1}\n`, 1);
  }

  private begin(table: string): void {
    const { c } = this;
    if (!c.backend.knows(table))
      throw new XtProblem(
        c.variant === 'legacy'
          ? `${c.name}: unable to initialize table '${table}'`
          : `${c.name}: line ${this.line} table name '${table}' invalid`,
      );
    this.table = table;
    this.skipping = this.o.table !== undefined && this.o.table !== table;
    this.steps = [];
    if (this.o.keep || this.skipping) return;
    this.steps.push({
      line: this.line,
      run: (session, printed) => {
        const names = session.clear();
        if (this.o.verbose > 0) printed.out += names.map((n) => `Flushing chain \`${n}'\n`).join('');
      },
    });
  }

  private declare(text: string): void {
    const [chain, policy, counters] = text.trim().split(/\s+/);
    if (chain === undefined || chain === '')
      throw new XtProblem(`${this.c.name}: line ${this.line} chain name invalid`);
    if (policy === undefined) throw new XtProblem(`${this.c.name}: line ${this.line} policy invalid`);
    const counted = this.o.counters && counters !== undefined ? parseCounters(counters) : undefined;
    if (this.o.counters && policy !== '-' && counted === undefined)
      throw new XtProblem(`invalid policy counters for chain '${chain}'`);
    this.steps.push({
      line: this.line,
      run: (session) => session.declare(chain, policy, counted, this.o.keep),
    });
  }

  private rule(text: string): void {
    const { c } = this;
    const words = splitWords(text);
    const counted = words[0] === undefined ? undefined : parseCounters(words[0]);
    if (counted !== undefined) {
      words.shift();
      if (this.o.counters) words.push('-c', `${counted.packets},${counted.bytes}`);
    }
    const parsed = parseCommand(
      words,
      setting(c, this.table, (t) => void (this.printed.err += t)),
    );
    if (parsed.kind !== 'command') return;
    const { command } = parsed;
    this.steps.push({
      line: this.line,
      run: (session, printed) => {
        if (command.verbs.some((v) => v === 'L' || v === 'S')) printed.err += c.backend.warning(false);
        execute({ ...command, verbose: command.verbose + this.o.verbose }, session, c.backend, c.hosts.name, printed);
      },
    });
  }

  private commit(): void {
    const { c, steps } = this;
    const table = this.table!;
    this.table = undefined;
    if (this.skipping) return;
    const before = { ...this.printed };
    let at = this.line;
    try {
      c.backend.run(
        table,
        (session) => {
          Object.assign(this.printed, before);
          for (const s of steps) {
            at = s.line;
            s.run(session, this.printed);
          }
          at = this.line;
        },
        this.o.test,
      );
    } catch (error) {
      if (error instanceof XtErrno && c.variant === 'legacy') throw new End(`${c.name}: line ${at} failed\n`, 1);
      if (error instanceof XtErrno || error instanceof BatchError) {
        const f = failure(error, c, at);
        throw new End(f.text, f.status);
      }
      // iptables-legacy looks for a target when it reads its line, iptables-nft when the table is committed.
      if (error instanceof XtProblem && c.variant === 'legacy') {
        const f = failure(error, c, at);
        throw new End(f.text, f.status);
      }
      throw error;
    }
  }

  get at(): number {
    return this.line;
  }
}

/** Without -w and -W, which take the next word unless it is an option: waiting for the lock is never needed here. */
function withoutWait(argv: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (/^(-[wW].*|--wait(-interval)?(=.*)?)$/.test(word)) {
      const next = argv[i + 1];
      if (/^(-[wW]|--wait(-interval)?)$/.test(word) && next !== undefined && next[0] !== '-' && next[0] !== '!') i++;
    } else out.push(word);
  }
  return out;
}

/** Runs iptables-restore. */
export function* runRestore(c: Call, argv: readonly string[]): Coroutine<number> {
  const { sys } = c;
  const o: Options = { counters: false, verbose: 0, test: false, keep: false, table: undefined };
  let operands: readonly string[];
  try {
    const parsed = getopt(withoutWait(argv), 'bcvVthnM:T:46', [
      'counters=c',
      'verbose=v',
      'version=V',
      'test=t',
      'help=h',
      'noflush=n',
      'modprobe:=M',
      'table:=T',
      'ipv4=4',
      'ipv6=6',
    ]);
    operands = parsed.operands;
    for (const option of parsed.options) {
      switch (option.name) {
        case 'c':
          o.counters = true;
          break;
        case 'v':
          o.verbose++;
          break;
        case 't':
          o.test = true;
          break;
        case 'n':
          o.keep = true;
          break;
        case 'T':
          o.table = option.arg;
          break;
        case 'V':
          yield* sys.print(`${versionOf(c)}\n`);
          return 0;
        case 'h':
          yield* sys.eprint(RESTORE_USAGE.replaceAll('NAME', c.name));
          return 0;
      }
    }
  } catch (error) {
    if (!(error instanceof GetoptError)) throw error;
    yield* sys.eprint(`${c.called}: ${error.message}\nTry \`${c.name} -h' for more information.\n`);
    return 1;
  }
  if (operands.length > 1) {
    yield* sys.eprint('Unknown arguments found on commandline\n');
    return 1;
  }
  let text: string;
  try {
    text = operands.length === 1 ? yield* sys.readFile(operands[0]!) : decode(yield* sys.readAll(0));
  } catch (error) {
    if (!isErrno(error)) throw error;
    yield* sys.eprint(`Can't open ${operands[0] ?? 'stdin'}: ${strerror(error.code as ErrnoCode)}\n`);
    return 1;
  }
  const no = denied(c);
  if (no !== undefined) {
    yield* sys.eprint(no.text);
    return no.status;
  }
  const printed: Printed = { out: '', err: '' };
  const restore = new Restore(c, o, printed);
  const lines = text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  let status = 0;
  try {
    for (const line of lines) {
      restore.take(line);
      yield* sys.work(2);
    }
    restore.end();
  } catch (error) {
    const f = error instanceof End ? error : failure(error, c, restore.at);
    printed.err += f.text;
    status = f.status;
  }
  if (printed.err !== '') yield* sys.eprint(printed.err);
  if (printed.out !== '') yield* sys.print(printed.out);
  return status;
}
