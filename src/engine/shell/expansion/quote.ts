const CONTROL = /[\x00-\x1f\x7f\uDC80-\uDCFF]/;
const NAMES: Record<string, string> = {
  '\x07': '\\a', '\b': '\\b', '\x1b': '\\E', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v',
}; // prettier-ignore

/** `$'...'` around `s`, as bash writes strings that hold control characters. */
export function ansiQuote(s: string): string {
  let out = '';
  for (const c of s) {
    const code = c.codePointAt(0)!;
    if (NAMES[c]) out += NAMES[c];
    else if (c === "'" || c === '\\') out += `\\${c}`;
    else if (code < 0x20 || code === 0x7f) out += `\\${code.toString(8).padStart(3, '0')}`;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\${(code - 0xdc00).toString(8)}`;
    else out += c;
  }
  return `$'${out}'`;
}

/** True when only `$'...'` can show `s`. */
export function needsAnsi(s: string): boolean {
  return CONTROL.test(s);
}

/** `'...'`, as `${x@Q}`, `set` and `trap` write strings. */
export function singleQuote(s: string): string {
  return `'${s.replaceAll("'", "'\\''")}'`;
}

/** `"..."`, as `declare -p` writes values. */
export function doubleQuote(s: string): string {
  return needsAnsi(s) ? ansiQuote(s) : `"${s.replace(/["$`\\]/g, '\\$&')}"`;
}

/** Backslashes before special characters, as `printf %q` and completion write strings. */
export function backslashQuote(s: string): string {
  if (s === '') return "''";
  if (needsAnsi(s)) return ansiQuote(s);
  return s
    .replace(/[ \t\n\\'"`$&|;<>(){}[\]*?!^,]/g, '\\$&')
    .replace(/^[~#]/, '\\$&')
    .replace(/([:=])~/g, '$1\\~');
}

/** How `set` and `alias` show a value: bare when nothing is special in it. */
export function quoteIfNeeded(s: string): string {
  if (s === '') return '';
  if (needsAnsi(s)) return ansiQuote(s);
  return /[ \t\n\\'"`$&|;<>(){}[\]*?!^#~]/.test(s) ? singleQuote(s) : s;
}

/** How `set -x` shows a word. */
export function traceQuote(s: string): string {
  if (s === '') return "''";
  if (/[ \t\n\\'"`$&|;<>(){}[\]*?!^]|^[~#]/.test(s)) return singleQuote(s);
  return needsAnsi(s) ? ansiQuote(s) : s;
}
