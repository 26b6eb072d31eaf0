/** Worlds whose code is fetched when it is first needed: what the browser uses. */
import { fetchRestWith } from '../host';
import { lazyPrograms, once } from '../programs/lazy';
import { fetchTopologiesWith, usePrograms } from './create';

/** Lets worlds fetch their programs, and the rest of the system, in chunks of the bundle. */
export function useLazyCode(): void {
  const rest = once(() => import(/* webpackChunkName: "system" */ './system'));
  fetchRestWith(rest);
  fetchTopologiesWith(rest);
  usePrograms(lazyPrograms());
}
