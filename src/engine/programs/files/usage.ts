import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Mount } from '../../host';
import { humanSize, parseSize } from '../lib/format';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';
import { fnmatch } from '../lib/glob';
import { joinPath } from './names';
import { blocks } from './stat';

/** Space of the root disk and of each tmpfs, in bytes. */
const DISK = 20 * 1024 ** 3;
const PSEUDO = new Set(['proc', 'sysfs', 'cgroup2', 'devpts', 'nsfs', 'mqueue', 'securityfs', 'debugfs']);

/** df(1). The sizes are the machine's nominal ones; what is used is what its files hold. */
export const df = tool({
  name: 'df',
  summary: 'report file system space usage',
  help: `[OPTION]... [FILE]...
Show information about the file system on which each FILE resides, or all file systems by default.

  -a, --all              include pseudo file systems
  -h, --human-readable   print sizes in powers of 1024
  -H, --si               print sizes in powers of 1000
  -i, --inodes           list inode information instead of block usage
  -k                     like --block-size=1K
  -T, --print-type       print file system type
  -t, --type=TYPE        only file systems of type TYPE
`,
  *run(t) {
    const { options, operands } = t.getopt('ahHiklPTt:x:m', [
      'all=a',
      'human-readable=h',
      'si=H',
      'inodes=i',
      'local=l',
      'portability=P',
      'print-type=T',
      'type:=t',
      'exclude-type:=x',
      'total',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const type = options.findLast((o) => o.name === 't')?.arg;
    if (has('i')) throw new Fail('not simulated in this course: --inodes');
    const table = t.sys.proc.ns.mnt;
    const root: Mount = {
      id: 0,
      root: table.root,
      target: '/',
      source: '/dev/vda1',
      type: 'ext4',
      options: 'rw,relatime',
    };
    const mounts = [root, ...table.list()];
    let shown = mounts.filter((m) => (has('a') || !PSEUDO.has(m.type)) && (type === undefined || m.type === type));
    if (operands.length > 0) {
      shown = [];
      for (const path of operands) {
        try {
          const real = t.sys.files.realpath(path);
          const inside = mounts.filter(
            (m) => real === m.target || real.startsWith(m.target === '/' ? '/' : `${m.target}/`),
          );
          shown.push(inside.sort((a, b) => b.target.length - a.target.length)[0]!);
        } catch (e) {
          yield* t.complainErrno(path, e);
        }
      }
      if (shown.length === 0) return t.status;
    }
    const used = yield* diskUsage(t, '/', new Set(mounts.slice(1).map((m) => m.target)));
    const rows = shown.map((m) => {
      const pseudo = PSEUDO.has(m.type);
      const size = pseudo ? 0 : m.type === 'ext4' ? DISK : t.sys.machine.memory / 2;
      const u = m.type === 'ext4' ? used + 1_400_000_000 : 0;
      const free = m.type === 'ext4' ? Math.round(size * 0.95) - u : size;
      const show = (n: number): string =>
        has('h') ? humanSize(n) : has('H') ? humanSize(n, 1000) : String(Math.ceil(n / 1024));
      const percent = size === 0 ? '-' : `${Math.ceil((u / (u + free)) * 100)}%`;
      return [m.source, ...(has('T') ? [m.type] : []), show(size), show(u), show(free), percent, m.target];
    });
    const sizeTitle = has('h') || has('H') ? 'Size' : '1K-blocks';
    const availTitle = has('h') || has('H') ? 'Avail' : 'Available';
    const head = ['Filesystem', ...(has('T') ? ['Type'] : []), sizeTitle, 'Used', availTitle, 'Use%', 'Mounted on'];
    const left = new Set(has('T') ? [0, 1, 6] : [0, 5]);
    const widths = head.map((h, i) => Math.max(i === 0 ? 14 : h.length, ...rows.map((r) => r[i]!.length)));
    for (const row of [head, ...rows]) {
      const line = row.map((cell, i) =>
        left.has(i) ? (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)) : cell.padStart(widths[i]!),
      );
      yield* t.out.line(line.join(' '));
    }
    return t.status;
  },
});

function* diskUsage(t: Tool, path: string, skip: ReadonlySet<string>): Coroutine<number> {
  yield* t.sys.work();
  if (skip.has(path)) return 0;
  const s = t.sys.files.stat(path, false);
  let sum = blocks(s) * 512;
  if (s.type === 'dir')
    for (const name of t.sys.files.readdir(path)) sum += yield* diskUsage(t, joinPath(path, name), skip);
  return sum;
}

/** du(1). */
export const du = tool({
  name: 'du',
  summary: 'estimate file space usage',
  help: `[OPTION]... [FILE]...
Summarize device usage of the set of FILEs, recursively for directories.

  -a, --all                write counts for all files, not just directories
      --apparent-size      print sizes of contents rather than device usage
  -b, --bytes              same as --apparent-size --block-size=1
  -c, --total              produce a grand total
  -d, --max-depth=N        print totals only for N levels
  -h, --human-readable     print sizes in human readable format
  -k, -m                   like --block-size=1K, 1M
  -s, --summarize          display only a total for each argument
      --exclude=PATTERN    exclude files that match PATTERN
`,
  *run(t) {
    const { options, operands } = t.getopt('abB:cd:hkmsxLHP0', [
      'all=a',
      'apparent-size',
      'bytes=b',
      'block-size:=B',
      'total=c',
      'max-depth:=d',
      'human-readable=h',
      'summarize=s',
      'one-file-system=x',
      'exclude:',
      'si=H',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const apparent = has('b') || has('apparent-size');
    const depthText = has('s') ? '0' : get('d');
    if (depthText !== undefined && !/^\d+$/.test(depthText)) throw new Fail(`invalid maximum depth ${t.q(depthText)}`);
    const depth = depthText === undefined ? Infinity : Number(depthText);
    const unit = has('b') ? 1 : has('m') ? 1024 ** 2 : get('B') === undefined ? 1024 : (parseSize(get('B')!) ?? 1024);
    const show = (bytes: number): string => (has('h') ? humanSize(bytes) : String(Math.ceil(bytes / unit)));
    const exclude = options.filter((o) => o.name === 'exclude').map((o) => o.arg!);
    const visit = function* (path: string, level: number): Coroutine<number> {
      yield* t.sys.work();
      const s = t.sys.files.stat(path, false);
      let sum = apparent ? s.size : blocks(s) * 512;
      if (s.type === 'dir') {
        let names: string[] = [];
        try {
          names = t.sys.files.readdir(path);
        } catch (e) {
          yield* t.complainErrno(`cannot read directory ${t.qf(path)}`, e);
        }
        for (const name of names) {
          if (exclude.some((p) => fnmatch(p, name))) continue;
          try {
            sum += yield* visit(joinPath(path, name), level + 1);
          } catch (e) {
            if (!isErrno(e)) throw e;
          }
        }
      }
      if ((s.type === 'dir' || has('a') || level === 0) && level <= depth) yield* t.out.line(`${show(sum)}\t${path}`);
      return sum;
    };
    let total = 0;
    for (const path of operands.length > 0 ? operands : ['.']) {
      if (t.sys.files.exists(path, false)) total += yield* visit(path, 0);
      else yield* t.complain(`cannot access ${t.qf(path)}: No such file or directory`);
    }
    if (has('c')) yield* t.out.line(`${show(total)}\ttotal`);
    return t.status;
  },
});

/** dd(1). */
export const dd = tool({
  name: 'dd',
  summary: 'convert and copy a file',
  help: `[OPERAND]...
Copy a file.

  bs=BYTES      read and write up to BYTES bytes at a time (default: 512)
  count=N       copy only N input blocks
  if=FILE       read from FILE instead of stdin
  of=FILE       write to FILE instead of stdout
  seek=N        skip N output blocks
  skip=N        skip N input blocks
  conv=notrunc  do not truncate the output file
  status=none   no transfer statistics
`,
  *run(t) {
    const { operands } = t.getopt('', []);
    const args = new Map<string, string>();
    for (const word of operands) {
      const m = /^(\w+)=(.*)$/.exec(word);
      if (
        !m ||
        !['bs', 'ibs', 'obs', 'count', 'if', 'of', 'seek', 'skip', 'conv', 'status', 'iflag', 'oflag'].includes(m[1]!)
      ) {
        throw new Fail(`unrecognized operand ${t.q(word)}\nTry '${t.name} --help' for more information.`);
      }
      args.set(m[1]!, m[2]!);
    }
    const number = (name: string, otherwise: number): number => {
      const text = args.get(name);
      const value = text === undefined ? otherwise : parseSize(text);
      if (value === undefined) throw new Fail(`invalid number: ${t.q(text!)}`);
      return value;
    };
    const bs = number('bs', number('ibs', 512));
    if (bs < 1 || bs > 64 * 1024 * 1024) throw new Fail(`invalid number: ${t.q(args.get('bs') ?? '')}`);
    const count = args.has('count') ? number('count', 0) : Infinity;
    const input = args.get('if');
    const output = args.get('of');
    const open = function* (path: string, flags: object): Coroutine<number> {
      try {
        return yield* t.sys.open(path, flags);
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`failed to open ${t.qf(path)}: ${e.message}`);
      }
    };
    const from = input === undefined ? 0 : yield* open(input, { read: true });
    const keep = (args.get('conv') ?? '').includes('notrunc');
    const to = output === undefined ? 1 : yield* open(output, { write: true, create: true, truncate: !keep });
    if (number('skip', 0) > 0)
      for (let n = number('skip', 0) * bs; n > 0;) {
        const got = (yield* t.sys.read(from, Math.min(n, 65536))).length;
        if (got === 0) break;
        n -= got;
      }
    if (number('seek', 0) > 0) t.sys.file(to).seek(number('seek', 0) * bs, 'set');
    const conversions = (args.get('conv') ?? '').split(',');
    const convert = conversions.includes('ucase')
      ? (b: number) => (b >= 97 && b <= 122 ? b - 32 : b)
      : conversions.includes('lcase')
        ? (b: number) => (b >= 65 && b <= 90 ? b + 32 : b)
        : undefined;
    const began = t.sys.now;
    let full = 0;
    let partial = 0;
    let bytes = 0;
    try {
      while (full + partial < count) {
        let data = yield* t.sys.read(from, bs);
        if (data.length === 0) break;
        if (convert) data = data.map(convert);
        yield* t.sys.write(to, data);
        bytes += data.length;
        if (data.length === bs) full++;
        else partial++;
      }
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* t.complain(`error writing ${t.qf(output ?? 'standard output')}: ${e.message}`);
    }
    if (args.get('status') !== 'none') {
      const seconds = Math.max(1e-6, (t.sys.now - began) / 1e6);
      const decimal = humanUnits(bytes, 1000, ['B', 'kB', 'MB', 'GB']);
      const binary = humanUnits(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB']);
      const sizes =
        bytes < 1000
          ? `${bytes} byte${bytes === 1 ? '' : 's'}`
          : bytes < 1024
            ? `${bytes} bytes (${decimal})`
            : `${bytes} bytes (${decimal}, ${binary})`;
      yield* t.sys.eprint(
        `${full}+${partial} records in\n${full}+${partial} records out\n${sizes} copied, ${Number(seconds.toPrecision(6))} s, ${humanUnits(bytes / seconds, 1000, ['B', 'kB', 'MB', 'GB'])}/s\n`,
      );
    }
    return t.status;
  },
});

function humanUnits(n: number, base: number, units: readonly string[]): string {
  let i = 0;
  while (n >= base && i < units.length - 1) {
    n /= base;
    i++;
  }
  return `${n >= 10 || i === 0 ? Math.round(n) : n.toFixed(1)} ${units[i]!}`;
}
