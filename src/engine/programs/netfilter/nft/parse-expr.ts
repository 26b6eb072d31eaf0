/** Expressions of nft's language: selectors and the values they are compared with. */
import type { FibFlag, Operand } from '../../../net/netfilter/nftables';
import { fieldOf } from '../../../net/netfilter/nftables';
import { parseDuration } from './durations';
import type { ElementNode, Node, Statement } from './ast';
import type { Token } from './lexer';
import { NftSyntaxError, span } from './lexer';
import { Reader } from './parse-base';

const PROTOCOLS = new Set('ether vlan arp ip ip6 icmp igmp icmpv6 tcp udp udplite sctp dccp th ah esp comp'.split(' '));

const META_KEYS = (
  'length protocol priority mark iif oif iifname oifname iiftype oiftype skuid skgid nftrace rtclassid secmark nfproto l4proto ' +
  'ibrname obrname pkttype cpu iifgroup oifgroup cgroup random ipsec iifkind oifkind ibrpvid ibrvproto time day hour sdif sdifname'
).split(' ');
/** Those that stand without `meta`. */
const BARE_META = new Set(
  'mark iif iifname iifgroup iiftype oif oifname oifgroup oiftype skuid skgid nftrace rtclassid'.split(' '),
);
const CT_KEYS = new Set(
  (
    'state direction status mark secmark expiration helper label l3proto protocol saddr daddr proto-src proto-dst packets bytes avgpkt ' +
    'zone id event'
  ).split(' '),
);
const CT_DIR_KEYS = new Set(
  'l3proto protocol saddr daddr proto-src proto-dst packets bytes avgpkt zone ip ip6'.split(' '),
);

/** Reads expressions. */
export abstract class ExprParser extends Reader {
  /** Statements inside of elements (`counter`, `limit rate ...`). */
  protected abstract stateful(): Statement | undefined;

  /** Whether a selector begins here. */
  protected atSelector(): boolean {
    const t = this.next;
    if (t.type === 'punct') return t.text === '@' && ['th', 'nh', 'll', 'ih'].includes(this.peek().text);
    if (t.type !== 'word') return false;
    return (
      PROTOCOLS.has(t.text) ||
      BARE_META.has(t.text) ||
      [
        'meta',
        'ct',
        'fib',
        'numgen',
        'jhash',
        'symhash',
        'rt',
        'socket',
        'exthdr',
        'frag',
        'hbh',
        'osf',
        'ipsec',
      ].includes(t.text)
    );
  }

  protected selector(): Node {
    const start = this.next;
    const make = (op: Operand, source?: Node): Node => ({
      k: 'operand',
      op,
      ...(source ? { source } : {}),
      loc: this.from(start),
    });
    const t = this.take();
    if (t.text === '@') return this.raw(start);
    if (BARE_META.has(t.text)) return make({ kind: 'meta', key: t.text });
    switch (t.text) {
      case 'meta':
        return make({ kind: 'meta', key: this.metaKey(start) });
      case 'ct':
        return make(this.ct());
      case 'fib':
        return make(this.fib());
      case 'numgen': {
        const mode = this.is('inc') || this.is('random') ? this.take().text : this.fail('inc', 'random');
        this.expect('mod');
        const mod = this.number();
        return make({ kind: 'numgen', mode: mode as 'inc' | 'random', mod, offset: this.offset() });
      }
      case 'symhash': {
        this.expect('mod');
        const mod = this.number();
        return make({ kind: 'hash', type: 'symhash', mod, offset: this.offset() });
      }
      case 'jhash': {
        const source = this.concat(() => this.selectorOrFail());
        this.expect('mod');
        const mod = this.number();
        const seed = this.accept('seed') ? this.number() : undefined;
        const offset = this.offset();
        return make({ kind: 'hash', type: 'jhash', mod, offset, ...(seed === undefined ? {} : { seed }) }, source);
      }
      case 'rt': {
        const family = this.is('ip') || this.is('ip6') ? (this.take().text as 'ip' | 'ip6') : undefined;
        const key = this.take().text;
        if (!['classid', 'nexthop', 'mtu', 'ipsec'].includes(key)) {
          this.at--;
          this.fail();
        }
        return make({ kind: 'rt', key: key as 'mtu', ...(family ? { family } : {}) });
      }
      case 'socket': {
        const key = this.take().text;
        return make({ kind: 'socket', key: key as 'mark' });
      }
      case 'exthdr': {
        const header = this.take().text;
        return make({ kind: 'exthdr', header, field: undefined });
      }
      case 'frag':
      case 'hbh': {
        const field = this.take().text;
        return make({ kind: 'exthdr', header: t.text, field });
      }
      case 'osf':
      case 'ipsec':
        throw new NftSyntaxError(`not simulated in this course: ${t.text} expressions`, t.loc);
      default:
        return make(this.payload(t));
    }
  }

  private offset(): number {
    return this.accept('offset') ? this.number() : 0;
  }

  private selectorOrFail(): Node {
    return this.atSelector() ? this.selector() : this.fail();
  }

  private raw(start: Token): Node {
    const base = this.take().text as 'th';
    this.expect(',');
    const offset = this.number();
    this.expect(',');
    const length = this.number();
    return { k: 'operand', op: { kind: 'raw', base, offset, length }, loc: this.from(start) };
  }

  private metaKey(start: Token): string {
    const t = this.take();
    if (t.text === 'secpath') return 'ipsec';
    if (t.text === 'ibriport') return 'ibrname';
    if (t.text === 'obriport') return 'obrname';
    if (META_KEYS.includes(t.text)) return t.text;
    if (t.type !== 'word') {
      this.at--;
      this.fail();
    }
    throw new NftSyntaxError(
      `syntax error, unexpected ${t.text}, known keys are ${META_KEYS.join(', ')}`,
      span(start.loc, t.loc),
    );
  }

  private ct(): Operand {
    const dir = this.is('original') || this.is('reply') ? (this.take().text as 'original' | 'reply') : undefined;
    if (dir !== undefined && !CT_DIR_KEYS.has(this.next.text)) this.fail();
    const family = this.is('ip') || this.is('ip6') ? (this.take().text as 'ip' | 'ip6') : undefined;
    if (!CT_KEYS.has(this.next.text)) this.fail();
    const key = this.take().text;
    return { kind: 'ct', key, ...(dir ? { dir } : {}), ...(family ? { family } : {}) };
  }

  private fib(): Operand {
    const flags: FibFlag[] = [];
    do {
      if (!['saddr', 'daddr', 'mark', 'iif', 'oif'].includes(this.next.text)) this.fail();
      flags.push(this.take().text as FibFlag);
    } while (this.accept('.'));
    if (!['oif', 'oifname', 'type', 'check'].includes(this.next.text)) this.fail('oif', 'oifname', 'type', 'check');
    const result = this.take().text as 'oif';
    return { kind: 'fib', flags, result };
  }

  private payload(t: Token): Operand {
    const proto = t.text;
    if (proto === 'tcp' && this.is('option')) {
      this.take();
      let option = this.take().text;
      if (option === 'mss') option = 'maxseg';
      if (option === 'sack-permitted') option = 'sack-perm';
      const fields = ['size', 'count', 'tsval', 'tsecr', 'length', 'kind', 'left', 'right'];
      const field = fields.includes(this.next.text) ? this.take().text : undefined;
      return { kind: 'tcpopt', option, field };
    }
    const word = this.next;
    let name = `${proto} ${word.text}`;
    if (proto === 'arp' && (word.text === 'saddr' || word.text === 'daddr')) {
      this.take();
      name += ` ${this.next.text}`;
    }
    if (proto === 'icmpv6' && word.text === 'packet-too-big') name = 'icmpv6 mtu';
    if (fieldOf(name) === undefined) this.fail();
    this.take();
    return { kind: 'payload', field: name };
  }

  // --- combinations -------------------------------------------------------------------------------------------------------

  /** `a . b . c` of what `part` reads. */
  protected concat(part: () => Node): Node {
    const start = this.next;
    const first = part();
    if (!this.is('.')) return first;
    const parts = [first];
    while (this.accept('.')) parts.push(part());
    return { k: 'concat', parts, loc: this.from(start) };
  }

  /** A selector with binary operations, concatenated: what stands left of a comparison. */
  protected left(): Node {
    return this.concat(() => this.binary(() => this.primaryLeft()));
  }

  private primaryLeft(): Node {
    if (this.is('(')) {
      this.take();
      const inner = this.left();
      this.expect(')');
      return inner;
    }
    return this.selectorOrFail();
  }

  /** `x & mask`, `x and 0xff or 0x4`. Right sides are values. */
  protected binary(first: () => Node): Node {
    const start = this.next;
    let node = first();
    for (;;) {
      const op = {
        and: '&',
        or: '|',
        xor: '^',
        lshift: '<<',
        rshift: '>>',
        '&': '&',
        '|': '|',
        '^': '^',
        '<<': '<<',
        '>>': '>>',
      }[this.next.type === 'quoted' ? '' : this.next.text];
      if (op === undefined) return node;
      this.take();
      const right = this.atSelector() ? this.selector() : this.primary();
      node = { k: 'binop', op: op as '&', left: node, right, loc: this.from(start) };
    }
  }

  /** A single value. */
  protected primary(): Node {
    this.expandVariable();
    const t = this.next;
    const { loc } = t;
    switch (t.type) {
      case 'number':
        this.take();
        // `1:2` of a class.
        if (this.is(':') && this.peek().type === 'number' && this.classes) {
          this.take();
          const low = this.take();
          return { k: 'symbol', text: `${t.text}:${low.text}`, quoted: false, loc: span(loc, low.loc) };
        }
        return { k: 'number', text: t.text, loc };
      case 'address':
      case 'time':
        this.take();
        return { k: 'symbol', text: t.text, quoted: false, loc };
      case 'quoted':
        this.take();
        if (t.text.endsWith('*')) return { k: 'wildcard', text: t.text.slice(0, -1), loc };
        return { k: 'symbol', text: t.text, quoted: true, loc };
      case 'wildcard':
        this.take();
        return { k: 'wildcard', text: t.text.slice(0, -1), loc };
      case 'word':
        this.take();
        return { k: 'symbol', text: t.text, quoted: false, loc };
      default:
    }
    if (t.text === '(') {
      this.take();
      const inner = this.rightBinary();
      this.expect(')');
      return inner;
    }
    if (t.text === '[' && this.peek().type === 'address') {
      this.take();
      const a = this.take();
      this.expect(']');
      return { k: 'symbol', text: a.text, quoted: false, loc: span(loc, this.last.loc) };
    }
    if (t.text === '@') {
      this.take();
      const name = this.identifier();
      return { k: 'setref', name: name.text, loc: span(loc, name.loc) };
    }
    return this.fail();
  }

  /** Set while a value may be a class (`1:2`). */
  protected classes = false;

  private rightBinary(): Node {
    const start = this.next;
    let node = this.primary();
    for (;;) {
      const op = { '&': '&', '|': '|', '^': '^', '<<': '<<', '>>': '>>', and: '&', or: '|', xor: '^' }[
        this.next.type === 'quoted' ? '' : this.next.text
      ];
      if (op === undefined) return node;
      this.take();
      const right = this.primary();
      node = { k: 'binop', op: op as '&', left: node, right, loc: this.from(start) };
    }
  }

  /** A value, prefix or range; with `|` between values. */
  protected rangeValue(): Node {
    const start = this.next;
    const first = this.rightBinary();
    if (this.is('/') && this.peek().type === 'number') {
      this.take();
      const length = this.number();
      const prefix: Node = { k: 'prefix', value: first, length, loc: this.from(start) };
      return prefix;
    }
    if (this.is('-')) {
      this.take();
      const to = this.primary();
      return { k: 'range', from: first, to, loc: this.from(start) };
    }
    return first;
  }

  /** What stands right of a comparison: a value, a list, a set, a reference, a concatenation. */
  protected right(): Node {
    this.expandVariable();
    if (this.is('{')) return this.setLiteral();
    const start = this.next;
    const first = this.concat(() => this.rangeValue());
    if (!this.is(',')) return first;
    const items = [first];
    while (this.accept(',')) items.push(this.rangeValue());
    return { k: 'list', items, loc: this.from(start) };
  }

  /** `{ a, b : c }` */
  protected setLiteral(): Extract<Node, { k: 'set' }> {
    const start = this.expect('{');
    const elements: ElementNode[] = [];
    this.skipNewlines();
    while (!this.is('}')) {
      this.expandVariable();
      if (this.is('{')) elements.push(...this.setLiteral().elements);
      else elements.push(this.element());
      this.skipNewlines();
      if (!this.accept(',')) {
        if (!this.is('}')) this.fail('comma', "'}'");
        break;
      }
      this.skipNewlines();
    }
    this.expect('}');
    return { k: 'set', elements, loc: this.from(start) };
  }

  private element(): ElementNode {
    const start = this.next;
    let key: Node;
    if (this.is('*')) {
      this.take();
      key = { k: 'any', loc: start.loc };
    } else key = this.concat(() => this.rangeValue());
    let timeout: number | undefined;
    let expires: number | undefined;
    let comment: string | undefined;
    const stateful: Statement[] = [];
    for (;;) {
      if (this.accept('timeout')) timeout = this.duration();
      else if (this.accept('expires')) expires = this.duration();
      else if (this.accept('comment')) comment = this.string().text;
      else {
        const s = this.stateful();
        if (s === undefined) break;
        stateful.push(s);
      }
    }
    const loc = key.loc;
    let data: Node | undefined;
    if (this.accept(':')) data = this.verdict() ?? this.mapData();
    return {
      key,
      ...(data ? { data } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      ...(expires === undefined ? {} : { expires }),
      ...(comment === undefined ? {} : { comment }),
      stateful,
      loc,
    };
  }

  private mapData(): Node {
    return this.concat(() => this.rangeValue());
  }

  /** A time in microseconds. */
  protected duration(): number {
    const t = this.next;
    if (t.type !== 'time' && t.type !== 'number' && t.type !== 'word') this.fail('string');
    this.take();
    try {
      return parseDuration(t.text);
    } catch {
      throw new NftSyntaxError(`Error: bad time string`.slice(7), t.loc);
    }
  }

  /** A verdict, if one stands here. */
  protected verdict(): Extract<Node, { k: 'verdict' }> | undefined {
    const t = this.next;
    if (t.type !== 'word') return undefined;
    switch (t.text) {
      case 'accept':
      case 'drop':
      case 'continue':
      case 'return':
        this.take();
        return { k: 'verdict', code: t.text, loc: t.loc };
      case 'jump':
      case 'goto': {
        this.take();
        this.expandVariable();
        const chain = this.identifier();
        return { k: 'verdict', code: t.text, chain: chain.text, chainLoc: chain.loc, loc: span(t.loc, chain.loc) };
      }
      default:
        return undefined;
    }
  }
}
