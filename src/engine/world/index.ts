import type { Program } from '../host';
import { PROGRAMS } from '../programs';
import { TOPOLOGIES } from './topologies';
import { World } from './world';

export { START_OF_TIME, World } from './world';
export type { RunOptions, RunResult, ShellEvent, Spot } from './world';
export { TOPOLOGIES } from './topologies';

const BY_NAME: ReadonlyMap<string, Program> = new Map(PROGRAMS.map((p) => [p.name, p]));

/**
 * Makes the world `name` from `seed`.
 * @throws Error naming the worlds there are, when there is none of that name.
 */
export function createWorld(name: string, seed: string): World {
  const build = TOPOLOGIES[name];
  if (!build) throw new Error(`there is no world "${name}" (there are: ${Object.keys(TOPOLOGIES).join(', ')})`);
  const world = new World(name, seed, BY_NAME);
  build(world);
  world.settle(10_000);
  return world;
}
