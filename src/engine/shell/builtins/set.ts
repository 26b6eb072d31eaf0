import type { Coroutine } from '../../core';
import { valueText } from '../declaration';
import { ArithError } from '../errors';
import { quoteIfNeeded } from '../expansion/quote';
import { optionOf, SET_OPTIONS } from '../options';
import type { Shell } from '../shell';
import { printFunction } from '../syntax/print';
import { compare } from '../text';
import { restoreDefault } from '../traps';
import type { Builtin } from './types';
import { builtin } from './types';

/** `set -o` names that dash does not have. */
const BASH_OPTIONS = new Set([
  'braceexpand', 'errtrace', 'functrace', 'hashall', 'histexpand', 'history', 'interactive-comments', 'keyword', 'onecmd', 'physical',
  'pipefail', 'posix', 'privileged',
]); // prettier-ignore

function* setBuiltin(sh: Shell, args: string[]): Coroutine<number> {
  if (args.length === 0) {
    for (const n of sh.vars.names()) {
      const v = sh.vars.find(n)!;
      if (v.value === undefined) continue;
      const text = sh.dash
        ? `'${v.scalar ?? ''}'`
        : typeof v.value === 'string'
          ? quoteIfNeeded(v.value)
          : valueText(v);
      yield* sh.print(`${n}=${text}\n`);
    }
    if (!sh.opt('posix')) {
      for (const [n, fn] of [...sh.functions].sort((a, b) => compare(a[0], b[0])))
        yield* sh.print(`${printFunction(n, fn.body, fn.source.text)}\n`);
    }
    return 0;
  }
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') {
      sh.positional = args.slice(i + 1);
      return 0;
    }
    if (arg === '-') {
      sh.options.delete('xtrace');
      sh.options.delete('verbose');
      if (i + 1 < args.length) sh.positional = args.slice(i + 1);
      return 0;
    }
    if (!/^[-+]/.test(arg) || arg === '+') break;
    const on = arg[0] === '-';
    for (const c of arg.slice(1)) {
      if (c === 'o') {
        const name = args[i + 1];
        if (name === undefined || /^[-+]/.test(name)) {
          for (const [n] of SET_OPTIONS) {
            yield* sh.print(
              on ? `${n.padEnd(15)}\t${sh.opt(n) ? 'on' : 'off'}\n` : `set ${sh.opt(n) ? '-' : '+'}o ${n}\n`,
            );
          }
          continue;
        }
        i++;
        if (!SET_OPTIONS.some(([n]) => n === name) || (sh.dash && BASH_OPTIONS.has(name))) {
          if (sh.dash) yield* sh.fail(`set: Illegal option -o ${name}`, 2);
          yield* sh.error(`set: ${name}: invalid option name`);
          return 2;
        }
        setOption(sh, name, on);
        continue;
      }
      const name = optionOf(c);
      if (name === undefined) {
        if (sh.dash) {
          yield* sh.fail(`set: Illegal option ${arg[0]}${c}`, 2);
        }
        yield* sh.error(`set: ${arg[0]}${c}: invalid option`);
        yield* sh.eprint('set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n');
        return 2;
      }
      setOption(sh, name, on);
    }
  }
  if (i < args.length) sh.positional = args.slice(i);
  return 0;
}

/** Turns a `set -o` option on or off, with what depends on it. */
export function setOption(sh: Shell, name: string, on: boolean): void {
  if (on) sh.options.add(name);
  else sh.options.delete(name);
  if (name === 'monitor' && sh.interactive)
    for (const s of ['SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const) if (!sh.traps.has(s)) restoreDefault(sh, s);
  if (name === 'vi' && on) sh.options.delete('emacs');
  if (name === 'emacs' && on) sh.options.delete('vi');
}

/** set, let and shift. */
export const setBuiltins: Builtin[] = [
  builtin(
    'set',
    'set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]',
    'Sets options and positional parameters.',
    setBuiltin,
  ),
  builtin('let', 'let arg [arg ...]', 'Evaluates arithmetic expressions.', function* (sh, args) {
    if (args.length === 0) {
      yield* sh.error('let: expression expected');
      return 1;
    }
    let value = 0n;
    for (const arg of args) {
      try {
        value = sh.arithmetic(arg);
      } catch (e) {
        if (!(e instanceof ArithError)) throw e;
        yield* sh.error(`let: ${e.message}`);
        return 1;
      }
    }
    return value === 0n ? 1 : 0;
  }),
  builtin('shift', 'shift [n]', 'Removes the first n positional parameters.', function* (sh, args) {
    const n = args[0] === undefined ? 1 : Number(args[0]);
    if (!Number.isInteger(n)) {
      yield* sh.error(`shift: ${args[0]}: numeric argument required`);
      return 1;
    }
    if (n < 0) {
      yield* sh.error(`shift: ${args[0]}: shift count out of range`);
      return 1;
    }
    if (n > sh.positional.length) {
      if (sh.dash) {
        yield* sh.fail("shift: can't shift that many", 2);
      }
      if (sh.shopt('shift_verbose')) yield* sh.error(`shift: ${args[0]}: shift count out of range`);
      return 1;
    }
    sh.positional = sh.positional.slice(n);
    return 0;
  }),
];
