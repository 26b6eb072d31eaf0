import type { Coroutine } from '../../core';
import { concat } from '../../core';
import { isErrno } from '../../core';
import { LineReader } from '../lib/lines';
import { parseSize } from '../lib/format';
import { quoteShell } from '../lib/quote';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';

/** head(1). */
export const head = tool({
  name: 'head',
  summary: 'output the first part of files',
  help: `[OPTION]... [FILE]...
Print the first 10 lines of each FILE. With more than one FILE, a header gives each name.

  -c, --bytes=[-]NUM       the first NUM bytes; with a leading -, all but the last NUM
  -n, --lines=[-]NUM       the first NUM lines instead of 10; with a leading -, all but the last NUM
  -q, --quiet, --silent    never print headers
  -v, --verbose            always print headers
  -z, --zero-terminated    lines end with NUL, not newline
NUM may have a suffix: b 512, kB 1000, K 1024, MB, M and so on.
`,
  *run(t) {
    // The old form: head -5.
    const argv = t.argv.map((a, i) =>
      i === 1 ? a.replace(/^-(\d+)([ckqv]*)$/, (_m, n: string, l: string) => `-${l.includes('c') ? 'c' : 'n'}${n}`) : a,
    );
    const { options, operands } = t.getopt(
      'c:n:qvz',
      ['bytes:=c', 'lines:=n', 'quiet=q', 'silent=q', 'verbose=v', 'zero-terminated=z'],
      argv,
    );
    let bytes = false;
    let from = 10;
    let allBut = false;
    let header = operands.length > 1;
    let delimiter = 10;
    for (const o of options) {
      if (o.name === 'c' || o.name === 'n') {
        bytes = o.name === 'c';
        allBut = o.arg!.startsWith('-');
        const n = parseSize(allBut ? o.arg!.slice(1) : o.arg!);
        if (n === undefined) throw new Fail(`invalid number of ${bytes ? 'bytes' : 'lines'}: ${t.q(o.arg!)}`);
        from = n;
      } else if (o.name === 'q') header = false;
      else if (o.name === 'v') header = true;
      else delimiter = 0;
    }
    let first = true;
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name, (n) => `cannot open ${quoteShell(n)} for reading`);
      if (fd === undefined) continue;
      if (header) yield* t.out.write(`${first ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
      first = false;
      try {
        if (bytes) yield* allBut ? allButBytes(t, fd, from) : firstBytes(t, fd, from);
        else yield* allBut ? allButLines(t, fd, from, delimiter) : firstLines(t, fd, from, delimiter);
      } catch (e) {
        if (isErrno(e, 'EISDIR')) yield* t.complain(`error reading ${quoteShell(name)}: ${e.message}`);
        else throw e;
      } finally {
        t.close(fd);
      }
    }
    return 0;
  },
});

function* firstBytes(t: Tool, fd: number, n: number): Coroutine<void> {
  let left = n;
  while (left > 0) {
    const data = yield* t.sys.read(fd, Math.min(left, 8192));
    if (data.length === 0) return;
    yield* t.out.write(data);
    left -= data.length;
  }
}

function* firstLines(t: Tool, fd: number, n: number, delimiter: number): Coroutine<void> {
  let left = n;
  while (left > 0) {
    const data = yield* t.sys.read(fd, 8192);
    if (data.length === 0) return;
    let end = 0;
    while (left > 0) {
      const i = data.indexOf(delimiter, end);
      if (i < 0) {
        end = data.length;
        break;
      }
      end = i + 1;
      left--;
    }
    yield* t.out.write(data.slice(0, end));
    // What was read too much goes back, so that a second reader of the same file sees it.
    if (end < data.length) giveBack(t, fd, data.length - end);
  }
}

function giveBack(t: Tool, fd: number, n: number): void {
  try {
    t.sys.file(fd).seek(-n, 'cur');
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
}

function* allButBytes(t: Tool, fd: number, n: number): Coroutine<void> {
  let held = new Uint8Array(0);
  for (;;) {
    const data = yield* t.sys.read(fd, 8192);
    if (data.length === 0) return;
    held = new Uint8Array(concat([held, data]));
    if (held.length > n) {
      yield* t.out.write(held.slice(0, held.length - n));
      held = held.slice(held.length - n);
    }
  }
}

function* allButLines(t: Tool, fd: number, n: number, delimiter: number): Coroutine<void> {
  const reader = new LineReader(t.sys, fd, delimiter);
  const held: Uint8Array[] = [];
  for (;;) {
    const line = yield* reader.nextBytes();
    if (!line) return;
    held.push(reader.terminated ? concat([line, Uint8Array.of(delimiter)]) : line);
    if (held.length > n) yield* t.out.write(held.shift()!.slice());
  }
}
