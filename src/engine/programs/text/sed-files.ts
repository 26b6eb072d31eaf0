/** sed's input and output files: one line read ahead, -i, w, r and R (sed/execute.c). */
import { isErrno } from '../../core';
import type { Coroutine } from '../../core';
import { FileNode } from '../../host';
import { LineReader } from '../lib/lines';
import { Output } from '../lib/output';
import type { Regex } from '../lib/regex';
import { toBytes, toText } from '../lib/text';
import { Fail } from '../lib/tool';
import type { Tool } from '../lib/tool';
import type { Command } from './sed-parse';

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

/** Lines from the input files, one read ahead, and where output goes. */
export abstract class SedFiles {
  protected space = '';
  protected hold = '';
  protected holdTerminated = true;
  protected lineNumber = 0;
  protected terminated = true;
  protected replaced = false;
  protected lastRegex: Regex | null = null;
  protected appends: ({ text: string } | { file: string } | { line: string })[] = [];
  protected readonly outputs = new Map<string, Output>();
  private readonly readers = new Map<string, LineReader | null>();
  protected out: Output;
  protected status = 0;
  protected names: string[] = [];
  private reader: LineReader | undefined;
  protected currentName = '-';
  private ahead: Line | undefined;
  private missingNewline: Output | undefined;

  constructor(
    protected readonly t: Tool,
    protected readonly commands: Command[],
    protected readonly s: Settings,
  ) {
    this.out = new Output(t.sys, 1, s.unbuffered || undefined);
  }

  protected *sink(file: string): Coroutine<Output> {
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
            ? `read error on ${name}: Is a directory`
            : `couldn't edit ${name}: not a regular file`,
        );
        this.status = 4;
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
  protected *closeInPlace(): Coroutine<void> {
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

  protected *isLast(): Coroutine<boolean> {
    return (yield* this.readAhead()) === undefined;
  }

  /** Reads the next line into the pattern space. @returns false at the end of the input. */
  protected *advance(append = false): Coroutine<boolean> {
    let line = yield* this.readAhead();
    if (!line && this.s.separate && (this.names.length > 0 || this.fileEnded)) line = yield* this.readAhead();
    if (!line) return false;
    this.ahead = undefined;
    this.space = append ? `${this.space}${this.newline}${line.text}` : line.text;
    this.terminated = line.terminated;
    this.lineNumber++;
    return true;
  }

  protected get newline(): string {
    return this.s.delimiter === 0 ? '\0' : '\n';
  }

  protected *print(text: string, out = this.out, terminated = this.terminated): Coroutine<void> {
    if (this.missingNewline === out) {
      yield* out.write(this.newline);
      this.missingNewline = undefined;
    }
    yield* out.write(terminated ? text + this.newline : text);
    if (!terminated) this.missingNewline = out;
    if (this.s.unbuffered) yield* out.flush();
  }

  protected *raw(text: string, out = this.out): Coroutine<void> {
    if (this.missingNewline === out) {
      yield* out.write(this.newline);
      this.missingNewline = undefined;
    }
    yield* out.write(text);
  }

  /** Ends a cycle: automatic print, then what was appended. */
  protected *endCycle(print: boolean): Coroutine<void> {
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

  protected *flushAppends(): Coroutine<void> {
    if (this.appends.length > 0) yield* this.endCycle(false);
  }

  /** What was read too much of a seekable file goes back to the next reader. */
  protected giveBack(): void {
    if (!this.reader || this.reader.fd !== 0) return;
    const extra =
      this.reader.unread + (this.ahead ? toBytes(this.ahead.text).length + (this.ahead.terminated ? 1 : 0) : 0);
    try {
      if (extra > 0) this.t.sys.file(0).seek(-extra, 'cur');
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  protected *lineOf(file: string): Coroutine<string | undefined> {
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
  protected lastEnd = -1;
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
