import type { Stat } from '../../host';
import { DeviceNode } from '../../host';
import { quoteShell } from '../lib/quote';
import { strftime } from '../lib/strftime';
import { tool, UsageError } from '../lib/tool';
import { IdNames, modeText } from './names';

const KINDS: Record<string, string> = {
  dir: 'directory',
  symlink: 'symbolic link',
  fifo: 'fifo',
  char: 'character special file',
  socket: 'socket',
};

/** stat(1). */
export const stat = tool({
  name: 'stat',
  summary: 'display file or file system status',
  help: `[OPTION]... FILE...
Display file status.

  -L, --dereference     follow links
  -c  --format=FORMAT   use the specified FORMAT instead of the default; a newline after each use
      --printf=FORMAT   like --format, but interpret backslash escapes, and no newline
  -t, --terse           print the information in terse form

Sequences for FORMAT: %a access rights in octal, %A the same as text, %b blocks, %B block size, %d device, %f raw mode in hex, %F type,
%g %G group, %h hard links, %i inode, %m mount point, %n name, %N quoted name with target, %o I/O size, %s size, %u %U user,
%x %X access, %y %Y modification, %z %Z change, %w %W birth
`,
  *run(t) {
    const { options, operands } = t.getopt('Lfc:t', [
      'dereference=L',
      'file-system=f',
      'format:=c',
      'printf:',
      'terse=t',
      'cached:',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    if (operands.length === 0) throw new UsageError('missing operand');
    const users = yield* IdNames.read(t.sys, '/etc/passwd');
    const groups = yield* IdNames.read(t.sys, '/etc/group');
    const time = (micros: number): string => strftime('%Y-%m-%d %H:%M:%S.%N %z', micros);
    for (const path of operands) {
      let s: Stat;
      try {
        s = t.sys.files.stat(path, has('L'));
      } catch (e) {
        yield* t.complainErrno(`cannot statx ${t.qf(path)}`, e);
        continue;
      }
      const kind = s.type === 'file' ? (s.size === 0 ? 'regular empty file' : 'regular file') : KINDS[s.type]!;
      const link = s.type === 'symlink' ? ` -> ${quoteShell(t.sys.files.readlink(path))}` : '';
      const raw =
        s.mode |
        { file: 0o100000, dir: 0o040000, symlink: 0o120000, fifo: 0o010000, char: 0o020000, socket: 0o140000 }[s.type];
      const values: Record<string, string> = {
        a: s.mode.toString(8),
        A: modeText(s.type, s.mode),
        b: String(blocks(s)),
        B: '512',
        C: '?',
        d: '65024',
        D: 'fe00',
        f: raw.toString(16),
        F: kind,
        g: String(s.gid),
        G: groups.known(s.gid) ?? 'UNKNOWN',
        h: String(s.nlink),
        i: String(s.ino),
        m: '/',
        n: path,
        N: quoteShell(path) + link,
        o: '4096',
        s: String(s.size),
        t: s.inode instanceof DeviceNode ? s.inode.major.toString(16) : '0',
        T: s.inode instanceof DeviceNode ? s.inode.minor.toString(16) : '0',
        u: String(s.uid),
        U: users.known(s.uid) ?? 'UNKNOWN',
        w: '-',
        W: '0',
        x: time(s.atime),
        X: String(Math.floor(s.atime / 1e6)),
        y: time(s.mtime),
        Y: String(Math.floor(s.mtime / 1e6)),
        z: time(s.ctime),
        Z: String(Math.floor(s.ctime / 1e6)),
        '%': '%',
      };
      const at = (micros: number) => (digits: number) =>
        digits === 0
          ? String(Math.floor(micros / 1e6))
          : `${Math.floor(micros / 1e6)}.${String(Math.floor(micros % 1e6))
              .padStart(6, '0')
              .padEnd(9, '0')
              .slice(0, digits)}`;
      const seconds: Record<string, (digits: number) => string> = { X: at(s.atime), Y: at(s.mtime), Z: at(s.ctime) };
      const format = get('c') ?? get('printf');
      if (format !== undefined) {
        const text = format.replace(
          /%([-0+ #]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
          (_, flags: string, width: string, precision: string | undefined, c: string) => {
            const value =
              'XYZ'.includes(c) && precision !== undefined ? seconds[c]!(Number(precision)) : (values[c] ?? '?');
            if (width === '') return value;
            return flags.includes('-')
              ? value.padEnd(Number(width))
              : value.padStart(Number(width), flags.includes('0') ? '0' : ' ');
          },
        );
        yield* t.out.write(
          get('c') !== undefined ? `${text}\n` : text.replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\0/g, '\0'),
        );
      } else if (has('t')) {
        const v = values;
        yield* t.out.line(
          [path, v.s, v.b, v.f, v.u, v.g, 'fe00', v.i, v.h, v.t, v.T, v.X, v.Y, v.Z, v.W, v.o].join(' '),
        );
      } else {
        const v = values;
        const device = s.inode instanceof DeviceNode ? ` Device type: ${s.inode.major},${s.inode.minor}` : '';
        const names = s.type === 'symlink' ? `${path} -> ${t.sys.files.readlink(path)}` : path;
        yield* t.out.write(
          `  File: ${names}\n` +
            `  Size: ${v.s!.padEnd(10)}\tBlocks: ${v.b!.padEnd(10)} IO Block: ${v.o!.padEnd(6)} ${kind}\n` +
            `Device: 254,0\tInode: ${v.i!.padEnd(11)} Links: ${device ? v.h!.padEnd(5) + device : v.h}\n` +
            `Access: (${s.mode.toString(8).padStart(4, '0')}/${v.A})  Uid: (${v.u!.padStart(5)}/${v.U!.padStart(8)})   Gid: (${v.g!.padStart(5)}/${v.G!.padStart(8)})\n` +
            `Access: ${v.x}\nModify: ${v.y}\nChange: ${v.z}\n Birth: -\n`,
        );
      }
    }
    return t.status;
  },
});

/** Blocks of 512 bytes, in whole pages of 4096 as ext4 allocates them. */
export function blocks(s: Pick<Stat, 'type' | 'size'>): number {
  if (s.type === 'dir') return 8;
  return s.type === 'file' ? Math.ceil(s.size / 4096) * 8 : 0;
}
