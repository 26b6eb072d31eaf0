import { LineReader } from '../lib/lines';
import { tool, UsageError } from '../lib/tool';
import { compareBytes } from './sort-key';

/** comm(1). */
export const comm = tool({
  name: 'comm',
  summary: 'compare two sorted files line by line',
  help: `[OPTION]... FILE1 FILE2
Print lines only in FILE1, only in FILE2, and in both, in three columns.

  -1                  leave out the first column
  -2                  leave out the second
  -3                  leave out the third
      --check-order   complain when the input is not sorted
      --nocheck-order do not
      --output-delimiter=STR  STR between columns
      --total         print counts at the end
  -z, --zero-terminated
`,
  *run(t) {
    const { options, operands } = t.getopt('123z', [
      'check-order',
      'nocheck-order',
      'output-delimiter:',
      'total',
      'zero-terminated=z',
    ]);
    if (operands.length === 0) throw new UsageError('missing operand');
    if (operands.length === 1) throw new UsageError(`missing operand after ${t.q(operands[0]!)}`);
    if (operands.length > 2) throw new UsageError(`extra operand ${t.q(operands[2]!)}`);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const sep = options.findLast((o) => o.name === 'output-delimiter')?.arg ?? '\t';
    const delimiter = has('z') ? 0 : 10;
    const end = String.fromCharCode(delimiter);
    const readers: LineReader[] = [];
    for (const name of operands) {
      const fd = yield* t.open(name);
      if (fd === undefined) return 1;
      readers.push(new LineReader(t.sys, fd, delimiter));
    }
    const counts = [0, 0, 0];
    let unsorted = false;
    const previous: (string | undefined)[] = [undefined, undefined];
    const told = [false, false];
    const next = function* (i: number) {
      const line = yield* readers[i]!.next();
      if (
        line !== undefined &&
        previous[i] !== undefined &&
        compareBytes(previous[i]!, line) > 0 &&
        !told[i] &&
        !has('nocheck-order')
      ) {
        told[i] = true;
        unsorted = true;
        yield* t.complain(`file ${i + 1} is not in sorted order`);
        if (has('check-order')) t.sys.exit(1);
      }
      previous[i] = line;
      return line;
    };
    let a = yield* next(0);
    let b = yield* next(1);
    while (a !== undefined || b !== undefined) {
      const r = a === undefined ? 1 : b === undefined ? -1 : compareBytes(a, b);
      const column = r < 0 ? 0 : r > 0 ? 1 : 2;
      counts[column]!++;
      if (!has(String(column + 1))) {
        const indent = [0, has('1') ? 0 : 1, (has('1') ? 0 : 1) + (has('2') ? 0 : 1)][column]!;
        yield* t.out.write(sep.repeat(indent) + (r <= 0 ? a! : b!) + end);
      }
      if (r <= 0) a = yield* next(0);
      if (r >= 0) b = yield* next(1);
    }
    if (has('total')) yield* t.out.write(`${counts.join(sep)}${sep}total${end}`);
    if (unsorted) yield* t.warn('input is not in sorted order');
    return 0;
  },
});
