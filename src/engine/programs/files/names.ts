import type { Coroutine } from '../../core';
import type { Sys } from '../../host';

/** `rwxr-xr-x` with the type letter in front, as `ls -l` and `stat` print it. */
export function modeText(type: string, mode: number): string {
  const letter = { file: '-', dir: 'd', symlink: 'l', fifo: 'p', char: 'c', socket: 's' }[type] ?? '?';
  const bit = (mask: number, char: string): string => (mode & mask ? char : '-');
  const special = (exec: number, set: number, lower: string): string =>
    mode & set ? (mode & exec ? lower : lower.toUpperCase()) : bit(exec, 'x');
  return (
    letter +
    bit(0o400, 'r') +
    bit(0o200, 'w') +
    special(0o100, 0o4000, 's') +
    bit(0o040, 'r') +
    bit(0o020, 'w') +
    special(0o010, 0o2000, 's') +
    bit(0o004, 'r') +
    bit(0o002, 'w') +
    special(0o001, 0o1000, 't')
  );
}

/** Names by number from a file of the form of /etc/passwd or /etc/group. */
export class IdNames {
  private readonly byId = new Map<number, string>();
  private readonly byName = new Map<string, number>();

  /** Reads `path`; a missing file leaves the table empty. */
  static *read(sys: Sys, path: '/etc/passwd' | '/etc/group'): Coroutine<IdNames> {
    const table = new IdNames();
    if (!sys.files.access(path, 4)) return table;
    for (const line of (yield* sys.readFile(path)).split('\n')) {
      const [name, , id] = line.split(':');
      if (name === undefined || id === undefined || !/^\d+$/.test(id)) continue;
      if (!table.byId.has(Number(id))) table.byId.set(Number(id), name);
      table.byName.set(name, Number(id));
    }
    return table;
  }

  /** The name of `id`, or the number itself. */
  name(id: number): string {
    return this.byId.get(id) ?? String(id);
  }

  /** The name of `id`, or undefined. */
  known(id: number): string | undefined {
    return this.byId.get(id);
  }

  /** The number that `text` names or is; undefined when it is neither. */
  id(text: string): number | undefined {
    return this.byName.get(text) ?? (/^\d+$/.test(text) ? Number(text) : undefined);
  }
}

/** The last component of a path, trailing slashes aside. */
export function baseName(path: string): string {
  const trimmed = path.replace(/(?<=.)\/+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('/') + 1) || '/';
}

/** `dir/name` without a doubled slash. */
export function joinPath(dir: string, name: string): string {
  return dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}
