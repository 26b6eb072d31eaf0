import { toBinary, toBytes } from '../lib/text';
import { Fail, tool, UsageError } from '../lib/tool';

const CLASSES: Record<string, (b: number) => boolean> = {
  alnum: (b) => CLASSES.alpha!(b) || CLASSES.digit!(b),
  alpha: (b) => CLASSES.upper!(b) || CLASSES.lower!(b),
  blank: (b) => b === 32 || b === 9,
  cntrl: (b) => b < 32 || b === 127,
  digit: (b) => b >= 48 && b <= 57,
  graph: (b) => b > 32 && b < 127,
  lower: (b) => b >= 97 && b <= 122,
  print: (b) => b >= 32 && b < 127,
  punct: (b) => CLASSES.graph!(b) && !CLASSES.alnum!(b),
  space: (b) => b === 32 || (b >= 9 && b <= 13),
  upper: (b) => b >= 65 && b <= 90,
  xdigit: (b) => CLASSES.digit!(b) || (b >= 65 && b <= 70) || (b >= 97 && b <= 102),
};

interface Element {
  bytes: number[];
  /** `[x*]` fills up to the length of the other set; `[x*n]` repeats. */
  fill?: boolean;
  className?: string;
}

/** tr(1). Works on bytes, as the real one does. */
export const tr = tool({
  name: 'tr',
  summary: 'translate or delete characters',
  help: `[OPTION]... STRING1 [STRING2]
Translate, squeeze or delete characters from standard input.

  -c, -C, --complement    use the complement of STRING1
  -d, --delete            delete the characters of STRING1
  -s, --squeeze-repeats   replace repeated characters of the last STRING by one
  -t, --truncate-set1     cut STRING1 to the length of STRING2
STRINGs hold characters, escapes (\\n \\t \\\\ \\NNN), ranges a-z, classes [:alpha:], repeats [x*n] and [x*].
`,
  *run(t) {
    const { options, operands } = t.getopt('+cCdst', [
      'complement=c',
      'delete=d',
      'squeeze-repeats=s',
      'truncate-set1=t',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name.toLowerCase() === n);
    const [del, squeeze, comp] = [has('d'), has('s'), has('c')];
    if (operands.length === 0) throw new UsageError('missing operand');
    const need = del === squeeze ? 2 : 1;
    if (operands.length < need) {
      const why = squeeze
        ? 'Two strings must be given when both deleting and squeezing repeats.'
        : 'Two strings must be given when translating.';
      throw new UsageError(`missing operand after ${t.q(operands[0]!)}\n${why}`);
    }
    const most = del && !squeeze ? 1 : 2;
    if (operands.length > most) {
      const why =
        most === 1 && operands.length === 2
          ? '\nOnly one string may be given when deleting without squeezing repeats.'
          : '';
      throw new UsageError(`extra operand ${t.q(operands[most]!)}${why}`);
    }
    const first = parseSet(operands[0]!, (s) => t.q(s));
    const second = operands[1] === undefined ? undefined : parseSet(operands[1], (s) => t.q(s));
    if (first.some((e) => e.fill)) throw new Fail('the [c*] repeat construct may not appear in string1');
    let set1 = first.flatMap((e) => e.bytes);
    if (comp) {
      const inside = new Set(set1);
      set1 = Array.from({ length: 256 }, (_, i) => i).filter((b) => !inside.has(b));
    }
    const translating = second !== undefined && !del;
    const set2: number[] = [];
    if (second) {
      const fixed = second.filter((e) => !e.fill).reduce((n, e) => n + e.bytes.length, 0);
      for (const e of second) {
        if (e.fill) for (let n = Math.max(0, set1.length - fixed); n > 0; n--) set2.push(e.bytes[0]!);
        else set2.push(...e.bytes);
      }
      if (translating) {
        for (const e of second) {
          if (e.className && e.className !== 'upper' && e.className !== 'lower')
            throw new Fail(
              "when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'",
            );
        }
        if (set2.length === 0 && !has('t')) throw new Fail('when not truncating set1, string2 must be non-empty');
        if (has('t')) set1 = set1.slice(0, set2.length);
        while (set2.length < set1.length) set2.push(set2.at(-1)!);
      }
    }
    const remove = new Uint8Array(256);
    if (del) for (const b of set1) remove[b] = 1;
    const map = Uint8Array.from({ length: 256 }, (_, i) => i);
    if (translating) {
      set1.forEach((b, i) => (map[b] = set2[i]!));
      caseClasses(first, second!, map);
    }
    const repeats = new Uint8Array(256);
    if (squeeze) for (const b of second ? set2 : set1) repeats[b] = 1;
    let last = -1;
    for (;;) {
      const data = yield* t.sys.read(0);
      if (data.length === 0) return 0;
      yield* t.sys.work(1 + (data.length >> 12));
      const out = new Uint8Array(data.length);
      let n = 0;
      for (const raw of data) {
        if (remove[raw]) continue;
        const b = map[raw]!;
        if (repeats[b] && b === last) continue;
        last = b;
        out[n++] = b;
      }
      yield* t.out.write(out.slice(0, n));
    }
  },
});

/** [:lower:] against [:upper:] converts case whatever their order in the sets. */
function caseClasses(first: Element[], second: Element[], map: Uint8Array): void {
  let at = 0;
  const starts = new Map<number, Element>();
  for (const e of second) {
    starts.set(at, e);
    at += e.bytes.length;
  }
  at = 0;
  for (const e of first) {
    const other = starts.get(at);
    if (other && e.className === 'lower' && other.className === 'upper') for (const b of e.bytes) map[b] = b - 32;
    if (other && e.className === 'upper' && other.className === 'lower') for (const b of e.bytes) map[b] = b + 32;
    at += e.bytes.length;
  }
}

function parseSet(text: string, quote: (s: string) => string): Element[] {
  const source = toBinary(toBytes(text));
  const units: { b: number; literal: boolean }[] = [];
  const simple: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };
  for (let i = 0; i < source.length; i++) {
    if (source[i] !== '\\' || i + 1 === source.length) {
      units.push({ b: source.charCodeAt(i), literal: true });
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(source.slice(i + 1));
    if (octal) {
      let digits = octal[0];
      if (parseInt(digits, 8) > 255) digits = digits.slice(0, 2);
      units.push({ b: parseInt(digits, 8), literal: false });
      i += digits.length;
    } else {
      const c = source[++i]!;
      units.push({ b: simple[c] ?? c.charCodeAt(0), literal: false });
    }
  }
  const is = (i: number, c: string): boolean => units[i]?.literal === true && units[i]!.b === c.charCodeAt(0);
  const out: Element[] = [];
  for (let i = 0; i < units.length;) {
    if (is(i, '[') && (is(i + 1, ':') || is(i + 1, '='))) {
      const mark = String.fromCharCode(units[i + 1]!.b);
      let j = i + 2;
      while (j < units.length && !(is(j, mark) && is(j + 1, ']'))) j++;
      if (j < units.length) {
        const name = units
          .slice(i + 2, j)
          .map((u) => String.fromCharCode(u.b))
          .join('');
        if (mark === '=') {
          if (name.length !== 1) throw new Fail(`${name}: equivalence class operand must be a single character`);
          out.push({ bytes: [name.charCodeAt(0)] });
        } else {
          const test = CLASSES[name];
          if (!test) throw new Fail(`invalid character class ${quote(name)}`);
          const bytes: number[] = [];
          for (let b = 0; b < 256; b++) if (b < 128 && test(b)) bytes.push(b);
          out.push({ bytes, className: name });
        }
        i = j + 2;
        continue;
      }
    }
    if (is(i, '[') && units[i + 1] && is(i + 2, '*')) {
      let j = i + 3;
      while (j < units.length && /\d/.test(String.fromCharCode(units[j]!.b))) j++;
      if (is(j, ']')) {
        const digits = units
          .slice(i + 3, j)
          .map((u) => String.fromCharCode(u.b))
          .join('');
        const n = digits === '' ? 0 : parseInt(digits, digits[0] === '0' ? 8 : 10);
        const b = units[i + 1]!.b;
        out.push(n === 0 ? { bytes: [b], fill: true } : { bytes: Array.from({ length: n }, () => b) });
        i = j + 1;
        continue;
      }
    }
    const low = units[i]!;
    if (is(i + 1, '-') && units[i + 2]) {
      const high = units[i + 2]!;
      if (high.b < low.b) {
        throw new Fail(
          `range-endpoints of '${String.fromCharCode(low.b)}-${String.fromCharCode(high.b)}' are in reverse collating sequence order`,
        );
      }
      out.push({ bytes: Array.from({ length: high.b - low.b + 1 }, (_, k) => low.b + k) });
      i += 3;
      continue;
    }
    out.push({ bytes: [low.b] });
    i++;
  }
  return out;
}
