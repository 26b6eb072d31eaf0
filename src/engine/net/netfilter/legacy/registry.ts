/** Which tables ip_tables has in a namespace: /proc/net/ip_tables_names. Kept apart so that asking loads nothing. */
import type { NetNamespace } from '../../namespace';

const names = new WeakMap<NetNamespace, { ip: string[]; ip6: string[] }>();

function listsOf(ns: NetNamespace): { ip: string[]; ip6: string[] } {
  let all = names.get(ns);
  if (all === undefined) names.set(ns, (all = { ip: [], ip6: [] }));
  return all;
}

/** Names of the tables, the newest first. */
export function legacyTableNames(ns: NetNamespace, family: 'ip' | 'ip6'): readonly string[] {
  return names.get(ns)?.[family] ?? [];
}

/** A table was made. */
export function addLegacyTableName(ns: NetNamespace, family: 'ip' | 'ip6', name: string): void {
  listsOf(ns)[family].unshift(name);
}
