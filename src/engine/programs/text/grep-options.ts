/** grep's command line: its options, and what they ask for. */
import type { Coroutine } from '../../core';
import { globRegex } from '../lib/glob';
import type { RegexSyntax } from '../lib/regex';
import { toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, UsageError } from '../lib/tool';

/** The text of --help. */
export const HELP = `[OPTION]... PATTERNS [FILE]...
Print the lines of each FILE that match PATTERNS.

  -E, --extended-regexp     PATTERNS are extended regular expressions
  -F, --fixed-strings       PATTERNS are strings
  -G, --basic-regexp        PATTERNS are basic regular expressions (the default)
  -P, --perl-regexp         PATTERNS are Perl regular expressions
  -e, --regexp=PATTERNS     use PATTERNS
  -f, --file=FILE           take PATTERNS from FILE
  -i, --ignore-case         ignore case
  -w, --word-regexp         match whole words only
  -x, --line-regexp         match whole lines only
  -z, --null-data           lines end with NUL
  -s, --no-messages         no messages about files that cannot be read
  -v, --invert-match        lines that do not match
  -m, --max-count=NUM       stop after NUM lines
  -b, --byte-offset         print the byte offset
  -n, --line-number         print line numbers
      --line-buffered       flush after every line
  -H, --with-filename       print the file name
  -h, --no-filename         do not
      --label=LABEL         LABEL as the name of standard input
  -o, --only-matching       only the matching parts
  -q, --quiet, --silent     print nothing
  -a, --text                binary files are text
  -I                        skip binary files
  -r, --recursive           read directories
  -R                        the same, and follow all links
      --include=GLOB        only files that match GLOB
      --exclude=GLOB        no files that match GLOB
      --exclude-dir=GLOB    no directories that match GLOB
  -L, --files-without-match only names of files without matches
  -l, --files-with-matches  only names of files with matches
  -c, --count               only the number of lines
  -Z, --null                NUL after file names
  -B, --before-context=NUM  NUM lines before a match
  -A, --after-context=NUM   NUM lines after a match
  -C, --context=NUM         both
      --color[=WHEN]        mark the matches: always, never, auto
Exit status: 0 a line was selected, 1 none, 2 an error.
`;

const LONGS = [
  'extended-regexp=E',
  'fixed-strings=F',
  'basic-regexp=G',
  'perl-regexp=P',
  'regexp:=e',
  'file:=f',
  'ignore-case=i',
  'no-ignore-case',
  'word-regexp=w',
  'line-regexp=x',
  'null-data=z',
  'no-messages=s',
  'invert-match=v',
  'max-count:=m',
  'byte-offset=b',
  'line-number=n',
  'line-buffered',
  'with-filename=H',
  'no-filename=h',
  'label:',
  'only-matching=o',
  'quiet=q',
  'silent=q',
  'binary-files:',
  'text=a',
  'directories:=d',
  'devices:=D',
  'recursive=r',
  'dereference-recursive=R',
  'include:',
  'exclude:',
  'exclude-dir:',
  'files-without-match=L',
  'files-with-matches=l',
  'count=c',
  'initial-tab=T',
  'null=Z',
  'before-context:=B',
  'after-context:=A',
  'context:=C',
  'color::',
  'colour::=color',
  'exclude-from:',
  'group-separator:',
  'no-group-separator',
];

/** How lines are selected and what is printed of them. */
export interface Settings {
  invert: boolean;
  max: number;
  /** What stands between groups of lines with context. */
  between: string | undefined;
  offset: boolean;
  number: boolean;
  lineBuffered: boolean;
  names: boolean;
  label: string;
  only: boolean;
  quiet: boolean;
  binary: 'text' | 'binary' | 'without-match';
  list: '' | 'l' | 'L';
  count: boolean;
  zero: boolean;
  before: number;
  after: number;
  color: boolean;
  delimiter: number;
  silent: boolean;
  tab: boolean;
}

/** What the command line asks for. */
export interface CommandLine {
  readonly settings: Settings;
  readonly syntax: RegexSyntax;
  readonly patterns: readonly string[];
  readonly ignoreCase: boolean;
  readonly whole: 'word' | 'line' | undefined;
  /** -r reads directories, -R follows the links in them too. */
  readonly recursive: '' | 'r' | 'R';
  /** Directories among the operands are passed over in silence. */
  readonly skipDirs: boolean;
  readonly include: readonly RegExp[];
  readonly exclude: readonly RegExp[];
  readonly excludeDir: readonly RegExp[];
  /** The operands behind the pattern; none stands for standard input or the working directory. */
  readonly files: readonly string[];
}

/** Reads the command line; undefined when a file of patterns cannot be read, which has been said. @throws UsageError, Fail */
export function* readCommandLine(t: Tool, fixed: RegexSyntax | undefined): Coroutine<CommandLine | undefined> {
  // -NUM is the same as -C NUM.
  const argv = t.argv.map((a, i) => (i > 0 ? a.replace(/^-(\d+)$/, '-C$1').replace(/^-V$/, '--version') : a));
  const { options, operands } = t.getopt('EFGPe:f:iywxzsvm:bnHhoqaId:D:rRLlcTUZB:A:C:', LONGS, argv);
  const rest = [...operands];
  let syntax: RegexSyntax = fixed ?? 'basic';
  let patterns: string[] | undefined;
  let ignoreCase = false;
  let whole: CommandLine['whole'];
  let recursive: CommandLine['recursive'] = '';
  let skipDirs = false;
  let withNames: boolean | undefined;
  const include: RegExp[] = [];
  const exclude: RegExp[] = [];
  const excludeDir: RegExp[] = [];
  const s: Settings = {
    invert: false,
    max: Infinity,
    offset: false,
    number: false,
    lineBuffered: false,
    names: false,
    label: '(standard input)',
    only: false,
    quiet: false,
    binary: 'binary',
    list: '',
    count: false,
    zero: false,
    before: -1,
    after: -1,
    color: false,
    delimiter: 10,
    silent: false,
    tab: false,
    between: '--',
  };
  let context = -1;
  const contextLength = (arg: string): number => {
    if (!/^\d+$/.test(arg)) throw new Fail(`${arg}: invalid context length argument`, 2);
    return Number(arg);
  };
  for (const { name, arg } of options) {
    switch (name) {
      case 'E':
        syntax = 'extended';
        break;
      case 'F':
        syntax = 'fixed';
        break;
      case 'G':
        syntax = 'basic';
        break;
      case 'P':
        syntax = 'perl';
        break;
      case 'e':
        (patterns ??= []).push(...arg!.split('\n'));
        break;
      case 'f': {
        const fd = yield* t.open(arg!);
        if (fd === undefined) return undefined;
        const text = toText(yield* t.sys.readAll(fd));
        (patterns ??= []).push(...(text === '' ? [] : text.replace(/\n$/, '').split('\n')));
        break;
      }
      case 'i':
      case 'y':
        ignoreCase = true;
        break;
      case 'no-ignore-case':
        ignoreCase = false;
        break;
      case 'w':
        whole ??= 'word';
        break;
      case 'x':
        whole = 'line';
        break;
      case 'z':
        s.delimiter = 0;
        break;
      case 's':
        s.silent = true;
        break;
      case 'v':
        s.invert = true;
        break;
      case 'm':
        if (!/^-?\d+$/.test(arg!)) throw new Fail('invalid max count', 2);
        s.max = Number(arg) < 0 ? Infinity : Number(arg);
        break;
      case 'b':
        s.offset = true;
        break;
      case 'n':
        s.number = true;
        break;
      case 'line-buffered':
        s.lineBuffered = true;
        break;
      case 'H':
        withNames = true;
        break;
      case 'h':
        withNames = false;
        break;
      case 'label':
        s.label = arg!;
        break;
      case 'o':
        s.only = true;
        break;
      case 'q':
        s.quiet = true;
        break;
      case 'a':
        s.binary = 'text';
        break;
      case 'I':
        s.binary = 'without-match';
        break;
      case 'binary-files':
        if (!/^(text|binary|without-match)$/.test(arg!)) throw new UsageError('invalid argument for --binary-files');
        s.binary = arg as Settings['binary'];
        break;
      case 'd':
        skipDirs = arg === 'skip';
        if (arg === 'recurse') recursive = 'r';
        break;
      case 'r':
        recursive = 'r';
        break;
      case 'R':
        recursive = 'R';
        break;
      case 'include':
        include.push(globRegex(arg!));
        break;
      case 'exclude':
        exclude.push(globRegex(arg!));
        break;
      case 'exclude-dir':
        excludeDir.push(globRegex(arg!.replace(/\/+$/, '')));
        break;
      case 'L':
      case 'l':
        s.list = name;
        break;
      case 'c':
        s.count = true;
        break;
      case 'Z':
        s.zero = true;
        break;
      case 'group-separator':
        s.between = arg;
        break;
      case 'no-group-separator':
        s.between = undefined;
        break;
      case 'T':
        s.tab = true;
        break;
      case 'B':
        s.before = contextLength(arg!);
        break;
      case 'A':
        s.after = contextLength(arg!);
        break;
      case 'C':
        context = contextLength(arg!);
        break;
      case 'color':
        if (arg !== undefined && !/^(always|yes|force|never|no|none|auto|tty|if-tty)$/.test(arg))
          throw new UsageError();
        s.color =
          arg === undefined || /^(auto|tty|if-tty)$/.test(arg)
            ? t.sys.isatty(1) && t.sys.env('TERM') !== 'dumb'
            : /^(always|yes|force)$/.test(arg);
        break;
      default:
    }
  }
  if (s.before < 0) s.before = Math.max(0, context);
  if (s.after < 0) s.after = Math.max(0, context);
  if (patterns === undefined) {
    const first = rest.shift();
    if (first === undefined) throw new UsageError();
    patterns = first.split('\n');
  }
  s.names = withNames ?? (rest.length > 1 || recursive !== '');
  return {
    settings: s,
    syntax,
    patterns,
    ignoreCase,
    whole,
    recursive,
    skipDirs,
    include,
    exclude,
    excludeDir,
    files: rest,
  };
}
