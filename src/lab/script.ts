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

/**
 * Runs one script of a lab file at its place, up to the first command that fails. The text comes by standard input: on the
 * command line, a `pgrep -f` in it would find its own shell, as it does not when a learner types it.
 * @param strict false: goes on after a command that fails.
 */
export function runScript(world: World, script: Script, strict = true): RunResult {
  const command = strict ? 'set -e; . /dev/stdin' : '. /dev/stdin';
  return world.exec(script.on ?? firstPlace(world), command, { timeout: SCRIPT_TIME, stdin: script.run });
}
