/** jq(1), version 1.6 as Debian 12 has it. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import { LineReader } from '../../lib/lines';
import { Output } from '../../lib/output';
import { toBytes } from '../../lib/text';
import type { Program, Sys } from '../../../host';
import { HELP } from './help';
import { Halt } from './host';
import { Interpreter } from './interpreter';
import { unresolved } from './unresolved';
import { JsonError, JsonReader, parseJson } from './json';
import { CompileError } from './lexer';
import type { Node } from './parser';
import { parseProgram } from './parser';
import type { DumpOptions, Json } from './value';
import { dump, JqError } from './value';

const HINT =
  'Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq\n';

/** A mistake on the command line; status 2. */
class Usage extends Error {
  constructor(
    message: string,
    readonly hint = true,
  ) {
    super(message);
  }
}

interface Options {
  raw: boolean;
  join: boolean;
  ascii: boolean;
  sortKeys: boolean;
  /** Undefined: colours when the output is a terminal. */
  color: boolean | undefined;
  indent: string | undefined;
  slurp: boolean;
  nullInput: boolean;
  rawInput: boolean;
  exitStatus: boolean;
  seq: boolean;
  fromFile: boolean;
  program: string | undefined;
  files: string[];
  named: Map<string, Json>;
  positional: Json[];
}

const LONG: Record<string, string> = {
  slurp: 's',
  'raw-output': 'r',
  'join-output': 'j',
  'ascii-output': 'a',
  'compact-output': 'c',
  'color-output': 'C',
  'monochrome-output': 'M',
  'sort-keys': 'S',
  'null-input': 'n',
  'raw-input': 'R',
  'from-file': 'f',
  'exit-status': 'e',
  help: 'h',
  version: 'V',
};

function* readText(sys: Sys, path: string): Coroutine<string> {
  try {
    return yield* sys.readFile(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new Usage(`Could not open ${path}: ${e.message}`, false);
  }
}

function allValues(text: string): Json[] {
  const reader = new JsonReader();
  reader.feed(text);
  const out: Json[] = [];
  for (;;) {
    const v = reader.read();
    if (v === undefined) break;
    out.push(v);
  }
  const last = reader.end();
  if (last !== undefined) out.push(last);
  return out;
}

function* parseArgs(sys: Sys, argv: readonly string[]): Coroutine<Options | string> {
  const o: Options = {
    raw: false,
    join: false,
    ascii: false,
    sortKeys: false,
    color: undefined,
    indent: '  ',
    slurp: false,
    nullInput: false,
    rawInput: false,
    exitStatus: false,
    seq: false,
    fromFile: false,
    program: undefined,
    files: [],
    named: new Map(),
    positional: [],
  };
  let rest: 'file' | 'string' | 'json' = 'file';
  let ended = false;
  const operand = (word: string): void => {
    if (o.program === undefined) o.program = word;
    else if (rest === 'file') o.files.push(word);
    else if (rest === 'string') o.positional.push(word);
    else {
      try {
        const v = parseJson(word);
        if (v === undefined) throw new JsonError('empty');
        o.positional.push(v);
      } catch (e) {
        if (!(e instanceof JsonError)) throw e;
        throw new Usage('invalid JSON text passed to --jsonargs');
      }
    }
  };
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (ended || !/^-[-a-zA-Z]/.test(word)) {
      operand(word);
      continue;
    }
    if (word === '--') {
      if (o.program === undefined) ended = true;
      else ended = true;
      continue;
    }
    const pair = (name: string, what: string): [string, string] => {
      const a = argv[i + 1];
      const b = argv[i + 2];
      if (a === undefined || b === undefined)
        throw new Usage(`--${name} takes two parameters (e.g. --${name} ${what})`);
      i += 2;
      return [a, b];
    };
    const define = (name: string, v: Json): void => {
      if (!o.named.has(name)) o.named.set(name, v);
    };
    if (word.startsWith('--')) {
      const name = word.slice(2);
      switch (name) {
        case 'tab':
          o.indent = '\t';
          continue;
        case 'indent': {
          const n = argv[++i];
          if (n === undefined) throw new Usage('--indent takes one parameter');
          const width = parseInt(n, 10) || 0;
          if (width < -1 || width > 7) throw new Usage('--indent takes a number between -1 and 7');
          o.indent = width === 0 ? undefined : width < 0 ? '\t' : ' '.repeat(width);
          continue;
        }
        case 'unbuffered':
          continue;
        case 'seq':
          o.seq = true;
          continue;
        case 'arg':
          define(...pair('arg', 'varname value'));
          continue;
        case 'argjson': {
          const [key, text] = pair('argjson', 'varname text');
          let v: Json | undefined;
          try {
            v = parseJson(text);
          } catch (e) {
            if (!(e instanceof JsonError)) throw e;
          }
          if (v === undefined) throw new Usage('invalid JSON text passed to --argjson');
          define(key, v);
          continue;
        }
        case 'slurpfile':
        case 'rawfile': {
          const [key, file] = pair(name, 'varname filename');
          let text: string;
          try {
            text = yield* sys.readFile(file);
            define(key, name === 'rawfile' ? text : allValues(text));
          } catch (e) {
            if (!isErrno(e) && !(e instanceof JsonError)) throw e;
            const why = isErrno(e) ? `Could not open ${file}: ${e.message}` : e.message;
            throw new Usage(`Bad JSON in --${name} ${key} ${file}: ${why}`, false);
          }
          continue;
        }
        case 'args':
          rest = 'string';
          continue;
        case 'jsonargs':
          rest = 'json';
          continue;
      }
      const letter = LONG[name];
      if (letter === undefined) {
        if (['stream', 'debug-dump-disasm', 'debug-trace', 'run-tests'].includes(name))
          throw new Usage(`not simulated in this course: --${name}`, false);
        throw new Usage(`Unknown option ${word}`);
      }
      const info = setLetter(o, letter);
      if (info !== undefined) return info;
      continue;
    }
    if (new Set(word).size !== word.length) throw new Usage(`Unknown option ${word}`);
    for (const letter of word.slice(1)) {
      if (letter === 'L') throw new Usage('not simulated in this course: -L', false);
      if (!'srjacCMSnRfehV'.includes(letter)) throw new Usage(`Unknown option ${word}`);
      const info = setLetter(o, letter);
      if (info !== undefined) return info;
    }
  }
  return o;
}

function setLetter(o: Options, letter: string): string | undefined {
  switch (letter) {
    case 's':
      o.slurp = true;
      break;
    case 'r':
      o.raw = true;
      break;
    case 'j':
      o.raw = true;
      o.join = true;
      break;
    case 'a':
      o.ascii = true;
      break;
    case 'c':
      o.indent = undefined;
      break;
    case 'C':
      o.color = true;
      break;
    case 'M':
      o.color = false;
      break;
    case 'S':
      o.sortKeys = true;
      break;
    case 'n':
      o.nullInput = true;
      break;
    case 'R':
      o.rawInput = true;
      break;
    case 'f':
      o.fromFile = true;
      break;
    case 'e':
      o.exitStatus = true;
      break;
    case 'h':
      return HELP;
    case 'V':
      return 'jq-1.6\n';
  }
  return undefined;
}

/** The inputs: JSON texts or lines of the files, read as they are asked for. */
class Inputs {
  private reader = new JsonReader();
  private lines: LineReader | undefined;
  private next = 0;
  private ended = false;
  private partial = '';
  /** What messages call the current file; undefined before the first was opened. */
  file: string | undefined;
  line = 0;
  failed = false;

  constructor(
    private readonly sys: Sys,
    private readonly o: Options,
    private readonly names: readonly string[],
  ) {}

  /** The next line with its end, across files. */
  private *nextLine(): Coroutine<string | undefined> {
    for (;;) {
      if (!this.lines) {
        const name = this.names[this.next++];
        if (name === undefined) return undefined;
        try {
          const fd = name === '-' ? 0 : yield* this.sys.open(name, { read: true });
          this.lines = new LineReader(this.sys, fd);
          this.file = name === '-' ? '<stdin>' : name;
          this.line = 0;
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* this.sys.eprint(`jq: error: Could not open file ${name}: ${e.message}\n`);
          this.failed = true;
          continue;
        }
      }
      let line: string | undefined;
      try {
        line = yield* this.lines.next();
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* this.sys.eprint(
          `jq: error: Could not read ${this.file ?? ''}: ${e.message}\n`.replace('Could not read', 'Could not open'),
        );
        this.failed = true;
      }
      if (line === undefined) {
        if (this.lines.fd !== 0) this.sys.close(this.lines.fd);
        this.lines = undefined;
        continue;
      }
      if (!this.lines.terminated) return line;
      this.line++;
      return `${line}\n`;
    }
  }

  /** @throws JsonError */
  *read(): Coroutine<Json | undefined> {
    if (this.o.slurp) {
      if (this.ended) return undefined;
      this.ended = true;
      return yield* this.slurp();
    }
    return this.o.rawInput ? yield* this.rawLine() : yield* this.value();
  }

  private *slurp(): Coroutine<Json> {
    if (this.o.rawInput) {
      const parts: string[] = [];
      for (;;) {
        const line = yield* this.nextLine();
        if (line === undefined) return parts.join('');
        parts.push(line);
      }
    }
    const items: Json[] = [];
    for (;;) {
      const v = yield* this.value();
      if (v === undefined) return items;
      items.push(v);
    }
  }

  private *rawLine(): Coroutine<Json | undefined> {
    for (;;) {
      const line = yield* this.nextLine();
      if (line === undefined) {
        if (this.partial === '') return undefined;
        const text = this.partial;
        this.partial = '';
        return text;
      }
      if (line.endsWith('\n')) {
        const text = this.partial + line.slice(0, -1);
        this.partial = '';
        return text;
      }
      this.partial += line;
    }
  }

  private done = false;

  private *value(): Coroutine<Json | undefined> {
    for (;;) {
      const v = this.reader.read();
      if (v !== undefined) return v;
      if (this.done) return undefined;
      const line = yield* this.nextLine();
      if (line === undefined) {
        this.done = true;
        return this.reader.end();
      }
      yield* this.sys.work(1 + (line.length >> 5));
      this.reader.feed(line);
    }
  }
}

/** `error at <top-level>, line N:` with the line of source and jq's padding. */
function compileMessages(source: string, errors: readonly { message: string; start: number }[]): string {
  let out = '';
  for (const { message, start } of errors) {
    const from = source.lastIndexOf('\n', start - 1) + 1;
    const end = source.indexOf('\n', start);
    const line = source.slice(from, end < 0 ? undefined : end);
    const number = source.slice(0, start).split('\n').length;
    out += `jq: error: ${message} at <top-level>, line ${number}:\n${line}${' '.repeat(Math.max(0, start - from))}\n`;
  }
  return `${out}jq: ${errors.length} compile ${errors.length === 1 ? 'error' : 'errors'}\n`;
}

function compileProgram(source: string, names: ReadonlySet<string>): Node | string {
  try {
    const node = parseProgram(source);
    const errors = unresolved(node, names);
    return errors.length > 0 ? compileMessages(source, errors) : node;
  } catch (e) {
    if (!(e instanceof CompileError)) throw e;
    return compileMessages(source, e.more ? [e, e.more] : [e]);
  }
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let options: Options | string;
  let source: string;
  try {
    options = yield* parseArgs(sys, argv);
    if (typeof options === 'string') {
      yield* sys.print(options);
      return 0;
    }
    if (options.program === undefined) {
      if (options.fromFile || sys.isatty(0) || sys.isatty(1)) {
        yield* sys.eprint(HELP.replace(/Some of the options[^]*$/, '').trimEnd() + '\n');
        return 2;
      }
      options.program = '.';
    }
    source = options.program;
    if (options.fromFile) source = yield* readText(sys, options.program);
  } catch (e) {
    if (!(e instanceof Usage)) throw e;
    yield* sys.eprint(`jq: ${e.message}\n${e.hint ? HINT : ''}`);
    return 2;
  }
  return yield* run(sys, options, source);
}

function* run(sys: Sys, o: Options, source: string): Coroutine<number> {
  const args: Json = new Map<string, Json>([
    ['positional', o.positional],
    ['named', o.named],
  ]);
  const globals = new Map<string, Json>([...o.named, ['ARGS', args]]);
  const program = compileProgram(source, new Set(globals.keys()));
  if (typeof program === 'string') {
    yield* sys.eprint(program);
    return 3;
  }
  const out = new Output(sys, 1);
  const inputs = new Inputs(sys, o, o.files.length > 0 ? o.files : ['-']);
  const interp = new Interpreter(
    {
      work: (n) => sys.work(n),
      *input() {
        return yield* inputs.read();
      },
      *eprint(text) {
        yield* out.flush();
        yield* sys.eprint(text);
      },
      now: () => sys.now / 1e6,
      env: () => new Map(sys.proc.env),
      position: () => ({ file: inputs.file ?? null, line: inputs.line }),
    },
    globals,
  );
  const style: DumpOptions = {
    indent: o.indent,
    sortKeys: o.sortKeys,
    ascii: o.ascii,
    color: o.color ?? sys.isatty(1),
  };
  const place = (): string => (inputs.file === undefined ? '<unknown>' : `${inputs.file}:${inputs.line}`);
  // 14: nothing was output, 11: the last output was false or null; -e makes them 4 and 1.
  let status = 0;
  const process = function* (input: Json): Coroutine<number> {
    let result = 14;
    try {
      yield* interp.run(program, input, function* (v) {
        if (o.seq) yield* out.write('\x1e');
        const text =
          o.raw && typeof v === 'string' && !o.ascii
            ? v
            : o.raw && typeof v === 'string'
              ? rawAscii(v)
              : dump(v, style);
        yield* out.write(toBytes(o.join ? text : `${text}\n`));
        result = v === null || v === false ? 11 : 0;
      });
    } catch (e) {
      if (e instanceof RangeError) throw new JqError('not simulated in this course: a recursion as deep as this');
      if (e instanceof Halt) {
        yield* out.flush();
        if (e.value !== undefined && e.value !== null)
          yield* sys.eprint(typeof e.value === 'string' ? e.value : `${dump(e.value)}\n`);
        throw e;
      }
      if (!(e instanceof JqError)) throw e;
      yield* out.flush();
      if (e.value === null) return 0;
      const text = typeof e.value === 'string' ? `: ${e.value}` : ` (not a string): ${dump(e.value)}`;
      yield* sys.eprint(`jq: error (at ${place()})${text}\n`);
      return 5;
    }
    return result;
  };
  try {
    if (o.nullInput) status = yield* process(null);
    else {
      for (;;) {
        const input = yield* inputs.read();
        if (input === undefined) break;
        status = yield* process(input);
      }
    }
  } catch (e) {
    if (e instanceof Halt) return e.status;
    if (e instanceof JqError) {
      yield* sys.eprint(`jq: error: ${e.message}\n`);
      return 5;
    }
    if (!(e instanceof JsonError)) throw e;
    yield* out.flush();
    yield* sys.eprint(`parse error: ${e.message}\n`);
    return 4;
  }
  yield* out.flush();
  if (inputs.failed) status = 2;
  if (status >= 10) return o.exitStatus ? status - 10 : 0;
  return status;
}

function rawAscii(s: string): string {
  return dump(s, { ascii: true });
}

/** jq(1). */
export const jq: Program = {
  name: 'jq',
  path: '/usr/bin/jq',
  summary: 'Command-line JSON processor',
  manual: `NAME\n       jq - Command-line JSON processor\n\nSYNOPSIS\n       jq [options...] filter [files...]\n\nDESCRIPTION\n${HELP.split(
    '\n',
  )
    .map((l) => (l === '' ? '' : `       ${l}`))
    .join('\n')}`,
  main,
};
