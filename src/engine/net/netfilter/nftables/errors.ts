/** Why a request to a ruleset is refused. */
import type { ErrnoCode } from '../../../core';
import { Errno } from '../../../core';

/** What of a request an error is about (the kernel's extended ack names the attribute); undefined: all of it. */
export type Culprit =
  'table' | 'chain' | 'set' | 'object' | 'handle' | 'position' | 'key' | 'target' | 'hook' | 'dynset' | undefined;

/** A refused request. */
export class NftError extends Errno {
  constructor(
    code: ErrnoCode,
    readonly culprit: Culprit = undefined,
    detail?: string,
  ) {
    super(code, detail);
  }
}

/** The ruleset became invalid as a whole: loops, or expressions where their hook does not allow them. */
export class InvalidRuleset extends NftError {}
