/** free(1) of procps. */
import { isErrno } from '../../core';
import { getopt } from '../lib/getopt';
import { procps, Usage } from './procps';
import { readMeminfo } from './table';

/** free(1). */
export const free = procps({
  name: 'free',
  summary: 'display how much memory is free and used',
  help: `[options]

Options:
 -b, --bytes         in bytes
 -k, --kibi          in kibibytes, the default
 -m, --mebi          in mebibytes
 -g, --gibi          in gibibytes
     --tebi, --pebi, --kilo, --mega, --giga, --tera, --peta
 -h, --human         each number with the unit that suits it
     --si            powers of 1000 instead of 1024
 -l, --lohi          low and high memory too
 -t, --total         the sum of memory and swap
 -s N, --seconds N   print again every N seconds
 -c N, --count N     print N times
 -w, --wide          buffers and cache in columns of their own`,
  *run(t) {
    const { sys } = t;
    const { options } = getopt(t.argv, 'bkmghltvs:c:wV', [
      'bytes=b',
      'kibi=k',
      'mebi=m',
      'gibi=g',
      'tebi=--tebi',
      'pebi=--pebi',
      'kilo=--kilo',
      'mega=--mega',
      'giga=--giga',
      'tera=--tera',
      'peta=--peta',
      'human=h',
      'si=--si',
      'lohi=l',
      'total=t',
      'committed=v',
      'seconds:=s',
      'count:=c',
      'wide=w',
      'help=--help',
      'version=V',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const last = (name: string): string | undefined => options.findLast((o) => o.name === name)?.arg;
    const base = has('--si') ? 1000 : 1024;
    const units: Readonly<Record<string, number>> = {
      b: 1,
      k: base,
      m: base ** 2,
      g: base ** 3,
      '--tebi': 1024 ** 4,
      '--pebi': 1024 ** 5,
      '--kilo': 1000,
      '--mega': 1e6,
      '--giga': 1e9,
      '--tera': 1e12,
      '--peta': 1e15,
    };
    const unit = units[options.findLast((o) => o.name in units)?.name ?? 'k']!;
    const show = (kb: number): string => {
      const bytes = kb * 1024;
      return has('h') ? human(bytes, has('--si')) : String(Math.floor(bytes / unit));
    };
    const row = (label: string, ...values: (number | undefined)[]): string =>
      `${label.padEnd(8)}${values.map((v) => (v === undefined ? ''.padStart(12) : show(v).padStart(12))).join('')}\n`.replace(
        / +\n/,
        '\n',
      );
    const interval = last('s') === undefined ? 1 : Number(last('s'));
    let count = last('c') === undefined ? (last('s') === undefined ? 1 : Infinity) : Number(last('c'));
    if (!(interval > 0)) throw new Usage(`seconds argument \`${last('s')!}' failed`);
    if (!(count > 0)) throw new Usage(`failed to parse count argument: '${last('c')!}'`);
    for (;;) {
      let info: Map<string, number>;
      try {
        info = yield* readMeminfo(sys);
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* t.warn('Memory information file /proc/meminfo does not exist');
        return 1;
      }
      const of = (name: string): number => info.get(name) ?? 0;
      const total = of('MemTotal');
      const available = of('MemAvailable');
      const cache = of('Cached') + of('SReclaimable');
      const used = Math.max(0, total - available);
      const wide = has('w');
      const heads = ['total', 'used', 'free', 'shared', ...(wide ? ['buffers', 'cache'] : ['buff/cache']), 'available'];
      yield* t.out.write(`${' '.repeat(8)}${heads.map((h) => h.padStart(12)).join('')}\n`);
      const caches = wide ? [of('Buffers'), cache] : [of('Buffers') + cache];
      yield* t.out.write(row('Mem:', total, used, of('MemFree'), of('Shmem'), ...caches, available));
      if (has('l')) {
        yield* t.out.write(row('Low:', total, total - of('MemFree'), of('MemFree')));
        yield* t.out.write(row('High:', 0, 0, 0));
      }
      const swapUsed = of('SwapTotal') - of('SwapFree');
      yield* t.out.write(row('Swap:', of('SwapTotal'), swapUsed, of('SwapFree')));
      if (has('t'))
        yield* t.out.write(row('Total:', total + of('SwapTotal'), used + swapUsed, of('MemFree') + of('SwapFree')));
      yield* t.out.flush();
      if (--count <= 0) return 0;
      yield* t.out.write('\n');
      yield* sys.sleep(interval * 1e6);
    }
  },
});

/** A number of bytes in at most five places: `23Gi`, `8.6Mi`, `0B`; with `si` four: `1.1G`. */
export function human(bytes: number, si: boolean): string {
  const base = si ? 1000 : 1024;
  const suffix = si ? '' : 'i';
  const room = si ? 4 : 5;
  const plain = `${bytes}B`;
  if (plain.length <= 4) return plain;
  for (let i = 1; ; i++) {
    const value = bytes / base ** i;
    const letter = 'KMGTPE'[i - 1]!;
    const fine = `${value.toFixed(1)}${letter}${suffix}`;
    if (fine.length <= room) return fine;
    const whole = `${Math.floor(value)}${letter}${suffix}`;
    if (whole.length <= room || i === 6) return whole;
  }
}
