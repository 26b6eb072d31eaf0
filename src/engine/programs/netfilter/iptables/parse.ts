/** Command lines of iptables (do_parse of iptables/xshared.c, with getopt_long's way of taking arguments in order). */
import { finishOptions } from '../../../net/netfilter/xt/command-line';
import { extensionNamed } from '../../../net/netfilter/xt';
import { ALLOWED, BASE_OPTIONS, CHECK_ORDER } from './options';
import type { BaseOption, Verb } from './options';
import { MAX_NAME, RuleParser, VERDICTS, problem } from './parse-rule';
import { BadArgument, TryHelp } from './parsed-line';
import type { ParsedLine, Command, ParseSetting } from './parsed-line';

const LETTERS = new Map(BASE_OPTIONS.map((o) => [o.letter, o]));

class Parser extends RuleParser {
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

  private verb(verb: Verb): void {
    if (this.invert) problem('unexpected ! flag before command');
    const old = this.verbs[0];
    if (old !== undefined) {
      const pair = [verb[0]!, old[0]!].sort().join('');
      if (pair !== 'LZ' && pair !== 'SZ') problem(`Cannot use -${verb[0]} with -${old[0]}\n`.trimEnd());
    }
    this.verbs.push(verb);
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

  private checkOptions(): void {
    for (const letter of CHECK_ORDER) {
      if (!this.given.has(letter)) continue;
      if (!this.verbs.some((v) => ALLOWED[v].includes(letter)))
        problem(`Illegal option \`-${letter}' with this command`);
    }
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
}

/**
 * Understands one command line. @param argv without the program's name
 * @throws XtProblem, BadArgument, NotSimulated
 */
export function parseCommand(argv: readonly string[], setting: ParseSetting): ParsedLine {
  return new Parser(argv, setting).run();
}
