import { Stalled } from '../core';
import type { Program } from '../host';
import { TOPOLOGIES } from './topologies';
import { World } from './world';

/** The programs that a world's machines can have installed, by name. */
export type ProgramTable = ReadonlyMap<string, Program>;

let installed: ProgramTable | undefined;

/** Sets the table that worlds get when they are given none. `engine/world` sets the eager one, the lab's worker a lazy one. */
export function usePrograms(table: ProgramTable): void {
  installed = table;
}

let fetchTopologies: () => Promise<void> | undefined = () => undefined;

/** Sets how the topologies that are not there are fetched; see `system.ts`. */
export function fetchTopologiesWith(fetch: () => Promise<void> | undefined): void {
  fetchTopologies = fetch;
}

/**
 * Makes the world `name` from `seed`.
 * @throws Error naming the worlds there are, when there is none of that name.
 * @throws Stalled when it, or a program that boots it, has to be fetched first; call again then.
 */
export function createWorld(name: string, seed: string, programs: ProgramTable | undefined = installed): World {
  const build = TOPOLOGIES[name];
  const fetching = build ? undefined : fetchTopologies();
  if (fetching) throw new Stalled(fetching);
  if (!build) throw new Error(`there is no world "${name}" (there are: ${Object.keys(TOPOLOGIES).join(', ')})`);
  if (!programs) throw new Error('no programs: import engine/world, or call usePrograms');
  const world = new World(name, seed, programs);
  build(world);
  world.settle(10_000);
  return world;
}
