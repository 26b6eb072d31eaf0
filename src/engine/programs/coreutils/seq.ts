import { formatFloat, printf } from '../lib/format';
import { Fail, tool, UsageError } from '../lib/tool';

/** seq(1). */
export const seq = tool({
  name: 'seq',
  summary: 'print a sequence of numbers',
  help: `[OPTION]... LAST
  or:  seq [OPTION]... FIRST LAST
  or:  seq [OPTION]... FIRST INCREMENT LAST
Print numbers from FIRST to LAST, in steps of INCREMENT.

  -f, --format=FORMAT      use a printf style floating-point FORMAT
  -s, --separator=STRING   STRING between the numbers, a newline by default
  -w, --equal-width        equalize width with leading zeros
`,
  *run(t) {
    // A negative number is no option.
    let cut = 1;
    while (cut < t.argv.length && /^-[^\d.]/.test(t.argv[cut]!))
      cut += /^(-[a-z]*[sf]|--s[a-z]*|--f[a-z]*)$/.test(t.argv[cut]!) ? 2 : 1;
    const argv = /^-[\d.]/.test(t.argv[cut] ?? '') ? [...t.argv.slice(0, cut), '--', ...t.argv.slice(cut)] : t.argv;
    const { options, operands } = t.getopt('+f:s:w', ['format:=f', 'separator:=s', 'equal-width=w'], argv);
    if (operands.length === 0) throw new UsageError('missing operand');
    if (operands.length > 3) throw new UsageError(`extra operand ${t.q(operands[3]!)}`);
    for (const o of operands)
      if (!/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$|^[-+]?(0x[\da-f]+|inf)$/i.test(o.trim()))
        throw new UsageError(`invalid floating point argument: ${t.q(o)}`);
    const format = options.findLast((o) => o.name === 'f')?.arg;
    const separator = options.findLast((o) => o.name === 's')?.arg ?? '\n';
    const equal = options.some((o) => o.name === 'w');
    if (format !== undefined) {
      const n = (format.replace(/%%/g, '').match(/%[-+ 0#']*\d*(\.\d*)?[aefgAEFG]/g) ?? []).length;
      if (!format.replace(/%%/g, '').includes('%')) throw new Fail(`format ${t.q(format)} has no % directive`);
      if (n > 1) throw new Fail(`format ${t.q(format)} has too many % directives`);
      if (n !== 1)
        throw new Fail(
          `format ${t.q(format)} has unknown ${`%${/%[-+ 0#']*\d*(?:\.\d*)?(.)?/.exec(format)?.[1] ?? ''}`} directive`,
        );
    }
    const [first, step, last] =
      operands.length === 1
        ? ['1', '1', operands[0]!]
        : operands.length === 2
          ? [operands[0]!, '1', operands[1]!]
          : (operands as [string, string, string]);
    if (Number(step) === 0) throw new UsageError(`invalid Zero increment value: ${t.q(step)}`);
    if (format === undefined && !equal && [first, step, last].every((o) => /^\+?\d+$/.test(o)) && last.length > 15) {
      // Whole numbers of any length.
      let begun = false;
      for (let v = BigInt(first); v <= BigInt(last); v += BigInt(step)) {
        yield* t.out.write(begun ? separator + String(v) : String(v));
        begun = true;
        yield* t.sys.work();
      }
      if (begun) yield* t.out.write('\n');
      return 0;
    }
    const decimals = (s: string): number => (/\.(\d+)/.exec(s)?.[1] ?? '').length;
    const precision = Math.max(decimals(first), decimals(step));
    const show = (v: number): string => formatFloat({ flags: '', width: 0, precision, conv: 'f' }, v);
    const a = Number(first);
    const d = Number(step);
    const end = Number(last);
    const width = equal
      ? Math.max(show(a).length, show(Number(last)).length + (decimals(last) > precision ? 0 : 0))
      : 0;
    let started = false;
    for (let i = 0; ; i++) {
      // Multiplying keeps the error from adding up; a value that prints like LAST belongs to the sequence.
      const v = a + i * d;
      if (d > 0 ? v > end : v < end) {
        const near = Math.abs(v - end) < Math.abs(d) * 1e-9 && Number(show(v)) === Number(show(end));
        if (!near) break;
      }
      let text = format === undefined ? show(Object.is(v, -0) ? 0 : v) : printf(format, [String(v)]).text;
      if (equal) text = text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0');
      yield* t.out.write(started ? separator + text : text);
      started = true;
      yield* t.sys.work();
    }
    if (started) yield* t.out.write('\n');
    return 0;
  },
});
