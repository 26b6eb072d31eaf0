/** The dumps of -x, -X and -A. */
import type { Dissector } from './dissector';

function graph(byte: number): string {
  return byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.';
}

function hexPairs(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) {
    if ((i - from) % 2 === 0) text += ' ';
    text += bytes[i]!.toString(16).padStart(2, '0');
  }
  return text;
}

/** Hex and ASCII, 16 bytes a line, each line after `indent`. At most the captured bytes are dumped. */
export function printHexAscii(d: Dissector, indent: string, at: number, length: number): void {
  const end = Math.min(at + length, d.end);
  for (let p = at; p < end; p += 16) {
    const stop = Math.min(p + 16, end);
    let ascii = '';
    for (let i = p; i < stop; i++) ascii += graph(d.bytes[i]!);
    const offset = (p - at).toString(16).padStart(4, '0');
    d.print(`${indent}0x${offset}: ${hexPairs(d.bytes, p, stop).padEnd(40)}  ${ascii}`);
  }
  if (at + length > d.end) d.truncated();
}

/** Hex alone. */
export function printHex(d: Dissector, indent: string, at: number, length: number): void {
  const end = Math.min(at + length, d.end);
  for (let p = at; p < end; p += 16) {
    const offset = (p - at).toString(16).padStart(4, '0');
    d.print(`${indent}0x${offset}: ${hexPairs(d.bytes, p, Math.min(p + 16, end))}`);
  }
  if (at + length > d.end) d.truncated();
}

/** ASCII with line breaks kept; a carriage return before a line feed is dropped. */
export function printAscii(d: Dissector, at: number, length: number): void {
  const end = Math.min(at + length, d.end);
  let text = '\n';
  for (let p = at; p < end; p++) {
    const byte = d.bytes[p]!;
    if (byte === 13) {
      // the last but one byte decides, so a lone CR at the very end is dropped too
      if (end - p - 1 > 1 && d.bytes[p + 1] !== 10) text += '.';
    } else if (byte === 9 || byte === 10 || byte === 32) text += String.fromCharCode(byte);
    else text += graph(byte);
  }
  d.print(text);
}
