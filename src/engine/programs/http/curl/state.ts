/** What the parts of one transfer share. */
import type { Sys } from '../../../host';
import type { CurlOptions } from './options';
import type { Verbose } from './verbose';
import type { TransferInfo } from './write-out';

/** One transfer: a URL of the command line with all its redirections. */
export interface TransferState {
  readonly sys: Sys;
  readonly options: CurlOptions;
  readonly info: TransferInfo;
  readonly verbose: Verbose;
  /** When it began, virtual microseconds. */
  readonly began: number;
  /** The server refused the connection. */
  refused: boolean;
}

/** When -m ends it, virtual microseconds; Infinity without -m. */
export function deadline({ options, began }: TransferState): number {
  return options.maxTime === undefined ? Infinity : began + options.maxTime * 1e6;
}
