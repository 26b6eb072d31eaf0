/** What the option loops of programs have in common that word their own refusals: those that are not called in the GNU way. */
import type { Parsed } from './getopt';
import { getopt, GetoptError } from './getopt';

/**
 * getopt for a program that says in its own way that it cannot go on (see getopt.ts for `argv`, `shorts` and `longs`).
 * @param refuse makes of getopt's message, which lacks the program's name, the error that ends the program
 * @throws what `refuse` makes
 */
export function getoptOr(
  argv: readonly string[],
  shorts: string,
  longs: readonly string[],
  refuse: (message: string) => Error,
): Parsed {
  try {
    return getopt(argv, shorts, longs);
  } catch (e) {
    throw e instanceof GetoptError ? refuse(e.message) : e;
  }
}

/** Options that do no more than set members of the settings `O`, by the name under which getopt reports them. */
export type Flags<O> = Readonly<Record<string, Readonly<Partial<O>>>>;

/** Sets what the option `name` sets. @returns false when it is none of `flags` */
export function setFlag<O extends object>(o: O, flags: Flags<O>, name: string): boolean {
  const members = flags[name];
  if (members === undefined) return false;
  Object.assign(o, members);
  return true;
}
