/** Content on its way into a file or to standard output (http.c, retr.c). */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import { why } from '../../network/common';
import type { BodyReader } from './body';
import type { Log } from './log';
import type { WgetOptions } from './options';
import { Bar, Dots, rate } from './progress';
import type { Url } from './url';

/** Where -O, or the URL's own name with -P, puts the contents of one run. */
export class Download {
  private out: number | undefined;

  constructor(
    private readonly sys: Sys,
    private readonly o: WgetOptions,
    private readonly log: Log,
  ) {}

  /** -O FILE: opens it. @returns false when that fails; it is said why */
  *open(): Coroutine<boolean> {
    const { sys, o } = this;
    if (o.output === undefined || o.output === '-' || this.out !== undefined) return true;
    try {
      this.out = yield* sys.open(
        o.output,
        o.continue ? { write: true, create: true, append: true } : { write: true, create: true, truncate: true },
      );
      return true;
    } catch (e) {
      yield* sys.eprint(`${o.output}: ${why(e)}\n`);
      return false;
    }
  }

  close(): void {
    if (this.out !== undefined) this.sys.close(this.out);
    this.out = undefined;
  }

  /** Bytes that an earlier run brought: where -c goes on. */
  get present(): number {
    try {
      return this.o.output === undefined || this.o.output === '-' ? 0 : this.sys.files.stat(this.o.output).size;
    } catch {
      return 0;
    }
  }

  /** Reads the body and writes it. @returns the exit status: `status` unless writing or reading fails */
  *store(url: Url, body: BodyReader, status: number): Coroutine<number> {
    const { sys, o, log } = this;
    const toStdout = o.output === '-';
    let name = o.output ?? fileName(url);
    let fd = toStdout ? 1 : this.out;
    if (fd === undefined) {
      if (o.prefix !== undefined) {
        if (!sys.files.exists(o.prefix)) sys.files.mkdir(o.prefix);
        name = `${o.prefix.replace(/\/$/, '')}/${name}`;
      }
      if (sys.files.exists(name)) {
        if (!o.clobber) {
          yield* log.say(`File ‘${name}’ already there; not retrieving.\n\n`);
          return 0;
        }
        let n = 1;
        while (sys.files.exists(`${name}.${n}`)) n++;
        name = `${name}.${n}`;
      }
      try {
        fd = yield* sys.open(name, { write: true, create: true, truncate: true });
      } catch (e) {
        yield* sys.eprint(`${name}: ${why(e)}\n\nCannot write to ‘${name}’ (${why(e)}).\n`);
        return 3;
      }
    }
    yield* log.say(`Saving to: ‘${toStdout ? 'STDOUT' : name}’\n`);
    const { got, took, failed } = yield* this.receive(body, fd, name);
    if (!toStdout && fd !== this.out) sys.close(fd);
    body.finish();
    const speed = rate(got, took);
    if (failed || (body.length !== undefined && got < body.length)) {
      yield* log.say(`${log.stamp} (${speed}) - Connection closed at byte ${got}. `);
      return 4;
    }
    const sizes = body.length === undefined ? `[${got}]` : `[${got}/${body.length}]`;
    if (o.brief && !o.quiet) yield* sys.eprint(`${log.stamp} URL:${url.text} ${sizes} -> "${name}" [1]\n`);
    else yield* log.say(`${log.stamp} (${speed}) - ${toStdout ? 'written to stdout' : `‘${name}’ saved`} ${sizes}\n\n`);
    return status;
  }

  /** Copies the body and shows how far it is. @returns bytes, and microseconds */
  private *receive(
    body: BodyReader,
    fd: number,
    name: string,
  ): Coroutine<{ got: number; took: number; failed: boolean }> {
    const { sys, o, log } = this;
    const bar = o.bar ?? sys.isatty(2);
    const progress = bar ? new Bar(name, body.length) : new Dots(body.length);
    // Dots begin behind the first part of what goes to the same terminal.
    let waiting = o.output === '-' && !bar;
    if (o.output !== '-') yield* log.say('\n');
    const from = sys.now;
    if (!waiting) yield* log.say(progress.start());
    let got = 0;
    let failed = false;
    for (;;) {
      let part: Uint8Array | undefined;
      try {
        part = yield* body.next();
      } catch (e) {
        if (!isErrno(e) || e.code === 'EINTR') throw e;
        failed = true;
      }
      if (part === undefined) break;
      yield* sys.write(fd, part);
      got += part.length;
      if (waiting) yield* log.say('\n' + progress.start());
      waiting = false;
      yield* log.say(progress.add(part.length, Math.max(1, sys.now - from)));
    }
    const took = Math.max(1, sys.now - from);
    if (waiting) yield* log.say('\n' + progress.start());
    yield* log.say(progress.end(took));
    return { got, took, failed };
  }
}

/** The last part of the path, with the query. */
function fileName({ path }: Url): string {
  const [before = '', query] = path.split('?');
  return `${before.replace(/^.*\//, '') || 'index.html'}${query === undefined ? '' : `?${query}`}`;
}
