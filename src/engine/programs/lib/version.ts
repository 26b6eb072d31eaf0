/** Version order as `sort -V` and `ls -v` have it (gnulib's filevercmp). */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '' || b === '') return a === '' ? -1 : 1;
  for (const special of ['.', '..']) {
    if (a === special) return -1;
    if (b === special) return 1;
  }
  if (a.startsWith('.') !== b.startsWith('.')) return a.startsWith('.') ? -1 : 1;
  // File suffixes count only when all before them is equal.
  const suffix = /(?:\.[A-Za-z~][A-Za-z0-9~]*)*$/;
  const cutA = a.replace(suffix, '');
  const cutB = b.replace(suffix, '');
  const r = cutA === cutB ? 0 : compareParts(cutA, cutB);
  return r || compareParts(a, b) || (a < b ? -1 : 1);
}

function order(c: string | undefined): number {
  if (c === undefined || /\d/.test(c)) return c === undefined ? -1 : 0;
  if (c === '~') return -2;
  return /[A-Za-z]/.test(c) ? c.charCodeAt(0) : c.charCodeAt(0) + 256;
}

function compareParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !/\d/.test(a[i]!)) || (j < b.length && !/\d/.test(b[j]!))) {
      const x = order(a[i]);
      const y = order(b[j]);
      if (x !== y) return x - y;
      i++;
      j++;
    }
    const x = /^\d*/.exec(a.slice(i))![0];
    const y = /^\d*/.exec(b.slice(j))![0];
    i += x.length;
    j += y.length;
    const m = x.replace(/^0+/, '');
    const n = y.replace(/^0+/, '');
    if (m.length !== n.length) return m.length - n.length;
    if (m !== n) return m < n ? -1 : 1;
  }
  return 0;
}
