/** `ip maddress show`: the multicast addresses a link listens to. */
import { IFF } from '../../net';
import { MADDRESS_USAGE } from './help';
import { Quit } from './lib/args';
import type { Context } from './lib/context';

/** Runs `ip maddress WORDS`. @returns exit status */
export function maddress(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length > 0 && (is('add') || is('delete')))
    throw new Quit(2, `ip: not simulated in this course: maddress ${verb}\n`);
  if (words.length > 0 && !is('list') && !is('show') && !is('lst')) {
    if (is('help')) throw new Quit(255, MADDRESS_USAGE);
    throw new Quit(255, `Command "${verb}" is unknown, try "ip maddr help".\n`);
  }
  const dev = rest[0] === 'dev' ? rest[1] : rest[0];
  const { out, net } = ctx;
  const { family } = ctx.options;
  for (const info of net.links.list()) {
    if (dev !== undefined && info.name !== dev) continue;
    out.fp(`${info.index}:\t${info.name}\n`);
    if (family === 'unspec' || family === 'link') {
      for (const entry of net.fdb.list({ index: info.index })) if (entry.self) out.fp(`\tlink  ${entry.mac}\n`);
    }
    const up = (info.flags & IFF.UP) !== 0;
    if ((family === 'unspec' || family === 'inet') && (up || info.kind === 'loopback')) out.fp('\tinet  224.0.0.1\n');
    if (family === 'unspec' || family === 'inet6') {
      for (const a of net.addrs.list({ family: 'inet6', index: info.index })) {
        const tail = String(a.local).split(':').slice(-2);
        if (info.kind !== 'loopback' && tail.length === 2) {
          const low = parseInt(tail[0] || '0', 16) & 0xff;
          out.fp(`\tinet6 ff02::1:ff${low.toString(16).padStart(2, '0')}:${tail[1]}\n`);
        }
      }
      out.fp('\tinet6 ff02::1\n\tinet6 ff01::1\n');
    }
  }
  return 0;
}
