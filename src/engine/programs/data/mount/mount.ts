/** mount of util-linux 2.38. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Mount, Sys } from '../../../host';
import { DirNode, MemDir, resolve } from '../../../host';
import { sysfsRoot } from '../../../host/netfs';
import { mountsOf, procDir } from '../../../host/proc';
import { devDir } from '../../../host/rootfs';
import { getopt } from '../../lib/getopt';
import { absolute, badUsage, mayMount, mountOf, mountProgram, Stop } from './common';
import { ACTIONS, isPropagation, optionText, tmpfsOption } from './options';

const DMESG = '       dmesg(1) may have more information after failed mount system call.\n';

const mountLine = (m: Mount): string => `${m.source} on ${m.target} type ${m.type} (${m.options})\n`;

interface Request {
  type: string | undefined;
  options: string[];
  verbose: boolean;
}

const HELP = `
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
export const mount = mountProgram('mount', 'mount a filesystem', HELP, mountMain);

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
    if (request.options.length > 0) throw badUsage('mount');
    for (const m of mountsOf(sys.proc))
      if (request.type === undefined || request.type.split(',').includes(m.type)) yield* sys.print(mountLine(m));
    return 0;
  }
  if (places.length > 2) throw badUsage('mount');
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
  const flags = request.options.filter((o) => !ACTIONS.has(o));
  const does = (o: string): boolean => request.options.includes(o);
  const point = places[places.length - 1]!;
  const target = absolute(sys, point);
  const fail = (message: string): never => {
    throw new Stop(32, `mount: ${target}: ${message}.\n${DMESG}`);
  };
  const propagation = request.options.some(isPropagation);
  if (places.length === 1 && !does('remount') && !propagation)
    throw new Stop(1, `mount: ${point}: can't find in /etc/fstab.\n`);
  if (!mayMount(sys)) fail('must be superuser to use mount');
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
  const { type } = request;
  if (type === undefined)
    return void fail(
      source.startsWith('/') && !sys.files.exists(source)
        ? `special device ${source} does not exist`
        : `wrong fs type, bad option, bad superblock on ${source}, missing codepage or helper program, or other error`,
    );
  const root = fileSystem(sys, type, flags) ?? fail(`unknown filesystem type '${type}'`);
  const shown = IN_MEMORY.has(type) ? flags.map(tmpfsOption) : flags;
  table.mount(place.covered, { root, target: place.path, source, type, options: optionText(shown) });
}

const IN_MEMORY = new Set(['tmpfs', 'ramfs']);

/** File systems of a Linux that have no place here. */
const NOT_SIMULATED = new Set('ext4 ext3 ext2 xfs btrfs vfat overlay nfs cgroup cgroup2'.split(' '));

/** The root of a new file system; undefined when the kernel knows no such type. @throws Stop */
function fileSystem(sys: Sys, type: string, flags: readonly string[]): Mount['root'] | undefined {
  const { machine } = sys;
  if (NOT_SIMULATED.has(type)) throw new Stop(1, `mount: not simulated in this course: -t ${type}\n`);
  if (IN_MEMORY.has(type)) {
    const mode = flags.find((o) => o.startsWith('mode='));
    const dir = new MemDir(mode ? parseInt(mode.slice(5), 8) : type === 'tmpfs' ? 0o1777 : 0o755);
    return dir.touch(machine.scheduler.now);
  }
  if (type === 'proc') return procDir(machine, sys.proc.ns.pid);
  if (type === 'sysfs') return sysfsRoot(machine, sys.net);
  return type === 'devtmpfs' ? devDir(machine) : undefined;
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
