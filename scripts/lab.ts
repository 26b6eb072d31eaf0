/**
 * Opens a simulated world in one's own terminal.
 * Usage: npm run lab -- [--world NAME | --lab ID] [--seed S] [--on PLACE] [-c COMMANDS] [--json]
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TOPOLOGIES } from '../src/engine/world';
import type { World } from '../src/engine/world';
import type { Host } from '../src/lab/driver';
import { Driver } from '../src/lab/driver';
import { parsePlace } from '../src/lab/place';
import type { CompiledLab, Place } from '../src/lab/protocol';
import { firstPlace } from '../src/lab/script';
import { Simulation } from '../src/lab/simulation';
import { CourseLoader } from '../src/plugin/course';

const USAGE = `Usage: npm run lab -- [options]
  --world NAME   a starting topology: ${Object.keys(TOPOLOGIES).join(', ')} (default: linux)
  --lab ID       the start state of a lab of the course
  --seed TEXT    seed of everything random
  --on PLACE     machine, or machine/netns
  -c COMMANDS    run them and print what they print; the exit status is theirs
  --json         with -c: print {stdout, stderr, status, took} (took: virtual microseconds)`;

/** Ends with a message. */
function fail(message: string): never {
  console.error(`lab: ${message}`);
  process.exit(2);
}

const { values } = (() => {
  try {
    return parseArgs({
      options: {
        world: { type: 'string' },
        lab: { type: 'string' },
        seed: { type: 'string' },
        on: { type: 'string' },
        command: { type: 'string', short: 'c' },
        json: { type: 'boolean' },
        serve: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n${USAGE}`);
  }
})();

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (values.serve) fail('--serve: not simulated yet');
if (values.json && values.command === undefined) fail('--json needs -c');
if (values.lab !== undefined && values.world !== undefined) fail('--lab and --world exclude each other');

/** The lab to start, from the course or made up. */
function start(): Pick<CompiledLab, 'world' | 'seed' | 'setup' | 'tasks' | 'places'> {
  if (values.lab === undefined) {
    return { world: values.world ?? 'linux', seed: values.seed ?? 'lab', setup: [], tasks: [], places: [] };
  }
  const labs = new CourseLoader(resolve(import.meta.dirname ?? process.cwd(), '..')).sources();
  const found = labs.find((l) => l.lab.id === values.lab);
  if (!found) fail(`there is no lab "${values.lab}" (there are: ${labs.map((l) => l.lab.id).join(', ')})`);
  return { ...found.lab, seed: values.seed ?? found.lab.seed };
}

function place(world: World, lab: { places: readonly Place[] }): Place {
  return values.on === undefined ? (lab.places[0] ?? firstPlace(world)) : parsePlace(values.on);
}

try {
  const lab = start();
  const simulation = new Simulation(lab);
  const where = place(simulation.world, lab);
  simulation.world.machine(where.machine);
  if (values.command === undefined) interactive(simulation, where);
  else {
    const { stdout, stderr, status, took } = simulation.world.exec(where, values.command);
    if (values.json) console.log(JSON.stringify({ stdout, stderr, status, took }));
    else {
      process.stdout.write(stdout);
      process.stderr.write(stderr);
    }
    process.exitCode = status;
  }
} catch (error) {
  fail((error as Error).message);
}

/** Joins this terminal and one of the world's. */
function interactive(simulation: Simulation, where: Place): void {
  const { stdin, stdout } = process;
  const host: Host = {
    now: () => performance.now(),
    soon: (work) => void setImmediate(work),
    later(ms, work) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  };
  const end = (status: number): never => {
    if (stdin.isTTY) stdin.setRawMode(false);
    process.exit(status);
  };
  const driver = new Driver(simulation.world, host, {
    full: () => stdout.writableLength > 1 << 16,
    moved: () => undefined,
    failed: (error) => {
      console.error(error);
      end(1);
    },
  });
  const apply = (event: Parameters<Simulation['apply']>[0]['event']): void => {
    driver.sync();
    simulation.world.activate();
    simulation.apply({ ...simulation.moment, event });
    driver.poke();
  };
  simulation.onOutput = (_terminal, data) => void stdout.write(data);
  simulation.onBug = (error) => console.error(error);
  simulation.onChange = () => {
    // What the shell printed last must reach the screen before this process ends.
    if (simulation.terminals.get(0)?.alive === false) stdout.write('', () => end(0));
  };
  driver.start();
  apply({ kind: 'open', terminal: 0, place: where, columns: stdout.columns || 80, rows: stdout.rows || 24 });
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.on('data', (data) =>
    apply({ kind: 'input', terminal: 0, data: stdin.isTTY ? String(data) : String(data).replaceAll('\n', '\r') }),
  );
  stdin.on('end', () => apply({ kind: 'input', terminal: 0, data: '\u0004' }));
  stdout.on('resize', () => apply({ kind: 'resize', terminal: 0, columns: stdout.columns, rows: stdout.rows }));
}
