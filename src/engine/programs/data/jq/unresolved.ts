/** Names that mean nothing, found before the program runs. */
import { BUILTINS } from './builtins';
import { CompileError } from './lexer';
import type { Node, Pattern } from './parser';
import { KEY_SEPARATOR, preludeDefs } from './prelude-defs';

/** Variables that a pattern binds. */
export function names(p: Pattern): string[] {
  if (p.t === 'var') return [p.name];
  if (p.t === 'array') return p.items.flatMap(names);
  return p.entries.flatMap((e) => [...(e.name === undefined ? [] : [e.name]), ...(e.value ? names(e.value) : [])]);
}

/** Every name in `program` that means nothing, as compile errors. */
export function unresolved(program: Node, globals: ReadonlySet<string>): CompileError[] {
  const errors: CompileError[] = [];
  interface Names {
    readonly fns: ReadonlySet<string>;
    readonly vars: ReadonlySet<string>;
    readonly labels: ReadonlySet<string>;
  }
  const withVars = (s: Names, patterns: readonly Pattern[]): Names => ({
    ...s,
    vars: new Set([...s.vars, ...patterns.flatMap(names)]),
  });
  const visitPattern = (p: Pattern, s: Names): void => {
    if (p.t === 'array') p.items.forEach((x) => visitPattern(x, s));
    if (p.t === 'object')
      for (const e of p.entries) {
        visit(e.key, withVars(s, [p]));
        if (e.value) visitPattern(e.value, s);
      }
  };
  const visit = (n: Node | undefined, s: Names): void => {
    if (!n) return;
    switch (n.t) {
      case 'call': {
        const key = n.name + KEY_SEPARATOR + n.args.length;
        if (!s.fns.has(key) && !BUILTINS.has(key) && !preludeDefs().has(key))
          errors.push(new CompileError(`${key} is not defined`, n.start));
        n.args.forEach((a) => visit(a, s));
        return;
      }
      case 'variable':
        if (!s.vars.has(n.name)) errors.push(new CompileError(`$${n.name} is not defined`, n.start));
        return;
      case 'break':
        if (!s.labels.has(n.name)) errors.push(new CompileError(`$*label-${n.name} is not defined`, n.start));
        return;
      case 'label':
        return visit(n.body, { ...s, labels: new Set([...s.labels, n.name]) });
      case 'def': {
        const key = n.def.name + KEY_SEPARATOR + n.def.params.length;
        const fns = new Set([...s.fns, key]);
        visit(n.def.body, {
          ...s,
          fns: new Set([...fns, ...n.def.params.map((p) => `${p.name}${KEY_SEPARATOR}0`)]),
          vars: new Set([...s.vars, ...n.def.params.filter((p) => p.isVar).map((p) => p.name)]),
        });
        return visit(n.rest, { ...s, fns });
      }
      case 'as':
        visit(n.source, s);
        n.patterns.forEach((p) => visitPattern(p, s));
        return visit(n.body, withVars(s, n.patterns));
      case 'reduce':
      case 'foreach': {
        visit(n.source, s);
        n.patterns.forEach((p) => visitPattern(p, s));
        visit(n.init, s);
        const inner = withVars(s, n.patterns);
        visit(n.update, inner);
        if (n.t === 'foreach') visit(n.extract, inner);
        return;
      }
      case 'string':
        for (const part of n.parts) if (typeof part !== 'string') visit(part, s);
        return;
      case 'object':
        for (const [k, x] of n.entries) {
          visit(k, s);
          visit(x, s);
        }
        return;
      default:
        for (const value of Object.values(n)) if (isNode(value)) visit(value, s);
    }
  };
  visit(program, { fns: new Set(), vars: new Set(['ENV', ...globals]), labels: new Set() });
  return errors;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 't' in value;
}
