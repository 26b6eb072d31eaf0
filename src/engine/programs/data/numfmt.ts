import type { Coroutine } from '../../core';
import { LineReader } from '../lib/lines';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';

const SUFFIXES = 'KMGTPEZY';
type Scale = 'none' | 'si' | 'iec' | 'iec-i' | 'auto';

class Bad extends Error {}

/** A number with an optional suffix. @throws Bad */
function parse(t: Tool, text: string, from: Scale): number {
  const m = /^(-?\d+(?:\.\d+)?)(.*)$/.exec(text);
  if (!m) throw new Bad(`invalid number: ${t.q(text)}`);
  const [, digits = '', suffix = ''] = m;
  if (suffix === '') return Number(digits);
  const power = SUFFIXES.indexOf(suffix[0]!) + 1;
  if (power === 0) throw new Bad(`invalid suffix in input: ${t.q(text)}`);
  if (from === 'none') throw new Bad(`rejecting suffix in input: ${t.q(text)} (consider using --from)`);
  const i = suffix[1] === 'i';
  if (from === 'iec-i' && !i) throw new Bad(`missing 'i' suffix in input: ${t.q(text)} (e.g Ki/Mi/Gi)`);
  const rest = suffix.slice(i && (from === 'iec-i' || from === 'auto') ? 2 : 1);
  if (rest !== '') throw new Bad(`invalid suffix in input ${t.q(text)}: ${t.q(rest)}`);
  const base = from === 'si' || (from === 'auto' && !i) ? 1000 : 1024;
  return Number(digits) * base ** power;
}

const ROUND: Record<string, (x: number) => number> = {
  up: (x) => (x < 0 ? Math.floor(x) : Math.ceil(x)),
  down: Math.floor,
  'from-zero': (x) => (x < 0 ? Math.floor(x) : Math.ceil(x)),
  'towards-zero': Math.trunc,
  nearest: (x) => Math.sign(x) * Math.round(Math.abs(x)),
};

function show(n: number, to: Scale, round: (x: number) => number): string {
  if (to === 'none' || to === 'auto') return String(n);
  const base = to === 'si' ? 1000 : 1024;
  let power = 0;
  let x = n;
  while (Math.abs(x) >= base && power < SUFFIXES.length) {
    x /= base;
    power++;
  }
  // One digit after the point below ten.
  let value = power > 0 && Math.abs(x) < 10 ? round(x * 10) / 10 : round(x);
  if (Math.abs(value) >= base) {
    value /= base;
    power++;
  }
  if (power === 0) return String(value);
  const text = Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0);
  return text + SUFFIXES[power - 1]! + (to === 'iec-i' ? 'i' : '');
}

/** numfmt(1). */
export const numfmt = tool({
  name: 'numfmt',
  summary: 'convert numbers from/to human-readable strings',
  help: `[OPTION]... [NUMBER]...
Reformat NUMBER(s), or the numbers from standard input.

  -d, --delimiter=X    use X between fields instead of blanks
      --field=N        the field to convert, 1 by default
      --from=UNIT      none, auto, si, iec or iec-i
      --to=UNIT        none, si, iec or iec-i
      --header[=N]     print the first N lines as they are
      --padding=N      pad to N characters; negative aligns left
      --round=METHOD   up, down, from-zero (the default), towards-zero, nearest
      --suffix=SUFFIX  add SUFFIX to the output, accept it in the input
`,
  *run(t) {
    const { options, operands } = t.getopt('d:z', [
      'delimiter:=d',
      'field:',
      'from:',
      'to:',
      'header::',
      'padding:',
      'round:',
      'suffix:',
      'zero-terminated=z',
    ]);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const unit = (n: string): Scale => {
      const u = get(n) ?? 'none';
      if (!['none', 'si', 'iec', 'iec-i', ...(n === 'from' ? ['auto'] : [])].includes(u))
        throw new UsageError(`invalid argument ${t.q(u)} for ${t.q(`--${n}`)}`);
      return u as Scale;
    };
    const from = unit('from');
    const to = unit('to');
    const round = ROUND[get('round') ?? 'from-zero'];
    if (!round) throw new UsageError(`invalid argument ${t.q(get('round')!)} for ${t.q('--round')}`);
    const suffix = get('suffix') ?? '';
    const padding = Number(get('padding') ?? 0);
    const field = Number(get('field') ?? 1);
    if (!Number.isInteger(field) || field < 1) throw new Fail(`invalid field value ${t.q(get('field')!)}`);
    const delimiter = get('d');
    const convert = (word: string): string => {
      const bare = suffix !== '' && word.endsWith(suffix) ? word.slice(0, -suffix.length) : word;
      const text = show(parse(t, bare, from), to, round) + suffix;
      return padding < 0 ? text.padEnd(-padding) : text.padStart(padding);
    };
    const line = function* (text: string): Coroutine<void> {
      const parts = delimiter === undefined ? (text.match(/\s*\S+/g) ?? [text]) : text.split(delimiter);
      const part = parts[field - 1];
      if (part !== undefined) {
        const blank = delimiter === undefined ? (/^\s*/.exec(part)?.[0] ?? '') : '';
        const word = convert(part.trim());
        // A field keeps the columns it had.
        parts[field - 1] =
          delimiter === undefined && padding === 0 && blank.length > 1
            ? word.padStart(part.length)
            : (field > 1 ? blank : '') + word;
      }
      yield* t.out.line(parts.join(delimiter ?? ''));
    };
    try {
      if (operands.length > 0) for (const word of operands) yield* line(word);
      else {
        const reader = new LineReader(t.sys, 0);
        let header = options.some((o) => o.name === 'header') ? Number(get('header') ?? 1) : 0;
        for (let text = yield* reader.next(); text !== undefined; text = yield* reader.next()) {
          if (header-- > 0) yield* t.out.line(text);
          else yield* line(text);
        }
      }
    } catch (e) {
      if (e instanceof Bad) throw new Fail(e.message, 2);
      throw e;
    }
    return t.status;
  },
});
