/** What a learner or a lab file types, and where. */

/** Where a terminal is: on a machine, or inside one of its namespaces or containers. */
export interface Place {
  readonly machine: string;
  /** Name of a network namespace as `ip netns` knows it. */
  readonly netns?: string;
}

/** A script: what is typed, and where. */
export interface Script {
  readonly on?: Place;
  readonly run: string;
}
