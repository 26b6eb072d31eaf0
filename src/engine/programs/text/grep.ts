/** grep(1), egrep and fgrep: the lines that match, of the files that are named. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program } from '../../host';
import type { RegexSyntax } from '../lib/regex';
import { Regex, RegexError } from '../lib/regex';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';
import type { CommandLine } from './grep-options';
import { HELP, readCommandLine } from './grep-options';
import { Search } from './grep-search';
import { excluded, walk } from './grep-walk';

function make(name: string, fixed: RegexSyntax | undefined): Program {
  return tool({
    name,
    summary: 'print lines that match patterns',
    version: 'GNU grep 3.8',
    usageStatus: 2,
    usage: `Usage: ${name} [OPTION]... PATTERNS [FILE]...\n`,
    help: HELP,
    run: (t) => run(t, fixed),
  });
}

/** grep(1). */
export const grep: Program = make('grep', undefined);
/** egrep(1): grep -E. */
export const egrep: Program = make('egrep', 'extended');
/** fgrep(1): grep -F. */
export const fgrep: Program = make('fgrep', 'fixed');

function* run(t: Tool, fixed: RegexSyntax | undefined): Coroutine<number> {
  const o = yield* readCommandLine(t, fixed);
  if (!o) return 2;
  const { settings, recursive } = o;
  const g = new Search(t, settings, yield* compile(t, o));
  const files = o.files.length > 0 ? o.files : [recursive ? '.' : '-'];
  for (const file of files) {
    let isDir = false;
    if (file !== '-') {
      try {
        isDir = t.sys.files.stat(file).type === 'dir';
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* g.trouble(file, e.message);
        continue;
      }
    }
    if (isDir && recursive) {
      const bare = o.files.length === 0;
      yield* walk(t, g, bare ? '.' : file, bare, { ...o, follow: recursive === 'R' });
    } else if (isDir) {
      if (!o.skipDirs) yield* g.trouble(file, 'Is a directory');
    } else if (recursive && file !== '-' && excluded(file, o)) continue;
    else yield* g.file(file);
    if (g.stopped) break;
  }
  if (settings.quiet && g.found) return 0;
  return g.failed ? 2 : g.found ? 0 : 1;
}

/** The patterns, ready to match. @throws Fail for one that is malformed */
function* compile(t: Tool, { patterns, syntax, ignoreCase, whole }: CommandLine): Coroutine<Regex[]> {
  const matchers: Regex[] = [];
  for (const p of patterns) {
    if (syntax !== 'fixed' && syntax !== 'perl' && /^\[:[a-z]+:\]$/.test(p))
      throw new Fail('character class syntax is [[:space:]], not [:space:]', 2);
    if (syntax === 'extended' && /^(?:[*+?]|\{\d)/.test(p))
      yield* t.warn(`warning: ${p.startsWith('{') ? '{...}' : p[0]} at start of expression`);
    try {
      matchers.push(new Regex(p, { syntax, ignoreCase, looseParen: true, ...(whole ? { whole } : {}) }));
    } catch (e) {
      if (e instanceof RegexError) throw new Fail(e.message, 2);
      throw e;
    }
  }
  return matchers;
}
