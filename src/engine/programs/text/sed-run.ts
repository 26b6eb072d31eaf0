/** Runs sed scripts: a cycle for each line (process_files and execute_program of sed/execute.c). */
import type { Coroutine } from '../../core';
import { toBytes } from '../lib/text';
import { SedMatcher } from './sed-match';

/** A running script. */
export class Sed extends SedMatcher {
  *run(names: string[]): Coroutine<number> {
    this.names = [...names];
    // Files of w commands are made before the first line is read.
    for (const c of this.commands) {
      const file = c.sub?.file ?? ('wW'.includes(c.name) ? c.text : undefined);
      if (file !== undefined) yield* this.sink(file);
    }
    while (yield* this.advance()) {
      if (yield* this.cycle()) break;
    }
    yield* this.closeInPlace();
    yield* this.out.flush();
    for (const out of this.outputs.values()) yield* out.flush();
    return this.status;
  }

  /** Runs the script on one pattern space. @returns true when sed must end. */
  private *cycle(): Coroutine<boolean> {
    const { commands, t } = this;
    let i = 0;
    this.replaced = false;
    for (;;) {
      yield* t.sys.work();
      const c = commands[i];
      if (!c) {
        yield* this.endCycle(true);
        return false;
      }
      i++;
      if (!(yield* this.selects(c))) {
        if (c.name === '{') i = c.target;
        continue;
      }
      switch (c.name) {
        case '{':
        case ':':
          break;
        case '=':
          yield* this.raw(`${this.lineNumber}\n`);
          break;
        case 'a':
          this.appends.push({ text: c.text });
          break;
        case 'i':
          yield* this.raw(c.text);
          break;
        case 'c':
          // In a range, the text replaces all of it once.
          if (!c.b || c.negated || !c.active) yield* this.raw(c.text);
          yield* this.endCycle(false);
          return false;
        case 'd':
          yield* this.endCycle(false);
          return false;
        case 'D': {
          const at = this.space.indexOf(this.newline);
          if (at < 0) {
            yield* this.endCycle(false);
            return false;
          }
          yield* this.endCycle(false);
          this.space = this.space.slice(at + 1);
          i = 0;
          continue;
        }
        case 'e':
          yield* this.execute(c.text);
          break;
        case 'F':
          yield* this.raw(`${this.currentName}\n`);
          break;
        case 'g':
          this.space = this.hold;
          this.terminated = this.holdTerminated;
          break;
        case 'G':
          this.space += this.newline + this.hold;
          this.terminated = true;
          break;
        case 'h':
          this.hold = this.space;
          this.holdTerminated = this.terminated;
          break;
        case 'H':
          this.hold += this.newline + this.space;
          break;
        case 'x':
          [this.space, this.hold] = [this.hold, this.space];
          [this.terminated, this.holdTerminated] = [this.holdTerminated, this.terminated];
          break;
        case 'l':
          yield* this.raw(this.unambiguous(c.text === '' ? this.s.width : Number(c.text)));
          break;
        case 'n':
          if (yield* this.isLast()) {
            yield* this.endCycle(true);
            return true;
          }
          yield* this.endCycle(true);
          yield* this.advance();
          break;
        case 'N':
          if (yield* this.isLast()) {
            // GNU prints the pattern space when there is no next line.
            yield* this.endCycle(true);
            return !(this.s.separate && this.names.length > 0);
          }
          yield* this.flushAppends();
          yield* this.advance(true);
          break;
        case 'p':
          yield* this.print(this.space);
          break;
        case 'P': {
          const at = this.space.indexOf(this.newline);
          yield* this.print(at < 0 ? this.space : this.space.slice(0, at), this.out, true);
          break;
        }
        case 'q':
          this.status = Number(c.text || 0) || this.status;
          yield* this.endCycle(true);
          this.giveBack();
          return true;
        case 'Q':
          this.status = Number(c.text || 0) || this.status;
          this.giveBack();
          return true;
        case 'r':
          this.appends.push({ file: c.text });
          break;
        case 'R': {
          const line = yield* this.lineOf(c.text);
          if (line !== undefined) this.appends.push({ line });
          break;
        }
        case 'w':
          yield* this.print(this.space, yield* this.sink(c.text), true);
          break;
        case 'W': {
          const at = this.space.indexOf(this.newline);
          yield* this.print(at < 0 ? this.space : this.space.slice(0, at), yield* this.sink(c.text), true);
          break;
        }
        case 's':
          yield* this.substitute(c.sub!);
          break;
        case 'y':
          this.space = [...this.space].map((ch) => c.map!.get(ch) ?? ch).join('');
          break;
        case 'z':
          this.space = '';
          break;
        case 'b':
          i = c.target;
          break;
        case 't':
          if (this.replaced) i = c.target;
          this.replaced = false;
          break;
        case 'T':
          if (!this.replaced) i = c.target;
          this.replaced = false;
          break;
        default:
      }
    }
  }

  private unambiguous(width: number): string {
    let out = '';
    let column = 0;
    const put = (piece: string): void => {
      if (width > 1 && column + piece.length > width - 1) {
        out += '\\\n';
        column = 0;
      }
      out += piece;
      column += piece.length;
    };
    const named: Record<string, string> = {
      '\\': '\\\\',
      '\x07': '\\a',
      '\b': '\\b',
      '\f': '\\f',
      '\n': '\\n',
      '\r': '\\r',
      '\t': '\\t',
      '\v': '\\v',
    };
    for (const ch of this.space) {
      if (named[ch]) put(named[ch]);
      else if (ch >= ' ' && ch <= '~') put(ch);
      else for (const byte of toBytes(ch)) put(`\\${byte.toString(8).padStart(3, '0')}`);
    }
    return `${out}$\n`;
  }
}
