/** `ip netconf`: the settings of links that routing daemons watch, as `RTM_GETNETCONF` tells them. */
import type { Family } from '../../net';
import { Args, Quit } from './lib/args';
import type { Context } from './lib/context';

const USAGE = 'Usage: ip netconf show [ dev STRING ]\n';

/** What is printed of one set of settings. */
interface Settings {
  readonly forwarding: number;
  readonly rp_filter?: number;
  readonly proxy: number;
  readonly ignoreLinkdown: number;
}

const RP_FILTER = ['off', 'strict', 'loose'] as const;

/** Runs `ip netconf WORDS`. @returns exit status */
export function netconf(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0 || is('show') || is('lst') || is('list')) return show(ctx, rest);
  if (is('help')) throw new Quit(255, USAGE);
  throw new Quit(255, `Command "${verb}" is unknown, try "ip netconf help".\n`);
}

function show(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let only: number | undefined;
  while (args.more) {
    if (args.is('dev')) {
      const name = args.next();
      const link = ctx.link(name);
      if (!link) throw new Quit(1, `Device "${name}" does not exist.\n`);
      only = link.index;
    }
    args.skip();
  }
  const { net, out } = ctx;
  const wanted = ctx.options.family;
  // One link's settings of one family are an answer, not a list, and never JSON.
  if (only === undefined || wanted === 'unspec') out.begin();
  for (const family of ['inet', 'inet6'] as const) {
    if (wanted !== 'unspec' && wanted !== family) continue;
    for (const link of net.links) {
      if (only !== undefined && link.index !== only) continue;
      const settings = family === 'inet' ? of4(link.ip4.conf) : link.ip6 ? of6(link.ip6.conf) : undefined;
      if (settings) print(ctx, family, link.name, settings);
    }
    if (only !== undefined) continue;
    for (const name of ['all', 'default'] as const)
      print(ctx, family, name, family === 'inet' ? of4(net.conf4[name]) : of6(net.conf6[name]));
  }
  out.finish();
  return 0;
}

type Conf4 = Context['net']['conf4']['all'];
type Conf6 = Context['net']['conf6']['all'];

function of4(c: Conf4): Settings {
  return {
    forwarding: c.forwarding,
    rp_filter: c.rp_filter,
    proxy: c.proxy_arp,
    ignoreLinkdown: c.ignore_routes_with_linkdown,
  };
}

function of6(c: Conf6): Settings {
  return { forwarding: c.forwarding, proxy: c.proxy_ndp, ignoreLinkdown: 0 };
}

function print(ctx: Context, family: Family, name: string, s: Settings): void {
  const { out } = ctx;
  const flag = (key: string, on: number): void => {
    if (out.isJson) out.member(key, on !== 0);
    else out.fp(`${key} ${on !== 0 ? 'on' : 'off'} `);
  };
  out.openObject();
  out.any('family', family, `${family} `);
  if (out.isJson) out.member('interface', name);
  else {
    out.fpColor('ifname', name);
    out.fp(' ');
  }
  flag('forwarding', s.forwarding);
  if (s.rp_filter !== undefined) {
    const mode = RP_FILTER[s.rp_filter] ?? 'unknown';
    out.any('rp_filter', mode, `rp_filter ${mode} `);
  }
  flag('mc_forwarding', 0);
  flag('proxy_neigh', s.proxy);
  flag('ignore_routes_with_linkdown', s.ignoreLinkdown);
  out.fp('\n');
  out.closeObject();
}
