import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Process, WaitStatus } from '../../host';
import { shellStatus } from '../../host';
import { quoteShellIfNeeded } from '../lib/quote';
import { toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';

/** Bytes of arguments that one command line may hold (xargs's default upper limit). */
const MAX_LENGTH = 131072;

/** xargs(1). */
export const xargs = tool({
  name: 'xargs',
  summary: 'build and execute command lines from standard input',
  version: 'GNU findutils 4.9.0',
  help: `[OPTION]... COMMAND [INITIAL-ARGS]...
Run COMMAND with INITIAL-ARGS and arguments read from standard input.

  -0, --null                   items end with NUL; no quotes and backslashes
  -a, --arg-file=FILE          read arguments from FILE
  -d, --delimiter=CHARACTER    items end with CHARACTER
  -E END                       END is the end of the input
  -I R                         replace R in INITIAL-ARGS by an input line
  -i, --replace[=R]            the same, {} by default
  -L, --max-lines=N            at most N input lines a command
  -n, --max-args=N             at most N arguments a command
  -P, --max-procs=N            run up to N commands at once
  -p, --interactive            ask before running
  -r, --no-run-if-empty        run nothing without arguments
  -s, --max-chars=N            at most N characters a command
  -t, --verbose                print each command first
  -x, --exit                   exit when a command would be too long
Exit status: 0; 123 a command failed with 1-125; 124 with 255; 125 killed by a signal; 126 cannot be run; 127 not found.
`,
  *run(t) {
    const { options, operands } = t.getopt('+0a:d:E:e::I:i::L:l::n:P:prs:tx', [
      'null=0',
      'arg-file:=a',
      'delimiter:=d',
      'eof::=e',
      'replace::=i',
      'max-lines::=l',
      'max-args:=n',
      'max-procs:=P',
      'interactive=p',
      'no-run-if-empty=r',
      'max-chars:=s',
      'verbose=t',
      'exit=x',
      'open-tty=o',
      'process-slot-var:',
      'show-limits',
    ]);
    let delimiter: string | undefined;
    let replace: string | undefined;
    let maxArgs = Infinity;
    let maxLines = Infinity;
    let procs = 1;
    let end: string | undefined;
    let file: string | undefined;
    let limit = MAX_LENGTH;
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const number = (letter: string, text: string, low: number): number => {
      if (!/^-?\d+$/.test(text)) throw new UsageError(`invalid number "${text}" for -${letter} option`);
      const n = Number(text);
      if (n < low) throw new UsageError(`value ${text} for -${letter} option should be >= ${low}`);
      return n;
    };
    for (const { name, arg } of options) {
      if (name === '0') delimiter = '\0';
      else if (name === 'd') delimiter = unescapeDelimiter(arg!);
      else if (name === 'I') [replace, maxLines, maxArgs] = [arg!, 1, Infinity];
      else if (name === 'i') [replace, maxLines, maxArgs] = [arg ?? '{}', 1, Infinity];
      else if (name === 'L') [maxLines, maxArgs, replace] = [number('L', arg!, 1), Infinity, undefined];
      else if (name === 'l')
        [maxLines, maxArgs, replace] = [arg === undefined ? 1 : number('l', arg, 1), Infinity, undefined];
      else if (name === 'n') {
        maxArgs = number('n', arg!, 1);
        maxLines = Infinity;
        if (maxArgs !== 1) replace = undefined;
      } else if (name === 'P') procs = number('P', arg!, 0) || Infinity;
      else if (name === 'E') end = arg;
      else if (name === 'a') file = arg;
      else if (name === 's') limit = number('s', arg!, 1);
    }
    const command = operands.length > 0 ? [...operands] : ['echo'];
    let fd = 0;
    if (file !== undefined) {
      try {
        fd = yield* t.sys.open(file, { read: true });
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`Cannot open input file ${t.q(file)}: ${e.message}`);
      }
    }
    const items = new Items(t, fd, delimiter, replace !== undefined, end);
    const runner = new Runner(t, { procs, verbose: has('t') || has('p'), ask: has('p') });
    let batch: string[] = [];
    let lines = 0;
    let size = 0;
    let ran = false;
    const base = command.reduce((n, c) => n + c.length + 1, 0);
    const flush = function* (): Coroutine<void> {
      const args = batch;
      batch = [];
      lines = 0;
      size = 0;
      ran = true;
      yield* runner.run([...command, ...args]);
    };
    for (;;) {
      const item = yield* items.next();
      if (item === undefined || runner.stopped) break;
      if (replace !== undefined) {
        ran = true;
        yield* runner.run(command.map((c) => c.replaceAll(replace!, item.text)));
        continue;
      }
      if (batch.length > 0 && base + size + item.text.length + 1 > limit) yield* flush();
      batch.push(item.text);
      size += item.text.length + 1;
      if (item.endsLine) lines++;
      if (batch.length >= maxArgs || lines >= maxLines) yield* flush();
    }
    if (!runner.stopped && (batch.length > 0 || (!ran && !has('r') && replace === undefined))) yield* flush();
    yield* runner.finish();
    return runner.status;
  },
});

function unescapeDelimiter(text: string): string {
  const simple: Record<string, string> = {
    '\\n': '\n',
    '\\t': '\t',
    '\\0': '\0',
    '\\r': '\r',
    '\\\\': '\\',
    '\\a': '\x07',
    '\\b': '\b',
    '\\f': '\f',
    '\\v': '\v',
  };
  if (simple[text] !== undefined) return simple[text];
  const code = /^\\(?:x([0-9a-fA-F]{1,2})|0?([0-7]{1,3}))$/.exec(text);
  if (code) return String.fromCharCode(code[1] !== undefined ? parseInt(code[1], 16) : parseInt(code[2]!, 8));
  if ([...text].length !== 1)
    throw new Fail(
      `Invalid input delimiter specification ${text}: the delimiter must be either a single character or an escape sequence starting with \\.`,
    );
  return text;
}

/** The arguments in the input. */
class Items {
  private text = '';
  private at = 0;
  private ended = false;

  constructor(
    private readonly t: Tool,
    private readonly fd: number,
    private readonly delimiter: string | undefined,
    private readonly wholeLines: boolean,
    private readonly end: string | undefined,
  ) {}

  private *peek(): Coroutine<string | undefined> {
    while (this.at >= this.text.length) {
      if (this.ended) return undefined;
      const data = yield* this.t.sys.read(this.fd);
      if (data.length === 0) {
        this.ended = true;
        return undefined;
      }
      this.text = toText(data);
      this.at = 0;
    }
    return this.text[this.at];
  }

  *next(): Coroutine<{ text: string; endsLine: boolean } | undefined> {
    yield* this.t.sys.work();
    let out = '';
    let any = false;
    let c: string | undefined;
    if (this.delimiter !== undefined) {
      while ((c = yield* this.peek()) !== undefined) {
        this.at++;
        any = true;
        if (c === this.delimiter) break;
        out += c;
      }
      return any ? { text: out, endsLine: true } : undefined;
    }
    for (;;) {
      c = yield* this.peek();
      if (c === undefined) return undefined;
      if (c !== ' ' && c !== '\t' && c !== '\n') break;
      this.at++;
    }
    let endsLine = false;
    while ((c = yield* this.peek()) !== undefined) {
      if (c === '\n' || (!this.wholeLines && (c === ' ' || c === '\t'))) {
        // A blank at the end of a line continues it for -L.
        endsLine = c === '\n';
        if (c === '\n') this.at++;
        else {
          while ((c = yield* this.peek()) === ' ' || c === '\t') this.at++;
          if (c === '\n') this.at++;
        }
        break;
      }
      this.at++;
      if (c === '\\') {
        const next = yield* this.peek();
        if (next !== undefined) {
          out += next;
          this.at++;
        }
      } else if (c === '"' || c === "'") {
        for (;;) {
          const q = yield* this.peek();
          if (q === undefined || q === '\n') {
            throw new Fail(
              `unmatched ${c === '"' ? 'double' : 'single'} quote; by default quotes are special to xargs unless you use the -0 option`,
            );
          }
          this.at++;
          if (q === c) break;
          out += q;
        }
      } else out += c;
    }
    if (this.end !== undefined && out === this.end) {
      this.ended = true;
      this.text = '';
      return undefined;
    }
    return { text: out, endsLine: endsLine || c === undefined };
  }
}

/** Runs commands, several at a time. */
class Runner {
  status = 0;
  stopped = false;
  private readonly running = new Map<number, { child: Process; command: string }>();

  constructor(
    private readonly t: Tool,
    private readonly o: { procs: number; verbose: boolean; ask: boolean },
  ) {}

  *run(argv: string[]): Coroutine<void> {
    const { t } = this;
    const { sys } = t;
    if (this.o.verbose) {
      yield* sys.eprint(argv.map(quoteShellIfNeeded).join(' ') + (this.o.ask ? ' ?...' : '\n'));
      if (this.o.ask) {
        const fd = yield* sys.open('/dev/tty', { read: true });
        const answer = toText(yield* sys.read(fd, 1024));
        sys.close(fd);
        if (!/^[yY]/.test(answer)) return;
      }
    }
    while (this.running.size >= this.o.procs) yield* this.waitOne();
    if (this.stopped) return;
    const path = sys.which(argv[0]!);
    if (!path || !sys.files.exists(path)) {
      yield* t.warn(`${argv[0]!}: No such file or directory`);
      this.status = 127;
      this.stopped = true;
      return;
    }
    const child = sys.fork(
      function* (c) {
        // Commands must not eat the arguments.
        const fd = yield* c.open('/dev/null', { read: true });
        c.dup2(fd, 0);
        c.close(fd);
        try {
          return yield* c.exec(path, argv);
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* c.eprint(`${t.name}: ${argv[0]!}: ${e.message}\n`);
          return e.code === 'ENOENT' ? 127 : 126;
        }
      },
      { argv },
    );
    this.running.set(child.pidIn(sys.proc.ns.pid), { child, command: argv[0]! });
    if (this.o.procs === 1) yield* this.waitOne();
  }

  private *waitOne(): Coroutine<void> {
    const done = yield* this.t.sys.waitpid(-1);
    if (!done) return;
    const entry = this.running.get(done.pid);
    this.running.delete(done.pid);
    if (entry) yield* this.ended(entry.command, done.status);
  }

  private *ended(command: string, status: WaitStatus): Coroutine<void> {
    if (status.kind === 'signaled') {
      yield* this.t.warn(`${command}: terminated by signal ${shellStatus(status) - 128}`);
      this.status = 125;
      this.stopped = true;
      return;
    }
    const code = shellStatus(status);
    if (code === 255) {
      yield* this.t.warn(`${command}: exited with status 255; aborting`);
      this.status = 124;
      this.stopped = true;
    } else if (code === 126 || code === 127) {
      this.status = code;
      this.stopped = true;
    } else if (code !== 0 && this.status === 0) this.status = 123;
  }

  *finish(): Coroutine<void> {
    while (this.running.size > 0) yield* this.waitOne();
  }
}
