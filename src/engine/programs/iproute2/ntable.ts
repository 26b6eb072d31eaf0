/** `ip ntable show`: the settings of the neighbour tables, as RTM_GETNEIGHTBL tells them (net/core/neighbour.c, ip-ntable(8)). */
import type { Family } from '../../net';
import type { NeighConf } from '../../net/conf';
import { Args, invalidArgument, Quit } from './lib/args';
import type { Context } from './lib/context';

const USAGE = `Usage: ip ntable change name NAME [ dev DEV ]
        [ thresh1 VAL ] [ thresh2 VAL ] [ thresh3 VAL ] [ gc_int MSEC ]
        [ PARMS ]
Usage: ip ntable show [ dev DEV ] [ name NAME ]
PARMS := [ base_reachable MSEC ] [ retrans MSEC ] [ gc_stale MSEC ]
         [ delay_probe MSEC ] [ queue LEN ]
         [ app_probes VAL ] [ ucast_probes VAL ] [ mcast_probes VAL ]
         [ anycast_delay MSEC ] [ proxy_delay MSEC ] [ proxy_queue LEN ]
         [ locktime MSEC ]
`;

/** How many entries a table may have before the kernel sweeps it, and how often it looks, in ms. */
const LIMITS = { thresh1: 128, thresh2: 512, thresh3: 1024, gc_int: 30000 } as const;

/** Runs `ip ntable WORDS`. @returns exit status */
export function ntable(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0 || is('show') || is('lst') || is('list')) return show(ctx, rest);
  if (is('change') || is('chg')) throw new Quit(2, `ip: not simulated in this course: ntable ${verb}\n`);
  if (is('help')) throw new Quit(255, USAGE);
  throw new Quit(255, `Command "${verb}" is unknown, try "ip ntable help".\n`);
}

function show(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let only: number | undefined;
  let wantedName: string | undefined;
  while (args.more) {
    if (args.is('dev')) {
      const name = args.next();
      const link = ctx.link(name);
      if (!link) invalidArgument('"DEV" is invalid', name);
      only = link.index;
    } else if (args.is('name')) wantedName = args.next();
    else invalidArgument('unknown', args.word);
    args.skip();
  }
  const { net, out } = ctx;
  if (ctx.options.stats > 0) throw new Quit(2, 'ip: not simulated in this course: -s ntable show\n');
  out.begin();
  for (const family of ['inet', 'inet6'] as const) {
    const name = family === 'inet' ? 'arp_cache' : 'ndisc_cache';
    const wanted = ctx.options.family;
    if ((wanted !== 'unspec' && wanted !== family) || (wantedName !== undefined && wantedName !== name)) continue;
    if (only === undefined) print(ctx, family, name, net.neighDefault[family], undefined, 1);
    // The newest link first.
    for (const link of [...net.links].sort((a, b) => b.index - a.index)) {
      if (only !== undefined && link.index !== only) continue;
      const conf = family === 'inet' ? link.ip4.neigh : link.ip6?.neigh;
      if (conf) print(ctx, family, name, conf, link.name, 1 + (family === 'inet' ? link.arp : link.nd).size);
    }
  }
  out.finish();
  return 0;
}

/** Prints one set of settings; `refs`: the set itself and the entries that use it. */
function print(ctx: Context, family: Family, name: string, c: NeighConf, dev: string | undefined, refs: number): void {
  const { out } = ctx;
  const line = (values: Readonly<Record<string, number>>): void => {
    out.fp('    ');
    for (const [key, value] of Object.entries(values)) out.any(key, value, `${key} ${value} `);
    out.nl();
  };
  out.openObject();
  out.any('family', family, `${family} `);
  out.any('name', name, `${name} `);
  out.nl();
  if (dev === undefined) line(LIMITS);
  else {
    out.any('dev', dev, `    dev ${dev} `);
    out.nl();
  }
  line({
    refcnt: refs,
    reachable: Math.floor(ctx.net.reachableTimeOf(c) / 1000),
    base_reachable: c.base_reachable_time_ms,
    retrans: c.retrans_time_ms,
  });
  line({ gc_stale: c.gc_stale_time * 1000, delay_probe: c.delay_first_probe_time * 1000, queue: c.unres_qlen });
  line({ app_probes: c.app_solicit, ucast_probes: c.ucast_solicit, mcast_probes: c.mcast_solicit });
  line({
    anycast_delay: c.anycast_delay * 10,
    proxy_delay: c.proxy_delay * 10,
    proxy_queue: c.proxy_qlen,
    locktime: c.locktime * 10,
  });
  out.fp('\n');
  out.closeObject();
}
