import type { Coroutine, WaitQueue } from '../../core';
import { concat, isErrno } from '../../core';
import { FileNode } from '../../host';
import { parseSize } from '../lib/format';
import { LineReader } from '../lib/lines';
import { quoteShell } from '../lib/quote';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';

interface Followed {
  readonly name: string;
  fd: number | undefined;
  inode: FileNode | undefined;
}

interface Settings {
  bytes: boolean;
  /** Start with line or byte `count` instead of the last ones. */
  fromStart: boolean;
  count: number;
  delimiter: number;
}

/** How often a followed name is looked at again, microseconds (the -s option). */
const DEFAULT_INTERVAL = 1_000_000;

/** tail(1). */
export const tail = tool({
  name: 'tail',
  summary: 'output the last part of files',
  help: `[OPTION]... [FILE]...
Print the last 10 lines of each FILE. With more than one FILE, a header gives each name.

  -c, --bytes=[+]NUM       the last NUM bytes; with a leading +, from byte NUM on
  -f, --follow[={name|descriptor}]
                           go on printing as the file grows
  -F                       same as --follow=name --retry
  -n, --lines=[+]NUM       the last NUM lines instead of 10; with a leading +, from line NUM on
      --pid=PID            with -f, end after process PID has ended
  -q, --quiet, --silent    never print headers
      --retry              keep trying to open a file that is not there
  -s, --sleep-interval=N   with -f, seconds between looks
  -v, --verbose            always print headers
  -z, --zero-terminated    lines end with NUL, not newline
`,
  *run(t) {
    const argv = t.argv.map((a, i) =>
      i === 1
        ? a.replace(/^([-+])(\d+)([cbl]?)(f?)$/, (_m, sign: string, n: string, unit: string, f: string) => {
            return `-${f}${unit === 'c' ? 'c' : 'n'}${sign === '+' ? '+' : ''}${n}`;
          })
        : a,
    );
    const { options, operands } = t.getopt(
      'c:fFn:qs:vz',
      [
        'bytes:=c',
        'follow::',
        'lines:=n',
        'pid:',
        'quiet=q',
        'silent=q',
        'retry',
        'sleep-interval:=s',
        'verbose=v',
        'zero-terminated=z',
      ],
      argv,
    );
    const s: Settings = { bytes: false, fromStart: false, count: 10, delimiter: 10 };
    let follow: 'no' | 'descriptor' | 'name' = 'no';
    let retry = false;
    let header = operands.length > 1;
    let interval = DEFAULT_INTERVAL;
    let pid = 0;
    for (const o of options) {
      switch (o.name) {
        case 'c':
        case 'n': {
          s.bytes = o.name === 'c';
          s.fromStart = o.arg!.startsWith('+');
          const n = parseSize(o.arg!.replace(/^[-+]/, ''));
          if (n === undefined) throw new Fail(`invalid number of ${s.bytes ? 'bytes' : 'lines'}: ${t.q(o.arg!)}`);
          s.count = n;
          break;
        }
        case 'f':
          follow = 'descriptor';
          break;
        case 'follow':
          follow = o.arg === 'name' ? 'name' : 'descriptor';
          break;
        case 'F':
          follow = 'name';
          retry = true;
          break;
        case 'q':
          header = false;
          break;
        case 'v':
          header = true;
          break;
        case 'z':
          s.delimiter = 0;
          break;
        case 'retry':
          retry = true;
          break;
        case 's':
          interval = Number(o.arg) * 1e6;
          if (!(interval >= 0)) throw new Fail(`invalid number of seconds: ${t.q(o.arg!)}`);
          break;
        case 'pid':
          pid = Number(o.arg);
          if (!Number.isInteger(pid)) throw new Fail(`invalid PID: ${t.q(o.arg!)}`);
          break;
        default:
      }
    }
    const followed: Followed[] = [];
    let shown: string | undefined;
    const title = function* (name: string, again = true): Coroutine<void> {
      if (!header || (again && shown === name)) return;
      yield* t.out.write(`${shown === undefined ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
      shown = name;
    };
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name, (n) => `cannot open ${quoteShell(n)} for reading`);
      if (fd === undefined) {
        if (follow !== 'no' && retry) followed.push({ name, fd, inode: undefined });
        continue;
      }
      yield* title(name, false);
      try {
        yield* last(t, fd, s);
      } catch (e) {
        if (!isErrno(e, 'EISDIR')) throw e;
        yield* t.complain(`error reading ${quoteShell(name)}: ${e.message}`);
        if (follow !== 'no')
          yield* t.complain(`${name}: cannot follow end of this type of file; giving up on this name`);
        t.close(fd);
        continue;
      }
      // A pipe has no more to give after its end.
      if (follow !== 'no' && isFollowable(t, fd))
        followed.push({ name, fd, inode: name === '-' ? undefined : inodeOf(t, name) });
      else t.close(fd);
    }
    if (follow === 'no') return 0;
    if (followed.length === 0) {
      if (t.status !== 0) yield* t.warn('no files remaining');
      return t.status;
    }
    return yield* followFiles(t, followed, { byName: follow === 'name', retry, interval, pid, title });
  },
});

function isFollowable(t: Tool, fd: number): boolean {
  try {
    t.sys.file(fd).seek(0, 'cur');
    return true;
  } catch {
    return false;
  }
}

function inodeOf(t: Tool, name: string): FileNode | undefined {
  try {
    const { inode } = t.sys.files.stat(name);
    return inode instanceof FileNode ? inode : undefined;
  } catch {
    return undefined;
  }
}

/** Prints the part of a file that the options ask for, and leaves the position at its end. */
function* last(t: Tool, fd: number, s: Settings): Coroutine<void> {
  if (s.fromStart) {
    let skip = Math.max(0, s.count - 1);
    for (;;) {
      let data = yield* t.sys.read(fd, 8192);
      if (data.length === 0) return;
      if (s.bytes) {
        const n = Math.min(skip, data.length);
        skip -= n;
        data = data.subarray(n);
      } else {
        while (skip > 0 && data.length > 0) {
          const i = data.indexOf(s.delimiter);
          data = i < 0 ? data.subarray(data.length) : data.subarray(i + 1);
          if (i >= 0) skip--;
        }
      }
      if (data.length > 0) yield* t.out.write(data.slice());
    }
  }
  if (s.bytes) {
    let held = new Uint8Array(0);
    for (;;) {
      const data = yield* t.sys.read(fd);
      if (data.length === 0) break;
      held = new Uint8Array(concat([held, data]));
      if (held.length > s.count) held = held.slice(held.length - s.count);
    }
    yield* t.out.write(s.count === 0 ? held.slice(held.length) : held);
    return;
  }
  const reader = new LineReader(t.sys, fd, s.delimiter);
  let held: Uint8Array[] = [];
  for (;;) {
    const line = yield* reader.nextBytes();
    if (!line) break;
    held.push(reader.terminated ? concat([line, Uint8Array.of(s.delimiter)]) : line);
    if (held.length > 2 * s.count + 100) held = held.slice(held.length - s.count);
  }
  if (s.count > 0) for (const line of held.slice(-s.count)) yield* t.out.write(line);
}

function* followFiles(
  t: Tool,
  files: Followed[],
  o: { byName: boolean; retry: boolean; interval: number; pid: number; title: (name: string) => Coroutine<void> },
): Coroutine<number> {
  const { sys } = t;
  let live = files;
  for (;;) {
    yield* sys.work();
    for (const f of live) {
      if (o.byName) yield* reopen(t, f, o.retry);
      if (f.fd === undefined) continue;
      const file = sys.file(f.fd);
      if (f.inode) {
        const at = file.seek(0, 'cur');
        if (f.inode.size < at) {
          yield* t.warn(`${f.name}: file truncated`);
          file.seek(0, 'set');
        }
      }
      for (;;) {
        const data = yield* sys.read(f.fd);
        if (data.length === 0) break;
        yield* o.title(f.name);
        yield* t.out.write(data);
      }
    }
    yield* t.out.flush();
    live = live.filter((f) => f.fd !== undefined || o.retry);
    if (live.length === 0) {
      yield* t.warn('no files remaining');
      return 1;
    }
    if (o.pid > 0 && !sys.proc.ns.pid.processes.get(o.pid)?.alive) return t.status;
    // Waits for a change of the files or for its reader to go away.
    const queues: WaitQueue[] = live.flatMap((f) => (f.fd === undefined ? [] : [...sys.file(f.fd).waitQueues]));
    const output = sys.file(1);
    if (output.poll().hangup) {
      sys.brokenPipe();
      yield null;
      return 1;
    }
    const polled = o.byName || o.pid > 0 || queues.length === 0;
    yield* sys.wait([...queues, ...output.waitQueues], polled ? sys.now + o.interval : undefined);
  }
}

/** Follows a name to another file (log rotation). */
function* reopen(t: Tool, f: Followed, retry: boolean): Coroutine<void> {
  const now = inodeOf(t, f.name);
  if (now === f.inode) return;
  if (!now) {
    if (f.fd !== undefined) {
      yield* t.warn(`${quoteShell(f.name)} has become inaccessible: No such file or directory`);
      t.sys.close(f.fd);
      f.fd = undefined;
      f.inode = undefined;
      if (!retry) t.status = 1;
    }
    return;
  }
  const had = f.fd !== undefined;
  if (f.fd !== undefined) t.sys.close(f.fd);
  f.fd = yield* t.sys.open(f.name, { read: true });
  f.inode = now;
  yield* t.warn(
    had
      ? `${quoteShell(f.name)} has been replaced;  following new file`
      : `${quoteShell(f.name)} has appeared;  following new file`,
  );
}
