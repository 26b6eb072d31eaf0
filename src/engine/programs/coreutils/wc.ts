import type { Coroutine } from '../../core';
import { sequenceLength, charWidth, toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';

type Counts = { l: number; w: number; m: number; c: number; L: number };

/** wc(1). */
export const wc = tool({
  name: 'wc',
  summary: 'print newline, word, and byte counts for each file',
  help: `[OPTION]... [FILE]...
  or:  wc [OPTION]... --files0-from=F
Print newline, word and byte counts of each FILE, and a total line for more than one.

  -c, --bytes              bytes
  -m, --chars              characters
  -l, --lines              newlines
      --files0-from=F      read NUL-terminated names from file F
  -L, --max-line-length    the widest line
  -w, --words              words
`,
  *run(t) {
    const { options, operands } = t.getopt('clLmw', [
      'bytes=c',
      'chars=m',
      'lines=l',
      'files0-from:',
      'max-line-length=L',
      'words=w',
    ]);
    let names = [...operands];
    const from = options.find((o) => o.name === 'files0-from')?.arg;
    if (from !== undefined) {
      if (names.length > 0) throw new Fail('file operands cannot be combined with --files0-from');
      const fd = yield* t.open(from, (n) => `cannot open ${t.qf(n)} for reading`);
      if (fd === undefined) return 1;
      names = toText(yield* t.sys.readAll(fd))
        .split('\0')
        .filter((n) => n !== '');
    }
    const asked = new Set(options.map((o) => o.name));
    const columns = (['l', 'w', 'm', 'c', 'L'] as const).filter(
      (c) => asked.has(c) || (![...'lwmcL'].some((x) => asked.has(x)) && 'lwc'.includes(c)),
    );
    const total: Counts = { l: 0, w: 0, m: 0, c: 0, L: 0 };
    const fromStdin = operands.length === 0 && from === undefined;
    const list = fromStdin ? ['-'] : names;
    const width = columns.length === 1 && list.length === 1 ? 1 : columnWidth(t, list, fromStdin);
    const row = (c: Counts, name: string): string =>
      columns.map((k) => String(c[k]).padStart(width)).join(' ') + (name === '' ? '\n' : ` ${name}\n`);
    for (const name of list) {
      const fd = yield* t.open(name);
      if (fd === undefined) continue;
      const counts: Counts = { l: 0, w: 0, m: 0, c: 0, L: 0 };
      try {
        yield* count(t, fd, counts, columns);
      } catch (e) {
        yield* t.complainErrno(name, e);
      } finally {
        t.close(fd);
      }
      for (const k of ['l', 'w', 'm', 'c'] as const) total[k] += counts[k];
      total.L = Math.max(total.L, counts.L);
      yield* t.out.write(row(counts, fromStdin ? '' : name));
    }
    if (list.length > 1) yield* t.out.write(row(total, 'total'));
    return 0;
  },
});

/** Digits of the sum of the sizes; 7 when one of the files has no size. */
function columnWidth(t: Tool, names: readonly string[], stdin: boolean): number {
  let sum = 0;
  let minimum = 1;
  for (const name of names) {
    if (name === '-' || stdin) {
      const file = t.sys.file(0) as { inode?: { type: string; size: number } };
      if (file.inode?.type === 'file') sum += file.inode.size;
      else minimum = 7;
      continue;
    }
    try {
      const s = t.sys.files.stat(name);
      if (s.type === 'file') sum += s.size;
      else minimum = 7;
    } catch {
      // Reported when it is opened.
    }
  }
  return Math.max(minimum, String(sum).length);
}

function* count(t: Tool, fd: number, counts: Counts, columns: readonly string[]): Coroutine<void> {
  let inWord = false;
  let width = 0;
  const chars = columns.includes('m') || columns.includes('L');
  let rest = new Uint8Array(0);
  for (;;) {
    let data = yield* t.sys.read(fd);
    if (data.length === 0) break;
    counts.c += data.length;
    yield* t.sys.work(1 + (data.length >> 12));
    if (rest.length > 0) {
      const joined = new Uint8Array(rest.length + data.length);
      joined.set(rest);
      joined.set(data, rest.length);
      data = joined;
      rest = new Uint8Array(0);
    }
    for (let i = 0; i < data.length; i++) {
      const b = data[i]!;
      if (b === 10) counts.l++;
      const space = b === 32 || (b >= 9 && b <= 13);
      if (space) inWord = false;
      else if (!inWord && b > 32 && b !== 127) {
        inWord = true;
        counts.w++;
      }
      if (!chars) continue;
      if (b < 0x80) {
        counts.m++;
        if (b === 10 || b === 13 || b === 12) {
          counts.L = Math.max(counts.L, width);
          width = 0;
        } else if (b === 9) width += 8 - (width % 8);
        else if (b >= 32 && b !== 127) width++;
        continue;
      }
      const n = sequenceLength(data, i);
      if (n === 0) {
        if (data.length - i < 4) {
          rest = data.slice(i);
          break;
        }
        continue;
      }
      counts.m++;
      width += charWidth(toText(data.subarray(i, i + n)).codePointAt(0)!);
      i += n - 1;
    }
  }
  counts.L = Math.max(counts.L, width);
}
