/** `ip maddress`: the multicast addresses a link listens to. */
import { parseMac } from '../../wire';
import { formatIp4 } from '../../wire';
import { MADDRESS_USAGE } from './help';
import { Args, Quit } from './lib/args';
import type { Context } from './lib/context';

/** Runs `ip maddress WORDS`. @returns exit status */
export function maddress(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length > 0 && is('add')) return modify(ctx, rest, true);
  if (words.length > 0 && is('delete')) return modify(ctx, rest, false);
  if (words.length > 0 && !is('list') && !is('show') && !is('lst')) {
    if (is('help')) throw new Quit(255, MADDRESS_USAGE);
    throw new Quit(255, `Command "${verb}" is unknown, try "ip maddr help".\n`);
  }
  return show(ctx, rest);
}

/** Addresses that `ip maddr add` has added, by link (a use of their own in the link's list). */
const added = new WeakMap<object, Set<string>>();

function modify(ctx: Context, words: readonly string[], adding: boolean): number {
  const args = new Args(words);
  let dev: string | undefined;
  let mac: string | undefined;
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else {
      if (args.matches('address')) args.next();
      mac = parseMac(args.word);
      if (mac === undefined) throw new Quit(1, 'Error: Invalid address length 4 - must be 6 bytes\n');
    }
    args.skip();
  }
  if (dev === undefined) throw new Quit(255, 'Not enough information: "dev" is required.\n');
  ctx.needAdmin();
  const link = ctx.link(dev);
  if (!link) throw new Quit(1, 'ioctl: No such device\n');
  if (mac === undefined) throw new Quit(255, 'ioctl: Invalid argument\n');
  const real = ctx.net.links.get(link.index)!;
  let own = added.get(real);
  if (!own) added.set(real, (own = new Set()));
  if (adding) {
    if (own.has(mac)) throw new Quit(1, 'ioctl: File exists\n');
    own.add(mac);
    real.joinGroup(mac);
  } else {
    if (!own.delete(mac)) throw new Quit(1, 'ioctl: No such file or directory\n');
    real.leaveGroup(mac);
  }
  return 0;
}

function show(ctx: Context, words: readonly string[]): number {
  const dev = words[0] === 'dev' ? words[1] : words[0];
  const { out, net } = ctx;
  const { family } = ctx.options;
  out.begin();
  for (const link of net.links) {
    if (dev !== undefined && link.name !== dev) continue;
    out.openObject();
    out.any('ifindex', link.index, `${link.index}:`);
    out.any('ifname', link.name, `\t${link.name}\n`);
    out.openArray('maddr');
    const row = (kind: 'link' | 'inet' | 'inet6', address: string, users: number, fixed: boolean): void => {
      out.openObject();
      if (out.isJson) {
        if (kind === 'link') out.member('link', address);
        else {
          out.member('family', kind);
          out.member('address', address);
        }
        if (users > 1) out.member('users', users);
        if (fixed) out.member('static', true);
      } else {
        out.fp(`\t${kind.padEnd(5)} ${address}${users > 1 ? ` users ${users}` : ''}${fixed ? ' static' : ''}\n`);
      }
      out.closeObject();
    };
    if ((family === 'unspec' || family === 'link') && !link.isLoopback) {
      const own = added.get(link);
      for (const [mac, users] of link.multicast) row('link', mac, users, own?.has(mac) ?? false);
    }
    if ((family === 'unspec' || family === 'inet') && link.isLoopback && link.up && link.ip4.groups.size === 0)
      row('inet', '224.0.0.1', 1, false);
    if (family === 'unspec' || family === 'inet')
      for (const [group, users] of [...link.ip4.groups].reverse()) row('inet', formatIp4(group), users, false);
    if ((family === 'unspec' || family === 'inet6') && link.ip6)
      for (const [group, users] of [...link.ip6.groups].reverse()) row('inet6', group, users, false);
    out.closeArray();
    out.closeObject();
  }
  out.finish();
  return 0;
}
