/** awk's variables, records and fields. Strings hold one character a byte, as Debian's mawk sees text. */
import { isErrno, Random } from '../../core';
import type { Coroutine } from '../../core';
import type { Regex } from '../lib/regex';
import { fromBinary, toBinary, toBytes } from '../lib/text';
import { Fail } from '../lib/tool';
import type { Tool } from '../lib/tool';
import type { AwkArray, AwkProgram, Cell, Expr, Stmt, Value } from './awk-ast';
import { unescapeString } from './awk-lex';
import { decodeBinary, RecordReader, Streams } from './awk-io';
import type { RecordSeparator } from './awk-io';
import { awkRegex } from './awk-parse';
import { fromInput, toNumber, toStr, truth } from './awk-values';
import { NextFile, Next } from './awk-control';

/** Variables, input records and their fields. */
export abstract class AwkRecords {
  protected readonly streams: Streams;
  protected record = '';
  private fields: Value[] = [];
  private split = true;
  protected fieldCount = 0;
  protected locals: Cell[] = [];
  protected depth = 0;
  protected status = 0;
  protected random: Random;
  protected seed: number;
  private readonly regexes = new Map<string, Regex>();
  private readonly globals: Map<string, Cell>;
  private main: RecordReader | undefined;
  private argument = 1;
  private sawFile = false;

  constructor(
    protected readonly t: Tool,
    protected readonly program: AwkProgram,
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

  protected cell(name: string): Cell {
    let c = this.globals.get(name);
    if (!c) this.globals.set(name, (c = { value: undefined }));
    return c;
  }

  protected str(name: string): string {
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

  protected *records(): Coroutine<void> {
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

  protected *readMain(): Coroutine<string | undefined> {
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

  protected separator(): RecordSeparator {
    const rs = this.str('RS');
    if (rs === '') return { kind: 'paragraph' };
    if (rs.length === 1) return { kind: 'char', char: rs };
    return { kind: 'regex', re: this.regex(rs) };
  }

  protected setRecord(text: string): void {
    this.record = text;
    this.split = false;
  }

  protected ensureSplit(): void {
    if (this.split) return;
    this.split = true;
    const parts = this.splitText(this.record, this.str('FS'), true);
    this.fields = parts.map(fromInput);
    this.fieldCount = parts.length;
  }

  /** Splits by a separator as FS has it. */
  protected splitText(text: string, fs: string, record: boolean): string[] {
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

  protected splitRegex(text: string, re: Regex): string[] {
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

  protected getField(n: number): Value {
    if (n === 0) return fromInput(this.record);
    if (n < 0 || !Number.isFinite(n)) throw new Fail(`run time error: negative field index $${n}`, 2);
    this.ensureSplit();
    return this.fields[n - 1];
  }

  protected setField(n: number, v: Value): void {
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

  protected setFieldCount(n: number): void {
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

  protected regex(text: string): Regex {
    let re = this.regexes.get(text);
    if (!re) {
      if (this.regexes.size > 500) this.regexes.clear();
      re = awkRegex(text);
      this.regexes.set(text, re);
    }
    return re;
  }

  protected abstract ev(e: Expr): Value;
  protected abstract value(e: Expr): Coroutine<Value>;
  protected abstract exec(s: Stmt): Coroutine<'break' | 'continue' | undefined>;
}

/** Bytes of a text, one character each. */
export function binary(text: string): string {
  return toBinary(toBytes(text));
}
