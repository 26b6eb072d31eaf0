import type { Coroutine } from '../../core';
import { singleQuote } from '../expansion/quote';
import type { Shell } from '../shell';
import { execProgram, findProgram, runBuiltin } from '../simple';
import { printFunction } from '../syntax/print';
import { compare } from '../text';
import { forkShell } from '../subshell';
import { waitForeground } from '../jobs';
import { oneJob } from '../pipeline';
import { isErrno } from '../../core';
import { KEYWORDS } from '../keywords';
import { builtin, options } from './types';
import type { Builtin } from './types';
import { allBuiltins, builtinFor, isSpecial } from './registry';

interface Described {
  kind: 'alias' | 'keyword' | 'function' | 'builtin' | 'file' | 'hashed';
  text: string;
  path?: string;
}

function describeAll(sh: Shell, name: string, skipFunctions: boolean, pathOnly: boolean): Described[] {
  const out: Described[] = [];
  if (!pathOnly) {
    const alias = sh.aliases.get(name);
    if (alias !== undefined && (sh.shopt('expand_aliases') || sh.interactive))
      out.push({ kind: 'alias', text: `${name} is aliased to \`${alias}'` });
    if (KEYWORDS.includes(name)) out.push({ kind: 'keyword', text: `${name} is a shell keyword` });
    const fn = skipFunctions ? undefined : sh.functions.get(name);
    if (fn)
      out.push({ kind: 'function', text: `${name} is a function\n${printFunction(name, fn.body, fn.source.text)}` });
    if (builtinFor(sh, name)) {
      const special = sh.opt('posix') && isSpecial(name) ? 'special ' : '';
      out.push({ kind: 'builtin', text: `${name} is a ${special}shell builtin` });
    }
  }
  const hashed = sh.hashed.get(name);
  if (hashed && out.length === 0)
    out.push({ kind: 'hashed', text: `${name} is hashed (${hashed.path})`, path: hashed.path });
  if (name.includes('/')) {
    if (sh.sys.files.isExecutable(name)) out.push({ kind: 'file', text: `${name} is ${name}`, path: name });
    return out;
  }
  for (const dir of (sh.get('PATH') ?? '').split(':')) {
    const full = `${dir === '' ? '.' : dir}/${name}`;
    if (sh.sys.files.isExecutable(full)) out.push({ kind: 'file', text: `${name} is ${full}`, path: full });
  }
  return out;
}

function* type(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'type', args, 'afptP', 'type [-afptP] name [name ...]');
  if (!o) return 2;
  const { flags } = o;
  let status = 0;
  for (const name of o.rest) {
    let found = describeAll(sh, name, flags.has('f'), flags.has('P'));
    if (flags.has('a')) found = found.filter((f) => f.kind !== 'hashed');
    if (found.length === 0) {
      if (!flags.has('t') && !flags.has('p') && !flags.has('P')) {
        if (sh.dash) yield* sh.print(`${name}: not found\n`);
        else yield* sh.error(`type: ${name}: not found`);
      }
      status = sh.dash ? 127 : 1;
      continue;
    }
    for (const f of flags.has('a') ? found : found.slice(0, 1)) {
      if (flags.has('t')) yield* sh.print(`${f.kind === 'hashed' ? 'file' : f.kind}\n`);
      else if (flags.has('p') || flags.has('P')) {
        if (f.path) yield* sh.print(`${f.path}\n`);
      } else yield* sh.print(`${f.text}\n`);
    }
  }
  return status;
}

function* command(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'command', args, 'pvV', 'command [-pVv] command [arg ...]');
  if (!o) return 2;
  const [name] = o.rest;
  if (name === undefined) return 0;
  if (o.flags.has('v') || o.flags.has('V')) {
    let status = sh.dash ? 127 : 1;
    for (const n of o.rest) {
      const [f] = describeAll(sh, n, false, false);
      if (!f) {
        if (o.flags.has('V')) yield* sh.error(sh.dash ? `${n}: not found` : `command: ${n}: not found`);
        continue;
      }
      status = 0;
      if (o.flags.has('V')) yield* sh.print(`${f.text}\n`);
      else if (f.path) yield* sh.print(`${f.path}\n`);
      else if (f.kind === 'alias') yield* sh.print(`alias ${n}=${singleQuote(sh.aliases.get(n)!)}\n`);
      else yield* sh.print(`${n}\n`);
    }
    return status;
  }
  const b = builtinFor(sh, name);
  if (b) return yield* runBuiltin(sh, b, o.rest);
  return yield* external(
    sh,
    o.rest,
    o.flags.has('p') ? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' : undefined,
  );
}

function* external(sh: Shell, argv: string[], searchPath?: string): Coroutine<number> {
  const path = searchPath === undefined ? findProgram(sh, argv[0]!) : sh.sys.which(argv[0]!, searchPath);
  const env = sh.vars.environment();
  env.set('_', path ?? argv[0]!);
  const control = sh.opt('monitor');
  try {
    const child = forkShell(sh, control ? { pgid: 0 } : {}, function* (c) {
      if (path === undefined) {
        yield* c.error(sh.dash ? `${argv[0]}: not found` : `${argv[0]}: command not found`);
        return 127;
      }
      return yield* execProgram(c, path, argv, env);
    });
    return yield* waitForeground(sh, oneJob(sh, child, argv.join(' '), control));
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sh.error(`fork: retry: ${e.message}`);
    return 254;
  }
}

function* hash(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'hash', args, 'lrp:dt', 'hash [-lr] [-p pathname] [-dt] [name ...]');
  if (!o) return 2;
  if (o.flags.has('r')) sh.hashed.clear();
  if (o.rest.length === 0) {
    if (o.flags.has('r')) return 0;
    if (sh.hashed.size === 0) {
      if (!o.flags.has('l')) yield* sh.print('hash: hash table empty\n');
      return 0;
    }
    if (!o.flags.has('l')) yield* sh.print('hits\tcommand\n');
    for (const [n, h] of sh.hashed)
      yield* sh.print(
        o.flags.has('l') ? `builtin hash -p ${h.path} ${n}\n` : `${String(h.hits).padStart(4)}\t${h.path}\n`,
      );
    return 0;
  }
  let status = 0;
  for (const name of o.rest) {
    if (o.values.has('p')) sh.hashed.set(name, { path: o.values.get('p')!, hits: 0 });
    else if (o.flags.has('d')) {
      if (!sh.hashed.delete(name)) {
        yield* sh.error(`hash: ${name}: not found`);
        status = 1;
      }
    } else if (o.flags.has('t')) {
      const h = sh.hashed.get(name);
      if (h) yield* sh.print(o.rest.length > 1 ? `${name}\t${h.path}\n` : `${h.path}\n`);
      else {
        yield* sh.error(`hash: ${name}: not found`);
        status = 1;
      }
    } else {
      sh.hashed.delete(name);
      const path = findProgram(sh, name, false);
      if (path === undefined) {
        yield* sh.error(`hash: ${name}: not found`);
        status = 1;
      } else sh.hashed.set(name, { path, hits: 0 });
    }
  }
  return status;
}

/** Builtins about the shell itself. */
export const info: Builtin[] = [
  builtin('type', 'type [-afptP] name [name ...]', 'Tells what a name would run.', type),
  builtin('command', 'command [-pVv] command [arg ...]', 'Runs a command past functions, or tells about it.', command),
  builtin('builtin', 'builtin [shell-builtin [arg ...]]', 'Runs a builtin past functions.', function* (sh, args, call) {
    const list = args[0] === '--' ? args.slice(1) : args;
    const [name] = list;
    if (name === undefined) return 0;
    const b = builtinFor(sh, name);
    if (!b) {
      yield* sh.error(`builtin: ${name}: not a shell builtin`);
      return 1;
    }
    return yield* runBuiltin(sh, b, list, [...call.args].slice(call.args.length - list.length + 1));
  }),
  builtin('hash', 'hash [-lr] [-p pathname] [-dt] [name ...]', 'Remembers where programs are.', hash),
  builtin('times', 'times', 'Prints CPU time used.', function* (sh) {
    const own = sh.sys.proc.task.cpu / 1e6;
    const text = (s: number): string => `${Math.floor(s / 60)}m${(s % 60).toFixed(3)}s`;
    yield* sh.print(`${text(own)} ${text(0)}\n${text(0)} ${text(0)}\n`);
    return 0;
  }),
  builtin('caller', 'caller [expr]', 'Tells where the current function was called.', function* (sh, args) {
    const n = args[0] === undefined ? 0 : Number(args[0]);
    const frame = sh.frames[sh.frames.length - 1 - n];
    if (!frame) return 1;
    const outer = sh.frames[sh.frames.length - 2 - n];
    if (args[0] === undefined) {
      yield* sh.print(`${frame.line} ${outer?.source ?? (sh.mode === 'c' ? 'NULL' : sh.name)}\n`);
    } else {
      if (!outer && sh.mode === 'c') return 1;
      yield* sh.print(
        `${frame.line} ${outer?.name ?? 'main'} ${outer?.source ?? (sh.mode === 'c' ? 'NULL' : sh.name)}\n`,
      );
    }
    return 0;
  }),
  builtin('enable', 'enable [-a] [-dnps] [name ...]', 'Turns builtins on and off.', function* (sh, args) {
    const o = yield* options(sh, 'enable', args, 'adnps', 'enable [-a] [-dnps] [-f filename] [name ...]');
    if (!o) return 2;
    const known = allBuiltins().map((b) => b.name);
    if (o.rest.length === 0 || o.flags.has('p')) {
      for (const n of known.sort(compare)) {
        const off = sh.disabled.has(n);
        if (o.flags.has('n') ? !off : off && !o.flags.has('a')) continue;
        if (o.flags.has('s') && !isSpecial(n)) continue;
        yield* sh.print(`enable ${off ? '-n ' : ''}${n}\n`);
      }
      return 0;
    }
    let status = 0;
    for (const n of o.rest) {
      if (!known.includes(n)) {
        yield* sh.error(`enable: ${n}: not a shell builtin`);
        status = 1;
      } else if (o.flags.has('n')) sh.disabled.add(n);
      else sh.disabled.delete(n);
    }
    return status;
  }),
  builtin('help', 'help [-dms] [pattern ...]', 'Shows what builtins do.', function* (sh, args) {
    const o = yield* options(sh, 'help', args, 'dms', 'help [-dms] [pattern ...]');
    if (!o) return 2;
    const all = [...allBuiltins()].sort((a, b) => compare(a.name, b.name));
    if (o.rest.length === 0) {
      yield* sh.print(
        "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nBuilt-in commands. `help NAME' tells more about NAME.\n\n",
      );
      for (const b of all) yield* sh.print(` ${b.usage}\n`);
      return 0;
    }
    let status = 0;
    for (const name of o.rest) {
      const hits = all.filter((b) => b.name === name || (all.every((x) => x.name !== name) && b.name.startsWith(name)));
      if (hits.length === 0) {
        yield* sh.error(
          `help: no help topics match \`${name}'.  Try \`help help' or \`man -k ${name}' or \`info ${name}'.`,
        );
        status = 1;
      }
      for (const b of hits) {
        if (o.flags.has('d')) yield* sh.print(`${b.name} - ${b.summary}\n`);
        else if (o.flags.has('s')) yield* sh.print(`${b.name}: ${b.usage}\n`);
        else yield* sh.print(`${b.name}: ${b.usage}\n    ${b.summary}\n`);
      }
    }
    return status;
  }),
];
