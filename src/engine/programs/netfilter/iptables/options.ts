/** The options that iptables itself has, and which of them go with which command (iptables/xshared.c). */

/** Commands by their letter. DELETE_NUM, ZERO_NUM: with a rule's number. */
export type Verb = 'A' | 'C' | 'D' | 'D#' | 'I' | 'R' | 'L' | 'S' | 'F' | 'Z' | 'Z#' | 'N' | 'X' | 'E' | 'P';

/** An option of iptables: letter, long names, argument as in getopt: '' none, ':' one, '::' an optional one. */
export interface BaseOption {
  readonly letter: string;
  readonly names: readonly string[];
  readonly arg: '' | ':' | '::';
}

const o = (letter: string, arg: BaseOption['arg'], ...names: string[]): BaseOption => ({ letter, names, arg });

/** All of them. `0` is --line-numbers, which has no letter. */
export const BASE_OPTIONS: readonly BaseOption[] = [
  o('A', ':', 'append'),
  o('D', ':', 'delete'),
  o('C', ':', 'check'),
  o('I', ':', 'insert'),
  o('R', ':', 'replace'),
  o('L', '::', 'list'),
  o('S', '::', 'list-rules'),
  o('F', '::', 'flush'),
  o('Z', '::', 'zero'),
  o('N', ':', 'new-chain'),
  o('X', '::', 'delete-chain'),
  o('E', ':', 'rename-chain'),
  o('P', ':', 'policy'),
  o('s', ':', 'source', 'src'),
  o('d', ':', 'destination', 'dst'),
  o('p', ':', 'protocol'),
  o('i', ':', 'in-interface'),
  o('j', ':', 'jump'),
  o('t', ':', 'table'),
  o('m', ':', 'match'),
  o('n', '', 'numeric'),
  o('o', ':', 'out-interface'),
  o('v', '', 'verbose'),
  o('w', '::', 'wait'),
  o('W', '::', 'wait-interval'),
  o('x', '', 'exact'),
  o('f', '', 'fragments'),
  o('V', '', 'version'),
  o('h', '::', 'help'),
  o('0', '', 'line-numbers'),
  o('M', ':', 'modprobe'),
  o('c', ':', 'set-counters'),
  o('g', ':', 'goto'),
  o('4', '', 'ipv4'),
  o('6', '', 'ipv6'),
];

const RULE = 'sdpjviofc';

/** Letters of options that a command allows. */
export const ALLOWED: Readonly<Record<Verb, string>> = {
  A: RULE,
  I: RULE,
  R: RULE,
  C: 'sdpjviof',
  D: 'sdpjviof',
  'D#': 'v',
  L: 'nvx0',
  S: 'v',
  F: 'v',
  Z: 'v',
  'Z#': 'v',
  N: 'v',
  X: 'v',
  E: 'v',
  P: 'vc',
};

/** The order in which illegal ones are complained about. */
export const CHECK_ORDER = 'nsdpjvxio0cf';
