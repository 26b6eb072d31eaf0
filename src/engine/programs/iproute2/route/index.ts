/** `ip route`: show, get, add, change, replace, append, prepend, delete, flush. */
import { Quit } from '../lib/args';
import type { Context } from '../lib/context';
import { getRoute } from './get';
import { flushRoutes, listRoutes, routeUsage } from './list';
import { modifyRoute } from './modify';

/** Runs `ip route WORDS`. @returns exit status */
export function route(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return listRoutes(ctx, []);
  if (is('list') || is('show') || is('lst')) return listRoutes(ctx, rest);
  if (is('get')) return getRoute(ctx, rest);
  if (is('add')) return modifyRoute(ctx, rest, 'add');
  if (is('change') || verb === 'chg') return modifyRoute(ctx, rest, 'change');
  if (is('replace')) return modifyRoute(ctx, rest, 'replace');
  if (is('prepend')) return modifyRoute(ctx, rest, 'prepend');
  if (is('append')) return modifyRoute(ctx, rest, 'append');
  if (is('test')) return modifyRoute(ctx, rest, 'test');
  if (is('delete')) return modifyRoute(ctx, rest, 'delete');
  if (is('flush')) return flushRoutes(ctx, rest);
  if (is('save') || is('restore') || is('showdump')) {
    throw new Quit(2, `ip: not simulated in this course: route ${verb}\n`);
  }
  if (is('help')) routeUsage();
  throw new Quit(255, `Command "${verb}" is unknown, try "ip route help".\n`);
}
