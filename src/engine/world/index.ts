/** Worlds with every program at hand. The lab's own code imports `create` instead, which leaves the choice to its user. */
import './more-topologies';
import { PROGRAMS } from '../programs';
import { usePrograms } from './create';

export { createWorld, usePrograms } from './create';
export type { ProgramTable } from './create';
export { START_OF_TIME, World } from './world';
export type { RunOptions, RunResult, ShellEvent, Spot } from './world';
export { TOPOLOGIES } from './topologies';

usePrograms(new Map(PROGRAMS.map((p) => [p.name, p])));
