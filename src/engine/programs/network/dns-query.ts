/** The stub resolver's queries to the name servers of /etc/resolv.conf. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import type { Resolved } from './resolver';

/** Asks the name servers for `name`. */
export function* queryName(_sys: Sys, _name: string, _family: 'inet' | 'inet6' | 'any'): Coroutine<Resolved> {
  return { error: 'Temporary failure in name resolution' };
}
