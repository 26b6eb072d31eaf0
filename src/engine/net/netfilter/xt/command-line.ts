/** The user's side of an extension: what the shared libraries libxt_NAME.so do for iptables. */
import type { IpAddress } from '../../../wire';
import type { XtMatch, XtTarget } from './extension';
import { XtProblem } from './problem';
import type { Masked, Resolve, XtFamily } from './values';
import { hex, parseEther, parseHost, parseHostMasks, parsePort, parsePortRange, parseUint } from './values';

/** Types of option arguments (enum xt_option_type). */
export type XtOptionType =
  | 'none'
  | 'string'
  | 'uint'
  | 'uintrange'
  | 'host'
  | 'hostmask'
  | 'port'
  | 'portrange'
  | 'markmask'
  | 'mac'
  | 'loglevel'
  | 'tos'
  | 'protocol';

/** One long option (struct xt_option_entry). */
export interface XtOption {
  readonly name: string;
  readonly type: XtOptionType;
  /** `!` may stand before it. */
  readonly invert?: boolean;
  readonly mandatory?: boolean;
  /** It may be given more than once. */
  readonly multi?: boolean;
  /** Options it cannot stand beside. */
  readonly excludes?: readonly string[];
  /** Options it needs. */
  readonly also?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** Argument of an option by its type. */
export interface XtValue {
  text: string;
  /** uint, port, loglevel, protocol */
  number: number;
  /** uintrange, portrange */
  range: readonly [number, number];
  /** markmask, tos */
  mark: number;
  mask: number;
  /** host */
  address: IpAddress;
  /** hostmask */
  hosts: readonly Masked[];
  /** mac */
  mac: string;
}

/** What parsing needs to know. */
export interface XtParseContext {
  readonly family: XtFamily;
  readonly resolve: Resolve;
  /** Protocol of the rule so far (0: none), and whether it is inverted. */
  readonly protocol: number;
  readonly protocolInverted: boolean;
  /** The table the rule is for. */
  readonly table: string;
  /** Options seen before, this one included. */
  readonly seen: ReadonlySet<string>;
  /** The option was given before (only those that are `multi`). */
  readonly again?: boolean;
  /** A warning on standard error. */
  warn(text: string): void;
}

/** How a rule is printed. */
export interface XtPrintContext {
  readonly family: XtFamily;
  readonly numeric: boolean;
  /** The rule's protocol. */
  readonly protocol: number;
  /** An address as a name; the address itself where there is none. */
  host(address: IpAddress): string;
}

/** The command-line half of a match or target. */
export interface XtCommandLine<Info> {
  readonly kind: 'match' | 'target';
  /** As in `-m name`. */
  readonly name: string;
  /** The kernel's extension, where another name is an alias of it (`state` is `conntrack`). */
  readonly realName?: string;
  /** Whether a rule read back from the kernel belongs to this alias. */
  readonly owns?: (info: Info) => boolean;
  readonly families?: readonly XtFamily[];
  readonly revision: number;
  readonly options: readonly XtOption[];
  /** Protocols that load it without -m. */
  readonly protocols?: Readonly<Partial<Record<XtFamily, number>>>;
  make(family: XtFamily): Info;
  parse?(info: Info, option: string, value: XtValue, inverted: boolean, c: XtParseContext): void;
  /** After all options. @throws XtProblem */
  finish?(info: Info, c: XtParseContext): void;
  /** For -L, each part with a blank before it. */
  print?(info: Info, c: XtPrintContext): string;
  /** For -S, each part with a blank before it. */
  save?(info: Info, c: XtPrintContext): string;
  /** The same in nft's words, without blanks around; undefined where there is no translation. */
  nft?(info: Info, c: XtPrintContext): string | undefined;
}

/** A value with nothing in it. */
function emptyValue(text: string): XtValue {
  return { text, number: 0, range: [0, 0], mark: 0, mask: 0xffffffff, address: 0, hosts: [], mac: '' };
}

const LEVELS: readonly (readonly [string, number])[] = [
  ['alert', 1],
  ['crit', 2],
  ['debug', 7],
  ['emerg', 0],
  ['error', 3],
  ['info', 6],
  ['notice', 5],
  ['panic', 0],
  ['warning', 4],
];

/** A syslog level by name or number. @throws XtProblem */
export function parseLogLevel(text: string): number {
  const number = parseUint(text, 0, 7);
  if (number !== undefined) return number;
  const found = LEVELS.find(([name]) => name.startsWith(text.toLowerCase()));
  if (found === undefined) throw new XtProblem(`log level "${text}" unknown\n`);
  return found[1];
}

/** `value[/mask]`; undefined when either is no number. */
function parseMarkMask(text: string, max: number): [number, number] | undefined {
  const slash = text.indexOf('/');
  const mark = parseUint(slash < 0 ? text : text.slice(0, slash), 0, max);
  const mask = slash < 0 ? max : parseUint(text.slice(slash + 1), 0, max);
  return mark === undefined || mask === undefined ? undefined : [mark, mask];
}

/** Reads the argument of `option`. @throws XtProblem with libxtables' words */
export function readValue(extension: string, option: XtOption, text: string, c: XtParseContext): XtValue {
  const v = emptyValue(text);
  const { min = 0, max = 0xffffffff } = option;
  const bad = (what: string): never => {
    throw new XtProblem(
      `${extension}: bad ${what} for option "--${option.name}", or out of range${what === 'value' ? ` (${min}-${max})` : ''}.\n`,
    );
  };
  switch (option.type) {
    case 'none':
      break;
    case 'string':
      if (text.length < min) throw new XtProblem(`Argument must have a minimum length of ${min} characters\n`);
      if (option.max !== undefined && text.length > option.max)
        throw new XtProblem(`Argument must have a maximum length of ${option.max} characters\n`);
      break;
    case 'uint':
      v.number = parseUint(text, min, max) ?? bad('value');
      break;
    case 'uintrange': {
      const colon = text.indexOf(':');
      const low = colon < 0 ? text : text.slice(0, colon);
      const high = colon < 0 ? text : text.slice(colon + 1);
      const near = (part: string, fallback: number): number => {
        if (part === '') return fallback;
        const n = parseUint(part, min, max);
        if (n === undefined)
          throw new XtProblem(
            `${extension}: bad value for option "--${option.name}" near "${part}", or out of range (${min}-${max}).\n`,
          );
        return n;
      };
      v.range = [near(low, min), near(high, max)];
      break;
    }
    case 'host': {
      const found = parseHost(text, c.family, c.resolve);
      if (found.length > 1) throw new XtProblem(`${text} resolves to more than one address\n`);
      v.address = found[0]!;
      break;
    }
    case 'hostmask':
      v.hosts = parseHostMasks(text, c.family, c.resolve);
      break;
    case 'port':
      v.number = parsePort(text);
      v.range = [v.number, v.number];
      break;
    case 'portrange':
      v.range = parsePortRange(text, c.protocol === 17 ? 'udp' : c.protocol === 6 ? 'tcp' : undefined);
      break;
    case 'markmask':
    case 'tos': {
      const found = parseMarkMask(text, option.type === 'tos' ? 255 : 0xffffffff);
      if (found === undefined) bad('integer value');
      else [v.mark, v.mask] = found;
      break;
    }
    case 'mac':
      v.mac = parseEther(text);
      break;
    case 'loglevel':
      v.number = parseLogLevel(text);
      break;
    case 'protocol':
      v.number = parseUint(text, 0, 255) ?? 0;
      break;
  }
  return v;
}

/** Hands one option to its extension (xtables_option_tpcall). @throws XtProblem */
export function parseOption<Info>(
  e: XtCommandLine<Info>,
  info: Info,
  option: XtOption,
  text: string,
  inverted: boolean,
  seen: Set<string>,
  c: XtParseContext,
): void {
  if (seen.has(option.name) && !option.multi)
    throw new XtProblem(`${e.name}: option "--${option.name}" can only be used once.\n`);
  if (inverted && !option.invert) throw new XtProblem(`${e.name}: option "--${option.name}" cannot be inverted.\n`);
  const value = readValue(e.name, option, text, c);
  const again = seen.has(option.name);
  seen.add(option.name);
  e.parse?.(info, option.name, value, inverted, again ? { ...c, again } : c);
}

/** Checks what options need of each other (xtables_option_tfcall), then the extension's own check. @throws XtProblem */
export function finishOptions<Info>(e: XtCommandLine<Info>, info: Info, c: XtParseContext): void {
  for (const o of e.options) {
    if (o.mandatory && !c.seen.has(o.name)) throw new XtProblem(`${e.name}: option "--${o.name}" must be specified\n`);
    if (!c.seen.has(o.name)) continue;
    for (const x of o.excludes ?? [])
      if (c.seen.has(x))
        throw new XtProblem(`${e.name}: option "--${o.name}" cannot be used together with "--${x}".\n`);
    for (const a of o.also ?? [])
      if (!c.seen.has(a)) throw new XtProblem(`${e.name}: option "--${o.name}" also requires "--${a}".\n`);
  }
  e.finish?.(info, c);
}

/** ` !` where something is inverted. */
export function not(inverted: boolean): string {
  return inverted ? ' !' : '';
}

/** ` 0x1` or ` 0x1/0xff`. */
export function markWithMask(mark: number, mask: number): string {
  return mask === 0xffffffff ? ` ${hex(mark)}` : ` ${hex(mark)}/${hex(mask)}`;
}

/** A match: both halves. */
export interface XtMatchExtension<Info> extends XtCommandLine<Info> {
  readonly kind: 'match';
  readonly kernel: XtMatch<Info>;
}

/** A target: both halves. */
export interface XtTargetExtension<Info> extends XtCommandLine<Info> {
  readonly kind: 'target';
  readonly kernel: XtTarget<Info>;
}

/** Either. */
export type XtExtension<Info> = XtMatchExtension<Info> | XtTargetExtension<Info>;
