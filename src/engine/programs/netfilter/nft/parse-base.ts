/** Reading tokens, and complaining about them as bison does. */
import type { Loc, Token } from './lexer';
import { KEYWORDS, NftSyntaxError } from './lexer';

const PUNCT_NAMES: Readonly<Record<string, string>> = { ';': 'semicolon', ',': 'comma', '.': 'dot', ':': 'colon' };

/** A token as messages call it. */
export function tokenName(t: Token): string {
  switch (t.type) {
    case 'newline':
      return 'newline';
    case 'eof':
      return 'end of file';
    case 'quoted':
      return 'quoted string';
    case 'wildcard':
      return 'string with a trailing asterisk';
    case 'number':
      return 'number';
    case 'punct':
      return PUNCT_NAMES[t.text] ?? (t.text.length > 1 ? t.text : `'${t.text}'`);
    default:
      return KEYWORDS.has(t.text) || RESERVED.has(t.text) ? t.text : 'string';
  }
}

/** Words that cannot name things: the scanner knows them in every state (nftables src/scanner.l). */
export const RESERVED: ReadonlySet<string> = new Set(
  (
    'type typeof hook device devices table chain rule set element map flowtable handle ruleset inet netdev add replace ' +
    'update create insert delete get list reset flush rename import export monitor position index comment constant interval ' +
    'dynamic auto-merge timeout gc-interval expires size policy flow offload meter counter log limit quota hour day reject ' +
    'tcp udp snat dnat masquerade redirect random th bridge ether vlan arp ip ecn icmp igmp ip6 priority icmpv6 ah esp comp ' +
    'flags udplite dccp sctp rt rt0 rt2 srh hbh frag dst mh exthdr missing exists meta mark iif iifname iiftype oif oifname ' +
    'oiftype skuid skgid nftrace rtclassid ibriport obriport ibrname obrname pkttype cpu iifgroup oifgroup cgroup time ct ' +
    'numgen jhash symhash dup fwd fib osf socket ipsec tproxy notrack queue continue return accept drop jump goto eq ne lt ' +
    'gt le ge and or xor not vmap elements secmark synproxy describe define undefine include all'
  ).split(' '),
);

/** A reader of tokens. */
export class Reader {
  protected at = 0;
  protected readonly defines = new Map<string, readonly Token[]>();

  constructor(protected tokens: Token[]) {}

  protected get next(): Token {
    return this.tokens[this.at]!;
  }

  protected peek(n = 1): Token {
    return this.tokens[Math.min(this.at + n, this.tokens.length - 1)]!;
  }

  protected get last(): Token {
    return this.tokens[Math.max(0, this.at - 1)]!;
  }

  protected take(): Token {
    const t = this.next;
    if (this.at < this.tokens.length - 1) this.at++;
    return t;
  }

  /** The next token is this word or sign. */
  protected is(text: string): boolean {
    const t = this.next;
    return t.text === text && t.type !== 'quoted';
  }

  protected accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.take();
    return true;
  }

  /** @throws NftSyntaxError "unexpected X, expecting A or B": bison names at most four. */
  protected fail(...expecting: string[]): never {
    const t = this.next;
    const tail = expecting.length > 0 && expecting.length < 5 ? `, expecting ${expecting.join(' or ')}` : '';
    throw new NftSyntaxError(`syntax error, unexpected ${tokenName(t)}${tail}`, t.loc);
  }

  protected expect(text: string): Token {
    if (!this.is(text)) this.fail(/^\w/.test(text) ? text : (PUNCT_NAMES[text] ?? `'${text}'`));
    return this.take();
  }

  /** A name. */
  protected identifier(...alternatives: string[]): Token {
    const t = this.next;
    if (t.type === 'word' && !RESERVED.has(t.text)) return this.take();
    return this.fail(...alternatives, 'string');
  }

  /** A name where `$` may stand too. */
  protected string(): Token {
    const t = this.next;
    if (t.type === 'word' || t.type === 'quoted' || t.type === 'wildcard') return this.take();
    return this.fail('string', 'quoted string', 'string with a trailing asterisk');
  }

  protected number(): number {
    if (this.next.type !== 'number') this.fail('number');
    return Number(this.take().text);
  }

  protected skipNewlines(): void {
    while (this.next.type === 'newline') this.take();
  }

  /** Newlines and semicolons between statements of a block. */
  protected skipSeparators(): void {
    while (this.next.type === 'newline' || this.is(';')) this.take();
  }

  protected atSeparator(): boolean {
    return this.next.type === 'newline' || this.is(';') || this.next.type === 'eof';
  }

  /** A statement of a block must end here. */
  protected separator(): void {
    if (!this.atSeparator()) this.fail('newline', 'semicolon');
    if (this.next.type !== 'eof') this.take();
  }

  protected from(start: Token): Loc {
    const end = this.last.loc;
    const loc = start.loc;
    return loc.line === end.line ? { line: loc.line, start: loc.start, end: end.end } : loc;
  }

  /** Replaces `$name` by what it stands for. */
  protected expandVariable(): void {
    while (this.is('$') && this.peek().type === 'word') {
      const name = this.peek();
      const value = this.defines.get(name.text);
      if (value === undefined) throw new NftSyntaxError(`unknown identifier '${name.text}'`, name.loc);
      const here = this.next.loc;
      const loc = { line: here.line, start: here.start, end: name.loc.end };
      this.tokens = [
        ...this.tokens.slice(0, this.at),
        ...value.map((t) => ({ ...t, loc })),
        ...this.tokens.slice(this.at + 2),
      ];
    }
  }
}
