/** `snat`, `dnat`, `masquerade`, `redirect` (nft_nat.c, nft_masq.c, nft_redir.c). */
import type { NatRange } from '../../conntrack/conn';
import { natApi } from '../../conntrack';
import { NF } from '../../hooks';
import { VERDICT } from '../pktinfo';
import type { Step } from './evaluate';
import type { Expr, Scalar, Table } from './model';
import { ip6FromKey, ip6Key } from './values';
import { valueGetter, getter } from './operands';
import { findIn } from './stateful';

const { BREAK, ACCEPT, DROP } = VERDICT;

/** A value as an address: IPv4 stays a number, 32 hex digits become IPv6 text. */
export function address(v: Scalar): number | string {
  return typeof v === 'number' ? v : ip6FromKey(v);
}

/** What a nat expression asks for, for this packet; undefined ends the rule. */
export function natStep(e: Extract<Expr, { kind: 'nat' | 'masq' | 'redir' }>, table: Table): Step {
  const addr = e.kind === 'nat' && e.addr ? valueGetter(e.addr, table) : undefined;
  const addrMax = e.kind === 'nat' && e.addrMax ? valueGetter(e.addrMax, table) : undefined;
  const port = e.port ? getter(e.port, table) : undefined;
  const portMax = e.portMax ? getter(e.portMax, table) : undefined;
  const flags = {
    ...(e.random ? { random: true } : {}),
    ...(e.fullyRandom ? { fullyRandom: true } : {}),
    ...(e.persistent ? { persistent: true } : {}),
  };
  const map = e.kind === 'nat' && e.interval === true && e.addr?.kind === 'map' ? e.addr : undefined;
  const intervals = map ? table.sets.get(map.set) : undefined;
  const mapSource = map ? valueGetter(map.source, table) : undefined;
  const kind = e.kind === 'masq' || (e.kind === 'nat' && e.type === 'snat') ? 'src' : 'dst';
  return (p) => {
    const range: { -readonly [K in keyof NatRange]: NatRange[K] } = { ...flags };
    if (e.kind === 'nat' && p.family !== (e.family === 'ip6' ? 'ip6' : 'ip')) return BREAK;
    if (intervals !== undefined) {
      const v = mapSource!(p);
      const found = v === undefined ? undefined : findIn(intervals, v, p);
      if (found?.data === undefined) return BREAK;
      range.min = address(found.data as Scalar);
      range.max = address((found.dataEnd ?? found.data) as Scalar);
    } else if (addr !== undefined) {
      const v = addr(p);
      if (v === undefined) return BREAK;
      if (typeof v === 'object') {
        range.min = range.max = address(v[0]!);
        range.minPort = range.maxPort = v[1] as number;
      } else range.min = range.max = address(v);
      if (addrMax !== undefined) {
        const m = addrMax(p);
        if (m === undefined) return BREAK;
        range.max = address(m as Scalar);
      }
    }
    if (port !== undefined) {
      const v = port(p);
      if (v === undefined) return BREAK;
      range.minPort = range.maxPort = v as number;
      if (portMax !== undefined) {
        const m = portMax(p);
        if (m === undefined) return BREAK;
        range.maxPort = m as number;
      }
    }
    let verdict: number;
    if (e.kind === 'masq') verdict = p.output === null ? NF.DROP : natApi.masquerade(p.ns, p.skb, range, p.output);
    else if (e.kind === 'redir') verdict = natApi.redirect(p.ns, p.skb, range, p.hook, p.input);
    else if (e.kind === 'nat' && e.prefix === true) {
      const bits = prefixBits(range.min, range.max);
      verdict = natApi.netmap(p.ns, p.skb, range, kind, bits);
    } else verdict = natApi.setup(p.ns, p.skb, range, kind);
    return verdict === NF.ACCEPT ? ACCEPT : verdict === NF.STOLEN ? VERDICT.STOLEN : DROP;
  };
}

/** Length of the prefix that begins at `min` and ends at `max`. */
function prefixBits(min: number | string | undefined, max: number | string | undefined): number {
  if (typeof min === 'number' && typeof max === 'number') return Math.clz32(min ^ max);
  const a = ip6Key(String(min));
  const b = ip6Key(String(max));
  let i = 0;
  while (i < 32 && a[i] === b[i]) i++;
  return i === 32 ? 128 : 4 * i + Math.clz32(parseInt(a[i]!, 16) ^ parseInt(b[i]!, 16)) - 28;
}
