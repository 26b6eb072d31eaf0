import type { DirNode, MemDir } from '../inode';
import type { Machine } from '../machine';
import type { Process } from '../process';

/** The parts of /proc and /sys that belong to the network; whoever makes them registers them here. */
export interface FileSystemHooks {
  /** Contents of /proc/PID/net: the view of the process's network namespace. */
  readonly net?: (proc: Process) => DirNode;
  /** Contents of /proc/sys. */
  readonly procSys?: (machine: Machine) => DirNode;
  /** Contents of /sys. */
  readonly sysfs?: (machine: Machine) => DirNode;
  /** Files that packages bring, by directory: puts them into it. `now` is their time. */
  readonly packages?: ReadonlyMap<string, (dir: MemDir, now: number) => void>;
}

let current: FileSystemHooks = {};

/** Adds hooks; later ones replace earlier ones of the same name. Called once, when the modules are loaded. */
export function registerFileSystems(hooks: FileSystemHooks): void {
  current = { ...current, ...hooks };
}

/** The hooks registered so far. */
export function fileSystemHooks(): FileSystemHooks {
  return current;
}
