import { isErrno } from '../../core';
import { Fail, tool, UsageError } from '../lib/tool';

/** env(1). */
export const env = tool({
  name: 'env',
  summary: 'run a program in a modified environment',
  usageStatus: 125,
  help: `[OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]
Set each variable to its VALUE and run COMMAND; without one, print the environment.

  -i, --ignore-environment  start with an empty environment
  -0, --null                end each line of output with NUL
  -u, --unset=VAR           remove a variable
  -C, --chdir=DIR           change to DIR first
  -S, --split-string=S      split S into arguments, for #! lines
`.replace('NAME=VALUE', 'VAR=VALUE'),
  *run(t) {
    let argv = [...t.argv];
    const split = /^(?:-S|--split-string=|-vS)(.*)$/s.exec(argv[1] ?? '');
    if (split) {
      const text = split[1] === '' ? (argv.splice(1, 1), argv[1] ?? '') : split[1]!;
      argv = [argv[0]!, ...text.split(/\s+/).filter((w) => w !== ''), ...argv.slice(2)];
    }
    const { options, operands } = t.getopt('+i0u:C:', ['ignore-environment=i', 'null=0', 'unset:=u', 'chdir:=C'], argv);
    const rest = [...operands];
    let clear = options.some((o) => o.name === 'i');
    if (rest[0] === '-') {
      clear = true;
      rest.shift();
    }
    const vars = clear ? new Map<string, string>() : new Map(t.sys.proc.env);
    for (const o of options) if (o.name === 'u') vars.delete(o.arg!);
    while (rest.length > 0 && rest[0]!.includes('=') && rest[0]![0] !== '=') {
      const word = rest.shift()!;
      const eq = word.indexOf('=');
      vars.set(word.slice(0, eq), word.slice(eq + 1));
    }
    const zero = options.some((o) => o.name === '0');
    if (rest.length === 0) {
      for (const [k, v] of vars) yield* t.out.write(`${k}=${v}${zero ? '\0' : '\n'}`);
      return 0;
    }
    if (zero) throw new UsageError('cannot specify --null (-0) with command');
    const dir = options.findLast((o) => o.name === 'C')?.arg;
    if (dir !== undefined) {
      try {
        t.sys.files.chdir(dir);
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`cannot change directory to ${t.qf(dir)}: ${e.message}`, 125);
      }
    }
    const path = t.sys.which(rest[0]!, vars.get('PATH'));
    if (!path) throw new Fail(`${t.q(rest[0]!)}: No such file or directory`, 127);
    try {
      return yield* t.sys.exec(path, rest, vars);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new Fail(`${t.q(rest[0]!)}: ${e.message}`, e.code === 'ENOENT' ? 127 : 126);
    }
  },
});
