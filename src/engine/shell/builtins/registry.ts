import type { Shell } from '../shell';
import type { Builtin } from './types';

const table = new Map<string, Builtin>();
const SPECIAL = new Set([
  '.', ':', 'break', 'continue', 'eval', 'exec', 'exit', 'export', 'readonly', 'return', 'set', 'shift', 'source', 'times', 'trap', 'unset',
]); // prettier-ignore
/** What dash lacks. */
const BASH_ONLY = new Set([
  'source', 'declare', 'typeset', 'let', 'mapfile', 'readarray', 'pushd', 'popd', 'dirs', 'shopt', 'caller', 'enable', 'help', 'history',
  'compgen', 'complete', 'compopt', 'bind', 'disown', 'suspend', 'builtin', 'logout',
]); // prettier-ignore

/** Sets the builtins there are; the order of `allBuiltins`. */
export function register(list: readonly Builtin[]): void {
  table.clear();
  for (const b of list) table.set(b.name, b);
}

/** The builtin that `name` runs in `sh`, if it is one and not disabled. */
export function builtinFor(sh: Shell, name: string): Builtin | undefined {
  if (sh.disabled.has(name) || (sh.dash && BASH_ONLY.has(name))) return undefined;
  return table.get(name);
}

export function allBuiltins(): readonly Builtin[] {
  return [...table.values()];
}

/** POSIX special builtins, whose errors end a POSIX shell. */
export function isSpecial(name: string): boolean {
  return SPECIAL.has(name);
}
