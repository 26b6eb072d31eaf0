import { lan } from './lan';
import type { World } from './world';
import { linux } from './linux';
import { recorder } from './recorder';
import { threeNodes, twoHosts } from './two-hosts';

/** Builds a world's machines and cables. */
export type Topology = (world: World) => void;

/** The starting topologies that a lab file can name. */
export const TOPOLOGIES: Readonly<Record<string, Topology>> = {
  linux,
  lan,
  'two-hosts': twoHosts,
  'three-nodes': threeNodes,
  recorder,
};
