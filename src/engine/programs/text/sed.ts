import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { FileNode } from '../../host';
import { LineReader } from '../lib/lines';
import { Output } from '../lib/output';
import type { Regex, RegexMatch } from '../lib/regex';
import { toBytes, toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';
import type { Address, Command, Substitution } from './sed-parse';
import { SedError, SedParser } from './sed-parse';

const HELP = `[OPTION]... {script-only-if-no-other-script} [input-file]...
Edit text line by line.

  -n, --quiet, --silent      print only what the script prints
      --debug                ignored
  -e script, --expression=script
  -f script-file, --file=script-file
  -E, -r, --regexp-extended  extended regular expressions
  -i[SUFFIX], --in-place[=SUFFIX]
                             edit files in place; keep a copy with SUFFIX
  -l N, --line-length=N      width for the l command
  -s, --separate             every file has its own line 1 and $
  -u, --unbuffered           flush after every line
  -z, --null-data            lines end with NUL
`;

/** sed(1). */
export const sed = tool({
  name: 'sed',
  summary: 'stream editor for filtering and transforming text',
  version: 'GNU sed 4.9',
  usage: `Usage: sed ${HELP}`,
  help: HELP,
  *run(t) {
    const { options, operands } = t.getopt('ne:f:Eri::l:suzb', [
      'quiet=n',
      'silent=n',
      'debug',
      'expression:=e',
      'file:=f',
      'regexp-extended=E',
      'in-place::=i',
      'line-length:=l',
      'separate=s',
      'unbuffered=u',
      'null-data=z',
      'posix',
      'sandbox',
      'follow-symlinks',
      'binary=b',
    ]);
    const rest = [...operands];
    const extended = options.some((o) => o.name === 'E' || o.name === 'r');
    const parser = new SedParser(extended);
    let scripts = 0;
    try {
      let pending = '';
      for (const o of options) {
        if (o.name === 'e') {
          // A script that ends in a backslash goes on in the next -e.
          const script = pending + o.arg!;
          pending = '';
          if (/(^|[^\\])(\\\\)*\\$/.test(script)) {
            pending = `${script}\n`;
            scripts++;
            continue;
          }
          parser.add(script, `-e expression #${++scripts}`, scripts === 1);
        } else if (o.name === 'f') {
          const fd = yield* t.open(o.arg!, (n) => `couldn't open file ${n}`);
          if (fd === undefined) return 1;
          parser.add(toText(yield* t.sys.readAll(fd)), `file ${o.arg!} line 1`, ++scripts === 1);
        }
      }
      if (pending !== '') parser.add(pending, `-e expression #${scripts}`, false);
      if (scripts === 0) {
        const script = rest.shift();
        if (script === undefined) {
          yield* t.sys.eprint(`Usage: ${t.name} ${HELP}`);
          return 1;
        }
        parser.add(script, '-e expression #1', true);
      }
      const commands = parser.finish();
      const inPlace = options.findLast((o) => o.name === 'i');
      const has = (n: string): boolean => options.some((o) => o.name === n);
      const s = new Sed(t, commands, {
        quiet: has('n') || parser.quiet,
        separate: has('s') || inPlace !== undefined,
        inPlace: inPlace ? (inPlace.arg ?? '') : undefined,
        delimiter: has('z') ? 0 : 10,
        width: Number(options.findLast((o) => o.name === 'l')?.arg ?? 70),
        unbuffered: has('u'),
      });
      return yield* s.run(rest.length > 0 ? rest : ['-']);
    } catch (e) {
      if (e instanceof SedError) throw new Fail(e.message, e.status);
      throw e;
    }
  },
});

interface Settings {
  readonly quiet: boolean;
  readonly separate: boolean;
  readonly inPlace: string | undefined;
  readonly delimiter: number;
  readonly width: number;
  readonly unbuffered: boolean;
}

interface Line {
  readonly text: string;
  readonly terminated: boolean;
}

/** A running script. */
class Sed {
  private space = '';
  private hold = '';
  private holdTerminated = true;
  private lineNumber = 0;
  private terminated = true;
  private replaced = false;
  private lastRegex: Regex | null = null;
  private appends: ({ text: string } | { file: string } | { line: string })[] = [];
  private readonly outputs = new Map<string, Output>();
  private readonly readers = new Map<string, LineReader | null>();
  private out: Output;
  private status = 0;

  private names: string[] = [];
  private reader: LineReader | undefined;
  private currentName = '-';
  private ahead: Line | undefined;
  private missingNewline: Output | undefined;

  constructor(
    private readonly t: Tool,
    private readonly commands: Command[],
    private readonly s: Settings,
  ) {
    this.out = new Output(t.sys, 1, s.unbuffered || undefined);
  }

  *run(names: string[]): Coroutine<number> {
    this.names = [...names];
    // Files of w commands are made before the first line is read.
    for (const c of this.commands) {
      const file = c.sub?.file ?? ('wW'.includes(c.name) ? c.text : undefined);
      if (file !== undefined) yield* this.sink(file);
    }
    while (yield* this.advance()) {
      if (yield* this.cycle()) break;
    }
    yield* this.closeInPlace();
    yield* this.out.flush();
    for (const out of this.outputs.values()) yield* out.flush();
    return this.status;
  }

  private *sink(file: string): Coroutine<Output> {
    const old = this.outputs.get(file);
    if (old) return old;
    let out: Output;
    if (file === '/dev/stdout') out = this.out;
    else if (file === '/dev/stderr') out = new Output(this.t.sys, 2, true);
    else {
      try {
        out = new Output(
          this.t.sys,
          yield* this.t.sys.open(file, { write: true, create: true, truncate: true }),
          false,
        );
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`couldn't open file ${file}: ${e.message}`, 4);
      }
    }
    this.outputs.set(file, out);
    return out;
  }

  /** Reads ahead over file boundaries; undefined when all input of this (or, without -s, every) file is read. */
  private *readAhead(): Coroutine<Line | undefined> {
    if (this.ahead) return this.ahead;
    for (;;) {
      if (!this.reader) {
        if (this.names.length === 0) return undefined;
        if (!(yield* this.openNext())) continue;
      }
      let text: string | undefined;
      try {
        text = yield* this.reader!.next();
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* this.t.warn(
          e.code === 'EISDIR'
            ? `couldn't edit ${this.currentName}: not a regular file`
            : `read error on ${this.currentName}: ${e.message}`,
        );
        this.status = 4;
        text = undefined;
      }
      if (text !== undefined) return (this.ahead = { text, terminated: this.reader!.terminated });
      if (this.s.separate && this.names.length > 0 && !this.fileEnded) {
        this.fileEnded = true;
        return undefined;
      }
      this.fileEnded = false;
      yield* this.closeInPlace();
      if (this.reader!.fd !== 0) this.t.sys.close(this.reader!.fd);
      this.reader = undefined;
    }
  }

  private fileEnded = false;

  private *openNext(): Coroutine<boolean> {
    const name = this.names.shift()!;
    this.currentName = name;
    if (name === '-' && this.s.inPlace === undefined) {
      this.reader = new LineReader(this.t.sys, 0, this.s.delimiter);
      return true;
    }
    try {
      const fd = yield* this.t.sys.open(name, { read: true });
      if (this.t.sys.files.stat(name).type === 'dir') {
        this.t.sys.close(fd);
        yield* this.out.flush();
        yield* this.t.warn(
          this.s.inPlace === undefined
            ? `couldn't read ${name}: Is a directory`.replace("couldn't read", 'read error on')
            : `couldn't edit ${name}: not a regular file`,
        );
        this.status = this.s.inPlace === undefined ? 2 : 4;
        return false;
      }
      this.reader = new LineReader(this.t.sys, fd, this.s.delimiter);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* this.out.flush();
      yield* this.t.warn(`can't read ${name}: ${e.message}`);
      this.status = 2;
      return false;
    }
    if (this.s.inPlace !== undefined) {
      const parts: Uint8Array[] = [];
      this.edited = { name, parts };
      this.out = new Collector(this.t, parts);
    }
    if (this.s.separate) this.lineNumber = 0;
    return true;
  }

  private edited: { name: string; parts: Uint8Array[] } | undefined;

  /** Replaces the file that -i has edited. */
  private *closeInPlace(): Coroutine<void> {
    const { edited } = this;
    if (!edited) return;
    this.edited = undefined;
    yield* this.out.flush();
    this.out = new Output(this.t.sys, 1);
    const { files } = this.t.sys;
    const old = files.stat(edited.name);
    if (this.s.inPlace) {
      const suffix = this.s.inPlace;
      const slash = edited.name.lastIndexOf('/') + 1;
      const base = edited.name.slice(slash);
      const backup = suffix.includes('*') ? suffix.replaceAll('*', base) : base + suffix;
      files.rename(edited.name, backup.includes('/') ? backup : edited.name.slice(0, slash) + backup);
    } else files.unlink(edited.name);
    const fd = yield* this.t.sys.open(edited.name, { write: true, create: true, truncate: true });
    for (const part of edited.parts) yield* this.t.sys.write(fd, part);
    this.t.sys.close(fd);
    const now = files.stat(edited.name).inode;
    if (now instanceof FileNode) {
      now.mode = old.mode;
      now.uid = old.inode.uid;
      now.gid = old.inode.gid;
    }
  }

  private *isLast(): Coroutine<boolean> {
    return (yield* this.readAhead()) === undefined;
  }

  /** Reads the next line into the pattern space. @returns false at the end of the input. */
  private *advance(append = false): Coroutine<boolean> {
    let line = yield* this.readAhead();
    if (!line && this.s.separate && (this.names.length > 0 || this.fileEnded)) line = yield* this.readAhead();
    if (!line) return false;
    this.ahead = undefined;
    this.space = append ? `${this.space}${this.newline}${line.text}` : line.text;
    this.terminated = line.terminated;
    this.lineNumber++;
    return true;
  }

  private get newline(): string {
    return this.s.delimiter === 0 ? '\0' : '\n';
  }

  private *print(text: string, out = this.out, terminated = this.terminated): Coroutine<void> {
    if (this.missingNewline === out) {
      yield* out.write(this.newline);
      this.missingNewline = undefined;
    }
    yield* out.write(terminated ? text + this.newline : text);
    if (!terminated) this.missingNewline = out;
    if (this.s.unbuffered) yield* out.flush();
  }

  private *raw(text: string, out = this.out): Coroutine<void> {
    if (this.missingNewline === out) {
      yield* out.write(this.newline);
      this.missingNewline = undefined;
    }
    yield* out.write(text);
  }

  /** Ends a cycle: automatic print, then what was appended. */
  private *endCycle(print: boolean): Coroutine<void> {
    if (print && !this.s.quiet) yield* this.print(this.space);
    for (const a of this.appends) {
      if ('text' in a) yield* this.raw(a.text);
      else if ('line' in a) yield* this.raw(`${a.line}\n`);
      else {
        try {
          const fd = a.file === '/dev/stdin' ? 0 : yield* this.t.sys.open(a.file, { read: true });
          const text = toText(yield* this.t.sys.readAll(fd));
          if (fd !== 0) this.t.sys.close(fd);
          if (text !== '') yield* this.raw(text);
        } catch (e) {
          if (!isErrno(e)) throw e;
        }
      }
    }
    this.appends = [];
  }

  /** Runs the script on one pattern space. @returns true when sed must end. */
  private *cycle(): Coroutine<boolean> {
    const { commands, t } = this;
    let i = 0;
    this.replaced = false;
    for (;;) {
      yield* t.sys.work();
      const c = commands[i];
      if (!c) {
        yield* this.endCycle(true);
        return false;
      }
      i++;
      if (!(yield* this.selects(c))) {
        if (c.name === '{') i = c.target;
        continue;
      }
      switch (c.name) {
        case '{':
        case ':':
          break;
        case '=':
          yield* this.raw(`${this.lineNumber}\n`);
          break;
        case 'a':
          this.appends.push({ text: c.text });
          break;
        case 'i':
          yield* this.raw(c.text);
          break;
        case 'c':
          // In a range, the text replaces all of it once.
          if (!c.b || c.negated || !c.active) yield* this.raw(c.text);
          yield* this.endCycle(false);
          return false;
        case 'd':
          yield* this.endCycle(false);
          return false;
        case 'D': {
          const at = this.space.indexOf(this.newline);
          if (at < 0) {
            yield* this.endCycle(false);
            return false;
          }
          yield* this.endCycle(false);
          this.space = this.space.slice(at + 1);
          i = 0;
          continue;
        }
        case 'e':
          yield* this.execute(c.text);
          break;
        case 'F':
          yield* this.raw(`${this.currentName}\n`);
          break;
        case 'g':
          this.space = this.hold;
          this.terminated = this.holdTerminated;
          break;
        case 'G':
          this.space += this.newline + this.hold;
          this.terminated = true;
          break;
        case 'h':
          this.hold = this.space;
          this.holdTerminated = this.terminated;
          break;
        case 'H':
          this.hold += this.newline + this.space;
          break;
        case 'x':
          [this.space, this.hold] = [this.hold, this.space];
          [this.terminated, this.holdTerminated] = [this.holdTerminated, this.terminated];
          break;
        case 'l':
          yield* this.raw(this.unambiguous(c.text === '' ? this.s.width : Number(c.text)));
          break;
        case 'n':
          if (yield* this.isLast()) {
            yield* this.endCycle(true);
            return true;
          }
          yield* this.endCycle(true);
          yield* this.advance();
          break;
        case 'N':
          if (yield* this.isLast()) {
            // GNU prints the pattern space when there is no next line.
            yield* this.endCycle(true);
            return !(this.s.separate && this.names.length > 0);
          }
          yield* this.flushAppends();
          yield* this.advance(true);
          break;
        case 'p':
          yield* this.print(this.space);
          break;
        case 'P': {
          const at = this.space.indexOf(this.newline);
          yield* this.print(at < 0 ? this.space : this.space.slice(0, at), this.out, true);
          break;
        }
        case 'q':
          this.status = Number(c.text || 0) || this.status;
          yield* this.endCycle(true);
          this.giveBack();
          return true;
        case 'Q':
          this.status = Number(c.text || 0) || this.status;
          this.giveBack();
          return true;
        case 'r':
          this.appends.push({ file: c.text });
          break;
        case 'R': {
          const line = yield* this.lineOf(c.text);
          if (line !== undefined) this.appends.push({ line });
          break;
        }
        case 'w':
          yield* this.print(this.space, yield* this.sink(c.text), true);
          break;
        case 'W': {
          const at = this.space.indexOf(this.newline);
          yield* this.print(at < 0 ? this.space : this.space.slice(0, at), yield* this.sink(c.text), true);
          break;
        }
        case 's':
          yield* this.substitute(c.sub!);
          break;
        case 'y':
          this.space = [...this.space].map((ch) => c.map!.get(ch) ?? ch).join('');
          break;
        case 'z':
          this.space = '';
          break;
        case 'b':
          i = c.target;
          break;
        case 't':
          if (this.replaced) i = c.target;
          this.replaced = false;
          break;
        case 'T':
          if (!this.replaced) i = c.target;
          this.replaced = false;
          break;
        default:
      }
    }
  }

  private *flushAppends(): Coroutine<void> {
    if (this.appends.length > 0) yield* this.endCycle(false);
  }

  /** What was read too much of a seekable file goes back to the next reader. */
  private giveBack(): void {
    if (!this.reader || this.reader.fd !== 0) return;
    const extra =
      this.reader.unread + (this.ahead ? toBytes(this.ahead.text).length + (this.ahead.terminated ? 1 : 0) : 0);
    try {
      if (extra > 0) this.t.sys.file(0).seek(-extra, 'cur');
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  private *lineOf(file: string): Coroutine<string | undefined> {
    let reader = this.readers.get(file);
    if (reader === undefined) {
      try {
        reader = new LineReader(this.t.sys, yield* this.t.sys.open(file, { read: true }), this.s.delimiter);
      } catch (e) {
        if (!isErrno(e)) throw e;
        reader = null;
      }
      this.readers.set(file, reader);
    }
    return reader ? yield* reader.next() : undefined;
  }

  private *selects(c: Command): Coroutine<boolean> {
    if (!c.a) return !c.negated;
    const hit = c.b ? yield* this.inRange(c) : yield* this.matches(c.a);
    return hit !== c.negated;
  }

  private *inRange(c: Command): Coroutine<boolean> {
    const { a, b } = c as { a: Address; b: Address };
    if (!c.active) {
      const zero = a.kind === 'line' && a.n === 0 && this.lineNumber === 1 && c.until === 0;
      if (zero) {
        c.active = true;
        c.until = -1;
      } else {
        if (!(yield* this.matches(a))) return false;
        c.active = true;
        if (b.kind === 'line') {
          if (b.n <= this.lineNumber) c.active = false;
        } else if (b.kind === 'plus') {
          c.until = this.lineNumber + b.n;
          if (b.n === 0) c.active = false;
        } else if (b.kind === 'multiple') {
          c.until = b.n <= 0 ? this.lineNumber : Math.ceil(this.lineNumber / b.n) * b.n;
          if (c.until <= this.lineNumber) c.active = false;
        } else if (b.kind === 'last' && (yield* this.isLast())) c.active = false;
        return true;
      }
    }
    switch (b.kind) {
      case 'line':
        if (this.lineNumber >= b.n) c.active = false;
        return this.lineNumber <= b.n;
      case 'plus':
      case 'multiple':
        if (this.lineNumber >= c.until) c.active = false;
        return true;
      default:
        if (yield* this.matches(b)) c.active = false;
        return true;
    }
  }

  private *matches(a: Address): Coroutine<boolean> {
    switch (a.kind) {
      case 'line':
        return this.lineNumber === a.n;
      case 'last':
        return yield* this.isLast();
      case 'step':
        return a.step <= 0
          ? this.lineNumber === a.first
          : this.lineNumber >= a.first && (this.lineNumber - a.first) % a.step === 0;
      case 'regex':
        return this.regex(a.re).test(this.space);
      default:
        return false;
    }
  }

  private regex(re: Regex | null): Regex {
    const r = re ?? this.lastRegex;
    if (!r) throw new Fail('no previous regular expression');
    this.lastRegex = r;
    return r;
  }

  private *substitute(s: Substitution): Coroutine<void> {
    const re = this.regex(s.re);
    let out = '';
    let at = 0;
    let from = 0;
    let count = 0;
    let done = false;
    const { space } = this;
    while (from <= space.length) {
      const m = re.exec(space, from);
      if (!m) break;
      // An empty match right behind the last match does not count.
      if (m.end === m.index && m.index === at && count > 0 && from === at && at > 0 && this.lastEnd === m.index) {
        if (m.index >= space.length) break;
        out += space.slice(at, at + 1);
        at++;
        from = at;
        continue;
      }
      count++;
      this.lastEnd = m.end;
      out += space.slice(at, m.index);
      if (count >= s.number && (s.global || count === s.number)) {
        out += expand(s, m);
        done = true;
      } else out += m.groups[0]!;
      at = m.end;
      if (done && !s.global) break;
      if (m.end === m.index) {
        if (m.index >= space.length) break;
        out += space.slice(at, at + 1);
        at++;
      }
      from = at;
      yield* this.t.sys.work();
    }
    this.lastEnd = -1;
    if (!done) return;
    this.space = out + space.slice(at);
    this.replaced = true;
    if (s.evaluate) yield* this.execute(undefined);
    if (s.print) yield* this.print(this.space);
    if (s.file !== undefined) yield* this.print(this.space, yield* this.sink(s.file), true);
  }

  private lastEnd = -1;

  /** e: runs a command before the output, or the pattern space as one. */
  private *execute(command: string | undefined): Coroutine<void> {
    const { sys } = this.t;
    const text = command === undefined || command === '' ? this.space : command;
    const [r, w] = sys.pipe();
    yield* this.out.flush();
    const child = sys.fork(function* (c) {
      c.close(r);
      c.dup2(w, 1);
      c.close(w);
      return yield* c.exec('/bin/sh', ['sh', '-c', text]);
    });
    sys.close(w);
    const output = toText(yield* sys.readAll(r));
    sys.close(r);
    yield* sys.waitpid(child.pid);
    if (command === undefined || command === '') this.space = output.replace(/\n$/, '');
    else yield* this.raw(output);
  }

  private unambiguous(width: number): string {
    let out = '';
    let column = 0;
    const put = (piece: string): void => {
      if (width > 1 && column + piece.length > width - 1) {
        out += '\\\n';
        column = 0;
      }
      out += piece;
      column += piece.length;
    };
    const named: Record<string, string> = {
      '\\': '\\\\',
      '\x07': '\\a',
      '\b': '\\b',
      '\f': '\\f',
      '\n': '\\n',
      '\r': '\\r',
      '\t': '\\t',
      '\v': '\\v',
    };
    for (const ch of this.space) {
      if (named[ch]) put(named[ch]);
      else if (ch >= ' ' && ch <= '~') put(ch);
      else for (const byte of toBytes(ch)) put(`\\${byte.toString(8).padStart(3, '0')}`);
    }
    return `${out}$\n`;
  }
}

/** Output of -i: collected until the file is replaced. */
class Collector extends Output {
  constructor(
    t: Tool,
    private readonly into: Uint8Array[],
  ) {
    super(t.sys, -1, false);
  }

  override *write(data: string | Uint8Array): Coroutine<void> {
    this.into.push(typeof data === 'string' ? toBytes(data) : data);
  }
}

/** The replacement of one match, with \\L \\U \\l \\u \\E. */
function expand(s: Substitution, m: RegexMatch): string {
  let out = '';
  let mode: 'L' | 'U' | '' = '';
  let once: 'l' | 'u' | '' = '';
  for (const p of s.pieces) {
    if ('fold' in p) {
      if (p.fold === 'l' || p.fold === 'u') once = p.fold;
      else mode = p.fold === 'E' ? '' : p.fold;
      if (p.fold === 'E') once = '';
      continue;
    }
    let text = 'text' in p ? p.text : (m.groups[p.group] ?? '');
    if (text === '') continue;
    if (mode === 'L') text = text.toLowerCase();
    else if (mode === 'U') text = text.toUpperCase();
    if (once !== '') {
      const first = String.fromCodePoint(text.codePointAt(0)!);
      text = (once === 'l' ? first.toLowerCase() : first.toUpperCase()) + text.slice(first.length);
      once = '';
    }
    out += text;
  }
  return out;
}
