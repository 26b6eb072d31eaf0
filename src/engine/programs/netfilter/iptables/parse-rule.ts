/** The part of iptables' command line that makes a rule: addresses, interfaces, -m, -j and the extensions' own options. */
import { protocolNumber } from '../../../wire';
import { parseOption } from '../../../net/netfilter/xt/command-line';
import type { XtOption, XtParseContext } from '../../../net/netfilter/xt/command-line';
import { NOT_SIMULATED, extensionNamed, extensionOfProtocol } from '../../../net/netfilter/xt';
import type { AnyExtension } from '../../../net/netfilter/xt';
import { XT_STATUS, XtProblem } from '../../../net/netfilter/xt/problem';
import type { Signed, XtCounters, XtRule, XtRuleTarget } from '../../../net/netfilter/xt/rule';
import { maskLength, parseHostMasks, parseUint } from '../../../net/netfilter/xt/values';
import type { Masked } from '../../../net/netfilter/xt/values';
import { BASE_OPTIONS } from './options';
import type { Verb } from './options';
import { NotSimulated } from './parsed-line';
import type { ParsedLine, ParseSetting } from './parsed-line';

/** Targets that are no chains and no extensions. */
export const VERDICTS = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);

/** An option of an extension in use. */
interface Used {
  readonly extension: AnyExtension;
  readonly info: unknown;
  readonly seen: Set<string>;
}

/** @throws XtProblem with the text and exit status */
export const problem = (text: string, status: number = XT_STATUS.PARAMETER_PROBLEM): never => {
  throw new XtProblem(text, status);
};

/** Longest name of a chain, plus one. */
export const MAX_NAME = 29;

/** What says which packets a rule is for, and what becomes of them. */
export abstract class RuleParser {
  protected at = 0;
  protected readonly verbs: Verb[] = [];
  protected readonly given = new Set<string>();
  protected table: string;
  protected chain: string | undefined;
  protected number: number | undefined;
  protected second: string | undefined;
  protected invert = false;
  protected source: Signed<readonly Masked[]> | undefined;
  protected destination: Signed<readonly Masked[]> | undefined;
  protected input: Signed<string> | undefined;
  protected output: Signed<string> | undefined;
  protected protocol: Signed<number> | undefined;
  protected fragment: Signed<true> | undefined;
  protected jump: string | undefined;
  protected isGoto = false;
  protected readonly matches: Used[] = [];
  protected target: Used | undefined;
  protected counters: XtCounters | undefined;
  protected verbose = 0;
  /** Set when -h or -V was met. */
  protected result: ParsedLine | undefined;

  constructor(
    protected readonly argv: readonly string[],
    protected readonly s: ParseSetting,
  ) {
    this.table = s.table ?? 'filter';
  }

  /** Is there an argument that is no option? (xs_has_arg) */
  protected hasArgument(): boolean {
    const next = this.argv[this.at];
    return next !== undefined && next[0] !== '-' && next[0] !== '!';
  }

  protected context(used: Used | undefined): XtParseContext {
    return {
      family: this.s.family,
      resolve: this.s.resolve,
      protocol: this.protocol?.value ?? 0,
      protocolInverted: this.protocol?.inverted ?? false,
      table: this.table,
      seen: used?.seen ?? new Set(),
      warn: this.s.warn,
    };
  }

  /** Options of extensions: the ones loaded last are found first. */
  protected extensionOption(name: string): { used: Used; option: XtOption } | 'ambiguous' | undefined {
    const all: { used: Used; option: XtOption }[] = [];
    for (const used of [...(this.target ? [this.target] : []), ...[...this.matches].reverse()])
      for (const option of used.extension.options) all.push({ used, option });
    const exact = all.find((x) => x.option.name === name);
    if (exact) return exact;
    const base = BASE_OPTIONS.filter((o) => o.names.some((n) => n.startsWith(name)));
    const near = all.filter((x) => x.option.name.startsWith(name));
    const distinct = new Set(near.map((x) => x.option.name));
    if (distinct.size > 1 || (distinct.size === 1 && base.length > 0)) return 'ambiguous';
    return near[0];
  }

  /** The protocol brings its match along when an option is not known otherwise. */
  protected loadProtocol(): boolean {
    if (this.protocol === undefined) return false;
    const extension = extensionOfProtocol(this.protocol.value, this.s.family);
    if (extension === undefined || this.matches.some((m) => m.extension === extension)) return false;
    this.matches.push({ extension, info: extension.make(this.s.family), seen: new Set() });
    return true;
  }

  protected extensionArgument(used: Used, option: XtOption, text: string): void {
    let value = text;
    // These take a second word.
    if (['tcp-flags', 'match-set', 'add-set', 'del-set'].includes(option.name)) {
      if (!this.hasArgument()) problem(`--${option.name} requires two args.`);
      value += ` ${this.argv[this.at++]!}`;
      const set = value.slice(0, value.indexOf(' '));
      if (option.name.endsWith('-set') && set.length < 32 && !this.s.hasSet(set))
        problem(`Set ${set} doesn't exist.\n`);
    }
    const inverted = this.takeInvert();
    parseOption(used.extension, used.info, option, value, inverted, used.seen, this.context(used));
  }

  protected takeInvert(): boolean {
    const was = this.invert;
    this.invert = false;
    return was;
  }

  protected parseNumber(text: string): number {
    return parseUint(text, 1, 0x7fffffff) ?? problem(`Invalid rule number \`${text}'`);
  }

  protected protocolOf(text: string): number {
    const lower = text.toLowerCase();
    if (lower === 'all') return 0;
    const number =
      parseUint(lower, 0, 255) ??
      (lower === 'icmpv6' ? 58 : lower === 'ipv6-mh' || lower === 'mh' ? 135 : protocolNumber(lower));
    return number ?? problem(`unknown protocol "${text}" specified`);
  }

  protected hosts(text: string): readonly Masked[] {
    return parseHostMasks(text, this.s.family, this.s.resolve);
  }

  protected interfaceName(inverted: boolean, value: string): Signed<string> | undefined {
    if (value === '') problem('Empty interface is likely to be undesired');
    if (value.length > 15) problem(`interface name \`${value}' must be shorter than IFNAMSIZ (15)`);
    return value === '+' && !inverted ? undefined : { value, inverted };
  }

  protected setCounters(value: string): void {
    const [packets, second] = value.split(',') as [string, string | undefined];
    if (second === undefined && !this.hasArgument()) problem('-c requires packet and byte counter');
    const bytes = second ?? this.argv[this.at++]!;
    if (!/^\d+$/.test(packets)) problem('-c packet counter not numeric');
    if (!/^\d+$/.test(bytes)) problem('-c byte counter not numeric');
    this.counters = { packets: Number(packets), bytes: Number(bytes) };
  }

  private missing(kind: 'match' | 'target', name: string): never {
    if (NOT_SIMULATED.has(name)) throw new NotSimulated(kind === 'match' ? `-m ${name}` : `-j ${name}`);
    return problem(`Couldn't load ${kind} \`${name}':No such file or directory\n`);
  }

  protected loadMatch(name: string): void {
    if (this.takeInvert()) problem('unexpected ! flag before --match');
    const extension = extensionNamed('match', name, this.s.family);
    if (extension === undefined) return this.missing('match', name);
    this.matches.push({ extension, info: extension.make(this.s.family), seen: new Set() });
  }

  protected setTarget(name: string): void {
    if (name === '') problem('Invalid target name (too short)');
    if (name.length >= MAX_NAME) problem(`Invalid target name \`${name}' (${MAX_NAME - 1} chars max)`);
    if (/\s/.test(name)) problem(`Invalid target name \`${name}'`);
    this.jump = name;
    if (this.isGoto || VERDICTS.has(name)) return;
    const extension = extensionNamed('target', name, this.s.family);
    if (extension !== undefined) this.target = { extension, info: extension.make(this.s.family), seen: new Set() };
    else if (NOT_SIMULATED.has(name)) this.missing('target', name);
  }

  private targetOf(): XtRuleTarget {
    if (this.jump === undefined) return { kind: 'none' };
    if (this.target !== undefined)
      return { kind: 'extension', extension: this.target.extension, info: this.target.info };
    if (!this.isGoto && VERDICTS.has(this.jump)) return { kind: 'verdict', verdict: this.jump as 'ACCEPT' };
    return { kind: 'chain', chain: this.jump, goto: this.isGoto };
  }

  /** One rule for each pair of addresses; they share what extensions know. */
  protected rules(): XtRule[] {
    const each = (part: Signed<readonly Masked[]> | undefined): (Signed<Masked> | undefined)[] =>
      part === undefined
        ? [undefined]
        : part.value.map((value) =>
            maskLength(value.mask) === 0 && !part.inverted ? undefined : { value, inverted: part.inverted },
          );
    const out: XtRule[] = [];
    for (const source of each(this.source))
      for (const destination of each(this.destination))
        out.push({
          family: this.s.family,
          source,
          destination,
          input: this.input,
          output: this.output,
          protocol: this.protocol,
          fragment: this.fragment,
          matches: this.matches.map((m) => ({ extension: m.extension, info: m.info })),
          target: this.targetOf(),
          counters: { packets: this.counters?.packets ?? 0, bytes: this.counters?.bytes ?? 0 },
        });
    return out;
  }
}
