import type { Program } from '../host';

/** Every program that can be installed on a machine. */
export const PROGRAMS: readonly Program[] = [];
