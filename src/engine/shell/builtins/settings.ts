import type { Coroutine } from '../../core';
import { SIGNALS } from '../../core';
import { singleQuote } from '../expansion/quote';
import { SET_OPTIONS, SHOPT_DEFAULTS } from '../options';
import type { Shell } from '../shell';
import { runBuiltin } from '../simple';
import { compare } from '../text';
import { installTrap, trapKey } from '../traps';
import { builtinFor } from './registry';
import { setOption } from './set';
import type { Builtin } from './types';
import { builtin, options } from './types';

function* trap(sh: Shell, args: string[]): Coroutine<number> {
  const usage = 'trap: usage: trap [-lp] [[arg] signal_spec ...]\n';
  if (args[0] === '-l') {
    return yield* runBuiltin(sh, builtinFor(sh, 'kill')!, ['kill', '-l']);
  }
  const print = args[0] === '-p';
  const list = print || args[0] === '--' ? args.slice(1) : args;
  const order = (key: string): number =>
    key === 'EXIT'
      ? 0
      : key in SIGNALS
        ? SIGNALS[key as keyof typeof SIGNALS]
        : { DEBUG: 65, ERR: 66, RETURN: 67 }[key]!;
  if (list.length === 0 || print) {
    for (const name of list) {
      if (trapKey(name) === undefined) {
        yield* sh.error(`trap: ${name}: invalid signal specification`);
        return 1;
      }
    }
    const keys =
      list.length > 0 ? list.map((n) => trapKey(n)!) : [...sh.traps.keys()].sort((a, b) => order(a) - order(b));
    for (const key of keys) {
      const action = sh.traps.get(key);
      if (action === undefined) continue;
      const shown = sh.dash || sh.opt('posix') ? key.replace(/^SIG/, '') : key;
      yield* sh.print(`trap -- ${singleQuote(action)} ${shown}\n`);
    }
    return 0;
  }
  if (list.length === 1 && trapKey(list[0]!) === undefined && !list[0]!.startsWith('-')) {
    if (trapKey(list[0]!) === undefined) {
      yield* sh.eprint(usage);
      return 2;
    }
  }
  if (/^-[a-zA-Z]/.test(list[0]!)) {
    yield* sh.error(`trap: -${list[0]![1]}: invalid option`);
    yield* sh.eprint(usage);
    return 2;
  }
  const remove = list[0] === '-' || list.length === 1 || (/^\d+$/.test(list[0]!) && trapKey(list[0]!) !== undefined);
  const action = remove ? undefined : list[0];
  const names = list[0] === '-' || !remove ? list.slice(1) : list;
  let status = 0;
  for (const name of names) {
    const key = trapKey(name);
    if (key === undefined) {
      yield* sh.error(sh.dash ? `trap: bad trap: ${name}` : `trap: ${name}: invalid signal specification`);
      status = 1;
      continue;
    }
    if (key === 'RETURN') sh.vars.local.returnTrap = true;
    installTrap(sh, key, action);
  }
  return status;
}

function* getopts(sh: Shell, args: string[]): Coroutine<number> {
  if (args[0] === '--') args = args.slice(1);
  const [spec, name] = args;
  if (spec === undefined || name === undefined) {
    yield* sh.eprint('getopts: usage: getopts optstring name [arg ...]\n');
    return 2;
  }
  const list = args.length > 2 ? args.slice(2) : sh.positional;
  const o = sh.optind;
  const silent = spec.startsWith(':');
  const finish = function* (value: string, arg: string | undefined, status: number): Coroutine<number> {
    sh.set('OPTIND', String(o.index));
    sh.optind = o;
    if (arg === undefined) sh.vars.scopeOf('OPTARG')?.vars.delete('OPTARG');
    else sh.set('OPTARG', arg);
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      yield* sh.error(`getopts: \`${name}': not a valid identifier`);
      return 1;
    }
    sh.set(name, value);
    return status;
  };
  const word = list[o.index - 1];
  if (o.char === 0) {
    if (word === undefined || !/^-./.test(word)) return yield* finish('?', undefined, 1);
    if (word === '--') {
      o.index++;
      return yield* finish('?', undefined, 1);
    }
    o.char = 1;
  }
  const current = list[o.index - 1] ?? '';
  const c = current[o.char] ?? '';
  o.char++;
  const at = c === ':' || c === '' ? -1 : spec.indexOf(c, silent ? 1 : 0);
  const atEnd = o.char >= current.length;
  const advance = (): void => {
    o.index++;
    o.char = 0;
  };
  if (at < 0) {
    if (atEnd) advance();
    if (!silent && sh.get('OPTERR') !== '0')
      yield* sh.eprint(sh.dash ? `Illegal option -${c}\n` : `${sh.name}: illegal option -- ${c}\n`);
    return yield* finish('?', silent ? c : undefined, 0);
  }
  if (spec[at + 1] !== ':') {
    if (atEnd) advance();
    return yield* finish(c, undefined, 0);
  }
  if (!atEnd) {
    const arg = current.slice(o.char);
    advance();
    return yield* finish(c, arg, 0);
  }
  advance();
  const arg = list[o.index - 1];
  if (arg === undefined) {
    if (silent) return yield* finish(':', c, 0);
    if (sh.get('OPTERR') !== '0')
      yield* sh.eprint(sh.dash ? `No arg for -${c} option\n` : `${sh.name}: option requires an argument -- ${c}\n`);
    return yield* finish('?', undefined, 0);
  }
  o.index++;
  return yield* finish(c, arg, 0);
}

function* shopt(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'shopt', args, 'suqpo', 'shopt [-pqsu] [-o] [optname ...]');
  if (!o) return 2;
  const { flags } = o;
  const isSet = (n: string): boolean => (flags.has('o') ? sh.opt(n) : sh.shopt(n));
  const all = flags.has('o') ? SET_OPTIONS.map(([n]) => n) : SHOPT_DEFAULTS.map(([n]) => n).sort(compare);
  let status = 0;
  const names = o.rest.length > 0 ? o.rest : all;
  const width = 15;
  for (const name of names) {
    if (!all.includes(name)) {
      yield* sh.error(`shopt: ${name}: invalid ${flags.has('o') ? 'option' : 'shell option'} name`);
      status = 1;
      continue;
    }
    if (o.rest.length > 0 && (flags.has('s') || flags.has('u'))) {
      const on = flags.has('s');
      if (flags.has('o')) setOption(sh, name, on);
      else if (on) sh.shopts.add(name);
      else sh.shopts.delete(name);
      if (name === 'expand_aliases' || name === 'extglob') sh.epoch++;
      continue;
    }
    if (o.rest.length === 0 && flags.has('s') && !isSet(name)) continue;
    if (o.rest.length === 0 && flags.has('u') && isSet(name)) continue;
    if (o.rest.length > 0 && !isSet(name)) status = 1;
    if (flags.has('q')) continue;
    if (flags.has('p')) {
      yield* sh.print(
        flags.has('o') ? `set ${isSet(name) ? '-' : '+'}o ${name}\n` : `shopt -${isSet(name) ? 's' : 'u'} ${name}\n`,
      );
    } else yield* sh.print(`${name.padEnd(width)}\t${isSet(name) ? 'on' : 'off'}\n`);
  }
  return status;
}

function* alias(sh: Shell, args: string[]): Coroutine<number> {
  let list = args;
  if (list[0] === '-p') list = list.slice(1);
  const show = (n: string): string =>
    sh.dash ? `${n}=${singleQuote(sh.aliases.get(n)!)}\n` : `alias ${n}=${singleQuote(sh.aliases.get(n)!)}\n`;
  if (list.length === 0) {
    for (const n of [...sh.aliases.keys()].sort(compare)) yield* sh.print(show(n));
    return 0;
  }
  let status = 0;
  for (const arg of list) {
    const eq = arg.indexOf('=');
    if (eq > 0) {
      if (/[\s$`\\'"|&;()<>/]/.test(arg.slice(0, eq))) {
        yield* sh.error(`alias: \`${arg.slice(0, eq)}': invalid alias name`);
        status = 1;
        continue;
      }
      sh.aliases.set(arg.slice(0, eq), arg.slice(eq + 1));
      sh.epoch++;
    } else if (sh.aliases.has(arg)) yield* sh.print(show(arg));
    else {
      yield* sh.error(`alias: ${arg}: not found`);
      status = 1;
    }
  }
  return status;
}

const LIMITS: readonly (readonly [letter: string, name: string, unit: string, value: string])[] = [
  ['R', 'real-time non-blocking time', 'microseconds, -R', 'unlimited'], ['c', 'core file size', 'blocks, -c', '0'],
  ['d', 'data seg size', 'kbytes, -d', 'unlimited'], ['e', 'scheduling priority', '-e', '0'],
  ['f', 'file size', 'blocks, -f', 'unlimited'], ['i', 'pending signals', '-i', '7823'],
  ['l', 'max locked memory', 'kbytes, -l', '8192'], ['m', 'max memory size', 'kbytes, -m', 'unlimited'],
  ['n', 'open files', '-n', '1024'], ['p', 'pipe size', '512 bytes, -p', '8'], ['q', 'POSIX message queues', 'bytes, -q', '819200'],
  ['r', 'real-time priority', '-r', '0'], ['s', 'stack size', 'kbytes, -s', '8192'], ['t', 'cpu time', 'seconds, -t', 'unlimited'],
  ['u', 'max user processes', '-u', '400'], ['v', 'virtual memory', 'kbytes, -v', 'unlimited'], ['x', 'file locks', '-x', 'unlimited'],
]; // prettier-ignore

function* ulimit(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'ulimit', args, 'SHaRcdefilmnpqrstuvx', 'ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]');
  if (!o) return 2;
  if (o.rest.length > 0) {
    if (!/^(?:\d+|soft|hard|unlimited)$/.test(o.rest[0]!)) {
      yield* sh.error(`ulimit: ${o.rest[0]}: invalid number`);
      return 1;
    }
    yield* sh.eprint('ulimit: not simulated in this course: setting limits\n');
    return 1;
  }
  const letters = [...o.flags].filter((f) => f !== 'S' && f !== 'H');
  const rows = LIMITS.filter(([l]) =>
    letters.length === 0 ? l === 'f' : letters.includes('a') || letters.includes(l),
  );
  for (const [, name, unit, value] of rows) {
    yield* sh.print(
      rows.length === 1 ? `${value}\n` : `${name.padEnd(20)}${`(${unit}) `.padStart(Math.max(21, 0))}${value}\n`,
    );
  }
  return 0;
}

function symbolicMask(mask: number): string {
  const part = (shift: number): string => ['r', 'w', 'x'].filter((_, i) => !((mask >> shift) & (4 >> i))).join('');
  return `u=${part(6)},g=${part(3)},o=${part(0)}`;
}

function* umask(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'umask', args, 'pS', 'umask [-p] [-S] [mode]');
  if (!o) return 2;
  const [mode] = o.rest;
  const { proc } = sh.sys;
  if (mode === undefined) {
    const text = o.flags.has('S') ? symbolicMask(proc.umask) : proc.umask.toString(8).padStart(4, '0');
    yield* sh.print(`${o.flags.has('p') ? `umask ${o.flags.has('S') ? '-S ' : ''}` : ''}${text}\n`);
    return 0;
  }
  if (/^\d+$/.test(mode)) {
    if (/[89]/.test(mode) || parseInt(mode, 8) > 0o777) {
      yield* sh.error(`umask: ${mode}: octal number out of range`);
      return 1;
    }
    proc.umask = parseInt(mode, 8);
  } else {
    let allowed = ~proc.umask & 0o777;
    for (const clause of mode.split(',')) {
      const m = /^([ugoa]*)([-+=])([rwx]*)$/.exec(clause);
      if (!m) {
        yield* sh.error(`umask: \`${clause[0] ?? ''}': invalid symbolic mode operator`);
        return 1;
      }
      const bits = [...m[3]!].reduce((b, c) => b | { r: 4, w: 2, x: 1 }[c]!, 0);
      for (const who of m[1] === '' ? 'ugo' : m[1]!.replace('a', 'ugo')) {
        const shift = { u: 6, g: 3, o: 0 }[who]!;
        if (m[2] === '=') allowed = (allowed & ~(7 << shift)) | (bits << shift);
        else if (m[2] === '+') allowed |= bits << shift;
        else allowed &= ~(bits << shift);
      }
    }
    proc.umask = ~allowed & 0o777;
  }
  if (o.flags.has('S')) yield* sh.print(`${symbolicMask(proc.umask)}\n`);
  return 0;
}

/** Builtins that set how the shell behaves. */
export const settings: Builtin[] = [
  builtin('trap', 'trap [-lp] [[arg] signal_spec ...]', 'Runs commands when signals or other events arrive.', trap),
  builtin('getopts', 'getopts optstring name [arg ...]', 'Parses options.', getopts),
  builtin('shopt', 'shopt [-pqsu] [-o] [optname ...]', 'Sets shell options.', shopt),
  builtin('alias', 'alias [-p] [name[=value] ... ]', 'Defines or shows aliases.', alias),
  builtin('unalias', 'unalias [-a] name [name ...]', 'Removes aliases.', function* (sh, args) {
    const o = yield* options(sh, 'unalias', args, 'a', 'unalias [-a] name [name ...]');
    if (!o) return 2;
    if (o.flags.has('a')) sh.aliases.clear();
    else if (o.rest.length === 0) {
      yield* sh.eprint('unalias: usage: unalias [-a] name [name ...]\n');
      return 2;
    }
    let status = 0;
    for (const n of o.rest) {
      if (!sh.aliases.delete(n)) {
        yield* sh.error(`unalias: ${n}: not found`);
        status = 1;
      }
    }
    sh.epoch++;
    return status;
  }),
  builtin('ulimit', 'ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]', 'Shows resource limits.', ulimit),
  builtin('umask', 'umask [-p] [-S] [mode]', 'Shows or sets the file mode mask.', umask),
];
