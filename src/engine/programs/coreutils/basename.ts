import { tool, UsageError } from '../lib/tool';

/** The last component of a path, as basename(1) sees it. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path === '' ? '' : '/';
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** basename(1). */
export const basename = tool({
  name: 'basename',
  summary: 'strip directory and suffix from filenames',
  help: `NAME [SUFFIX]
  or:  basename OPTION... NAME...
Print NAME without leading directories and, if given, without a trailing SUFFIX.

  -a, --multiple        all arguments are NAMEs
  -s, --suffix=SUFFIX   remove SUFFIX; implies -a
  -z, --zero            end each line with NUL
`.replace(/\bNAME\b/g, 'FILE'),
  *run(t) {
    const { options, operands } = t.getopt('+as:z', ['multiple=a', 'suffix:=s', 'zero=z']);
    const suffix = options.findLast((o) => o.name === 's')?.arg;
    const multiple = suffix !== undefined || options.some((o) => o.name === 'a');
    const end = options.some((o) => o.name === 'z') ? '\0' : '\n';
    if (operands.length === 0) throw new UsageError('missing operand');
    if (!multiple && operands.length > 2) throw new UsageError(`extra operand ${t.q(operands[2]!)}`);
    for (const name of multiple ? operands : [operands[0]!]) {
      let base = baseName(name);
      const cut = multiple ? suffix : operands[1];
      if (cut && base !== cut && base.endsWith(cut)) base = base.slice(0, -cut.length);
      yield* t.out.write(base + end);
    }
    return 0;
  },
});
