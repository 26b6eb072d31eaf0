/** nft(8) 1.0.6. */
import type { Coroutine, ErrnoCode } from '../../../core';
import { decode, isErrno, strerror } from '../../../core';
import type { Program, Sys } from '../../../host';
import { rulesetOf } from '../../../net/netfilter/nftables';
import type { Command } from './ast';
import type { Env } from './datatype';
import type { Problem } from './execute';
import { Executor } from './execute';
import { HELP } from './help';
import { NftSyntaxError, tokenize } from './lexer';
import { show } from './listing';
import { changeText, monitor } from './monitor';
import { CommandParser } from './parse';
import type { PrintOptions } from './print-operand';

const VERSION = 'nftables v1.0.6 (Lester Gooch #5)\n';
const LONG: Readonly<Record<string, string>> = {
  help: 'h', version: 'v', check: 'c', file: 'f', define: 'D', interactive: 'i', includepath: 'I', optimize: 'o', handle: 'a',
  stateless: 's', terse: 't', service: 'S', reversedns: 'N', guid: 'u', numeric: 'n', 'numeric-priority': 'y',
  'numeric-protocol': 'p', 'numeric-time': 'T', echo: 'e', json: 'j', debug: 'd',
}; // prettier-ignore
const WITH_VALUE = 'fIDd';

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly file: string | undefined;
  readonly defines: readonly string[];
  readonly rest: readonly string[];
}

/** The end with a text on standard error. */
class Quit extends Error {
  constructor(
    readonly text: string,
    readonly status = 1,
  ) {
    super(text);
  }
}

function parseOptions(argv: readonly string[]): Options {
  const flags = new Set<string>();
  const defines: string[] = [];
  let file: string | undefined;
  let i = 1;
  for (; i < argv.length; i++) {
    const arg = argv[i]!;
    if (arg === '--') {
      i++;
      break;
    }
    if (!arg.startsWith('-') || arg === '-') break;
    const give = (letter: string, inline: string | undefined, name: string): void => {
      if (!WITH_VALUE.includes(letter)) {
        flags.add(letter);
        return;
      }
      const value = inline ?? argv[++i];
      if (value === undefined) throw new Quit(`nft: option requires an argument -- '${name}'\n`);
      if (letter === 'f') file = value;
      else if (letter === 'D') defines.push(value);
      else flags.add(letter);
    };
    if (arg.startsWith('--')) {
      const [name = '', value] = arg.slice(2).split('=', 2);
      const known = Object.keys(LONG).filter((l) => l === name || l.startsWith(name));
      const full = known.includes(name) ? name : known.length === 1 ? known[0]! : undefined;
      if (full === undefined) throw new Quit(`nft: unrecognized option '${arg}'\n`);
      give(LONG[full]!, value, full);
      continue;
    }
    for (let k = 1; k < arg.length; k++) {
      const letter = arg[k]!;
      if (letter !== 'V' && !Object.values(LONG).includes(letter))
        throw new Quit(`nft: invalid option -- '${letter}'\n`);
      const inline = WITH_VALUE.includes(letter) && k + 1 < arg.length ? arg.slice(k + 1) : undefined;
      give(letter, inline, letter);
      if (WITH_VALUE.includes(letter)) break;
    }
  }
  const rest = argv.slice(i);
  checkOrder(argv, i, rest);
  return { flags, file, defines, rest };
}

/** Options must stand before the command (nft_options_check). */
function checkOrder(argv: readonly string[], first: number, rest: readonly string[]): void {
  let position = argv.slice(0, first).reduce((n, a) => n + a.length + 1, 0);
  for (const a of rest) {
    if (a.startsWith('{')) return;
    if (a.startsWith('-') && a.length > 1 && !/^-\d/.test(a)) {
      const line = argv.map((x) => `${x} `).join('');
      const marks = `   ^${' '.repeat(Math.max(0, position - 4))}~~`;
      throw new Quit(`Error: syntax error, options must be specified before commands\n${line}\n${marks}\n`);
    }
    position += a.length + 1;
  }
}

/** A problem as it is printed: message, line, marks. @param name of the file; undefined for the command line */
export function problemText(p: Problem, source: string, name: string | undefined): string {
  const line = source.split('\n')[p.loc.line - 1] ?? '';
  const place = name === undefined ? '' : `${name}:${p.loc.line}:${p.loc.start + 1}-${p.loc.end}: `;
  const width = Math.max(p.loc.end, p.second?.line === p.loc.line ? p.second.end : 0, 1);
  let marks = '';
  for (let i = 0; i < width; i++) {
    const inside = (l: { start: number; end: number } | undefined) => l !== undefined && i >= l.start && i < l.end;
    if (inside(p.loc)) marks += '^';
    else if (p.second !== undefined && p.second.line === p.loc.line && inside(p.second)) marks += '~';
    else marks += line[i] === '\t' ? '\t' : ' ';
  }
  return `${place}Error: ${p.message}\n${line}\n${marks}\n`;
}

function* fileOr(sys: Sys, path: string): Coroutine<string> {
  try {
    return yield* sys.readFile(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return '';
  }
}

function* environment(sys: Sys): Coroutine<Env> {
  const hosts = yield* fileOr(sys, '/etc/hosts');
  const passwd = yield* fileOr(sys, '/etc/passwd');
  const group = yield* fileOr(sys, '/etc/group');
  const { links } = sys.net;
  return {
    linkIndex: (name) => links.byName(name)?.index,
    linkName: (index) => links.get(index)?.name,
    hosts,
    passwd,
    group,
  };
}

/** Files that input includes, read beforehand: parsing cannot wait. */
function* includes(sys: Sys, text: string, files: Map<string, string>): Coroutine<void> {
  for (const m of text.matchAll(/^\s*include\s+"([^"]*)"/gm)) {
    const name = m[1]!;
    if (files.has(name)) continue;
    for (const path of name.startsWith('/') || name.startsWith('./') ? [name] : [`/etc/${name}`, name]) {
      try {
        const inner = yield* sys.readFile(path);
        files.set(name, inner);
        yield* includes(sys, inner, files);
        break;
      } catch (e) {
        if (!isErrno(e)) throw e;
      }
    }
  }
}

function* run(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const o = parseOptions(argv);
  if (o.flags.has('h')) {
    yield* sys.print(HELP);
    return 0;
  }
  if (o.flags.has('v')) {
    yield* sys.print(VERSION);
    return 0;
  }
  if (o.flags.has('V')) {
    yield* sys.print(`${VERSION}  cli:\t\teditline\n  json:\t\tyes\n  minigmp:\tno\n  libxtables:\tyes\n`);
    return 0;
  }
  for (const letter of 'iod')
    if (o.flags.has(letter)) throw new Quit(`nft: not simulated in this course: -${letter}\n`);
  let source: string;
  let name: string | undefined;
  if (o.file !== undefined) {
    name = o.file === '-' ? '/dev/stdin' : o.file;
    try {
      source = o.file === '-' ? decode(yield* sys.readAll(0)) : yield* sys.readFile(o.file);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new Quit(`internal:0:0-0: Error: Could not open file "${o.file}": ${strerror(e.code as ErrnoCode)}\n\n\n`);
    }
  } else if (o.rest.length > 0) source = o.rest.join(' ');
  else throw new Quit('nft: no command specified\n');
  if (!sys.netAdmin)
    throw new Quit(
      'Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n',
    );
  const defines = o.defines.map((d) => `define ${d.replace('=', ' = ')}\n`).join('');
  return yield* process(sys, defines, source, name, o);
}

function* process(sys: Sys, defines: string, source: string, name: string | undefined, o: Options): Coroutine<number> {
  const env = yield* environment(sys);
  const ruleset = rulesetOf(sys.net);
  const files = new Map<string, string>();
  yield* includes(sys, source, files);
  yield* sys.work(Math.ceil(source.length / 200));
  const print: PrintOptions = {
    env,
    now: sys.machine.scheduler.now,
    handles: o.flags.has('a'),
    stateless: o.flags.has('s'),
    terse: o.flags.has('t'),
    numeric: o.flags.has('n') || (o.flags.has('p') && o.flags.has('y')),
    numericTime: o.flags.has('T'),
  };
  const complain = function* (p: Problem): Coroutine<void> {
    yield* sys.eprint(problemText(p, source, name));
  };
  let commands: Command[];
  try {
    const before = defines === '' ? [] : tokenize(defines).slice(0, -1);
    commands = new CommandParser([...before, ...tokenize(source)], (n) => files.get(n)).parse();
  } catch (e) {
    if (!(e instanceof NftSyntaxError)) throw e;
    yield* complain({ message: e.message, loc: e.loc, ...(e.second ? { second: e.second } : {}) });
    return 1;
  }
  const executor = new Executor(ruleset, env);
  const by = { pid: sys.proc.pid, name: 'nft' };
  // Evaluation comes first: one wrong command, and nothing is sent.
  const shows: Command[] = [];
  let wrong = false;
  for (const c of commands) {
    try {
      if (['list', 'get', 'reset', 'describe'].includes(c.op)) shows.push(c);
      else if (c.op === 'monitor') return yield* monitor(sys, ruleset, print, c.obj.split(' ').filter(Boolean));
      else executor.add(c);
    } catch (e) {
      if (!(e instanceof NftSyntaxError)) throw e;
      yield* complain({ message: e.message, loc: e.loc, ...(e.second ? { second: e.second } : {}) });
      wrong = true;
    }
  }
  if (wrong) return 1;
  const { problems, changes } = executor.commit(o.flags.has('c'), by);
  for (const p of problems) yield* complain(p);
  if (problems.length > 0) return 1;
  if (o.flags.has('e'))
    for (const c of changes) {
      const text = c.op === 'delete' ? undefined : changeText(c, print, ruleset);
      if (text !== undefined) yield* sys.print(`${text}\n`);
    }
  for (const c of shows) {
    try {
      const { out, err } = show(c, ruleset, print, o.flags.has('j'), executor);
      yield* sys.eprint(err);
      yield* sys.print(out);
    } catch (e) {
      if (!(e instanceof NftSyntaxError)) throw e;
      yield* complain({ message: e.message, loc: e.loc, ...(e.second ? { second: e.second } : {}) });
      return 1;
    }
  }
  return 0;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  try {
    return yield* run(sys, argv);
  } catch (e) {
    if (!(e instanceof Quit)) throw e;
    yield* sys.eprint(e.text);
    return e.status;
  }
}

const WORDS = [
  'add',
  'create',
  'delete',
  'describe',
  'flush',
  'get',
  'insert',
  'list',
  'monitor',
  'rename',
  'replace',
  'reset',
];

/** nft */
export const nft: Program = {
  name: 'nft',
  path: '/usr/sbin/nft',
  summary: 'administration tool of the nftables framework',
  manual: `nft lists and changes the packet filter's ruleset.

  nft list ruleset            everything; -a with handles, -s without counters, -n as numbers, -j as JSON
  nft add table inet t        tables of a family: ip, ip6, inet, arp, bridge
  nft 'add chain inet t c { type filter hook input priority 0; policy accept; }'
  nft add rule inet t c tcp dport 22 accept
  nft insert rule ... | replace rule ... handle N ... | delete rule inet t c handle N
  nft -f FILE                 commands of a file, all or nothing; -c only checks
  nft monitor [trace]         what is changed; what happens to packets with "meta nftrace set 1"
`,
  complete: (words) => (words.every((w) => w.startsWith('-')) ? WORDS : undefined),
  main,
};
