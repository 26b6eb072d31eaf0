import type { Random, Scheduler } from '../core';

/** What a network namespace needs of its machine; `Machine` of the host room fits. */
export interface NetHost {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** The number of a new socket inode. */
  pipeInode(): number;
}

/** A network namespace (network_namespaces(7)): one complete and separate network stack. */
export class NetNamespace {
  readonly kind = 'net';

  constructor(
    readonly host: NetHost,
    /** Number in nsfs, shown as `net:[4026531840]`. */
    readonly inode: number,
    /** The user namespace whose capabilities count here; opaque to the network. */
    readonly owner: object,
  ) {}
}
