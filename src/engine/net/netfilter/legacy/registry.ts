/** Which tables ip_tables has in a namespace: /proc/net/ip_tables_names. Kept apart so that asking loads nothing. */
import type { NetNamespace } from '../../namespace';
import { netFiles } from '../../proc-files';

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
  const list = listsOf(ns)[family];
  list.unshift(name);
  netFiles(ns).set(`${family === 'ip' ? 'ip' : 'ip6'}_tables_names`, () => list.map((n) => `${n}\n`).join(''));
}
