/**
 * getopt_long(3) of glibc: permutation, bundled short options, optional arguments, abbreviated long options, `--`, and the exact
 * error texts.
 */

/** One option found on a command line. */
export interface Option {
  /** The short letter, or the long name when there is no short one. */
  readonly name: string;
  /** Its argument; undefined when it takes none or an optional one was not given. */
  readonly arg: string | undefined;
}

/** What a command line was taken apart into. */
export interface Parsed {
  readonly options: readonly Option[];
  readonly operands: readonly string[];
}

/** A command line that getopt refuses; the message lacks the program's name. */
export class GetoptError extends Error {}

interface Long {
  readonly long: string;
  readonly name: string;
  readonly arg: '' | ':' | '::';
}

/**
 * Takes a command line apart.
 *
 * @param argv the arguments, argv[0] included.
 * @param shorts letters as for getopt(3): `:` after a letter that takes an argument, `::` for an optional one; a leading `+` stops
 *   at the first operand, a leading `-` returns operands in place, as options named `''`.
 * @param longs `name`, `name:` (argument), `name::` (optional argument), each optionally with `=x`: the name under which it is
 *   reported, normally the short letter: `lines:=n`.
 * @param longOnly long options may also start with one `-` (getopt_long_only).
 * @throws GetoptError
 */
export function getopt(
  argv: readonly string[],
  shorts: string,
  longs: readonly string[] = [],
  longOnly = false,
): Parsed {
  const mode = shorts[0] === '+' || shorts[0] === '-' ? shorts[0] : '';
  const letters = parseShorts(mode ? shorts.slice(1) : shorts);
  const table = longs.map(parseLong);
  const options: Option[] = [];
  const operands: string[] = [];
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') {
      operands.push(...argv.slice(i + 1));
      break;
    }
    if (word.length < 2 || word[0] !== '-') {
      if (mode === '+') {
        operands.push(...argv.slice(i));
        break;
      }
      if (mode === '-') options.push({ name: '', arg: word });
      else operands.push(word);
      continue;
    }
    const isLong = word.startsWith('--');
    if (
      isLong ||
      (longOnly && word.length > 2 && (!letters.has(word[1]!) || matches(table, word.slice(1)).length > 0))
    ) {
      const prefix = isLong ? '--' : '-';
      const body = word.slice(prefix.length);
      const eq = body.indexOf('=');
      const name = eq < 0 ? body : body.slice(0, eq);
      const long = findLong(table, name, prefix, word);
      let arg = eq < 0 ? undefined : body.slice(eq + 1);
      if (arg !== undefined && long.arg === '')
        throw new GetoptError(`option '${prefix}${long.long}' doesn't allow an argument`);
      if (arg === undefined && long.arg === ':') {
        if (++i >= argv.length) throw new GetoptError(`option '${prefix}${long.long}' requires an argument`);
        arg = argv[i];
      }
      options.push({ name: long.name, arg });
      continue;
    }
    for (let k = 1; k < word.length; k++) {
      const letter = word[k]!;
      const takes = letters.get(letter);
      if (takes === undefined) throw new GetoptError(`invalid option -- '${letter}'`);
      if (takes === '') {
        options.push({ name: letter, arg: undefined });
        continue;
      }
      const rest = word.slice(k + 1);
      if (rest !== '') options.push({ name: letter, arg: rest });
      else if (takes === '::') options.push({ name: letter, arg: undefined });
      else {
        if (++i >= argv.length) throw new GetoptError(`option requires an argument -- '${letter}'`);
        options.push({ name: letter, arg: argv[i] });
      }
      break;
    }
  }
  return { options, operands };
}

function parseShorts(shorts: string): Map<string, '' | ':' | '::'> {
  const map = new Map<string, '' | ':' | '::'>();
  for (let i = 0; i < shorts.length; i++) {
    const letter = shorts[i]!;
    if (shorts.startsWith('::', i + 1)) {
      map.set(letter, '::');
      i += 2;
    } else if (shorts[i + 1] === ':') {
      map.set(letter, ':');
      i++;
    } else map.set(letter, '');
  }
  return map;
}

function parseLong(text: string): Long {
  const [, long, arg, name] = /^([^:=]+)(:{0,2})(?:=(.+))?$/.exec(text)!;
  return { long: long!, name: name ?? long!, arg: arg as Long['arg'] };
}

function matches(table: readonly Long[], name: string): Long[] {
  const eq = name.indexOf('=');
  const key = eq < 0 ? name : name.slice(0, eq);
  const exact = table.find((l) => l.long === key);
  return exact ? [exact] : table.filter((l) => l.long.startsWith(key));
}

function findLong(table: readonly Long[], name: string, prefix: string, word: string): Long {
  const found = matches(table, name);
  const first = found[0];
  if (!first) {
    throw new GetoptError(`unrecognized option '${word}'`);
  }
  if (found.some((l) => l.name !== first.name || l.arg !== first.arg)) {
    const list = found.map((l) => `'${prefix}${l.long}'`).join(' ');
    throw new GetoptError(`option '${word}' is ambiguous; possibilities: ${list}`);
  }
  return first;
}
