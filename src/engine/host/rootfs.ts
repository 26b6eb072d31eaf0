import { EMPTY, Errno, TtyFile } from '../core';
import type { Inode } from './inode';
import { ComputedDir, DeviceNode, FileNode, MemDir, PackageDir, SymlinkNode } from './inode';
import type { Machine } from './machine';
import { SimpleDevice } from './openfile';
import { fileSystemHooks, procDir } from './proc';
import type { Program } from './program';
import { etcFiles, homeFiles } from './rootfs-etc';

/** First bytes of a 64-bit x86 ELF executable: what `file`, `xxd` and `cat` find in a simulated program. */
const ELF = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x3e, 0, 1, 0, 0, 0);

/** An executable file whose machine code is a simulated program. */
export class ProgramNode extends FileNode {
  constructor(
    name: string,
    private readonly shownSize: number,
  ) {
    super(0o755, ELF);
    this.program = name;
  }

  override get size(): number {
    return this.shownSize;
  }
}

/** Adds files and directories below a directory, as an image or an installer does. */
export class TreeBuilder {
  constructor(
    private readonly root: MemDir,
    private readonly now: number,
  ) {}

  /** The directory at `path` (no leading slash needed), made with its parents. */
  dir(path: string, mode = 0o755): MemDir {
    let dir = this.root;
    const parts = path.split('/').filter((p) => p !== '');
    parts.forEach((part, i) => {
      let next = dir.lookup(part);
      // Directories such as /bin are links into /usr.
      while (next instanceof SymlinkNode) {
        const target = this.targetOf(next);
        next = this.dir(target);
      }
      if (!next) {
        next = new MemDir(i === parts.length - 1 ? mode : 0o755).touch(this.now);
        dir.link(part, next);
      }
      if (!(next instanceof MemDir)) throw new Error(`not a directory: ${path}`);
      dir = next;
    });
    return dir;
  }

  /** Puts `inode` at `path`; what is there is replaced. */
  put<T extends Inode>(path: string, inode: T): T {
    const at = path.lastIndexOf('/');
    const dir = this.dir(path.slice(0, Math.max(0, at)));
    dir.link(path.slice(at + 1), inode.touch(this.now));
    return inode;
  }

  /** A regular file. */
  file(path: string, contents: string | Uint8Array, mode = 0o644): FileNode {
    return this.put(path, new FileNode(mode, contents));
  }

  /** A symbolic link. */
  symlink(path: string, target: string): void {
    this.put(path, new SymlinkNode(target));
  }

  /** The executable of `program` at its path and its other names. */
  program(program: Program): void {
    const node = this.put(program.path, new ProgramNode(program.name, program.size ?? sizeOf(program.name)));
    for (const path of program.links ?? []) {
      this.put(path, node);
      node.nlink++;
    }
  }

  private targetOf(link: SymlinkNode): string {
    return (link as unknown as { target: string }).target;
  }
}

/** A plausible size for an executable: the same for a name every time. */
function sizeOf(name: string): number {
  let h = 0;
  for (const c of name) h = (h * 33 + c.charCodeAt(0)) % 99991;
  return 35208 + (h % 16) * 8192 + (h % 97) * 8;
}

/**
 * Fills a machine's root directory with a Debian 12 tree and mounts /proc, /sys, /dev and /run.
 * Programs become executable files at their paths.
 */
export function buildRootfs(machine: Machine): void {
  const { now } = machine.scheduler;
  const tree = new TreeBuilder(machine.rootDir, now);
  baseTree(tree, machine.name);
  for (const program of machine.programs.values()) tree.program(program);
  if (machine.programs.has('nginx')) nginxTree(tree, now);
  mountKernelFileSystems(machine, tree);
}

/** What the package of nginx brings besides the program. */
function nginxTree(tree: TreeBuilder, now: number): void {
  for (const path of ['/etc/nginx', '/usr/share/nginx/html', '/var/www/html'])
    tree.put(
      path,
      new PackageDir((dir) => {
        const fill = fileSystemHooks().packages?.get(path);
        fill?.(dir, now);
        return fill !== undefined;
      }),
    );
  for (const name of ['access.log', 'error.log']) {
    const log = tree.file(`/var/log/nginx/${name}`, '', 0o640);
    log.uid = 33;
    log.gid = 4;
  }
}

/** The directories and files of a Debian 12 installation, without programs and mounts. */
export function baseTree(tree: TreeBuilder, hostname: string): void {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    tree.dir(`usr/${name}`);
    tree.symlink(`/${name}`, `usr/${name}`);
  }
  for (const path of [
    'boot',
    'etc',
    'home',
    'media',
    'mnt',
    'opt',
    'proc',
    'dev',
    'sys',
    'run',
    'srv',
    'usr/games',
    'usr/include',
    'usr/local/bin',
    'usr/local/sbin',
    'usr/local/lib',
    'usr/share/doc',
    'usr/share/man',
    'usr/src',
    'var/backups',
    'var/cache',
    'var/lib',
    'var/log',
    'var/opt',
    'var/spool',
    'var/www/html',
    'etc/profile.d',
    'etc/netns',
    'etc/iproute2',
    'etc/network',
    'etc/sysctl.d',
  ])
    tree.dir(path);
  tree.dir('root', 0o700);
  tree.dir('tmp', 0o1777);
  tree.dir('var/tmp', 0o1777);
  tree.symlink('/var/run', '/run');
  tree.symlink('/var/lock', '/run/lock');
  for (const [path, contents] of Object.entries(etcFiles(hostname))) tree.file(path, contents);
  tree.file('/etc/shadow', 'root:*:19700:0:99999:7:::\n', 0o640);
  tree.symlink('/etc/mtab', '../proc/self/mounts');
  tree.symlink('/etc/os-release', '../usr/lib/os-release');
  tree.symlink('/etc/localtime', '/usr/share/zoneinfo/Etc/UTC');
  tree.file('/usr/share/zoneinfo/Etc/UTC', 'TZif2');
  for (const [path, contents] of Object.entries(homeFiles())) tree.file(path, contents);
  tree.file('/var/log/wtmp', '');
  tree.file('/var/log/lastlog', '');
}

/** Mounts the root file system, /proc, /sys, /dev (with its devices) and /run in the machine's mount namespace. */
function mountKernelFileSystems(machine: Machine, tree: TreeBuilder): void {
  const { now, bootTime } = { now: machine.scheduler.now, bootTime: machine.bootTime };
  const table = machine.namespaces.mnt;
  const kb = Math.floor(machine.memory / 1024);
  const mount = (path: string, root: Inode, source: string, type: string, options: string): void => {
    table.mount(tree.dir(path), { root: root.touch(bootTime), target: path, source, type, options });
  };
  const sysfs = new ComputedDir(
    (v) => fileSystemHooks().sysfs?.(machine).names(v) ?? [],
    (name, v) => fileSystemHooks().sysfs?.(machine).lookup(name, v),
  );
  mount('/sys', sysfs, 'sysfs', 'sysfs', 'rw,nosuid,nodev,noexec,relatime');
  mount('/proc', procDir(machine), 'proc', 'proc', 'rw,nosuid,nodev,noexec,relatime');
  const dev = devDir(machine, now);
  mount('/dev', dev, 'udev', 'devtmpfs', `rw,nosuid,relatime,size=${kb >> 1}k,nr_inodes=${kb >> 3},mode=755`);
  table.mount(dev.lookup('pts')!, {
    root: ptsDir(machine),
    target: '/dev/pts',
    source: 'devpts',
    type: 'devpts',
    options: 'rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=000',
  });
  const run = new MemDir(0o755);
  const inRun = new TreeBuilder(run, now);
  for (const [path, mode] of [
    ['lock', 0o1777],
    ['netns', 0o755],
    ['user', 0o755],
    ['network', 0o755],
    ['sysctl.d', 0o755],
  ] as const)
    inRun.dir(path, mode);
  inRun.file('utmp', '', 0o664);
  mount('/run', run, 'tmpfs', 'tmpfs', `rw,nosuid,nodev,noexec,relatime,size=${Math.floor(kb / 10)}k,mode=755`);
}

/** A new /dev: null, zero, full, random, urandom, tty, ptmx, pts, shm and the links to /proc/self/fd. */
export function devDir(machine: Machine, now = machine.scheduler.now): MemDir {
  const dev = new MemDir(0o755);
  dev.touch(now);
  const tree = new TreeBuilder(dev, now);
  const device = (name: string, major: number, minor: number, open: DeviceNode['open'], mode = 0o666): void => {
    tree.put(name, new DeviceNode(major, minor, open, mode));
  };
  const full = (): never => {
    throw new Errno('ENOSPC');
  };
  const zeros = (max: number): Uint8Array => new Uint8Array(max);
  device('null', 1, 3, () => new SimpleDevice('/dev/null', () => EMPTY));
  device('zero', 1, 5, () => new SimpleDevice('/dev/zero', zeros));
  device('full', 1, 7, () => new SimpleDevice('/dev/full', zeros, full));
  device('random', 1, 8, () => new SimpleDevice('/dev/random', (max, caller) => caller.random(max)));
  device('urandom', 1, 9, () => new SimpleDevice('/dev/urandom', (max, caller) => caller.random(max)));
  device('tty', 5, 0, (proc) => {
    if (!proc.tty || proc.tty.closed) throw new Errno('ENXIO');
    return new TtyFile(proc.tty);
  });
  device('console', 5, 1, () => new SimpleDevice('/dev/console', () => EMPTY), 0o600);
  device('kmsg', 1, 11, () => new SimpleDevice('/dev/kmsg', () => EMPTY), 0o644);
  tree.symlink('ptmx', 'pts/ptmx');
  tree.dir('pts');
  tree.dir('shm', 0o1777);
  tree.dir('mqueue', 0o1777);
  tree.symlink('stdin', '/proc/self/fd/0');
  tree.symlink('stdout', '/proc/self/fd/1');
  tree.symlink('stderr', '/proc/self/fd/2');
  tree.symlink('fd', '/proc/self/fd');
  tree.symlink('core', '/proc/kcore');
  return dev;
}

/** The directory of pseudo-terminals. */
export function ptsDir(machine: Machine): ComputedDir {
  const nodes = new Map<number, DeviceNode>();
  const dir = new ComputedDir(
    () => [...[...machine.terminals.keys()].map(String), 'ptmx'],
    (name) => {
      if (name === 'ptmx') return ptmx;
      const n = Number(name);
      if (!/^\d+$/.test(name) || !machine.terminals.has(n)) return undefined;
      let node = nodes.get(n);
      if (!node) {
        node = new DeviceNode(
          136,
          n,
          () => {
            const tty = machine.terminals.get(n);
            if (!tty) throw new Errno('EIO');
            return new TtyFile(tty);
          },
          0o620,
        ).touch(machine.scheduler.now);
        node.gid = 5;
        nodes.set(n, node);
      }
      return node;
    },
    0o755,
  );
  const ptmx = new DeviceNode(
    5,
    2,
    () => {
      throw new Errno('EACCES');
    },
    0o000,
  ).touch(machine.scheduler.now);
  return dir.touch(machine.scheduler.now);
}
