import { tool } from '../lib/tool';

/** printenv(1). */
export const printenv = tool({
  name: 'printenv',
  summary: 'print all or part of environment',
  usageStatus: 2,
  help: `[OPTION]... [VARIABLE]...
Print the values of the VARIABLEs; without any, all names and values.

  -0, --null   end each line with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('+0', ['null=0']);
    const end = options.length > 0 ? '\0' : '\n';
    if (operands.length === 0) {
      for (const [k, v] of t.sys.proc.env) yield* t.out.write(`${k}=${v}${end}`);
      return 0;
    }
    let status = 0;
    for (const name of operands) {
      const value = t.sys.env(name);
      if (value === undefined) status = 1;
      else yield* t.out.write(value + end);
    }
    return status;
  },
});
