/** mountpoint of util-linux 2.38. */
import { isErrno } from '../../../core';
import { resolve } from '../../../host';
import { getopt } from '../../lib/getopt';
import { badUsage, mountProgram, Stop } from './common';

/** mountpoint(1). */
export const mountpoint = mountProgram(
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
    if (operands.length !== 1) throw badUsage('mountpoint');
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
