import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Stat } from '../../host';
import { fnmatch } from '../lib/glob';
import { Regex } from '../lib/regex';
import { strftime } from '../lib/strftime';
import { toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { notSimulated, tool, UsageError } from '../lib/tool';
import type { Paint, Side } from './diff-format';
import { edFormat, mergedFormat, rcsFormat, sideBySide } from './diff-other';
import { contextFormat, hunks, normalFormat, unifiedFormat } from './diff-format';

const PLAIN: Paint = { header: (s) => s, hunk: (s) => s, add: (s) => s, remove: (s) => s };
const COLORED: Paint = {
  header: (s) => `\x1b[1m${s}\x1b[0m`,
  hunk: (s) => `\x1b[36m${s}\x1b[0m`,
  add: (s) => `\x1b[32m${s}\x1b[0m`,
  remove: (s) => `\x1b[31m${s}\x1b[0m`,
};

interface Settings {
  style: 'normal' | 'unified' | 'context' | 'columns' | 'ed' | 'rcs' | 'merged';
  /** Columns of the side-by-side format. */
  width: number;
  commonLines: boolean;
  /** Name for the preprocessor. */
  define: string;
  stripCr: boolean;
  /** Changes all of whose lines match are ignored. */
  ignoreMatching: Regex[];
  context: number;
  brief: boolean;
  identical: boolean;
  recursive: boolean;
  newFile: boolean;
  ignoreCase: boolean;
  ignoreSpace: '' | 'b' | 'w' | 'Z';
  ignoreBlank: boolean;
  text: boolean;
  labels: string[];
  exclude: string[];
  paint: Paint;
  /** The options as they are repeated in the headers of a recursive comparison. */
  shown: string;
}

/** diff(1). */
export const diff = tool({
  name: 'diff',
  summary: 'compare files line by line',
  version: 'GNU diffutils 3.8',
  usageStatus: 2,
  usage: 'diff: ',
  help: `[OPTION]... FILES
Compare FILES line by line.

      --normal                  the normal format
  -q, --brief                   only say whether files differ
  -s, --report-identical-files  say when two files are the same
  -c, -C NUM, --context[=NUM]   the context format, NUM (3) lines
  -u, -U NUM, --unified[=NUM]   the unified format, NUM (3) lines
      --label LABEL             LABEL instead of a file's name and time
  -r, --recursive               compare subdirectories
  -N, --new-file                missing files count as empty
  -x, --exclude=PAT             leave out files that match PAT
  -i, --ignore-case             ignore case
  -b, --ignore-space-change     ignore changes in the amount of white space
  -w, --ignore-all-space        ignore all white space
  -B, --ignore-blank-lines      ignore changes where lines are all blank
  -I, --ignore-matching-lines=RE  ignore changes where all lines match RE
      --strip-trailing-cr       ignore carriage returns at the ends of lines
  -y, --side-by-side            in two columns; -W NUM is the width, 130
      --suppress-common-lines   only lines that differ
  -e, --ed                      a script for ed
  -n, --rcs                     the format of RCS
  -D, --ifdef=NAME              both files in one with #ifdef NAME
  -a, --text                    treat all files as text
      --color[=WHEN]            colour the output
Exit status: 0 the same, 1 different, 2 trouble.
`,
  *run(t) {
    const argv = t.argv.map((a) => a.replace(/^-u?(\d+)$/, '-U$1'));
    const { options, operands } = t.getopt(
      '0abBcC:dD:eEiHI:lL:nNpqrsS:tTuU:wW:x:X:yZ',
      [
        'normal',
        'brief=q',
        'report-identical-files=s',
        'context::=c',
        'unified::=u',
        'label:',
        'recursive=r',
        'new-file=N',
        'exclude:=x',
        'ignore-case=i',
        'ignore-space-change=b',
        'ignore-all-space=w',
        'ignore-blank-lines=B',
        'ignore-trailing-space=Z',
        'text=a',
        'color::',
        'side-by-side=y',
        'no-dereference',
        'minimal=d',
        'strip-trailing-cr',
        'show-c-function=p',
        'ed=e',
        'ifdef:=D',
        'ignore-matching-lines:=I',
        'rcs=n',
        'width:=W',
        'suppress-common-lines',
        'expand-tabs=t',
        'initial-tab=T',
      ],
      argv,
    );
    const s: Settings = {
      style: 'normal',
      context: 3,
      brief: false,
      identical: false,
      recursive: false,
      newFile: false,
      ignoreCase: false,
      ignoreSpace: '',
      ignoreBlank: false,
      text: false,
      labels: [],
      exclude: [],
      paint: PLAIN,
      width: 130,
      commonLines: true,
      define: '',
      stripCr: false,
      ignoreMatching: [],
      shown: optionWords(t.argv, operands),
    };
    for (const { name, arg } of options) {
      switch (name) {
        case 'q':
          s.brief = true;
          break;
        case 's':
          s.identical = true;
          break;
        case 'c':
          s.style = 'context';
          if (arg) s.context = Number(arg);
          break;
        case 'C':
          s.style = 'context';
          s.context = contextLength(arg!);
          break;
        case 'u':
          s.style = 'unified';
          if (arg) s.context = Number(arg);
          break;
        case 'U':
          s.style = 'unified';
          s.context = contextLength(arg!);
          break;
        case 'label':
        case 'L':
          s.labels.push(arg!);
          break;
        case 'r':
          s.recursive = true;
          break;
        case 'N':
          s.newFile = true;
          break;
        case 'x':
          s.exclude.push(arg!);
          break;
        case 'i':
          s.ignoreCase = true;
          break;
        case 'b':
        case 'w':
        case 'Z':
          s.ignoreSpace = name;
          break;
        case 'B':
          s.ignoreBlank = true;
          break;
        case 'a':
          s.text = true;
          break;
        case 'y':
          s.style = 'columns';
          break;
        case 'e':
          s.style = 'ed';
          break;
        case 'n':
          s.style = 'rcs';
          break;
        case 'D':
          s.style = 'merged';
          s.define = arg!;
          break;
        case 'W':
          if (!/^[1-9]\d*$/.test(arg!)) throw new UsageError(`invalid width '${arg!}'`);
          s.width = Number(arg);
          break;
        case 'suppress-common-lines':
          s.commonLines = false;
          break;
        case 'strip-trailing-cr':
          s.stripCr = true;
          break;
        case 'I':
          s.ignoreMatching.push(new Regex(arg!));
          break;
        case 'l':
          throw notSimulated('-l');
        case 'color':
          if (arg === 'always' || ((arg === undefined || arg === 'auto') && t.sys.isatty(1))) s.paint = COLORED;
          break;
        default:
      }
    }
    if (operands.length === 0) throw new UsageError(`missing operand after '${t.argv.at(-1)!}'`);
    if (operands.length === 1) throw new UsageError(`missing operand after '${operands[0]!}'`);
    if (operands.length > 2) throw new UsageError(`extra operand '${operands[2]!}'`);
    return yield* comparePaths(t, s, operands[0]!, operands[1]!, true);
  },
});

/** The words of the command line that are no operands. */
function optionWords(argv: readonly string[], operands: readonly string[]): string {
  const words = argv.slice(1);
  for (const o of operands) words.splice(words.lastIndexOf(o), 1);
  return words.map((a) => ` ${a}`).join('');
}

function contextLength(text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`invalid context length '${text}'`);
  return Number(text);
}

function look(t: Tool, path: string): Stat | undefined {
  if (path === '-') return undefined;
  return t.sys.files.stat(path);
}

function* comparePaths(t: Tool, s: Settings, a: string, b: string, top: boolean): Coroutine<number> {
  const stats: (Stat | undefined)[] = [];
  let trouble = false;
  for (const path of [a, b]) {
    try {
      stats.push(look(t, path));
    } catch (e) {
      if (!isErrno(e)) throw e;
      stats.push(undefined);
      if (!(s.newFile && e.code === 'ENOENT')) {
        yield* t.warn(`${path}: ${e.message}`);
        trouble = true;
      }
    }
  }
  if (trouble) return 2;
  let [left, right] = [a, b];
  const dirs = stats.map((st) => st?.type === 'dir');
  if (dirs[0] && dirs[1]) return yield* compareDirectories(t, s, a, b);
  if (top && dirs[0] !== dirs[1]) {
    // A directory and a file: the file of the same name inside.
    const base = (p: string): string => p.slice(p.lastIndexOf('/') + 1);
    if (dirs[0]) left = `${a.replace(/\/+$/, '')}/${base(b)}`;
    else right = `${b.replace(/\/+$/, '')}/${base(a)}`;
    return yield* comparePaths(t, s, left, right, true);
  }
  return yield* compareFiles(t, s, left, right, top);
}

function* compareDirectories(t: Tool, s: Settings, a: string, b: string): Coroutine<number> {
  const list = (p: string): Set<string> =>
    new Set(t.sys.files.exists(p) ? t.sys.files.readdir(p).filter((n) => !s.exclude.some((x) => fnmatch(x, n))) : []);
  const left = list(a);
  const right = list(b);
  const join = (p: string, n: string): string => `${p.replace(/(?<=.)\/+$/, '')}/${n}`;
  let status = 0;
  for (const name of [...new Set([...left, ...right])].sort()) {
    yield* t.sys.work(2);
    const [x, y] = [join(a, name), join(b, name)];
    const [inA, inB] = [left.has(name), right.has(name)];
    if (!(inA && inB) && !s.newFile) {
      yield* t.out.line(`Only in ${inA ? a : b}: ${name}`);
      status = Math.max(status, 1);
      continue;
    }
    const [sx, sy] = [inA ? t.sys.files.stat(x) : undefined, inB ? t.sys.files.stat(y) : undefined];
    const dirX = (sx ?? sy)!.type === 'dir';
    const dirY = (sy ?? sx)!.type === 'dir';
    if (dirX !== dirY) {
      const what = (st: Stat): string =>
        st.type === 'dir' ? 'directory' : st.size === 0 ? 'regular empty file' : 'regular file';
      yield* t.out.line(`File ${x} is a ${what(sx!)} while file ${y} is a ${what(sy!)}`);
      status = Math.max(status, 1);
    } else if (dirX) {
      if (!s.recursive) {
        yield* t.out.line(`Common subdirectories: ${x} and ${y}`);
        continue;
      }
      status = Math.max(status, yield* compareDirectories(t, s, x, y));
    } else status = Math.max(status, yield* compareFiles(t, s, x, y, false));
  }
  return status;
}

function* read(t: Tool, path: string, optional: boolean): Coroutine<{ text: string; missing: boolean }> {
  if (path === '-') return { text: toText(yield* t.sys.readAll(0)), missing: false };
  try {
    const fd = yield* t.sys.open(path, { read: true });
    try {
      return { text: toText(yield* t.sys.readAll(fd)), missing: false };
    } finally {
      t.sys.close(fd);
    }
  } catch (e) {
    if (optional && isErrno(e, 'ENOENT')) return { text: '', missing: true };
    throw e;
  }
}

function* compareFiles(t: Tool, s: Settings, a: string, b: string, top: boolean): Coroutine<number> {
  let contents: { text: string; missing: boolean }[];
  try {
    contents = [yield* read(t, a, s.newFile), yield* read(t, b, s.newFile)];
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* t.warn(`${t.sys.files.exists(a) ? b : a}: ${e.message}`);
    return 2;
  }
  const [x, y] = contents.map((c) => c.text) as [string, string];
  if (x === y && s.style !== 'columns' && s.style !== 'merged') {
    if (s.identical) yield* t.out.line(`Files ${a} and ${b} are identical`);
    return 0;
  }
  if (!s.text && (x.includes('\0') || y.includes('\0'))) {
    yield* t.out.line(s.brief ? `Files ${a} and ${b} differ` : `Binary files ${a} and ${b} differ`);
    return 1;
  }
  const side = (text: string): Side => {
    const lines = text.split('\n');
    const complete = lines.at(-1) === '';
    if (complete) lines.pop();
    if (s.stripCr) lines.forEach((line, i) => (lines[i] = line.replace(/\r$/, '')));
    return { lines, complete: complete || lines.length === 0 };
  };
  const [l, r] = [side(x), side(y)];
  const spaces = (line: string): string => {
    let k = line;
    if (s.ignoreSpace === 'w') k = k.replace(/\s+/g, '');
    else if (s.ignoreSpace === 'b') k = k.replace(/\s+/g, ' ').replace(/ $/, '');
    else if (s.ignoreSpace === 'Z') k = k.replace(/\s+$/, '');
    return s.ignoreCase ? k.toLowerCase() : k;
  };
  // A last line without its newline differs from the same line with it.
  const marked = (file: Side): string[] =>
    file.lines.map((line, i) =>
      !file.complete && i === file.lines.length - 1 && s.ignoreSpace === '' ? `${line}\n` : line,
    );
  yield* t.sys.work(l.lines.length + r.lines.length);
  let list = hunks(marked(l), marked(r), spaces);
  list = list.map((h) => ({
    ...h,
    a: l.lines.slice(h.aStart, h.aStart + h.a.length),
    b: r.lines.slice(h.bStart, h.bStart + h.b.length),
  }));
  if (s.ignoreMatching.length > 0)
    list = list.filter((h) => [...h.a, ...h.b].some((line) => !s.ignoreMatching.some((re) => re.test(line))));
  if (s.ignoreBlank) list = list.filter((h) => [...h.a, ...h.b].some((line) => line !== ''));
  if (list.length === 0 && s.style !== 'columns' && s.style !== 'merged') {
    if (s.identical) yield* t.out.line(`Files ${a} and ${b} are identical`);
    return 0;
  }
  if (s.brief) {
    if (list.length > 0) yield* t.out.line(`Files ${a} and ${b} differ`);
    return list.length > 0 ? 1 : 0;
  }
  if (!top) yield* t.out.line(s.paint.header(`diff${s.shown} ${a} ${b}`));
  const { paint } = s;
  const time = (path: string, missing: boolean): string => {
    const micros = missing ? 0 : path === '-' ? t.sys.now : t.sys.files.stat(path).mtime;
    return strftime('%Y-%m-%d %H:%M:%S.%N %z', micros);
  };
  const label = (i: number, path: string): string => s.labels[i] ?? `${path}\t${time(path, contents[i]!.missing)}`;
  let out: string[];
  if (s.style === 'normal') out = normalFormat(list, l, r, paint);
  else if (s.style === 'columns') out = sideBySide(list, l, r, s.width, s.commonLines);
  else if (s.style === 'ed') out = edFormat(list);
  else if (s.style === 'rcs') out = rcsFormat(list);
  else if (s.style === 'merged') out = mergedFormat(list, l, s.define);
  else if (s.style === 'unified') {
    out = [
      paint.header(`--- ${label(0, a)}`),
      paint.header(`+++ ${label(1, b)}`),
      ...unifiedFormat(list, l, r, s.context, paint),
    ];
  } else
    out = [
      paint.header(`*** ${label(0, a)}`),
      paint.header(`--- ${label(1, b)}`),
      ...contextFormat(list, l, r, s.context, paint),
    ];
  for (const line of out) yield* t.out.line(line);
  return list.length > 0 ? 1 : 0;
}
