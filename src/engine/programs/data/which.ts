import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let all = false;
  let i = 1;
  for (; i < argv.length && /^-./.test(argv[i]!); i++) {
    if (argv[i] === '--') {
      i++;
      break;
    }
    for (const letter of argv[i]!.slice(1)) {
      if (letter === 'a') all = true;
      else {
        yield* sys.eprint(`Illegal option -${letter}\n`);
        yield* sys.print(`Usage: /usr/bin/which [-a] args\n`);
        return 2;
      }
    }
  }
  const names = argv.slice(i);
  let status = names.length === 0 ? 1 : 0;
  for (const name of names) {
    const found: string[] = [];
    if (name.includes('/')) {
      if (sys.files.isExecutable(name)) found.push(name);
    } else {
      for (const dir of (sys.env('PATH') ?? '').split(':')) {
        const path = `${dir === '' ? '.' : dir}/${name}`;
        if (sys.files.isExecutable(path)) found.push(path);
      }
    }
    if (found.length === 0) status = 1;
    for (const path of all ? found : found.slice(0, 1)) yield* sys.print(`${path}\n`);
  }
  return status;
}

/** which(1) of debianutils 5.7. */
export const which: Program = {
  name: 'which',
  path: '/usr/bin/which',
  summary: 'locate a command',
  manual: `NAME\n       which - locate a command\n\nSYNOPSIS\n       which [-a] command ...\n\nDESCRIPTION\n       Prints the path of the file that each command would run, found through PATH.\n\n       -a     print all files found, not just the first\n`,
  main,
};
