import type { RunResult, World } from '../engine/world';
import type { Place, Script } from './protocol';

/** Virtual time that one script of a lab file may take. */
const SCRIPT_TIME = 120_000_000;

/** The place that is meant when a lab file names none: the world's first machine. */
export function firstPlace(world: World): Place {
  const [name] = world.machines.keys();
  if (name === undefined) throw new Error(`the world "${world.name}" has no machine`);
  return { machine: name };
}

/** Runs one script of a lab file as `bash -e -c` does at its place. */
export function runScript(world: World, script: Script): RunResult {
  return world.exec(script.on ?? firstPlace(world), `set -e\n${script.run}`, { timeout: SCRIPT_TIME });
}
