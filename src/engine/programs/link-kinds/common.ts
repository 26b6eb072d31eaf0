/** What the parsers of several kinds share. */
import { KIND_USAGE } from '../iproute2/link/kind-help';
import type { Args } from '../iproute2/lib/args';
import { invalidArgument, Quit, readUnsigned } from '../iproute2/lib/args';

/** The word is no option of the kind. @throws Quit */
export function unknownOption(kind: string, word: string, what = 'command'): never {
  throw new Quit(1, `${kind}: unknown ${what} "${word}"?\n${KIND_USAGE[kind] ?? ''}`);
}

/** The next word as a number. @throws Quit */
export function numberOption(args: Args, message: string, max: number): number {
  const word = args.next();
  const n = readUnsigned(word, max);
  if (n === undefined) invalidArgument(message, word);
  return n;
}
