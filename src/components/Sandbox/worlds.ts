import type { CompiledLab } from '../../lab/protocol';
import lan from '../../labs/sandbox-lan.lab.yaml';
import threeNodes from '../../labs/sandbox-three-nodes.lab.yaml';
import twoHosts from '../../labs/sandbox-two-hosts.lab.yaml';
import linux from '../../labs/sandbox.lab.yaml';

/** A free world that the sandbox offers. */
export interface FreeWorld {
  readonly lab: CompiledLab;
  /** What is there, in a few words. */
  readonly has: string;
}

/** The one that the page begins with. */
const first: FreeWorld = { lab: linux, has: 'namespaces, veth, bridges, routes, rules' };

/** All of them, the smallest first. */
export const WORLDS: readonly [FreeWorld, ...FreeWorld[]] = [
  first,
  { lab: lan, has: 'two clients, a router with NAT, a web server with a name' },
  { lab: twoHosts, has: 'one switch, room for containers on each' },
  { lab: threeNodes, has: 'two on a switch, one behind a router' },
];

const key = 'ftp:sandbox';

/** The world that was open last in this browser. */
export function lastWorld(): CompiledLab {
  let id: string | null = null;
  try {
    id = localStorage.getItem(key);
  } catch {
    // Without storage every visit begins with the first.
  }
  return (WORLDS.find((w) => w.lab.id === id) ?? first).lab;
}

/** Remembers the choice. */
export function rememberWorld(lab: CompiledLab): void {
  try {
    localStorage.setItem(key, lab.id);
  } catch {
    // It is a convenience.
  }
}
