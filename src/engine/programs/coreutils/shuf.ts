import { readLines } from '../lib/lines';
import { Fail, tool, UsageError } from '../lib/tool';

/** shuf(1); its chance is the machine's. */
export const shuf = tool({
  name: 'shuf',
  summary: 'generate random permutations',
  help: `[OPTION]... [FILE]
  or:  shuf -e [OPTION]... [ARG]...
  or:  shuf -i LO-HI [OPTION]...
Write the input lines in random order.

  -e, --echo              each ARG is a line
  -i, --input-range=LO-HI each number from LO to HI is a line
  -n, --head-count=COUNT  at most COUNT lines
  -o, --output=FILE       write to FILE
  -r, --repeat            lines may be repeated
  -z, --zero-terminated   lines end with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('ei:n:o:rz', [
      'echo=e',
      'input-range:=i',
      'head-count:=n',
      'output:=o',
      'repeat=r',
      'zero-terminated=z',
      'random-source:',
    ]);
    const last = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const delimiter = has('z') ? 0 : 10;
    let lines: string[];
    const range = last('i');
    if (has('e')) lines = [...operands];
    else if (range !== undefined) {
      const m = /^(\d+)-(\d+)$/.exec(range);
      if (!m || Number(m[2]) < Number(m[1])) throw new Fail(`invalid input range: ${t.q(range)}`);
      lines = Array.from({ length: Math.min(Number(m[2]) - Number(m[1]) + 1, 1e6) }, (_, i) =>
        String(Number(m[1]) + i),
      );
    } else {
      if (operands.length > 1) throw new UsageError(`extra operand ${t.q(operands[1]!)}`);
      const fd = yield* t.open(operands[0] ?? '-');
      if (fd === undefined) return 1;
      lines = (yield* readLines(t.sys, fd, delimiter)).lines;
    }
    const n = last('n');
    if (n !== undefined && !/^\d+$/.test(n)) throw new Fail(`invalid line count: ${t.q(n)}`);
    const { random } = t.sys.machine;
    const end = String.fromCharCode(delimiter);
    const out: string[] = [];
    if (has('r')) {
      if (lines.length === 0) throw new Fail('no lines to repeat');
      const count = n === undefined ? Infinity : Number(n);
      for (let i = 0; i < count; i++) {
        yield* t.out.write(lines[random.below(lines.length)]! + end);
        yield* t.sys.work();
      }
      return 0;
    }
    for (let i = lines.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [lines[i], lines[j]] = [lines[j]!, lines[i]!];
    }
    out.push(...(n === undefined ? lines : lines.slice(0, Number(n))));
    yield* t.sys.work(out.length);
    const text = out.map((l) => l + end).join('');
    const file = last('o');
    if (file !== undefined) yield* t.sys.writeFile(file, text);
    else yield* t.out.write(text);
    return 0;
  },
});
