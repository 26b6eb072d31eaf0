import type { Coroutine } from '../core';
import type { Sys } from '../host';
import type { Completion } from './editor';
import type { ArithEnv } from './expansion/arith';
import type { HistoryResult } from './history';
import type { ShellNames } from './readline/complete';
import type { Shell } from './shell';
import type * as Printer from './syntax/printer';

/** Parts of the shell that no start-up file needs, and that a browser fetches with the first command. */
export interface LaterParts {
  /** The groups of the leftmost match of an extended regular expression in `text`. */
  readonly findRegex: (
    source: string,
    ignoreCase: boolean,
    text: string,
  ) => { readonly groups: readonly (string | undefined)[] } | 'invalid' | null;
  /** See `expansion/arith.ts`. */
  readonly evaluate: (text: string, env: ArithEnv) => bigint;
  /** See `expansion/brace.ts`. */
  readonly expandBraces: (text: string) => string[];
  /** See `history-events.ts`. */
  readonly expandEvents: (sh: Shell, line: string) => HistoryResult;
  /** See `syntax/printer.ts`. */
  readonly printer: Pick<typeof Printer, 'printNode' | 'printFunction' | 'arithmeticHeader' | 'testText'>;
  /** See `readline/complete.ts`. */
  readonly makeCompleter: (sys: Sys, shell: ShellNames) => (line: string, cursor: number) => Coroutine<Completion>;
}

let parts: LaterParts | null = null;

/** Hands over the parts; see `builtins/rest.ts`. */
export function haveLaterParts(all: LaterParts): void {
  parts = all;
}

/** Matches for `=~`. @throws Error when the code is not there */
export const findRegex: LaterParts['findRegex'] = (...args) => later().findRegex(...args);

/** Makes what answers Tab. @throws Error when the code is not there */
export const makeCompleter: LaterParts['makeCompleter'] = (...args) => later().makeCompleter(...args);

/** The parts themselves. @throws Error when their code is not there */
export function later(): LaterParts {
  if (!parts) throw new Error('a part of the shell is used before its code was fetched');
  return parts;
}
