import type { Program } from '../../host';
import { kill } from './kill';
import { pgrep, pkill } from './pgrep';
import { ps } from './ps';
import { uptime } from './uptime';

/** Programs that show processes, memory and users, or act on them. */
export const PROCESS_TOOLS: readonly Program[] = [kill, pgrep, pkill, ps, uptime];
