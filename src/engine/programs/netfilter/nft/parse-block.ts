/** Blocks of nft's language: bodies of chains, sets, objects and flowtables. */
import type { ObjectType } from '../../../net/netfilter/nftables';
import type { BaseNode, ChainBody, Node, SetBody, Statement } from './ast';
import { dataType } from './datatypes';
import { NftSyntaxError } from './lexer';
import type { Token } from './lexer';
import { SpecParser } from './parse-spec';

const CHAIN_TYPES = ['filter', 'nat', 'route'];

const OBJECTS = ['counter', 'quota', 'limit'];
const HOOKS = ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress', 'egress'];

/** What stands between braces, and the same in one line. */
export abstract class BlockParser extends SpecParser {
  protected chainBody(name: Token): ChainBody {
    this.expect('{');
    const body: ChainBody = { rules: [], loc: name.loc };
    for (;;) {
      this.skipSeparators();
      if (this.accept('}')) return body;
      if (this.directive()) continue;
      const t = this.next;
      if (t.text === 'type' && t.type === 'word') {
        this.take();
        body.base = this.base();
      } else if (t.text === 'policy') {
        this.take();
        this.expandVariable();
        if (!this.is('accept') && !this.is('drop')) this.fail('accept', 'drop', "'$'");
        body.policy = this.take().text as 'drop';
      } else if (t.text === 'comment') {
        this.take();
        body.comment = this.string().text;
      } else if (t.text === 'flags' && this.peek().text === 'offload') {
        this.take();
        this.take();
      } else body.rules.push(this.rule());
      this.separator();
    }
  }

  private base(): BaseNode {
    const type = this.next;
    if (type.type !== 'word') this.fail('string');
    this.take();
    if (!CHAIN_TYPES.includes(type.text)) throw new NftSyntaxError('unknown chain type', type.loc);
    this.expect('hook');
    const hook = this.next;
    if (hook.type !== 'word') this.fail('string');
    this.take();
    if (!HOOKS.includes(hook.text)) throw new NftSyntaxError('unknown chain hook', hook.loc);
    const devices: string[] = [];
    if (this.accept('device')) {
      this.expandVariable();
      devices.push(this.string().text);
    } else if (this.accept('devices')) {
      this.expect('=');
      devices.push(...this.names());
    }
    const at = this.expect('priority');
    this.expandVariable();
    const prio = this.next;
    let node: Node;
    let offset = 0;
    if (this.is('-') || this.next.type === 'number') {
      const minus = this.accept('-');
      const n = this.number();
      node = { k: 'number', text: String(minus ? -n : n), loc: prio.loc };
    } else {
      if (prio.type !== 'word' && prio.type !== 'quoted') this.fail();
      this.take();
      node = { k: 'symbol', text: prio.text, quoted: false, loc: prio.loc };
      if (this.accept('+')) offset = this.number();
      else if (this.accept('-')) offset = -this.number();
    }
    return {
      type: type.text,
      typeLoc: type.loc,
      hook: hook.text,
      hookLoc: hook.loc,
      priority: node,
      offset,
      priorityLoc: this.from(at),
      devices,
    };
  }

  private names(): string[] {
    const out: string[] = [];
    this.expandVariable();
    if (!this.is('{')) return [this.string().text];
    this.expect('{');
    this.skipNewlines();
    while (!this.is('}')) {
      out.push(this.string().text);
      this.skipNewlines();
      if (!this.accept(',')) break;
      this.skipNewlines();
    }
    this.expect('}');
    return out;
  }

  private typeNames(body: SetBody): string[] {
    const names: string[] = [];
    do {
      const t = this.next;
      if (t.type !== 'word') this.fail('string');
      this.take();
      if (dataType(t.text) === undefined && t.text !== 'verdict' && !OBJECTS.includes(t.text))
        body.unknown ??= { name: t.text, loc: t.loc };
      names.push(t.text);
    } while (this.accept('.'));
    return names;
  }

  protected setBody(obj: 'set' | 'map'): SetBody {
    const open = this.expect('{');
    const body: SetBody = { flags: new Set(), autoMerge: false, stateful: [], loc: open.loc };
    for (;;) {
      this.skipSeparators();
      if (this.is('}')) {
        body.loc = this.from(open);
        this.take();
        return body;
      }
      const t = this.next;
      switch (t.text) {
        case 'type': {
          this.take();
          body.key = this.typeNames(body);
          if (obj === 'map') {
            this.expect(':');
            if (this.accept('interval')) body.dataInterval = true;
            const data = this.typeNames(body);
            if (data.length === 1 && OBJECTS.includes(data[0]!)) body.dataObject = data[0] as ObjectType;
            else body.data = data;
          }
          break;
        }
        case 'typeof': {
          this.take();
          body.keyTypeof = this.left();
          if (obj === 'map') {
            this.expect(':');
            if (this.accept('interval')) body.dataInterval = true;
            if (this.is('verdict')) {
              this.take();
              body.data = ['verdict'];
            } else if (OBJECTS.includes(this.next.text)) body.dataObject = this.take().text as ObjectType;
            else body.dataTypeof = this.left();
          }
          break;
        }
        case 'flags':
          this.take();
          do {
            const f = this.next.text;
            if (!['constant', 'interval', 'dynamic', 'timeout'].includes(f))
              this.fail('constant', 'interval', 'dynamic', 'timeout');
            body.flags.add(this.take().text);
          } while (this.accept(','));
          break;
        case 'timeout':
          this.take();
          body.timeout = this.duration();
          break;
        case 'gc-interval':
          this.take();
          body.gcInterval = this.duration();
          break;
        case 'size':
          this.take();
          body.size = this.number();
          break;
        case 'policy':
          this.take();
          if (!this.is('performance') && !this.is('memory')) this.fail('performance', 'memory');
          body.policy = this.take().text as 'memory';
          break;
        case 'auto-merge':
          this.take();
          body.autoMerge = true;
          break;
        case 'comment':
          this.take();
          body.comment = this.string().text;
          break;
        case 'elements':
          this.take();
          this.expect('=');
          this.expandVariable();
          body.elements = this.setLiteral();
          // What follows needs no separator.
          continue;
        default: {
          const s = this.stateful();
          if (s === undefined) this.fail();
          body.stateful.push(s);
        }
      }
      this.separator();
    }
  }

  protected inlineCounter(start: Token): Statement {
    let packets = 0;
    let bytes = 0;
    if (this.accept('packets')) {
      packets = this.number();
      this.expect('bytes');
      bytes = this.number();
    }
    return { s: 'counter', packets, bytes, loc: this.from(start) };
  }

  protected inlineObject(type: string): Statement {
    const start = this.next;
    if (type === 'quota') return this.quotaBody(start);
    this.expect('rate');
    return this.rate(start);
  }

  protected objectBody(type: string): { object: Statement; comment?: string } {
    this.expect('{');
    let object: Statement | undefined;
    let comment: string | undefined;
    for (;;) {
      this.skipSeparators();
      if (this.accept('}')) break;
      if (this.accept('comment')) comment = this.string().text;
      else object = type === 'counter' ? this.inlineCounter(this.next) : this.inlineObject(type);
      if (!this.is('}')) this.separator();
    }
    object ??= { s: 'counter', packets: 0, bytes: 0, loc: this.last.loc };
    return { object, ...(comment === undefined ? {} : { comment }) };
  }

  protected flowtableBody(): { priority: number; devices: readonly string[] } {
    let priority = 0;
    let devices: readonly string[] = [];
    for (;;) {
      this.skipSeparators();
      if (this.accept('}')) return { priority, devices };
      if (this.accept('hook')) {
        this.expect('ingress');
        this.expect('priority');
        if (this.accept('filter')) priority = 0;
        else priority = (this.accept('-') ? -1 : 1) * this.number();
      } else if (this.accept('devices')) {
        this.expect('=');
        devices = this.names();
      } else if (this.accept('flags')) this.expect('offload');
      else if (!this.accept('counter')) this.fail();
      this.separator();
    }
  }

  protected abstract directive(): boolean;
}
