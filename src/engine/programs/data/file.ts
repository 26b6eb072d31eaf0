import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { decode } from '../../core';
import { FileNode, lookup, SymlinkNode } from '../../host';
import { parseJson } from './jq/json';
import type { Tool } from '../lib/tool';
import { Fail, tool } from '../lib/tool';

const MAGIC: readonly (readonly [number, readonly number[], string, string])[] = [
  [0, [0x1f, 0x8b], 'gzip compressed data', 'application/gzip'],
  [0, [0x42, 0x5a, 0x68], 'bzip2 compressed data', 'application/x-bzip2'],
  [0, [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'XZ compressed data', 'application/x-xz'],
  [0, [0x50, 0x4b, 3, 4], 'Zip archive data', 'application/zip'],
  [
    0,
    [0xd4, 0xc3, 0xb2, 0xa1],
    'pcap capture file, microsecond ts (little-endian) - version 2.4',
    'application/vnd.tcpdump.pcap',
  ],
  [257, [0x75, 0x73, 0x74, 0x61, 0x72], 'POSIX tar archive', 'application/x-tar'],
];

/** Link types as file(1) calls them. */
const LINK_TYPES: Readonly<Record<number, string>> = {
  1: 'Ethernet',
  101: 'Raw IP',
  113: 'Linux "cooked"',
  276: 'Linux cooked v2',
};

/** What file(1) says of a capture besides its version: ` (Ethernet, capture length 262144)`. */
function pcapDetails(bytes: Uint8Array): string {
  if (bytes.length < 24) return '';
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const kind = LINK_TYPES[view.getUint32(20, true)];
  return ` (${kind === undefined ? '' : `${kind}, `}capture length ${view.getUint32(16, true)})`;
}

/** What the bytes of a regular file look like: description and MIME type. */
function contents(bytes: Uint8Array): readonly [string, string] {
  if (bytes.length === 0) return ['empty', 'inode/x-empty'];
  for (const [at, magic, text, mime] of MAGIC)
    if (magic.every((b, i) => bytes[at + i] === b))
      return [text + (text.startsWith('pcap') ? pcapDetails(bytes) : ''), mime];
  if (bytes.some((b) => b < 7 || (b > 13 && b < 32 && b !== 27) || b === 127))
    return ['data', 'application/octet-stream'];
  const text = decode(bytes);
  if (text.includes('\ufffd')) return ['ISO-8859 text', 'text/plain'];
  const coding = bytes.every((b) => b < 128) ? 'ASCII text' : 'Unicode text, UTF-8 text';
  const lines = text.includes('\r\n')
    ? ', with CRLF line terminators'
    : text.includes('\n')
      ? ''
      : ', with no line terminators';
  const script = /^#! ?(\S+)(?: (\S+))?/.exec(text);
  if (script) {
    const [, path = '', word] = script;
    const program = path.endsWith('/env') && word !== undefined ? word : path;
    const name = program.slice(program.lastIndexOf('/') + 1);
    const shown =
      name === 'sh'
        ? 'POSIX shell script'
        : name === 'bash'
          ? 'Bourne-Again shell script'
          : name.startsWith('python')
            ? 'Python script'
            : `a ${path} script`;
    return [
      `${shown}, ${coding} executable${lines}`,
      name === 'sh' || name === 'bash' ? 'text/x-shellscript' : 'text/plain',
    ];
  }
  if (/^\s*[[{]/.test(text)) {
    try {
      if (parseJson(text) !== undefined) return ['JSON text data', 'application/json'];
    } catch {
      // It only began like JSON.
    }
  }
  if (/^\s*<!doctype html|^\s*<html/i.test(text)) return [`HTML document, ${coding}${lines}`, 'text/html'];
  return [coding + lines, 'text/plain'];
}

function* describe(t: Tool, name: string, follow: boolean): Coroutine<readonly [string, string]> {
  let inode;
  try {
    inode = lookup(t.sys.proc, name, follow);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return [`cannot open \`${name}' (${e.message})`, `cannot open \`${name}' (${e.message})`];
  }
  if (inode instanceof SymlinkNode) {
    const target = inode.text(t.sys.proc);
    return [`symbolic link to ${target}`, 'inode/symlink'];
  }
  switch (inode.type) {
    case 'dir':
      return [(inode.mode & 0o1000) !== 0 ? 'sticky, directory' : 'directory', 'inode/directory'];
    case 'char':
      return ['character special', 'inode/chardevice'];
    case 'fifo':
      return ['fifo (named pipe)', 'inode/fifo'];
    case 'socket':
      return ['socket', 'inode/socket'];
  }
  if (inode instanceof FileNode && inode.program !== undefined)
    return [
      'ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically linked, interpreter /lib64/ld-linux-x86-64.so.2, for GNU/Linux 3.2.0, stripped',
      'application/x-pie-executable',
    ];
  const fd = yield* t.open(name);
  if (fd === undefined) return ['regular file, no read permission', 'regular file, no read permission'];
  try {
    return contents(yield* t.sys.readAll(fd));
  } finally {
    t.close(fd);
  }
}

/** file(1) 5.44: kinds of file, and the contents that occur in the course. */
export const file = tool({
  name: 'file',
  summary: 'determine file type',
  version: 'file-5.44',
  help: `[OPTION...] [FILE...]
Determine type of FILEs.

  -b, --brief        no file names
  -i, --mime         MIME types
      --mime-type    MIME types without the character set
  -L, --dereference  follow symbolic links
  -h                 do not follow symbolic links (the default)
`,
  *run(t) {
    const { options, operands } = t.getopt('bihLNnr', [
      'brief=b',
      'mime=i',
      'mime-type',
      'dereference=L',
      'no-dereference=h',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    if (operands.length === 0) throw new Fail('no file was named');
    const width = Math.max(...operands.map((n) => n.length)) + 2;
    for (const name of operands) {
      const [text, mime] = name === '-' ? contents(yield* t.sys.readAll(0)) : yield* describe(t, name, has('L'));
      const label = name === '-' ? '/dev/stdin' : name;
      const charset = mime.startsWith('text/')
        ? /UTF-8/.test(text)
          ? 'utf-8'
          : 'us-ascii'
        : mime === 'application/json'
          ? 'us-ascii'
          : 'binary';
      const shown = has('mime-type')
        ? mime
        : has('i') && !mime.startsWith('cannot')
          ? `${mime}; charset=${charset}`
          : text;
      yield* t.out.line(has('b') ? shown : `${`${label}:`.padEnd(width)}${shown}`);
    }
    return t.status;
  },
});
