/**
 * The worker that runs a world. It is asked for when a lab is opened and told at once which, so that it builds the world beside the
 * terminal's code and not after it.
 */
import type { CompiledLab, SavedSession, WorkerStart } from '../lab/protocol';

interface Warm extends WorkerStart {
  readonly worker: Worker;
}

let warm: Warm | null = null;

function create(start: WorkerStart): Worker {
  // A classic worker in the build and a module in development: the bundler decides, the code does not care.
  const worker = new Worker(new URL('../lab/worker.ts', import.meta.url), { name: 'lab' });
  worker.postMessage(start);
  return worker;
}

/** Starts a worker on a lab, which the next session of this lab will take. */
export function warmWorker(lab: CompiledLab, saved: SavedSession | null): void {
  dropWorker();
  warm = { worker: create({ lab, saved }), lab, saved };
}

/** The worker that was started for this lab and this saved state, or a new one. */
export function takeWorker(lab: CompiledLab, saved: SavedSession | null): Worker {
  const ready = warm?.lab === lab && warm.saved === saved ? warm.worker : create({ lab, saved });
  if (ready === warm?.worker) warm = null;
  return ready;
}

/** Ends a worker that nobody took. */
export function dropWorker(): void {
  warm?.worker.terminate();
  warm = null;
}
