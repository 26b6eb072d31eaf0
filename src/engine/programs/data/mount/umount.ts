/** umount of util-linux 2.38. */
import type { Coroutine } from '../../../core';
import type { Mount, Sys } from '../../../host';
import { mountsOf } from '../../../host/proc';
import { getopt } from '../../lib/getopt';
import { absolute, badUsage, mayMount, mountProgram } from './common';

const HELP = `
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
export const umount = mountProgram('umount', 'unmount filesystems', HELP, umountMain);

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
  if (operands.length === 0) throw badUsage('umount');
  const table = sys.proc.ns.mnt;
  let status = 0;
  for (const operand of operands) {
    const path = absolute(sys, operand);
    const list = mountsOf(sys.proc);
    const found = list.findLast((m) => m.target === path) ?? list.findLast((m) => m.source === operand);
    let problem: string | undefined;
    if (!sys.files.exists(operand) && !found) problem = 'no mount point specified.';
    else if (!found) problem = has('q') ? '' : 'not mounted.';
    else if (!mayMount(sys)) problem = 'must be superuser to unmount.';
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
