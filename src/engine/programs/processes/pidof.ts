/** pidof(8) of sysvinit-utils. */
import { tool } from '../lib/tool';
import { selfNumber } from './ps';
import { readProcesses } from './table';

/** pidof(8). */
export const pidof = tool({
  name: 'pidof',
  summary: 'find the numbers of running programs',
  version: 'sysvinit-utils 3.06',
  help: `[-s] [-c] [-q] [-x] [-o OMITPID]... [-S SEPARATOR] PROGRAM...
Print the numbers of the processes that run PROGRAM, newest first. Exit status 1 when there are none.

  -s        one number only
  -q        print nothing
  -x        scripts too, by the name of the script
  -o PID    leave PID out; %PPID is pidof's parent
  -S SEP    what is printed between the numbers
`,
  *run(t) {
    const { options, operands } = t.getopt('scqxnzo:S:d:', []);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const all = yield* readProcesses(t.sys);
    const self = all.find((p) => String(p.pid) === selfNumber(t.sys));
    const omit = new Set(
      options
        .filter((o) => o.name === 'o')
        .flatMap((o) => o.arg!.split(',').map((w) => (w === '%PPID' ? self?.ppid : Number(w)))),
    );
    const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
    const found: number[] = [];
    for (const name of operands) {
      const want = base(name);
      for (const p of [...all].sort((a, b) => b.pid - a.pid)) {
        yield* t.sys.work();
        if (p === self || omit.has(p.pid) || found.includes(p.pid)) continue;
        const [zero = '', one = ''] = p.argv;
        const program = base(zero.replace(/^-/, ''));
        const hit = name.includes('/')
          ? zero === name
          : program === want || (p.argv.length > 0 && p.comm === want.slice(0, 15));
        if (hit || (has('x') && base(one) === want)) found.push(p.pid);
        if (found.length > 0 && has('s')) break;
      }
    }
    if (found.length > 0 && !has('q'))
      yield* t.out.line(found.join(options.findLast((o) => o.name === 'S' || o.name === 'd')?.arg ?? ' '));
    return found.length > 0 ? 0 : 1;
  },
});
