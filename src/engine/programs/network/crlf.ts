/** -C: line ends as protocols of the Internet want them, CR LF instead of LF; a pair that is there stays. */
export function toCrlf(data: Uint8Array): Uint8Array {
  const out: number[] = [];
  data.forEach((b, i) => {
    if (b === 10 && data[i - 1] !== 13) out.push(13);
    out.push(b);
  });
  return Uint8Array.from(out);
}
