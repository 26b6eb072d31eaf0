/** Statements of rules. */
import type { LogFlag } from '../../../net/netfilter/nftables';
import type { Node, RuleNode, Statement } from './ast';
import { NftSyntaxError } from './lexer';
import type { Token } from './lexer';
import { StatefulParser } from './parse-stateful';

const LEVELS: Readonly<Record<string, number>> = {
  emerg: 0,
  alert: 1,
  crit: 2,
  err: 3,
  warn: 4,
  notice: 5,
  info: 6,
  debug: 7,
};

/** Reads rules. */
export class StatementParser extends StatefulParser {
  /** A rule up to its end, with its comment. */
  protected rule(): RuleNode {
    const start = this.next;
    const statements: Statement[] = [this.statement()];
    while (!this.atSeparator() && !this.is('}') && !this.is('comment')) statements.push(this.statement());
    const comment = this.accept('comment') ? this.string().text : undefined;
    return { statements, ...(comment === undefined ? {} : { comment }), loc: this.from(start) };
  }

  private statement(): Statement {
    const start = this.next;
    this.expandVariable();
    const verdict = this.verdict();
    if (verdict) return { s: 'verdict', verdict, loc: verdict.loc };
    const stateful = this.stateful();
    if (stateful) return stateful;
    if (start.type === 'word') {
      const done = this.named(start);
      if (done) return done;
    }
    if (!this.atSelector() && !this.is('(')) {
      // A lone symbol could begin a comparison: what follows it is what is wrong.
      if (start.type === 'word' && !this.isKeyword(start)) {
        const symbol = this.take();
        if (this.atSeparator() || this.is('}')) this.fail();
        const right = this.right();
        return {
          s: 'match',
          left: { k: 'symbol', text: symbol.text, quoted: false, loc: symbol.loc },
          op: '',
          right,
          loc: this.from(start),
        };
      }
      this.fail();
    }
    return this.comparison(start);
  }

  private isKeyword(t: Token): boolean {
    return ['comment', 'to', 'chain', 'table'].includes(t.text);
  }

  private comparison(start: Token): Statement {
    const left = this.left();
    if (this.accept('vmap')) {
      const map = this.mapRight();
      return { s: 'vmap', left, map, loc: this.from(start) };
    }
    if (this.is('set')) {
      this.take();
      const value = this.value();
      return { s: 'set', target: left, value, loc: this.from(start) };
    }
    const words: Readonly<Record<string, string>> = {
      eq: '==',
      ne: '!=',
      lt: '<',
      gt: '>',
      le: '<=',
      ge: '>=',
      '!': '!',
    };
    let op = '';
    const t = this.next;
    if (t.type !== 'quoted') {
      if (['==', '!=', '<', '>', '<=', '>='].includes(t.text)) op = this.take().text;
      else if (words[t.text] !== undefined) op = words[this.take().text]!;
    }
    this.classes = left.k === 'operand' && left.op.kind === 'meta' && ['priority', 'hour'].includes(left.op.key);
    let right: Node;
    try {
      right = this.right();
    } finally {
      this.classes = false;
    }
    // `tcp flags syn / syn,ack`
    if (this.is('/') && left.k === 'operand') {
      this.take();
      const mask = this.right();
      const masked: Node = { k: 'binop', op: '&', left, right: mask, loc: this.from(start) };
      return { s: 'match', left: masked, op: op === '' ? '==' : op, right, loc: this.from(start) };
    }
    return { s: 'match', left, op, right, loc: this.from(start) };
  }

  /** `{ ... }` or `@name` after map and vmap. */
  protected mapRight(): Node {
    this.expandVariable();
    if (this.is('{')) return this.setLiteral();
    if (this.is('@')) return this.primary();
    return this.fail('@', "'{'", "'$'");
  }

  /** What is assigned: a selector with operations and maps, or a value. */
  private value(): Node {
    const start = this.next;
    if (this.atSelector()) {
      const key = this.left();
      if (this.accept('map')) return { k: 'map', key, map: this.mapRight(), loc: this.from(start) };
      return key;
    }
    return this.rangeValue();
  }

  private named(start: Token): Statement | undefined {
    switch (start.text) {
      case 'log':
        return this.log();
      case 'reject':
        return this.reject();
      case 'snat':
      case 'dnat':
        return this.nat(start.text);
      case 'masquerade':
      case 'redirect':
        return this.masq(start.text);
      case 'notrack':
        this.take();
        return { s: 'notrack', loc: start.loc };
      case 'queue':
        return this.queue();
      case 'add':
      case 'update':
      case 'delete':
        return this.dynset(start.text);
      case 'set':
        return this.oldDynset();
      case 'dup': {
        this.take();
        this.expect('to');
        const to = this.value();
        const device = this.accept('device') ? this.value() : undefined;
        return { s: 'dup', to, ...(device ? { device } : {}), loc: this.from(start) };
      }
      case 'fwd':
        this.take();
        this.expect('to');
        return { s: 'fwd', to: this.value(), loc: this.from(start) };
      case 'tproxy':
      case 'synproxy':
      case 'flow':
      case 'meter':
        throw new NftSyntaxError(`not simulated in this course: ${start.text} statements`, start.loc);
      case 'ct':
        if (
          ['helper', 'timeout', 'expectation', 'event', 'label'].includes(this.peek().text) &&
          this.peek(2).text === 'set'
        )
          throw new NftSyntaxError(`not simulated in this course: ct ${this.peek().text} set`, start.loc);
        return undefined;
      default:
        return undefined;
    }
  }

  private log(): Statement {
    const start = this.take();
    let out: Partial<Extract<Statement, { s: 'log' }>> = {};
    const flags: LogFlag[] = [];
    for (;;) {
      if (this.accept('prefix')) out = { ...out, prefix: this.string().text };
      else if (this.accept('group')) out = { ...out, group: this.number() };
      else if (this.accept('snaplen')) out = { ...out, snaplen: this.number() };
      else if (this.accept('queue-threshold')) out = { ...out, queueThreshold: this.number() };
      else if (this.accept('level')) {
        const t = this.string();
        if (t.text === 'audit') out = { ...out, audit: true };
        else if (LEVELS[t.text] === undefined) throw new NftSyntaxError('invalid log level', t.loc);
        else out = { ...out, level: LEVELS[t.text]! };
      } else if (this.accept('flags')) this.logFlags(flags);
      else break;
    }
    return { s: 'log', ...out, flags, loc: this.from(start) };
  }

  private logFlags(flags: LogFlag[]): void {
    const t = this.take();
    switch (t.text) {
      case 'all':
        flags.push('tcp sequence', 'tcp options', 'ip options', 'skuid', 'ether');
        return;
      case 'tcp':
        do {
          if (this.is('sequence')) flags.push('tcp sequence');
          else if (this.is('options')) flags.push('tcp options');
          else this.fail('options', 'sequence');
          this.take();
        } while (this.accept(','));
        return;
      case 'ip':
        this.expect('options');
        flags.push('ip options');
        return;
      case 'skuid':
      case 'ether':
        flags.push(t.text);
        return;
      default:
        this.at--;
        this.fail();
    }
  }

  private reject(): Statement {
    const start = this.take();
    if (!this.accept('with')) return { s: 'reject', loc: start.loc };
    const t = this.next;
    if (t.text === 'tcp') {
      this.take();
      this.expect('reset');
      return { s: 'reject', type: 'tcp reset', loc: this.from(start) };
    }
    if (t.text !== 'icmp' && t.text !== 'icmpv6' && t.text !== 'icmpx') this.fail('icmp', 'icmpv6', 'tcp', 'icmpx');
    this.take();
    this.accept('type');
    const code = this.primary();
    return { s: 'reject', type: t.text as 'icmp', code, loc: this.from(start) };
  }

  private natFlags(): Set<string> {
    const flags = new Set<string>();
    while (['random', 'fully-random', 'persistent'].includes(this.next.text)) {
      flags.add(this.take().text);
      if (!this.accept(',')) break;
    }
    return flags;
  }

  private nat(type: 'snat' | 'dnat'): Statement {
    const start = this.take();
    const typeLoc = start.loc;
    let family: 'ip' | 'ip6' | undefined;
    let prefix = false;
    const family1 = () => {
      if ((this.is('ip') || this.is('ip6')) && ['to', 'prefix', 'interval', 'addr'].includes(this.peek().text))
        family = this.take().text as 'ip';
    };
    family1();
    if (this.is('interval') || this.is('addr')) this.take();
    if (this.accept('prefix')) prefix = true;
    this.expect('to');
    let addr: Node | undefined;
    let port: Node | undefined;
    if (!this.is(':')) {
      const atom = this.next;
      if (this.atSelector()) {
        const key = this.left();
        this.expect('map');
        addr = { k: 'map', key, map: this.mapRight(), loc: this.from(atom) };
      } else addr = this.concat(() => this.rangeValue());
    }
    if (this.accept(':')) {
      const atom = this.next;
      if (this.atSelector()) {
        const key = this.left();
        this.expect('map');
        port = { k: 'map', key, map: this.mapRight(), loc: this.from(atom) };
      } else port = this.rangeValue();
    }
    return {
      s: 'nat',
      type,
      ...(family ? { family } : {}),
      ...(addr ? { addr } : {}),
      ...(port ? { port } : {}),
      prefix,
      flags: this.natFlags(),
      loc: typeLoc,
    };
  }

  private masq(type: 'masquerade' | 'redirect'): Statement {
    const start = this.take();
    let port: Node | undefined;
    if (this.accept('to')) {
      this.accept(':');
      const atom = this.next;
      if (this.atSelector()) {
        const key = this.left();
        this.expect('map');
        port = { k: 'map', key, map: this.mapRight(), loc: this.from(atom) };
      } else port = this.rangeValue();
    }
    return { s: 'nat', type, ...(port ? { port } : {}), prefix: false, flags: this.natFlags(), loc: start.loc };
  }

  private queue(): Statement {
    const start = this.take();
    let from = 0;
    let to = 0;
    const flags = new Set<string>();
    for (;;) {
      if (this.accept('num') || this.accept('to') || this.accept('flags')) continue;
      if (this.next.type === 'number') {
        from = to = this.number();
        if (this.accept('-')) to = this.number();
      } else if (this.is('bypass') || this.is('fanout')) {
        const t = this.take();
        if (t.text === 'fanout' && from === to)
          throw new NftSyntaxError('fanout requires a range to be specified', this.last.loc);
        flags.add(t.text);
        this.accept(',');
      } else break;
    }
    return { s: 'queue', from, to, flags, loc: this.from(start) };
  }

  private dynset(op: 'add' | 'update' | 'delete'): Statement {
    const start = this.take();
    const at = this.expect('@');
    const set = this.identifier();
    this.expect('{');
    const key = this.left();
    let timeout: number | undefined;
    const stateful: Statement[] = [];
    for (;;) {
      if (this.accept('timeout')) timeout = this.duration();
      else {
        const s = this.stateful();
        if (s === undefined) break;
        stateful.push(s);
      }
    }
    const data = this.accept(':')
      ? this.atSelector()
        ? this.left()
        : this.concat(() => this.rangeValue())
      : undefined;
    this.expect('}');
    return {
      s: 'dynset',
      op,
      set: set.text,
      setLoc: { line: at.loc.line, start: at.loc.start, end: set.loc.end },
      key,
      ...(data ? { data } : {}),
      ...(timeout === undefined ? {} : { timeout }),
      stateful,
      loc: this.from(start),
    };
  }

  /** `set add ip saddr @x` */
  private oldDynset(): Statement {
    const start = this.take();
    const op = this.next.text;
    if (op !== 'add' && op !== 'update' && op !== 'delete') this.fail('add', 'update', 'delete');
    this.take();
    const key = this.left();
    const timeout = this.accept('timeout') ? this.duration() : undefined;
    const at = this.expect('@');
    const set = this.identifier();
    return {
      s: 'dynset',
      op: op as 'add',
      set: set.text,
      setLoc: { line: at.loc.line, start: at.loc.start, end: set.loc.end },
      key,
      ...(timeout === undefined ? {} : { timeout }),
      stateful: [],
      loc: this.from(start),
    };
  }
}
