/** Shell patterns (bash(1), Pattern Matching): `*`, `?`, `[...]`, and with extglob `?(..) *(..) +(..) @(..) !(..)`. */
type Node =
  | { t: 'char'; c: string }
  | { t: 'any' }
  | { t: 'star' }
  | { t: 'set'; re: RegExp }
  | { t: 'ext'; op: string; alts: Node[][] };

export interface PatternOptions {
  readonly extglob?: boolean;
  readonly nocase?: boolean;
}

/** A compiled pattern. */
export class Pattern {
  private readonly nodes: Node[];
  private readonly regex: string | null;
  private full: RegExp | null = null;
  private readonly flags: string;
  /** The only string that matches, when the pattern has no special characters. */
  readonly literal: string | undefined;

  constructor(
    source: string,
    private readonly options: PatternOptions,
  ) {
    this.nodes = parse(source, options);
    this.flags = options.nocase ? 'ius' : 'us';
    this.literal = this.nodes.every((n) => n.t === 'char')
      ? this.nodes.map((n) => (n as { c: string }).c).join('')
      : undefined;
    this.regex = toRegex(this.nodes);
  }

  /** True when all of `s` matches. */
  matches(s: string): boolean {
    if (this.literal !== undefined && !this.options.nocase) return s === this.literal;
    if (this.regex !== null) return (this.full ??= new RegExp(`^(?:${this.regex})$`, this.flags)).test(s);
    return this.slow([...s], 0).some((end) => end === [...s].length);
  }

  /** Length of the shortest or longest prefix of `s` that matches, or -1. */
  prefix(s: string, longest: boolean): number {
    if (this.literal !== undefined && !this.options.nocase)
      return s.startsWith(this.literal) ? this.literal.length : -1;
    const ends = boundaries(s);
    if (longest) ends.reverse();
    for (const n of ends) if (this.matches(s.slice(0, n))) return n;
    return -1;
  }

  /** Start of the shortest or longest suffix that matches, or -1. */
  suffix(s: string, longest: boolean): number {
    if (this.literal !== undefined && !this.options.nocase)
      return s.endsWith(this.literal) ? s.length - this.literal.length : -1;
    const starts = boundaries(s);
    if (!longest) starts.reverse();
    for (const n of starts) if (this.matches(s.slice(n))) return n;
    return -1;
  }

  /** The first, leftmost-longest match at or after `from`. */
  search(s: string, from: number): { start: number; end: number } | null {
    if (this.literal !== undefined && !this.options.nocase) {
      if (this.literal === '') return null;
      const at = s.indexOf(this.literal, from);
      return at < 0 ? null : { start: at, end: at + this.literal.length };
    }
    if (this.regex !== null && !this.nodes.some((n) => n.t === 'ext')) {
      const re = new RegExp(this.regex, `g${this.flags}`);
      re.lastIndex = from;
      const m = re.exec(s);
      return m ? { start: m.index, end: m.index + m[0].length } : null;
    }
    for (let start = from; start <= s.length; start++) {
      const n = this.prefix(s.slice(start), true);
      if (n >= 0) return { start, end: start + n };
    }
    return null;
  }

  private slow(s: string[], at: number): number[] {
    return matchEnds(this.nodes, 0, s, at, this.options.nocase ?? false);
  }
}

function boundaries(s: string): number[] {
  const out = [0];
  for (let i = 0; i < s.length;) {
    i += s.codePointAt(i)! > 0xffff ? 2 : 1;
    out.push(i);
  }
  return out;
}

function parse(source: string, options: PatternOptions): Node[] {
  const s = [...source];
  let i = 0;
  const sequence = (stop: boolean): Node[] => {
    const nodes: Node[] = [];
    while (i < s.length) {
      const c = s[i]!;
      if (stop && (c === '|' || c === ')')) break;
      if (options.extglob && '?*+@!'.includes(c) && s[i + 1] === '(' && closes(s, i + 1)) {
        i += 2;
        const alts: Node[][] = [];
        for (;;) {
          alts.push(sequence(true));
          if (s[i++] !== '|') break;
        }
        nodes.push({ t: 'ext', op: c, alts });
      } else if (c === '\\' && i + 1 < s.length) {
        nodes.push({ t: 'char', c: s[i + 1]! });
        i += 2;
      } else if (c === '*') {
        if (nodes.at(-1)?.t !== 'star') nodes.push({ t: 'star' });
        i++;
      } else if (c === '?') {
        nodes.push({ t: 'any' });
        i++;
      } else if (c === '[') {
        const set = bracket(s, i, options.nocase ?? false);
        if (set) {
          nodes.push({ t: 'set', re: set.re });
          i = set.end;
        } else {
          nodes.push({ t: 'char', c });
          i++;
        }
      } else {
        nodes.push({ t: 'char', c });
        i++;
      }
    }
    return nodes;
  };
  return sequence(false);
}

function closes(s: readonly string[], open: number): boolean {
  let depth = 0;
  for (let i = open; i < s.length; i++) {
    if (s[i] === '\\') i++;
    else if (s[i] === '(') depth++;
    else if (s[i] === ')' && --depth === 0) return true;
  }
  return false;
}

const CLASSES: Record<string, string> = {
  alpha: '\\p{L}', digit: '0-9', alnum: '\\p{L}\\p{Nd}', upper: '\\p{Lu}', lower: '\\p{Ll}', space: '\\s', blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~', cntrl: '\\x00-\\x1f\\x7f', xdigit: '0-9A-Fa-f', print: '\\x20-\\x7e\\u{a0}-\\u{10ffff}',
  graph: '\\x21-\\x7e\\u{a1}-\\u{10ffff}', word: '\\w', ascii: '\\x00-\\x7f',
}; // prettier-ignore

function bracket(s: readonly string[], open: number, nocase: boolean): { re: RegExp; end: number } | null {
  let i = open + 1;
  const negate = s[i] === '!' || s[i] === '^';
  if (negate) i++;
  let body = '';
  let first = true;
  for (;;) {
    let c = s[i];
    if (c === undefined) return null;
    if (c === ']' && !first) break;
    first = false;
    if (c === '[' && (s[i + 1] === ':' || s[i + 1] === '.' || s[i + 1] === '=')) {
      const kind = s[i + 1]!;
      const text = s.slice(i + 2).join('');
      const close = text.indexOf(`${kind}]`);
      if (close >= 0) {
        const name = text.slice(0, close);
        i += 4 + [...name].length;
        if (kind === ':') body += CLASSES[name] ?? '';
        else body += escapeClass(name);
        continue;
      }
    }
    if (c === '\\' && i + 1 < s.length) c = s[++i]!;
    i++;
    if (s[i] === '-' && s[i + 1] !== undefined && s[i + 1] !== ']') {
      let to = s[i + 1]!;
      i += 2;
      if (to === '\\' && s[i] !== undefined) to = s[i++]!;
      if (c.codePointAt(0)! <= to.codePointAt(0)!) body += `${escapeClass(c)}-${escapeClass(to)}`;
      continue;
    }
    body += escapeClass(c);
  }
  if (body === '') return { re: negate ? /^[^]$/u : /^(?!)$/u, end: i + 1 };
  return { re: new RegExp(`^[${negate ? '^' : ''}${body}]$`, nocase ? 'ius' : 'us'), end: i + 1 };
}

function escapeClass(c: string): string {
  return /[\\\]^\-[]/.test(c) ? `\\${c}` : c;
}

/** A regular expression for `nodes`; null when `!(...)` needs the slow matcher. */
function toRegex(nodes: readonly Node[]): string | null {
  let out = '';
  for (const n of nodes) {
    switch (n.t) {
      case 'char':
        out += n.c.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
        break;
      case 'any':
        out += '[^]';
        break;
      case 'star':
        out += '[^]*';
        break;
      case 'set':
        out += n.re.source.slice(1, -1);
        break;
      case 'ext': {
        if (n.op === '!') return null;
        const alts = n.alts.map(toRegex);
        if (alts.includes(null)) return null;
        out += `(?:${alts.join('|')})${n.op === '@' ? '' : n.op}`;
      }
    }
  }
  return out;
}

function matchEnds(nodes: readonly Node[], k: number, s: readonly string[], at: number, nocase: boolean): number[] {
  let ends = new Set([at]);
  for (let n = k; n < nodes.length && ends.size > 0; n++) {
    const node = nodes[n]!;
    const next = new Set<number>();
    for (const e of ends) {
      if (node.t === 'star') for (let j = e; j <= s.length; j++) next.add(j);
      else if (node.t === 'ext') for (const j of extEnds(node, s, e, nocase)) next.add(j);
      else if (e < s.length) {
        const c = s[e]!;
        const hit =
          node.t === 'any' ||
          (node.t === 'set' ? node.re.test(c) : nocase ? c.toLowerCase() === node.c.toLowerCase() : c === node.c);
        if (hit) next.add(e + 1);
      }
    }
    ends = next;
  }
  return [...ends];
}

function extEnds(node: { op: string; alts: Node[][] }, s: readonly string[], at: number, nocase: boolean): Set<number> {
  const once = (from: number): number[] => node.alts.flatMap((a) => matchEnds(a, 0, s, from, nocase));
  const out = new Set<number>();
  if (node.op === '!') {
    const hits = new Set(once(at));
    for (let j = at; j <= s.length; j++) if (!hits.has(j)) out.add(j);
    return out;
  }
  if (node.op === '?' || node.op === '*') out.add(at);
  let front = [at];
  const seen = new Set<number>();
  while (front.length > 0) {
    const next: number[] = [];
    for (const f of front) {
      for (const e of once(f)) {
        out.add(e);
        if (!seen.has(e)) {
          seen.add(e);
          next.push(e);
        }
      }
    }
    if (node.op !== '*' && node.op !== '+') break;
    front = next;
  }
  return out;
}

const compiled = new Map<string, Pattern>();

/** Compiles `source`, remembering recent ones. */
export function pattern(source: string, options: PatternOptions): Pattern {
  const key = `${options.extglob ? 'e' : ''}${options.nocase ? 'i' : ''}:${source}`;
  let p = compiled.get(key);
  if (!p) {
    if (compiled.size > 500) compiled.clear();
    compiled.set(key, (p = new Pattern(source, options)));
  }
  return p;
}

/** Escapes everything special, so that `s` matches itself. */
export function escapePattern(s: string): string {
  return s.replace(/[\\*?[\]()|!+@^-]/g, '\\$&');
}

/** True when `s` has unescaped pattern characters. */
export function hasPattern(s: string, extglob: boolean): boolean {
  return /[*?]|\[[^]*\]/.test(s) || (extglob && /[+@!]\(/.test(s));
}
