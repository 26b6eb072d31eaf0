import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program } from '../../host';
import { globRegex } from '../lib/glob';
import { LineReader } from '../lib/lines';
import { Output } from '../lib/output';
import type { RegexMatch, RegexSyntax } from '../lib/regex';
import { Regex, RegexError } from '../lib/regex';
import { byteLength, toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';

const HELP = `[OPTION]... PATTERNS [FILE]...
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

function make(name: string, fixed: RegexSyntax | undefined): Program {
  return tool({
    name,
    summary: 'print lines that match patterns',
    version: 'GNU grep 3.8',
    usageStatus: 2,
    usage: `Usage: ${name} [OPTION]... PATTERNS [FILE]...\n`,
    help: HELP,
    run: (t) => run(t, fixed),
  });
}

/** grep(1). */
export const grep: Program = make('grep', undefined);
/** egrep(1): grep -E. */
export const egrep: Program = make('egrep', 'extended');
/** fgrep(1): grep -F. */
export const fgrep: Program = make('fgrep', 'fixed');

interface Settings {
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

function* run(t: Tool, fixed: RegexSyntax | undefined): Coroutine<number> {
  // -NUM is the same as -C NUM.
  const argv = t.argv.map((a, i) => (i > 0 ? a.replace(/^-(\d+)$/, '-C$1').replace(/^-V$/, '--version') : a));
  const { options, operands } = t.getopt('EFGPe:f:iywxzsvm:bnHhoqaId:D:rRLlcTUZB:A:C:', LONGS, argv);
  const rest = [...operands];
  let syntax: RegexSyntax = fixed ?? 'basic';
  let patterns: string[] | undefined;
  let ignoreCase = false;
  let whole: 'word' | 'line' | undefined;
  let recursive: '' | 'r' | 'R' = '';
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
        if (fd === undefined) return 2;
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
  const matchers: Regex[] = [];
  for (const p of patterns) {
    if (syntax !== 'fixed' && syntax !== 'perl' && /^\[:[a-z]+:\]$/.test(p))
      throw new Fail('character class syntax is [[:space:]], not [:space:]', 2);
    if (syntax === 'extended' && /^(?:[*+?]|\{\d)/.test(p))
      yield* t.warn(`warning: ${p.startsWith('{') ? '{...}' : p[0]} at start of expression`);
    try {
      matchers.push(new Regex(p, { syntax, ignoreCase, looseParen: true, ...(whole ? { whole } : {}) }));
    } catch (e) {
      if (e instanceof RegexError) throw new Fail(e.message, 2);
      throw e;
    }
  }
  s.names = withNames ?? (rest.length > 1 || recursive !== '');
  const g = new Grep(t, s, matchers);
  const files = rest.length > 0 ? rest : [recursive ? '.' : '-'];
  for (const file of files) {
    let isDir = false;
    if (file !== '-') {
      try {
        isDir = t.sys.files.stat(file).type === 'dir';
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* g.trouble(file, e.message);
        continue;
      }
    }
    if (isDir && recursive) {
      const bare = rest.length === 0;
      yield* walk(t, g, bare ? '.' : file, bare, { include, exclude, excludeDir, follow: recursive === 'R' });
    } else if (isDir) {
      if (!skipDirs) yield* g.trouble(file, 'Is a directory');
    } else if (recursive && file !== '-' && excluded(file, include, exclude)) continue;
    else yield* g.file(file);
    if (g.stopped) break;
  }
  if (s.quiet && g.found) return 0;
  return g.failed ? 2 : g.found ? 0 : 1;
}

/** True when the file name is left out by --include or --exclude. */
function excluded(path: string, include: readonly RegExp[], exclude: readonly RegExp[]): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return (include.length > 0 && !include.some((r) => r.test(name))) || exclude.some((r) => r.test(name));
}

function* walk(
  t: Tool,
  g: Grep,
  dir: string,
  bare: boolean,
  o: { include: RegExp[]; exclude: RegExp[]; excludeDir: RegExp[]; follow: boolean },
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
      if (excluded(name, o.include, o.exclude)) continue;
      yield* g.file(path);
    }
  }
}

const C = {
  match: '\x1b[01;31m\x1b[K',
  name: '\x1b[35m\x1b[K',
  number: '\x1b[32m\x1b[K',
  separator: '\x1b[36m\x1b[K',
  end: '\x1b[m\x1b[K',
};

class Grep {
  found = false;
  failed = false;
  stopped = false;
  private readonly out: Output;
  private printedAny = false;

  constructor(
    private readonly t: Tool,
    private readonly s: Settings,
    private readonly matchers: readonly Regex[],
  ) {
    this.out = new Output(t.sys, 1, s.lineBuffered || undefined);
  }

  *trouble(name: string, message: string): Coroutine<void> {
    this.failed = true;
    if (!this.s.silent) {
      yield* this.out.flush();
      yield* this.t.warn(`${name}: ${message}`);
    }
  }

  *file(name: string): Coroutine<void> {
    let fd = 0;
    if (name !== '-') {
      try {
        fd = yield* this.t.sys.open(name, { read: true });
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* this.trouble(name, e.message);
        return;
      }
    }
    try {
      yield* this.scan(name === '-' ? this.s.label : name, fd);
    } catch (e) {
      if (!isErrno(e, 'EISDIR', 'EIO', 'EINVAL', 'EACCES')) throw e;
      yield* this.trouble(name, e.message);
    } finally {
      this.t.close(fd);
      yield* this.out.flush();
    }
  }

  private *scan(name: string, fd: number): Coroutine<void> {
    const { s } = this;
    const reader = new LineReader(this.t.sys, fd, s.delimiter);
    let n = 0;
    let offset = 0;
    let count = 0;
    let after = 0;
    let binary = false;
    let lastPrinted = -1;
    if (s.max === 0) return;
    const held: { text: string; n: number; offset: number }[] = [];
    const context = s.before > 0 || s.after > 0;
    const show = !s.quiet && !s.count && s.list === '';
    for (;;) {
      const line = yield* reader.next();
      if (line === undefined) break;
      n++;
      const at = offset;
      offset += byteLength(line) + 1;

      if (s.binary !== 'text' && (/[\udc80-\udcff]/.test(line) || (s.delimiter !== 0 && line.includes('\0')))) {
        binary = true;
        if (s.binary === 'without-match') return;
      }
      const hit = this.matchers.some((m) => m.test(line)) !== s.invert;
      if (hit) {
        count++;
        this.found = true;
        if (s.quiet) {
          this.stopped = true;
          return;
        }
        if (s.list !== '') break;
        if (show) {
          if (binary) {
            yield* this.out.flush();
            yield* this.t.warn(`${name}: binary file matches`);
            return;
          }
          const first = held[0]?.n ?? n;
          if (context && s.between !== undefined && this.printedAny && first !== lastPrinted + 1)
            yield* this.out.write(s.color ? `${C.separator}${s.between}${C.end}\n` : `${s.between}\n`);
          for (const h of held) yield* this.print(name, h.text, h.n, h.offset, '-');
          held.length = 0;
          yield* this.print(name, line, n, at, ':');
          this.printedAny = true;
          lastPrinted = n;
        }
        after = s.after;
        if (count >= s.max) {
          // The lines after the last match still belong to its context.
          while (show && after-- > 0) {
            const more = yield* reader.next();
            if (more === undefined) break;
            if (this.matchers.some((m) => m.test(more)) !== s.invert) break;
            yield* this.print(name, more, ++n, offset, '-');
            offset += byteLength(more) + 1;
          }
          break;
        }
      } else if (show && after > 0) {
        after--;
        yield* this.print(name, line, n, at, '-');
        lastPrinted = n;
      } else if (show && s.before > 0) {
        held.push({ text: line, n, offset: at });
        if (held.length > s.before) held.shift();
      }
    }
    if (s.quiet) return;
    if (s.list !== '') {
      if ((s.list === 'l') === count > 0)
        yield* this.out.write((s.color ? `${C.name}${name}${C.end}` : name) + (s.zero ? '\0' : '\n'));
      if (s.list === 'L' && count === 0) this.found = true;
    } else if (s.count) yield* this.out.write(`${this.prefix(name, undefined, undefined, ':')}${count}\n`);
  }

  private prefix(name: string, n: number | undefined, offset: number | undefined, separator: string): string {
    const { s } = this;
    const paint = (text: string, code: string): string => (s.color ? code + text + C.end : text);
    let out = '';
    if (s.names) out += paint(name, C.name) + (s.zero ? '\0' : paint(separator, C.separator));
    if (n !== undefined && s.number)
      out += paint(s.tab ? String(n).padStart(s.names ? 4 : 0) : String(n), C.number) + paint(separator, C.separator);
    if (offset !== undefined && s.offset) out += paint(String(offset), C.number) + paint(separator, C.separator);
    if (s.tab && out !== '' && n !== undefined) out += '\t';
    return out;
  }

  private *print(name: string, line: string, n: number, offset: number, separator: ':' | '-'): Coroutine<void> {
    const { s } = this;
    const end = String.fromCharCode(s.delimiter);
    if (s.only) {
      if (separator === '-' || s.invert) return;
      for (const m of this.matches(line)) {
        if (m.end === m.index) continue;
        const text = line.slice(m.index, m.end);
        const at = s.offset ? offset + byteLength(line.slice(0, m.index)) : offset;
        yield* this.out.write(this.prefix(name, n, at, ':') + (s.color ? C.match + text + C.end : text) + end);
      }
      return;
    }
    let body = line;
    if (s.color && (separator === ':') !== s.invert) {
      body = '';
      let at = 0;
      for (const m of this.matches(line)) {
        if (m.end === m.index) continue;
        body += line.slice(at, m.index) + C.match + line.slice(m.index, m.end) + C.end;
        at = m.end;
      }
      body += line.slice(at);
    }
    yield* this.out.write(this.prefix(name, n, offset, separator) + body + end);
  }

  /** Matches from left to right, the longest of those that begin first. */
  private *matches(line: string): Generator<RegexMatch> {
    let from = 0;
    while (from <= line.length) {
      let best: RegexMatch | null = null;
      for (const m of this.matchers) {
        const hit = m.exec(line, from);
        if (hit && (!best || hit.index < best.index || (hit.index === best.index && hit.end > best.end))) best = hit;
      }
      if (!best) return;
      yield best;
      from = best.end > best.index ? best.end : best.end + 1;
    }
  }
}
