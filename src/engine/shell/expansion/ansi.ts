import { byteChar, normalise } from '../text';

const SIMPLE: Record<string, string> = {
  a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v',
  '\\': '\\', "'": "'", '"': '"', '?': '?',
}; // prettier-ignore

/** Decodes the inside of `$'...'` (bash(1), QUOTING). A NUL ends the string. */
export function decodeAnsi(s: string): string {
  const out = s.replace(
    /\\(?:([abeEfnrtv\\'"?])|([0-7]{1,3})|x([0-9a-fA-F]{1,2})|x\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c([^]))/g,
    (all, simple?: string, octal?: string, hex?: string, braced?: string, u?: string, big?: string, ctrl?: string) => {
      if (simple !== undefined) return SIMPLE[simple]!;
      if (octal !== undefined) return byteChar(parseInt(octal, 8) & 0xff);
      const byte = hex ?? braced;
      if (byte !== undefined) return byteChar(parseInt(byte, 16) & 0xff);
      const code = u ?? big;
      if (code !== undefined) return codePoint(parseInt(code, 16));
      if (ctrl !== undefined)
        return ctrl === '?' ? '\x7f' : String.fromCharCode(ctrl.toUpperCase().charCodeAt(0) & 0x1f);
      return all;
    },
  );
  const nul = out.indexOf('\0');
  return normalise(nul < 0 ? out : out.slice(0, nul));
}

/** Escapes of `echo -e`, `%b` and `xpg_echo`: octal is `\0nnn` (and, for `%b`, `\nnn`); `\c` ends all output. */
export function decodeEcho(s: string, printf = false): { text: string; stop: boolean } {
  let stop = false;
  let out = '';
  let i = 0;
  while (i < s.length) {
    if (s[i] !== '\\' || i + 1 >= s.length) {
      out += s[i++];
      continue;
    }
    const rest = s.slice(i + 1, i + 12);
    const c = rest[0]!;
    let match: RegExpExecArray | null;
    if (c === 'c') {
      stop = true;
      break;
    }
    if ((match = /^0([0-7]{0,3})/.exec(rest)) || (printf && (match = /^([1-7][0-7]{0,2})/.exec(rest)))) {
      out += byteChar(parseInt(match[1]! || '0', 8) & 0xff);
      i += 1 + match[0].length;
    } else if ((match = /^x([0-9a-fA-F]{1,2})/.exec(rest))) {
      out += byteChar(parseInt(match[1]!, 16));
      i += 1 + match[0].length;
    } else if ((match = /^(?:u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest))) {
      out += codePoint(parseInt((match[1] ?? match[2])!, 16));
      i += 1 + match[0].length;
    } else if ('abeEfnrtv\\'.includes(c) || (printf && '"\'?'.includes(c))) {
      out += SIMPLE[c]!;
      i += 2;
    } else {
      out += `\\${c}`;
      i += 2;
    }
  }
  return { text: normalise(out), stop };
}

function codePoint(n: number): string {
  return n <= 0x10ffff ? String.fromCodePoint(n) : '\ufffd';
}
