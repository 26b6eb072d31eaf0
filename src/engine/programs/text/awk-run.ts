/** Runs awk programs: BEGIN, the rules for each record, END, and the statements. */
import { isErrno } from '../../core';
import type { Coroutine } from '../../core';
import { fromBinary } from '../lib/text';
import { Fail } from '../lib/tool';
import type { Expr, Redirection, Stmt, Value } from './awk-ast';
import { decodeBinary } from './awk-io';
import { fromInput, sprintf, toNumber, toStr, TooFewArguments, truth } from './awk-values';
import { AwkWaiting } from './awk-waiting';
import { Exit, Next, NextFile, Return } from './awk-control';

/** One run of a program. */
export class Awk extends AwkWaiting {
  /** Runs BEGIN, the rules, END. @returns the exit status */
  *run(): Coroutine<number> {
    let ended = false;
    try {
      for (const s of this.program.begin) yield* this.exec(s);
      if (this.program.rules.length > 0 || this.program.end.length > 0) yield* this.records();
    } catch (e) {
      if (!(e instanceof Exit)) throw yield* this.trouble(e);
      if (e.status !== undefined) this.status = e.status;
      ended = this.program.end.length === 0;
    }
    try {
      if (!ended) for (const s of this.program.end) yield* this.exec(s);
    } catch (e) {
      if (!(e instanceof Exit)) throw yield* this.trouble(e);
      if (e.status !== undefined) this.status = e.status;
    }
    yield* this.streams.closeAll();
    return this.status;
  }

  /** What is buffered is written before an error ends the program. */
  private *trouble(e: unknown): Coroutine<unknown> {
    if (isErrno(e, 'EPIPE')) {
      yield null;
      return e;
    }
    yield* this.streams.flush();
    if (e instanceof TooFewArguments)
      return new Fail(`run time error: not enough arguments passed to sprintf("${e.message}")`, 2);
    return e;
  }

  protected *exec(s: Stmt): Coroutine<'break' | 'continue' | undefined> {
    if (this.t.sys.proc.task.charge(1)) yield null;
    switch (s.k) {
      case 'expr':
        if (s.e.pure) this.ev(s.e);
        else yield* this.value(s.e);
        return undefined;
      case 'print':
      case 'printf':
        yield* this.print(s);
        return undefined;
      case 'block':
        for (const inner of s.list) {
          const r = yield* this.exec(inner);
          if (r) return r;
        }
        return undefined;
      case 'if':
        if (truth(yield* this.value(s.c))) return yield* this.exec(s.a);
        return s.b ? yield* this.exec(s.b) : undefined;
      case 'while':
        while (truth(s.c.pure ? this.ev(s.c) : yield* this.value(s.c))) {
          if ((yield* this.exec(s.body)) === 'break') break;
        }
        return undefined;
      case 'do':
        do {
          if ((yield* this.exec(s.body)) === 'break') break;
        } while (truth(yield* this.value(s.c)));
        return undefined;
      case 'for':
        if (s.init) yield* this.exec(s.init);
        while (!s.c || truth(s.c.pure ? this.ev(s.c) : yield* this.value(s.c))) {
          if ((yield* this.exec(s.body)) === 'break') break;
          if (s.step) yield* this.exec(s.step);
        }
        return undefined;
      case 'forin': {
        for (const key of [...this.arrayOf(s.array).keys()]) {
          this.set(s.l, fromInput(key));
          if ((yield* this.exec(s.body)) === 'break') break;
        }
        return undefined;
      }
      case 'next':
        throw new Next();
      case 'nextfile':
        throw new NextFile();
      case 'break':
      case 'continue':
        return s.k;
      case 'exit':
        throw new Exit(s.e ? Math.trunc(toNumber(yield* this.value(s.e))) & 0xff : undefined);
      case 'return':
        throw new Return(s.e ? yield* this.value(s.e) : undefined);
      case 'delete': {
        const array = this.arrayOf(s.array);
        if (!s.subs) array.clear();
        else {
          const subs = yield* this.all(s.subs);
          array.delete(this.subscript(subs));
        }
        return undefined;
      }
      default:
        return undefined;
    }
  }

  private *print(s: { k: 'print' | 'printf'; args: readonly Expr[]; to: Redirection | undefined }): Coroutine<void> {
    const values: Value[] = [];
    for (const a of s.args) values.push(a.pure ? this.ev(a) : yield* this.value(a));
    let text: string;
    if (s.k === 'printf') {
      const format = toStr(values[0], this.str('CONVFMT'));
      try {
        text = sprintf(format, values.slice(1), this.str('CONVFMT'));
      } catch (e) {
        if (!(e instanceof TooFewArguments)) throw e;
        yield* this.streams.flush();
        throw new Fail(
          `run time error: not enough arguments passed to printf("${format}")\n\tFILENAME="${this.str('FILENAME')}" FNR=${this.str('FNR')} NR=${this.str('NR')}`,
          2,
        );
      }
    } else if (values.length === 0) text = this.record + this.str('ORS');
    else {
      const format = this.str('OFMT');
      text = values.map((v) => toStr(v, format)).join(this.str('OFS')) + this.str('ORS');
    }
    if (!s.to) {
      yield* this.streams.stdout.write(fromBinary(text));
      return;
    }
    const target = toStr(yield* this.value(s.to.target), this.str('CONVFMT'));
    try {
      const out = yield* this.streams.output(s.to.kind, s.to.kind === '|' ? target : decodeBinary(target));
      yield* out.write(fromBinary(text));
    } catch (e) {
      if (!isErrno(e) || e.code === 'EPIPE') throw e;
      yield* this.streams.flush();
      throw new Fail(`cannot open "${decodeBinary(target)}" for output (${e.message})`, 2);
    }
  }
}
