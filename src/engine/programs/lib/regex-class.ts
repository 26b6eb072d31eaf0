/** The named character classes of POSIX brackets, as bodies for a class of the host's RegExp with the u flag. */
const CLASSES: Record<string, string> = {
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}\\p{Nd}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: ' \\t\\n\\v\\f\\r',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`\\{-~\\p{P}\\p{S}',
  cntrl: '\\x00-\\x1f\\x7f',
  print: ' -~\\p{L}\\p{N}\\p{P}\\p{S}\\p{M}',
  graph: '!-~\\p{L}\\p{N}\\p{P}\\p{S}\\p{M}',
  xdigit: '0-9A-Fa-f',
};

/** True for the twelve names of POSIX. */
export function isClassName(name: string): boolean {
  return Object.hasOwn(CLASSES, name);
}

/** The inside of a class that matches `name`. */
export function classBody(name: string): string {
  return CLASSES[name] ?? '';
}
