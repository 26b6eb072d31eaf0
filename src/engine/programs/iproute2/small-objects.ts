/** Objects of `ip` of which there is nothing but the kernel's own: address labels, interface tokens, multicast routes. */
import { Args, invalidArgument, Quit } from './lib/args';
import type { Context } from './lib/context';

/** Runs a verb of an object whose changes are not simulated. */
function run(
  ctx: Context,
  name: string,
  usage: string,
  words: readonly string[],
  list: (rest: readonly string[]) => number,
  others: readonly string[],
): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0 || is('list') || is('show') || is('lst')) return list(rest);
  if (is('help')) throw new Quit(255, usage);
  if (others.some(is)) throw new Quit(2, `ip: not simulated in this course: ${name} ${verb}\n`);
  throw new Quit(255, `Command "${verb}" is unknown, try "ip ${name} help".\n`);
}

/** The policy table of a new namespace, in the kernel's order (RFC 6724; net/ipv6/addrlabel.c). */
const LABELS: readonly (readonly [string, number, number])[] = [
  ['::1', 128, 0],
  ['::', 96, 3],
  ['::ffff:0.0.0.0', 96, 4],
  ['2001::', 32, 6],
  ['2001:10::', 28, 7],
  ['3ffe::', 16, 12],
  ['2002::', 16, 2],
  ['fec0::', 10, 11],
  ['fc00::', 7, 5],
  ['::', 0, 1],
];

/** Runs `ip addrlabel WORDS`. @returns exit status */
export function addrlabel(ctx: Context, words: readonly string[]): number {
  const usage = `Usage: ip addrlabel { add | del } prefix PREFIX [ dev DEV ] [ label LABEL ]
       ip addrlabel [ list | flush | help ]
`;
  const list = (): number => {
    const { out } = ctx;
    out.begin();
    for (const [address, length, label] of LABELS) {
      out.openObject();
      if (out.isJson) {
        out.member('address', address);
        out.member('prefixlen', length);
        out.member('label', label);
      } else {
        out.fp('prefix ');
        out.fpColor('inet6', `${address}/${length}`);
        out.fp(` label ${label} \n`);
      }
      out.closeObject();
    }
    out.finish();
    return 0;
  };
  return run(ctx, 'addrlabel', usage, words, list, ['add', 'delete', 'flush']);
}

/** Runs `ip token WORDS`: the host part that addresses by router advertisement get; none is set. @returns exit status */
export function token(ctx: Context, words: readonly string[]): number {
  const usage = 'Usage: ip token [ list | set | del | get ] [ TOKEN ] [ dev DEV ]\n';
  const list = (rest: readonly string[]): number => {
    const args = new Args(rest);
    let only: number | undefined;
    while (args.more) {
      if (args.is('dev')) {
        const name = args.next();
        const link = ctx.link(name);
        if (!link) invalidArgument('dev is invalid\n', name);
        only = link.index;
      }
      args.skip();
    }
    const { out, net } = ctx;
    out.begin();
    for (const link of net.links) {
      // Links that ask nobody for addresses have no token.
      if (!link.ip6 || link.isLoopback || (only !== undefined && link.index !== only)) continue;
      out.openObject();
      out.any('token', '::', 'token :: ');
      if (out.isJson) out.member('ifname', link.name);
      else {
        out.fp('dev ');
        out.fpColor('ifname', link.name);
        out.fp('\n');
      }
      out.closeObject();
    }
    out.finish();
    return 0;
  };
  const [verb = 'show', ...rest] = words;
  if (words.length > 0 && verb === 'get') return list(rest);
  return run(ctx, 'token', usage, words, list, ['set', 'delete']);
}

/** Runs `ip mroute WORDS`: no daemon forwards to groups here, so that there are no entries. @returns exit status */
export function mroute(ctx: Context, words: readonly string[]): number {
  const usage = `Usage: ip mroute show [ [ to ] PREFIX ] [ from PREFIX ] [ iif DEVICE ]
                      [ table TABLE_ID ]
TABLE_ID := [ local | main | default | all | NUMBER ]
`;
  const list = (): number => {
    ctx.out.begin();
    ctx.out.finish();
    return 0;
  };
  return run(ctx, 'mroute', usage, words, list, []);
}
