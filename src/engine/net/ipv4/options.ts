/** Options of the IPv4 header that routers fill in (RFC 791, net/ipv4/ip_options.c): record route and timestamps. */
import type { Ip4, Ipv4Packet } from '../../wire';
import { get32, ip4FromBytes, put32, writeIp4 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';

/** Numbers of options (IPOPT_*). */
export const IPOPT = { END: 0, NOOP: 1, RR: 7, TIMESTAMP: 68 } as const;
/** What a timestamp option collects: times, addresses and times, or times at given addresses. */
export const IPOPT_TS = { TSONLY: 0, TSANDADDR: 1, PRESPEC: 3 } as const;

/** Where the options of a packet are, and what is still to be written into the slot that was taken last. */
interface Found {
  rr?: number;
  ts?: number;
}

function find(options: Uint8Array): Found {
  const found: Found = {};
  for (let at = 0; at < options.length;) {
    const code = options[at]!;
    if (code === IPOPT.END) break;
    if (code === IPOPT.NOOP) {
      at++;
      continue;
    }
    const size = options[at + 1] ?? 0;
    if (size < 2 || at + size > options.length) break;
    if (code === IPOPT.RR && size >= 3) found.rr ??= at;
    if (code === IPOPT.TIMESTAMP && size >= 4) found.ts ??= at;
    at += size;
  }
  return found;
}

/** Milliseconds since midnight, as timestamps have them (inet_current_timestamp). */
function stamp(ns: NetNamespace): number {
  return Math.floor(ns.now / 1000) % 86_400_000;
}

const putAddress = (out: Uint8Array, at: number, address: Ip4): void => writeIp4(address, out, at);

/** The next free slot of `size` bytes of the option at `at`, as an index into `options`; the pointer moves behind it. */
function slot(options: Uint8Array, at: number, size: number): number | undefined {
  const pointer = options[at + 2]!;
  if (pointer + size - 1 > options[at + 1]!) return undefined;
  options[at + 2] = pointer + size;
  return at + pointer - 1;
}

/**
 * Writes this machine into the options: its address into a recorded route, its address and the time into timestamps.
 * @param address of a recorded route
 * @param seen of timestamps
 */
function record(ns: NetNamespace, options: Uint8Array, address: Ip4, seen: Ip4): void {
  const { rr, ts } = find(options);
  if (rr !== undefined) {
    const at = slot(options, rr, 4);
    if (at !== undefined) putAddress(options, at, address);
  }
  if (ts === undefined) return;
  const kind = options[ts + 3]! & 15;
  if (kind === IPOPT_TS.PRESPEC) {
    const next = ts + options[ts + 2]! - 1;
    if (next + 8 > ts + options[ts + 1]! || ns.addrs.type4(ip4FromBytes(options, next)) !== 'local') return;
  }
  const at = slot(options, ts, kind === IPOPT_TS.TSONLY ? 4 : 8);
  if (at === undefined) {
    const overflow = options[ts + 3]! >> 4;
    if (kind !== IPOPT_TS.PRESPEC && overflow < 15) options[ts + 3] = kind | ((overflow + 1) << 4);
    return;
  }
  if (kind === IPOPT_TS.TSANDADDR) putAddress(options, at, seen);
  put32(options, kind === IPOPT_TS.TSONLY ? at : at + 4, stamp(ns));
}

/** A packet with its options filled in. */
function withOptions(packet: Ipv4Packet, fill: (options: Uint8Array) => void): Ipv4Packet {
  const options = packet.options!.slice();
  fill(options);
  return { ...packet, options };
}

/** What comes in for this machine (ip_options_compile): its address is the one the packet is sent to. */
export function receivedOptions(ns: NetNamespace, packet: Ipv4Packet): Ipv4Packet {
  return withOptions(packet, (o) => record(ns, o, packet.dst, packet.dst));
}

/**
 * What is passed on (ip_options_compile, ip_forward_options): a recorded route gets the address of the link by which the
 * packet leaves, timestamps get that of the link by which it came.
 */
export function forwardedOptions(
  ns: NetNamespace,
  packet: Ipv4Packet,
  input: Link,
  output: Link,
  nextHop: Ip4,
): Ipv4Packet {
  const leaving = ns.addrs.select4(output, nextHop, 0);
  const seen = ns.addrs.select4(input, packet.src, 0);
  return withOptions(packet, (o) => record(ns, o, leaving, seen));
}

/** What this machine sends (ip_options_build). */
export function sentOptions(ns: NetNamespace, options: Uint8Array, src: Ip4): Uint8Array {
  const out = options.slice();
  record(ns, out, src, src);
  return out;
}

/** The options that an answer takes over (ip_options_echo): a recorded route and timestamps go on where they are. */
export function echoedOptions(packet: Ipv4Packet): Uint8Array | undefined {
  const { options } = packet;
  if (options === undefined) return undefined;
  const { rr, ts } = find(options);
  const parts = [rr, ts].flatMap((at) => (at === undefined ? [] : [options.subarray(at, at + options[at + 1]!)]));
  const length = parts.reduce((n, p) => n + p.length, 0);
  if (length === 0) return undefined;
  const out = new Uint8Array((length + 3) & ~3);
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** A recorded route: the addresses so far. undefined without one. */
export function recordedRoute(options: Uint8Array): Ip4[] | undefined {
  const { rr } = find(options);
  if (rr === undefined) return undefined;
  const used = Math.min(options[rr + 2]! - 4, options[rr + 1]! - 3);
  return Array.from({ length: Math.floor(used / 4) }, (_, i) => ip4FromBytes(options, rr + 3 + 4 * i));
}

/** Timestamps: the entries so far, with addresses where they are kept, and how many hops found no room. */
export function recordedTimes(
  options: Uint8Array,
): { readonly entries: readonly { address: Ip4 | undefined; time: number }[]; readonly overflow: number } | undefined {
  const { ts } = find(options);
  if (ts === undefined) return undefined;
  const kind = options[ts + 3]! & 15;
  const size = kind === IPOPT_TS.TSONLY ? 4 : 8;
  const used = Math.min(options[ts + 2]! - 5, options[ts + 1]! - 4);
  const entries = Array.from({ length: Math.floor(used / size) }, (_, i) => {
    const at = ts + 4 + size * i;
    return { address: size === 8 ? ip4FromBytes(options, at) : undefined, time: get32(options, at + size - 4) };
  });
  return { entries, overflow: options[ts + 3]! >> 4 };
}
