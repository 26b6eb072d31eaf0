/** grep at work on a file: which lines are selected, and how they are printed. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { LineReader } from '../lib/lines';
import { Output } from '../lib/output';
import type { Regex, RegexMatch } from '../lib/regex';
import { byteLength } from '../lib/text';
import type { Tool } from '../lib/tool';
import type { Settings } from './grep-options';

/** The colours of GREP_COLORS as they are when it is not set. */
const C = {
  match: '\x1b[01;31m\x1b[K',
  name: '\x1b[35m\x1b[K',
  number: '\x1b[32m\x1b[K',
  separator: '\x1b[36m\x1b[K',
  end: '\x1b[m\x1b[K',
};

/** Searches one file after another. */
export class Search {
  /** A line was selected. */
  found = false;
  /** A file could not be read. */
  failed = false;
  /** No further file needs to be read: -q has its answer. */
  stopped = false;
  private readonly out: Output;
  private printedAny = false;

  constructor(
    private readonly t: Tool,
    private readonly s: Settings,
    private readonly matchers: readonly Regex[],
  ) {
    this.out = new Output(t.sys, 1, s.lineBuffered || undefined);
  }

  /** Says what is wrong with a file, unless -s. */
  *trouble(name: string, message: string): Coroutine<void> {
    this.failed = true;
    if (!this.s.silent) {
      yield* this.out.flush();
      yield* this.t.warn(`${name}: ${message}`);
    }
  }

  /** Searches a file; `-` is standard input. */
  *file(name: string): Coroutine<void> {
    let fd = 0;
    if (name !== '-') {
      try {
        fd = yield* this.t.sys.open(name, { read: true });
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* this.trouble(name, e.message);
        return;
      }
    }
    try {
      yield* this.scan(name === '-' ? this.s.label : name, fd);
    } catch (e) {
      if (!isErrno(e, 'EISDIR', 'EIO', 'EINVAL', 'EACCES')) throw e;
      yield* this.trouble(name, e.message);
    } finally {
      this.t.close(fd);
      yield* this.out.flush();
    }
  }

  private *scan(name: string, fd: number): Coroutine<void> {
    const { s } = this;
    const reader = new LineReader(this.t.sys, fd, s.delimiter);
    let n = 0;
    let offset = 0;
    let count = 0;
    let after = 0;
    let binary = false;
    let lastPrinted = -1;
    if (s.max === 0) return;
    const held: { text: string; n: number; offset: number }[] = [];
    const context = s.before > 0 || s.after > 0;
    const show = !s.quiet && !s.count && s.list === '';
    for (;;) {
      const line = yield* reader.next();
      if (line === undefined) break;
      n++;
      const at = offset;
      offset += byteLength(line) + 1;

      if (s.binary !== 'text' && (/[\udc80-\udcff]/.test(line) || (s.delimiter !== 0 && line.includes('\0')))) {
        binary = true;
        if (s.binary === 'without-match') return;
      }
      const hit = this.matchers.some((m) => m.test(line)) !== s.invert;
      if (hit) {
        count++;
        this.found = true;
        if (s.quiet) {
          this.stopped = true;
          return;
        }
        if (s.list !== '') break;
        if (show) {
          if (binary) {
            yield* this.out.flush();
            yield* this.t.warn(`${name}: binary file matches`);
            return;
          }
          const first = held[0]?.n ?? n;
          if (context && s.between !== undefined && this.printedAny && first !== lastPrinted + 1)
            yield* this.out.write(s.color ? `${C.separator}${s.between}${C.end}\n` : `${s.between}\n`);
          for (const h of held) yield* this.print(name, h.text, h.n, h.offset, '-');
          held.length = 0;
          yield* this.print(name, line, n, at, ':');
          this.printedAny = true;
          lastPrinted = n;
        }
        after = s.after;
        if (count >= s.max) {
          // The lines after the last match still belong to its context.
          while (show && after-- > 0) {
            const more = yield* reader.next();
            if (more === undefined) break;
            if (this.matchers.some((m) => m.test(more)) !== s.invert) break;
            yield* this.print(name, more, ++n, offset, '-');
            offset += byteLength(more) + 1;
          }
          break;
        }
      } else if (show && after > 0) {
        after--;
        yield* this.print(name, line, n, at, '-');
        lastPrinted = n;
      } else if (show && s.before > 0) {
        held.push({ text: line, n, offset: at });
        if (held.length > s.before) held.shift();
      }
    }
    if (s.quiet) return;
    if (s.list !== '') {
      if ((s.list === 'l') === count > 0)
        yield* this.out.write((s.color ? `${C.name}${name}${C.end}` : name) + (s.zero ? '\0' : '\n'));
      if (s.list === 'L' && count === 0) this.found = true;
    } else if (s.count) yield* this.out.write(`${this.prefix(name, undefined, undefined, ':')}${count}\n`);
  }

  private prefix(name: string, n: number | undefined, offset: number | undefined, separator: string): string {
    const { s } = this;
    const paint = (text: string, code: string): string => (s.color ? code + text + C.end : text);
    let out = '';
    if (s.names) out += paint(name, C.name) + (s.zero ? '\0' : paint(separator, C.separator));
    if (n !== undefined && s.number)
      out += paint(s.tab ? String(n).padStart(s.names ? 4 : 0) : String(n), C.number) + paint(separator, C.separator);
    if (offset !== undefined && s.offset) out += paint(String(offset), C.number) + paint(separator, C.separator);
    if (s.tab && out !== '' && n !== undefined) out += '\t';
    return out;
  }

  private *print(name: string, line: string, n: number, offset: number, separator: ':' | '-'): Coroutine<void> {
    const { s } = this;
    const end = String.fromCharCode(s.delimiter);
    if (s.only) {
      if (separator === '-' || s.invert) return;
      for (const m of this.matches(line)) {
        if (m.end === m.index) continue;
        const text = line.slice(m.index, m.end);
        const at = s.offset ? offset + byteLength(line.slice(0, m.index)) : offset;
        yield* this.out.write(this.prefix(name, n, at, ':') + (s.color ? C.match + text + C.end : text) + end);
      }
      return;
    }
    let body = line;
    if (s.color && (separator === ':') !== s.invert) {
      body = '';
      let at = 0;
      for (const m of this.matches(line)) {
        if (m.end === m.index) continue;
        body += line.slice(at, m.index) + C.match + line.slice(m.index, m.end) + C.end;
        at = m.end;
      }
      body += line.slice(at);
    }
    yield* this.out.write(this.prefix(name, n, offset, separator) + body + end);
  }

  /** Matches from left to right, the longest of those that begin first. */
  private *matches(line: string): Generator<RegexMatch> {
    let from = 0;
    while (from <= line.length) {
      let best: RegexMatch | null = null;
      for (const m of this.matchers) {
        const hit = m.exec(line, from);
        if (hit && (!best || hit.index < best.index || (hit.index === best.index && hit.end > best.end))) best = hit;
      }
      if (!best) return;
      yield best;
      from = best.end > best.index ? best.end : best.end + 1;
    }
  }
}
