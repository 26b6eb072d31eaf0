/** Input and output of a running awk program: records, files, pipes. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { shellStatus } from '../../host';
import type { Process } from '../../host';
import type { Regex } from '../lib/regex';
import { Output } from '../lib/output';
import { fromBinary, toBinary } from '../lib/text';
import type { Tool } from '../lib/tool';

/** How records are separated. */
export type RecordSeparator =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'paragraph' }
  | { readonly kind: 'regex'; readonly re: Regex };

/** Reads records from a descriptor; text is one character a byte. */
export class RecordReader {
  private buffer = '';
  private at = 0;
  private ended = false;

  constructor(
    private readonly t: Tool,
    readonly fd: number,
  ) {}

  private *fill(): Coroutine<boolean> {
    if (this.ended) return false;
    const data = yield* this.t.sys.read(this.fd);
    if (data.length === 0) {
      this.ended = true;
      return false;
    }
    this.buffer = this.buffer.slice(this.at) + toBinary(data);
    this.at = 0;
    return true;
  }

  /** The next record; undefined at the end. */
  *next(rs: RecordSeparator): Coroutine<string | undefined> {
    yield* this.t.sys.work();
    if (rs.kind === 'paragraph') {
      for (;;) {
        while (this.buffer[this.at] === '\n') this.at++;
        if (this.at < this.buffer.length || !(yield* this.fill())) break;
      }
    }
    for (;;) {
      let start = -1;
      let end = -1;
      if (rs.kind === 'char') {
        start = this.buffer.indexOf(rs.char, this.at);
        end = start + 1;
      } else if (rs.kind === 'paragraph') {
        start = this.buffer.indexOf('\n\n', this.at);
        end = start + 2;
        while (start >= 0 && this.buffer[end] === '\n') end++;
        if (start >= 0 && end >= this.buffer.length && (yield* this.fill())) continue;
      } else {
        const m = rs.re.exec(this.buffer, this.at);
        if (m && m.end > m.index && (m.end < this.buffer.length || this.ended)) {
          start = m.index;
          end = m.end;
        }
      }
      if (start >= 0) {
        const record = this.buffer.slice(this.at, start);
        this.at = end;
        return record;
      }
      if (yield* this.fill()) continue;
      if (this.at >= this.buffer.length) return undefined;
      let rest = this.buffer.slice(this.at);
      this.buffer = '';
      this.at = 0;
      if (rs.kind !== 'char' && rest.endsWith('\n')) rest = rest.slice(0, -1);
      return rest;
    }
  }
}

interface Stream {
  readonly out?: Output;
  readonly reader?: RecordReader;
  readonly fd: number;
  readonly child?: Process;
}

/** Files and pipes by the text the program gave them. */
export class Streams {
  private readonly open = new Map<string, Stream>();
  readonly stdout: Output;

  constructor(private readonly t: Tool) {
    this.stdout = new Output(t.sys, 1);
  }

  /** The stream that print writes to. @throws Errno when the file cannot be opened */
  *output(kind: '>' | '>>' | '|', target: string): Coroutine<Output> {
    if (kind !== '|' && (target === '/dev/stdout' || target === '-')) return this.stdout;
    const old = this.open.get(target);
    if (old?.out) return old.out;
    const { sys } = this.t;
    if (kind !== '|') {
      const fd =
        target === '/dev/stderr'
          ? 2
          : yield* sys.open(target, {
              write: true,
              create: true,
              truncate: kind === '>',
              append: kind === '>>',
              cloexec: true,
            });
      const out = new Output(sys, fd, fd === 2 || undefined);
      this.open.set(target, { out, fd });
      return out;
    }
    yield* this.flush();
    const [r, w] = sys.pipe();
    const child = this.shell(target, (c) => {
      c.dup2(r, 0);
      c.close(r);
      c.close(w);
    });
    sys.close(r);
    const out = new Output(sys, w, false);
    this.open.set(target, { out, fd: w, child });
    return out;
  }

  /** The reader of a file or of a command's output; undefined when the file cannot be opened. */
  *input(from: 'file' | 'command', source: string): Coroutine<RecordReader | undefined> {
    const old = this.open.get(source);
    if (old?.reader) return old.reader;
    const { sys } = this.t;
    if (from === 'file') {
      let fd = 0;
      if (source !== '-' && source !== '/dev/stdin') {
        try {
          fd = yield* sys.open(source, { read: true, cloexec: true });
        } catch (e) {
          if (!isErrno(e)) throw e;
          return undefined;
        }
      }
      const reader = new RecordReader(this.t, fd);
      this.open.set(source, { reader, fd });
      return reader;
    }
    yield* this.flush();
    const [r, w] = sys.pipe();
    const child = this.shell(source, (c) => {
      c.dup2(w, 1);
      c.close(r);
      c.close(w);
    });
    sys.close(w);
    const reader = new RecordReader(this.t, r);
    this.open.set(source, { reader, fd: r, child });
    return reader;
  }

  private shell(command: string, prepare: (c: Tool['sys']) => void): Process {
    const others = [...this.open.values()].filter((s) => s.child).map((s) => s.fd);
    return this.t.sys.fork(
      function* (c) {
        prepare(c);
        // A pipe to another command must not stay open here, or that command would wait for its end.
        for (const fd of others) if (c.proc.fds.has(fd) && fd > 2) c.close(fd);
        return yield* c.exec('/bin/sh', ['sh', '-c', decodeBinary(command)]);
      },
      { argv: ['sh', '-c', decodeBinary(command)] },
    );
  }

  /** system(): runs a command with the program's own streams. @returns its exit status */
  *system(command: string): Coroutine<number> {
    yield* this.flush();
    const { sys } = this.t;
    const child = this.shell(command, () => undefined);
    const done = yield* sys.waitpid(child.pidIn(sys.proc.ns.pid));
    return done ? shellStatus(done.status) : -1;
  }

  /** close(). @returns the exit status of a command, 0 for a file, -1 when it is not open */
  *close(name: string): Coroutine<number> {
    const s = this.open.get(name);
    if (!s) return -1;
    this.open.delete(name);
    const { sys } = this.t;
    if (s.out) yield* s.out.flush();
    if (s.fd > 2) sys.close(s.fd);
    if (!s.child) return 0;
    const done = yield* sys.waitpid(s.child.pidIn(sys.proc.ns.pid));
    return done ? shellStatus(done.status) : -1;
  }

  /** Writes what is buffered, everywhere or for one name. @returns false when the name is not open for output */
  *flush(name?: string): Coroutine<boolean> {
    if (name !== undefined && name !== '/dev/stdout') {
      const s = this.open.get(name);
      if (!s?.out) return false;
      yield* s.out.flush();
      return true;
    }
    yield* this.stdout.flush();
    if (name === undefined) for (const s of this.open.values()) if (s.out) yield* s.out.flush();
    return true;
  }

  /** Ends everything: output is flushed, commands are waited for. */
  *closeAll(): Coroutine<void> {
    yield* this.stdout.flush();
    for (const name of [...this.open.keys()]) yield* this.close(name);
  }
}

/** Text of a byte string, for command lines and file names. */
export function decodeBinary(text: string): string {
  return new TextDecoder().decode(fromBinary(text));
}
