import { linux } from './linux';
import type { World } from './world';

/** Builds a world's machines and cables. */
export type Topology = (world: World) => void;

/** The starting topologies that a lab file can name, as far as their code is there: the others come with `more-topologies.ts`. */
export const TOPOLOGIES: Record<string, Topology> = { linux };
