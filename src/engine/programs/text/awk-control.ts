/** What leaves an awk statement before its end: next, nextfile, exit, return. */
import type { Value } from './awk-ast';

/** `next` */
export class Next {}

/** `nextfile` */
export class NextFile {}

/** `exit [status]` */
export class Exit {
  constructor(readonly status: number | undefined) {}
}

/** `return [value]` */
export class Return {
  constructor(readonly value: Value) {}
}
