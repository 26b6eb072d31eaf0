/** The file that nano edits: reading it, writing it, and what the status bar says of that. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';
import { toBytes, toText } from '../lib/text';
import type { EditBuffer } from './nano-buffer';

/** The largest file that is edited, in bytes. */
const MAX_FILE = 4 * 1024 * 1024;

/** Reads file `name` into an empty buffer. @returns the name to go on with, empty for what cannot be edited, and what to say */
export function* readFile(sys: Sys, name: string, buffer: EditBuffer): Coroutine<{ name: string; status: string }> {
  if (name === '') return { name, status: '' };
  try {
    if (sys.files.stat(name).type === 'dir') return { name: '', status: `"${name}" is a directory` };
    const fd = yield* sys.open(name, { read: true });
    const bytes = yield* sys.readAll(fd, MAX_FILE);
    sys.close(fd);
    buffer.load(toText(bytes));
    if (!sys.files.access(name, 2)) return { name, status: `File '${name}' is unwritable` };
    return { name, status: `Read ${lines(buffer.count)}` };
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (e.code === 'ENOENT') {
      const dir = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) || '/' : '.';
      return { name, status: sys.files.exists(dir) ? 'New File' : `Directory '${dir}' does not exist` };
    }
    const tooBig = e.code === 'ENOMEM';
    return { name: '', status: tooBig ? 'File is too big for this course' : `Error reading ${name}: ${e.message}` };
  }
}

/** Writes the buffer to file `name`. @returns whether it was written, and what to say */
export function* writeFile(
  sys: Sys,
  name: string,
  buffer: EditBuffer,
): Coroutine<{ written: boolean; status: string }> {
  const { text } = buffer;
  try {
    yield* sys.writeFile(name, toBytes(text));
  } catch (e) {
    if (!isErrno(e)) throw e;
    return { written: false, status: `Error writing ${name}: ${e.message}` };
  }
  if (buffer.lines[buffer.lines.length - 1] !== '') buffer.lines.push('');
  buffer.modified = false;
  return { written: true, status: `Wrote ${lines(text === '' ? 0 : text.split('\n').length - 1)}` };
}

function lines(n: number): string {
  return `${n} line${n === 1 ? '' : 's'}`;
}
