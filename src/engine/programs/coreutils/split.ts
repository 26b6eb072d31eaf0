import { parseSize } from '../lib/format';
import { concat } from '../../core';
import { LineReader } from '../lib/lines';
import { Fail, tool, UsageError } from '../lib/tool';

/** split(1). */
export const split = tool({
  name: 'split',
  summary: 'split a file into pieces',
  help: `[OPTION]... [FILE [PREFIX]]
Write pieces of FILE to PREFIXaa, PREFIXab, ...; 1000 lines each, PREFIX x.

  -a, --suffix-length=N   suffixes of length N instead of 2
      --additional-suffix=SUFFIX
  -b, --bytes=SIZE        SIZE bytes a file
  -d                      numeric suffixes
  -l, --lines=NUMBER      NUMBER lines a file
`,
  *run(t) {
    const { options, operands } = t.getopt('a:b:dl:', [
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
    const alphabet = numeric ? '0123456789' : 'abcdefghijklmnopqrstuvwxyz';
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
          yield* t.sys.writeFile(name(), held.slice(0, n));
          held = held.slice(n);
        }
      }
      if (held.length > 0) yield* t.sys.writeFile(name(), held);
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
        yield* t.sys.writeFile(name(), concat(lines));
        lines = [];
      }
      if (!line) return 0;
    }
  },
});
