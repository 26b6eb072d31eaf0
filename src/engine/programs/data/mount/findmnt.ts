/** findmnt of util-linux 2.38. */
import type { Coroutine } from '../../../core';
import type { Mount, Sys } from '../../../host';
import { mountsOf } from '../../../host/proc';
import { getopt } from '../../lib/getopt';
import { absolute, mountOf, mountProgram, Stop } from './common';

const HELP = `
Usage:
 findmnt [options]
 findmnt [options] <device> | <mountpoint>

Find a (mounted) file system.

Options:
 -l, --list             a list instead of a tree
 -n, --noheadings       no headings
 -o, --output <list>    columns: TARGET SOURCE FSTYPE OPTIONS
 -r, --raw              no padding
 -t, --types <list>     only these types
 -T, --target <path>    the file system that holds the path
 -M, --mountpoint <dir> the mount point
 -S, --source <name>    the source
 -J, --json             as JSON
`;

/** findmnt(8). */
export const findmnt = mountProgram('findmnt', 'find a filesystem', HELP, findmntMain);

const COLUMNS: Record<string, (m: Mount) => string> = {
  TARGET: (m) => m.target,
  SOURCE: (m) => m.source,
  FSTYPE: (m) => m.type,
  OPTIONS: (m) => m.options,
  'VFS-OPTIONS': (m) => m.options,
  ID: (m) => String(m.id),
};

function* findmntMain(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const { options, operands } = getopt(argv, 'lno:rt:T:M:S:Jakms', [
    'list=l',
    'noheadings=n',
    'output:=o',
    'raw=r',
    'types:=t',
    'target:=T',
    'mountpoint:=M',
    'source:=S',
    'json=J',
    'ascii=a',
    'kernel=k',
    'all',
  ]);
  const has = (n: string): boolean => options.some((o) => o.name === n);
  const arg = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
  const columns = (arg('o') ?? 'TARGET,SOURCE,FSTYPE,OPTIONS').toUpperCase().split(',');
  for (const c of columns) if (!COLUMNS[c]) throw new Stop(1, `findmnt: unknown column: ${c}\n`);
  const all = mountsOf(sys.proc);
  let shown = all;
  const type = arg('t');
  if (type !== undefined) shown = shown.filter((m) => type.split(',').includes(m.type));
  const target = arg('T');
  if (target !== undefined) {
    const m = mountOf(sys, absolute(sys, target));
    shown = m ? [m] : [];
  }
  const where = arg('M') ?? operands[0];
  if (where !== undefined)
    shown = shown.filter((m) => m.target === absolute(sys, where) || (arg('M') === undefined && m.source === where));
  const source = arg('S');
  if (source !== undefined) shown = shown.filter((m) => m.source === source);
  if (shown.length === 0) return 1;
  const tree =
    !has('l') && !has('r') && type === undefined && target === undefined && where === undefined && source === undefined;
  const rows = tree ? treeRows(shown) : shown.map((m) => ({ m, prefix: '' }));
  const cells = rows.map(({ m, prefix }) => columns.map((c) => (c === 'TARGET' ? prefix : '') + COLUMNS[c]!(m)));
  if (has('J')) {
    yield* sys.print(
      `${JSON.stringify({ filesystems: shown.map((m) => Object.fromEntries(columns.map((c) => [c.toLowerCase(), COLUMNS[c]!(m)]))) }, null, 3)}\n`,
    );
    return 0;
  }
  if (!has('n')) cells.unshift(columns);
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => [...row[i]!].length)));
  for (const row of cells)
    yield* sys.print(
      `${has('r') ? row.join(' ') : row.map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(widths[i]! - [...cell].length))).join(' ')}\n`,
    );
  return 0;
}

/** The mounts below one another, each with the branches before its name. */
function treeRows(list: readonly Mount[]): { m: Mount; prefix: string }[] {
  const parentOf = (m: Mount): Mount | undefined => {
    let best: Mount | undefined;
    for (const x of list) {
      if (x === m || x.id > m.id) continue;
      const inside =
        x.target === '/'
          ? m.target !== '/' || x.id < m.id
          : m.target.startsWith(`${x.target}/`) || m.target === x.target;
      if (inside && (!best || x.target.length >= best.target.length)) best = x;
    }
    return best;
  };
  const rows: { m: Mount; prefix: string }[] = [];
  const walk = (parent: Mount | undefined, indent: string, depth: number): void => {
    const kids = list.filter((m) => parentOf(m) === parent);
    kids.forEach((m, i) => {
      const last = i === kids.length - 1;
      rows.push({ m, prefix: depth === 0 ? '' : indent + (last ? '└─' : '├─') });
      walk(m, depth === 0 ? '' : indent + (last ? '  ' : '│ '), depth + 1);
    });
  };
  walk(undefined, '', 0);
  return rows;
}
