import type { Coroutine } from '../core';
import { commandNames } from './builtins/complete';
import type { Completion } from './editor';
import type { Shell } from './shell';
import { compare } from './text';

/** Words after which a command begins. */
const OPENERS = new Set(['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', 'time', 'sudo', 'exec', 'command', 'builtin']);

/** Candidates for Tab: commands, variables, what a program offers, or file names. */
export function* complete(sh: Shell, line: string, cursor: number): Coroutine<Completion> {
  yield* sh.sys.work();
  const { words, start, quote, current } = split(line.slice(0, cursor));
  const variable = /(?:^|[^\\])\$\{?(\w*)$/.exec(line.slice(start, cursor));
  if (variable && quote !== "'") {
    const names = [...new Set([...sh.vars.names(), ...sh.vars.dynamics.keys()])].filter((n) => n.startsWith(variable[1]!)).sort(compare);
    const brace = line.slice(0, cursor).includes('${');
    return { start: cursor - variable[1]!.length, words: names, suffix: brace ? '}' : ' ', filenames: false };
  }
  if (words.length === 0 && !current.includes('/')) {
    return { start, words: commandNames(sh, current), suffix: ' ', filenames: false, quote };
  }
  if (words.length > 0 && !/^[<>]/.test(words.at(-1)!)) {
    const [name] = words;
    const fixed = sh.completions.get(name!);
    const offered = fixed ?? programWords(sh, words);
    if (offered) {
      const hits = [...new Set(offered.filter((w) => w.startsWith(current)))].sort(compare);
      if (hits.length > 0) return { start, words: hits, suffix: ' ', filenames: false, quote };
    }
  }
  const directories = words[0] === 'cd' || words[0] === 'rmdir' || words[0] === 'pushd';
  return { start, words: fileNames(sh, current, directories, words.length === 0), suffix: ' ', filenames: true, quote };
}

function programWords(sh: Shell, words: readonly string[]): readonly string[] | undefined {
  const name = words[0]!.split('/').at(-1)!;
  const program = sh.sys.machine.programs.get(name);
  if (program?.complete) return program.complete(words.slice(1), sh.sys);
  if (['export', 'unset', 'readonly', 'declare', 'local'].includes(name)) return sh.vars.names();
  if (name === 'kill' || name === 'fg' || name === 'bg') {
    const jobs = [...sh.jobs.jobs.values()].map((j) => `%${j.id}`);
    return jobs.length > 0 ? jobs : undefined;
  }
  return undefined;
}

function fileNames(sh: Shell, current: string, directories: boolean, executable: boolean): string[] {
  const slash = current.lastIndexOf('/');
  const dir = current.slice(0, slash + 1);
  const base = current.slice(slash + 1);
  let real = dir === '' ? '.' : dir;
  if (real.startsWith('~/')) real = `${sh.get('HOME') ?? ''}${real.slice(1)}`;
  let names: string[];
  try {
    names = sh.sys.files.readdir(real);
  } catch {
    return [];
  }
  const out: string[] = [];
  for (const n of names) {
    if (!n.startsWith(base) || (n.startsWith('.') && !base.startsWith('.'))) continue;
    let isDir = false;
    try {
      isDir = sh.sys.files.stat(`${real}/${n}`).type === 'dir';
    } catch {
      // A dangling link is no directory.
    }
    if (directories && !isDir) continue;
    if (executable && !isDir && !sh.sys.files.isExecutable(`${real}/${n}`)) continue;
    out.push(`${dir}${n}${isDir ? '/' : ''}`);
  }
  return out.sort(compare);
}

/** The words of the command the cursor is in, and the word before the cursor. */
function split(text: string): { words: string[]; start: number; quote: '"' | "'" | undefined; current: string } {
  let words: string[] = [];
  let word = '';
  let start = 0;
  let inWord = false;
  let quote: '"' | "'" | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote) {
      if (c === quote) quote = undefined;
      else if (c === '\\' && quote === '"' && i + 1 < text.length) word += text[++i];
      else word += c;
    } else if (c === '"' || c === "'") {
      if (!inWord) start = i + 1;
      quote = c;
      inWord = true;
    } else if (c === '\\' && i + 1 < text.length) {
      if (!inWord) start = i;
      inWord = true;
      word += text[++i];
    } else if (' \t\n'.includes(c)) {
      if (inWord) push();
    } else if ('|&;()'.includes(c)) {
      words = [];
      word = '';
      inWord = false;
    } else if (c === '<' || c === '>') {
      if (inWord) push();
      words.push(c);
    } else {
      if (!inWord) start = i;
      inWord = true;
      word += c;
    }
  }
  function push(): void {
    if (words.length === 0 && (OPENERS.has(word) || /^[A-Za-z_]\w*=/.test(word))) words = [];
    else words.push(word);
    word = '';
    inWord = false;
  }
  if (!inWord) start = text.length;
  return { words, start, quote, current: word };
}

