import type { Program } from '../../host';
/** Programs that look at and change processes, memory, mounts and users. */
export const SYSUTILS: readonly Program[] = [];
