/** How wget shows that content comes (progress.c): dots in a log, a bar on a terminal. */

/** Bytes in a second, the way the last line shows them. */
export function rate(bytes: number, micros: number): string {
  let v = (bytes / Math.max(1, micros)) * 1e6;
  for (const unit of ['B/s', 'KB/s', 'MB/s', 'GB/s']) {
    if (v < 1024 || unit === 'GB/s') return `${v < 10 ? v.toFixed(2) : v < 100 ? v.toFixed(1) : Math.round(v)} ${unit}`;
    v /= 1024;
  }
  return '';
}

/** A way of showing how far it is. Every method returns what to print; times are microseconds since the beginning. */
export interface Progress {
  start(): string;
  add(bytes: number, took: number): string;
  end(took: number): string;
}

const speedText = (bytes: number, micros: number): string => {
  const v = (bytes / Math.max(1, micros)) * 1e6;
  const units: [number, string][] = [
    [1024 ** 3, 'G'],
    [1024 ** 2, 'M'],
    [1024, 'K'],
    [1, ''],
  ];
  const [size, unit] = units.find(([s]) => v >= s) ?? [1, ''];
  const n = v / size;
  return `${n >= 99.95 ? n.toFixed(0) : n >= 9.995 ? n.toFixed(1) : n.toFixed(2)}${unit}`.padStart(5);
};

/** Dots of 1 KB, fifty a line. */
export class Dots implements Progress {
  private bytes = 0;
  private dots = 0;
  private row = 0;
  private rowAt = 0;

  constructor(private readonly length: number | undefined) {}

  start(): string {
    return '     0K';
  }

  private percent(): string {
    return this.length === undefined
      ? '    '
      : `${Math.floor((100 * this.bytes) / Math.max(1, this.length))}%`.padStart(4);
  }

  add(n: number, took: number): string {
    let out = '';
    let rest = n;
    while (rest > 0) {
      const room = (this.dots + 1) * 1024 - (this.bytes - this.row * 51200);
      const step = Math.min(rest, room);
      this.bytes += step;
      rest -= step;
      if (this.bytes - this.row * 51200 < (this.dots + 1) * 1024) break;
      if (this.dots % 10 === 0) out += ' ';
      out += '.';
      if (++this.dots < 50) continue;
      const time = Math.max(1, took - this.rowAt);
      this.rowAt = took;
      this.row++;
      this.dots = 0;
      const left =
        this.length === undefined
          ? ''
          : ` ${Math.max(0, Math.round(((this.length - this.bytes) / this.bytes) * (took / 1e6)))}s`;
      out += `${this.percent()} ${speedText(51200, time)}${left}`;
      if (this.length !== undefined && this.bytes >= this.length) continue;
      out += `\n${String(this.row * 50).padStart(6)}K`;
    }
    return out;
  }

  end(took: number): string {
    const width = 50 + 5 - (this.dots + Math.ceil(this.dots / 10));
    const seconds = took / 1e6;
    const time =
      seconds < 0.0005 ? '0' : seconds < 10 ? String(Number(seconds.toPrecision(1))) : String(Math.round(seconds));
    const last = this.bytes - this.row * 51200;
    return `${' '.repeat(width)}${this.percent()} ${speedText(last, took - this.rowAt)}=${time}s\n\n`;
  }
}

/** The bar of a terminal. */
export class Bar implements Progress {
  private bytes = 0;
  private drawn = 0;

  constructor(
    private readonly name: string,
    private readonly length: number | undefined,
  ) {}

  private line(last: boolean, took: number): string {
    const width = 19;
    const name = this.name.length > 20 ? this.name.slice(0, 20) : this.name.padEnd(20);
    const share = this.length === undefined ? undefined : this.length === 0 ? 1 : this.bytes / this.length;
    const percent = share === undefined ? '    ' : `${Math.floor(share * 100)}%`.padStart(4);
    const filled = share === undefined ? 0 : Math.floor(share * (width + 1));
    const bar =
      share === undefined
        ? '<=>'.padEnd(width + 1)
        : filled === 0
          ? ' '.repeat(width + 1)
          : `${'='.repeat(Math.max(0, filled - 1))}>`.padEnd(width + 1);
    const size = this.bytes < 1024 ? String(this.bytes) : `${(this.bytes / 1024).toFixed(2)}K`;
    const speed = took < 200_000 ? '--.-KB/s' : `${speedText(this.bytes, took)}B/s`;
    const end = last ? `in ${took < 500 ? '0' : String(Number((took / 1e6).toPrecision(1)))}s` : '';
    return `\r${name}${percent}[${bar}] ${size.padStart(7)}  ${speed}    ${end.padEnd(12)}`;
  }

  start(): string {
    return this.line(false, 0);
  }

  add(n: number, took: number): string {
    this.bytes += n;
    // Five times a second at the most.
    if (took - this.drawn < 200_000 || (this.length !== undefined && this.bytes >= this.length)) return '';
    this.drawn = took;
    return this.line(false, took);
  }

  end(took: number): string {
    return `${this.line(true, took)}\n\n`;
  }
}
