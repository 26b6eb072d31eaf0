/**
 * Domain names (RFC 1035 sections 3.1 and 4.1.4). In text a dot or backslash inside a label is written `\.` or `\\`, and a
 * byte outside printable ASCII `\DDD` (RFC 4343); the root is the empty string; there is no final dot.
 */
import { put16 } from './bytes';

/** Splits a name into labels of latin-1 bytes, undoing the escapes. A final dot is ignored. */
export function dnsLabels(name: string): string[] {
  const labels: string[] = [];
  let label = '';
  for (let i = 0; i < name.length; i++) {
    const c = name[i]!;
    if (c === '\\' && i + 1 < name.length) {
      const digits = name.slice(i + 1, i + 4);
      if (/^\d{3}$/.test(digits)) {
        label += String.fromCharCode(Number(digits) & 255);
        i += 3;
      } else label += name[++i]!;
    } else if (c === '.') {
      labels.push(label);
      label = '';
    } else label += c;
  }
  if (label !== '') labels.push(label);
  return labels;
}

/** Is this a name DNS can carry: labels of 1..63 bytes, 255 bytes in all? */
export function isDnsName(name: string): boolean {
  const labels = dnsLabels(name);
  return labels.every((l) => l.length > 0 && l.length < 64) && dnsNameLength(name) <= 255;
}

/** Encoded length without compression. */
export function dnsNameLength(name: string): number {
  let length = 1;
  for (const label of dnsLabels(name)) length += 1 + Math.min(label.length, 63);
  return length;
}

/**
 * Writes a name at `at`; with `names` (suffix -> offset) it is compressed and its suffixes are remembered. Labels longer
 * than 63 bytes are cut (check with {@link isDnsName} first). Without `compress` the name is written in full and only remembered.
 * @returns the offset behind it.
 */
export function writeDnsName(
  name: string,
  out: Uint8Array,
  at: number,
  names: Map<string, number> | undefined,
  compress = true,
): number {
  const labels = dnsLabels(name);
  for (let i = 0; i < labels.length; i++) {
    if (names !== undefined) {
      const suffix = labels
        .slice(i)
        .map((l) => l.length + ':' + l)
        .join('');
      const known = names.get(suffix);
      if (known !== undefined && compress) {
        put16(out, at, 0xc000 | known);
        return at + 2;
      }
      if (at < 0x4000 && known === undefined) names.set(suffix, at);
    }
    const label = labels[i]!;
    const length = Math.min(label.length, 63);
    out[at++] = length;
    for (let c = 0; c < length; c++) out[at++] = label.charCodeAt(c);
  }
  out[at] = 0;
  return at + 1;
}

function escapeLabel(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const b = bytes[i]!;
    if (b === 46 || b === 92) text += '\\' + String.fromCharCode(b);
    else if (b > 32 && b < 127) text += String.fromCharCode(b);
    else text += '\\' + String(b).padStart(3, '0');
  }
  return text;
}

/**
 * Reads a name, following compression pointers (only backwards, so it ends).
 * @returns the name and the offset behind its first part, or undefined when it is malformed or runs over the end.
 */
export function readDnsName(bytes: Uint8Array, at: number): { name: string; end: number } | undefined {
  let name = '';
  let end = -1;
  let p = at;
  let limit = at;
  let total = 1;
  for (;;) {
    const length = bytes[p];
    if (length === undefined) return undefined;
    if (length === 0) return { name, end: end < 0 ? p + 1 : end };
    if ((length & 0xc0) === 0xc0) {
      const low = bytes[p + 1];
      if (low === undefined) return undefined;
      if (end < 0) end = p + 2;
      const target = ((length & 0x3f) << 8) | low;
      if (target >= limit) return undefined;
      limit = target;
      p = target;
      continue;
    }
    if ((length & 0xc0) !== 0 || p + 1 + length > bytes.length) return undefined;
    total += 1 + length;
    if (total > 255) return undefined;
    name += (name === '' ? '' : '.') + escapeLabel(bytes, p + 1, p + 1 + length);
    p += 1 + length;
  }
}
