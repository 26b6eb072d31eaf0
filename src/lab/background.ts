import type { Host } from './driver';

/** Milliseconds of work between two looks at what else there is to do. */
const SLICE = 8;

/** The work was given up because something newer made it useless. */
export class Cancelled extends Error {}

/**
 * Runs a generator in slices, so that input and the live world get their turns.
 * @param cancelled asked before each slice.
 * @throws Cancelled
 */
export async function inSlices<T>(
  host: Host,
  work: Generator<void, T>,
  cancelled: () => boolean = () => false,
): Promise<T> {
  for (;;) {
    if (cancelled()) throw new Cancelled();
    const stop = host.now() + SLICE;
    do {
      const { done, value } = work.next();
      if (done) return value;
    } while (host.now() < stop);
    await new Promise<void>((resolve) => host.soon(resolve));
  }
}
