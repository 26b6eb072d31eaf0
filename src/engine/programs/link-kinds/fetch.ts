/** Fetching what links of the rarer kinds need: only when a command names one. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import { provide } from '../../host';

const code: { name: string; fetch?: Program['fetch'] } = { name: 'link kinds' };

/** Sets how the code of `link-kinds/index.ts` is fetched; without it, it must be there. */
export function fetchLinkKindsWith(fetch: () => Promise<void> | undefined): void {
  code.fetch = fetch;
}

/** Makes sure that the kinds of link, VLAN filtering and their parsers are there. @returns false when they could not be fetched */
export function provideLinkKinds(sys: Sys): Coroutine<boolean> {
  return provide(sys.proc.machine, code as Pick<Program, 'name' | 'fetch'>);
}

const NEEDED = /^(vlan|vxlan|macvlan|ipvlan|macvtap|ipvtap|ifb|stp_state)$|^vlan_/;

/** Does a command line of `ip` name something that is not in the core? */
export function needsLinkKinds(words: readonly string[]): boolean {
  return words.some((word) => NEEDED.test(word));
}
