/** The command line of ps(1): UNIX, BSD and GNU options side by side. */
import { COLUMNS } from './ps-columns';
import type { PsColumn } from './ps-print';
import { Usage } from './procps';
import type { ProcessEntry } from './table';
import { ttyName } from './table';
import type { Users } from './users';

/** Whether a process is chosen. */
export type Select = (p: ProcessEntry) => boolean;

/** What a command line asks for. */
export interface PsOptions {
  /** Choices that are joined by "or"; empty for the default one. */
  readonly lists: Select[];
  /** BSD's a and x, -a, -d: which processes of all. */
  simple: Select | undefined;
  negate: boolean;
  running: boolean;
  columns: PsColumn[] | undefined;
  tree: 'none' | 'forest' | 'indent';
  header: boolean;
  wide: number;
  columnsGiven: number | undefined;
  sort: { key: string; down: boolean }[];
  /** Show the process's environment or its threads: neither exists here. */
  help: boolean;
  version: boolean;
}

/** The caller, whose processes are shown by default. */
export interface PsSelf {
  readonly uid: number;
  readonly ttyNumber: number;
  readonly digits: number;
}

const FORMATS: Readonly<Record<string, string>> = {
  sysv: 'pid,tname,time,ucmd',
  f: 'uid_f,pid,ppid,c,stime,tname,time,cmd',
  fL: 'uid_f,pid,ppid,lwp,c,nlwp,stime,tname,time,cmd',
  fj: 'uid_f,pid,ppid,pgid,sid,c,stime,tname,time,cmd',
  F: 'uid_f,pid,ppid,c,sz,rss,psr,stime,tname,time,cmd',
  l: 'f,s,uid,pid,ppid,c,opri,ni,addr_1,sz,wchan,tname,time,ucmd',
  ly: 's,uid,pid,ppid,c,opri,ni,rss,sz,wchan,tname,time,ucmd',
  lf: 'f,s,uid_f,pid,ppid,c,opri,ni,addr_1,sz,wchan,stime,tname,time,cmd',
  j: 'pid,pgid,sid,tname,time,ucmd',
  L: 'pid,lwp,tname,time,ucmd',
  bsd: 'pid,tname,stat,bsdtime,args',
  bu: 'user,pid,pcpu,pmem,vsz,rss,tname,stat,start_time,bsdtime,args',
  bj: 'ppid,pid,pgid,sid,tname,tpgid,stat,uid,bsdtime,args',
  bl: 'f,uid,pid,ppid,pri,ni,vsz,rss,wchan,stat,tname,bsdtime,args',
  bv: 'pid,tname,stat,bsdtime,maj_flt,trs,drs,rss,pmem,args',
};

/** Reads `pid,user:20,comm=NAME` as `-o` takes it. @throws Usage */
export function parseFormat(text: string, digits: number): PsColumn[] {
  return text
    .split(/[ ,\t\n]+/)
    .filter((w) => w !== '')
    .map((word) => {
      const [, name = '', width, header] = /^([^:=]*)(?::([^=]*))?(?:=(.*))?$/.exec(word) ?? [];
      const column = Object.hasOwn(COLUMNS, name) && !/_f$|_1$/.test(name) ? COLUMNS[name] : undefined;
      if (!column) throw new Usage(`error: unknown user-defined format specifier "${name}"`);
      if (width !== undefined && !/^[1-9]\d*$/.test(width)) throw new Usage('error: improper format list');
      const shown = header ?? column.header;
      const own = column.width === 'pid' ? digits : column.width;
      return { column, header: shown, width: width ? Number(width) : header ? Math.max(own, header.length) : own };
    });
}

function named(key: string, digits: number): PsColumn[] {
  return FORMATS[key]!.split(',').map((name) => {
    const column = COLUMNS[name]!;
    return { column, header: column.header, width: column.width === 'pid' ? digits : column.width };
  });
}

/** Takes a command line apart. @throws Usage, Fail */
export function parsePs(argv: readonly string[], self: PsSelf, users: Users): PsOptions {
  try {
    return new Parser(argv.slice(1), self, users).run();
  } catch (e) {
    // `ps -aux`: no option letters make sense of it, but as BSD options they do.
    const bsd = argv.slice(1).map((a) => (/^-[A-Za-z]*u[A-Za-z]+$/.test(a) ? a.slice(1) : a));
    if (!(e instanceof Usage) || bsd.every((a, i) => a === argv[i + 1])) throw e;
    return new Parser(bsd, self, users).run();
  }
}

class Parser {
  private readonly o: PsOptions = {
    lists: [],
    simple: undefined,
    negate: false,
    running: false,
    columns: undefined,
    tree: 'none',
    header: true,
    wide: 0,
    columnsGiven: undefined,
    sort: [],
    help: false,
    version: false,
  };
  private i = 0;
  private readonly unix = new Set<string>();
  private readonly bsd = new Set<string>();
  private anyBsd = false;
  private prepend = false;

  constructor(
    private readonly words: readonly string[],
    private readonly self: PsSelf,
    private readonly users: Users,
  ) {}

  run(): PsOptions {
    for (; this.i < this.words.length; this.i++) {
      const word = this.words[this.i]!;
      if (word.startsWith('--')) this.long(word.slice(2));
      else if (word.startsWith('-') && word.length > 1) this.unixWord(word.slice(1));
      else if (/^\d/.test(word)) this.o.lists.push(this.pids(word));
      else {
        this.anyBsd = true;
        this.bsdWord(word);
      }
    }
    this.finish();
    return this.o;
  }

  private finish(): void {
    const { o, unix, bsd, self } = this;
    const mine: Select = (p) => p.euid === self.uid;
    const onTty: Select = (p) => p.ttyNumber !== 0;
    const leader: Select = (p) => p.session === p.pid;
    const all: Select = () => true;
    if (unix.has('e') || unix.has('A')) o.simple = all;
    else if (unix.has('a') && unix.has('d')) o.simple = all;
    else if (unix.has('d')) o.simple = (p) => !leader(p);
    else if (unix.has('a')) o.simple = (p) => onTty(p) && !leader(p);
    else if (bsd.has('a') && bsd.has('x')) o.simple = all;
    else if (bsd.has('a')) o.simple = onTty;
    else if (bsd.has('x')) o.simple = mine;
    else if (bsd.has('T')) o.simple = (p) => p.ttyNumber === self.ttyNumber;
    else if (bsd.has('g')) o.simple = (p) => mine(p) && p.ttyNumber === self.ttyNumber;
    if (o.lists.length === 0 && !o.simple) o.simple = (p) => mine(p) && p.ttyNumber === self.ttyNumber;
    if (bsd.has('r')) o.running = true;
    if (o.columns && !this.prepend) return;
    const has = (k: string): boolean => unix.has(k);
    const key = has('F')
      ? 'F'
      : has('l')
        ? has('f')
          ? 'lf'
          : has('y')
            ? 'ly'
            : 'l'
        : has('f')
          ? has('L')
            ? 'fL'
            : has('j')
              ? 'fj'
              : 'f'
          : has('j')
            ? 'j'
            : has('L')
              ? 'L'
              : bsd.has('u')
                ? 'bu'
                : bsd.has('j')
                  ? 'bj'
                  : bsd.has('l')
                    ? 'bl'
                    : bsd.has('v')
                      ? 'bv'
                      : this.anyBsd
                        ? 'bsd'
                        : 'sysv';
    let columns = named(key, self.digits);
    if (bsd.has('c')) columns = columns.map((c) => (c.column === COLUMNS.args ? { ...c, column: COLUMNS.comm! } : c));
    if (this.prepend) {
      const rest = 's,tname,time,cmd';
      const of = (text: string): PsColumn[] => parseFormat(text, self.digits);
      columns = [...of('pid'), ...o.columns!, ...of(rest)];
      columns[columns.length - 1] = { ...columns[columns.length - 1]!, header: 'COMMAND' };
      columns = columns.map((c) => (c.header === 'TT' ? { ...c, header: 'TTY' } : c));
    }
    o.columns = columns;
  }

  private addFormat(text: string): void {
    const columns = parseFormat(text, this.self.digits);
    if (columns.length === 0) throw new Usage('error: format specification must follow -o');
    this.o.columns = [...(this.o.columns ?? []), ...columns];
  }

  private next(rest: string, message: string): string {
    if (rest !== '') return rest;
    const word = this.words[++this.i];
    if (word === undefined) throw new Usage(`error: ${message}`);
    return word;
  }

  private unixWord(word: string): void {
    const { o } = this;
    for (let k = 0; k < word.length; k++) {
      const letter = word[k]!;
      const rest = word.slice(k + 1);
      const list = (make: (text: string) => Select, what: string): void => {
        o.lists.push(make(this.next(rest, `list of ${what} must follow -${letter}`)));
      };
      switch (letter) {
        case 'e':
        case 'A':
        case 'a':
        case 'd':
        case 'f':
        case 'F':
        case 'l':
        case 'j':
        case 'y':
        case 'L':
          this.unix.add(letter);
          break;
        case 'c':
        case 'M':
        case 'm':
        case 'P':
          break;
        case 'H':
          o.tree = 'indent';
          break;
        case 'N':
          o.negate = true;
          break;
        case 'w':
          o.wide++;
          break;
        case 'V':
          o.version = true;
          break;
        case 'T':
          this.unix.add('L');
          break;
        case 'o':
          this.addFormat(this.next(rest, 'format specification must follow -o'));
          return;
        case 'O':
          this.prepend = true;
          this.addFormat(this.next(rest, 'format or sort specification must follow -O'));
          return;
        case 'p':
          list((t) => this.pids(t), 'process IDs');
          return;
        case 'q':
          list((t) => this.pids(t), 'process IDs');
          return;
        case 'C':
          list((t) => this.names(t), 'command names');
          return;
        case 'u':
          list((t) => this.owners(t, 'euid'), 'users');
          return;
        case 'U':
          list((t) => this.owners(t, 'uid'), 'real users');
          return;
        case 'G':
          list((t) => this.groups(t), 'real groups');
          return;
        case 'g':
        case 's':
          list((t) => this.sessions(t), 'sessions');
          return;
        case 't':
          list((t) => this.terminals(t), 'terminals');
          return;
        default:
          throw new Usage('error: unsupported SysV option');
      }
    }
  }

  private bsdWord(word: string): void {
    const { o } = this;
    for (let k = 0; k < word.length; k++) {
      const letter = word[k]!;
      const rest = word.slice(k + 1);
      switch (letter) {
        case 'a':
        case 'x':
        case 'u':
        case 'j':
        case 'l':
        case 'v':
        case 'r':
        case 'T':
        case 'g':
        case 'c':
          this.bsd.add(letter);
          break;
        case 'f':
          o.tree = 'forest';
          break;
        case 'h':
          o.header = false;
          break;
        case 'w':
          o.wide++;
          break;
        case 'n':
        case 'S':
        case 'm':
        case 'e':
          break;
        case 'H':
          this.unix.add('L');
          break;
        case 'V':
          o.version = true;
          break;
        case 'o':
          this.addFormat(this.next(rest, 'format specification must follow o'));
          return;
        case 'O':
        case 'k':
          this.sorting(this.next(rest, 'format or sort specification must follow O'));
          return;
        case 'p':
          o.lists.push(this.pids(this.next(rest, 'list of process IDs must follow p')));
          return;
        case 't':
          o.lists.push(this.terminals(this.next(rest, 'list of terminals must follow t')));
          return;
        case 'U':
          o.lists.push(this.owners(this.next(rest, 'list of users must follow U'), 'euid'));
          return;
        default:
          throw new Usage('error: unsupported option (BSD syntax)');
      }
    }
  }

  private long(word: string): void {
    const { o } = this;
    const eq = word.indexOf('=');
    const name = eq < 0 ? word : word.slice(0, eq);
    const argument = (): string => {
      if (eq >= 0) return word.slice(eq + 1);
      return this.next('', `${name} requires an argument`);
    };
    switch (name) {
      case 'forest':
        o.tree = 'forest';
        return;
      case 'no-heading':
      case 'no-headings':
      case 'no-header':
      case 'no-headers':
      case 'noheading':
      case 'noheadings':
      case 'noheader':
      case 'noheaders':
        o.header = false;
        return;
      case 'heading':
      case 'headers':
      case 'headings':
      case 'header':
        return;
      case 'format':
        this.addFormat(argument());
        return;
      case 'pid':
      case 'quick-pid':
        o.lists.push(this.pids(argument()));
        return;
      case 'ppid': {
        const list = this.numbers(argument(), 'process ID');
        o.lists.push((p) => list.has(p.ppid));
        return;
      }
      case 'user':
        o.lists.push(this.owners(argument(), 'euid'));
        return;
      case 'User':
        o.lists.push(this.owners(argument(), 'uid'));
        return;
      case 'Group':
      case 'group':
        o.lists.push(this.groups(argument()));
        return;
      case 'tty':
        o.lists.push(this.terminals(argument()));
        return;
      case 'sid':
        o.lists.push(this.sessions(argument()));
        return;
      case 'sort':
        this.sorting(argument());
        return;
      case 'deselect':
        o.negate = true;
        return;
      case 'cols':
      case 'columns':
      case 'width':
        o.columnsGiven = Number.parseInt(argument(), 10) || undefined;
        return;
      case 'lines':
      case 'rows':
        argument();
        return;
      case 'cumulative':
        return;
      case 'help':
        o.help = true;
        return;
      case 'version':
      case 'info':
        o.version = true;
        return;
      default:
        throw new Usage('error: unknown gnu long option');
    }
  }

  private sorting(text: string): void {
    for (const word of text.split(',').filter((w) => w !== '')) {
      const key = word.replace(/^[+-]/, '');
      if (!Object.hasOwn(COLUMNS, key)) throw new Usage('error: unknown sort specifier');
      this.o.sort.push({ key, down: word.startsWith('-') });
    }
  }

  private numbers(text: string, what: string): Set<number> {
    const words = text.split(/[ ,\t]+/).filter((w) => w !== '');
    if (words.length === 0 || !words.every((w) => /^\d+$/.test(w))) throw new Usage(`error: ${what} list syntax error`);
    if (what === 'process ID' && words.some((w) => Number(w) === 0)) throw new Usage('error: process ID out of range');
    return new Set(words.map(Number));
  }

  private pids(text: string): Select {
    const set = this.numbers(text, 'process ID');
    return (p) => set.has(p.pid);
  }

  private names(text: string): Select {
    const set = new Set(text.split(/[ ,]+/));
    return (p) => set.has(p.comm);
  }

  private owners(text: string, which: 'uid' | 'euid'): Select {
    const set = new Set<number>();
    for (const word of text.split(/[ ,]+/).filter((w) => w !== '')) {
      const uid = this.users.uid(word);
      if (uid === undefined) throw new Usage('error: user name does not exist');
      set.add(uid);
    }
    if (set.size === 0) throw new Usage('error: user ID list syntax error');
    return (p) => set.has(p[which]);
  }

  private groups(text: string): Select {
    const set = new Set<number>();
    for (const word of text.split(/[ ,]+/)) {
      const gid = this.users.gid(word);
      if (gid === undefined) throw new Usage('error: group name does not exist');
      set.add(gid);
    }
    return (p) => set.has(p.gid);
  }

  private sessions(text: string): Select {
    const set = this.numbers(text, 'session ID');
    return (p) => set.has(p.session);
  }

  private terminals(text: string): Select {
    const set = new Set(text.split(/[ ,]+/).map((t) => t.replace(/^\/dev\//, '')));
    if (set.has('-')) set.add('?');
    for (const t of [...set]) if (/^\d+$/.test(t)) set.add(`pts/${t}`);
    return (p) => set.has(ttyName(p.ttyNumber));
  }
}
