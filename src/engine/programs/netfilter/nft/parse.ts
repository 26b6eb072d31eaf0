/** Commands of nft's language (nftables src/parser_bison.y). */
import type { NftFamily, ObjectType } from '../../../net/netfilter/nftables';
import type { BaseNode, ChainBody, Command, Node, SetBody, Statement } from './ast';
import { dataType } from './datatypes';
import type { Loc, Token } from './lexer';
import { NftSyntaxError, span, tokenize } from './lexer';
import { StatementParser } from './parse-stmt';

const FAMILIES: readonly string[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];
const CHAIN_TYPES = ['filter', 'nat', 'route'];
const HOOKS = ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress', 'egress'];
const OBJECTS = ['counter', 'quota', 'limit'];
const PLURALS = [
  'tables',
  'chains',
  'sets',
  'maps',
  'counters',
  'quotas',
  'limits',
  'flowtables',
  'meters',
  'secmarks',
  'synproxys',
];

/** Reads what an `include` names. @returns undefined when there is none */
export type Include = (name: string) => string | undefined;

interface Spec {
  family: NftFamily;
  familyGiven: boolean;
  table: string;
  name?: string;
  locs: { table?: Loc; name?: Loc; handle?: Loc; position?: Loc };
}

/** Turns a text into commands. */
export class CommandParser extends StatementParser {
  readonly commands: Command[] = [];

  constructor(
    tokens: Token[],
    private readonly include: Include = () => undefined,
  ) {
    super(tokens);
  }

  /** Reads all commands. @throws NftSyntaxError */
  parse(): Command[] {
    for (;;) {
      this.skipSeparators();
      if (this.next.type === 'eof') return this.commands;
      const from = this.commands.length;
      this.line();
      // What is said about a whole command marks what ends it, too.
      const end = this.next.loc;
      const command = this.commands[from];
      if (command !== undefined && command.obj !== 'table' && command.loc.line === end.line && this.atSeparator())
        this.commands[from] = { ...command, loc: { ...command.loc, end: end.end } };
      if (!this.atSeparator()) this.fail('end of file', 'newline', 'semicolon');
      this.take();
    }
  }

  private line(): void {
    const start = this.next;
    if (this.directive()) return;
    const ops = [
      'add',
      'create',
      'insert',
      'replace',
      'delete',
      'list',
      'flush',
      'reset',
      'rename',
      'get',
      'monitor',
      'describe',
      'import',
      'export',
    ];
    if (start.type === 'word' && ops.includes(start.text)) {
      this.take();
      switch (start.text) {
        case 'add':
        case 'create':
        case 'insert':
        case 'replace':
          this.add(start.text, start);
          return;
        case 'delete':
          this.delete(start);
          return;
        case 'list':
          this.list(start);
          return;
        case 'flush':
          this.flush(start);
          return;
        case 'reset':
          this.reset(start);
          return;
        case 'rename': {
          this.expect('chain');
          const spec = this.spec(true);
          const to = this.identifier();
          this.push(start, { op: 'rename', obj: 'chain', ...spec, newName: to.text });
          return;
        }
        case 'get': {
          this.expect('element');
          const spec = this.spec(true);
          this.push(start, { op: 'get', obj: 'element', ...spec, elements: this.setLiteral() });
          return;
        }
        case 'monitor': {
          const words: string[] = [];
          while (!this.atSeparator()) {
            const t = this.take();
            const known = [
              'new',
              'destroy',
              'tables',
              'chains',
              'sets',
              'rules',
              'elements',
              'ruleset',
              'trace',
              'json',
              'xml',
              'vm',
            ];
            if (!known.includes(t.text)) throw new NftSyntaxError(`invalid event ${t.text}`, t.loc);
            words.push(t.text);
          }
          this.push(start, { op: 'monitor', obj: words.join(' '), family: 'ip', familyGiven: false, locs: {} });
          return;
        }
        case 'describe': {
          const node = this.atSelector() ? this.selector() : this.primary();
          this.push(start, { op: 'describe', obj: '', family: 'ip', familyGiven: false, locs: {}, node });
          return;
        }
        case 'export':
          if (!['ruleset', 'xml', 'json', 'vm'].includes(this.next.text)) this.fail('ruleset', 'xml', 'json', 'vm');
          throw new NftSyntaxError('export is deprecated, use list ruleset', start.loc);
        default:
          throw new NftSyntaxError(`not simulated in this course: ${start.text}`, start.loc);
      }
    }
    this.add('add', start);
  }

  /** include, define, undefine, redefine. */
  private directive(): boolean {
    const t = this.next;
    if (t.text === 'include' && this.peek().type === 'quoted') {
      this.take();
      const name = this.take();
      const text = this.include(name.text);
      if (text === undefined) throw new NftSyntaxError(`File not found: ${name.text}`, name.loc);
      const inner = tokenize(text).slice(0, -1);
      this.tokens = [...this.tokens.slice(0, this.at), ...inner, ...this.tokens.slice(this.at)];
      return true;
    }
    if ((t.text === 'define' || t.text === 'redefine') && this.peek().type === 'word') {
      this.take();
      const name = this.take();
      this.expect('=');
      const value: Token[] = [];
      let depth = 0;
      while (this.next.type !== 'eof' && (depth > 0 || !this.atSeparator())) {
        this.expandVariable();
        const v = this.take();
        if (v.text === '{' && v.type === 'punct') depth++;
        if (v.text === '}' && v.type === 'punct') depth--;
        if (v.type !== 'newline') value.push(v);
      }
      this.defines.set(name.text, value);
      return true;
    }
    if (t.text === 'undefine' && this.peek().type === 'word') {
      this.take();
      this.defines.delete(this.take().text);
      return true;
    }
    return false;
  }

  private push(start: Token, c: Omit<Command, 'loc'>): void {
    this.commands.push({ ...c, loc: this.from(start) });
  }

  // --- names --------------------------------------------------------------------------------------------------------------

  private family(): { family: NftFamily; familyGiven: boolean } {
    this.expandVariable();
    if (FAMILIES.includes(this.next.text) && this.next.type === 'word')
      return { family: this.take().text as NftFamily, familyGiven: true };
    return { family: 'ip', familyGiven: false };
  }

  private tableSpec(...alternatives: string[]): Spec {
    const f = this.family();
    this.expandVariable();
    const table = this.identifier(...alternatives);
    return { ...f, table: table.text, locs: { table: table.loc } };
  }

  private spec(named: boolean, ...alternatives: string[]): Spec {
    const s = this.tableSpec();
    if (!named) return s;
    this.expandVariable();
    const name = this.identifier(...alternatives);
    return { ...s, name: name.text, locs: { ...s.locs, name: name.loc } };
  }

  // --- add ----------------------------------------------------------------------------------------------------------------

  private add(op: 'add' | 'create' | 'insert' | 'replace', start: Token): void {
    const t = this.next;
    if (op === 'insert' || op === 'replace') {
      this.expect('rule');
      this.addRule(op, start);
      return;
    }
    switch (t.type === 'word' ? t.text : '') {
      case 'table':
        this.take();
        this.addTable(op, start);
        return;
      case 'chain':
        this.take();
        this.addChain(op, start);
        return;
      case 'rule':
        this.take();
        this.addRule('add', start);
        return;
      case 'set':
      case 'map':
        this.take();
        this.addSet(op, t.text as 'set', start);
        return;
      case 'element': {
        this.take();
        const spec = this.spec(true);
        this.expandVariable();
        this.push(start, { op, obj: 'element', ...spec, elements: this.setLiteral() });
        return;
      }
      case 'counter':
      case 'quota':
      case 'limit':
        this.take();
        this.addObject(op, t.text as 'counter', start);
        return;
      case 'flowtable': {
        this.take();
        const spec = this.spec(true);
        this.expect('{');
        const body = this.flowtableBody();
        this.push(start, { op, obj: 'flowtable', ...spec, ...body });
        return;
      }
      case 'ct':
      case 'secmark':
      case 'synproxy':
        throw new NftSyntaxError(`not simulated in this course: ${t.text} objects`, t.loc);
      default:
        // A rule without `rule`.
        this.addRule('add', start);
    }
  }

  private addTable(op: 'add' | 'create', start: Token): void {
    const spec = this.tableSpec();
    let comment: string | undefined;
    let dormant: boolean | undefined;
    const from = this.commands.length;
    const late: Command[] = [];
    if (this.accept('{')) {
      const chains: Command[] = [];
      const objects: Command[] = [];
      const sets: Command[] = [];
      const rules: Command[] = [];
      const elements: Command[] = [];
      const inner = (c: Omit<Command, 'loc' | 'family' | 'familyGiven' | 'table'>, loc: Loc): Command => ({
        family: spec.family,
        familyGiven: true,
        table: spec.table,
        ...c,
        locs: { table: spec.locs.table!, ...c.locs },
        loc,
      });
      for (;;) {
        this.skipSeparators();
        if (this.accept('}')) break;
        if (this.directive()) continue;
        const t = this.next;
        switch (t.text) {
          case 'comment':
            this.take();
            comment = this.string().text;
            break;
          case 'flags':
            this.take();
            this.expect('dormant');
            dormant = true;
            break;
          case 'chain': {
            this.take();
            const name = this.identifier();
            const body = this.chainBody(name);
            const loc = span(t.loc, name.loc);
            chains.push(
              inner(
                { op: 'add', obj: 'chain', name: name.text, locs: { name: name.loc }, chain: { ...body, rules: [] } },
                loc,
              ),
            );
            for (const rule of body.rules)
              rules.push(inner({ op: 'add', obj: 'rule', name: name.text, locs: { name: name.loc }, rule }, rule.loc));
            break;
          }
          case 'set':
          case 'map': {
            this.take();
            const name = this.identifier();
            const body = this.setBody(t.text as 'set');
            const { elements: literal, ...rest } = body;
            const loc = span(t.loc, name.loc);
            sets.push(inner({ op: 'add', obj: t.text, name: name.text, locs: { name: name.loc }, set: rest }, loc));
            if (literal)
              elements.push(
                inner(
                  { op: 'add', obj: 'element', name: name.text, locs: { name: name.loc }, elements: literal },
                  literal.loc,
                ),
              );
            break;
          }
          case 'counter':
          case 'quota':
          case 'limit': {
            this.take();
            const name = this.identifier();
            const object = this.objectBody(t.text);
            objects.push(
              inner(
                { op: 'add', obj: t.text, name: name.text, locs: { name: name.loc }, ...object },
                span(t.loc, name.loc),
              ),
            );
            break;
          }
          case 'flowtable': {
            this.take();
            const name = this.identifier();
            this.expect('{');
            const body = this.flowtableBody();
            sets.push(
              inner(
                { op: 'add', obj: 'flowtable', name: name.text, locs: { name: name.loc }, ...body },
                span(t.loc, name.loc),
              ),
            );
            break;
          }
          case 'ct':
          case 'secmark':
          case 'synproxy':
            throw new NftSyntaxError(`not simulated in this course: ${t.text} objects`, t.loc);
          default:
            this.fail();
        }
        this.separator();
      }
      late.push(...chains, ...objects, ...sets, ...rules, ...elements);
    }
    const loc = from === this.commands.length ? span(start.loc, spec.locs.table!) : start.loc;
    this.commands.push({
      op,
      obj: 'table',
      ...spec,
      ...(comment === undefined ? {} : { comment }),
      ...(dormant === undefined ? {} : { dormant }),
      loc,
    });
    this.commands.push(...late);
  }

  private addChain(op: 'add' | 'create', start: Token): void {
    const spec = this.spec(true);
    const chain = this.is('{') ? this.chainBody(this.last) : undefined;
    if (chain) {
      const { rules, ...rest } = chain;
      this.push(start, { op, obj: 'chain', ...spec, chain: { ...rest, rules: [] } });
      for (const rule of rules) this.commands.push({ op: 'add', obj: 'rule', ...spec, rule, loc: rule.loc });
    } else this.push(start, { op, obj: 'chain', ...spec });
  }

  private chainBody(name: Token): ChainBody {
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

  private addRule(op: 'add' | 'insert' | 'replace', start: Token): void {
    const spec = this.spec(true);
    let position: Command['position'];
    let handle: number | undefined;
    const locs: Spec['locs'] = { ...spec.locs };
    const at = this.next;
    if (op === 'replace') {
      if (!this.is('handle')) this.fail('handle');
      this.take();
      locs.handle = this.next.loc;
      handle = this.number();
    } else if (['handle', 'position', 'index'].includes(at.text) && at.type === 'word') {
      this.take();
      const n = this.next;
      const value = this.number();
      position = at.text === 'index' ? { index: value } : { handle: value };
      locs.position = at.text === 'handle' ? n.loc : span(at.loc, n.loc);
    }
    const rule = this.rule();
    this.push(start, {
      op,
      obj: 'rule',
      ...spec,
      locs,
      rule,
      ...(position ? { position } : {}),
      ...(handle === undefined ? {} : { handle }),
    });
  }

  // --- sets ---------------------------------------------------------------------------------------------------------------

  private addSet(op: 'add' | 'create', obj: 'set' | 'map', start: Token): void {
    const spec = this.spec(true);
    const set = this.setBody(obj);
    const { elements, ...rest } = set;
    this.push(start, { op, obj, ...spec, set: rest });
    if (elements) this.commands.push({ op: 'add', obj: 'element', ...spec, elements, loc: elements.loc });
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

  private setBody(obj: 'set' | 'map'): SetBody {
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

  // --- objects ------------------------------------------------------------------------------------------------------------

  private addObject(op: 'add' | 'create', type: 'counter' | 'quota' | 'limit', start: Token): void {
    const spec = this.spec(true);
    const object =
      this.is('{') || type === 'counter'
        ? this.is('{')
          ? this.objectBody(type)
          : { object: this.inlineCounter(start) }
        : { object: this.inlineObject(type) };
    this.push(start, { op, obj: type, ...spec, ...object });
  }

  private inlineCounter(start: Token): Statement {
    let packets = 0;
    let bytes = 0;
    if (this.accept('packets')) {
      packets = this.number();
      this.expect('bytes');
      bytes = this.number();
    }
    return { s: 'counter', packets, bytes, loc: this.from(start) };
  }

  private inlineObject(type: string): Statement {
    const start = this.next;
    if (type === 'quota') return this.quotaBody(start);
    this.expect('rate');
    return this.rate(start);
  }

  private objectBody(type: string): { object: Statement; comment?: string } {
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

  private flowtableBody(): { priority: number; devices: readonly string[] } {
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

  // --- the rest -----------------------------------------------------------------------------------------------------------

  private handleSpec(start: Token, obj: string): void {
    const f = this.family();
    if (obj === 'table') {
      if (this.accept('handle')) {
        const loc = this.next.loc;
        this.push(start, { op: 'delete', obj, ...f, handle: this.number(), locs: { table: loc, handle: loc } });
        return;
      }
      const table = this.identifier('handle');
      this.push(start, { op: 'delete', obj, ...f, table: table.text, locs: { table: table.loc } });
      return;
    }
    const table = this.identifier();
    if (this.accept('handle')) {
      const loc = this.next.loc;
      this.push(start, {
        op: 'delete',
        obj,
        ...f,
        table: table.text,
        handle: this.number(),
        locs: { table: table.loc, handle: loc, name: loc },
      });
      return;
    }
    const name = this.identifier('handle');
    // A chain's block may follow: it is not looked at.
    if (obj === 'chain' && this.is('{')) this.chainBody(name);
    this.push(start, {
      op: 'delete',
      obj,
      ...f,
      table: table.text,
      name: name.text,
      locs: { table: table.loc, name: name.loc },
    });
  }

  private delete(start: Token): void {
    const t = this.next;
    switch (t.text) {
      case 'table':
      case 'chain':
      case 'set':
      case 'map':
      case 'counter':
      case 'quota':
      case 'limit':
      case 'flowtable':
        this.take();
        this.handleSpec(start, t.text);
        return;
      case 'rule': {
        this.take();
        const spec = this.spec(true);
        if (!this.is('handle')) this.fail('handle');
        this.take();
        const loc = this.next.loc;
        const handle = this.number();
        this.push(start, { op: 'delete', obj: 'rule', ...spec, handle, locs: { ...spec.locs, handle: loc } });
        return;
      }
      case 'element': {
        this.take();
        const spec = this.spec(true);
        this.expandVariable();
        this.push(start, { op: 'delete', obj: 'element', ...spec, elements: this.setLiteral() });
        return;
      }
      default:
        this.fail();
    }
  }

  private list(start: Token): void {
    const t = this.next;
    if (t.type !== 'word') this.fail();
    if (t.text === 'ruleset') {
      this.take();
      const f = this.family();
      this.push(start, { op: 'list', obj: 'ruleset', ...f, locs: {} });
      return;
    }
    if (PLURALS.includes(t.text)) {
      this.take();
      const f = this.family();
      let table: Token | undefined;
      if (this.next.type === 'word' && this.is('table')) {
        this.take();
        const f2 = this.family();
        table = this.identifier();
        this.push(start, {
          op: 'list',
          obj: t.text,
          ...f2,
          familyGiven: true,
          table: table.text,
          locs: { table: table.loc },
        });
        return;
      }
      this.push(start, { op: 'list', obj: t.text, ...f, locs: {} });
      return;
    }
    if (t.text === 'table') {
      this.take();
      this.push(start, { op: 'list', obj: 'table', ...this.tableSpec() });
      return;
    }
    if (['chain', 'set', 'map', 'counter', 'quota', 'limit', 'flowtable', 'meter'].includes(t.text)) {
      this.take();
      this.push(start, { op: 'list', obj: t.text, ...this.spec(true) });
      return;
    }
    if (t.text === 'hooks' || t.text === 'ct')
      throw new NftSyntaxError(`not simulated in this course: list ${t.text}`, t.loc);
    this.fail();
  }

  private flush(start: Token): void {
    const t = this.next;
    switch (t.text) {
      case 'ruleset':
        this.take();
        this.push(start, { op: 'flush', obj: 'ruleset', ...this.family(), locs: {} });
        return;
      case 'table':
        this.take();
        this.push(start, { op: 'flush', obj: 'table', ...this.tableSpec() });
        return;
      case 'chain':
      case 'set':
      case 'map':
      case 'meter':
        this.take();
        this.push(start, { op: 'flush', obj: t.text, ...this.spec(true) });
        return;
      default:
        this.fail();
    }
  }

  private reset(start: Token): void {
    const t = this.next;
    if (t.text === 'counter' || t.text === 'quota') {
      this.take();
      this.push(start, { op: 'reset', obj: t.text, ...this.spec(true) });
      return;
    }
    if (t.text === 'counters' || t.text === 'quotas') {
      this.take();
      const f = this.family();
      if (this.accept('table')) {
        const spec = this.tableSpec();
        this.push(start, { op: 'reset', obj: t.text, ...spec, familyGiven: true });
        return;
      }
      this.push(start, { op: 'reset', obj: t.text, ...f, locs: {} });
      return;
    }
    this.fail('counter', 'counters', 'quotas', 'quota');
  }
}

/** Parses a text. @throws NftSyntaxError */
export function parseCommands(text: string, include?: Include): Command[] {
  return new CommandParser(tokenize(text), include).parse();
}
