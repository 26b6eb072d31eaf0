/** How GNU tools quote names in their messages (gnulib's quotearg). */
import type { Sys } from '../../host';

/** Inside shell quotes, as `ls` and `stat` show a name (shell-escape-always): always quoted. */
export function quoteShell(name: string): string {
  if (/[\x00-\x1f\x7f\udc80-\udcff]/.test(name)) return escaped(name);
  if (!name.includes("'")) return `'${name}'`;
  if (!/["$`\\!]/.test(name)) return `"${name}"`;
  return `'${name.replace(/'/g, "'\\''")}'`;
}

/** Quoted only when a shell would need it (shell-escape): how `ls` prints names on a terminal. */
export function quoteShellIfNeeded(name: string): string {
  return name !== '' && !/[\s"'`$&*()|;<>?![\]\\\x00-\x1f\x7f\udc80-\udcff]|^[~#]|^[{}]$|[=^]/.test(name)
    ? name
    : name !== '' && !/[\s"'`$&*()|;<>?![\]\\\x00-\x1f\x7f\udc80-\udcff=^]|^[~#]|^[{}]$/.test(name)
      ? name
      : quoteShell(name);
}

/** Between the locale's quotation marks, as most messages have it: ‘name’ in UTF-8 locales, 'name' in the C locale. */
export function quote(sys: Sys, name: string): string {
  const body = name.replace(
    /[\x00-\x1f\x7f\\]/g,
    (c) => OCTAL[c] ?? `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return isUtf8(sys) ? `‘${body}’` : `'${body.replace(/'/g, "\\'")}'`;
}

/** True when the process's locale has UTF-8 as its character set. */
export function isUtf8(sys: Sys): boolean {
  const locale = sys.env('LC_ALL') || sys.env('LC_CTYPE') || sys.env('LANG') || '';
  return /utf-?8/i.test(locale);
}

const OCTAL: Record<string, string> = {
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
  '\x07': '\\a',
  '\\': '\\\\',
};

function escaped(name: string): string {
  let out = "'";
  let inEscape = false;
  for (const c of name) {
    const code = c.codePointAt(0)!;
    if (code < 0x20 || code === 0x7f || (code >= 0xdc80 && code <= 0xdcff)) {
      const byte = code >= 0xdc80 ? code - 0xdc00 : code;
      if (!inEscape) out += "'$'";
      inEscape = true;
      out += OCTAL[c] ?? `\\${byte.toString(8).padStart(3, '0')}`;
    } else {
      if (inEscape) out += "''";
      inEscape = false;
      out += c === "'" ? "'\\''" : c;
    }
  }
  return `${out}'`;
}
