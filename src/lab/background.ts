import { Stalled } from '../engine/core';
import type { Host } from './driver';
import type { Work } from './simulation';

/** Milliseconds of work between two looks at what else there is to do. */
const SLICE = 8;

/** The work was given up because something newer made it useless. */
export class Cancelled extends Error {}

/**
 * Does work in slices, so that input and the live world get their turns.
 * @param begin begins the work; called again when the work came upon a program whose code had to be fetched and could not wait.
 * @param cancelled asked before each slice.
 * @throws Cancelled
 */
export async function inSlices<T>(
  host: Host,
  begin: () => Work<T>,
  cancelled: () => boolean = () => false,
): Promise<T> {
  let work = begin();
  for (;;) {
    if (cancelled()) throw new Cancelled();
    const stop = host.now() + SLICE;
    let wait: Promise<unknown> | void = undefined;
    do {
      try {
        const { done, value } = work.next();
        if (done) return value;
        wait = value;
      } catch (error) {
        if (!(error instanceof Stalled)) throw error;
        wait = error.ready;
        work = begin();
      }
    } while (!wait && host.now() < stop);
    await (wait ?? new Promise<void>((resolve) => host.soon(resolve)));
  }
}
