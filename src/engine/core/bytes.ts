/** Byte helpers. Text inside the engine is UTF-8 wherever it is bytes. */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

/** No bytes: what read returns at end of file. */
export const EMPTY = new Uint8Array(0);

/** UTF-8 bytes of `text`. */
export function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 `bytes`; malformed sequences become U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One array with the contents of `parts` in order. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  let n = 0;
  for (const p of parts) n += p.length;
  const out = new Uint8Array(n);
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
