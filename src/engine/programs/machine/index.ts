import type { Program } from '../../host';
import { date } from './date';
import { groups, id, logname, whoami } from './identity';
import { arch, hostname, nproc, uname } from './system';

/** Programs about the machine and who uses it: often the first that somebody tries. */
export const MACHINE_TOOLS: readonly Program[] = [arch, date, groups, hostname, id, logname, nproc, uname, whoami].map(
  (program) => ({ ...program, modest: true }),
);
