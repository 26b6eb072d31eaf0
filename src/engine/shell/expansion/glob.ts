import type { Coroutine } from '../../core';
import type { Shell } from '../shell';
import { compare } from '../text';
import { hasPattern, pattern } from './pattern';

/** Removes backslashes that quote. */
export function unescape(s: string): string {
  return s.includes('\\') ? s.replace(/\\([^])/g, '$1') : s;
}

/** Pathname expansion: names that match `source`, sorted; empty when there are none. */
export function* glob(sh: Shell, source: string): Coroutine<string[]> {
  const absolute = source.startsWith('/');
  const parts = source.split(/\/+/).filter((p, i, all) => p !== '' || (i > 0 && i === all.length - 1));
  let found: string[] = [absolute ? '/' : ''];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const last = i === parts.length - 1;
    const next: string[] = [];
    for (const base of found) {
      yield* sh.sys.work();
      if (part === '') next.push(...(isDir(sh, base) ? [`${base}/`.replace(/\/\/$/, '/')] : []));
      else if (!hasPattern(part, sh.shopt('extglob'))) {
        const path = join(base, unescape(part));
        if (last ? sh.sys.files.exists(path, false) : sh.sys.files.exists(path)) next.push(path);
      } else if (part === '**' && sh.shopt('globstar')) {
        yield* walk(sh, base, last, next);
      } else {
        for (const name of listing(sh, base, part)) {
          const path = join(base, name);
          if (last || isDir(sh, path)) next.push(path);
        }
      }
    }
    found = next;
    if (found.length === 0) return [];
  }
  const ignore = sh.get('GLOBIGNORE');
  if (ignore) {
    const options = { extglob: sh.shopt('extglob') };
    found = found.filter((f) => !ignore.split(':').some((p) => pattern(p, options).matches(f)));
  }
  return [...new Set(found)].sort(compare);
}

function join(base: string, name: string): string {
  return base === '' || base.endsWith('/') ? base + name : `${base}/${name}`;
}

function isDir(sh: Shell, path: string): boolean {
  try {
    return sh.sys.files.stat(path === '' ? '.' : path).type === 'dir';
  } catch {
    return false;
  }
}

function names(sh: Shell, dir: string): string[] {
  try {
    return sh.sys.files.readdir(dir === '' ? '.' : dir);
  } catch {
    return [];
  }
}

function listing(sh: Shell, dir: string, source: string): string[] {
  const p = pattern(source, { extglob: sh.shopt('extglob'), nocase: sh.shopt('nocaseglob') });
  const dots = /^(?:\.|\\\.|[?*+@!]\(\\?\.)/.test(source);
  const hidden = dots || sh.shopt('dotglob') || sh.get('GLOBIGNORE');
  return names(sh, dir).filter((n) => (!n.startsWith('.') || hidden) && p.matches(n));
}

/** `**`: the directory itself and everything below, not through links. */
function* walk(sh: Shell, base: string, files: boolean, out: string[]): Coroutine<void> {
  yield* sh.sys.work();
  if (!files) {
    if (base !== '') out.push(base);
  } else if (base !== '') out.push(base.endsWith('/') ? base : `${base}/`);
  for (const name of names(sh, base)) {
    if (name.startsWith('.') && !sh.shopt('dotglob')) continue;
    const path = join(base, name);
    let type: string;
    try {
      type = sh.sys.files.stat(path, false).type;
    } catch {
      continue;
    }
    if (type === 'dir') {
      if (files) {
        const below: string[] = [];
        yield* walk(sh, path, true, below);
        out.push(path, ...below.slice(1));
      } else yield* walk(sh, path, false, out);
    } else if (files) out.push(path);
  }
}
