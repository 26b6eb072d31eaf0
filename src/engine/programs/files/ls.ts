import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Stat } from '../../host';
import { DeviceNode } from '../../host';
import { humanSize } from '../lib/format';
import { fnmatch } from '../lib/glob';
import { quoteShell, quoteShellIfNeeded } from '../lib/quote';
import { strftime } from '../lib/strftime';
import { textWidth } from '../lib/text';
import type { Tool } from '../lib/tool';
import { tool, UsageError } from '../lib/tool';
import { compareVersions } from '../lib/version';
import { IdNames, joinPath, modeText } from './names';
import { blocks } from './stat';

interface Entry {
  readonly name: string;
  /** What lstat or, for followed links, stat says; undefined when it cannot be read. */
  readonly stat: Stat | undefined;
  readonly target: string | undefined;
  /** What a link leads to; undefined when it dangles. */
  readonly targetStat: Stat | undefined;
}

type Quoting = 'literal' | 'shell' | 'always' | 'c' | 'escape';

const QUOTING: Readonly<Record<string, Quoting>> = {
  N: 'literal', Q: 'c', b: 'escape', literal: 'literal', shell: 'shell', 'shell-always': 'always', 'shell-escape': 'shell',
  'shell-escape-always': 'always', c: 'c', escape: 'escape',
}; // prettier-ignore

/** The letters that the words of --format stand for. */
const FORMATS: Readonly<Record<string, string>> = {
  verbose: 'l', long: 'l', commas: 'm', horizontal: 'x', across: 'x', vertical: 'C', 'single-column': '1',
}; // prettier-ignore

interface Style {
  readonly has: (name: string) => boolean;
  readonly format: 'long' | 'one' | 'columns' | 'across' | 'commas';
  readonly color: boolean;
  readonly quoting: Quoting;
  /** What ends a line of one name. */
  readonly end: string;
  /** Patterns of -I, and of --hide. */
  readonly hidden: readonly string[];
  readonly hiddenUnlessAll: readonly string[];
  readonly width: number;
  readonly users: IdNames;
  readonly groups: IdNames;
  readonly time: 'mtime' | 'ctime' | 'atime';
  readonly sort: 'name' | 'none' | 'size' | 'time' | 'version' | 'extension';
  readonly timeStyle: string | undefined;
}

/** Files younger than this many microseconds show their time of day, older ones their year. */
const SIX_MONTHS = 15_778_476_000_000;

/** ls(1), also as dir(1) and vdir(1) of no interest here. */
export const ls = tool({
  name: 'ls',
  summary: 'list directory contents',
  usageStatus: 2,
  help: `[OPTION]... [FILE]...
List information about the FILEs (the current directory by default). Entries are sorted by name.

  -a, --all                  do not ignore entries starting with .
  -A, --almost-all           the same without . and ..
  -B, --ignore-backups       no entries ending with ~
  -c                         ctime instead of mtime
  -C                         list entries by columns
      --color[=WHEN]         color the output WHEN (always, auto, never)
  -d, --directory            list directories themselves, not their contents
  -F, --classify             append one of */=>@| to entries
  -g, -o                     long format without owner, without group
      --group-directories-first
      --full-time            like -l --time-style=full-iso
  -G, --no-group             no group names in long format
  -h, --human-readable       sizes like 1K 234M 2G
  -H, -L, --dereference      follow links
  -i, --inode                print the index number of each file
  -I, --ignore=PATTERN       no entries that match PATTERN
  -k                         blocks of 1024 bytes
  -l                         long format
  -m                         a list separated by commas
  -n, --numeric-uid-gid      long format with numbers
  -p                         append / to directories
  -Q, --quote-name           names in double quotes
  -r, --reverse              reverse order
  -R, --recursive            list subdirectories recursively
  -s, --size                 print the allocated size of each file
  -S -t -u -U -v -X          sort by size, time, access time, not at all, version, extension
      --sort=WORD            none, size, time, version, extension
      --time=WORD            atime, ctime, mtime
      --time-style=STYLE     full-iso, long-iso, iso, +FORMAT
  -w, --width=COLS           output width
  -x                         list entries by lines instead of by columns
  -1                         one file a line
`,
  *run(t) {
    const { options, operands } = t.getopt('aAbBcCdDfFgGhHiI:klLmnNopqQrRsStuUvw:xXZ1', [
      'all=a',
      'almost-all=A',
      'ignore-backups=B',
      'color::',
      'directory=d',
      'classify::=F',
      'file-type',
      'full-time',
      'group-directories-first',
      'no-group=G',
      'human-readable=h',
      'dereference=L',
      'inode=i',
      'ignore:=I',
      'numeric-uid-gid=n',
      'literal=N',
      'quote-name=Q',
      'reverse=r',
      'recursive=R',
      'size=s',
      'sort:',
      'time:',
      'time-style:',
      'width:=w',
      'hide:',
      'hide-control-chars=q',
      'escape=b',
      'kibibytes=k',
      'si',
      'format:',
      'dereference-command-line=H',
      'block-size:',
      'zero',
      'context=Z',
      'indicator-style:',
      'quoting-style:',
      'show-control-chars',
    ]);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const marks = get('indicator-style');
    const has = (n: string): boolean =>
      options.some((o) => o.name === n) ||
      (marks !== undefined && n === { slash: 'p', classify: 'F' }[marks]) ||
      marks === n;
    const quoting = options.findLast((o) => ['b', 'N', 'Q', 'quoting-style'].includes(o.name));
    const tty = t.sys.isatty(1);
    const when = has('color') ? (get('color') ?? 'always') : 'never';
    if (!['always', 'yes', 'force', 'auto', 'tty', 'if-tty', 'never', 'no', 'none'].includes(when)) {
      throw new UsageError(
        `invalid argument ${t.q(when)} for ${t.q('--color')}\nValid arguments are:\n  - ‘always’, ‘yes’, ‘force’\n  - ‘never’, ‘no’, ‘none’\n  - ‘auto’, ‘tty’, ‘if-tty’`,
      );
    }
    const chosen = options.findLast((o) =>
      ['l', 'g', 'o', 'n', '1', 'C', 'x', 'm', 'full-time', 'format', 'zero'].includes(o.name),
    );
    const layout = chosen?.name === 'zero' ? '1' : chosen?.name === 'format' ? FORMATS[chosen.arg ?? ''] : chosen?.name;
    if (chosen?.name === 'format' && layout === undefined)
      throw new UsageError(`invalid argument ${t.q(chosen.arg ?? '')} for ${t.q('--format')}`);
    const long = ['l', 'g', 'o', 'n', 'full-time'].includes(layout ?? '');
    const sortWord = options.findLast((o) => ['S', 't', 'U', 'f', 'v', 'X', 'sort'].includes(o.name));
    const sorts = { S: 'size', t: 'time', U: 'none', f: 'none', v: 'version', X: 'extension' } as const;
    const timeWord = get('time');
    const time =
      has('c') || timeWord === 'ctime' || timeWord === 'status'
        ? 'ctime'
        : has('u') || timeWord === 'atime' || timeWord === 'access'
          ? 'atime'
          : 'mtime';
    const sort =
      sortWord?.name === 'sort'
        ? (sortWord.arg as Style['sort'])
        : sortWord
          ? sorts[sortWord.name as keyof typeof sorts]
          : !long && (has('c') || has('u'))
            ? 'time'
            : 'name';
    const terminal = tty ? Number(t.sys.env('COLUMNS') || terminalColumns(t)) : 80;
    const style: Style = {
      has,
      format: long
        ? 'long'
        : layout === '1' || (layout === undefined && !tty)
          ? 'one'
          : layout === 'x'
            ? 'across'
            : layout === 'm'
              ? 'commas'
              : 'columns',
      color:
        colorful(t) && (['always', 'yes', 'force'].includes(when) || (['auto', 'tty', 'if-tty'].includes(when) && tty)),
      quoting:
        quoting === undefined
          ? tty && !has('zero')
            ? 'shell'
            : 'literal'
          : (QUOTING[quoting.arg ?? quoting.name] ?? 'literal'),
      end: has('zero') ? '\0' : '\n',
      hidden: options.filter((o) => o.name === 'I').map((o) => o.arg!),
      hiddenUnlessAll: options.filter((o) => o.name === 'hide').map((o) => o.arg!),
      width: get('w') === undefined ? terminal : Number(get('w')) || Infinity,
      users: yield* IdNames.read(t.sys, '/etc/passwd'),
      groups: yield* IdNames.read(t.sys, '/etc/group'),
      time,
      sort,
      timeStyle: has('full-time') ? 'full-iso' : get('time-style'),
    };
    const files: Entry[] = [];
    const dirs: string[] = [];
    for (const path of operands.length > 0 ? operands : ['.']) {
      const follow = has('L') || has('H') || (!long && !has('d') && !has('F'));
      let entry: Entry;
      try {
        const s = lstat(t, path);
        entry = read(t, path, path, has('L') || has('H') || follow, s);
      } catch (e) {
        yield* t.complainErrno(`cannot access ${t.qf(path)}`, e, 2);
        continue;
      }
      const isDir = (entry.stat?.type === 'dir' || (follow && entry.targetStat?.type === 'dir')) && !has('d');
      if (isDir) dirs.push(path);
      else files.push(entry);
    }
    if (files.length > 0) yield* show(t, order(files, style), style, false);
    const titled = operands.length > 1 || has('R');
    let first = files.length === 0;
    const sortedDirs =
      style.sort === 'none'
        ? dirs
        : order(
            dirs.map((d) => read(t, d, d, true, lstat(t, d))),
            style,
          ).map((e) => e.name);
    for (const dir of sortedDirs) {
      yield* list(t, dir, style, titled, first);
      first = false;
    }
    return t.status;
  },
});

/** Without LS_COLORS, ls paints only for terminals that it knows to have colours. */
function colorful(t: Tool): boolean {
  const term = t.sys.env('TERM') ?? '';
  return (
    Boolean(t.sys.env('LS_COLORS') || t.sys.env('COLORTERM')) ||
    /color|^(?:Eterm|ansi|con\d+x\d+|cons25|console|cygwin|dtterm|gnome|hurd|jfbterm|konsole|kterm|linux|mlterm|putty|rxvt|screen|st|terminator|tmux|vt100|xterm)/.test(
      term,
    )
  );
}

function terminalColumns(t: Tool): number {
  const file = t.sys.file(1) as { tty?: { columns: number } };
  return file.tty?.columns ?? 80;
}

function lstat(t: Tool, path: string): Stat {
  return t.sys.files.stat(path, false);
}

function read(t: Tool, name: string, path: string, follow: boolean, s: Stat | undefined): Entry {
  if (s?.type !== 'symlink') return { name, stat: s, target: undefined, targetStat: undefined };
  let targetStat: Stat | undefined;
  try {
    targetStat = t.sys.files.stat(path);
  } catch {
    // A link that leads nowhere.
  }
  if (follow && targetStat) return { name, stat: targetStat, target: undefined, targetStat };
  let target: string | undefined;
  try {
    target = t.sys.files.readlink(path);
  } catch {
    // /proc/PID/exe of a kernel thread has no text.
  }
  return { name, stat: s, target, targetStat };
}

function* list(t: Tool, dir: string, style: Style, titled: boolean, first: boolean): Coroutine<void> {
  const { has } = style;
  yield* t.sys.work(3);
  let names: string[];
  try {
    names = t.sys.files.readdir(dir);
  } catch (e) {
    yield* t.complainErrno(`cannot open directory ${t.qf(dir)}`, e, 2);
    return;
  }
  const ignore = has('a') || has('A') ? style.hidden : [...style.hidden, ...style.hiddenUnlessAll];
  if (has('a') || has('f')) names = ['.', '..', ...names];
  else if (!has('A')) names = names.filter((n) => !n.startsWith('.'));
  if (has('B')) names = names.filter((n) => !n.endsWith('~'));
  names = names.filter((n) => !ignore.some((p) => fnmatch(p, n)));
  const entries: Entry[] = [];
  for (const name of names) {
    yield* t.sys.work();
    const path = joinPath(dir, name);
    try {
      entries.push(read(t, name, path, has('L'), lstat(t, path)));
    } catch (e) {
      if (!isErrno(e)) throw e;
      entries.push({ name, stat: undefined, target: undefined, targetStat: undefined });
    }
  }
  if (titled) yield* t.out.write(`${first ? '' : '\n'}${quoteName(dir, style.quoting)}:\n`);
  const sorted = order(entries, style);
  yield* show(t, sorted, style, true);
  if (has('R')) {
    for (const e of sorted) {
      if (e.stat?.type === 'dir' && e.name !== '.' && e.name !== '..')
        yield* list(t, joinPath(dir, e.name), style, true, false);
    }
  }
}

function order(entries: Entry[], style: Style): Entry[] {
  const by = (a: Entry, b: Entry): number => {
    const name = a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
    switch (style.sort) {
      case 'size':
        return (b.stat?.size ?? 0) - (a.stat?.size ?? 0) || name;
      case 'time':
        return (b.stat?.[style.time] ?? 0) - (a.stat?.[style.time] ?? 0) || name;
      case 'version':
        return compareVersions(a.name, b.name) || name;
      case 'extension':
        return extension(a.name).localeCompare(extension(b.name), 'en') || name;
      default:
        return name;
    }
  };
  const sorted = style.sort === 'none' ? [...entries] : [...entries].sort(by);
  if (style.has('r') && style.sort !== 'none') sorted.reverse();
  if (style.has('group-directories-first')) {
    const dir = (e: Entry): number => ((e.targetStat ?? e.stat)?.type === 'dir' ? 0 : 1);
    sorted.sort((a, b) => dir(a) - dir(b));
  }
  return sorted;
}

function extension(name: string): string {
  const at = name.lastIndexOf('.');
  return at < 0 ? '' : name.slice(at);
}

const COLORS: Record<string, string> = {
  dir: '01;34',
  symlink: '01;36',
  fifo: '40;33',
  socket: '01;35',
  char: '40;33;01',
};

function paint(e: Entry, text: string, style: Style): string {
  if (!style.color || !e.stat) return text;
  const { type, mode } = e.stat;
  const code =
    type === 'dir' && (mode & 0o1002) === 0o1002
      ? '30;42'
      : type === 'symlink' && e.target !== undefined && !e.targetStat
        ? '40;31;01'
        : type === 'file' && mode & 0o111
          ? '01;32'
          : COLORS[type];
  return code === undefined ? text : `\x1b[0m\x1b[${code}m${text}\x1b[0m`;
}

function indicator(e: Entry, style: Style): string {
  const type = e.stat?.type;
  if (type === 'dir' && (style.has('F') || style.has('p') || style.has('file-type'))) return '/';
  if (!style.has('F') && !style.has('file-type')) return '';
  if (type === 'symlink') return style.format === 'long' ? '' : '@';
  if (type === 'fifo') return '|';
  if (type === 'socket') return '=';
  return style.has('F') && type === 'file' && e.stat!.mode & 0o111 ? '*' : '';
}

function shownName(e: Entry, style: Style, anyQuoted: boolean): string {
  const quoted = quoteName(e.name, style.quoting);
  if (style.quoting !== 'shell') return quoted;
  // In a list with quoted names the others are moved right by one, so that the letters stand below each other.
  return anyQuoted && quoted === e.name && style.format !== 'commas' && style.format !== 'one' ? ` ${quoted}` : quoted;
}

function quoteName(name: string, quoting: Quoting): string {
  if (quoting === 'literal') return name;
  if (quoting === 'shell') return quoteShellIfNeeded(name);
  if (quoting === 'always') return quoteShell(name);
  const escaped = name.replace(
    /[\\\x00-\x1f\x7f]/g,
    (c) => ESCAPES[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return quoting === 'c' ? `"${escaped.replaceAll('"', '\\"')}"` : escaped.replaceAll(' ', '\\ ');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\', '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v',
}; // prettier-ignore

function* show(t: Tool, entries: readonly Entry[], style: Style, total: boolean): Coroutine<void> {
  const { has } = style;
  const anyQuoted = style.quoting === 'shell' && entries.some((e) => quoteShellIfNeeded(e.name) !== e.name);
  const unit = (e: Entry): number => (e.stat ? blocks(e.stat) / 2 : 0);
  const size = (n: number): string => (has('h') ? humanSize(n) : has('si') ? humanSize(n, 1000) : String(n));
  const sum = entries.reduce((n, e) => n + unit(e), 0);
  if (total && (style.format === 'long' || has('s')))
    yield* t.out.line(`total ${has('h') ? humanSize(sum * 1024) : has('si') ? humanSize(sum * 1024, 1000) : sum}`);
  const inodes = entries.map((e) => (has('i') ? String(e.stat?.ino ?? '?') : ''));
  const sizes = entries.map((e) => (has('s') ? (has('h') ? humanSize(unit(e) * 1024) : String(unit(e))) : ''));
  const wide = (cells: readonly string[]): number => Math.max(0, ...cells.map((c) => c.length));
  const [inodeWidth, sizeWidth] = [wide(inodes), wide(sizes)];
  const prefix = entries.map(
    (_, i) =>
      (has('i') ? `${inodes[i]!.padStart(style.format === 'commas' ? 0 : inodeWidth)} ` : '') +
      (has('s') ? `${sizes[i]!.padStart(style.format === 'commas' ? 0 : sizeWidth)} ` : ''),
  );
  if (style.format === 'long') return yield* showLong(t, entries, prefix, style, anyQuoted, size);
  const cells = entries.map((e, i) => {
    const name = shownName(e, style, anyQuoted);
    const pad = name.startsWith(' ') && anyQuoted ? ' ' : '';
    return {
      text: prefix[i]! + pad + paint(e, name.slice(pad.length), style) + indicator(e, style),
      width: textWidth(prefix[i]! + name + indicator(e, style)),
    };
  });
  if (style.format === 'one') for (const c of cells) yield* t.out.write(c.text + style.end);
  else if (style.format === 'commas') yield* commas(t, cells, style.width);
  else yield* columns(t, cells, style.width, style.format === 'across');
}

function* showLong(
  t: Tool,
  entries: readonly Entry[],
  prefix: readonly string[],
  style: Style,
  anyQuoted: boolean,
  size: (n: number) => string,
): Coroutine<void> {
  const { has } = style;
  const now = t.sys.now;
  const rows = entries.map((e) => {
    const s = e.stat;
    if (!s) return ['?????????', '?', '?', '?', '?', '           ?'];
    const device = s.inode instanceof DeviceNode ? `${s.inode.major}, ${String(s.inode.minor).padStart(3)}` : undefined;
    const numeric = has('n');
    return [
      modeText(s.type, s.mode),
      String(s.nlink),
      numeric ? String(s.uid) : style.users.name(s.uid),
      numeric ? String(s.gid) : style.groups.name(s.gid),
      device ?? size(s.size),
      timeText(s[style.time], now, style.timeStyle),
    ];
  });
  const width = (i: number): number => Math.max(0, ...rows.map((r) => r[i]!.length));
  const widths = [0, 1, 2, 3, 4, 5].map(width);
  for (let i = 0; i < entries.length; i++) {
    const e = entries[i]!;
    const [mode, links, user, group, bytes, time] = rows[i]!;
    const name = shownName(e, style, anyQuoted);
    const pad = name.startsWith(' ') && anyQuoted ? ' ' : '';
    const target = e.target === undefined ? '' : ` -> ${linkTarget(e, style)}`;
    yield* t.out.line(
      [
        prefix[i]! + mode!.padEnd(widths[0]!),
        links!.padStart(widths[1]!),
        ...(has('g') ? [] : [user!.padEnd(widths[2]!)]),
        ...(has('o') || has('G') ? [] : [group!.padEnd(widths[3]!)]),
        bytes!.padStart(widths[4]!),
        time!.padStart(widths[5]!),
        pad + paint(e, name.slice(pad.length), style) + indicator(e, style) + target,
      ].join(' '),
    );
  }
}

function linkTarget(e: Entry, style: Style): string {
  const text = quoteName(e.target!, style.quoting);
  const as: Entry = { name: e.target!, stat: e.targetStat, target: undefined, targetStat: e.targetStat };
  return e.targetStat ? paint(as, text, style) + (style.has('F') ? indicator(as, style) : '') : text;
}

function timeText(micros: number, now: number, timeStyle: string | undefined): string {
  if (timeStyle === 'full-iso') return strftime('%Y-%m-%d %H:%M:%S.%N %z', micros);
  if (timeStyle === 'long-iso') return strftime('%Y-%m-%d %H:%M', micros);
  const recent = micros <= now && now - micros < SIX_MONTHS;
  if (timeStyle === 'iso') return strftime(recent ? '%m-%d %H:%M' : '%Y-%m-%d ', micros);
  if (timeStyle?.startsWith('+')) return strftime(timeStyle.slice(1), micros);
  return strftime(recent ? '%b %e %H:%M' : '%b %e  %Y', micros);
}

interface Cell {
  readonly text: string;
  readonly width: number;
}

/** Fits as many columns as the width takes, two spaces between them. */
function* columns(t: Tool, cells: readonly Cell[], width: number, across: boolean): Coroutine<void> {
  if (cells.length === 0) return;
  let best = { count: 1, rows: cells.length, widths: [Math.max(...cells.map((c) => c.width))] };
  for (let count = Math.min(cells.length, Math.ceil(width / 3)); count > 1; count--) {
    const rows = Math.ceil(cells.length / count);
    const widths: number[] = [];
    cells.forEach((c, i) => {
      const column = across ? i % count : Math.floor(i / rows);
      widths[column] = Math.max(widths[column] ?? 0, c.width + 2);
    });
    const line = widths.reduce((a, b) => a + b, 0) - 2;
    if (line < width && (across || Math.ceil(cells.length / rows) === count)) {
      best = { count, rows, widths };
      break;
    }
  }
  for (let row = 0; row < best.rows; row++) {
    let line = '';
    // Where the cell stands and where its text ends; the gap is filled with tabs as far as they reach.
    let start = 0;
    for (let column = 0; column < best.count; column++) {
      const i = across ? row * best.count + column : column * best.rows + row;
      const cell = cells[i];
      if (!cell) break;
      const next = across
        ? i + 1 < cells.length && column + 1 < best.count
        : i + best.rows < cells.length && column + 1 < best.count;
      line += cell.text + (next ? gap(start + cell.width, start + best.widths[column]!) : '');
      start += best.widths[column]!;
    }
    yield* t.out.line(line);
  }
}

/** From one column to another with tab stops at every eighth, as ls fills its rows. */
function gap(from: number, to: number): string {
  let text = '';
  while (from < to) {
    const tab = Math.floor(to / 8) > Math.floor((from + 1) / 8);
    text += tab ? '\t' : ' ';
    from += tab ? 8 - (from % 8) : 1;
  }
  return text;
}

function* commas(t: Tool, cells: readonly Cell[], width: number): Coroutine<void> {
  let line = '';
  let used = 0;
  for (const [i, cell] of cells.entries()) {
    const last = i === cells.length - 1;
    const need = cell.width + (last ? 0 : 1);
    if (used > 0 && used + 1 + need > width) {
      yield* t.out.line(line);
      line = '';
      used = 0;
    }
    line += (used > 0 ? ' ' : '') + cell.text + (last ? '' : ',');
    used += (used > 0 ? 1 : 0) + need;
  }
  if (line !== '') yield* t.out.line(line);
}
