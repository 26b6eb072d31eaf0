/** sysctl(8) of procps: reads and writes /proc/sys by dotted names. */
import type { Coroutine, ErrnoCode } from '../../core';
import { isErrno, strerror } from '../../core';
import type { Program, Sys } from '../../host';
import { GetoptError, getopt } from '../lib/getopt';
import { SYSCTL_HELP } from './help';

const ROOT = '/proc/sys/';
/** Names that `-a` leaves out unless asked for: the kernel has better ones. */
const DEPRECATED = ['base_reachable_time', 'retrans_time'];
const SYSTEM_DIRS = ['/run/sysctl.d', '/etc/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];

interface Setting {
  readonly key: string;
  readonly path: string;
  readonly value: string;
  readonly ignoreFailure: boolean;
}

interface Options {
  names: boolean;
  values: boolean;
  binary: boolean;
  ignore: boolean;
  quiet: boolean;
  dryRun: boolean;
  deprecated: boolean;
  pattern: RegExp | undefined;
}

/** `a.b.c` or `a/b/c` as a path. The separator that comes first is the one that counts; the other one is part of a name. */
function pathOf(key: string): string {
  const first = /[./]/.exec(key)?.[0];
  if (first === '/' || first === undefined) return key;
  return key.replace(/[./]/g, (c) => (c === '.' ? '/' : '.'));
}

function keyOf(path: string): string {
  return path.replace(/[./]/g, (c) => (c === '/' ? '.' : '/'));
}

class Run {
  status = 0;
  constructor(
    readonly sys: Sys,
    readonly o: Options,
  ) {}

  *warn(text: string): Coroutine<void> {
    yield* this.sys.eprint(`sysctl: ${text}\n`);
  }

  /** Reads one key; a directory is read with everything below it. */
  *read(name: string): Coroutine<void> {
    const { sys, o } = this;
    const path = pathOf(name);
    let stat;
    try {
      stat = sys.files.stat(ROOT + path);
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (o.ignore) return;
      yield* this.warn(`cannot stat ${ROOT}${path}: ${strerror(e.code as ErrnoCode)}`);
      this.status = 1;
      return;
    }
    // realpath() has no slash at its end.
    const real = `${ROOT}${path}`.split('/').reduce<string[]>((up, part) => {
      if (part === '..') up.pop();
      else if (part !== '' && part !== '.') up.push(part);
      return up;
    }, []);
    if (!`/${real.join('/')}`.startsWith(ROOT)) {
      yield* this.warn(`Path is not under ${ROOT}: ${ROOT}${path}`);
      this.status = 255;
      return;
    }
    if (stat.type === 'dir') yield* this.tree(path.replace(/\/$/, ''));
    else yield* this.one(path);
  }

  /** Everything below a directory, in the order of names. */
  *tree(path: string): Coroutine<void> {
    const dir = path === '' ? '/proc/sys' : ROOT + path;
    for (const name of this.sys.files.readdir(dir).sort()) {
      const child = path === '' ? name : `${path}/${name}`;
      if (this.sys.files.stat(ROOT + child).type === 'dir') yield* this.tree(child);
      else if (this.o.deprecated || !DEPRECATED.includes(name)) yield* this.one(child);
    }
  }

  private *one(path: string): Coroutine<void> {
    const { sys, o } = this;
    const key = keyOf(path);
    if (o.pattern && !o.pattern.test(key)) return;
    const mode = sys.files.stat(ROOT + path).mode;
    if ((mode & 0o444) === 0) return;
    if (o.names) {
      yield* sys.print(`${key}\n`);
      return;
    }
    let text: string;
    try {
      text = yield* sys.readFile(ROOT + path);
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (e.code === 'EACCES' || e.code === 'EPERM') yield* this.warn(`permission denied on key '${key}'`);
      else yield* this.warn(`reading key "${key}": ${strerror(e.code as ErrnoCode)}`);
      if (e.code !== 'EACCES') this.status = 1;
      return;
    }
    if (o.binary) {
      yield* sys.print(text.replace(/\n$/, ''));
      return;
    }
    for (const line of text.split('\n').slice(0, -1)) yield* sys.print(o.values ? `${line}\n` : `${key} = ${line}\n`);
  }

  /** A line `key = value`; undefined (with a message, if it is worth one) when it is none. */
  *parse(where: string, line: number, text: string): Coroutine<Setting | undefined> {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) return undefined;
    const eq = trimmed.indexOf('=');
    if (eq < 0) {
      if (trimmed.length > 1) yield* this.warn(`${where}(${line}): invalid syntax, continuing...`);
      return undefined;
    }
    let key = trimmed.slice(0, eq).trim();
    if (key === '') return undefined;
    const ignoreFailure = key.startsWith('-');
    if (ignoreFailure) key = key.slice(1);
    const path = pathOf(key);
    return { key: keyOf(path), path, value: trimmed.slice(eq + 1).trim(), ignoreFailure };
  }

  *write(s: Setting): Coroutine<void> {
    const { sys, o } = this;
    const file = ROOT + s.path;
    let mode: number;
    try {
      mode = sys.files.stat(file).mode;
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (o.ignore) return;
      yield* this.warn(`cannot stat ${file}: ${strerror(e.code as ErrnoCode)}`);
      if (!s.ignoreFailure) this.status = 1;
      return;
    }
    if ((mode & 0o200) === 0) {
      // The original says so with whatever error happened before and succeeds.
      yield* this.warn(`setting key "${s.key}": Invalid argument`);
      return;
    }
    if (sys.files.stat(file).type === 'dir') {
      yield* this.warn(`setting key "${s.key}": Is a directory`);
      this.status = 1;
      return;
    }
    if (!o.dryRun) {
      try {
        const fd = yield* sys.open(file, { write: true });
        try {
          yield* sys.write(fd, `${s.value}\n`);
        } finally {
          sys.close(fd);
        }
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (e.code === 'EACCES' || e.code === 'EPERM') {
          yield* this.warn(`permission denied on key "${s.key}"${s.ignoreFailure ? ', ignoring' : ''}`);
        } else if (e.code === 'ENOENT' && o.ignore) return;
        else
          yield* this.warn(
            `setting key "${s.key}"${s.ignoreFailure ? ', ignoring' : ''}: ${strerror(e.code as ErrnoCode)}`,
          );
        if (!s.ignoreFailure) this.status = 1;
        return;
      }
    }
    if (o.quiet) return;
    if (o.values || o.names) yield* sys.print(`${s.value}\n`);
    else if (o.binary) yield* sys.print(s.value);
    else yield* sys.print(`${s.key} = ${s.value}\n`);
  }

  /** Reads a file of settings and applies them in order. */
  *load(path: string): Coroutine<void> {
    let text: string;
    try {
      text = path === '-' ? new TextDecoder().decode(yield* this.sys.readAll(0)) : yield* this.sys.readFile(path);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* this.warn(`cannot open "${path}": ${strerror(e.code as ErrnoCode)}`);
      this.status = 1;
      return;
    }
    const settings: Setting[] = [];
    const lines = text.split('\n');
    for (let n = 0; n < lines.length; n++) {
      const s = yield* this.parse(path, n + 1, lines[n]!);
      if (s) settings.push(s);
    }
    for (const s of settings) yield* this.write(s);
  }

  *system(): Coroutine<void> {
    const files = new Map<string, string>();
    for (const dir of SYSTEM_DIRS) {
      if (!this.sys.files.exists(dir)) continue;
      for (const name of this.sys.files.readdir(dir)) {
        if (name.endsWith('.conf') && !files.has(name)) files.set(name, `${dir}/${name}`);
      }
    }
    const order = [...files].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, path]) => path);
    if (this.sys.files.exists('/etc/sysctl.conf')) order.push('/etc/sysctl.conf');
    if (!this.o.quiet) for (const path of order) yield* this.sys.print(`* Applying ${path} ...\n`);
    for (const path of order) yield* this.load(path);
  }
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const o: Options = {
    names: false,
    values: false,
    binary: false,
    ignore: false,
    quiet: false,
    dryRun: false,
    deprecated: false,
    pattern: undefined,
  };
  let all = false;
  let load: string | undefined;
  let loading = false;
  let system = false;
  let writeMode = false;
  let parsed;
  try {
    parsed = getopt(argv, 'bneNwfp::qoxaAXr:Vdh', [
      'all=a',
      'deprecated',
      'dry-run',
      'binary=b',
      'ignore=e',
      'names=N',
      'values=n',
      'load::=p',
      'quiet=q',
      'write=w',
      'system',
      'pattern:=r',
      'help=h',
      'version=V',
    ]);
  } catch (e) {
    if (!(e instanceof GetoptError)) throw e;
    yield* sys.eprint(`sysctl: ${e.message}\n`);
    // An unknown option gets the help text and, as in the original, success.
    yield* sys.print(SYSCTL_HELP);
    return 0;
  }
  for (const { name, arg } of parsed.options) {
    switch (name) {
      case 'h':
      case 'd':
        yield* sys.print(SYSCTL_HELP);
        return 0;
      case 'V':
        yield* sys.print('sysctl from procps-ng 4.0.2\n');
        return 0;
      case 'a':
      case 'A':
      case 'X':
        all = true;
        break;
      case 'b':
        o.binary = true;
        break;
      case 'e':
        o.ignore = true;
        break;
      case 'N':
        o.names = true;
        break;
      case 'n':
        o.values = true;
        break;
      case 'p':
      case 'f':
        loading = true;
        if (arg !== undefined) load = arg;
        break;
      case 'q':
        o.quiet = true;
        break;
      case 'w':
        writeMode = true;
        break;
      case 'system':
        system = true;
        break;
      case 'deprecated':
        o.deprecated = true;
        break;
      case 'dry-run':
        o.dryRun = true;
        break;
      case 'r':
        try {
          o.pattern = new RegExp(arg!);
        } catch {
          o.pattern = /(?!)/;
        }
        break;
      default:
    }
  }
  const run = new Run(sys, o);
  if (all) {
    yield* run.tree('');
    return run.status;
  }
  if (system) {
    yield* run.system();
    return run.status;
  }
  if (loading) {
    const files =
      load !== undefined
        ? [load, ...parsed.operands]
        : parsed.operands.length > 0
          ? parsed.operands
          : ['/etc/sysctl.conf'];
    for (const path of files) yield* run.load(path);
    return run.status;
  }
  if (parsed.operands.length === 0) {
    if (o.pattern || parsed.options.length > 0) {
      yield* sys.eprint("sysctl: no variables specified\nTry `sysctl --help' for more information.\n");
    } else yield* sys.eprint(SYSCTL_HELP);
    return 1;
  }
  for (const word of parsed.operands) {
    if (writeMode || word.includes('=')) {
      const s = yield* run.parse('command line', 0, word);
      if (s) yield* run.write(s);
      else run.status = 1;
    } else yield* run.read(word);
  }
  return run.status;
}

/** The program. */
export const sysctl: Program = {
  name: 'sysctl',
  path: '/usr/sbin/sysctl',
  size: 30816,
  summary: 'configure kernel parameters at runtime',
  manual: `NAME
       sysctl - read and set kernel parameters

SYNOPSIS
       sysctl [options] [variable[=value]] ...

DESCRIPTION
       Parameters are the files below /proc/sys; dots or slashes separate the parts of a name. Those below "net" belong to the
       network namespace of the caller.

       -a            show everything          -w    set, as the form with "=" does anyway
       -n            values only              -N    names only
       -q            do not show what was set -e    ignore unknown names
       -p [FILE]     set what FILE says, by default /etc/sysctl.conf
       -r PATTERN    only names that match

EXAMPLES
       sysctl net.ipv4.ip_forward
       sysctl -w net.ipv4.ip_forward=1
       sysctl -a -r rp_filter
`,
  main,
  complete: (words, sys) => {
    const names: string[] = [];
    const walk = (path: string, depth: number): void => {
      for (const name of sys.files.readdir(ROOT + path)) {
        const child = path === '' ? name : `${path}/${name}`;
        if (sys.files.stat(ROOT + child).type === 'dir') {
          if (depth < 6) walk(child, depth + 1);
        } else names.push(keyOf(child));
      }
    };
    if (words.includes('-p')) return undefined;
    walk('', 0);
    return names;
  },
};
