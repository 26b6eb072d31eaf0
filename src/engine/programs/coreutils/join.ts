import { LineReader } from '../lib/lines';
import { Fail, tool, UsageError } from '../lib/tool';
import { compareBytes } from './sort-key';

/** join(1). */
export const join = tool({
  name: 'join',
  summary: 'join lines of two files on a common field',
  help: `[OPTION]... FILE1 FILE2
For each pair of lines with the same join field, write one line. Both files must be sorted on it.

  -a FILENUM        also print lines of file FILENUM (1 or 2) that have no pair
  -e EMPTY          replace missing fields with EMPTY
  -i, --ignore-case ignore case when comparing
  -j FIELD          same as '-1 FIELD -2 FIELD'
  -o FORMAT         the fields of a line: 0 or FILENUM.FIELD, with commas
  -t CHAR           CHAR between fields instead of blanks
  -v FILENUM        like -a, without the joined lines
  -1 FIELD          join on this field of file 1
  -2 FIELD          join on this field of file 2
      --header      the first lines are headers
`,
  *run(t) {
    const { options, operands } = t.getopt('a:e:ij:o:t:v:1:2:z', [
      'ignore-case=i',
      'header',
      'check-order',
      'nocheck-order',
      'zero-terminated=z',
    ]);
    if (operands.length === 0) throw new UsageError('missing operand');
    if (operands.length === 1) throw new UsageError(`missing operand after ${t.q(operands[0]!)}`);
    if (operands.length > 2) throw new UsageError(`extra operand ${t.q(operands[2]!)}`);
    const last = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const field = (n: string): number => {
      const arg = last(n) ?? last('j') ?? '1';
      if (!/^[1-9]\d*$/.test(arg)) throw new Fail(`invalid field number: ${t.q(arg)}`);
      return Number(arg) - 1;
    };
    const fields = [field('1'), field('2')];
    const sep = last('t');
    const outSep = sep ?? ' ';
    const empty = last('e') ?? '';
    const unpaired = new Set(options.filter((o) => o.name === 'a' || o.name === 'v').map((o) => o.arg));
    const paired = !has('v');
    let format = last('o');
    const delimiter = has('z') ? 0 : 10;
    const end = String.fromCharCode(delimiter);
    const split = (line: string): string[] =>
      sep !== undefined ? line.split(sep) : line.replace(/^[ \t]+/, '').split(/[ \t]+/);
    const readers: LineReader[] = [];
    for (const name of operands) {
      const fd = yield* t.open(name);
      if (fd === undefined) return 1;
      readers.push(new LineReader(t.sys, fd, delimiter));
    }
    const previous: (string | undefined)[] = [];
    const numbers = [0, 0];
    const told = [false, false];
    let seenUnpaired = false;
    const next = function* (i: number) {
      const line = yield* readers[i]!.next();
      if (line === undefined) return undefined;
      const row = split(line);
      numbers[i]!++;
      const now = key(row, i);
      const before = previous[i];
      previous[i] = now;
      // Disorder matters once a line has found no partner.
      if (
        before !== undefined &&
        !told[i] &&
        !has('nocheck-order') &&
        (seenUnpaired || has('check-order')) &&
        compareBytes(before, now) > 0
      ) {
        told[i] = true;
        yield* t.complain(`${operands[i]}:${numbers[i]}: is not sorted: ${line}`);
        if (has('check-order')) t.sys.exit(1);
      }
      return row;
    };
    const key = (row: string[] | undefined, i: number): string => {
      const k = row?.[fields[i]!] ?? '';
      return has('i') ? k.toLowerCase() : k;
    };
    const render = (a: string[] | undefined, b: string[] | undefined): string => {
      const common = (a ?? b)![fields[a ? 0 : 1]!] ?? '';
      if (format !== undefined) {
        return format
          .split(/[, ]+/)
          .map((f) => {
            if (f === '0') return common || empty;
            const [file, n] = f.split('.');
            return (file === '1' ? a : b)?.[Number(n) - 1] || empty;
          })
          .join(outSep);
      }
      const rest = (row: string[] | undefined, i: number): string[] => (row ?? []).filter((_, k) => k !== fields[i]);
      return [common, ...rest(a, 0), ...rest(b, 1)].join(outSep);
    };
    let a = yield* next(0);
    let b = yield* next(1);
    if (format === 'auto') {
      const others = (row: string[] | undefined, i: number): string[] =>
        (row ?? []).flatMap((_, k) => (k === fields[i] ? [] : [`${i + 1}.${k + 1}`]));
      format = ['0', ...others(a, 0), ...others(b, 1)].join(',');
    }
    if (has('header') && a && b) {
      yield* t.out.write(render(a, b) + end);
      a = yield* next(0);
      b = yield* next(1);
    }
    while (a || b) {
      const r = !a ? 1 : !b ? -1 : compareBytes(key(a, 0), key(b, 1));
      if (r !== 0 && a && b) seenUnpaired = true;
      if (r < 0) {
        if (unpaired.has('1')) yield* t.out.write(render(a, undefined) + end);
        a = yield* next(0);
      } else if (r > 0) {
        if (unpaired.has('2')) yield* t.out.write(render(undefined, b) + end);
        b = yield* next(1);
      } else {
        const k = key(a, 0);
        const left: string[][] = [];
        const right: string[][] = [];
        while (a && key(a, 0) === k) {
          left.push(a);
          a = yield* next(0);
        }
        while (b && key(b, 1) === k) {
          right.push(b);
          b = yield* next(1);
        }
        if (paired) for (const x of left) for (const y of right) yield* t.out.write(render(x, y) + end);
      }
    }
    if (told.includes(true)) yield* t.complain('input is not in sorted order');
    return t.status;
  },
});
