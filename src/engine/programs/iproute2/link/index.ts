/** `ip link`: add, set, replace, delete, show, property, help. */
import type { Coroutine } from '../../../core';
import { needsLinkKinds, provideLinkKinds } from '../../link-kinds/fetch';
import { list } from '../address/list';
import { Quit } from '../lib/args';
import type { Context } from '../lib/context';
import { addLink, deleteLink, linkHelp, linkProperty, setLink } from './modify';
import { Args } from '../lib/args';
import { parseLinkWords } from './parse';

/** Runs `ip link WORDS`. @returns exit status */
export function* link(ctx: Context, words: readonly string[]): Coroutine<number> {
  if (needsLinkKinds(words) && !(yield* provideLinkKinds(ctx.sys)))
    throw new Quit(126, 'ip: cannot load program: network error\n');
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return list(ctx, [], true);
  if (is('add')) return yield* addLink(ctx, rest);
  if (is('set') || is('change')) return setLink(ctx, rest);
  if (is('replace')) return yield* replaceLink(ctx, rest);
  if (is('delete')) return deleteLink(ctx, rest);
  if (is('show') || is('lst') || is('list')) return list(ctx, rest, true);
  if (is('afstats')) return familyStats(ctx, rest);
  if (is('xstats')) return extendedStats(ctx, rest);
  if (is('property')) return linkProperty(ctx, rest);
  if (is('help')) linkHelp(rest);
  throw new Quit(255, `Command "${verb}" is unknown, try "ip link help".\n`);
}

/** `ip link afstats`: only MPLS has counters here, and there is none. */
function familyStats(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  while (args.more) {
    if (args.is('dev')) ctx.needLink(args.next());
    else throw new Quit(255, `Command "${args.word}" is unknown, try "ip link help".\n`);
    args.skip();
  }
  return 0;
}

/** `ip link xstats type KIND [dev DEV]`: what bridges count of IGMP and STP, which is not kept here. */
function extendedStats(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  if (!args.more) throw new Quit(255, 'xstats: missing argument\n');
  let kind: string | undefined;
  if (args.is('type')) {
    kind = args.next();
    args.skip();
  }
  if (kind !== 'bridge' && kind !== 'bridge_slave')
    throw new Quit(2, 'ip: not simulated in this course: link xstats\n');
  const counted = ctx.net.links.list().some((l) => (kind === 'bridge' ? l.kind === 'bridge' : l.bridgePort));
  if (counted) throw new Quit(2, 'ip: not simulated in this course: link xstats of bridges\n');
  return 0;
}

/** Creates the link, or changes the one that is there. */
function* replaceLink(ctx: Context, words: readonly string[]): Coroutine<number> {
  const args = new Args(words);
  const w = parseLinkWords(ctx, args, true);
  if (w.type === undefined) throw new Quit(1, 'Not enough information: "type" argument is required\n');
  const name = w.name ?? w.dev;
  return name !== undefined && ctx.link(name) ? setLink(ctx, words) : yield* addLink(ctx, words);
}
