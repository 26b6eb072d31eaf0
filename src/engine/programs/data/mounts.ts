/** mount, umount, findmnt and mountpoint of util-linux 2.38. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Mount, Program, Sys } from '../../host';
import { DirNode, MemDir, resolve } from '../../host';
import { sysfsRoot } from '../../host/netfs';
import { devDir } from '../../host/rootfs';
import { mountsOf, procDir } from '../../host/proc';
import { getopt, GetoptError } from '../lib/getopt';

const DMESG = '       dmesg(1) may have more information after failed mount system call.\n';
const VERSION = ' from util-linux 2.38.1\n';

/** A message on standard error, then the end. */
class Stop extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

function program(
  name: string,
  summary: string,
  help: string,
  body: (sys: Sys, argv: readonly string[]) => Coroutine<number>,
  badUsage = 1,
): Program {
  return {
    name,
    path: `/usr/bin/${name}`,
    summary,
    manual: help,
    *main(sys, argv) {
      if (argv.includes('--help') || (argv.length === 2 && argv[1] === '-h')) {
        yield* sys.print(help);
        return 0;
      }
      if (argv.includes('--version') || (argv.length === 2 && argv[1] === '-V')) {
        yield* sys.print(name + VERSION);
        return 0;
      }
      try {
        return yield* body(sys, argv);
      } catch (e) {
        if (e instanceof Stop) {
          yield* sys.eprint(e.message);
          return e.status;
        }
        if (!(e instanceof GetoptError)) throw e;
        yield* sys.eprint(`${name}: ${e.message}\nTry '${name} --help' for more information.\n`);
        return badUsage;
      }
    },
  };
}

const absolute = (sys: Sys, path: string): string => {
  try {
    return sys.files.realpath(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return path;
  }
};

const allowed = (sys: Sys): boolean => sys.proc.capable(sys.proc.ns.mnt.owner);

const mountLine = (m: Mount): string => `${m.source} on ${m.target} type ${m.type} (${m.options})\n`;

const FLAGS = [
  'rw',
  'ro',
  'nosuid',
  'suid',
  'nodev',
  'dev',
  'noexec',
  'exec',
  'noatime',
  'nodiratime',
  'relatime',
  'strictatime',
  'atime',
  'defaults',
  'sync',
  'async',
  'dirsync',
  'lazytime',
  'loud',
  'silent',
  'user',
  'users',
  'nouser',
  'auto',
  'noauto',
  '_netdev',
  'nofail',
];
const ACTIONS = [
  'bind',
  'rbind',
  'remount',
  'move',
  'make-private',
  'make-rprivate',
  'make-shared',
  'make-rshared',
  'make-slave',
  'make-rslave',
  'private',
  'rprivate',
  'shared',
  'rshared',
  'slave',
  'rslave',
];

/** Options as /proc/mounts orders them: ro or rw, then flags, then the file system's own. */
function optionText(asked: readonly string[], base: readonly string[] = []): string {
  const set = new Set(base.filter((o) => FLAGS.includes(o)));
  const own = base.filter((o) => !FLAGS.includes(o));
  for (const o of asked) {
    if (o === 'rw') set.delete('ro');
    else if (o === 'suid' || o === 'dev' || o === 'exec') set.delete(`no${o}`);
    else if (o === 'noatime' || o === 'strictatime') set.add(o).delete('relatime');
    else if (
      [
        'defaults',
        'atime',
        'async',
        'auto',
        'user',
        'users',
        'nouser',
        'noauto',
        'loud',
        'silent',
        '_netdev',
        'nofail',
      ].includes(o)
    )
      continue;
    else if (FLAGS.includes(o)) set.add(o);
    else own.push(o);
  }
  set.delete('rw');
  const atime = set.has('noatime') ? 'noatime' : set.has('strictatime') ? '' : 'relatime';
  const head = [
    set.has('ro') ? 'ro' : 'rw',
    ...['nosuid', 'nodev', 'noexec'].filter((o) => set.has(o)),
    atime,
    set.has('nodiratime') ? 'nodiratime' : '',
  ];
  return [...head.filter((o) => o !== ''), ...own].join(',');
}

/** `size=1m` as the kernel shows it. */
function tmpfsOption(option: string): string {
  const m = /^size=(\d+)([kmg%]?)$/i.exec(option);
  if (!m || m[2] === '%') return option;
  const unit = { '': 1 / 1024, k: 1, m: 1024, g: 1024 * 1024 }[m[2]!.toLowerCase()]!;
  return `size=${Math.ceil((Number(m[1]) * unit) / 4) * 4}k`;
}

interface Request {
  type: string | undefined;
  options: string[];
  verbose: boolean;
}

const MOUNT_HELP = `
Usage:
 mount [-lhV]
 mount [options] <source> <directory>

Attach a file system to the tree of this mount namespace.

Options:
 -t, --types <list>   type of the file system: proc, sysfs, tmpfs, devtmpfs
 -o, --options <list> comma-separated options
 -r, --read-only      the same as -o ro
 -w, --rw             the same as -o rw (the default)
 -v, --verbose        say what is done
 -B, --bind           show a directory or file at another place too
 -R, --rbind          the same with what is mounted below
     --make-private, --make-shared, --make-slave (and r...)
`;

/** mount(8). */
export const mount = program('mount', 'mount a filesystem', MOUNT_HELP, mountMain);

function* mountMain(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const longs = [
    'types:=t',
    'options:=o',
    'read-only=r',
    'rw=w',
    'read-write=w',
    'verbose=v',
    'bind=B',
    'rbind=R',
    'move=M',
    'no-mtab=n',
    'show-labels=l',
    'all=a',
    'fake=f',
    'source:',
    'target:',
    'make-private',
    'make-rprivate',
    'make-shared',
    'make-rshared',
    'make-slave',
    'make-rslave',
  ];
  const { options, operands } = getopt(argv, 'lt:o:rwvBRMnafF', longs);
  const request: Request = { type: undefined, options: [], verbose: false };
  const places = [...operands];
  for (const { name, arg } of options) {
    if (name === 't') request.type = arg!;
    else if (name === 'o') request.options.push(...arg!.split(','));
    else if (name === 'r') request.options.push('ro');
    else if (name === 'w') request.options.push('rw');
    else if (name === 'v') request.verbose = true;
    else if (name === 'B') request.options.push('bind');
    else if (name === 'R') request.options.push('rbind');
    else if (name === 'M') request.options.push('move');
    else if (name.startsWith('make-')) request.options.push(name);
    else if (name === 'source') places.unshift(arg!);
    else if (name === 'target') places.push(arg!);
    else if (name === 'a' || name === 'f' || name === 'F')
      throw new Stop(1, `mount: not simulated in this course: -${name}\n`);
  }
  if (places.length === 0) {
    if (request.options.length > 0) throw new Stop(1, "mount: bad usage\nTry 'mount --help' for more information.\n");
    for (const m of mountsOf(sys.proc))
      if (request.type === undefined || request.type.split(',').includes(m.type)) yield* sys.print(mountLine(m));
    return 0;
  }
  if (places.length > 2) throw new Stop(1, "mount: bad usage\nTry 'mount --help' for more information.\n");
  attach(sys, request, places);
  const target = absolute(sys, places[places.length - 1]!);
  if (request.verbose) {
    const source = places.length === 2 ? places[0]! : 'none';
    yield* sys.print(
      request.options.includes('bind')
        ? `mount: ${absolute(sys, source)} bound on ${target}.\n`
        : `mount: ${source} mounted on ${target}.\n`,
    );
  }
  return 0;
}

function attach(sys: Sys, request: Request, places: readonly string[]): void {
  const table = sys.proc.ns.mnt;
  const flags = request.options.filter((o) => !ACTIONS.includes(o));
  const does = (o: string): boolean => request.options.includes(o);
  const point = places[places.length - 1]!;
  const target = absolute(sys, point);
  const fail = (message: string): never => {
    throw new Stop(32, `mount: ${target}: ${message}.\n${DMESG}`);
  };
  const propagation = request.options.some((o) => /^(make-)?r?(private|shared|slave)$/.test(o));
  if (places.length === 1 && !does('remount') && !propagation)
    throw new Stop(1, `mount: ${point}: can't find in /etc/fstab.\n`);
  if (!allowed(sys)) fail('must be superuser to use mount');
  let place;
  try {
    place = resolve(sys.proc, point);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return fail(e.code === 'ENOENT' ? 'mount point does not exist' : e.message);
  }
  if (!place.inode || !place.covered) return fail('mount point does not exist');
  if (places.length === 1 && propagation && !does('remount')) {
    if (!table.isMountPoint(place.covered) && place.path !== '/') fail('not mount point or bad option');
    return;
  }
  if (does('remount')) {
    const old = mountsOf(sys.proc).findLast((m) => m.target === place.path);
    if (!old) return fail('mount point not mounted or bad option');
    table.unmount(old.target);
    table.mount(place.covered, { ...old, options: optionText(flags, old.options.split(',')) });
    return;
  }
  const source = places[0]!;
  if (does('bind') || does('rbind'))
    return bind(sys, source, place.path, place.covered, place.inode instanceof DirNode, flags, fail);
  if (does('move')) fail('not simulated in this course: --move');
  if (!(place.inode instanceof DirNode)) fail('mount point is not a directory');
  const { machine } = sys;
  const now = machine.scheduler.now;
  const { type } = request;
  if (type === undefined)
    return void fail(
      source.startsWith('/') && !sys.files.exists(source)
        ? `special device ${source} does not exist`
        : 'wrong fs type, bad option, bad superblock on ' +
            source +
            ', missing codepage or helper program, or other error',
    );
  const add = (root: Mount['root'], options: string): void => {
    table.mount(place.covered!, { root, target: place.path, source, type, options });
  };
  switch (type) {
    case 'proc':
      return add(procDir(machine, sys.proc.ns.pid), optionText(flags));
    case 'sysfs':
      return add(sysfsRoot(machine, sys.net), optionText(flags));
    case 'tmpfs':
    case 'ramfs': {
      const mode = flags.find((o) => o.startsWith('mode='));
      const dir = new MemDir(mode ? parseInt(mode.slice(5), 8) : type === 'tmpfs' ? 0o1777 : 0o755);
      return add(dir.touch(now), optionText(flags.map(tmpfsOption)));
    }
    case 'devtmpfs':
      return add(devDir(machine), optionText(flags));
    case 'ext4':
    case 'ext3':
    case 'ext2':
    case 'xfs':
    case 'btrfs':
    case 'vfat':
    case 'overlay':
    case 'nfs':
    case 'cgroup':
    case 'cgroup2':
      throw new Stop(1, `mount: not simulated in this course: -t ${type}\n`);
    default:
      fail(`unknown filesystem type '${type}'`);
  }
}

function bind(
  sys: Sys,
  source: string,
  target: string,
  covered: NonNullable<ReturnType<typeof resolve>['covered']>,
  isDir: boolean,
  flags: readonly string[],
  fail: (message: string) => never,
): void {
  let from;
  try {
    from = resolve(sys.proc, source);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return fail(`special device ${source} does not exist`);
  }
  if (!from.inode) return fail(`special device ${source} does not exist`);
  if (from.inode instanceof DirNode !== isDir)
    fail(isDir ? 'mount(2) system call failed: Not a directory' : 'mount point is not a directory');
  const parent = mountOf(sys, from.path);
  sys.proc.ns.mnt.mount(covered, {
    root: from.inode,
    target,
    source: parent?.source ?? 'none',
    type: parent?.type ?? 'none',
    options:
      flags.length > 0 ? optionText(flags, parent?.options.split(',') ?? []) : (parent?.options ?? 'rw,relatime'),
  });
}

/** The mount that holds `path`. */
function mountOf(sys: Sys, path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const m of mountsOf(sys.proc)) {
    const inside = m.target === '/' || path === m.target || path.startsWith(`${m.target}/`);
    if (inside && (!best || m.target.length >= best.target.length)) best = m;
  }
  return best;
}

const UMOUNT_HELP = `
Usage:
 umount [-hV]
 umount [options] <source> | <directory>

Detach file systems from the tree of this mount namespace.

Options:
 -f, --force      force
 -l, --lazy       detach now, clean up when no longer used
 -q, --quiet      no message when it is not mounted
 -R, --recursive  what is mounted below first
 -v, --verbose    say what is done
`;

/** umount(8). */
export const umount = program('umount', 'unmount filesystems', UMOUNT_HELP, umountMain);

function* umountMain(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const { options, operands } = getopt(argv, 'flqRvnd', [
    'force=f',
    'lazy=l',
    'quiet=q',
    'recursive=R',
    'verbose=v',
    'no-mtab=n',
    'detach-loop=d',
  ]);
  const has = (n: string): boolean => options.some((o) => o.name === n);
  if (operands.length === 0) throw new Stop(1, "umount: bad usage\nTry 'umount --help' for more information.\n");
  const table = sys.proc.ns.mnt;
  let status = 0;
  for (const operand of operands) {
    const path = absolute(sys, operand);
    const list = mountsOf(sys.proc);
    const found = list.findLast((m) => m.target === path) ?? list.findLast((m) => m.source === operand);
    let problem: string | undefined;
    if (!sys.files.exists(operand) && !found) problem = 'no mount point specified.';
    else if (!found) problem = has('q') ? '' : 'not mounted.';
    else if (!allowed(sys)) problem = 'must be superuser to unmount.';
    else if (found.target === '/' || (!has('l') && busy(sys, found))) problem = 'target is busy.';
    if (problem !== undefined) {
      status = 32;
      if (problem !== '')
        yield* sys.eprint(`umount: ${found ? path : problem.startsWith('no mount') ? operand : path}: ${problem}\n`);
      continue;
    }
    const below = has('R') ? list.filter((m) => m.target.startsWith(`${found!.target}/`)).reverse() : [];
    for (const m of [...below, found!]) {
      table.unmount(m.target);
      if (has('v')) yield* sys.print(`umount: ${m.target} unmounted\n`);
    }
  }
  return status;
}

/** True while a process works below the mount or something is mounted there. */
function busy(sys: Sys, m: Mount): boolean {
  const inside = (path: string): boolean => m.target !== '/' && (path === m.target || path.startsWith(`${m.target}/`));
  const table = sys.proc.ns.mnt;
  if (table.list().some((x) => x !== m && x.id > m.id && x.target.startsWith(`${m.target}/`))) return true;
  for (const p of sys.machine.namespaces.pid.processes.values())
    if (p.ns.mnt === table && p.alive && inside(p.cwd)) return true;
  return false;
}

const FINDMNT_HELP = `
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
export const findmnt = program('findmnt', 'find a filesystem', FINDMNT_HELP, findmntMain);

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

/** mountpoint(1). */
export const mountpoint = program(
  'mountpoint',
  'see if a directory or file is a mountpoint',
  `
Usage:
 mountpoint [-qd] <directory>

Check whether a directory is a mount point.

Options:
 -q, --quiet    only the exit status
     --nofollow do not follow a symbolic link
`,
  function* (sys, argv) {
    const { options, operands } = getopt(argv, 'qdx', ['quiet=q', 'fs-devno=d', 'devno=x', 'nofollow']);
    const quiet = options.some((o) => o.name === 'q');
    if (operands.length !== 1)
      throw new Stop(1, "mountpoint: bad usage\nTry 'mountpoint --help' for more information.\n");
    const [name = ''] = operands;
    let place;
    try {
      place = resolve(sys.proc, name);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new Stop(1, quiet ? '' : `mountpoint: ${name}: ${e.message}\n`);
    }
    if (!place.inode || !place.covered)
      throw new Stop(1, quiet ? '' : `mountpoint: ${name}: No such file or directory\n`);
    const is = place.path === '/' || sys.proc.ns.mnt.isMountPoint(place.covered);
    if (!quiet) yield* sys.print(`${name} is ${is ? '' : 'not '}a mountpoint\n`);
    return is ? 0 : 32;
  },
);
