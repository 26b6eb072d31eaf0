/** The names that `ip netns` gives to namespaces: nsfs files mounted below /run/netns. */
import type { Sys } from '../../../host';
import { lookup } from '../../../host';
import { NamespaceNode } from '../../../host/netfs/nsfs';
import type { NetNamespace } from '../../../net';
import type { Context } from '../lib/context';

/** Where the names are. */
export const NETNS_DIR = '/run/netns';

/** The network namespace that `path` stands for; undefined when it is something else or missing. */
export function netnsOfPath(sys: Sys, path: string): NetNamespace | undefined {
  try {
    const inode = lookup(sys.proc, path);
    if (inode instanceof NamespaceNode && inode.namespace.kind === 'net') return inode.namespace as NetNamespace;
  } catch {
    return undefined;
  }
  return undefined;
}

/** The namespace called `name`; undefined when there is none. */
export function netnsByName(sys: Sys, name: string): NetNamespace | undefined {
  return netnsOfPath(sys, name.includes('/') ? name : `${NETNS_DIR}/${name}`);
}

/** Names below /run/netns in directory order; a directory gives the newest first, as tmpfs does. */
export function netnsNames(sys: Sys): string[] {
  try {
    return sys.files.readdir(NETNS_DIR).reverse();
  } catch {
    return [];
  }
}

/** Name of the namespace that the current one knows as `nsid`; undefined when it has none. */
export function netnsNameOf(ctx: Context, nsid: number): string | undefined {
  const other = ctx.net.nsids.byId(nsid);
  if (!other) return undefined;
  return netnsNames(ctx.sys).find((name) => netnsByName(ctx.sys, name) === other);
}

/** A name that may be a file name. */
export function isNetnsName(name: string): boolean {
  return name !== '' && !name.includes('/') && name !== '.' && name !== '..' && name.length <= 255;
}
