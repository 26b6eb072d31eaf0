/**
 * The worker that runs a world. It is asked for when a lab is opened, so that it loads beside the terminal and not after it.
 */
let ready: Worker | null = null;

function create(): Worker {
  // A classic worker in the build and a module in development: the bundler decides, the code does not care.
  return new Worker(new URL('../lab/worker.ts', import.meta.url), { name: 'lab' });
}

/** Starts loading a worker that the next session will take. */
export function warmWorker(): void {
  ready ??= create();
}

/** The warm worker, or a new one. */
export function takeWorker(): Worker {
  const worker = ready ?? create();
  ready = null;
  return worker;
}

/** Ends a worker that nobody took. */
export function dropWorker(): void {
  ready?.terminate();
  ready = null;
}
