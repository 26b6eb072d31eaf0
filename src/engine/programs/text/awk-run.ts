/** The interpreter of awk programs. Strings hold one character a byte, as Debian's mawk sees text. */
import type { Coroutine } from '../../core';
import { isErrno, Random } from '../../core';
import type { RegexMatch } from '../lib/regex';
import type { Regex } from '../lib/regex';
import { strftime, timegm } from '../lib/strftime';
import { fromBinary, toBinary, toBytes } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail } from '../lib/tool';
import type { AwkArray, AwkProgram, Cell, Expr, LValue, Place, Redirection, Stmt, Value } from './awk-ast';
import { unescapeString } from './awk-lex';
import { decodeBinary, RecordReader, Streams } from './awk-io';
import type { RecordSeparator } from './awk-io';
import { awkRegex } from './awk-parse';
import { compare, fromInput, sprintf, toNumber, toStr, TooFewArguments, truth } from './awk-values';

class Next {}
class NextFile {}
class Exit {
  constructor(readonly status: number | undefined) {}
}
class Return {
  constructor(readonly value: Value) {}
}

/** A constant that stands for an operand which has been computed already. */
const constant = (v: Value): Expr => ({ k: 'const', v, pure: true });

/** Calls that may be nested before the program is stopped. */
const MAX_DEPTH = 1000;

/** One run of a program. */
export class Awk {
  private readonly streams: Streams;
  private record = '';
  private fields: Value[] = [];
  private split = true;
  private fieldCount = 0;
  private locals: Cell[] = [];
  private depth = 0;
  private status = 0;
  private random: Random;
  private seed: number;
  private readonly regexes = new Map<string, Regex>();
  private readonly globals: Map<string, Cell>;
  private main: RecordReader | undefined;
  private argument = 1;
  private sawFile = false;

  constructor(
    private readonly t: Tool,
    private readonly program: AwkProgram,
    args: readonly string[],
    assignments: readonly string[],
  ) {
    this.streams = new Streams(t);
    this.globals = program.globals as Map<string, Cell>;
    this.seed = Math.floor(t.sys.now / 1e6);
    this.random = new Random(`awk/${t.sys.machine.random.uint32()}`);
    const set = (name: string, value: Value | AwkArray): void => {
      this.cell(name).value = value;
    };
    set('FS', ' ');
    set('OFS', ' ');
    set('ORS', '\n');
    set('RS', '\n');
    set('NF', 0);
    set('NR', 0);
    set('FNR', 0);
    set('SUBSEP', '\x1c');
    set('CONVFMT', '%.6g');
    set('OFMT', '%.6g');
    set('RSTART', 0);
    set('RLENGTH', -1);
    set('FILENAME', '');
    set('ARGC', args.length);
    set('ARGV', new Map(args.map((a, i) => [String(i), fromInput(binary(a))])));
    set('ENVIRON', new Map([...t.sys.proc.env].map(([k, v]) => [binary(k), fromInput(binary(v))])));
    for (const a of assignments) this.assignText(binary(a));
  }

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

  private cell(name: string): Cell {
    let c = this.globals.get(name);
    if (!c) this.globals.set(name, (c = { value: undefined }));
    return c;
  }

  private str(name: string): string {
    return toStr(this.cell(name).value as Value, '%.6g');
  }

  /** `name=value` of -v and of operands. */
  private assignText(text: string): void {
    const eq = text.indexOf('=');
    this.setGlobal(text.slice(0, eq), fromInput(unescapeString(text.slice(eq + 1))));
  }

  private setGlobal(name: string, value: Value): void {
    if (name === 'NF') this.setFieldCount(toNumber(value));
    else this.cell(name).value = value;
  }

  // --- records and fields -------------------------------------------------------------------------------------------

  private *records(): Coroutine<void> {
    while (yield* this.nextRecord()) {
      try {
        for (const rule of this.program.rules) {
          if (rule.b) {
            if (!rule.active) {
              if (!truth(yield* this.value(rule.a!))) continue;
              rule.active = true;
            }
            if (truth(yield* this.value(rule.b))) rule.active = false;
          } else if (rule.a && !truth(rule.a.pure ? this.ev(rule.a) : yield* this.value(rule.a))) continue;
          if (rule.body) yield* this.exec(rule.body);
          else yield* this.streams.stdout.write(fromBinary(this.getRecord() + this.str('ORS')));
        }
      } catch (e) {
        if (e instanceof NextFile) this.main = undefined;
        else if (!(e instanceof Next)) throw e;
      }
    }
  }

  /** Reads the next record of the main input into $0. */
  private *nextRecord(): Coroutine<boolean> {
    const record = yield* this.readMain();
    if (record === undefined) return false;
    this.setRecord(record);
    return true;
  }

  private *readMain(): Coroutine<string | undefined> {
    for (;;) {
      if (!this.main && !(yield* this.openNext())) return undefined;
      let record: string | undefined;
      try {
        record = yield* this.main!.next(this.separator());
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* this.streams.flush();
        throw new Fail(`read error (${e.message})`, 2);
      }
      if (record !== undefined) {
        this.cell('NR').value = toNumber(this.cell('NR').value as Value) + 1;
        this.cell('FNR').value = toNumber(this.cell('FNR').value as Value) + 1;
        return record;
      }
      if (this.main!.fd > 2) this.t.sys.close(this.main!.fd);
      this.main = undefined;
    }
  }

  private *openNext(): Coroutine<boolean> {
    const argv = this.cell('ARGV').value as AwkArray;
    while (this.argument < toNumber(this.cell('ARGC').value as Value)) {
      const name = toStr(argv.get(String(this.argument++)), '%.6g');
      if (name === '') continue;
      if (/^[A-Za-z_]\w*=/.test(name)) {
        this.assignText(name);
        continue;
      }
      this.sawFile = true;
      this.cell('FILENAME').value = name;
      this.cell('FNR').value = 0;
      if (name === '-') {
        this.main = new RecordReader(this.t, 0);
        return true;
      }
      try {
        const path = decodeBinary(name);
        this.main = new RecordReader(this.t, yield* this.t.sys.open(path, { read: true, cloexec: true }));
        return true;
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* this.streams.flush();
        throw new Fail(`cannot open ${decodeBinary(name)} (${e.message})`, 2);
      }
    }
    if (this.sawFile) return false;
    this.sawFile = true;
    this.main = new RecordReader(this.t, 0);
    return true;
  }

  private separator(): RecordSeparator {
    const rs = this.str('RS');
    if (rs === '') return { kind: 'paragraph' };
    if (rs.length === 1) return { kind: 'char', char: rs };
    return { kind: 'regex', re: this.regex(rs) };
  }

  private setRecord(text: string): void {
    this.record = text;
    this.split = false;
  }

  private ensureSplit(): void {
    if (this.split) return;
    this.split = true;
    const parts = this.splitText(this.record, this.str('FS'), true);
    this.fields = parts.map(fromInput);
    this.fieldCount = parts.length;
  }

  /** Splits by a separator as FS has it. */
  private splitText(text: string, fs: string, record: boolean): string[] {
    if (text === '') return [];
    if (fs === ' ') return text.split(/[ \t\n\r\f\v]+/).filter((p) => p !== '');
    const paragraph = record && this.str('RS') === '';
    if (fs === '') return [...text];
    if (fs.length === 1 && fs !== '\\') {
      const parts = text.split(fs);
      return paragraph ? parts.flatMap((p) => p.split('\n')) : parts;
    }
    return this.splitRegex(text, this.regex(paragraph ? `(${fs})|\n` : fs));
  }

  private splitRegex(text: string, re: Regex): string[] {
    const out: string[] = [];
    let at = 0;
    let from = 0;
    while (from < text.length) {
      const m = re.exec(text, from);
      if (!m) break;
      if (m.end === m.index) {
        from = m.index + 1;
        continue;
      }
      out.push(text.slice(at, m.index));
      at = from = m.end;
    }
    out.push(text.slice(at));
    return out;
  }

  private getRecord(): string {
    return this.record;
  }

  private getField(n: number): Value {
    if (n === 0) return fromInput(this.record);
    if (n < 0 || !Number.isFinite(n)) throw new Fail(`run time error: negative field index $${n}`, 2);
    this.ensureSplit();
    return this.fields[n - 1];
  }

  private setField(n: number, v: Value): void {
    if (n === 0) {
      this.setRecord(toStr(v, this.str('CONVFMT')));
      return;
    }
    if (n < 0) throw new Fail(`run time error: negative field index $${n}`, 2);
    if (n > 32767) throw new Fail('program limit exceeded: maximum number of fields size=32767', 2);
    this.ensureSplit();
    while (this.fields.length < n) this.fields.push('');
    this.fields[n - 1] = typeof v === 'number' ? v : (v ?? '');
    this.fieldCount = this.fields.length;
    this.rebuild();
  }

  private setFieldCount(n: number): void {
    this.ensureSplit();
    const count = Math.max(0, Math.trunc(n));
    while (this.fields.length < count) this.fields.push('');
    this.fields.length = count;
    this.fieldCount = count;
    this.rebuild();
  }

  private rebuild(): void {
    const format = this.str('CONVFMT');
    this.record = this.fields.map((f) => toStr(f, format)).join(this.str('OFS'));
    this.split = true;
  }

  // --- variables ----------------------------------------------------------------------------------------------------

  private placeCell(p: Place): Cell {
    return p.k === 'global' ? p.cell : this.locals[p.slot]!;
  }

  private arrayOf(p: Place): AwkArray {
    const cell = this.placeCell(p);
    if (cell.value instanceof Map) return cell.value;
    if (cell.value !== undefined) throw new Fail(`run time error: reference to scalar ${p.name} as an array`, 2);
    const array: AwkArray = new Map();
    for (let c: Cell | undefined = cell; c; c = c.alias) c.value = array;
    return array;
  }

  private read(p: Place): Value {
    if (p.k === 'global' && p.name === 'NF') {
      this.ensureSplit();
      return this.fieldCount;
    }
    const v = this.placeCell(p).value;
    if (v instanceof Map) throw new Fail(`run time error: reference to array ${p.name} as a scalar`, 2);
    return v;
  }

  private subscript(subs: readonly Expr[]): string {
    const format = this.str('CONVFMT');
    if (subs.length === 1) return toStr(this.ev(subs[0]!), format);
    return subs.map((s) => toStr(this.ev(s), format)).join(this.str('SUBSEP'));
  }

  private get(l: LValue): Value {
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

  private set(l: LValue, v: Value): void {
    if (l.k === 'field') this.setField(Math.trunc(toNumber(this.ev(l.e))), v);
    else if (l.k === 'index') this.arrayOf(l.array).set(this.subscript(l.subs), v);
    else if (l.k === 'global' && l.name === 'NF') this.setFieldCount(toNumber(v));
    else {
      const cell = this.placeCell(l);
      if (cell.value instanceof Map) throw new Fail(`run time error: assignment to array ${l.name}`, 2);
      cell.value = v;
    }
  }

  // --- expressions that do not wait ---------------------------------------------------------------------------------

  private ev(e: Expr): Value {
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

  private regex(text: string): Regex {
    let re = this.regexes.get(text);
    if (!re) {
      if (this.regexes.size > 500) this.regexes.clear();
      re = awkRegex(text);
      this.regexes.set(text, re);
    }
    return re;
  }

  private builtin(name: string, args: readonly Expr[]): Value {
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

  // --- expressions that may wait ------------------------------------------------------------------------------------

  private *value(e: Expr): Coroutine<Value> {
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

  private *all(list: readonly Expr[]): Coroutine<Expr[]> {
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

  // --- statements ---------------------------------------------------------------------------------------------------

  private *exec(s: Stmt): Coroutine<'break' | 'continue' | undefined> {
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

/** Bytes of a text, one character each. */
export function binary(text: string): string {
  return toBinary(toBytes(text));
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
