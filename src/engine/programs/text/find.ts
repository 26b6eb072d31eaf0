import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Stat } from '../../host';
import { shellStatus } from '../../host';
import { Output } from '../lib/output';
import { modeString } from '../lib/modes';
import { quoteShell } from '../lib/quote';
import { strftime } from '../lib/strftime';
import { toText } from '../lib/text';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';
import { groupName, userName } from '../lib/users';
import type { Expression, Found, Node } from './find-parse';
import { parseFind } from './find-parse';

/** Arguments that one -exec ... + takes. */
const MAX_ARGUMENTS = 5000;

/** find(1). */
export const find = tool({
  name: 'find',
  summary: 'search for files in a directory hierarchy',
  version: 'GNU findutils 4.9.0',
  help: `[-H] [-L] [-P] [path...] [expression]
Walk through the directories and act on the files that the expression selects; print them by default.

Operators: ( EXPR )  ! EXPR  EXPR -a EXPR  EXPR -o EXPR  EXPR , EXPR
Options:   -depth -maxdepth N -mindepth N -xdev -daystart -follow
Tests:     -name PATTERN -iname -path -regex -type [fdlpsc] -size N[ckMG] -empty -mtime N -mmin N -newer FILE -newermt DATE -perm MODE
           -user NAME -group NAME -uid N -links N -inum N -samefile FILE -readable -writable -executable -true -false
Actions:   -print -print0 -printf FORMAT -ls -delete -prune -quit -exec COMMAND ; -exec COMMAND {} + -execdir -ok -fprint FILE
`,
  *run(t) {
    const args = t.argv.slice(1);
    if (args.some((a) => a === '--help' || a === '-help' || a === '--version' || a === '-version'))
      t.getopt('', [], [t.name, args.includes('--version') || args.includes('-version') ? '--version' : '--help']);
    let links: 'P' | 'L' | 'H' = 'P';
    while (args[0] !== undefined && /^-[HLP]$/.test(args[0])) links = args.shift()![1] as 'P';
    const starts: string[] = [];
    while (args.length > 0 && !/^[-(!),]/.test(args[0]!)) starts.push(args.shift()!);
    const expression = parseFind(args, t.sys, (s) => t.q(s));
    if (expression.follow) links = 'L';
    const walker = new Walker(t, expression, links);
    for (const start of starts.length > 0 ? starts : ['.']) {
      yield* walker.start(start);
      if (walker.quit) break;
    }
    yield* walker.finish();
    return t.status;
  },
});

class Walker {
  quit = false;
  private pruned = false;
  private readonly files = new Map<string, Output>();
  private readonly batches: Extract<Node, { k: 'exec' }>[] = [];

  constructor(
    private readonly t: Tool,
    private readonly e: Expression,
    private readonly links: 'P' | 'L' | 'H',
  ) {}

  *start(path: string): Coroutine<void> {
    yield* this.visit(path, path, 0);
  }

  private stat(path: string, depth: number): Stat {
    const { files } = this.t.sys;
    const follow = this.links === 'L' || (this.links === 'H' && depth === 0);
    if (follow) {
      try {
        return files.stat(path);
      } catch (e) {
        if (!isErrno(e)) throw e;
      }
    }
    return files.stat(path, false);
  }

  private *visit(path: string, start: string, depth: number): Coroutine<void> {
    const { t, e } = this;
    yield* t.sys.work(3);
    let stat: Stat;
    try {
      stat = this.stat(path, depth);
    } catch (x) {
      if (!isErrno(x)) throw x;
      yield* t.complain(`${t.q(path)}: ${x.message}`);
      return;
    }
    const trimmed = path.replace(/(?<=.)\/+$/, '');
    const found: Found = {
      path,
      start,
      depth,
      stat,
      name: trimmed === '/' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1),
    };
    const inRange = depth >= e.minDepth;
    this.pruned = false;
    if (inRange && !e.depthFirst) yield* this.apply(found);
    const pruned = this.pruned;
    if (this.quit) return;
    if (stat.type === 'dir' && depth < e.maxDepth && !pruned) {
      let names: string[] = [];
      try {
        names = t.sys.files.readdir(path);
      } catch (x) {
        if (!isErrno(x)) throw x;
        yield* t.complain(`${t.q(path)}: ${x.message}`);
      }
      for (const name of names) {
        yield* this.visit(path.endsWith('/') ? path + name : `${path}/${name}`, start, depth + 1);
        if (this.quit) return;
      }
    }
    if (inRange && e.depthFirst) yield* this.apply(found);
  }

  private *apply(f: Found): Coroutine<void> {
    const { root, hasAction } = this.e;
    const result = root ? yield* this.value(root, f) : true;
    if (result && !hasAction) yield* this.t.out.line(f.path);
  }

  private *value(n: Node, f: Found): Coroutine<boolean> {
    const { t } = this;
    switch (n.k) {
      case 'and':
        return (yield* this.value(n.a, f)) && (yield* this.value(n.b, f));
      case 'or':
        return (yield* this.value(n.a, f)) || (yield* this.value(n.b, f));
      case 'list':
        yield* this.value(n.a, f);
        return yield* this.value(n.b, f);
      case 'not':
        return !(yield* this.value(n.a, f));
      case 'test':
        try {
          return n.test(f, t.sys);
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* t.complain(`${t.q(f.path)}: ${e.message}`);
          return false;
        }
      case 'prune':
        this.pruned = true;
        return true;
      case 'quit':
        this.quit = true;
        return true;
      case 'print':
        yield* (yield* this.sink(n.file)).write(f.path + n.end);
        return true;
      case 'printf':
        yield* (yield* this.sink(n.file)).write(this.format(n.format, f));
        return true;
      case 'ls':
        yield* t.out.line(this.long(f));
        return true;
      case 'delete':
        if (f.path === '.') return true;
        try {
          if (f.stat.type === 'dir') t.sys.files.rmdir(f.path);
          else t.sys.files.unlink(f.path);
          return true;
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* t.complain(`cannot delete ${quoteShell(f.path).replace(/^'(.*)'$/, '‘$1’')}: ${e.message}`);
          return false;
        }
      case 'exec':
        return yield* this.exec(n, f);
    }
  }

  private *sink(file: string | undefined): Coroutine<Output> {
    if (file === undefined || file === '/dev/stdout') return this.t.out;
    let out = this.files.get(file);
    if (!out) {
      try {
        out = new Output(
          this.t.sys,
          yield* this.t.sys.open(file, { write: true, create: true, truncate: true }),
          false,
        );
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`${this.t.q(file)}: ${e.message}`);
      }
      this.files.set(file, out);
    }
    return out;
  }

  private *exec(n: Extract<Node, { k: 'exec' }>, f: Found): Coroutine<boolean> {
    const slash = f.path.lastIndexOf('/');
    const shown = n.dir ? `./${f.name}` : f.path;
    const dir = n.dir ? (slash > 0 ? f.path.slice(0, slash) : slash === 0 ? '/' : '.') : undefined;
    if (n.plus) {
      if (!this.batches.includes(n)) this.batches.push(n);
      n.pending.push(shown);
      if (n.pending.length >= MAX_ARGUMENTS || n.dir) yield* this.flush(n, dir);
      return true;
    }
    const argv = n.argv.map((a) => a.replaceAll('{}', shown));
    if (n.ask) {
      yield* this.t.out.flush();
      yield* this.t.sys.eprint(`< ${n.argv[0]!} ... ${f.path} > ? `);
      const answer = toText(yield* this.t.sys.read(0, 1024));
      if (!/^[yY]/.test(answer)) return false;
    }
    return (yield* this.run(argv, dir)) === 0;
  }

  private *run(argv: string[], dir: string | undefined): Coroutine<number> {
    const { t } = this;
    const { sys } = t;
    yield* t.out.flush();
    for (const out of this.files.values()) yield* out.flush();
    const path = sys.which(argv[0]!);
    if (!path) {
      yield* t.warn(`${t.q(argv[0]!)}: No such file or directory`);
      return 127;
    }
    const child = sys.fork(
      function* (c) {
        if (dir !== undefined) c.files.chdir(dir);
        try {
          return yield* c.exec(path, argv);
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* c.eprint(`${t.name}: ${t.q(argv[0]!)}: ${e.message}\n`);
          return 126;
        }
      },
      { argv },
    );
    const done = yield* sys.waitpid(child.pidIn(sys.proc.ns.pid));
    return done ? shellStatus(done.status) : 1;
  }

  private *flush(n: Extract<Node, { k: 'exec' }>, dir?: string): Coroutine<void> {
    if (n.pending.length === 0) return;
    const argv = [...n.argv, ...n.pending.splice(0)];
    if ((yield* this.run(argv, dir)) !== 0) this.t.status = 1;
  }

  *finish(): Coroutine<void> {
    for (const n of this.batches) yield* this.flush(n);
    for (const out of this.files.values()) yield* out.flush();
  }

  private long(f: Found): string {
    const { stat: s } = f;
    const blocks = s.type === 'file' ? Math.ceil(s.size / 4096) * 4 : s.type === 'dir' && s.size > 0 ? 4 : 0;
    const target = s.type === 'symlink' ? ` -> ${this.t.sys.files.readlink(f.path)}` : '';
    const recent = s.mtime > this.t.sys.now - 15778476e6;
    const time = strftime(recent ? '%b %e %H:%M' : '%b %e  %Y', s.mtime);
    return `${String(s.ino).padStart(9)} ${String(blocks).padStart(6)} ${modeString(s.type, s.mode)} ${String(s.nlink).padStart(3)} ${userName(this.t.sys, s.uid).padEnd(8)} ${groupName(this.t.sys, s.gid).padEnd(8)} ${String(s.size).padStart(8)} ${time} ${f.path}${target}`;
  }

  private format(format: string, f: Found): string {
    const { stat: s } = f;
    const { sys } = this.t;
    const escapes: Record<string, string> = {
      n: '\n',
      t: '\t',
      '0': '\0',
      '\\': '\\',
      a: '\x07',
      b: '\b',
      f: '\f',
      r: '\r',
      v: '\v',
    };
    const date = (micros: number): string => strftime('%a %b %e %H:%M:%S.%N0 %Y', micros);
    const timeOf = (micros: number, c: string): string => {
      if (c === '@') return `${Math.floor(micros / 1e6)}.${String(Math.floor(micros % 1e6)).padStart(6, '0')}0000`;
      if (c === 'S') return strftime('%S.%N0', micros);
      if (c === 'T' || c === 'X') return strftime('%H:%M:%S.%N0', micros);
      if (c === '+') return strftime('%Y-%m-%d+%H:%M:%S.%N0', micros);
      return strftime(`%${c}`, micros);
    };
    const type = { file: 'f', dir: 'd', symlink: 'l', fifo: 'p', char: 'c', socket: 's' }[s.type];
    return format.replace(
      /\\([0-7]{1,3}|[^])|%([-+ #0]*)(\d*)(?:\.\d+)?(?:([ACT])([^])|([^]))/g,
      (
        all,
        esc: string | undefined,
        flags: string,
        width: string,
        when: string | undefined,
        which: string,
        c: string,
      ) => {
        if (esc !== undefined)
          return escapes[esc] ?? (/^[0-7]+$/.test(esc) ? String.fromCharCode(parseInt(esc, 8)) : all);
        let v: string;
        const slash = f.path.lastIndexOf('/');
        if (when) v = timeOf(when === 'A' ? s.atime : when === 'C' ? s.ctime : s.mtime, which);
        else {
          switch (c) {
            case '%':
              return '%';
            case 'a':
              v = date(s.atime);
              break;
            case 'b':
              v = String(s.type === 'file' ? Math.ceil(s.size / 4096) * 8 : s.type === 'dir' ? 8 : 0);
              break;
            case 'c':
              v = date(s.ctime);
              break;
            case 'd':
              v = String(f.depth);
              break;
            case 'f':
              v = f.name;
              break;
            case 'g':
              v = groupName(sys, s.gid);
              break;
            case 'G':
              v = String(s.gid);
              break;
            case 'h':
              v = slash < 0 ? '.' : slash === 0 ? '' : f.path.slice(0, slash);
              break;
            case 'H':
              v = f.start;
              break;
            case 'i':
              v = String(s.ino);
              break;
            case 'k':
              v = String(s.type === 'file' ? Math.ceil(s.size / 4096) * 4 : s.type === 'dir' ? 4 : 0);
              break;
            case 'l':
              v = s.type === 'symlink' ? sys.files.readlink(f.path) : '';
              break;
            case 'm':
              v = (s.mode & 0o7777).toString(8);
              break;
            case 'M':
              v = modeString(s.type, s.mode);
              break;
            case 'n':
              v = String(s.nlink);
              break;
            case 'p':
              v = f.path;
              break;
            case 'P':
              v = f.path === f.start ? '' : f.path.slice(f.start.length).replace(/^\//, '');
              break;
            case 's':
              v = String(s.size);
              break;
            case 't':
              v = date(s.mtime);
              break;
            case 'u':
              v = userName(sys, s.uid);
              break;
            case 'U':
              v = String(s.uid);
              break;
            case 'y':
              v = type;
              break;
            case 'Y':
              v = type;
              break;
            default:
              return all;
          }
        }
        const n = Number(width || 0);
        return flags.includes('-') ? v.padEnd(n) : v.padStart(n, flags.includes('0') ? '0' : ' ');
      },
    );
  }
}
