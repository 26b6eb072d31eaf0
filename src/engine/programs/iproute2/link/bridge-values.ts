/** How bridges and their ports print identifiers and timers. */
import type { Context } from '../lib/context';

/** A bridge id with the bytes unpadded, as `ip` prints it: `8000.2:0:0:0:1:1`. */
export function bridgeIdText(id: string): string {
  const [priority = '', address = ''] = id.split('.');
  const plain = address.replace(/:/g, '');
  const bytes = (plain.match(/../g) ?? []).map((b) => parseInt(b, 16).toString(16));
  return `${priority}.${bytes.join(':')}`;
}

/** A timer of so many hundredths of a second. */
export function timer(ctx: Context, key: string, ticks: number): void {
  const seconds = (ticks / 100).toFixed(2);
  ctx.out.raw(key, seconds, `${key} ${seconds.padStart(7)} `);
}
