import { parseSize } from '../lib/format';
import type { Coroutine } from '../../core';
import { concat } from '../../core';
import { LineReader } from '../lib/lines';
import { Fail, notSimulated, tool, UsageError } from '../lib/tool';

/** split(1). */
export const split = tool({
  name: 'split',
  summary: 'split a file into pieces',
  help: `[OPTION]... [FILE [PREFIX]]
Write pieces of FILE to PREFIXaa, PREFIXab, ...; 1000 lines each, PREFIX x.

  -a, --suffix-length=N   suffixes of length N instead of 2
      --additional-suffix=SUFFIX
  -b, --bytes=SIZE        SIZE bytes a file
  -C, --line-bytes=SIZE   at most SIZE bytes of whole lines a file
  -d                      numeric suffixes
  -x                      hexadecimal suffixes
  -l, --lines=NUMBER      NUMBER lines a file
  -n, --number=CHUNKS     N files of the same size; l/N without splitting lines
      --verbose           name each file that is made
`,
  *run(t) {
    const { options, operands } = t.getopt('a:b:C:dl:n:x', [
      'line-bytes:=C',
      'number:=n',
      'hex-suffixes::=x',
      'suffix-length:=a',
      'additional-suffix:',
      'bytes:=b',
      'numeric-suffixes::=d',
      'lines:=l',
      'verbose',
    ]);
    if (operands.length > 2) throw new UsageError(`extra operand ${t.q(operands[2]!)}`);
    const last = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const length = Number(last('a') ?? 2);
    const numeric = options.some((o) => o.name === 'd');
    const extra = last('additional-suffix') ?? '';
    const prefix = operands[1] ?? 'x';
    const fd = yield* t.open(operands[0] ?? '-', (n) => `cannot open ${t.qf(n)} for reading`);
    if (fd === undefined) return 1;
    let piece = 0;
    const alphabet = options.some((o) => o.name === 'x')
      ? '0123456789abcdef'
      : numeric
        ? '0123456789'
        : 'abcdefghijklmnopqrstuvwxyz';
    const name = (): string => {
      let n = piece++;
      let s = '';
      for (let i = 0; i < length; i++) {
        s = alphabet[n % alphabet.length]! + s;
        n = Math.floor(n / alphabet.length);
      }
      if (n > 0) throw new Fail('output file suffixes exhausted');
      return prefix + s + extra;
    };
    const verbose = options.some((o) => o.name === 'verbose');
    const write = function* (data: Uint8Array): Coroutine<void> {
      const file = name();
      if (verbose) yield* t.out.line(`creating file ${t.qf(file)}`);
      yield* t.sys.writeFile(file, data);
    };
    const chunks = last('n');
    if (chunks !== undefined) {
      const m = /^(l\/)?([1-9]\d*)$/.exec(chunks);
      if (!m && /^(?:[lr]\/)?\d+\/\d+$|^r\//.test(chunks)) throw notSimulated(`-n ${chunks}`);
      if (!m) throw new Fail(`invalid number of chunks: ${t.q(chunks)}`);
      const all = new Uint8Array(yield* t.sys.readAll(fd));
      const n = Number(m[2]);
      const each = Math.floor(all.length / n);
      let from = 0;
      for (let i = 1; i <= n; i++) {
        let to = i === n ? all.length : i * each;
        // A line that begins in a chunk belongs to it.
        if (m[1] && i < n) {
          const end = to > from ? all.indexOf(10, to - 1) : -2;
          to = end === -2 ? from : end < 0 ? all.length : end + 1;
        }
        yield* write(all.slice(from, to));
        from = to;
      }
      return 0;
    }
    const most = last('C');
    if (most !== undefined) {
      const limit = parseSize(most);
      if (!limit) throw new Fail(`invalid number of bytes: ${t.q(most)}`);
      const all = new Uint8Array(yield* t.sys.readAll(fd));
      for (let from = 0; from < all.length;) {
        const stop = Math.min(all.length, from + limit);
        const end = stop === all.length ? stop : all.lastIndexOf(10, stop - 1) + 1;
        const to = end > from ? end : stop;
        yield* write(all.slice(from, to));
        from = to;
      }
      return 0;
    }
    const size = last('b');
    if (size !== undefined) {
      const n = parseSize(size);
      if (!n) throw new Fail(`invalid number of bytes: ${t.q(size)}`);
      let held = new Uint8Array(0);
      for (;;) {
        const data = yield* t.sys.read(fd);
        if (data.length === 0) break;
        held = new Uint8Array(concat([held, data]));
        while (held.length >= n) {
          yield* write(held.slice(0, n));
          held = held.slice(n);
        }
      }
      if (held.length > 0) yield* write(held);
      return 0;
    }
    const count = Number(last('l') ?? 1000);
    if (!Number.isInteger(count) || count <= 0) throw new Fail(`invalid number of lines: ${t.q(last('l')!)}`);
    const reader = new LineReader(t.sys, fd);
    let lines: Uint8Array[] = [];
    for (;;) {
      const line = yield* reader.nextBytes();
      if (line) lines.push(line.slice(), ...(reader.terminated ? [Uint8Array.of(10)] : []));
      if (lines.length > 0 && (!line || lines.length >= 2 * count)) {
        yield* write(concat(lines));
        lines = [];
      }
      if (!line) return 0;
    }
  },
});
