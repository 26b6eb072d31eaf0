import { tool, UsageError } from '../lib/tool';

/** Everything before the last component, as dirname(1) sees it. */
export function dirName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '') return path.startsWith('/') ? '/' : '.';
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return '.';
  return trimmed.slice(0, slash).replace(/\/+$/, '') || '/';
}

/** dirname(1). */
export const dirname = tool({
  name: 'dirname',
  summary: 'strip last component from file name',
  help: `[OPTION] FILE...
Print each FILE without its last component; '.' when there is no slash.

  -z, --zero   end each line with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('+z', ['zero=z']);
    if (operands.length === 0) throw new UsageError('missing operand');
    for (const name of operands) yield* t.out.write(dirName(name) + (options.length > 0 ? '\0' : '\n'));
    return 0;
  },
});
