/** What comes of a command line of iptables, and what it needs to know of its surroundings. */
import type { AnyExtension } from '../../../net/netfilter/xt';
import type { XtCounters, XtRule } from '../../../net/netfilter/xt/rule';
import type { Resolve, XtFamily } from '../../../net/netfilter/xt/values';
import type { Verb } from './options';

/** One command, understood. */
export interface Command {
  readonly verbs: readonly Verb[];
  readonly table: string;
  readonly chain: string | undefined;
  /** From 1. */
  readonly number: number | undefined;
  /** Of -P: the policy; of -E: the new name. */
  readonly second: string | undefined;
  /** One for each combination of source and destination. */
  readonly rules: readonly XtRule[];
  readonly counters: XtCounters | undefined;
  readonly numeric: boolean;
  readonly verbose: number;
  readonly exact: boolean;
  readonly lineNumbers: boolean;
}

/** What comes of a command line. */
export type ParsedLine =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'version' }
  /** With the matches and targets whose help is wanted, too. */
  | { readonly kind: 'help'; readonly extensions: readonly AnyExtension[] };

/** `Bad argument ...`: printed without the program's name; `line` is told below it. */
export class BadArgument extends Error {}

/** Only the hint at -h is printed. */
export class TryHelp extends Error {}

/** Something the real tool has and this one has not. */
export class NotSimulated extends Error {}

/** What parsing needs to know of its surroundings. */
export interface ParseSetting {
  readonly family: XtFamily;
  readonly variant: 'nf_tables' | 'legacy';
  readonly resolve: Resolve;
  /** Inside iptables-restore the table is known, and -t is refused. */
  readonly table: string | undefined;
  /** Is there an ipset of that name? */
  readonly hasSet: (name: string) => boolean;
  warn(text: string): void;
}
