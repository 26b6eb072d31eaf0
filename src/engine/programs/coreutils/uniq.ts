import { LineReader } from '../lib/lines';
import { Output } from '../lib/output';
import { Fail, tool, UsageError } from '../lib/tool';

/** uniq(1). */
export const uniq = tool({
  name: 'uniq',
  summary: 'report or omit repeated lines',
  help: `[OPTION]... [INPUT [OUTPUT]]
Keep the first of adjacent equal lines.

      --group[=METHOD]     all lines, with an empty one between groups; METHOD separate, prepend, append, both
  -c, --count              say how often each line occurred
  -d, --repeated           only lines that are repeated, one for each group
  -D, --all-repeated[=METHOD]  all repeated lines; METHOD none, prepend, separate
  -f, --skip-fields=N      do not compare the first N fields
  -i, --ignore-case        ignore differences in case
  -s, --skip-chars=N       do not compare the first N characters
  -u, --unique             only lines that are not repeated
  -w, --check-chars=N      compare no more than N characters
  -z, --zero-terminated    lines end with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('cdDf:is:uw:z', [
      'count=c',
      'repeated=d',
      'all-repeated::=D',
      'group::',
      'skip-fields:=f',
      'ignore-case=i',
      'skip-chars:=s',
      'unique=u',
      'check-chars:=w',
      'zero-terminated=z',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const number = (n: string, what: string, fallback: number): number => {
      const arg = options.findLast((o) => o.name === n)?.arg;
      if (arg === undefined) return fallback;
      if (!/^\d+$/.test(arg)) throw new Fail(`${arg}: invalid number of ${what}`);
      return Number(arg);
    };
    const fields = number('f', 'fields to skip', 0);
    const chars = number('s', 'bytes to skip', 0);
    const width = number('w', 'bytes to compare', Infinity);
    if (operands.length > 2) throw new UsageError(`extra operand ${t.q(operands[2]!)}`);
    if (has('D') && has('c')) throw new UsageError('printing all duplicated lines and repeat counts is meaningless');
    const method = options.findLast((o) => o.name === 'D')?.arg ?? 'none';
    const grouping = has('group') ? (options.findLast((o) => o.name === 'group')?.arg ?? 'separate') : undefined;
    if (grouping !== undefined && (has('c') || has('d') || has('D') || has('u')))
      throw new UsageError('--group is mutually exclusive with -c/-d/-D/-u');
    const fd = yield* t.open(operands[0] ?? '-');
    if (fd === undefined) return 1;
    let out = t.out;
    if (operands[1] !== undefined && operands[1] !== '-') {
      try {
        out = new Output(t.sys, yield* t.sys.open(operands[1], { write: true, create: true, truncate: true }), false);
      } catch (e) {
        yield* t.complainErrno(operands[1], e);
        return 1;
      }
    }
    const delimiter = has('z') ? 0 : 10;
    const end = String.fromCharCode(delimiter);
    const reader = new LineReader(t.sys, fd, delimiter);
    const keyOf = (line: string): string => {
      let key = line;
      for (let i = 0; i < fields; i++) key = key.replace(/^[ \t]*[^ \t]*/, '');
      key = key.slice(chars);
      if (width !== Infinity) key = key.slice(0, width);
      return has('i') ? key.toLowerCase() : key;
    };
    let first: string | undefined;
    let key = '';
    let count = 0;
    let groups = 0;
    let held: string[] = [];
    const finish = function* () {
      if (first === undefined) return;
      if (grouping !== undefined) {
        const before = grouping === 'prepend' || grouping === 'both' ? true : grouping === 'separate' && groups > 0;
        if (before) yield* out.write(end);
        groups++;
        for (const line of held) yield* out.write(line + end);
        if (grouping === 'append') yield* out.write(end);
        return;
      }
      if (has('D')) {
        if (count > 1) {
          if (method === 'prepend' || (method === 'separate' && groups > 0)) yield* out.write(end);
          groups++;
          for (const line of held) yield* out.write(line + end);
        }
        return;
      }
      const show = has('d') && has('u') ? false : has('d') ? count > 1 : has('u') ? count === 1 : true;
      if (show) yield* out.write(`${has('c') ? `${String(count).padStart(7)} ` : ''}${first}${end}`);
    };
    for (;;) {
      const line = yield* reader.next();
      const next = line === undefined ? '' : keyOf(line);
      if (line !== undefined && first !== undefined && next === key) {
        count++;
        if (has('D') || grouping !== undefined) held.push(line);
        continue;
      }
      yield* finish();
      if (line === undefined) {
        if (grouping === 'both' && groups > 0) yield* out.write(end);
        break;
      }
      first = line;
      key = next;
      count = 1;
      held = [line];
    }
    yield* out.flush();
    return 0;
  },
});
