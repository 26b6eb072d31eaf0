/** awk's expressions that read, write or call. */
import { isErrno } from '../../core';
import type { Coroutine } from '../../core';
import { Fail } from '../lib/tool';
import type { Cell, Expr, LValue, Value } from './awk-ast';
import { decodeBinary } from './awk-io';
import { fromInput, toNumber, toStr, truth } from './awk-values';
import { AwkExpressions } from './awk-expressions';
import { Return } from './awk-control';

/** A constant that stands for an operand which has been computed already. */
export const constant = (v: Value): Expr => ({ k: 'const', v, pure: true });

/** Calls that may be nested before the program is stopped. */
const MAX_DEPTH = 1000;

/** Expressions that may wait: getline, system(), close() and calls of functions. */
export abstract class AwkWaiting extends AwkExpressions {
  protected *value(e: Expr): Coroutine<Value> {
    if (e.pure) return this.ev(e);
    switch (e.k) {
      case 'cond':
        return truth(yield* this.value(e.c)) ? yield* this.value(e.a) : yield* this.value(e.b);
      case 'and':
        return truth(yield* this.value(e.a)) && truth(yield* this.value(e.b)) ? 1 : 0;
      case 'or':
        return truth(yield* this.value(e.a)) || truth(yield* this.value(e.b)) ? 1 : 0;
      case 'bin':
      case 'cmp':
      case 'cat':
      case 'match': {
        const a = constant(yield* this.value(e.a));
        const b = e.k === 'match' && e.b.k === 'regex' ? e.b : constant(yield* this.value(e.b));
        return this.ev({ ...e, a, b });
      }
      case 'unary':
        return this.ev({ ...e, e: constant(yield* this.value(e.e)) });
      case 'assign': {
        const r = constant(yield* this.value(e.r));
        return this.ev({ ...e, l: yield* this.settle(e.l), r });
      }
      case 'incr':
        return this.ev({ ...e, l: yield* this.settle(e.l) });
      case 'field':
      case 'index':
        return this.get(yield* this.settle(e));
      case 'in':
        return this.ev({ ...e, subs: yield* this.all(e.subs) });
      case 'group':
        return this.ev({ ...e, list: yield* this.all(e.list) });
      case 'builtin':
        return yield* this.waitingBuiltin(e.name, e.args);
      case 'call':
        return yield* this.call(e.name, e.args);
      case 'getline':
        return yield* this.getline(e);
      default:
        return this.ev(e);
    }
  }

  protected *all(list: readonly Expr[]): Coroutine<Expr[]> {
    const out: Expr[] = [];
    for (const e of list) out.push(e.pure ? e : constant(yield* this.value(e)));
    return out;
  }

  /** An lvalue whose subscripts are computed. */
  private *settle(l: LValue): Coroutine<LValue> {
    if (l.pure) return l;
    if (l.k === 'field') return { ...l, e: constant(yield* this.value(l.e)) };
    if (l.k === 'index') return { ...l, subs: yield* this.all(l.subs) };
    return l;
  }

  private *waitingBuiltin(name: string, args: readonly Expr[]): Coroutine<Value> {
    const format = this.str('CONVFMT');
    if (name === 'system') return yield* this.streams.system(toStr(yield* this.value(args[0]!), format));
    if (name === 'close') return yield* this.streams.close(toStr(yield* this.value(args[0]!), format));
    if (name === 'fflush') {
      const target = args[0] ? toStr(yield* this.value(args[0]), format) : undefined;
      return (yield* this.streams.flush(target === '' ? undefined : target)) ? 0 : -1;
    }
    return this.builtin(name, yield* this.all(args));
  }

  private *call(name: string, args: readonly Expr[]): Coroutine<Value> {
    const f = this.program.functions.get(name)!;
    if (args.length > f.params.length) throw new Fail(`run time error: too many arguments in call to ${name}`, 2);
    if (++this.depth > MAX_DEPTH) throw new Fail('run time error: evaluation stack overflow', 2);
    const frame: Cell[] = [];
    for (const a of args) {
      if (a.k === 'global' || a.k === 'local') {
        const cell = this.placeCell(a);
        if (cell.value instanceof Map) frame.push({ value: cell.value });
        else if (cell.value === undefined && a.name !== 'NF') frame.push({ value: undefined, alias: cell });
        else frame.push({ value: this.read(a) });
      } else frame.push({ value: yield* this.value(a) });
    }
    while (frame.length < f.params.length) frame.push({ value: undefined });
    const saved = this.locals;
    this.locals = frame;
    try {
      yield* this.exec(f.body);
      return undefined;
    } catch (e) {
      if (e instanceof Return) return e.value;
      throw e;
    } finally {
      this.locals = saved;
      this.depth--;
    }
  }

  private *getline(e: Extract<Expr, { k: 'getline' }>): Coroutine<number> {
    let record: string | undefined;
    if (e.from === 'main') record = yield* this.readMain();
    else {
      const source = toStr(yield* this.value(e.source!), this.str('CONVFMT'));
      const reader = yield* this.streams.input(e.from, e.from === 'file' ? decodeBinary(source) : source);
      if (!reader) return -1;
      try {
        record = yield* reader.next(this.separator());
      } catch (x) {
        if (!isErrno(x)) throw x;
        return -1;
      }
      if (record !== undefined && e.from === 'command')
        this.cell('NR').value = toNumber(this.cell('NR').value as Value) + 1;
    }
    if (record === undefined) return 0;
    if (e.target) this.set(yield* this.settle(e.target), fromInput(record));
    else this.setRecord(record);
    return 1;
  }
}
