import type { Coroutine } from '../../core';
import { LineReader } from '../lib/lines';
import { Output } from '../lib/output';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';
import { toText } from '../lib/text';
import type { Key, Ordering } from './sort-key';
import { compareBytes, compareKeys, extract, hasOrdering, isPlain, parseKey, setOrdering } from './sort-key';

const SORT_WORDS: Record<string, string> = {
  'general-numeric': 'g',
  'human-numeric': 'h',
  month: 'M',
  numeric: 'n',
  random: 'R',
  version: 'V',
};

/** sort(1). */
export const sort = tool({
  name: 'sort',
  summary: 'sort lines of text files',
  usageStatus: 2,
  help: `[OPTION]... [FILE]...
  or:  sort [OPTION]... --files0-from=F
Write the lines of all FILEs in order.

  -b, --ignore-leading-blanks   leading blanks do not count
  -d, --dictionary-order        only blanks, letters and digits count
  -f, --ignore-case             lower case counts as upper case
  -g, --general-numeric-sort    compare as floating point numbers
  -i, --ignore-nonprinting      only printable characters count
  -M, --month-sort              unknown < JAN < ... < DEC
  -h, --human-numeric-sort      compare 2K, 1G
  -n, --numeric-sort            compare numbers
  -R, --random-sort             shuffle, equal keys together
  -r, --reverse                 reverse the result
      --sort=WORD               general-numeric, human-numeric, month, numeric, random, version
  -V, --version-sort            compare numbers inside text
  -c, --check                   only say whether the input is in order
  -C, --check=quiet             the same without a message
  -k, --key=KEYDEF              F[.C][OPTS][,F[.C][OPTS]]: a field and a character in it, from and to
  -m, --merge                   merge files that are in order
  -o, --output=FILE             write to FILE, which may be an input
  -s, --stable                  equal lines keep their order
  -t, --field-separator=SEP     SEP between fields instead of blanks
  -u, --unique                  only the first of equal lines
  -z, --zero-terminated         lines end with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('bcCdfghiMnRrVk:mo:sS:t:T:uz', [
      'ignore-leading-blanks=b',
      'check::',
      'dictionary-order=d',
      'ignore-case=f',
      'general-numeric-sort=g',
      'human-numeric-sort=h',
      'ignore-nonprinting=i',
      'month-sort=M',
      'numeric-sort=n',
      'random-sort=R',
      'reverse=r',
      'sort:',
      'version-sort=V',
      'key:=k',
      'merge=m',
      'output:=o',
      'stable=s',
      'buffer-size:=S',
      'field-separator:=t',
      'temporary-directory:=T',
      'unique=u',
      'zero-terminated=z',
      'files0-from:',
      'parallel:',
      'debug',
      'random-source:',
    ]);
    const global: Ordering = {};
    const keys: Key[] = [];
    let check: '' | 'c' | 'C' = '';
    let output: string | undefined;
    let separator: string | undefined;
    let delimiter = 10;
    let unique = false;
    let stable = false;
    let names = [...operands];
    for (const { name, arg } of options) {
      if (name === 'b') global.blanksStart = global.blanksEnd = true;
      else if (name === 'k') keys.push(parseKey(arg!, (s) => t.q(s)));
      else if (name === 'c' || (name === 'check' && (arg === undefined || arg === 'diagnose-first'))) check = 'c';
      else if (name === 'C' || name === 'check') check = 'C';
      else if (name === 'o') output = arg;
      else if (name === 's') stable = true;
      else if (name === 'u') unique = true;
      else if (name === 'z') delimiter = 0;
      else if (name === 't') {
        if (arg === '') throw new UsageError('empty tab', 2);
        if (arg !== '\\0' && [...arg!].length > 1) throw new Fail(`multi-character tab ${t.q(arg!)}`, 2);
        separator = arg === '\\0' ? '\0' : arg;
      } else if (name === 'sort') {
        const letter = SORT_WORDS[arg!];
        if (!letter) throw new UsageError(`invalid argument ${t.q(arg!)} for ${t.q('--sort')}`, 2);
        setOrdering(global, letter);
      } else if (name === 'files0-from') {
        const fd = yield* t.open(arg!, (n) => `cannot open ${n}`);
        if (fd === undefined) return 2;
        names = toText(yield* t.sys.readAll(fd))
          .split('\0')
          .filter((n) => n !== '');
      } else setOrdering(global, name);
    }
    for (const key of keys) if (isPlain(key.order)) key.order = { ...global };
    const whole: Key | undefined =
      keys.length === 0 ? { startField: 1, startChar: 1, endField: 0, endChar: 0, order: global } : undefined;
    const list = whole ? [whole] : keys;
    const plain =
      whole &&
      isPlain({ ...global, reverse: undefined } as Ordering) &&
      !Object.entries(global).some(([k, v]) => v && k !== 'reverse');
    const salts = new Map<string, number>();
    const random = (s: string): number => {
      let v = salts.get(s);
      if (v === undefined) salts.set(s, (v = t.sys.machine.random.uint32()));
      return v;
    };
    type Item = { line: string; keys: string[] };
    const make = (line: string): Item => ({
      line,
      keys: plain ? [line] : list.map((k) => extract(line, k, separator)),
    });
    const compareOnly = (a: Item, b: Item): number => {
      for (let i = 0; i < list.length; i++) {
        const order = list[i]!.order;
        const r = compareKeys(a.keys[i]!, b.keys[i]!, order, random);
        if (r !== 0) return order.reverse ? -r : r;
      }
      return 0;
    };
    const compare = (a: Item, b: Item): number => {
      const r = compareOnly(a, b);
      if (r !== 0 || unique || stable) return r;
      const last = compareBytes(a.line, b.line);
      return global.reverse ? -last : last;
    };
    for (const order of [...keys.map((k) => k.order), global]) {
      const kinds = [...'ghnMRV'].filter((letter) => hasOrdering(order, letter));
      if (kinds.length > 1) throw new Fail(`options '-${kinds.join('')}' are incompatible`, 2);
    }
    if (check) {
      if (operands.length > 1) throw new UsageError(`extra operand ${t.q(operands[1]!)} not allowed with -${check}`, 2);
      return yield* checkOrder(
        t,
        operands[0] ?? '-',
        delimiter,
        (a, b) => compare(make(a), make(b)),
        unique,
        check === 'C',
      );
    }
    const items: Item[] = [];
    const files: Item[][] = [];
    for (const name of names.length > 0 ? names : ['-']) {
      const fd = yield* openInput(t, name);
      const reader = new LineReader(t.sys, fd, delimiter);
      for (;;) {
        let line: string | undefined;
        try {
          line = yield* reader.next();
        } catch (e) {
          yield* t.complainErrno(`read failed: ${name}`, e, 2);
          return 2;
        }
        if (line === undefined) break;
        items.push(make(line));
      }
      files.push(items.slice(files.reduce((n, f) => n + f.length, 0)));
      t.close(fd);
    }
    yield* t.sys.work(items.length);
    if (options.some((o) => o.name === 'm')) merge(files, compare, items);
    else items.sort(compare);
    let out = t.out;
    let fd: number | undefined;
    if (output !== undefined) {
      try {
        fd = yield* t.sys.open(output, { write: true, create: true, truncate: true });
      } catch (e) {
        yield* t.complainErrno(`open failed: ${output}`, e, 2);
        return 2;
      }
      out = new Output(t.sys, fd, false);
    }
    const end = String.fromCharCode(delimiter);
    let previous: Item | undefined;
    for (const item of items) {
      if (unique && previous && compareOnly(previous, item) === 0) continue;
      previous = item;
      yield* out.write(item.line + end);
      yield* t.sys.work();
    }
    yield* out.flush();
    if (fd !== undefined) t.sys.close(fd);
    return 0;
  },
});

/** sort -m: takes the smallest of the first lines of all files, again and again; the files are not sorted themselves. */
function merge<T>(files: readonly T[][], compare: (a: T, b: T) => number, into: T[]): void {
  const at = files.map(() => 0);
  for (let n = 0; n < into.length; n++) {
    let least = -1;
    files.forEach((file, i) => {
      if (at[i]! < file.length && (least < 0 || compare(file[at[i]!]!, files[least]![at[least]!]!) < 0)) least = i;
    });
    into[n] = files[least]![at[least]!++]!;
  }
}

function* openInput(t: Tool, name: string): Coroutine<number> {
  const fd = yield* t.open(name, (n) => `cannot read: ${n}`);
  if (fd === undefined) return t.sys.exit(2);
  return fd;
}

function* checkOrder(
  t: Tool,
  name: string,
  delimiter: number,
  compare: (a: string, b: string) => number,
  unique: boolean,
  quiet: boolean,
): Coroutine<number> {
  const fd = yield* openInput(t, name);
  const reader = new LineReader(t.sys, fd, delimiter);
  let previous: string | undefined;
  for (let n = 1; ; n++) {
    const line = yield* reader.next();
    if (line === undefined) return 0;
    if (previous !== undefined) {
      const r = compare(previous, line);
      if (r > 0 || (unique && r === 0)) {
        if (!quiet) yield* t.warn(`${name}:${n}: disorder: ${line}`);
        return 1;
      }
    }
    previous = line;
  }
}
