/** Files of one's own that a request is made of. */
import type { Coroutine } from '../../../core';
import { decode, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import { CurlError } from './error';

/** Reads a file; `-` and `.` are standard input. @throws CurlError 26 */
export function* readLocalFile(sys: Sys, name: string): Coroutine<Uint8Array> {
  if (name === '-' || name === '.') return yield* sys.readAll(0);
  let fd: number;
  try {
    fd = yield* sys.open(name, { read: true });
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new CurlError(26, `Failed to open/read local data from file/application`);
  }
  try {
    return yield* sys.readAll(fd);
  } finally {
    sys.close(fd);
  }
}

/** Reads a file of text. @throws CurlError 26 */
export function* readLocalText(sys: Sys, name: string): Coroutine<string> {
  return decode(yield* readLocalFile(sys, name));
}
