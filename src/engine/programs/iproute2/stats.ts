/** `ip stats`: counters of links by group; the group `link` is what the course's links have. */
import { Args, Quit } from './lib/args';
import type { Context } from './lib/context';
import { printStats } from './link/show';

/** Runs `ip stats WORDS`. @returns exit status */
export function stats(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  if (!'show'.startsWith(verb)) {
    if ('help'.startsWith(verb) || verb === 'set')
      throw new Quit(2, `ip: not simulated in this course: stats ${verb}\n`);
    throw new Quit(255, `Command "${verb}" is unknown, try "ip stats help".\n`);
  }
  const args = new Args(rest);
  let index: number | undefined;
  let group: string | undefined;
  while (args.more) {
    if (args.is('dev')) index = ctx.needLink(args.next()).index;
    else if (args.is('group')) {
      group = args.next();
      if (group !== 'link') throw new Quit(2, `ip: not simulated in this course: stats group ${group}\n`);
    } else throw new Quit(255, `What is "${args.word}"?\n`);
    args.skip();
  }
  if (group === undefined) throw new Quit(2, 'ip: not simulated in this course: stats of all groups\n');
  const { out } = ctx;
  out.begin();
  for (const info of ctx.net.links.list()) {
    if (index !== undefined && info.index !== index) continue;
    out.openObject();
    out.any('ifindex', info.index, `${info.index}: `);
    out.any('ifname', info.name, `${info.name}: `);
    out.any('group', group, `group ${group}`);
    printStats(ctx, info);
    out.fp('\n');
    out.closeObject();
  }
  out.finish();
  return 0;
}
