/** Stateful statements of nft's language (nftables src/parser_bison.y). */
import type { ObjectType } from '../../../net/netfilter/nftables';
import type { Node, Statement } from './ast';
import type { Token } from './lexer';
import { ExprParser } from './parse-expr';

const UNITS: Readonly<Record<string, number>> = { bytes: 1, kbytes: 1024, mbytes: 1048576 };

/** `counter`, `limit`, `quota`, `ct count`, `last`. */
export abstract class StatefulParser extends ExprParser {
  protected stateful(): Statement | undefined {
    const start = this.next;
    if (start.type !== 'word') return undefined;
    switch (start.text) {
      case 'counter':
        return this.counter();
      case 'limit':
        return this.limit();
      case 'quota':
        return this.quota();
      case 'ct':
        return this.peek().text === 'count' ? this.connlimit() : undefined;
      default:
        return undefined;
    }
  }

  private counter(): Statement {
    const start = this.take();
    if (this.accept('name')) return { s: 'objref', type: 'counter', name: this.objectName(), loc: this.from(start) };
    let packets = 0;
    let bytes = 0;
    if (this.accept('packets')) {
      packets = this.number();
      this.expect('bytes');
      bytes = this.number();
    }
    return { s: 'counter', packets, bytes, loc: this.from(start) };
  }

  private objectName(): Node {
    const start = this.next;
    if (this.atSelector()) {
      const key = this.left();
      this.expect('map');
      return { k: 'map', key, map: this.mapRight(), loc: this.from(start) };
    }
    const t = this.string();
    return { k: 'symbol', text: t.text, quoted: true, loc: t.loc };
  }

  private amount(): number {
    const n = this.number();
    const unit = UNITS[this.next.text];
    if (unit === undefined) this.fail('bytes', 'string');
    this.take();
    return n * unit;
  }

  /** `limit rate ...` or what stands in a limit object. */
  protected limit(): Statement {
    const start = this.take();
    if (this.accept('name')) return { s: 'objref', type: 'limit', name: this.objectName(), loc: this.from(start) };
    this.expect('rate');
    return this.rate(start);
  }

  protected rate(start: Token): Statement {
    const over = this.accept('over');
    if (!over) this.accept('until');
    let rate = this.number();
    let unit: 'packets' | 'bytes' = 'packets';
    if (UNITS[this.next.text] !== undefined) {
      rate *= UNITS[this.take().text]!;
      unit = 'bytes';
    }
    // The scanner takes `mbytes/second` for one word.
    const glued = /^(k|m)?bytes\/(second|minute|hour|day|week)$/.exec(this.next.text);
    let per: string;
    if (glued) {
      this.take();
      const [size, period] = glued[0].split('/') as [string, string];
      rate *= UNITS[size]!;
      unit = 'bytes';
      per = period;
    } else {
      this.expect('/');
      per = this.next.text;
      if (!['second', 'minute', 'hour', 'day', 'week'].includes(per)) this.fail();
      this.take();
    }
    let burst: number | undefined;
    if (this.accept('burst')) {
      burst = this.number();
      const u = this.next.text;
      if (u === 'packets') this.take();
      else if (UNITS[u] !== undefined) burst *= UNITS[this.take().text]!;
    }
    return {
      s: 'limit',
      rate,
      unit,
      per: per as 'second',
      ...(burst === undefined ? {} : { burst }),
      over,
      loc: this.from(start),
    };
  }

  protected quota(): Statement {
    const start = this.take();
    if (this.accept('name')) return { s: 'objref', type: 'quota', name: this.objectName(), loc: this.from(start) };
    return this.quotaBody(start);
  }

  protected quotaBody(start: Token): Statement {
    const over = this.accept('over');
    if (!over) this.accept('until');
    const bytes = this.amount();
    const used = this.accept('used') ? this.amount() : 0;
    return { s: 'quota', bytes, used, over, loc: this.from(start) };
  }

  private connlimit(): Statement {
    const start = this.take();
    this.take();
    const over = this.accept('over');
    return { s: 'connlimit', count: this.number(), over, loc: this.from(start) };
  }

  protected objectType(): ObjectType | undefined {
    const t = this.next.text;
    return t === 'counter' || t === 'quota' || t === 'limit' ? t : undefined;
  }

  protected abstract mapRight(): Node;
}
