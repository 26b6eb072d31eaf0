import type { Coroutine } from '../core';
import { strftime } from '../programs/lib/strftime';
import { expandQuoted } from './expansion/expand';
import type { Shell } from './shell';

/** Expands a prompt string (bash(1), PROMPTING). `\[` and `\]` become U+0001 and U+0002. */
export function* expandPrompt(sh: Shell, text: string): Coroutine<string> {
  const decoded = sh.dash ? text : decode(sh, text);
  if (!sh.shopt('promptvars') || !/[$`\\]/.test(decoded)) return decoded;
  const { status, pos } = sh;
  const out = yield* expandQuoted(sh, decoded);
  sh.status = status;
  sh.pos = pos;
  return out;
}

function decode(sh: Shell, text: string): string {
  const now = sh.sys.now;
  return text.replace(/\\(D\{([^}]*)\}|[0-7]{3}|[^])/g, (all: string, code: string, format: string | undefined) => {
    if (code.startsWith('D{')) return strftime(format === '' ? '%H:%M:%S' : format!, now);
    if (/^[0-7]{3}$/.test(code)) return String.fromCharCode(parseInt(code, 8));
    switch (code) {
        case 'a': return '\x07';
        case 'd': return strftime('%a %b %d', now);
        case 'e': return '\x1b';
        case 'h': return quoted(hostname(sh).split('.')[0]!);
        case 'H': return quoted(hostname(sh));
        case 'j': return String(sh.jobs.jobs.size);
        case 'l': return sh.sys.proc.tty?.name.split('/').at(-1) ?? 'tty';
        case 'n': return '\n';
        case 'r': return '\r';
        case 's': return sh.name.split('/').at(-1)!.replace(/^-/, '');
        case 't': return strftime('%H:%M:%S', now);
        case 'T': return strftime('%I:%M:%S', now);
        case '@': return strftime('%I:%M %p', now);
        case 'A': return strftime('%H:%M', now);
        case 'u': return quoted(sh.get('USER') ?? (sh.sys.proc.uid === 0 ? 'root' : 'user'));
        case 'v': return '5.2';
        case 'V': return '5.2.15';
        case 'w': return quoted(shortDirectory(sh));
        case 'W': return quoted(lastDirectory(sh));
        case '!': return String(sh.historyBase + sh.history.length);
        case '#': return String(sh.commandNumber);
        case '$': return sh.sys.proc.uid === 0 ? '#' : '\\$';
        case '\\': return '\\\\';
        case '[': return '\x01';
        case ']': return '\x02';
        default: return all;
      } // prettier-ignore
  });
}

/** Text that the later expansion must leave alone. */
function quoted(s: string): string {
  return s.replace(/[\\$`"]/g, '\\$&');
}

function hostname(sh: Shell): string {
  return sh.sys.proc.ns.uts.hostname;
}

function shortDirectory(sh: Shell): string {
  const pwd = sh.get('PWD') ?? sh.sys.proc.cwd;
  const home = sh.get('HOME');
  let out = pwd;
  if (home && home !== '/' && (pwd === home || pwd.startsWith(`${home}/`))) out = `~${pwd.slice(home.length)}`;
  const trim = Number(sh.get('PROMPT_DIRTRIM') ?? 0);
  if (trim > 0) {
    const lead = out.startsWith('~') ? '~' : '';
    const parts = out
      .slice(lead.length)
      .split('/')
      .filter((p) => p !== '');
    if (parts.length > trim) out = `${lead === '' ? '' : '~/'}.../${parts.slice(-trim).join('/')}`;
  }
  return out;
}

function lastDirectory(sh: Shell): string {
  const pwd = sh.get('PWD') ?? sh.sys.proc.cwd;
  if (pwd === sh.get('HOME')) return '~';
  return pwd === '/' ? '/' : pwd.slice(pwd.lastIndexOf('/') + 1);
}
