import { isErrno } from '../../core';
import { parseSize } from '../lib/format';
import { Fail, tool, UsageError } from '../lib/tool';

/** cmp(1). */
export const cmp = tool({
  name: 'cmp',
  summary: 'compare two files byte by byte',
  version: 'GNU diffutils 3.8',
  usageStatus: 2,
  usage: 'cmp: ',
  help: `[OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]
Compare two files byte by byte.

  -b, --print-bytes          print the bytes that differ
  -i, --ignore-initial=SKIP  skip the first SKIP bytes of both
  -l, --verbose              print every difference
  -n, --bytes=LIMIT          compare at most LIMIT bytes
  -s, --quiet, --silent      print nothing
Exit status: 0 the same, 1 different, 2 trouble.
`,
  *run(t) {
    const { options, operands } = t.getopt('bi:ln:s', [
      'print-bytes=b',
      'ignore-initial:=i',
      'verbose=l',
      'bytes:=n',
      'quiet=s',
      'silent=s',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const last = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    if (operands.length === 0) throw new UsageError(`missing operand after '${t.name}'`);
    if (operands.length > 4) throw new UsageError(`extra operand '${operands[4]!}'`);
    const names = [operands[0]!, operands[1] ?? '-'];
    const limit = last('n') === undefined ? Infinity : (parseSize(last('n')!) ?? Infinity);
    const skips = (last('i') ?? `${operands[2] ?? 0}:${operands[3] ?? 0}`).split(':').map((s) => parseSize(s) ?? 0);
    const fds: number[] = [];
    for (const name of names) {
      try {
        fds.push(name === '-' ? 0 : yield* t.sys.open(name, { read: true }));
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (has('s')) return 2;
        throw new Fail(`${name}: ${e.message}`, 2);
      }
    }
    const buffers: Uint8Array[] = [new Uint8Array(0), new Uint8Array(0)];
    const at = [0, 0];
    const next = function* (i: number) {
      if (at[i]! >= buffers[i]!.length) {
        try {
          buffers[i] = yield* t.sys.read(fds[i]!);
        } catch (e) {
          if (!isErrno(e)) throw e;
          throw new Fail(`${names[i]!}: ${e.message}`, 2);
        }
        at[i] = 0;
        yield* t.sys.work();
        if (buffers[i]!.length === 0) return undefined;
      }
      return buffers[i]![at[i]!++]!;
    };
    for (const i of [0, 1])
      for (let n = skips[i] ?? skips[0] ?? 0; n > 0; n--) if ((yield* next(i)) === undefined) break;
    const octal = (b: number): string => b.toString(8).padStart(3);
    const sizes = names.map((name) =>
      name !== '-' && t.sys.files.exists(name) ? t.sys.files.stat(name).size : Infinity,
    );
    const width = Number.isFinite(Math.min(...sizes)) ? String(Math.min(limit, ...sizes)).length : 1;
    let line = 1;
    let lastNewline = false;
    let differs = false;
    for (let n = 1; n <= limit; n++) {
      const a = yield* next(0);
      const b = yield* next(1);
      if (a === undefined && b === undefined) break;
      if (a === undefined || b === undefined) {
        if (has('s')) return 1;
        const name = names[a === undefined ? 0 : 1]!;
        if (n === 1) yield* t.warn(`EOF on ${name} which is empty`);
        else
          yield* t.warn(
            `EOF on ${name} after byte ${n - 1}${has('l') ? '' : lastNewline ? `, line ${line - 1}` : `, in line ${line}`}`,
          );
        return 1;
      }
      if (a !== b) {
        differs = true;
        if (has('s')) return 1;
        if (!has('l')) {
          const bytes = has('b') ? ` is ${octal(a)} ${visible(a)} ${octal(b)} ${visible(b)}` : '';
          yield* t.out.line(`${names[0]!} ${names[1]!} differ: byte ${n}, line ${line}${bytes}`);
          return 1;
        }
        const shown = String(n).padStart(width);
        yield* t.out.line(
          has('b')
            ? `${n} ${octal(a)} ${visible(a).padEnd(4)} ${octal(b)} ${visible(b)}`
            : `${shown} ${octal(a)} ${octal(b)}`,
        );
      }
      lastNewline = a === 10;
      if (a === 10) line++;
    }
    return differs ? 1 : 0;
  },
});

function visible(b: number): string {
  if (b >= 128) return `M-${visible(b - 128)}`;
  if (b < 32) return `^${String.fromCharCode(b + 64)}`;
  return b === 127 ? '^?' : String.fromCharCode(b);
}
