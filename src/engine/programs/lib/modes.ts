/** File modes: how they are shown and how chmod(1) changes them. */
import type { InodeType } from '../../host';

const TYPES: Record<InodeType, string> = { file: '-', dir: 'd', symlink: 'l', fifo: 'p', char: 'c', socket: 's' };

/** `drwxr-xr-x`. */
export function modeString(type: InodeType, mode: number): string {
  const bits = (shift: number, special: number, letter: string): string => {
    const m = mode >> shift;
    const x = (m & 1) !== 0;
    const s = (mode & special) !== 0;
    return (m & 4 ? 'r' : '-') + (m & 2 ? 'w' : '-') + (s ? (x ? letter : letter.toUpperCase()) : x ? 'x' : '-');
  };
  return TYPES[type] + bits(6, 0o4000, 's') + bits(3, 0o2000, 's') + bits(0, 0o1000, 't');
}

/** The type bits of st_mode. */
export function typeBits(type: InodeType): number {
  return { file: 0o100000, dir: 0o040000, symlink: 0o120000, fifo: 0o010000, char: 0o020000, socket: 0o140000 }[type];
}

/** What stat(1) calls the type. */
export function typeName(type: InodeType, size: number): string {
  return {
    file: size === 0 ? 'regular empty file' : 'regular file',
    dir: 'directory',
    symlink: 'symbolic link',
    fifo: 'fifo',
    char: 'character special file',
    socket: 'socket',
  }[type];
}

/**
 * Applies a mode as chmod(1), mkdir -m and find -perm read it: octal or `u+rwX,go-w`.
 * @returns undefined when it is malformed.
 */
export function changeMode(text: string, old: number, dir: boolean, umask: number): number | undefined {
  if (/^[0-7]+$/.test(text)) {
    const n = parseInt(text, 8);
    if (n > 0o7777) return undefined;
    // Numeric modes of up to four digits keep setuid and setgid of directories.
    return dir && text.length < 5 ? n | (old & 0o6000) : n;
  }
  let mode = old;
  for (const clause of text.split(',')) {
    const m = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]|[0-7]+))+)$/.exec(clause);
    if (!m) return undefined;
    const who = m[1]!;
    for (const [, op, perms] of m[2]!.matchAll(/([-+=])([rwxXst]*|[ugo]|[0-7]+)(?=[-+=]|$)/g)) {
      let bits = 0;
      if (/^[ugo]$/.test(perms!)) {
        const v = (mode >> { u: 6, g: 3, o: 0 }[perms as 'u']) & 7;
        bits = v * 0o111;
      } else {
        for (const p of perms!) {
          if (p === 'r') bits |= 0o444;
          else if (p === 'w') bits |= 0o222;
          else if (p === 'x' || (p === 'X' && (dir || (mode & 0o111) !== 0))) bits |= 0o111;
          else if (p === 's') bits |= 0o6000;
          else if (p === 't') bits |= 0o1000;
        }
      }
      let mask = 0;
      if (who === '' || who.includes('a')) mask = 0o7777;
      if (who.includes('u')) mask |= 0o4700;
      if (who.includes('g')) mask |= 0o2070;
      if (who.includes('o')) mask |= 0o1007;
      bits &= mask;
      if (who === '') bits &= ~umask | 0o7000;
      if (op === '+') mode |= bits;
      else if (op === '-') mode &= ~bits;
      else mode = (mode & ~(mask & (dir ? 0o1777 : 0o7777) & (who === '' ? ~umask | 0o7000 : 0o7777))) | bits;
    }
  }
  return mode;
}
