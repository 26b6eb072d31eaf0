/** Command lines of iptables (do_parse of iptables/xshared.c, with getopt_long's way of taking arguments in order). */
import { protocolNumber } from '../../../wire';
import type { XtOption, XtParseContext } from '../../../net/netfilter/xt/command-line';
import { finishOptions, parseOption } from '../../../net/netfilter/xt/command-line';
import type { AnyExtension } from '../../../net/netfilter/xt';
import { NOT_SIMULATED, extensionNamed, extensionOfProtocol } from '../../../net/netfilter/xt';
import { XT_STATUS, XtProblem } from '../../../net/netfilter/xt/problem';
import type { Signed, XtCounters, XtRule, XtRuleTarget } from '../../../net/netfilter/xt/rule';
import type { Masked, Resolve, XtFamily } from '../../../net/netfilter/xt/values';
import { maskLength, parseHostMasks, parseUint } from '../../../net/netfilter/xt/values';
import { ALLOWED, BASE_OPTIONS, CHECK_ORDER } from './options';
import type { BaseOption, Verb } from './options';

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

const LETTERS = new Map(BASE_OPTIONS.map((o) => [o.letter, o]));
const VERDICTS = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);
/** Longest name of a chain, plus one. */
const MAX_NAME = 29;

/** An option of an extension in use. */
interface Used {
  readonly extension: AnyExtension;
  readonly info: unknown;
  readonly seen: Set<string>;
}

const problem = (text: string, status: number = XT_STATUS.PARAMETER_PROBLEM): never => {
  throw new XtProblem(text, status);
};

class Parser {
  private at = 0;
  private readonly verbs: Verb[] = [];
  private readonly given = new Set<string>();
  private table: string;
  private chain: string | undefined;
  private number: number | undefined;
  private second: string | undefined;
  private invert = false;
  private source: Signed<readonly Masked[]> | undefined;
  private destination: Signed<readonly Masked[]> | undefined;
  private input: Signed<string> | undefined;
  private output: Signed<string> | undefined;
  private protocol: Signed<number> | undefined;
  private fragment: Signed<true> | undefined;
  private jump: string | undefined;
  private isGoto = false;
  private readonly matches: Used[] = [];
  private target: Used | undefined;
  private counters: XtCounters | undefined;
  private verbose = 0;
  /** Set when -h or -V was met. */
  private result: ParsedLine | undefined;

  constructor(
    private readonly argv: readonly string[],
    private readonly s: ParseSetting,
  ) {
    this.table = s.table ?? 'filter';
  }

  // --- arguments ----------------------------------------------------------------------------------------------------------

  /** Is there an argument that is no option? (xs_has_arg) */
  private hasArgument(): boolean {
    const next = this.argv[this.at];
    return next !== undefined && next[0] !== '-' && next[0] !== '!';
  }

  private context(used: Used | undefined): XtParseContext {
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
  private extensionOption(name: string): { used: Used; option: XtOption } | 'ambiguous' | undefined {
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

  private baseOption(name: string): BaseOption | 'ambiguous' | undefined {
    const exact = BASE_OPTIONS.find((o) => o.names.includes(name));
    if (exact) return exact;
    const near = BASE_OPTIONS.filter((o) => o.names.some((n) => n.startsWith(name)));
    return near.length > 1 ? 'ambiguous' : near[0];
  }

  run(): ParsedLine {
    const { argv } = this;
    while (this.at < argv.length && this.result === undefined) {
      const token = argv[this.at++]!;
      if (token.startsWith('--') && token.length > 2) this.long(token);
      else if (token.startsWith('-') && token.length > 1) this.short(token);
      else if (token === '!') {
        if (this.invert) problem('multiple consecutive ! not allowed');
        this.invert = true;
      } else throw new BadArgument(token);
    }
    return this.result ?? { kind: 'command', command: this.finish() };
  }

  private long(token: string): void {
    const eq = token.indexOf('=');
    const name = token.slice(2, eq < 0 ? undefined : eq);
    const inline = eq < 0 ? undefined : token.slice(eq + 1);
    const take = (): string => {
      const value = inline ?? this.argv[this.at++];
      if (value === undefined) problem(`option "${token}" requires an argument`);
      return value!;
    };
    const exactBase = BASE_OPTIONS.find((o) => o.names.includes(name));
    if (exactBase === undefined) {
      for (let retry = false; ; retry = true) {
        const found = this.extensionOption(name);
        if (found === 'ambiguous') break;
        if (found !== undefined) {
          this.extensionArgument(found.used, found.option, found.option.type === 'none' ? '' : take());
          return;
        }
        if (retry || !this.loadProtocol()) break;
      }
    }
    const base = exactBase ?? this.baseOption(name);
    if (base === undefined || base === 'ambiguous') return problem(`unknown option "${token}"`);
    this.base(base.letter, base.arg === ':' ? take() : inline, token);
  }

  private short(token: string): void {
    for (let i = 1; i < token.length; i++) {
      const option = LETTERS.get(token[i]!);
      if (option === undefined || option.letter === '0') return problem(`unknown option "${token}"`);
      if (option.arg === '') {
        this.base(option.letter, undefined, token);
        continue;
      }
      let value: string | undefined = token.slice(i + 1);
      if (value === '') value = option.arg === ':' ? this.argv[this.at++] : undefined;
      if (value === undefined && option.arg === ':') return problem(`option "${token}" requires an argument`);
      this.base(option.letter, value, token);
      return;
    }
  }

  /** The protocol brings its match along when an option is not known otherwise. */
  private loadProtocol(): boolean {
    if (this.protocol === undefined) return false;
    const extension = extensionOfProtocol(this.protocol.value, this.s.family);
    if (extension === undefined || this.matches.some((m) => m.extension === extension)) return false;
    this.matches.push({ extension, info: extension.make(this.s.family), seen: new Set() });
    return true;
  }

  private extensionArgument(used: Used, option: XtOption, text: string): void {
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

  private takeInvert(): boolean {
    const was = this.invert;
    this.invert = false;
    return was;
  }

  // --- options of iptables itself -------------------------------------------------------------------------------------------

  private verb(verb: Verb): void {
    if (this.invert) problem('unexpected ! flag before command');
    const old = this.verbs[0];
    if (old !== undefined) {
      const pair = [verb[0]!, old[0]!].sort().join('');
      if (pair !== 'LZ' && pair !== 'SZ') problem(`Cannot use -${verb[0]} with -${old[0]}\n`.trimEnd());
    }
    this.verbs.push(verb);
  }

  private parseNumber(text: string): number {
    return parseUint(text, 1, 0x7fffffff) ?? problem(`Invalid rule number \`${text}'`);
  }

  /** Remembers an option; most may come once and some not behind `!`. */
  private once(letter: string, inversible: boolean): boolean {
    if (this.given.has(letter)) problem(`multiple -${letter} flags not allowed`);
    this.given.add(letter);
    const inverted = this.takeInvert();
    if (inverted && !inversible) problem(`cannot have ! before -${letter}`);
    return inverted;
  }

  private base(letter: string, value: string | undefined, token: string): void {
    switch (letter) {
      case 'A':
      case 'N':
        this.verb(letter);
        if (letter === 'N') this.newName(value!);
        this.chain = value;
        return;
      case 'C':
        this.verb('C');
        this.chain = value;
        return;
      case 'D':
        this.chain = value;
        if (this.hasArgument()) {
          this.verb('D#');
          this.number = this.parseNumber(this.argv[this.at++]!);
        } else this.verb('D');
        return;
      case 'R':
        this.verb('R');
        this.chain = value;
        if (!this.hasArgument()) problem('-R requires a rule number');
        this.number = this.parseNumber(this.argv[this.at++]!);
        return;
      case 'I':
        this.verb('I');
        this.chain = value;
        this.number = this.hasArgument() ? this.parseNumber(this.argv[this.at++]!) : 1;
        return;
      case 'L':
      case 'S':
      case 'Z':
      case 'F':
      case 'X': {
        if (value !== undefined) this.chain = value;
        else if (this.hasArgument()) this.chain = this.argv[this.at++];
        let verb: Verb = letter;
        if ((letter === 'L' || letter === 'S' || letter === 'Z') && this.hasArgument()) {
          this.number = this.parseNumber(this.argv[this.at++]!);
          if (letter === 'Z') verb = 'Z#';
        }
        this.verb(verb);
        return;
      }
      case 'E':
      case 'P':
        this.verb(letter);
        this.chain = value;
        if (!this.hasArgument())
          problem(
            letter === 'E' ? '-E requires old-chain-name and new-chain-name' : '-P requires a chain and a policy',
          );
        this.second = this.argv[this.at++];
        if (letter === 'E') this.newName(this.second!);
        return;
      case 'p': {
        const inverted = this.once('p', true);
        const number = this.protocolOf(value!);
        if (number === 0 && inverted) problem('rule would never match protocol');
        if (number !== 0) this.protocol = { value: number, inverted };
        return;
      }
      case 's':
        this.source = { inverted: this.once('s', true), value: this.hosts(value!) };
        return;
      case 'd':
        this.destination = { inverted: this.once('d', true), value: this.hosts(value!) };
        return;
      case 'i':
        this.input = this.interfaceName(this.once('i', true), value!);
        return;
      case 'o':
        this.output = this.interfaceName(this.once('o', true), value!);
        return;
      case 'f':
        if (this.s.family === 'ip6') problem("`-f' is not supported in IPv6, use -m frag instead");
        this.fragment = { inverted: this.once('f', true), value: true };
        return;
      case 'j':
      case 'g':
        this.once('j', false);
        this.isGoto = letter === 'g';
        this.setTarget(value!);
        return;
      case 'm':
        this.loadMatch(value!);
        return;
      case 'c':
        this.once('c', false);
        this.setCounters(value!);
        return;
      case 'n':
      case 'x':
      case '0':
        this.once(letter, false);
        return;
      case 'v':
        this.given.add('v');
        this.verbose++;
        return;
      case 't':
        if (this.takeInvert()) problem('unexpected ! flag before --table');
        if (this.s.table !== undefined) problem(`The -t option cannot be used in ${this.restoreName()}.\n`);
        this.table = value!;
        return;
      case 'V':
        this.result = { kind: 'version' };
        return;
      case 'h':
        this.result = {
          kind: 'help',
          extensions: [...this.matches.map((m) => m.extension), ...(this.target ? [this.target.extension] : [])],
        };
        return;
      case 'w':
      case 'W':
        // Optional, behind a blank too.
        if (value === undefined && this.hasArgument() && /^\d/.test(this.argv[this.at]!)) this.at++;
        return;
      case '4':
      case '6':
        // A line for the other family: iptables-restore passes over it.
        if ((letter === '6') === (this.s.family === 'ip6')) return;
        if (this.s.table === undefined) throw new TryHelp();
        this.result = { kind: 'version' };
        return;
      case 'M':
        return;
      default:
        problem(`unknown option "${token}"`);
    }
  }

  private restoreName(): string {
    return this.s.family === 'ip6' ? 'ip6tables-restore' : 'iptables-restore';
  }

  /** A name for a new chain (parse_chain). */
  private newName(name: string): void {
    if (name.length >= MAX_NAME) problem(`chain name \`${name}' too long (must be under ${MAX_NAME} chars)`);
    if (name[0] === '-' || name[0] === '!') problem(`chain name not allowed to start with \`${name[0]}'`);
    if (VERDICTS.has(name) || extensionNamed('target', name, this.s.family))
      problem('chain name may not clash with target name');
    if (/\s/.test(name)) problem(`Invalid chain name \`${name}'`);
  }

  private protocolOf(text: string): number {
    const lower = text.toLowerCase();
    if (lower === 'all') return 0;
    const number =
      parseUint(lower, 0, 255) ??
      (lower === 'icmpv6' ? 58 : lower === 'ipv6-mh' || lower === 'mh' ? 135 : protocolNumber(lower));
    return number ?? problem(`unknown protocol "${text}" specified`);
  }

  private hosts(text: string): readonly Masked[] {
    return parseHostMasks(text, this.s.family, this.s.resolve);
  }

  private interfaceName(inverted: boolean, value: string): Signed<string> | undefined {
    if (value === '') problem('Empty interface is likely to be undesired');
    if (value.length > 15) problem(`interface name \`${value}' must be shorter than IFNAMSIZ (15)`);
    return value === '+' && !inverted ? undefined : { value, inverted };
  }

  private setCounters(value: string): void {
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

  private loadMatch(name: string): void {
    if (this.takeInvert()) problem('unexpected ! flag before --match');
    const extension = extensionNamed('match', name, this.s.family);
    if (extension === undefined) return this.missing('match', name);
    this.matches.push({ extension, info: extension.make(this.s.family), seen: new Set() });
  }

  private setTarget(name: string): void {
    if (name === '') problem('Invalid target name (too short)');
    if (name.length >= MAX_NAME) problem(`Invalid target name \`${name}' (${MAX_NAME - 1} chars max)`);
    if (/\s/.test(name)) problem(`Invalid target name \`${name}'`);
    this.jump = name;
    if (this.isGoto || VERDICTS.has(name)) return;
    const extension = extensionNamed('target', name, this.s.family);
    if (extension !== undefined) this.target = { extension, info: extension.make(this.s.family), seen: new Set() };
    else if (NOT_SIMULATED.has(name)) this.missing('target', name);
  }

  // --- the whole ------------------------------------------------------------------------------------------------------------

  private checkOptions(): void {
    for (const letter of CHECK_ORDER) {
      if (!this.given.has(letter)) continue;
      if (!this.verbs.some((v) => ALLOWED[v].includes(letter)))
        problem(`Illegal option \`-${letter}' with this command`);
    }
  }

  private targetOf(): XtRuleTarget {
    if (this.jump === undefined) return { kind: 'none' };
    if (this.target !== undefined)
      return { kind: 'extension', extension: this.target.extension, info: this.target.info };
    if (!this.isGoto && VERDICTS.has(this.jump)) return { kind: 'verdict', verdict: this.jump as 'ACCEPT' };
    return { kind: 'chain', chain: this.jump, goto: this.isGoto };
  }

  private finish(): Command {
    for (const used of [...this.matches, ...(this.target ? [this.target] : [])])
      finishOptions(used.extension, used.info, this.context(used));
    const [verb] = this.verbs;
    if (verb === undefined) return problem('no command specified');
    if (this.invert) problem('nothing appropriate following !');
    const inverted =
      (this.source?.inverted && this.source.value.length > 1) ||
      (this.destination?.inverted && this.destination.value.length > 1);
    if (inverted) problem('! not allowed with multiple source or destination IP addresses');
    this.checkOptions();
    const { chain } = this;
    if (chain !== undefined && chain.length >= MAX_NAME)
      problem(`chain name \`${chain}' too long (must be under ${MAX_NAME} chars)`);
    if ('ACDIR'.includes(verb[0]!)) {
      if ((chain === 'PREROUTING' || chain === 'INPUT') && this.output) problem(`Can't use -o with ${chain}\n`);
      if ((chain === 'POSTROUTING' || chain === 'OUTPUT') && this.input) problem(`Can't use -i with ${chain}\n`);
      if (this.table === 'nat' && this.jump === 'DROP')
        problem('\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n');
    }
    return {
      verbs: this.verbs,
      table: this.table,
      chain,
      number: this.number,
      second: this.second,
      rules: 'ACDIR'.includes(verb[0]!) && verb !== 'D#' ? this.rules() : [],
      counters: this.counters,
      numeric: this.given.has('n'),
      verbose: this.verbose,
      exact: this.given.has('x'),
      lineNumbers: this.given.has('0'),
    };
  }

  /** One rule for each pair of addresses; they share what extensions know. */
  private rules(): XtRule[] {
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

/**
 * Understands one command line. @param argv without the program's name
 * @throws XtProblem, BadArgument, NotSimulated
 */
export function parseCommand(argv: readonly string[], setting: ParseSetting): ParsedLine {
  return new Parser(argv, setting).run();
}
