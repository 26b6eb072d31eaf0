import type { Coroutine } from '../../core';
import { LineReader } from '../lib/lines';
import { charWidth } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';

/** Reads tab stops: one number is a distance, several are positions. */
export function tabStops(t: Tool, text: string): (column: number) => number {
  const stops = text
    .split(/[ ,\t]+/)
    .filter((s) => s !== '')
    .map((s) => {
      if (!/^\d+$/.test(s)) throw new Fail(`tab size contains invalid character(s): ${t.q(s)}`);
      if (Number(s) === 0) throw new Fail('tab size cannot be 0');
      return Number(s);
    });
  if (stops.length <= 1) {
    const n = stops[0] ?? 8;
    return (column) => column + n - (column % n);
  }
  return (column) => stops.find((s) => s > column) ?? column + 1;
}

/** expand(1). */
export const expand = tool({
  name: 'expand',
  summary: 'convert tabs to spaces',
  help: `[OPTION]... [FILE]...
Convert tabs in each FILE to spaces.

  -i, --initial     only before the first other character of a line
  -t, --tabs=N      tab stops N columns apart instead of 8
  -t, --tabs=LIST   tab stops at these columns
`,
  *run(t) {
    const argv = t.argv.map((a) => a.replace(/^-(\d+(?:,\d+)*)$/, '-t$1'));
    const { options, operands } = t.getopt('it:', ['initial=i', 'tabs:=t'], argv);
    const next = tabStops(
      t,
      options
        .filter((o) => o.name === 't')
        .map((o) => o.arg!)
        .join(',') || '8',
    );
    const initial = options.some((o) => o.name === 'i');
    return yield* eachLine(t, operands, (line) => {
      if (!line.includes('\t')) return line;
      let out = '';
      let column = 0;
      let lead = true;
      for (const c of line) {
        if (c === '\t' && (!initial || lead)) {
          const to = next(column);
          out += ' '.repeat(to - column);
          column = to;
          continue;
        }
        if (c !== ' ') lead = false;
        column = c === '\b' ? Math.max(0, column - 1) : column + charWidth(c.codePointAt(0)!);
        out += c;
      }
      return out;
    });
  },
});

/** unexpand(1). */
export const unexpand = tool({
  name: 'unexpand',
  summary: 'convert spaces to tabs',
  help: `[OPTION]... [FILE]...
Convert blanks at the beginning of each line to tabs.

  -a, --all         all blanks, not only those at the beginning
      --first-only  only those at the beginning; overrides -a
  -t, --tabs=N      tab stops N columns apart instead of 8; implies -a
`,
  *run(t) {
    const { options, operands } = t.getopt('at:', ['all=a', 'first-only', 'tabs:=t']);
    const next = tabStops(
      t,
      options
        .filter((o) => o.name === 't')
        .map((o) => o.arg!)
        .join(',') || '8',
    );
    const all = options.some((o) => o.name === 'a' || o.name === 't') && !options.some((o) => o.name === 'first-only');
    return yield* eachLine(t, operands, (line) => {
      let out = '';
      let column = 0;
      let pending = '';
      let lead = true;
      const flush = (): void => {
        out += pending;
        pending = '';
      };
      for (const c of line) {
        if ((c === ' ' || c === '\t') && (all || lead)) {
          const stop = next(column);
          if (c === '\t') {
            pending = '';
            out += '\t';
            column = stop;
          } else {
            pending += ' ';
            column++;
            if (column === stop) {
              // One blank alone stays a blank unless more blanks follow: the real one keeps it too.
              out += pending.length > 1 || lead ? '\t' : ' ';
              pending = '';
            }
          }
          continue;
        }
        flush();
        lead = false;
        column++;
        out += c;
      }
      flush();
      return out;
    });
  },
});

function* eachLine(t: Tool, operands: readonly string[], f: (line: string) => string): Coroutine<number> {
  for (const name of operands.length > 0 ? operands : ['-']) {
    const fd = yield* t.open(name);
    if (fd === undefined) continue;
    const reader = new LineReader(t.sys, fd);
    for (let line = yield* reader.next(); line !== undefined; line = yield* reader.next()) {
      yield* t.out.write(f(line) + (reader.terminated ? '\n' : ''));
    }
    t.close(fd);
  }
  return 0;
}
