/** Edit scripts and how diff(1) prints them. */
import { diffArrays } from 'diff';

/** One place where the files differ: `a` lines from `aStart` became `b` lines from `bStart` (0-based). */
export interface Hunk {
  readonly aStart: number;
  readonly a: readonly string[];
  readonly bStart: number;
  readonly b: readonly string[];
}

/** The differences of two lists of lines. @param key what of a line is compared. */
export function hunks(a: readonly string[], b: readonly string[], key: (line: string) => string): Hunk[] {
  const out: Hunk[] = [];
  let i = 0;
  let j = 0;
  let open: { aStart: number; a: string[]; bStart: number; b: string[] } | undefined;
  for (const change of diffArrays(a.map(key), b.map(key))) {
    const n = change.value.length;
    if (!change.added && !change.removed) {
      i += n;
      j += n;
      open = undefined;
      continue;
    }
    if (!open) out.push((open = { aStart: i, a: [], bStart: j, b: [] }));
    if (change.removed) {
      open.a.push(...a.slice(i, i + n));
      i += n;
    } else {
      open.b.push(...b.slice(j, j + n));
      j += n;
    }
  }
  return slide(out, a, b, key);
}

/** GNU diff shifts a pure insertion or deletion as far down as it goes. */
function slide(list: Hunk[], a: readonly string[], b: readonly string[], key: (line: string) => string): Hunk[] {
  return list.map((h, n) => {
    if (h.a.length > 0 && h.b.length > 0) return h;
    let { aStart, bStart } = h;
    const nextA = list[n + 1]?.aStart ?? a.length;
    const nextB = list[n + 1]?.bStart ?? b.length;
    if (h.a.length > 0) {
      const size = h.a.length;
      while (aStart + size < nextA && bStart < nextB && key(a[aStart]!) === key(a[aStart + size]!)) {
        aStart++;
        bStart++;
      }
      return { aStart, a: a.slice(aStart, aStart + size), bStart, b: [] };
    }
    const size = h.b.length;
    while (bStart + size < nextB && aStart < nextA && key(b[bStart]!) === key(b[bStart + size]!)) {
      aStart++;
      bStart++;
    }
    return { aStart, a: [], bStart, b: b.slice(bStart, bStart + size) };
  });
}

const NO_NEWLINE = '\\ No newline at end of file';

/** A file's lines and whether its last line is complete. */
export interface Side {
  readonly lines: readonly string[];
  readonly complete: boolean;
}

/** Colours of `--color`. */
export interface Paint {
  readonly header: (s: string) => string;
  readonly hunk: (s: string) => string;
  readonly add: (s: string) => string;
  readonly remove: (s: string) => string;
}

function incomplete(side: Side, index: number): boolean {
  return !side.complete && index === side.lines.length - 1;
}

/** The default format: `2c2`, `< old`, `---`, `> new`. */
export function normalFormat(list: readonly Hunk[], a: Side, b: Side, paint: Paint): string[] {
  const out: string[] = [];
  const range = (start: number, count: number): string =>
    count <= 1 ? String(start + (count === 0 ? 0 : 1)) : `${start + 1},${start + count}`;
  for (const h of list) {
    const kind = h.a.length === 0 ? 'a' : h.b.length === 0 ? 'd' : 'c';
    out.push(paint.hunk(range(h.aStart, h.a.length) + kind + range(h.bStart, h.b.length)));
    h.a.forEach((line, i) => {
      out.push(paint.remove(`< ${line}`));
      if (incomplete(a, h.aStart + i)) out.push(NO_NEWLINE);
    });
    if (kind === 'c') out.push('---');
    h.b.forEach((line, i) => {
      out.push(paint.add(`> ${line}`));
      if (incomplete(b, h.bStart + i)) out.push(NO_NEWLINE);
    });
  }
  return out;
}

/** The unified format without its two header lines. */
export function unifiedFormat(list: readonly Hunk[], a: Side, b: Side, context: number, paint: Paint): string[] {
  const out: string[] = [];
  for (const group of grouped(list, context)) {
    const first = group[0]!;
    const last = group.at(-1)!;
    const aFrom = Math.max(0, first.aStart - context);
    const bFrom = Math.max(0, first.bStart - context);
    const aTo = Math.min(a.lines.length, last.aStart + last.a.length + context);
    const bTo = Math.min(b.lines.length, last.bStart + last.b.length + context);
    const range = (from: number, to: number): string =>
      to - from === 1 ? `${from + 1}` : `${to === from ? from : from + 1},${to - from}`;
    out.push(paint.hunk(`@@ -${range(aFrom, aTo)} +${range(bFrom, bTo)} @@`));
    let at = aFrom;
    const same = (to: number): void => {
      for (; at < to; at++) {
        out.push(` ${a.lines[at]!}`);
        if (incomplete(a, at)) out.push(NO_NEWLINE);
      }
    };
    for (const h of group) {
      same(h.aStart);
      h.a.forEach((line, i) => {
        out.push(paint.remove(`-${line}`));
        if (incomplete(a, h.aStart + i)) out.push(NO_NEWLINE);
      });
      h.b.forEach((line, i) => {
        out.push(paint.add(`+${line}`));
        if (incomplete(b, h.bStart + i)) out.push(NO_NEWLINE);
      });
      at = h.aStart + h.a.length;
    }
    same(aTo);
  }
  return out;
}

/** The context format without its two header lines. */
export function contextFormat(list: readonly Hunk[], a: Side, b: Side, context: number, paint: Paint): string[] {
  const out: string[] = [];
  for (const group of grouped(list, context)) {
    const first = group[0]!;
    const last = group.at(-1)!;
    const range = (from: number, to: number): string =>
      to - from <= 1 ? `${to === from ? from : from + 1}` : `${from + 1},${to}`;
    out.push('***************');
    for (const side of ['a', 'b'] as const) {
      const file = side === 'a' ? a : b;
      const start = (h: Hunk): number => (side === 'a' ? h.aStart : h.bStart);
      const own = (h: Hunk): readonly string[] => (side === 'a' ? h.a : h.b);
      const from = Math.max(0, start(first) - context);
      const to = Math.min(file.lines.length, start(last) + own(last).length + context);
      out.push(paint.hunk(side === 'a' ? `*** ${range(from, to)} ****` : `--- ${range(from, to)} ----`));
      if (group.every((h) => own(h).length === 0)) continue;
      let at = from;
      const put = (mark: string, i: number): void => {
        out.push(`${mark} ${file.lines[i]!}`);
        if (incomplete(file, i)) out.push(NO_NEWLINE);
      };
      for (const h of group) {
        for (; at < start(h); at++) put(' ', at);
        const mark = h.a.length > 0 && h.b.length > 0 ? '!' : side === 'a' ? '-' : '+';
        for (const end = start(h) + own(h).length; at < end; at++) put(mark, at);
      }
      for (; at < to; at++) put(' ', at);
    }
  }
  return out;
}

/** Hunks whose contexts touch are printed together. */
function grouped(list: readonly Hunk[], context: number): Hunk[][] {
  const out: Hunk[][] = [];
  for (const h of list) {
    const last = out.at(-1)?.at(-1);
    if (last && h.aStart - (last.aStart + last.a.length) <= 2 * context) out.at(-1)!.push(h);
    else out.push([h]);
  }
  return out;
}
