/** The simple command around the cursor, as far as completion needs to understand it. */
export interface CommandLine {
  /** The words before the one at the cursor, unquoted; assignments and redirections before the command are left out. */
  readonly words: readonly string[];
  /** The word at the cursor up to the cursor: as typed, where it starts, and what the shell would read. */
  readonly raw: string;
  readonly start: number;
  readonly word: string;
  /** The quote that is open at the cursor, and the offset behind it. */
  readonly quote: '"' | "'" | undefined;
  readonly quoteStart: number;
  /** The word is the target of a redirection. */
  readonly redirection: boolean;
}

/** Words after which another command starts. */
const BEFORE_COMMAND = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', 'time', '!', '{', 'coproc']);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=/;

/** Finds the command that the cursor is in. Incomplete input is the rule here; nothing is an error. */
export function commandAt(line: string, cursor: number): CommandLine {
  let words: string[] = [];
  let redirection = false;
  let at = 0;
  /** Words of the commands around a substitution. */
  const outer: string[][] = [];
  for (;;) {
    while (at < cursor && (line[at] === ' ' || line[at] === '\t')) at++;
    const start = at;
    let word = '';
    let quote: '"' | "'" | undefined;
    let quoteStart = 0;
    let nested = false;
    for (; at < cursor; at++) {
      const char = line[at]!;
      if (quote === "'") {
        if (char === "'") quote = undefined;
        else word += char;
      } else if (char === '\\' && (quote === undefined || '$`"\\\n'.includes(line[at + 1] ?? ''))) {
        if (at + 1 < cursor) word += line[++at]!;
      } else if ((char === '$' && line[at + 1] === '(' && at + 1 < cursor) || char === '`') {
        // A command of its own starts in here (or, for a backquote, may end).
        at += char === '$' ? 2 : 1;
        nested = true;
        break;
      } else if (char === quote) quote = undefined;
      else if (quote === undefined && (char === '"' || char === "'")) {
        quote = char;
        quoteStart = at + 1;
      } else if (quote === undefined && ' \t\n|&;()<>'.includes(char)) break;
      else word += char;
    }
    if (nested) {
      outer.push([...words, word]);
      words = [];
      redirection = false;
      continue;
    }
    if (at >= cursor) return { words, raw: line.slice(start, cursor), start, word, quote, quoteStart, redirection };
    if (at > start) {
      const before = words.length === 0 && (BEFORE_COMMAND.has(word) || ASSIGNMENT.test(word));
      const descriptor = /^[0-9]+$/.test(word) && '<>'.includes(line[at]!);
      if (redirection) redirection = false;
      else if (!before && !descriptor) words.push(word);
    }
    const char = line[at]!;
    if (char === '<' || char === '>') {
      redirection = true;
      at++;
      while (at < cursor && '<>&|'.includes(line[at]!)) at++;
    } else if (char === ')') {
      words = outer.pop() ?? [];
      at++;
    } else if (char !== ' ' && char !== '\t') {
      words = [];
      redirection = false;
      at++;
    }
  }
}

/** Options of commands that run another one: those that take a value, and how many words stand before the command. */
const WRAPPERS: Readonly<
  Record<string, { readonly values: string; readonly long?: readonly string[]; readonly before?: number }>
> = {
  sudo: { values: 'ugpCDhrtTU', long: ['--user', '--group'] },
  timeout: { values: 'ks', long: ['--signal', '--kill-after'], before: 1 },
  watch: { values: 'n', long: ['--interval'] },
  xargs: { values: 'adEILnPs', long: ['--max-args', '--max-procs', '--delimiter', '--replace'] },
  env: { values: 'uCS', long: ['--unset', '--chdir'] },
  nsenter: { values: 'tSG', long: ['--target'] },
  unshare: { values: '' },
  nohup: { values: '' },
  nice: { values: 'n', long: ['--adjustment'] },
  setsid: { values: '' },
  stdbuf: { values: 'ioe' },
  chroot: { values: '', before: 1 },
  exec: { values: 'a' },
  command: { values: '' },
  builtin: { values: '' },
  time: { values: 'fo' },
  strace: { values: 'eops' },
};

/**
 * The words of the command that really runs: `sudo -u x ip a` is `ip a`. An empty array when the command's name is still to
 * come; undefined when `words` runs nothing else yet.
 */
export function innerCommand(words: readonly string[]): readonly string[] | undefined {
  const name = words[0]?.slice(words[0].lastIndexOf('/') + 1);
  if (name === undefined) return undefined;
  if (name === 'ip') {
    let at = 1;
    while (words[at]?.startsWith('-')) at += words[at] === '-n' || words[at] === '-netns' || words[at] === '-N' ? 2 : 1;
    const netns =
      'netns'.startsWith(words[at] ?? '-') && words[at]!.length >= 3 && 'exec'.startsWith(words[at + 1] ?? '-');
    const vrf = words[at] === 'vrf' && words[at + 1] === 'exec';
    return (netns || vrf) && words.length >= at + 3 ? words.slice(at + 3) : undefined;
  }
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (!wrapper) return undefined;
  let at = 1;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--') {
      at++;
      break;
    }
    if (/^-[^-]/.test(word)) {
      // A value may be in the same word; only a last letter takes the next one.
      const letters = word.slice(1);
      const taking = [...letters].findIndex((letter) => wrapper.values.includes(letter));
      if (taking === letters.length - 1) at++;
    } else if (word.startsWith('--')) {
      if (wrapper.long?.includes(word)) at++;
    } else if ((name === 'env' || name === 'sudo') && ASSIGNMENT.test(word)) continue;
    else break;
  }
  at += wrapper.before ?? 0;
  return at <= words.length ? words.slice(at) : undefined;
}
