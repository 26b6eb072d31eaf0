/** awk's expressions and builtin functions. */
import { Random } from '../../core';
import type { RegexMatch, Regex } from '../lib/regex';
import { strftime, timegm } from '../lib/strftime';
import { Fail } from '../lib/tool';
import type { AwkArray, Cell, Expr, LValue, Place, Value } from './awk-ast';
import { compare, fromInput, sprintf, toNumber, toStr, truth } from './awk-values';
import { AwkRecords } from './awk-records';
import { constant } from './awk-waiting';

/** Expressions that wait for nothing: evaluated at once, as most are. */
export abstract class AwkExpressions extends AwkRecords {
  protected placeCell(p: Place): Cell {
    return p.k === 'global' ? p.cell : this.locals[p.slot]!;
  }

  protected arrayOf(p: Place): AwkArray {
    const cell = this.placeCell(p);
    if (cell.value instanceof Map) return cell.value;
    if (cell.value !== undefined) throw new Fail(`run time error: reference to scalar ${p.name} as an array`, 2);
    const array: AwkArray = new Map();
    for (let c: Cell | undefined = cell; c; c = c.alias) c.value = array;
    return array;
  }

  protected read(p: Place): Value {
    if (p.k === 'global' && p.name === 'NF') {
      this.ensureSplit();
      return this.fieldCount;
    }
    const v = this.placeCell(p).value;
    if (v instanceof Map) throw new Fail(`run time error: reference to array ${p.name} as a scalar`, 2);
    return v;
  }

  protected subscript(subs: readonly Expr[]): string {
    const format = this.str('CONVFMT');
    if (subs.length === 1) return toStr(this.ev(subs[0]!), format);
    return subs.map((s) => toStr(this.ev(s), format)).join(this.str('SUBSEP'));
  }

  protected get(l: LValue): Value {
    if (l.k === 'field') return this.getField(Math.trunc(toNumber(this.ev(l.e))));
    if (l.k === 'index') {
      const array = this.arrayOf(l.array);
      const key = this.subscript(l.subs);
      // A reference makes the element.
      if (!array.has(key)) array.set(key, undefined);
      return array.get(key);
    }
    return this.read(l);
  }

  protected set(l: LValue, v: Value): void {
    if (l.k === 'field') this.setField(Math.trunc(toNumber(this.ev(l.e))), v);
    else if (l.k === 'index') this.arrayOf(l.array).set(this.subscript(l.subs), v);
    else if (l.k === 'global' && l.name === 'NF') this.setFieldCount(toNumber(v));
    else {
      const cell = this.placeCell(l);
      if (cell.value instanceof Map) throw new Fail(`run time error: assignment to array ${l.name}`, 2);
      cell.value = v;
    }
  }

  protected ev(e: Expr): Value {
    switch (e.k) {
      case 'const':
        return e.v;
      case 'global':
      case 'local':
        return this.read(e);
      case 'field':
      case 'index':
        return this.get(e);
      case 'regex':
        return e.re.test(this.record) ? 1 : 0;
      case 'assign': {
        let v = this.ev(e.r);
        if (e.op !== '=') v = arithmetic(e.op.slice(0, -1), toNumber(this.get(e.l)), toNumber(v));
        this.set(e.l, v);
        return v;
      }
      case 'incr': {
        const old = toNumber(this.get(e.l));
        this.set(e.l, old + e.d);
        return e.prefix ? old + e.d : old;
      }
      case 'cond':
        return truth(this.ev(e.c)) ? this.ev(e.a) : this.ev(e.b);
      case 'and':
        return truth(this.ev(e.a)) && truth(this.ev(e.b)) ? 1 : 0;
      case 'or':
        return truth(this.ev(e.a)) || truth(this.ev(e.b)) ? 1 : 0;
      case 'bin':
        return arithmetic(e.op, toNumber(this.ev(e.a)), toNumber(this.ev(e.b)));
      case 'cmp': {
        const r = compare(this.ev(e.a), this.ev(e.b), this.str('CONVFMT'));
        const v =
          e.op === '<'
            ? r < 0
            : e.op === '<='
              ? r <= 0
              : e.op === '=='
                ? r === 0
                : e.op === '!='
                  ? r !== 0
                  : e.op === '>'
                    ? r > 0
                    : r >= 0;
        return v ? 1 : 0;
      }
      case 'match': {
        const text = toStr(this.ev(e.a), this.str('CONVFMT'));
        return this.pattern(e.b).test(text) === (e.op === '~') ? 1 : 0;
      }
      case 'cat': {
        const format = this.str('CONVFMT');
        return toStr(this.ev(e.a), format) + toStr(this.ev(e.b), format);
      }
      case 'unary': {
        const v = this.ev(e.e);
        return e.op === '()' ? v : e.op === '!' ? (truth(v) ? 0 : 1) : e.op === '-' ? -toNumber(v) : toNumber(v);
      }
      case 'in':
        return this.arrayOf(e.array).has(this.subscript(e.subs)) ? 1 : 0;
      case 'group':
        return this.subscript(e.list);
      case 'builtin':
        return this.builtin(e.name, e.args);
      default:
        throw new Fail('run time error: unexpected expression', 2);
    }
  }

  /** A regular expression operand: a literal as it is, anything else as the text of one. */
  private pattern(e: Expr): Regex {
    return e.k === 'regex' ? e.re : this.regex(toStr(this.ev(e), this.str('CONVFMT')));
  }

  protected builtin(name: string, args: readonly Expr[]): Value {
    const format = this.str('CONVFMT');
    const s = (i: number): string => toStr(args[i] ? this.ev(args[i]!) : undefined, format);
    const n = (i: number): number => toNumber(args[i] ? this.ev(args[i]!) : undefined);
    switch (name) {
      case 'length': {
        const a = args[0];
        if (!a) return this.record.length;
        if ((a.k === 'global' || a.k === 'local') && this.placeCell(a).value instanceof Map)
          return (this.placeCell(a).value as AwkArray).size;
        return s(0).length;
      }
      case 'substr': {
        const text = s(0);
        // mawk 1.3.4 cuts fractions off; in front of the text it counts a negative position into the length.
        const begin = Math.trunc(n(1));
        if (!args[2]) return text.slice(Math.max(0, begin - 1));
        const length = Math.trunc(n(2)) - Math.min(0, begin);
        return length > 0 ? text.slice(Math.max(0, begin - 1), Math.max(1, begin) - 1 + length) : '';
      }
      case 'index':
        return s(0).indexOf(s(1)) + 1;
      case 'split': {
        const text = s(0);
        const sep = args[2];
        const parts = !sep
          ? this.splitText(text, this.str('FS'), false)
          : sep.k === 'regex'
            ? text === ''
              ? []
              : this.splitRegex(text, sep.re)
            : this.splitText(text, s(2), false);
        const array = this.arrayOf(args[1] as Place);
        array.clear();
        parts.forEach((p, i) => array.set(String(i + 1), fromInput(p)));
        return parts.length;
      }
      case 'match': {
        const m = this.pattern(args[1]!).exec(s(0));
        this.cell('RSTART').value = m ? m.index + 1 : 0;
        this.cell('RLENGTH').value = m ? m.end - m.index : -1;
        return m ? m.index + 1 : 0;
      }
      case 'sub':
      case 'gsub':
        return this.substitute(args, name === 'gsub');
      case 'sprintf':
        return sprintf(
          s(0),
          args.slice(1).map((a) => this.ev(a)),
          format,
        );
      case 'tolower':
        return s(0).replace(/[A-Z]/g, (c) => c.toLowerCase());
      case 'toupper':
        return s(0).replace(/[a-z]/g, (c) => c.toUpperCase());
      case 'sin':
        return Math.sin(n(0));
      case 'cos':
        return Math.cos(n(0));
      case 'atan2':
        return Math.atan2(n(0), n(1));
      case 'exp':
        return Math.exp(n(0));
      case 'log':
        return Math.log(n(0));
      case 'sqrt':
        return Math.sqrt(n(0));
      case 'int':
        return Math.trunc(n(0));
      case 'rand':
        return this.random.float();
      case 'srand': {
        const old = this.seed;
        this.seed = args[0] ? n(0) : Math.floor(this.t.sys.now / 1e6);
        this.random = new Random(`awk/${this.seed}`);
        return old;
      }
      case 'systime':
        return Math.floor(this.t.sys.now / 1e6);
      case 'strftime':
        return strftime(args[0] ? s(0) : '%c', (args[1] ? n(1) : Math.floor(this.t.sys.now / 1e6)) * 1e6);
      case 'mktime': {
        const p = s(0).trim().split(/\s+/).map(Number);
        return p.length < 6 ? -1 : timegm(p[0]!, p[1]!, p[2]!, p[3], p[4], p[5]);
      }
      default:
        throw new Fail(`run time error: unknown function ${name}`, 2);
    }
  }

  private substitute(args: readonly Expr[], global: boolean): number {
    const re = this.pattern(args[0]!);
    const replacement = toStr(this.ev(args[1]!), this.str('CONVFMT'));
    const target = args[2];
    const lvalue: LValue | undefined = !target
      ? { k: 'field', e: constant(0), pure: true }
      : target.k === 'global' || target.k === 'local' || target.k === 'field' || target.k === 'index'
        ? target
        : undefined;
    const text = toStr(lvalue ? this.get(lvalue) : this.ev(target!), this.str('CONVFMT'));
    let out = '';
    let at = 0;
    let count = 0;
    let lastEnd = -1;
    for (let from = 0; from <= text.length;) {
      const m: RegexMatch | null = re.exec(text, from);
      if (!m) break;
      if (m.end === m.index && m.index === lastEnd) {
        if (from >= text.length) break;
        from++;
        continue;
      }
      count++;
      out += text.slice(at, m.index) + replace(replacement, m.groups[0]!);
      at = lastEnd = m.end;
      if (!global) break;
      from = m.end > m.index ? m.end : m.end + 1;
    }
    if (count > 0 && lvalue) this.set(lvalue, out + text.slice(at));
    return count;
  }
}

function arithmetic(op: string, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    default:
      return a ** b;
  }
}

/** The replacement text of sub and gsub: & is the match, \\& an ampersand. */
function replace(replacement: string, match: string): string {
  return replacement.replace(/\\\\&|\\&|&/g, (m) => (m === '&' ? match : m === '\\&' ? '&' : `\\${match}`));
}
