/** The files that grep -r finds below a directory. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Tool } from '../lib/tool';
import type { Search } from './grep-search';

/** --include, --exclude and --exclude-dir. */
interface Filters {
  readonly include: readonly RegExp[];
  readonly exclude: readonly RegExp[];
  readonly excludeDir: readonly RegExp[];
}

/** True when the file name is left out by --include or --exclude. */
export function excluded(path: string, { include, exclude }: Filters): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (include.length > 0 && !include.some((r) => r.test(name))) || exclude.some((r) => r.test(name));
}

/** Searches the files below `dir`; `bare` leaves `dir` out of the names, as without an operand. */
export function* walk(
  t: Tool,
  g: Search,
  dir: string,
  bare: boolean,
  o: Filters & { readonly follow: boolean },
): Coroutine<void> {
  let names: string[];
  try {
    names = t.sys.files.readdir(dir);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* g.trouble(dir, e.message);
    return;
  }
  for (const name of names) {
    yield* t.sys.work();
    if (g.stopped) return;
    const path = bare ? name : `${dir.replace(/\/+$/, '')}/${name}`;
    let type: string;
    try {
      type = t.sys.files.stat(path, o.follow).type;
    } catch {
      continue;
    }
    if (type === 'dir') {
      if (!o.excludeDir.some((r) => r.test(name))) yield* walk(t, g, path, false, o);
    } else if (type === 'file') {
      if (excluded(name, o)) continue;
      yield* g.file(path);
    }
  }
}
