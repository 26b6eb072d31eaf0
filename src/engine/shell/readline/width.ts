/**
 * Columns that a character takes on the screen. The course's terminal decides (its Unicode 6 table, which is the one of
 * M. Kuhn's wcwidth); a shell that counts otherwise would draw its line in the wrong place.
 */

/** Characters without a width of their own: first code point, less the end of the range before, and length less 1. */
const ZERO =
  'lc,33 7o,3 2,1 7c,18 2 2,1 2,1 2 1l,3 d,5 1i,j i 2u,e 3,1 2,3 y 2 v,q 2k,a 1n,8 7i,1 1m 5,7 5 4,3 e,1 u 1n 5,3 9 ' +
  'l,1 u,1 1m 5,1 5,1 3,2 z,1 g,1 1m 5,4 2,1 5 l,1 u 1n 3 2,2 a 9 18 1q d 35,2 6,2 2,3 8,1 2u 3 7 6,1 l,1 2m,2 a 3h ' +
  '8,2 2 2j 3,6 d,7 2r 3,5 2,1 c,5 23,1 s 2 2 1k,d 2,4 2,1 9,7 2,z a 2v,3 2 4,1 2 v,1 7b,4f 9s qb,2 u,2 u,1 v,1 ' +
  '1t,1 2,6 9 3,a a 1a,2 4c 3b,2 5,1 a 7,2 64,1 6g,3 1d 2,4 2 6 15,8 gd,a 1g,1 ek,4 r,4 1e,3 7,5 2p,v 30b,5 2y,1 ' +
  'nl8 5 q,1 ge0 ki,f h,3 64 6y,2 1za,2 2,1 6,3 15,2 5 13c8,2 a,f 3,6 v,3 45,2 h3ul v,2n 3l,6n';

const zeroStarts: number[] = [];
const zeroEnds: number[] = [];
{
  let at = 0;
  for (const range of ZERO.split(' ')) {
    const [gap, length] = range.split(',');
    zeroStarts.push(at + parseInt(gap!, 36));
    at = zeroStarts[zeroStarts.length - 1]! + (length ? parseInt(length, 36) : 0);
    zeroEnds.push(at);
  }
}

/** True for combining marks and other characters that are drawn over the one before. */
export function isZeroWidth(code: number): boolean {
  if (code < 0x300) return false;
  let low = 0;
  let high = zeroStarts.length - 1;
  while (low <= high) {
    const mid = (low + high) >> 1;
    if (code < zeroStarts[mid]!) high = mid - 1;
    else if (code > zeroEnds[mid]!) low = mid + 1;
    else return true;
  }
  return false;
}

/** Columns of the printable code point `code`: 0, 1 or 2. Control characters are the caller's business. */
export function charWidth(code: number): 0 | 1 | 2 {
  if (code < 0x300) return 1;
  if (isZeroWidth(code)) return 0;
  if (code < 0x1100) return 1;
  const wide =
    code <= 0x115f ||
    code === 0x2329 ||
    code === 0x232a ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe10 && code <= 0xfe19) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x20000 && code <= 0x2fffd) ||
    (code >= 0x30000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** Columns of a text without control characters. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char.codePointAt(0)!);
  return width;
}
