/** sed's addresses and substitution (match_address_p and do_subst of sed/execute.c). */
import type { Coroutine } from '../../core';
import type { Regex, RegexMatch } from '../lib/regex';
import { toText } from '../lib/text';
import { Fail } from '../lib/tool';
import type { Address, Command, Substitution } from './sed-parse';
import { SedFiles } from './sed-files';

/** Addresses and the s command. */
export abstract class SedMatcher extends SedFiles {
  protected *selects(c: Command): Coroutine<boolean> {
    if (!c.a) return !c.negated;
    const hit = c.b ? yield* this.inRange(c) : yield* this.matches(c.a);
    return hit !== c.negated;
  }

  private *inRange(c: Command): Coroutine<boolean> {
    const { a, b } = c as { a: Address; b: Address };
    if (!c.active) {
      const zero = a.kind === 'line' && a.n === 0 && this.lineNumber === 1 && c.until === 0;
      if (zero) {
        c.active = true;
        c.until = -1;
      } else {
        if (!(yield* this.matches(a))) return false;
        c.active = true;
        if (b.kind === 'line') {
          if (b.n <= this.lineNumber) c.active = false;
        } else if (b.kind === 'plus') {
          c.until = this.lineNumber + b.n;
          if (b.n === 0) c.active = false;
        } else if (b.kind === 'multiple') {
          c.until = b.n <= 0 ? this.lineNumber : Math.ceil(this.lineNumber / b.n) * b.n;
          if (c.until <= this.lineNumber) c.active = false;
        } else if (b.kind === 'last' && (yield* this.isLast())) c.active = false;
        return true;
      }
    }
    switch (b.kind) {
      case 'line':
        if (this.lineNumber >= b.n) c.active = false;
        return this.lineNumber <= b.n;
      case 'plus':
      case 'multiple':
        if (this.lineNumber >= c.until) c.active = false;
        return true;
      default:
        if (yield* this.matches(b)) c.active = false;
        return true;
    }
  }

  private *matches(a: Address): Coroutine<boolean> {
    switch (a.kind) {
      case 'line':
        return this.lineNumber === a.n;
      case 'last':
        return yield* this.isLast();
      case 'step':
        return a.step <= 0
          ? this.lineNumber === a.first
          : this.lineNumber >= a.first && (this.lineNumber - a.first) % a.step === 0;
      case 'regex':
        return this.regex(a.re).test(this.space);
      default:
        return false;
    }
  }

  private regex(re: Regex | null): Regex {
    const r = re ?? this.lastRegex;
    if (!r) throw new Fail('no previous regular expression');
    this.lastRegex = r;
    return r;
  }

  protected *substitute(s: Substitution): Coroutine<void> {
    const re = this.regex(s.re);
    let out = '';
    let at = 0;
    let from = 0;
    let count = 0;
    let done = false;
    const { space } = this;
    while (from <= space.length) {
      const m = re.exec(space, from);
      if (!m) break;
      // An empty match right behind the last match does not count.
      if (m.end === m.index && m.index === at && count > 0 && from === at && at > 0 && this.lastEnd === m.index) {
        if (m.index >= space.length) break;
        out += space.slice(at, at + 1);
        at++;
        from = at;
        continue;
      }
      count++;
      this.lastEnd = m.end;
      out += space.slice(at, m.index);
      if (count >= s.number && (s.global || count === s.number)) {
        out += expand(s, m);
        done = true;
      } else out += m.groups[0]!;
      at = m.end;
      if (done && !s.global) break;
      if (m.end === m.index) {
        if (m.index >= space.length) break;
        out += space.slice(at, at + 1);
        at++;
      }
      from = at;
      yield* this.t.sys.work();
    }
    this.lastEnd = -1;
    if (!done) return;
    this.space = out + space.slice(at);
    this.replaced = true;
    if (s.evaluate) yield* this.execute(undefined);
    if (s.print) yield* this.print(this.space);
    if (s.file !== undefined) yield* this.print(this.space, yield* this.sink(s.file), true);
  }

  /** e: runs a command before the output, or the pattern space as one. */
  protected *execute(command: string | undefined): Coroutine<void> {
    const { sys } = this.t;
    const text = command === undefined || command === '' ? this.space : command;
    const [r, w] = sys.pipe();
    yield* this.out.flush();
    const child = sys.fork(function* (c) {
      c.close(r);
      c.dup2(w, 1);
      c.close(w);
      return yield* c.exec('/bin/sh', ['sh', '-c', text]);
    });
    sys.close(w);
    const output = toText(yield* sys.readAll(r));
    sys.close(r);
    yield* sys.waitpid(child.pid);
    if (command === undefined || command === '') this.space = output.replace(/\n$/, '');
    else yield* this.raw(output);
  }
}

/** The replacement of one match, with \\L \\U \\l \\u \\E. */
function expand(s: Substitution, m: RegexMatch): string {
  let out = '';
  let mode: 'L' | 'U' | '' = '';
  let once: 'l' | 'u' | '' = '';
  for (const p of s.pieces) {
    if ('fold' in p) {
      if (p.fold === 'l' || p.fold === 'u') once = p.fold;
      else mode = p.fold === 'E' ? '' : p.fold;
      if (p.fold === 'E') once = '';
      continue;
    }
    let text = 'text' in p ? p.text : (m.groups[p.group] ?? '');
    if (text === '') continue;
    if (mode === 'L') text = text.toLowerCase();
    else if (mode === 'U') text = text.toUpperCase();
    if (once !== '') {
      const first = String.fromCodePoint(text.codePointAt(0)!);
      text = (once === 'l' ? first.toLowerCase() : first.toUpperCase()) + text.slice(first.length);
      once = '';
    }
    out += text;
  }
  return out;
}
