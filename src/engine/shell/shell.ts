import type { Coroutine, Signal } from '../core';
import { isErrno } from '../core';
import type { Sys } from '../host';
import type { LineReader } from './editor';
import { ArithError, ShellError } from './errors';
import type { JobTable } from './jobs';
import type { FunctionNode, SimpleCommand } from './syntax/parser';
import { Source } from './syntax/source';
import { later } from './later';
import { SHOPT_DEFAULTS } from './options';
import { toBytes } from './text';
import type { Value, Scope } from './variables';
import { AssocArray, IndexedArray, Variable, Variables } from './variables';

/** A defined function. */
export interface ShellFunction {
  readonly name: string;
  readonly body: FunctionNode['body'];
  readonly source: Source;
  readonly pos: number;
  exported: boolean;
}

/** `break`, `continue` and `return` on their way out. */
export type Flow = { readonly kind: 'break' | 'continue'; levels: number } | { readonly kind: 'return' };

/** One frame of FUNCNAME, BASH_SOURCE and BASH_LINENO. */
export interface Frame {
  readonly name: string;
  readonly source: string;
  /** Line of the call. */
  readonly line: number;
}

/** Strings and outputs larger than this are refused, in characters. */
export const MAX_STRING = 32 * 1024 * 1024;
/** Array elements. */
export const MAX_INDEX = 4_000_000;

/**
 * Where bash thinks a simple command is, for LINENO and messages: it looks at the line when it has read the first word, and one more
 * if that might have been the name of a function.
 */
export function linePosition(node: SimpleCommand): number {
  const { name } = node;
  const first = node.prefix[0];
  if (!name || first) return first ? first.end - 1 : node.pos;
  const second = node.suffix[0];
  if (!second) return name.end - 1;
  return second.type === 'Word' || second.type === 'Assignment' ? second.end - 1 : second.pos;
}

/** The state of one shell process. A subshell gets a copy (`fork`). */
export class Shell {
  vars = new Variables();
  functions = new Map<string, ShellFunction>();
  aliases = new Map<string, string>();
  /** `set -o` options that are on. */
  options = new Set<string>(['braceexpand', 'hashall', 'interactive-comments']);
  shopts = new Set<string>(SHOPT_DEFAULTS.filter(([, on]) => on).map(([n]) => n));
  positional: string[] = [];
  /** $0 */
  name = 'bash';
  /** dash-like messages and rules. */
  dash = false;
  interactive = false;
  login = false;
  mode: '' | 'c' | 's' = '';
  /** `$?` */
  status = 0;
  /** `$!` */
  lastBackground: number | undefined;
  /** `$$` */
  mainPid: number;
  /** `$_` */
  underscore = '';
  pipeStatus: number[] = [0];
  subshellDepth = 0;
  source = new Source('');
  /** Position in `source` of the command being run. */
  pos = 0;
  /** Line where `pos` cannot say (traps, `eval`). */
  lineOverride: number | undefined;
  flow: Flow | null = null;
  loopDepth = 0;
  /** Nesting of lists with more than one command. */
  listDepth = 0;
  frames: Frame[] = [];
  /** Nesting of functions and sourced files, for `return`. */
  returnable = 0;
  /** Above zero where `set -e` and ERR do not apply. */
  noErrExit = 0;
  traps = new Map<string, string>();
  /** Signals that arrived and whose traps have not run. */
  pendingTraps: Signal[] = [];
  /** SIGINT arrived and there is no trap for it. */
  interruptPending = false;
  /** A signal that ends the shell once its EXIT trap has run. */
  fatalSignal: Signal | undefined;
  /** Signals ignored when the shell started: they cannot be trapped. */
  runningTrap = new Set<string>();
  dirStack: string[] = [];
  hashed = new Map<string, { path: string; hits: number }>();
  jobs!: JobTable;
  history: string[] = [];
  historyBase = 1;
  completions = new Map<string, string[]>();
  disabled = new Set<string>();
  editor: LineReader | null = null;
  /** Raised when aliases or parser options changed: the rest of the source is parsed again. */
  epoch = 0;
  /** Number of command substitutions run so far. */
  substitutions = 0;
  /** The command being run, for BASH_COMMAND. */
  commandNode: SimpleCommand | undefined;
  /** Its text, when it is no simple command. */
  commandText: string | undefined;
  startTime: number;
  secondsBase = 0;
  randomState: number;
  optind = { index: 1, char: 0, last: 1 };
  /** Commands read by an interactive shell, for `\\#`. */
  commandNumber = 1;
  /** The user has been told of stopped jobs by `exit`. */
  exitWarned = false;
  evalDepth = 0;
  functionDepth = 0;
  readonlyFunctions = new Set<string>();
  /** Level of `set -x`: how often the first character of PS4 is repeated. */
  traceLevel = 0;
  /** Descriptors of process substitutions to close after the command. */
  openSubstitutions: number[] = [];
  /** The script being run; empty for -c and standard input. */
  scriptName = '';
  ppid: number;

  constructor(public sys: Sys) {
    this.mainPid = sys.pid;
    this.ppid = sys.proc.ppid?.pidIn(sys.proc.ns.pid) ?? 0;
    this.startTime = sys.now;
    const seed = sys.random(4);
    this.randomState = ((seed[0]! << 24) | (seed[1]! << 16) | (seed[2]! << 8) | seed[3]!) >>> 0 || 1;
  }

  /** The state of a child process `sys`: variables and everything else are copied. */
  fork(sys: Sys): Shell {
    const s = Object.create(Shell.prototype) as Shell;
    Object.assign(s, this);
    s.sys = sys;
    s.vars = this.vars.clone();
    s.functions = new Map(this.functions);
    s.aliases = new Map(this.aliases);
    s.options = new Set(this.options);
    s.shopts = new Set(this.shopts);
    s.positional = [...this.positional];
    s.pipeStatus = [...this.pipeStatus];
    s.dirStack = [...this.dirStack];
    s.hashed = new Map(this.hashed);
    s.frames = [...this.frames];
    s.traps = new Map(this.traps);
    s.pendingTraps = [];
    s.fatalSignal = undefined;
    s.runningTrap = new Set();
    s.optind = { ...this.optind };
    s.subshellDepth = this.subshellDepth + 1;
    s.flow = null;
    s.openSubstitutions = [];
    s.disabled = new Set(this.disabled);
    const r = sys.random(4);
    s.randomState = ((r[0]! << 24) | (r[1]! << 16) | (r[2]! << 8) | r[3]!) >>> 0 || 1;
    return s;
  }

  opt(name: string): boolean {
    return this.options.has(name);
  }
  shopt(name: string): boolean {
    return this.shopts.has(name);
  }

  /** Line of the command being run. */
  get line(): number {
    return this.lineOverride ?? this.source.line(this.pos);
  }

  /** Line where the command being run ends. */
  get commandEnd(): number {
    const node = this.commandNode;
    if (this.lineOverride !== undefined || !node || linePosition(node) !== this.pos) return this.line;
    return this.source.line(node.end);
  }

  // --- messages -----------------------------------------------------------------------------------------------------

  /** What stands before an error message. */
  prefix(): string {
    if (this.dash) return `${this.name}: ${this.line}: `;
    const file = this.frames.at(-1)?.source || this.source.name || this.name;
    if (this.interactive) return `${this.name}: `;
    return `${file}: line ${this.line}: `;
  }

  /** Prints `PREFIX: message` on standard error. */
  *error(message: string): Coroutine<void> {
    yield* this.eprint(`${this.prefix()}${message}\n`);
  }

  *eprint(text: string): Coroutine<void> {
    try {
      yield* this.sys.write(2, toBytes(text));
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  /** Writes to standard output; false (after a message) when that fails. */
  *print(text: string, who = ''): Coroutine<boolean> {
    if (text === '') return true;
    try {
      yield* this.sys.write(1, toBytes(text));
      return true;
    } catch (e) {
      if (!isErrno(e)) throw e;
      // SIGPIPE has been sent already; unless it is ignored, nothing after this line happens.
      if (e.code === 'EPIPE') yield null;
      yield* this.error(`${who === '' ? '' : `${who}: `}write error: ${e.message}`);
      return false;
    }
  }

  /** An interactive shell tells about its background jobs; its subshells do not (bash's execute_in_subshell clears `interactive`). */
  get tellsOfJobs(): boolean {
    return this.interactive && this.subshellDepth === 0;
  }

  /** Prints a message and gives up the command. */
  *fail(message: string, status = 1, fatal = true): Coroutine<never> {
    yield* this.error(message);
    // 127 is what `bash -c` makes of a fatal expansion; scripts and subshells end with 1.
    const code = status === 127 && (this.mode !== 'c' || this.subshellDepth > 0 || this.opt('errexit')) ? 1 : status;
    throw new ShellError(this.dash ? 2 : code, fatal || this.dash);
  }

  // --- variables ----------------------------------------------------------------------------------------------------

  /** Follows namerefs from `name`: the final name and, when the reference is to an element, its subscript. */
  resolve(name: string): { name: string; index?: string } {
    let index: string | undefined;
    for (let n = 0; n < 20; n++) {
      const v = this.vars.find(name);
      if (!v?.nameref || typeof v.value !== 'string' || v.value === '') return { name, index };
      const m = /^([A-Za-z_]\w*)(?:\[([^]*)\])?$/.exec(v.value);
      if (!m || m[1] === name) return { name, index };
      name = m[1]!;
      if (m[2] !== undefined) index = m[2];
    }
    return { name, index };
  }

  /** The variable behind `name`, through namerefs. */
  variable(name: string): Variable | undefined {
    return this.vars.find(this.resolve(name).name);
  }

  /** A variable's whole value. */
  value(name: string): Value {
    const r = this.resolve(name);
    const v = this.vars.find(r.name);
    if (!v) return this.vars.dynamics.get(r.name)?.get(this);
    if (r.index !== undefined) return this.element(v, r.index);
    return v.value;
  }

  private element(v: Variable, index: string): string | undefined {
    if (v.value instanceof AssocArray) return v.value.get(index);
    const i = Number(this.arithmetic(index));
    if (v.value instanceof IndexedArray) return v.value.get(i < 0 ? v.value.end + i : i);
    return i === 0 || i === -1 ? (v.value as string | undefined) : undefined;
  }

  /** The string value of `name` (element 0 of an array); undefined when unset. */
  get(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === 'string') return value;
    return value instanceof IndexedArray ? value.get(0) : value.get('0');
  }

  /** Sets a scalar, or an element when `index` is given. @returns a message when that is not allowed. */
  set(name: string, value: string, index?: string, append = false, scope?: Scope): string | undefined {
    const r = scope ? { name } : this.resolve(name);
    const at = index ?? (r as { index?: string }).index;
    let v = scope ? scope.vars.get(r.name) : this.vars.find(r.name);
    if (!v) {
      const dynamic = scope ? undefined : this.vars.dynamics.get(r.name);
      if (dynamic && at === undefined) {
        dynamic.set?.(this, append ? `${String(dynamic.get(this) ?? '')}${value}` : value);
        return undefined;
      }
      v = this.vars.create(r.name, scope ?? this.vars.global);
    }
    if (v.readonly) return `${r.name}: ${this.dash ? 'is read only' : 'readonly variable'}`;
    if (value.length > MAX_STRING) return `xrealloc: cannot allocate ${value.length} bytes`;
    const old = at === undefined ? v.scalar : undefined;
    if (at !== undefined || v.value instanceof IndexedArray || v.value instanceof AssocArray || v.array !== '') {
      if (v.array === 'A' || v.value instanceof AssocArray) {
        const array = v.value instanceof AssocArray ? v.value : new AssocArray();
        const key = at ?? '0';
        if (key === '' && at !== undefined) return `${r.name}[${at}]: bad array subscript`;
        array.set(key, this.convert(v, value, append, array.get(key)));
        v.value = array;
        v.array = 'A';
      } else {
        const array =
          v.value instanceof IndexedArray ? v.value : IndexedArray.from(typeof v.value === 'string' ? [v.value] : []);
        let i = at === undefined ? 0 : Number(this.arithmetic(at));
        if (i < 0) i += array.end;
        if (i < 0 || (at !== undefined && at.trim() === '')) return `${r.name}[${at}]: bad array subscript`;
        if (i > MAX_INDEX) return `${r.name}[${at}]: not simulated in this course: array index above ${MAX_INDEX}`;
        array.set(i, this.convert(v, value, append, array.get(i)));
        v.value = array;
        v.array = 'a';
      }
      return undefined;
    }
    v.value = this.convert(v, value, append, old);
    if (this.opt('allexport')) v.exported = true;
    this.changed(r.name);
    return undefined;
  }

  /** Applies a variable's attributes to a new value. */
  convert(v: Variable, value: string, append: boolean, old: string | undefined): string {
    if (v.integer) {
      const n = this.arithmetic(value);
      return String(append ? BigInt.asIntN(64, this.arithmetic(old ?? '0') + n) : n);
    }
    let out = append ? (old ?? '') + value : value;
    if (v.upper) out = out.toUpperCase();
    else if (v.lower) out = out.toLowerCase();
    else if (v.capital) out = out.slice(0, 1).toUpperCase() + out.slice(1).toLowerCase();
    return out;
  }

  /** Side effects of some variables. */
  private changed(name: string): void {
    if (name === 'OPTIND')
      this.optind = { index: Number(this.get('OPTIND')) || 1, char: 0, last: Number(this.get('OPTIND')) || 1 };
    else if (name === 'PATH') this.hashed.clear();
    else if (name === 'POSIXLY_CORRECT') this.options.add('posix');
  }

  /** Evaluates an expression whose `$` expansions have been made. @throws ArithError */
  arithmetic(text: string): bigint {
    return later().evaluate(text, {
      read: (name, index) => {
        const value = index === undefined ? this.get(name) : this.readElement(name, index);
        if (value === undefined && this.opt('nounset')) throw new ArithError(`${name}: unbound variable`);
        return value;
      },
      write: (name, index, value) => {
        const message = this.set(name, String(value), index);
        if (message !== undefined) throw new ArithError(message);
      },
    });
  }

  /** One element of an array, or of a scalar taken as an array. */
  readElement(name: string, index: string): string | undefined {
    const v = this.variable(name);
    if (v) return this.element(v, index);
    const value = this.vars.dynamics.get(name)?.get(this);
    if (value === undefined) return undefined;
    const shadow = new Variable();
    shadow.value = value;
    return this.element(shadow, index);
  }

  /** Next number for $RANDOM, 0..32767 (Park and Miller's minimal standard generator, as bash has it). */
  nextRandom(): number {
    const h = Math.floor(this.randomState / 127773);
    const l = this.randomState - 127773 * h;
    let r = 16807 * l - 2836 * h;
    if (r < 0) r += 0x7fffffff;
    this.randomState = r || 123459876;
    return ((this.randomState >>> 16) ^ (this.randomState & 65535)) & 32767;
  }

  get ifs(): string {
    return this.get('IFS') ?? ' \t\n';
  }
}
