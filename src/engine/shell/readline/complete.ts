import type { Coroutine } from '../../core';
import { decode, isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import { FileNode, lookup, provide } from '../../host';
import type { Completion } from '../editor';
import { commandAt, innerCommand } from './words';

/** What the shell knows that the file system does not. */
export interface ShellNames {
  /** Names of builtins, functions, aliases and reserved words. */
  builtins(): Iterable<string>;
  functions(): Iterable<string>;
  aliases(): Iterable<string>;
  keywords(): Iterable<string>;
  /** Names of the variables that are set. */
  variables(): Iterable<string>;
  /** Value of a variable, for `$HOME/<Tab>`. */
  value(name: string): string | undefined;
  /** What an alias stands for. */
  alias(name: string): string | undefined;
  /** Words that the shell itself offers for the arguments of `command` (complete -W, job numbers). */
  offered?(command: string): readonly string[] | undefined;
}

/** Completion for the line editor: commands, `$VARIABLE`, `~user`, what the programs themselves offer, file names. */
export function makeCompleter(sys: Sys, shell: ShellNames): (line: string, cursor: number) => Coroutine<Completion> {
  const completer = new Completer(sys, shell);
  return (line, cursor) => completer.complete(line, cursor);
}

const NOTHING: Completion = { start: 0, words: [], suffix: '', filenames: false };

class Completer {
  constructor(
    private readonly sys: Sys,
    private readonly shell: ShellNames,
  ) {}

  *complete(line: string, cursor: number): Coroutine<Completion> {
    yield* this.sys.work(10);
    const here = commandAt(line, cursor);
    const quoted = here.quote ? { quote: here.quote } : {};
    const variable = here.quote === "'" ? null : /\$(\{?)([A-Za-z_][A-Za-z0-9_]*)?$/.exec(here.raw);
    if (variable && !here.raw.slice(0, variable.index).endsWith('\\'))
      return this.variable(variable[1]!, variable[2] ?? '', cursor);
    if (!here.quote && /^~[^/]*$/.test(here.raw)) return yield* this.user(here.raw.slice(1), here.start);

    if (!here.redirection) {
      let words = this.unalias(here.words);
      for (let inner = innerCommand(words); inner; inner = innerCommand(words)) {
        // An option of the wrapper itself is the wrapper's business.
        if (inner.length === 0 && here.word.startsWith('-')) break;
        words = this.unalias(inner);
        if (words.length === 0) break;
      }
      const [name] = words;
      if (name === undefined) {
        if (here.word.includes('/'))
          return this.files(here.raw, here.start, here.quote, here.quoteStart, cursor, 'commands');
        const start = here.quote ? here.quoteStart : here.start;
        const names = this.commands().filter((command) => command.startsWith(here.word));
        if (names.length > 0 || here.word === '')
          return { start, words: names, suffix: ' ', filenames: true, ...quoted };
        return this.files(here.raw, here.start, here.quote, here.quoteStart, cursor, 'directories');
      }
      const offered = yield* this.offered(name, words.slice(1));
      if (offered === 'directories')
        return this.files(here.raw, here.start, here.quote, here.quoteStart, cursor, offered);
      if (offered) {
        const fitting = offered.filter((candidate) => candidate.startsWith(here.word));
        if (fitting.length > 0) {
          const [only] = fitting;
          const open = fitting.length === 1 && /[=:/,]$/.test(only!);
          return {
            start: here.quote ? here.quoteStart : here.start,
            words: fitting,
            suffix: open ? '' : ' ',
            filenames: false,
          };
        }
        if (!/[/.=:]/.test(here.word)) return NOTHING;
      }
    }
    return this.files(here.raw, here.start, here.quote, here.quoteStart, cursor, 'all');
  }

  /** Puts in what an alias stands for, once. */
  private unalias(words: readonly string[]): readonly string[] {
    const text = words[0] === undefined ? undefined : this.shell.alias(words[0]);
    return text === undefined ? words : [...commandAt(`${text} `, text.length + 1).words, ...words.slice(1)];
  }

  /** What the command itself offers for its next argument; undefined for file names. */
  private *offered(name: string, args: readonly string[]): Coroutine<readonly string[] | 'directories' | undefined> {
    const { shell } = this;
    const fixed = shell.offered?.(name);
    if (fixed) return fixed;
    switch (name) {
      case 'cd':
      case 'pushd':
      case 'rmdir':
        return 'directories';
      case 'unset':
      case 'export':
      case 'declare':
      case 'readonly':
      case 'local':
      case 'printenv':
        return [...shell.variables()];
      case 'alias':
      case 'unalias':
        return [...shell.aliases()];
      case 'help':
        return [...shell.builtins()];
      case 'type':
      case 'which':
      case 'man':
      case 'whatis':
      case 'hash':
        return this.commands();
      default: {
        const program = this.program(name);
        if (!program?.complete) return undefined;
        return (yield* provide(this.sys.machine, program)) ? program.complete(args, this.sys) : undefined;
      }
    }
  }

  /** The program behind a command's name. */
  private program(name: string): Program | undefined {
    try {
      const path = this.sys.which(name, this.shell.value('PATH') ?? '');
      const inode = path === undefined ? undefined : lookup(this.sys.proc, path);
      const program = inode instanceof FileNode ? inode.program : undefined;
      return program === undefined ? undefined : this.sys.machine.programs.get(program);
    } catch (e) {
      if (!isErrno(e)) throw e;
      return undefined;
    }
  }

  /** Every name that can stand where a command is expected. */
  private commands(): string[] {
    const { shell, sys } = this;
    const names = new Set([...shell.keywords(), ...shell.builtins(), ...shell.functions(), ...shell.aliases()]);
    for (const dir of (shell.value('PATH') ?? '').split(':')) {
      const directory = dir === '' ? '.' : dir;
      for (const name of this.list(directory)) if (sys.files.isExecutable(`${directory}/${name}`)) names.add(name);
    }
    return [...names];
  }

  private variable(brace: string, prefix: string, cursor: number): Completion {
    const names = [...this.shell.variables()].filter((name) => name.startsWith(prefix));
    const start = cursor - prefix.length;
    if (brace) return { start, words: names, suffix: '}', filenames: false };
    const value = names.length === 1 ? this.shell.value(names[0]!) : undefined;
    return { start, words: names, suffix: value && this.isDirectory(value) ? '/' : ' ', filenames: false };
  }

  private *user(prefix: string, start: number): Coroutine<Completion> {
    const passwd = yield* this.readable('/etc/passwd');
    const names = passwd.split('\n').map((entry) => entry.split(':')[0]!);
    const words = names.filter((name) => name !== '' && name.startsWith(prefix)).map((name) => `~${name}`);
    return { start, words, suffix: '/', filenames: false };
  }

  private *readable(path: string): Coroutine<string> {
    try {
      return yield* this.sys.readFile(path);
    } catch (e) {
      if (!isErrno(e)) throw e;
      return '';
    }
  }

  /** File names for what has been typed of one. The directory part stays as it was typed. */
  private files(
    raw: string,
    rawStart: number,
    quote: '"' | "'" | undefined,
    quoteStart: number,
    cursor: number,
    kind: 'all' | 'directories' | 'commands',
  ): Completion {
    // A name also starts after = and :, as in --file=NAME and SOURCE:TARGET; not inside quotes.
    let from = quote ? quoteStart - rawStart : 0;
    if (!quote) for (let i = 0; i < raw.length; i++) if ('=:'.includes(raw[i]!) && raw[i - 1] !== '\\') from = i + 1;
    const typed = raw.slice(from);
    const slash = typed.lastIndexOf('/') + 1;
    const directory = this.expand(typed.slice(0, slash), quote);
    const prefix = unquote(typed.slice(slash), quote);
    const where = directory === '' ? '.' : directory;
    const names = this.list(where);
    if (prefix.startsWith('.')) names.push('.', '..');
    const words: string[] = [];
    let link = false;
    for (const name of names) {
      if (!name.startsWith(prefix) || (name.startsWith('.') && !prefix.startsWith('.'))) continue;
      const path = `${directory}${name}`;
      const type = this.type(path);
      const leads = type === 'dir' || (type === 'symlink' && this.isDirectory(path));
      if (kind !== 'all' && !leads && !(kind === 'commands' && this.sys.files.isExecutable(path))) continue;
      words.push(type === 'dir' ? `${name}/` : name);
      // readline leaves a link to a directory as it is, for the next Tab to go into it or not.
      if (type === 'symlink' && leads) link = true;
    }
    const suffix = link && words.length === 1 ? '' : ' ';
    return { start: cursor - typed.length + slash, words, suffix, filenames: true, ...(quote ? { quote } : {}) };
  }

  /** The directory that the shell would find behind the typed text: quotes, a tilde and plain variables are resolved. */
  private expand(text: string, quote: '"' | "'" | undefined): string {
    let out = text;
    if (!quote) {
      const tilde = /^~([^/]*)\//.exec(text);
      const home = tilde ? this.home(tilde[1]!) : undefined;
      if (tilde && home !== undefined) out = `${home}/${text.slice(tilde[0].length)}`;
    }
    if (quote !== "'") {
      out = out.replace(/(\\?)\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?/g, (all, escaped: string, name: string) =>
        escaped ? all : (this.shell.value(name) ?? ''),
      );
    }
    return unquote(out, quote);
  }

  private home(user: string): string | undefined {
    if (user === '') return this.shell.value('HOME');
    try {
      const inode = lookup(this.sys.proc, '/etc/passwd');
      const text = inode instanceof FileNode ? decode(inode.contents) : '';
      return text
        .split('\n')
        .find((entry) => entry.startsWith(`${user}:`))
        ?.split(':')[5];
    } catch {
      return undefined;
    }
  }

  private list(directory: string): string[] {
    try {
      return this.sys.files.readdir(directory);
    } catch (e) {
      if (!isErrno(e)) throw e;
      return [];
    }
  }

  private type(path: string): string {
    try {
      return this.sys.files.stat(path, false).type;
    } catch {
      return '';
    }
  }

  private isDirectory(path: string): boolean {
    try {
      return this.sys.files.stat(path).type === 'dir';
    } catch {
      return false;
    }
  }
}

/** Takes quotes off typed text; `quote` is the one that is open before it. */
function unquote(text: string, quote: '"' | "'" | undefined): string {
  if (quote === "'") return text;
  if (quote === '"') return text.replace(/\\([$`"\\])/g, '$1');
  return text.replace(
    /\\(.)|'([^']*)'?|"((?:\\.|[^"\\])*)"?/gs,
    (_all, escaped?: string, single?: string, double?: string) =>
      escaped ?? single ?? (double ?? '').replace(/\\([$`"\\])/g, '$1'),
  );
}
