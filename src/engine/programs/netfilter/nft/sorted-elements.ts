/** The order in which nft lists elements (nftables src/intervals.c, mnl.c). */
import type { NftSet, Scalar, SetElement } from '../../../net/netfilter/nftables';
import type { DataType } from './datatype';
import { dataType } from './datatypes';
import { integerOf } from './typing';

/** A number or text that orders values as nft sorts elements: bytes in the machine's order count from the last. */
function sortKey(set: NftSet, e: SetElement): bigint {
  if (e.catchall) return 1n << 2000n;
  const bytesOf = (v: Scalar, type: DataType): number[] => {
    if (typeof v === 'number') {
      const n = Math.ceil(type.bits / 8);
      const out: number[] = [];
      let rest = v;
      for (let i = 0; i < n; i++) {
        out.unshift(rest % 256);
        rest = Math.floor(rest / 256);
      }
      return type.hostOrder === true ? out.reverse() : out;
    }
    if (type.name === 'ipv6_addr') return v.match(/../g)!.map((h) => parseInt(h, 16));
    if (type.name === 'ether_addr') return v.split(':').map((h) => parseInt(h, 16));
    const out = [...v].map((c) => c.charCodeAt(0) & 255);
    while (out.length < 16) out.push(0);
    return out;
  };
  const types = set.keyType.map((n) => dataType(n) ?? integerOf(32));
  const big = (bytes: readonly number[]): bigint => bytes.reduce((n, b) => n * 256n + BigInt(b), 0n);
  if (typeof e.key === 'object') {
    const all: number[] = [];
    e.key.forEach((k, i) => {
      const bytes = bytesOf(k, types[i]!);
      all.push(...bytes);
    });
    return big(all.reverse());
  }
  // Combined flags are sorted by the first of them.
  if (types[0]!.bitmask === true && typeof e.key === 'number') return BigInt(e.key & -e.key);
  const bytes = bytesOf(e.key, types[0]!);
  // Intervals are kept in network order.
  const host = types[0]!.hostOrder === true && !(set.flags.interval === true && typeof e.key === 'string');
  return big(host ? bytes.reverse() : bytes);
}

/** Elements in the order of listings. */
export function sortedElements(set: NftSet, now?: number): SetElement[] {
  const list = [...set.index.values()].filter((e) => now === undefined || e.expires === undefined || e.expires > now);
  // Concatenations with intervals come as the kernel has them.
  if (set.keyType.length > 1 && set.flags.interval === true) return list;
  const keyed = list.map((e) => ({ e, k: sortKey(set, e) }));
  keyed.sort((a, b) => (a.k < b.k ? -1 : a.k > b.k ? 1 : 0));
  return keyed.map((x) => x.e);
}
