/** `ip route show` and `ip route flush`: the selectors. */
import type { Errno } from '../../../core';
import { isErrno, strerror } from '../../../core';
import type { RouteInfo, RouteMatch } from '../../../net';
import { RT_TABLE } from '../../../net';
import type { IpAddress } from '../../../wire';
import { containsIp } from '../../../wire';
import { ROUTE_USAGE } from './help';
import type { PrefixArgument } from '../lib/args';
import { Args, invalidArgument, prefixArgument, Quit, readUnsigned } from '../lib/args';
import type { Context } from '../lib/context';
import { kernelSays } from '../lib/context';
import type { RoutePrint } from './print';
import { printRoute } from './print';
import { ROUTE_TYPES } from './types';

/** `ip route help`. @throws Quit */
export function routeUsage(): never {
  throw new Quit(255, ROUTE_USAGE);
}

interface Filter {
  family: 'inet' | 'inet6' | 'unspec';
  table: number;
  cache: boolean;
  tos?: number;
  protocol?: number;
  scope?: number;
  type?: string;
  oif?: number;
  metric?: number;
  realms?: number;
  realmMask?: number;
  via?: PrefixArgument;
  src?: PrefixArgument;
  root?: PrefixArgument;
  match?: PrefixArgument;
  exact?: PrefixArgument;
}

function parseFilter(ctx: Context, words: readonly string[]): Filter {
  const wanted = ctx.options.family;
  const f: Filter = {
    family: wanted === 'inet' || wanted === 'inet6' ? wanted : 'unspec',
    table: RT_TABLE.MAIN,
    cache: false,
  };
  const args = new Args(words);
  const prefix = (word: string): PrefixArgument => {
    const p = prefixArgument(word, f.family);
    if (f.family === 'unspec' && p.family !== 'unspec') f.family = p.family;
    return p;
  };
  while (args.more) {
    if (args.matches('table')) {
      const word = args.next();
      const table = ctx.numbers.read('table', word);
      if (table !== undefined) f.table = table;
      else if (word === 'all') f.table = 0;
      else if (word === 'cache') f.cache = true;
      else if ('help'.startsWith(word)) routeUsage();
      else invalidArgument('table id value is invalid\n', word);
    } else if (args.matches('vrf')) {
      const word = args.next();
      invalidArgument('Invalid VRF\n', word);
    } else if (args.matches('cached') || args.matches('cloned')) f.cache = true;
    else if (args.is('tos') || args.matches('dsfield')) {
      const word = args.next();
      const tos = readUnsigned(word.startsWith('0x') ? word : `0x${word}`, 255);
      if (tos === undefined) invalidArgument('TOS value is invalid\n', word);
      f.tos = tos;
    } else if (args.matches('protocol')) {
      const word = args.next();
      const protocol = ctx.numbers.read('protocol', word);
      if (protocol === undefined && word !== 'all') invalidArgument('invalid "protocol"\n', word);
      if (protocol !== undefined) f.protocol = protocol;
    } else if (args.matches('scope')) {
      const word = args.next();
      const scope = ctx.numbers.read('scope', word);
      if (scope === undefined && word !== 'all') invalidArgument('invalid "scope"\n', word);
      if (scope !== undefined) f.scope = scope;
    } else if (args.matches('type')) {
      const word = args.next();
      if (!ROUTE_TYPES.some((t) => t === word)) invalidArgument('node type value is invalid\n', word);
      f.type = word;
    } else if (args.is('dev') || args.matches('oif') || args.matches('iif')) {
      const word = args.next();
      f.oif = ctx.needLink(word).index;
    } else if (args.matches('mark')) {
      args.next();
    } else if (args.matches('metric') || args.matches('priority') || args.is('preference')) {
      const word = args.next();
      const metric = readUnsigned(word);
      if (metric === undefined) invalidArgument('"metric" value is invalid\n', word);
      f.metric = metric;
    } else if (args.is('via')) {
      const word = args.next();
      f.via = prefix(word);
    } else if (args.is('src')) f.src = prefix(args.next());
    else if (args.matches('realms')) {
      const word = args.next();
      const realms = ctx.numbers.readRealms(word);
      if (realms === undefined) invalidArgument('invalid realms\n', word);
      // One side alone, `TO` or `FROM/`, leaves the other one open.
      f.realmMask = word.endsWith('/') ? 0xffff0000 : word.includes('/') || realms > 0xffff ? 0xffffffff : 0xffff;
      f.realms = realms;
    } else if (args.matches('from')) {
      args.next();
      if (args.is('root') || args.is('match') || args.is('exact')) args.next();
      // Routes by source need tables of their own (IPv6 subtrees), of which there are none.
      prefix(args.word);
    } else {
      if (args.matches('to')) args.next();
      if (args.matches('root')) f.root = prefix(args.next());
      else if (args.matches('match')) f.match = prefix(args.next());
      else {
        if (args.matches('exact')) args.next();
        f.exact = prefix(args.word);
      }
    }
    args.skip();
  }
  if (f.family === 'unspec' && f.table !== 0) f.family = 'inet';
  return f;
}

function within(outer: PrefixArgument, address: IpAddress, length: number): boolean {
  if (outer.length > length) return false;
  return outer.address === undefined || containsIp(outer.address, outer.length, address);
}

function passes(f: Filter, r: RouteInfo): boolean {
  if (f.family !== 'unspec' && r.family !== f.family) return false;
  if (f.protocol !== undefined && r.protocol !== f.protocol) return false;
  if (f.scope !== undefined && r.scope !== f.scope) return false;
  if (f.type !== undefined && r.type !== f.type) return false;
  if (f.tos !== undefined && r.tos !== f.tos) return false;
  if (f.metric !== undefined && r.metric !== f.metric) return false;
  if (f.realms !== undefined && (((r.realms ?? 0) ^ f.realms) & f.realmMask!) !== 0) return false;
  if (f.oif !== undefined && !(r.nexthops.length === 1 && r.nexthops[0]!.index === f.oif)) return false;
  if (f.via) {
    const gateway = r.nexthops.length === 1 ? r.nexthops[0]!.gateway : undefined;
    if (gateway === undefined || !within(f.via, gateway, 128)) return false;
  }
  if (f.src && (r.prefSrc === undefined || !within(f.src, r.prefSrc, 128))) return false;
  if (f.root && !within(f.root, r.dst, r.dstLength)) return false;
  if (f.match) {
    const { address, length } = f.match;
    if (r.dstLength > length) return false;
    if (address !== undefined && !containsIp(r.dst, r.dstLength, address)) return false;
  }
  if (f.exact) {
    const { address, length } = f.exact;
    if (r.dstLength !== length) return false;
    if (address !== undefined && !containsIp(address, length, r.dst)) return false;
  }
  return true;
}

function fetch(ctx: Context, f: Filter): RouteInfo[] {
  const filter: { family?: 'inet' | 'inet6'; table?: number } = {};
  if (f.family !== 'unspec') filter.family = f.family;
  if (f.table !== 0) filter.table = f.table;
  return ctx.net.routes.list(filter).filter((r) => passes(f, r));
}

/** `ip route show cache`: what was learned for single destinations. */
function listCache(ctx: Context, f: Filter): number {
  ctx.out.begin();
  for (const family of f.family === 'unspec' ? (['inet', 'inet6'] as const) : [f.family])
    for (const c of ctx.net.routes.cached(family)) {
      const length = family === 'inet' ? 32 : 128;
      const nexthop = { index: c.index, gateway: c.gateway, onlink: false, dead: false, linkdown: false, weight: 1 };
      const r: RouteInfo = { ...c.route, dst: c.dst, dstLength: length, prefSrc: undefined, nexthops: [nexthop] };
      if (!passes(f, r)) continue;
      const cache = c.learned.gateway === undefined ? [] : ['redirected'];
      const get = {
        dst: c.dst,
        from: undefined,
        uid: 0,
        mark: 0,
        iif: undefined,
        cache,
        mtu: r.mtu,
        learned: c.learned,
        listed: true,
      };
      printRoute(ctx, r, { table: f.table, get });
    }
  ctx.out.finish();
  return 0;
}

/** `ip route show WORDS`. @returns exit status */
export function listRoutes(ctx: Context, words: readonly string[]): number {
  const f = parseFilter(ctx, words);
  const { out } = ctx;
  if (f.cache) return listCache(ctx, f);
  let routes: RouteInfo[];
  try {
    routes = fetch(ctx, f);
  } catch (e) {
    throw new Quit(2, `${kernelSays(e)}Dump terminated\n`);
  }
  const hostBits = (p: PrefixArgument | undefined): boolean =>
    p !== undefined && p.length === (p.family === 'inet6' ? 128 : 32);
  const print: RoutePrint = {
    table: f.table,
    hideDev: f.oif !== undefined,
    hideVia: hostBits(f.via),
    hideProtocol: f.protocol !== undefined,
    hideScope: f.scope !== undefined,
    hideRealms: f.realmMask === 0xffffffff,
    hideSource: hostBits(f.src),
    hideMetric: f.metric !== undefined,
    hideTos: f.tos !== undefined,
  };
  out.begin();
  for (const r of routes) printRoute(ctx, r, print);
  out.finish();
  return 0;
}

/** `ip route flush WORDS`. @returns exit status */
export function flushRoutes(ctx: Context, words: readonly string[]): number {
  if (words.length === 0) throw new Quit(1, '"ip route flush" requires arguments.\n');
  const f = parseFilter(ctx, words);
  const { out, options } = ctx;
  if (f.cache) {
    ctx.needAdmin();
    const families = f.family === 'unspec' ? (['inet', 'inet6'] as const) : [f.family];
    for (const family of families) ctx.net.routes.forgetExceptions(family);
    if (options.stats > 0 && families[0] === 'inet') out.fp('*** IPv4 routing cache is flushed.\n');
    return 0;
  }
  let round = 0;
  for (;;) {
    let routes: RouteInfo[];
    try {
      routes = fetch(ctx, f);
    } catch (e) {
      throw new Quit(2, `${kernelSays(e)}Flush terminated\n`);
    }
    // An AF_INET6 dump also shows what only the kernel may take away.
    if (f.family === 'inet6')
      routes = routes.filter(
        (r) => f.protocol !== undefined || r.table !== RT_TABLE.LOCAL || f.table === RT_TABLE.LOCAL,
      );
    if (routes.length === 0) {
      if (options.stats > 0) {
        if (round === 0) out.fp('Nothing to flush.\n');
        else out.fp(`*** Flush is complete after ${round} round${round > 1 ? 's' : ''} ***\n`);
      }
      return 0;
    }
    round++;
    for (const r of routes) {
      ctx.needAdmin();
      if (options.stats > 1) printRoute(ctx, r, { table: f.table, deleted: true });
      try {
        ctx.net.routes.delete(routeMatch(r));
      } catch (e) {
        if (!isErrno(e, 'ESRCH')) throw new Quit(2, `Failed to send flush request: ${strerror((e as Errno).code)}\n`);
      }
    }
    if (options.stats > 0) out.fp(`\n*** Round ${round}, deleting ${routes.length} entries ***\n`);
    if (round > 10) throw new Quit(1, '*** Flush not completed bailing out after 10 rounds\n');
  }
}

/** The request that deletes exactly `r`. */
export function routeMatch(r: RouteInfo): RouteMatch {
  const match: RouteMatch = {
    family: r.family,
    dst: r.dst,
    dstLength: r.dstLength,
    table: r.table,
    type: r.type,
    tos: r.tos,
    scope: r.scope,
    protocol: r.protocol,
    metric: r.metric,
  };
  const first = r.nexthops[0];
  if (r.nexthops.length === 1 && first) {
    if (first.index !== undefined) match.index = first.index;
    if (first.gateway !== undefined) match.gateway = first.gateway;
  }
  // A dump names the object and its next hops, and a request with both is refused.
  if (r.nhid !== undefined) {
    match.nhid = r.nhid;
    if (first?.index !== undefined) match.index = first.index;
  }
  return match;
}
