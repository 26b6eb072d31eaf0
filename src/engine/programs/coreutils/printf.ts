import { printf as format } from '../lib/format';
import { quoteShellIfNeeded } from '../lib/quote';
import { Fail, tool, UsageError } from '../lib/tool';

/** printf(1). */
export const printf = tool({
  name: 'printf',
  summary: 'format and print data',
  help: `FORMAT [ARGUMENT]...
  or:  printf OPTION
Print ARGUMENTs as FORMAT says, as the printf function of C does. FORMAT is used again while ARGUMENTs are left.

Conversions: %d %i %u %o %x %X %e %f %g %c %s, %b (string with escapes), %q (quoted for a shell), %%.
Escapes: \\" \\\\ \\a \\b \\c \\e \\f \\n \\r \\t \\v \\NNN \\xHH \\uHHHH.
`,
  *run(t) {
    const args = t.argv[1] === '--' ? t.argv.slice(2) : t.argv.slice(1);
    if (args.length === 0) throw new UsageError('missing operand');
    if (args[0] === '--help' || args[0] === '--version') t.getopt('');
    const { text, problems } = format(args[0]!, args.slice(1), { quote: quoteShellIfNeeded });
    yield* t.out.write(text);
    for (const p of problems) {
      if (p.kind === 'directive') throw new Fail(`${p.text}: invalid conversion specification`);
      if (p.kind === 'number') yield* t.complain(`${t.q(p.text)}: expected a numeric value`);
      else if (p.kind === 'partial') yield* t.complain(`${t.q(p.text)}: value not completely converted`);
      else yield* t.complain(`${t.q(p.text)}: Numerical result out of range`);
    }
    return 0;
  },
});
