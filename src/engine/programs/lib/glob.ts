import { classBody, isClassName } from './regex-class';

/** How fnmatch(3) matches. */
export interface GlobOptions {
  /** `*` and `?` do not match a slash (FNM_PATHNAME). */
  readonly pathname?: boolean;
  /** A leading dot must be matched by a dot (FNM_PERIOD). */
  readonly period?: boolean;
  readonly ignoreCase?: boolean;
}

/** fnmatch(3): does the whole of `name` match `pattern`? */
export function fnmatch(pattern: string, name: string, options: GlobOptions = {}): boolean {
  return globRegex(pattern, options).test(name);
}

/** The host's RegExp for a shell pattern, anchored at both ends. */
export function globRegex(pattern: string, options: GlobOptions = {}): RegExp {
  const any = options.pathname ? '[^/]' : '[^]';
  let out = options.period && !pattern.startsWith('.') ? '^(?!\\.)' : '^';
  for (let i = 0; i < pattern.length;) {
    const c = String.fromCodePoint(pattern.codePointAt(i)!);
    if (c === '*') {
      out += `${any}*`;
      while (pattern[i] === '*') i++;
      continue;
    }
    if (c === '?') out += any;
    else if (c === '[') {
      const set = bracket(pattern, i);
      if (set) {
        out += set.source;
        i = set.end;
        continue;
      }
      out += '\\[';
    } else if (c === '\\' && i + 1 < pattern.length) {
      i++;
      out += escape(String.fromCodePoint(pattern.codePointAt(i)!));
      i += String.fromCodePoint(pattern.codePointAt(i)!).length;
      continue;
    } else out += escape(c);
    i += c.length;
  }
  return new RegExp(`${out}$`, options.ignoreCase ? 'iu' : 'u');
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function bracket(p: string, start: number): { source: string; end: number } | undefined {
  let i = start + 1;
  let negated = false;
  if (p[i] === '!' || p[i] === '^') {
    negated = true;
    i++;
  }
  let body = '';
  const literal = (c: string): string => c.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  for (let first = true; ; first = false) {
    const c = p[i];
    if (c === undefined) return undefined;
    if (c === ']' && !first) break;
    const named = /^\[:(\w+):\]/.exec(p.slice(i));
    if (named && isClassName(named[1]!)) {
      body += classBody(named[1]!);
      i += named[0].length;
      continue;
    }
    let low = String.fromCodePoint(p.codePointAt(i)!);
    i += low.length;
    if (low === '\\' && i < p.length) low = p[i++]!;
    if (p[i] === '-' && p[i + 1] !== undefined && p[i + 1] !== ']') {
      const high = String.fromCodePoint(p.codePointAt(i + 1)!);
      i += 1 + high.length;
      if (low <= high) body += `${literal(low)}-${literal(high)}`;
    } else body += literal(low);
  }
  if (body === '') return { source: negated ? '[^]' : '(?!)', end: i + 1 };
  return { source: `[${negated ? '^' : ''}${body}]`, end: i + 1 };
}
