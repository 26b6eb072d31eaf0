import type { Coroutine } from '../../core';
import { assignArray, guarded, subscript } from '../assign';
import type { AssignArg } from '../assign';
import { declaration, valueText } from '../declaration';
import { doubleQuote, quoteIfNeeded, traceQuote } from '../expansion/quote';
import { trace } from '../interpreter';
import { parseProgram } from '../syntax/parser';
import type { ArrayValue } from '../syntax/parser';
import { printFunction } from '../syntax/print';
import type { Shell } from '../shell';
import { compare } from '../text';
import { AssocArray, IndexedArray, isName } from '../variables';
import type { Scope, Variable } from '../variables';
import { builtin, options } from './types';
import type { Builtin } from './types';

const DECLARE_USAGE = 'declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]';

/** Takes `name[=value]` text apart. */
function parseArg(arg: string | AssignArg): AssignArg | { name: string; bare: true } {
  if (typeof arg !== 'string') return arg;
  const m = /^([A-Za-z_]\w*)(?:\[([^]*?)\])?(\+?)=([^]*)$/.exec(arg);
  if (!m) return { name: arg, bare: true };
  let value: string | ArrayValue = m[4]!;
  if (value.startsWith('(') && value.endsWith(')')) {
    const st = parseProgram(`x=${value}`).statements[0]?.command;
    const a = st?.type === 'Command' ? st.prefix[0] : undefined;
    if (a?.type === 'Assignment' && a.value.type === 'ArrayValue') ({ value } = a as { value: ArrayValue });
  }
  return { name: m[1]!, index: m[2], append: m[3] === '+', value, text: arg };
}

interface Attributes {
  on: Set<string>;
  off: Set<string>;
  rest: (string | AssignArg)[];
}

function* attributes(
  sh: Shell,
  name: string,
  args: readonly (string | AssignArg)[],
  allowed: string,
  usage: string,
): Coroutine<Attributes | undefined> {
  const on = new Set<string>();
  const off = new Set<string>();
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (typeof arg !== 'string') break;
    if (arg === '--') {
      i++;
      break;
    }
    if (!/^[-+]./.test(arg)) break;
    for (const c of arg.slice(1)) {
      if (!allowed.includes(c)) {
        yield* sh.error(`${name}: ${arg[0]}${c}: invalid option`);
        yield* sh.eprint(`${name}: usage: ${usage}\n`);
        return undefined;
      }
      (arg[0] === '-' ? on : off).add(c);
    }
  }
  return { on, off, rest: args.slice(i) };
}

function applyFlags(v: Variable, on: ReadonlySet<string>, off: ReadonlySet<string>): void {
  if (on.has('i')) v.integer = true;
  if (on.has('x')) v.exported = true;
  if (on.has('t')) v.trace = true;
  if (on.has('n')) v.nameref = true;
  if (on.has('l')) [v.lower, v.upper] = [true, false];
  if (on.has('u')) [v.lower, v.upper] = [false, true];
  if (on.has('c')) v.capital = true;
  if (off.has('i')) v.integer = false;
  if (off.has('x')) v.exported = false;
  if (off.has('t')) v.trace = false;
  if (off.has('n')) v.nameref = false;
  if (off.has('l')) v.lower = false;
  if (off.has('u')) v.upper = false;
  if (on.has('A')) {
    v.array = 'A';
    if (typeof v.value === 'string') {
      const a = new AssocArray();
      a.set('0', v.value);
      v.value = a;
    }
  } else if (on.has('a')) {
    v.array = 'a';
    if (typeof v.value === 'string') v.value = IndexedArray.from([v.value]);
  }
}

/** declare, typeset, local, export, readonly for one argument. @returns false after a message. */
function* declareOne(
  sh: Shell,
  who: string,
  arg: string | AssignArg,
  scope: Scope | undefined,
  on: Set<string>,
  off: Set<string>,
): Coroutine<boolean> {
  const a = parseArg(arg);
  if (!isName(a.name)) {
    const element = 'bare' in a ? /^([A-Za-z_]\w*)\[[^]*\]$/.exec(a.name) : null;
    if (element) return yield* declareOne(sh, who, element[1]!, scope, new Set([...on, 'a']), off);
    yield* sh.error(`${who}: \`${typeof arg === 'string' ? arg : arg.text}': not a valid identifier`);
    return false;
  }
  const name = on.has('n') || scope ? a.name : sh.resolve(a.name).name;
  let v = scope ? scope.vars.get(name) : sh.vars.find(name);
  if (!v) {
    v = sh.vars.create(name, scope ?? sh.vars.global);
    const outer = scope
      ? sh.vars.scopes
          .slice(0, sh.vars.scopes.indexOf(scope))
          .map((s) => s.vars.get(name))
          .filter((x) => x !== undefined)
          .at(-1)
      : undefined;
    if (outer?.readonly && scope) {
      scope.vars.delete(name);
      yield* sh.error(`${who}: ${name}: readonly variable`);
      return false;
    }
    if (outer && who === 'local' && sh.shopt('localvar_inherit')) Object.assign(v, outer.clone());
    if (scope && scope.kind === 'function' && outer?.exported) v.exported = true;
    const dynamic = scope ? undefined : sh.vars.dynamics.get(name);
    if (dynamic) v.value = dynamic.get(sh);
  }
  if (v.readonly && (off.has('r') || !('bare' in a))) {
    if (who === 'export') v.exported = true;
    yield* sh.error(
      who === 'local' || who === 'declare' || who === 'typeset'
        ? `${who}: ${name}: readonly variable`
        : `${name}: readonly variable`,
    );
    return false;
  }
  if (on.has('A') && v.value instanceof IndexedArray) {
    yield* sh.error(`${who}: ${name}: cannot convert indexed to associative array`);
    return false;
  }
  if (on.has('a') && v.value instanceof AssocArray) {
    yield* sh.error(`${who}: ${name}: cannot convert associative to indexed array`);
    return false;
  }
  const compound = !('bare' in a) && typeof a.value !== 'string';
  applyFlags(v, compound && !on.has('A') ? new Set([...on, ...(v.array === 'A' ? [] : ['a'])]) : on, off);
  if (!('bare' in a)) {
    let message: string | undefined;
    if (typeof a.value !== 'string') message = yield* assignArray(sh, name, a.value, a.append, scope);
    else if (on.has('n')) {
      if (!/^[A-Za-z_]\w*(?:\[[^]*\])?$/.test(a.value)) {
        yield* sh.error(`${who}: \`${a.value}': invalid variable name for name reference`);
        return false;
      }
      if (a.value === name) {
        yield* sh.error(`${who}: ${name}: nameref variable self references not allowed`);
        return false;
      }
      v.value = a.value;
    } else {
      const { value, append } = a;
      const index = a.index === undefined ? undefined : yield* subscript(sh, name, a.index);
      const target = scope ?? sh.vars.scopeOf(name) ?? sh.vars.global;
      message = yield* guarded(sh, () => sh.set(name, value, index, append, target));
    }
    if (message !== undefined) {
      yield* sh.error(message);
      return false;
    }
  }
  if (name === 'OPTIND' && scope) sh.optind = { index: Number(v.scalar) || 1, char: 0, last: 1 };
  if (on.has('r')) v.readonly = true;
  if (off.has('a') || off.has('A')) {
    yield* sh.error(`${who}: ${name}: cannot destroy array variables in this way`);
    return false;
  }
  return true;
}

function flagFilter(on: ReadonlySet<string>): (v: Variable) => boolean {
  const wanted = [...on].filter((c) => 'aAinrtxlu'.includes(c));
  return (v) => wanted.every((c) => v.flags.includes(c));
}

function* declareRun(sh: Shell, args: readonly (string | AssignArg)[], who: string): Coroutine<number> {
  const local = who === 'local';
  const attr = yield* attributes(
    sh,
    who,
    args,
    'aAfFgiIlnprtuxc',
    who === 'local' ? 'local [option] name[=value] ...' : DECLARE_USAGE.replaceAll('declare', who),
  );
  if (!attr) return 2;
  const { on, off, rest } = attr;
  if (local && sh.functionDepth === 0) {
    yield* sh.error('local: can only be used in a function');
    return 1;
  }
  if (on.has('f') || on.has('F')) return yield* declareFunctions(sh, who, on, rest);
  if (rest.length === 0) {
    const scoped = local || undefined;
    const names = scoped ? [...sh.vars.local.vars.keys()].sort(compare) : sh.vars.names();
    const filter = flagFilter(on);
    const plain = !on.has('p') && on.size === 0;
    for (const n of names) {
      const v = sh.vars.find(n)!;
      if (!filter(v)) continue;
      if (plain && !local && v.value === undefined) continue;
      const line =
        plain && !local
          ? `${n}=${typeof v.value === 'string' ? quoteIfNeeded(v.value) : valueText(v)}`
          : declaration(n, v);
      if (!(yield* sh.print(`${line}\n`, who))) return 1;
    }
    return 0;
  }
  if (on.has('p')) {
    let status = 0;
    for (const arg of rest) {
      const name = typeof arg === 'string' ? arg : arg.name;
      const v = sh.vars.find(name);
      const value = v ? undefined : sh.vars.dynamics.get(name);
      if (v) yield* sh.print(`${declaration(name, v)}\n`);
      else if (value) {
        const now = value.get(sh);
        const flags = now instanceof IndexedArray ? 'a' : value.integer ? 'i' : '-';
        yield* sh.print(
          `declare -${flags} ${name}=${
            now instanceof IndexedArray
              ? `(${now
                  .keys()
                  .map((i) => `[${i}]=${doubleQuote(now.get(i)!)}`)
                  .join(' ')})`
              : doubleQuote(String(now ?? ''))
          }\n`,
        );
      } else {
        yield* sh.error(`${who}: ${name}: not found`);
        status = 1;
      }
    }
    return status;
  }
  let status = 0;
  const scope = on.has('g') ? sh.vars.global : local || sh.functionDepth > 0 ? sh.vars.local : undefined;
  for (const arg of rest) {
    if (local && arg === '-') {
      sh.vars.local.savedOptions = [...sh.options];
      continue;
    }
    if (!(yield* declareOne(sh, who, arg, scope, on, off))) status = 1;
  }
  return status;
}

function* declareFunctions(
  sh: Shell,
  who: string,
  on: ReadonlySet<string>,
  rest: readonly (string | AssignArg)[],
): Coroutine<number> {
  const names = rest.map((r) => (typeof r === 'string' ? r : r.name));
  let status = 0;
  for (const name of names.length > 0 ? names : [...sh.functions.keys()].sort(compare)) {
    const fn = sh.functions.get(name);
    if (!fn) {
      status = 1;
      continue;
    }
    if (on.has('x')) fn.exported = true;
    if (on.has('r')) sh.readonlyFunctions.add(name);
    if (on.has('x') || on.has('r')) continue;
    if (on.has('F')) yield* sh.print(names.length > 0 ? `${name}\n` : `declare -f ${name}\n`);
    else yield* sh.print(`${printFunction(name, fn.body, fn.source.text)}\n`);
  }
  void who;
  return status;
}

function marking(flag: 'x' | 'r', who: string): Builtin['run'] {
  const usage =
    who === 'export'
      ? 'export [-fn] [name[=value] ...] or export -p'
      : 'readonly [-aAf] [name[=value] ...] or readonly -p';
  return function* (sh, _args, { args }) {
    const attr = yield* attributes(sh, who, args, flag === 'x' ? 'fnp' : 'aAfp', usage);
    if (!attr) return 2;
    const { on, rest } = attr;
    if (rest.length === 0) {
      for (const n of sh.vars.names()) {
        const v = sh.vars.find(n)!;
        if (!(flag === 'x' ? v.exported : v.readonly)) continue;
        if (on.has('a') && v.array !== 'a') continue;
        if (on.has('A') && v.array !== 'A') continue;
        const line =
          sh.dash || sh.opt('posix')
            ? `${who} ${n}${typeof v.value === 'string' ? `=${sh.dash ? `'${v.value}'` : doubleQuote(v.value)}` : ''}`
            : declaration(n, v);
        yield* sh.print(`${line}\n`);
      }
      return 0;
    }
    let status = 0;
    for (const arg of rest) {
      if (on.has('f')) {
        const name = typeof arg === 'string' ? arg : arg.name;
        const fn = sh.functions.get(name);
        if (!fn) {
          yield* sh.error(`${who}: ${name}: not a function`);
          status = 1;
        } else if (flag === 'x') fn.exported = !on.has('n');
        else sh.readonlyFunctions.add(name);
        continue;
      }
      const add = new Set<string>(on.has('n') ? [] : [flag]);
      if (on.has('a')) add.add('a');
      if (on.has('A')) add.add('A');
      if (sh.opt('xtrace') && typeof arg !== 'string' && typeof arg.value === 'string')
        yield* trace(
          sh,
          arg.text.slice(0, arg.text.indexOf('=') + 1) + (arg.value === '' ? '' : traceQuote(arg.value)),
        );
      if (!(yield* declareOne(sh, who, arg, undefined, add, new Set(on.has('n') ? ['x'] : [])))) status = 1;
    }
    return status;
  };
}

function* unset(sh: Shell, args: string[]): Coroutine<number> {
  const o = yield* options(sh, 'unset', args, 'fvn', 'unset [-f] [-v] [-n] [name ...]');
  if (!o) return 2;
  if (o.flags.has('f') && o.flags.has('v')) {
    yield* sh.error('unset: cannot simultaneously unset a function and a variable');
    return 1;
  }
  let status = 0;
  for (const arg of o.rest) {
    if (o.flags.has('f')) {
      if (sh.readonlyFunctions.has(arg)) {
        yield* sh.error(`unset: ${arg}: cannot unset: readonly function`);
        status = 1;
      } else sh.functions.delete(arg);
      continue;
    }
    const m = /^([A-Za-z_]\w*)(?:\[([^]*)\])?$/.exec(arg);
    if (!m) {
      if (!o.flags.has('v')) {
        sh.functions.delete(arg);
        continue;
      }
      yield* sh.error(`unset: \`${arg}': not a valid identifier`);
      status = 1;
      continue;
    }
    const r = o.flags.has('n') ? { name: m[1]!, index: undefined } : sh.resolve(m[1]!);
    const name = r.name;
    const index = m[2] ?? r.index;
    const v = sh.vars.find(name);
    if (!v) {
      if (index === undefined && sh.vars.dropDynamic(name)) continue;
      if (!o.flags.has('v')) sh.functions.delete(arg);
      continue;
    }
    if (v.readonly) {
      yield* sh.error(`unset: ${name}: cannot unset: readonly variable`);
      status = 1;
      continue;
    }
    if (index !== undefined) {
      if (v.value instanceof AssocArray) {
        if (index === '@' || index === '*') v.value = new AssocArray();
        else v.value.delete(index.replace(/^(["'])([^]*)\1$/, '$2'));
      } else if (index === '@' || index === '*') sh.vars.scopeOf(name)!.vars.delete(name);
      else if (v.value instanceof IndexedArray) {
        const i = Number(sh.arithmetic(index));
        const at = i < 0 ? v.value.end + i : i;
        if (at < 0) {
          yield* sh.error(`unset: [${index}]: bad array subscript`);
          status = 1;
        } else v.value.delete(at);
      } else if (Number(sh.arithmetic(index)) === 0) v.value = undefined;
      else {
        yield* sh.error(`unset: ${name}: not an array variable`);
        status = 1;
      }
      continue;
    }
    const scope = sh.vars.scopeOf(name)!;
    // A local variable stays local, but unset.
    if (scope.kind === 'function' && scope === sh.vars.local) {
      const fresh = sh.vars.create(name, scope);
      fresh.value = undefined;
    } else scope.vars.delete(name);
    if (name === 'PATH') sh.hashed.clear();
  }
  return status;
}

/** Builtins about variables. */
export const variables: Builtin[] = [
  builtin('declare', DECLARE_USAGE, 'Sets variables and their attributes.', (sh, _a, { args }) =>
    declareRun(sh, args, 'declare'),
  ),
  builtin('typeset', DECLARE_USAGE.replaceAll('declare', 'typeset'), 'The same as declare.', (sh, _a, { args }) =>
    declareRun(sh, args, 'typeset'),
  ),
  builtin('local', 'local [option] name[=value] ...', 'Makes variables local to a function.', (sh, _a, { args }) =>
    declareRun(sh, args, 'local'),
  ),
  builtin(
    'export',
    'export [-fn] [name[=value] ...] or export -p',
    'Marks variables for the environment of programs.',
    marking('x', 'export'),
  ),
  builtin(
    'readonly',
    'readonly [-aAf] [name[=value] ...] or readonly -p',
    'Marks variables as unchangeable.',
    marking('r', 'readonly'),
  ),
  builtin('unset', 'unset [-f] [-v] [-n] [name ...]', 'Removes variables or functions.', unset),
];
