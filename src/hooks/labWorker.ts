/**
 * The worker that runs a world. It is asked for when a lab is opened and told at once which, so that it builds the world beside the
 * terminal's code and not after it.
 */
import type { CompiledLab, SavedSession, WorkerStart } from '../lab/protocol';

/** A worker that runs a lab. */
export interface LabWorker {
  readonly worker: Worker;
  /** Where the session tells what happens. Rejected when the worker fails before it can tell. */
  readonly told: Promise<MessagePort>;
}

let warm: (WorkerStart & LabWorker) | null = null;

function create(start: WorkerStart): LabWorker {
  // The name is there as soon as the worker's first line runs. A message would wait until the page's thread, busy with the
  // terminal at that time, has heard that the script ran. A classic worker in the build and a module in development: the bundler decides.
  const worker = new Worker(new URL(/* webpackChunkName: "lab" */ '../lab/worker.ts', import.meta.url), {
    name: JSON.stringify(start),
  });
  const told = new Promise<MessagePort>((resolve, reject) => {
    worker.addEventListener('message', ({ ports: [port] }) => port && resolve(port));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    });
  });
  // Whoever takes the worker is told.
  told.catch(() => undefined);
  return { worker, told };
}

/** Starts a worker on a lab, which the next session of this lab will take. */
export function warmWorker(lab: CompiledLab, saved: SavedSession | null): void {
  dropWorker();
  warm = { ...create({ lab, saved }), lab, saved };
}

/** The worker that was started for this lab and this saved state, or a new one. */
export function takeWorker(lab: CompiledLab, saved: SavedSession | null): LabWorker {
  const ready = warm?.lab === lab && warm.saved === saved ? warm : null;
  if (ready) warm = null;
  return ready ?? create({ lab, saved });
}

/** Ends a worker that nobody took. */
export function dropWorker(): void {
  warm?.worker.terminate();
  warm = null;
}
