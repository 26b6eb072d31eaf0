/** Kinds of link whose code is not in the core: it registers itself when it has been fetched (link/all-kinds.ts). */
import type { LinkSpec } from '../api';
import type { NetNamespace } from '../namespace';
import { IFF } from '../types';
import type { BridgeLink } from './bridge';
import type { Link } from './link';
import type { LinkTable } from './links';

/** What rtnl_link_ops are to the kernel. */
export interface LinkKindOps {
  /** Looks at the request before anything else is done. @throws Errno */
  validate?(spec: LinkSpec): void;
  /** newlink: makes and registers a link. `origin` is the namespace of the request. @throws Errno */
  create(table: LinkTable, spec: LinkSpec, origin: NetNamespace): Link;
  /** changelink: applies options of `ip link set ... type KIND`. @throws Errno */
  change?(link: Link, options: Readonly<Record<string, unknown>>): void;
}

const kinds = new Map<string, LinkKindOps>();

/** Makes a kind known. */
export function registerLinkKind(kind: string, ops: LinkKindOps): void {
  kinds.set(kind, ops);
}

/** The code of a kind; undefined when there is none, or it has not been fetched. */
export function linkKind(kind: string): LinkKindOps | undefined {
  return kinds.get(kind);
}

/** True when `link` is a bridge. */
export function isBridge(link: Link | null | undefined): link is BridgeLink {
  return link !== null && link !== undefined && link.kind === 'bridge' && (link.flags & IFF.LOOPBACK) === 0;
}
