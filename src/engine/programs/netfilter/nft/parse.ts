/** Commands of nft's language (nftables src/parser_bison.y). */
import type { Command } from './ast';
import { NftSyntaxError, tokenize } from './lexer';
import type { Token } from './lexer';
import { AddParser } from './parse-add';
import type { Include } from './parse-spec';

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

/** Turns a text into commands. */
export class CommandParser extends AddParser {
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
  protected directive(): boolean {
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
