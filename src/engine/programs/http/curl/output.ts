/** -o and -O: where the content goes. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import { baseName } from '../../files/names';
import { CurlError } from './error';
import type { TransferState } from './state';
import { parseUrl } from './url';

/** The destination of one transfer; a file is made when the first content comes. */
export class Output {
  private fd: number | undefined;

  constructor(
    private readonly state: TransferState,
    /** A file, `-`, true for the remote file's name, or undefined for standard output. */
    private readonly name: string | true | undefined,
  ) {}

  /** Standard output, and that is a terminal. */
  get isTerminal(): boolean {
    return (this.name === undefined || this.name === '-') && this.state.sys.isatty(1);
  }

  /** Header names are bold on a terminal. */
  get bold(): boolean {
    return this.name === undefined && this.state.sys.isatty(1);
  }

  /** Writes content. @throws CurlError 23 */
  *write(data: Uint8Array): Coroutine<void> {
    this.fd ??= yield* this.open();
    try {
      yield* this.state.sys.write(this.fd, data);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new CurlError(23, 'Failure writing output to destination');
    }
  }

  /** A file that was asked for is there even when no content came. @throws CurlError 23 */
  *finish(): Coroutine<void> {
    if (this.fd === undefined && this.name !== undefined) yield* this.write(new Uint8Array(0));
  }

  close(): void {
    if (this.fd !== undefined && this.fd !== 1) this.state.sys.close(this.fd);
    this.fd = undefined;
  }

  private *open(): Coroutine<number> {
    const { sys, info } = this.state;
    if (this.name === undefined || this.name === '-') return 1;
    const name = this.name === true ? baseName(parseUrl(info.url).path.split('?')[0]!) : this.name;
    if (this.name === true && (name === '/' || name === '')) {
      yield* sys.eprint(this.state.options.silent ? '' : 'Warning: Remote file name has no length!\n');
      throw new CurlError(23, 'Failed writing received data to disk/application');
    }
    try {
      return yield* sys.open(name, { write: true, create: true, truncate: true });
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* sys.eprint(`Warning: Failed to open the file ${name}: ${e.message}\n`);
      throw new CurlError(23, 'Failure writing output to destination');
    }
  }
}
