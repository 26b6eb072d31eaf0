/** nft's commands that make something. */
import type { Command } from './ast';
import { NftSyntaxError, span } from './lexer';
import type { Loc, Token } from './lexer';
import { BlockParser } from './parse-block';
import type { Spec } from './parse-spec';

/** `add`, `create`, `insert`, `replace`. */
export abstract class AddParser extends BlockParser {
  protected add(op: 'add' | 'create' | 'insert' | 'replace', start: Token): void {
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

  private addSet(op: 'add' | 'create', obj: 'set' | 'map', start: Token): void {
    const spec = this.spec(true);
    const set = this.setBody(obj);
    const { elements, ...rest } = set;
    this.push(start, { op, obj, ...spec, set: rest });
    if (elements) this.commands.push({ op: 'add', obj: 'element', ...spec, elements, loc: elements.loc });
  }

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
}
