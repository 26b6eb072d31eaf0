/** The formats of diff(1) that scripts and eyes use less: two columns, ed scripts, RCS, and merged C preprocessor lines. */
import { charWidth } from '../lib/text';
import type { Hunk, Side } from './diff-format';

const TAB = 8;
/** Columns between the two halves. */
const GUTTER = 3;

/** Moves from one column to another with tabs as far as they reach. */
function move(from: number, to: number): string {
  let out = '';
  for (let tab = from + TAB - (from % TAB); tab <= to; tab += TAB) {
    out += '\t';
    from = tab;
  }
  return out + ' '.repeat(Math.max(0, to - from));
}

/** As much of `text` as fits into `width` columns, and how many it takes; it starts at column `at`. */
function half(text: string, at: number, width: number): { text: string; columns: number } {
  let out = '';
  let columns = 0;
  for (const c of text) {
    const w = c === '\t' ? TAB - ((at + columns) % TAB) : charWidth(c.codePointAt(0)!);
    if (columns + w > width) break;
    out += c === '\t' ? ' '.repeat(w) : c;
    columns += w;
  }
  return { text: out, columns };
}

/**
 * `-y`: both files beside each other in `width` columns, `|` between lines that differ, `<` and `>` where one side has none.
 * @param commonLines whether lines that are the same are shown.
 */
export function sideBySide(list: readonly Hunk[], a: Side, b: Side, width: number, commonLines: boolean): string[] {
  const unaligned = Math.floor(width / 2) + Math.floor(GUTTER / 2) + (width & GUTTER & 1);
  const offset = unaligned - (unaligned % TAB);
  const halfWidth = Math.max(0, Math.min(offset - GUTTER, width - offset));
  const second = halfWidth > 0 ? offset : width;
  const row = (left: string | undefined, mark: string, right: string | undefined): string => {
    let out = '';
    let column = 0;
    if (left !== undefined) {
      const l = half(left, 0, halfWidth);
      out = l.text;
      column = l.columns;
    }
    if (mark !== ' ') {
      const at = Math.floor((halfWidth + second - 1) / 2);
      out += move(column, at) + mark;
      column = at + 1;
    }
    if (right !== undefined && right !== '') out += move(column, second) + half(right, second, halfWidth).text;
    return out;
  };
  const out: string[] = [];
  let at = 0;
  let bt = 0;
  const common = (until: number): void => {
    for (; at < until; at++, bt++) if (commonLines) out.push(row(a.lines[at], ' ', b.lines[bt]));
  };
  for (const h of list) {
    common(h.aStart);
    for (let i = 0; i < Math.max(h.a.length, h.b.length); i++) {
      const [l, r] = [h.a[i], h.b[i]];
      out.push(row(l, l === undefined ? '>' : r === undefined ? '<' : '|', r));
    }
    at = h.aStart + h.a.length;
    bt = h.bStart + h.b.length;
  }
  common(a.lines.length);
  return out;
}

/** `-e`: a script for ed(1), last change first. */
export function edFormat(list: readonly Hunk[]): string[] {
  return [...list].reverse().flatMap((h) => {
    const [from, to] = [h.aStart + 1, h.aStart + h.a.length];
    const range = h.a.length > 1 ? `${from},${to}` : String(from);
    if (h.b.length === 0) return [`${range}d`];
    return [h.a.length === 0 ? `${h.aStart}a` : `${range}c`, ...h.b, '.'];
  });
}

/** `-n`: what RCS keeps. */
export function rcsFormat(list: readonly Hunk[]): string[] {
  return list.flatMap((h) => [
    ...(h.a.length > 0 ? [`d${h.aStart + 1} ${h.a.length}`] : []),
    ...(h.b.length > 0 ? [`a${h.aStart + h.a.length} ${h.b.length}`, ...h.b] : []),
  ]);
}

/** `-D NAME`: one text for the C preprocessor, the second file's lines where NAME is defined. */
export function mergedFormat(list: readonly Hunk[], a: Side, name: string): string[] {
  const out: string[] = [];
  let at = 0;
  for (const h of list) {
    out.push(...a.lines.slice(at, h.aStart));
    at = h.aStart + h.a.length;
    if (h.a.length === 0) out.push(`#ifdef ${name}`, ...h.b, `#endif /* ${name} */`);
    else if (h.b.length === 0) out.push(`#ifndef ${name}`, ...h.a, `#endif /* ! ${name} */`);
    else out.push(`#ifndef ${name}`, ...h.a, `#else /* ${name} */`, ...h.b, `#endif /* ${name} */`);
  }
  return [...out, ...a.lines.slice(at)];
}
