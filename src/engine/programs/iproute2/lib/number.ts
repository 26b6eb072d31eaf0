/** Counters as `ip -s` prints them, exact or with -h in powers of 1000 (of 1024 with -iec). */
export function humanNumber(count: number, human: boolean, iec: boolean): string {
  const base = iec ? 1024 : 1000;
  if (!human || count < base) return String(count);
  const prefixes = 'kMGTPE';
  let power = 1;
  let prefix = 0;
  for (;;) {
    power *= base;
    if (count / base < power || prefix >= prefixes.length - 1) break;
    prefix++;
  }
  let precision = 2;
  for (let limit = 10; precision > 0; precision--, limit *= 10) if (count / power < limit) break;
  return `${(count / power).toFixed(precision)}${prefixes[prefix]}${iec ? 'i' : ''}`;
}
