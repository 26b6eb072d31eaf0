/** One route as `ip route` prints it. */
import type { LearnedRoute, NexthopInfo, RouteInfo } from '../../../net';
import { RT_TABLE, RTPROT, SCOPE } from '../../../net';
import type { IpAddress } from '../../../wire';
import { formatIp } from '../../../wire';
import type { Context } from '../lib/context';
import { ROUTE_TYPES } from './types';

/** What a selector has fixed and so is not printed again, and what only `get` and monitor know. */
export interface RoutePrint {
  /** The table asked for; 0 for all. */
  readonly table: number;
  readonly hideDev?: boolean;
  readonly hideVia?: boolean;
  readonly hideProtocol?: boolean;
  readonly hideScope?: boolean;
  readonly hideRealms?: boolean;
  readonly hideSource?: boolean;
  readonly hideMetric?: boolean;
  readonly hideType?: boolean;
  readonly hideTos?: boolean;
  readonly deleted?: boolean;
  /** The answer to `ip route get`: an entry of the routing cache. */
  readonly get?: {
    readonly dst: IpAddress;
    readonly from: IpAddress | undefined;
    readonly uid: number;
    readonly mark: number;
    readonly iif: string | undefined;
    readonly cache: readonly string[];
    readonly mtu: number | undefined;
    readonly learned: LearnedRoute | undefined;
    /** The entry was listed, not looked up: nobody asked for a source, nor as which user. */
    readonly listed?: boolean;
  };
}

/** `default`, an address, or `ADDRESS/LENGTH`. */
export function destinationText(r: Pick<RouteInfo, 'dst' | 'dstLength'>): string {
  const bits = typeof r.dst === 'number' ? 32 : 128;
  if (r.dstLength === 0) return 'default';
  return r.dstLength === bits ? formatIp(r.dst) : `${formatIp(r.dst)}/${r.dstLength}`;
}

function flags(ctx: Context, r: RouteInfo, cached4: boolean): void {
  const { out } = ctx;
  const single = r.nexthops.length === 1 ? r.nexthops[0]! : undefined;
  out.openArray('flags');
  for (const name of single ? nexthopFlags(single) : []) out.any(null, name, `${name} `);
  // RTCF_MULTICAST is the same bit as RTM_F_OFFLOAD_FAILED, and this version does not tell them apart.
  if (cached4 && r.type === 'multicast') out.any(null, 'rt_offload_failed', 'rt_offload_failed ');
  out.closeArray();
}

function nexthopFlags(n: NexthopInfo): string[] {
  return [...(n.dead ? ['dead'] : []), ...(n.onlink ? ['onlink'] : []), ...(n.linkdown ? ['linkdown'] : [])];
}

/** Prints one route. */
export function printRoute(ctx: Context, r: RouteInfo, p: RoutePrint): void {
  const { out, options } = ctx;
  const details = options.details > 0;
  const family = r.family;
  const single = r.nexthops.length === 1 ? r.nexthops[0] : undefined;
  out.openObject();
  if (p.deleted) out.any('deleted', 'true', 'Deleted ');
  if ((r.type !== 'unicast' || details) && (!p.hideType || details)) {
    const type = options.numeric ? String(ROUTE_TYPES.indexOf(r.type) + 1) : r.type;
    out.any('type', type, `${type} `);
  }
  const dst = p.get ? formatIp(p.get.dst) : destinationText(r);
  out.any('dst', dst, dst, dst === 'default' ? 'none' : family);
  out.fp(' ');
  if (p.get?.from !== undefined) {
    const from = formatIp(p.get.from);
    if (out.isJson) out.member('from', from);
    else {
      out.fp('from ');
      out.fpColor(family, from);
      out.fp(' ');
    }
  }
  if (r.tos !== 0 && !p.hideTos) out.any('tos', tosName(r.tos), `tos ${tosName(r.tos)} `);
  if (r.nhid !== undefined && !(p.get && p.get.cache)) out.any('nhid', r.nhid, `nhid ${r.nhid} `);
  if (single?.gateway !== undefined && !p.hideVia) printGateway(ctx, r, single.gateway);
  if (single?.index !== undefined && !p.hideDev) {
    const name = ctx.nameOf(single.index);
    if (out.isJson) out.member('dev', name);
    else {
      out.fp('dev ');
      out.fpColor('ifname', name);
      out.fp(' ');
    }
  }
  if ((r.table !== RT_TABLE.MAIN || details) && p.table === 0) {
    out.any('table', ctx.numbers.name('table', r.table), `table ${ctx.numbers.name('table', r.table)} `);
  }
  if (!(p.get && family === 'inet')) {
    if ((r.protocol !== RTPROT.BOOT || details) && !p.hideProtocol) {
      out.any(
        'protocol',
        ctx.numbers.name('protocol', r.protocol),
        `proto ${ctx.numbers.name('protocol', r.protocol)} `,
      );
    }
    if ((r.scope !== SCOPE.UNIVERSE || details) && !p.hideScope) {
      out.any('scope', ctx.numbers.name('scope', r.scope), `scope ${ctx.numbers.name('scope', r.scope)} `);
    }
  }
  if (r.prefSrc !== undefined && !p.hideSource) {
    const src = formatIp(r.prefSrc);
    if (out.isJson) out.member('prefsrc', src);
    else {
      out.fp('src ');
      out.fpColor(family, src);
      out.fp(' ');
    }
  }
  const hasMetric = family === 'inet6' ? true : r.metric !== 0;
  if (hasMetric && !p.hideMetric && !(p.get && family === 'inet')) out.any('metric', r.metric, `metric ${r.metric} `);
  flags(ctx, r, p.get !== undefined && family === 'inet');
  if (p.get && p.get.mark !== 0)
    out.any('mark', p.get.mark, `mark ${p.get.mark >= 16 ? `0x${p.get.mark.toString(16)}` : p.get.mark} `);
  if (r.realms !== undefined && !p.hideRealms) printRealms(ctx, r.realms);
  if (p.get && family === 'inet' && p.get.iif === undefined && !p.get.listed)
    out.any('uid', p.get.uid, `uid ${p.get.uid} `);
  if (p.get && family === 'inet') {
    out.nl();
    out.openArray('cache', '    cache ');
    if (p.get.cache.length > 0) {
      if (out.isJson) for (const name of p.get.cache) out.member(null, name);
      else out.fp(`<${p.get.cache.join(',')}> `);
    }
    out.closeArray();
    if (p.get.learned) expiry(ctx, p.get.learned.expires);
    if (options.stats > 0) {
      out.any('users', 2, 'users 2 ');
      const age = ctx.sys.now - (p.get.learned?.since ?? ctx.sys.now);
      if (age >= 10_000) out.any('age', Math.floor(age / 1e6), `age ${Math.floor(age / 1e6)}sec `);
    }
  }
  if (family === 'inet6' && p.get?.learned) expiry(ctx, p.get.learned.expires);
  else if (family === 'inet6' && r.expires !== undefined) expiry(ctx, r.expires);
  const mtu = p.get ? p.get.learned?.mtu || p.get.mtu : r.mtu;
  const m = r.metrics;
  if (mtu !== undefined || r.advmss !== undefined || m !== undefined) {
    out.openArray('metrics');
    out.openObject();
    const metric = (name: string): void => {
      const value = m?.[name];
      if (value === undefined) return;
      if (name === 'features') {
        if (out.isJson) out.member('ecn', null);
        else out.fp('features ecn ');
      } else if (name === 'congctl') out.any(name, value, `congctl ${value} `);
      else if (name === 'rtt' || name === 'rttvar' || name === 'rto_min') {
        const ms = Math.floor(Number(value) / (name === 'rtt' ? 8 : name === 'rttvar' ? 4 : 1));
        // A least timeout always counts as locked.
        const lock = name === 'rto_min' ? 'lock ' : '';
        out.any(name, ms, ms >= 1000 ? `${name} ${lock}${ms / 1000}s ` : `${name} ${lock}${ms}ms `);
      } else out.any(name, value, `${name} ${value} `);
    };
    if (mtu !== undefined) {
      const lock = m?.lock === 'mtu' || p.get?.learned?.locked ? 'lock ' : '';
      out.any('mtu', mtu, `mtu ${lock}${mtu} `);
    }
    for (const name of ['window', 'rtt', 'rttvar', 'ssthresh', 'cwnd']) metric(name);
    if (r.advmss !== undefined) out.any('advmss', r.advmss, `advmss ${r.advmss} `);
    for (const name of ['reordering', 'hoplimit', 'initcwnd', 'features', 'rto_min', 'initrwnd', 'quickack', 'congctl'])
      metric(name);
    out.closeObject();
    out.closeArray();
  }
  if (p.get?.iif !== undefined) {
    if (out.isJson) out.member('iif', p.get.iif);
    else {
      out.fp('iif ');
      out.fpColor('ifname', p.get.iif);
      out.fp(' ');
    }
  }
  if (r.pref !== undefined) out.any('pref', r.pref, `pref ${r.pref}`);
  if (r.nexthops.length > 1) {
    out.openArray('nexthops');
    for (const n of r.nexthops) printNexthop(ctx, r, n);
    out.closeArray();
  }
  out.fp('\n');
  out.closeObject();
}

function expiry(ctx: Context, at: number): void {
  const seconds = Math.max(0, Math.floor((at - ctx.sys.now) / 1e6));
  ctx.out.any('expires', seconds, `expires ${seconds}sec `);
}

function printRealms(ctx: Context, realms: number): void {
  const { out } = ctx;
  const to = ctx.numbers.name('realm', realms & 0xffff);
  const from = realms >>> 16 === 0 ? undefined : ctx.numbers.name('realm', realms >>> 16);
  if (out.isJson) {
    out.openObject('flow');
    if (from !== undefined) out.member('from', from);
    out.member('to', to);
    out.closeObject();
  } else out.fp(from === undefined ? `realm ${to} ` : `realms ${from}/${to} `);
}

function printGateway(ctx: Context, r: RouteInfo, gateway: IpAddress): void {
  const { out } = ctx;
  const text = formatIp(gateway);
  const family = typeof gateway === 'number' ? 'inet' : 'inet6';
  if (family !== r.family) {
    if (out.isJson) {
      out.openObject('via');
      out.member('family', family);
      out.member('host', text);
      out.closeObject();
    } else {
      out.fp(`via ${family} `);
      out.fpColor(family, text);
      out.fp(' ');
    }
    return;
  }
  if (out.isJson) out.member('gateway', text);
  else {
    out.fp('via ');
    out.fpColor(family, text);
    out.fp(' ');
  }
}

function printNexthop(ctx: Context, r: RouteInfo, n: NexthopInfo): void {
  const { out } = ctx;
  out.openObject();
  out.nl();
  out.fp('\tnexthop ');
  if (n.gateway !== undefined) printGateway(ctx, r, n.gateway);
  if (n.index !== undefined) {
    const name = ctx.nameOf(n.index);
    if (out.isJson) out.member('dev', name);
    else {
      out.fp('dev ');
      out.fpColor('ifname', name);
      out.fp(' ');
    }
  }
  out.any('weight', n.weight, `weight ${n.weight} `);
  out.openArray('flags');
  for (const name of nexthopFlags(n)) out.any(null, name, `${name} `);
  out.closeArray();
  out.closeObject();
}

function tosName(tos: number): string {
  return `0x${tos.toString(16).padStart(2, '0')}`;
}
