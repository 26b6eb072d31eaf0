/** Small helpers for what rules and elements remember. */
import type { Micros } from '../../../core';
import type { SetElement, StatefulExpr } from './model';

/** A copy with a state of its own. */
export function cloneStateful<E extends StatefulExpr>(e: E): E {
  const copy = { ...e };
  if (copy.kind === 'connlimit') delete copy.conns;
  return copy;
}

/** Has its time run out? */
export function expired(e: SetElement, now: Micros): boolean {
  return e.expires !== undefined && e.expires <= now;
}
