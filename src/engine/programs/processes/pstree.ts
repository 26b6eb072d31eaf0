/** pstree(1) of psmisc. */
import { isUtf8 } from '../lib/quote';
import { textWidth } from '../lib/text';
import { Fail, tool } from '../lib/tool';
import { columnsOf } from '../screen/terminal';
import type { ProcessEntry } from './table';
import { readProcesses } from './table';
import { readUsers } from './users';

interface Drawing {
  readonly only: string;
  readonly first: string;
  readonly middle: string;
  readonly last: string;
  readonly bar: string;
}

const ASCII: Drawing = { only: '---', first: '-+-', middle: ' |-', last: ' `-', bar: ' | ' };
const LINES: Drawing = { only: '───', first: '─┬─', middle: ' ├─', last: ' └─', bar: ' │ ' };

/** pstree(1). */
export const pstree = tool({
  name: 'pstree',
  summary: 'display a tree of processes',
  version: 'PSmisc 23.6',
  help: `[-acglnpsuAUV] [PID | USER]
Draw the processes as a tree, all of them or those below PID or of USER. Equal branches are drawn once: 4*[name].

  -a   command lines
  -c   draw equal branches each for itself
  -g   process groups
  -l   do not cut long lines
  -n   in the order of numbers instead of names
  -p   process numbers; implies -c
  -s   the parents of PID too
  -u   where the user changes
  -A   draw with ASCII characters, -U: with line characters
`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = t.getopt('acglnpsutAUVTh', [
      'arguments=a',
      'compact-not=c',
      'show-pgids=g',
      'long=l',
      'numeric-sort=n',
      'show-pids=p',
      'show-parents=s',
      'uid-changes=u',
      'ascii=A',
      'unicode=U',
      'hide-threads=T',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const users = yield* readUsers(sys);
    const all = yield* readProcesses(sys);
    const byPid = new Map(all.map((p) => [p.pid, p]));
    const [operand] = operands;
    let roots: ProcessEntry[];
    if (operand === undefined) {
      const init = byPid.get(1);
      roots = init ? [init] : all.filter((p) => !byPid.has(p.ppid));
    } else if (/^\d+$/.test(operand)) {
      const p = byPid.get(Number(operand));
      if (!p) return 1;
      roots = [p];
    } else {
      const account = users.account(operand);
      if (!account) throw new Fail(`No such user name: ${operand}`);
      roots = all.filter((p) => p.euid === account.uid && byPid.get(p.ppid)?.euid !== account.uid);
      if (roots.length === 0) {
        yield* t.out.line('No processes found.');
        return 1;
      }
    }
    const only = new Map<number, number>();
    if (has('s') && roots[0] && operand !== undefined && /^\d+$/.test(operand)) {
      let p = roots[0];
      for (let parent = byPid.get(p.ppid); parent && parent !== p; parent = byPid.get(p.ppid)) {
        only.set(parent.pid, p.pid);
        p = parent;
      }
      roots = [p];
    }
    const draw = !has('A') && (has('U') || (sys.isatty(1) && isUtf8(sys))) ? LINES : ASCII;
    const numbered = has('p') || has('g');
    const label = (p: ProcessEntry): string => {
      const notes: (string | number)[] = [];
      if (has('p')) notes.push(p.pid);
      if (has('g')) notes.push(p.pgrp);
      const parent = byPid.get(p.ppid);
      if (has('u') && parent && parent.euid !== p.euid) notes.push(users.name(p.euid));
      const name = p.comm + (notes.length > 0 ? `(${notes.join(',')})` : '');
      const args = has('a') && p.argv.length > 1 ? ` ${p.argv.slice(1).join(' ')}` : '';
      return name + args;
    };
    const children = (p: ProcessEntry): ProcessEntry[] => {
      const kept = only.get(p.pid);
      const list = all.filter((c) => c.ppid === p.pid && c.pid !== p.pid && (kept === undefined || c.pid === kept));
      return has('n') ? list : list.sort((a, b) => (a.comm < b.comm ? -1 : a.comm > b.comm ? 1 : a.pid - b.pid));
    };
    const width = has('l') ? Infinity : (columnsOf(sys) ?? (Number(sys.env('COLUMNS') ?? '') || 132));
    const lines: string[] = [];
    for (const root of roots)
      lines.push(
        ...(has('a')
          ? indented(root, children, label, draw)
          : tree(root, children, label, draw, !has('c') && !numbered)),
      );
    for (const line of lines) {
      yield* sys.work(2);
      yield* t.out.line(textWidth(line) > width ? `${[...line].slice(0, width - 1).join('')}+` : line);
    }
    return 0;
  },
});

/** The lines of a subtree, the first beginning with the process itself. */
function tree(
  p: ProcessEntry,
  children: (p: ProcessEntry) => ProcessEntry[],
  label: (p: ProcessEntry) => string,
  d: Drawing,
  compact: boolean,
): string[] {
  const name = label(p);
  const below = children(p).map((c) => tree(c, children, label, d, compact));
  const groups: { lines: string[]; count: number }[] = [];
  for (const lines of below) {
    const same = compact ? groups.find((g) => g.lines.join('\n') === lines.join('\n')) : undefined;
    if (same) same.count++;
    else groups.push({ lines, count: 1 });
  }
  const branches = groups.map(({ lines, count }) => {
    if (count === 1) return lines;
    const prefix = `${count}*[`;
    return lines.map(
      (l, i) => `${i === 0 ? prefix : ' '.repeat(prefix.length)}${l}${i === lines.length - 1 ? ']' : ''}`,
    );
  });
  if (branches.length === 0) return [name];
  const pad = ' '.repeat(textWidth(name));
  const out: string[] = [];
  branches.forEach((lines, b) => {
    const last = b === branches.length - 1;
    lines.forEach((line, i) => {
      const lead = i > 0 ? (last ? '   ' : d.bar) : b > 0 ? (last ? d.last : d.middle) : last ? d.only : d.first;
      out.push(`${b === 0 && i === 0 ? name : pad}${lead}${line}`);
    });
  });
  return out;
}

/** The form of -a: one process a line. */
function indented(
  p: ProcessEntry,
  children: (p: ProcessEntry) => ProcessEntry[],
  label: (p: ProcessEntry) => string,
  d: Drawing,
): string[] {
  const out = [label(p)];
  const list = children(p);
  list.forEach((c, n) => {
    const last = n === list.length - 1;
    indented(c, children, label, d).forEach((line, i) => {
      out.push(`  ${i === 0 ? (last ? d.last : d.middle).slice(1) : last ? '  ' : d.bar.slice(1)}${line}`);
    });
  });
  return out;
}
