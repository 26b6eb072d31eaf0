import { doubleQuoteEnd } from '../syntax/word';

/** Words one brace expansion may make before it is refused. */
const MAX_WORDS = 100_000;

/** Brace expansion (bash(1)) of a word's source text, before every other expansion. @throws RangeError beyond `MAX_WORDS` */
export function expandBraces(text: string): string[] {
  if (!text.includes('{') || !(text.includes(',') || text.includes('..'))) return [text];
  const out = expand(text);
  if (out.length > MAX_WORDS) throw new RangeError('brace expansion');
  return out;
}

function expand(text: string): string[] {
  for (let i = 0; i < text.length;) {
    if (text[i] === '{') {
      const group = readGroup(text, i);
      if (group) {
        const before = text.slice(0, i);
        const after = expand(text.slice(group.end));
        const out: string[] = [];
        for (const item of group.items) for (const rest of after) out.push(before + item + rest);
        if (out.length > MAX_WORDS) throw new RangeError('brace expansion');
        return out;
      }
      i++;
    } else i = step(text, i);
  }
  return [text];
}

/** Position after the character at `i`, taking quotes and `${...}`, `$(...)` as one. */
function step(s: string, i: number): number {
  const c = s[i];
  if (c === '\\') return i + 2;
  if (c === "'") {
    const end = s.indexOf("'", i + 1);
    return end < 0 ? s.length : end + 1;
  }
  if (c === '"') return doubleQuoteEnd(s, i);
  if (c === '`') {
    let j = i + 1;
    while (j < s.length && s[j] !== '`') j += s[j] === '\\' ? 2 : 1;
    return j + 1;
  }
  if ((c === '$' || c === '<' || c === '>') && (s[i + 1] === '(' || (c === '$' && s[i + 1] === '{'))) {
    const [open, close] = s[i + 1] === '(' ? ['(', ')'] : ['{', '}'];
    let depth = 0;
    for (let j = i + 1; j < s.length;) {
      if (s[j] === open) depth++;
      else if (s[j] === close && --depth === 0) return j + 1;
      j = s[j] === open || s[j] === close ? j + 1 : step(s, j);
    }
    return s.length;
  }
  return i + 1;
}

function readGroup(s: string, open: number): { items: string[]; end: number } | null {
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let j = open + 1; j < s.length;) {
    const c = s[j]!;
    if (c === '{') {
      depth++;
      j++;
    } else if (c === '}') {
      if (depth === 0) {
        parts.push(s.slice(start, j));
        const items = parts.length > 1 ? parts.flatMap(expand) : sequence(parts[0]!);
        return items && { items, end: j + 1 };
      }
      depth--;
      j++;
    } else if (c === ',' && depth === 0) {
      parts.push(s.slice(start, j));
      start = ++j;
    } else j = step(s, j);
  }
  return null;
}

function sequence(s: string): string[] | null {
  const m = /^(?:(-?\+?\d+)\.\.(-?\+?\d+)|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d+))?$/.exec(s);
  if (!m) return null;
  const letters = m[3] !== undefined;
  const from = letters ? m[3]!.charCodeAt(0) : Number(m[1]);
  const to = letters ? m[4]!.charCodeAt(0) : Number(m[2]);
  const step = Math.max(1, Math.abs(Number(m[5] ?? 1)));
  const width = !letters && (/^-?0\d/.test(m[1]!) || /^-?0\d/.test(m[2]!)) ? Math.max(m[1]!.length, m[2]!.length) : 0;
  if (Math.abs(to - from) / step > MAX_WORDS) throw new RangeError('brace expansion');
  const out: string[] = [];
  for (let n = from; from <= to ? n <= to : n >= to; n += from <= to ? step : -step) {
    if (letters) out.push(String.fromCharCode(n) === '\\' ? '\\\\' : String.fromCharCode(n));
    else if (width > 0) out.push(n < 0 ? `-${String(-n).padStart(width - 1, '0')}` : String(n).padStart(width, '0'));
    else out.push(String(n));
  }
  return out;
}
