/**
 * Applies a chmod(1) mode, octal or symbolic (`u+rwx,g=u,o-x,+X`), to `mode`.
 * @param directory whether the file is a directory, for `X` and for keeping setgid bits with octal modes.
 * @param umask masked out where no `ugoa` is given.
 * @returns the new permission bits, or undefined when `spec` is no mode.
 */
export function applyMode(spec: string, mode: number, directory: boolean, umask: number): number | undefined {
  if (/^[0-7]{1,5}$/.test(spec)) {
    const bits = parseInt(spec, 8);
    if (bits > 0o7777) return undefined;
    // GNU chmod keeps a directory's setuid and setgid bits unless five digits are given.
    return directory && spec.length < 5 ? bits | (mode & 0o6000) : bits;
  }
  let result = mode;
  for (const clause of spec.split(',')) {
    const m = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]|[0-7]+))+)$/.exec(clause);
    if (!m) return undefined;
    const who = m[1]!;
    for (const [, op, what] of m[2]!.matchAll(/([-+=])([rwxXst]*|[ugo]|[0-7]+)(?=[-+=]|$)/g)) {
      let bits: number;
      if (/^[0-7]+$/.test(what!)) bits = parseInt(what!, 8);
      else {
        let triple = 0;
        if (/^[ugo]$/.test(what!)) triple = (result >> { u: 6, g: 3, o: 0 }[what as 'u' | 'g' | 'o']) & 7;
        if (what!.includes('r')) triple |= 4;
        if (what!.includes('w')) triple |= 2;
        if (what!.includes('x') || (what!.includes('X') && (directory || (result & 0o111) !== 0))) triple |= 1;
        const all = who === '' || who.includes('a');
        bits = 0;
        if (all || who.includes('u')) bits |= (triple << 6) | (what!.includes('s') ? 0o4000 : 0);
        if (all || who.includes('g')) bits |= (triple << 3) | (what!.includes('s') ? 0o2000 : 0);
        if (all || who.includes('o')) bits |= triple;
        if (what!.includes('t') && (all || who.includes('o'))) bits |= 0o1000;
        if (who === '') bits &= ~umask;
      }
      const span = spanOf(who);
      if (op === '+') result |= bits;
      else if (op === '-') result &= ~bits;
      else result = (result & ~(span & (directory ? 0o1777 : 0o7777))) | bits;
    }
  }
  return result;
}

function spanOf(who: string): number {
  if (who === '' || who.includes('a')) return 0o7777;
  return (who.includes('u') ? 0o4700 : 0) | (who.includes('g') ? 0o2070 : 0) | (who.includes('o') ? 0o1007 : 0);
}
