import type { Coroutine } from '../../core';
import { glob } from '../expansion/glob';
import { expandWords } from '../expansion/expand';
import { escapePattern } from '../expansion/pattern';
import type { Shell } from '../shell';
import { compare } from '../text';
import { allBuiltins } from './registry';
import { KEYWORDS } from '../keywords';
import { builtin } from './types';
import type { Builtin } from './types';

/** Names of programs in PATH that begin with `prefix`. */
export function programNames(sh: Shell, prefix: string): string[] {
  const out = new Set<string>();
  for (const dir of (sh.get('PATH') ?? '').split(':')) {
    try {
      for (const n of sh.sys.files.readdir(dir === '' ? '.' : dir)) {
        if (n.startsWith(prefix) && sh.sys.files.isExecutable(`${dir}/${n}`)) out.add(n);
      }
    } catch {
      // A directory of PATH that is not there is no error.
    }
  }
  return [...out].sort(compare);
}

/** Everything that can be the first word of a command. */
export function commandNames(sh: Shell, prefix: string): string[] {
  const all = [
    ...sh.aliases.keys(),
    ...KEYWORDS,
    ...sh.functions.keys(),
    ...allBuiltins().map((b) => b.name),
    ...programNames(sh, prefix),
  ];
  return [...new Set(all.filter((n) => n.startsWith(prefix)))].sort(compare);
}

function* compgen(sh: Shell, args: string[]): Coroutine<number> {
  const actions: string[] = [];
  let words: string | undefined;
  let fn: string | undefined;
  let prefix = '';
  let pre = '';
  let post = '';
  const letters: Record<string, string> = {
    a: 'alias', b: 'builtin', c: 'command', d: 'directory', e: 'export', f: 'file', j: 'job', k: 'keyword', v: 'variable',
  }; // prettier-ignore
  for (let i = 0; i < args.length; i++) {
    const a = args[i]!;
    if (a === '--') continue;
    if (a === '-A') actions.push(args[++i] ?? '');
    else if (a === '-W') words = args[++i];
    else if (a === '-F') fn = args[++i];
    else if (a === '-P') pre = args[++i] ?? '';
    else if (a === '-S') post = args[++i] ?? '';
    else if (/^-[oGXC]$/.test(a)) i++;
    else if (/^-[a-z]+$/.test(a) && [...a.slice(1)].every((c) => c in letters))
      actions.push(...[...a.slice(1)].map((c) => letters[c]!));
    else if (a.startsWith('-')) {
      yield* sh.error(`compgen: ${a}: invalid option`);
      return 2;
    } else prefix = a;
  }
  let out: string[] = [];
  for (const action of actions) {
    if (action === 'alias') out.push(...sh.aliases.keys());
    else if (action === 'builtin')
      out.push(
        ...allBuiltins()
          .map((b) => b.name)
          .sort(compare),
      );
    else if (action === 'command') out.push(...commandNames(sh, prefix));
    else if (action === 'keyword') out.push(...KEYWORDS);
    else if (action === 'function') out.push(...[...sh.functions.keys()].sort(compare));
    else if (action === 'variable') out.push(...sh.vars.names());
    else if (action === 'export') out.push(...[...sh.vars.environment().keys()].sort(compare));
    else if (action === 'file' || action === 'directory') {
      const found = yield* glob(sh, `${escapePattern(prefix)}*`);
      out.push(...found.filter((f) => action === 'file' || isDirectory(sh, f)));
    }
  }
  if (words !== undefined)
    out.push(
      ...(yield* expandWords(
        sh,
        words.split(/\s+/).filter((w) => w !== ''),
      )),
    );
  if (fn !== undefined) yield* sh.eprint('compgen: not simulated in this course: -F\n');
  out = out.filter((w) => w.startsWith(prefix));
  if (out.length === 0) return 1;
  yield* sh.print(out.map((w) => `${pre}${w}${post}\n`).join(''));
  return 0;
}

function isDirectory(sh: Shell, path: string): boolean {
  try {
    return sh.sys.files.stat(path).type === 'dir';
  } catch {
    return false;
  }
}

/** Builtins about completion. */
export const completion: Builtin[] = [
  builtin('compgen', 'compgen [-abcdefjkv] [-A action] [-W wordlist] [word]', 'Shows possible completions.', compgen),
  builtin(
    'complete',
    'complete [-W wordlist] name',
    'Sets the words that complete the arguments of a command.',
    function* (sh, args) {
      const at = args.indexOf('-W');
      if (args.length === 0 || args[0] === '-p') {
        for (const [name, words] of sh.completions) yield* sh.print(`complete -W '${words.join(' ')}' ${name}\n`);
        return 0;
      }
      if (args[0] === '-r') {
        if (args.length === 1) sh.completions.clear();
        for (const n of args.slice(1)) sh.completions.delete(n);
        return 0;
      }
      if (at < 0) return 0;
      const words = (args[at + 1] ?? '').split(/\s+/).filter((w) => w !== '');
      for (const n of args.slice(at + 2)) sh.completions.set(n, words);
      return 0;
    },
  ),

  builtin('compopt', 'compopt [-o option] [name ...]', 'Accepted without effect.', function* () {
    return 0;
  }),

  builtin('bind', 'bind [-lpsvPSVX]', 'Key bindings are fixed here; accepted without effect.', function* () {
    return 0;
  }),
];
