/** Why a call failed, in the words of strerror(3). */
import type { ErrnoCode } from '../../core';
import { isErrno, strerror } from '../../core';

/** strerror of a caught `Errno`. @throws whatever is no Errno */
export function why(e: unknown): string {
  if (!isErrno(e)) throw e;
  return strerror(e.code as ErrnoCode);
}
