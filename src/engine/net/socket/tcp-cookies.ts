/** SYN cookies (net/ipv4/syncookies.c): a full listener answers without remembering anything. */
import type { IpPacket, TcpSegment } from '../../wire';
import { formatIp } from '../../wire';
import type { NetNamespace } from '../namespace';
import type { SynOptions } from './tcp-handshake';

/** The segment sizes a cookie can say (msstab). */
const MSS4 = [536, 1300, 1440, 1460] as const;
const MSS6 = [1280 - 60, 1480 - 60, 1500 - 60, 9000 - 60] as const;
/** A cookie is good for two minutes at the most. */
const PERIOD = 60_000_000;

function hash(ns: NetNamespace, packet: IpPacket, s: TcpSegment, count: number): number {
  const text = `${formatIp(packet.src)}|${formatIp(packet.dst)}|${s.srcPort}|${s.dstPort}|${count}|${ns.hashSeed}`;
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}

/** The sequence number that answers the SYN `s`. */
export function cookieFor(ns: NetNamespace, packet: IpPacket, s: TcpSegment): number {
  const table = packet.kind === 'ipv4' ? MSS4 : MSS6;
  const mss = s.options?.mss ?? 536;
  let index = 0;
  for (let i = 0; i < table.length; i++) if (table[i]! <= mss) index = i;
  const count = Math.floor(ns.now / PERIOD);
  return ((hash(ns, packet, s, count) & ~3) | index) >>> 0;
}

/** The time stamp of a SYN-ACK with a cookie carries the options that the sequence number has no room for. */
export function cookieTimestamp(now: number, s: TcpSegment): number {
  const wscale = s.options?.wscale ?? 15;
  const bits = (wscale & 15) | (s.options?.sackPermitted ? 16 : 0);
  return ((Math.floor(now / 1000) & ~31) | bits) >>> 0;
}

/** What the cookie in the acknowledgement `s` says; undefined when it is none of ours. */
export function readCookie(ns: NetNamespace, packet: IpPacket, s: TcpSegment): SynOptions | undefined {
  const cookie = (s.ack - 1) >>> 0;
  const now = Math.floor(ns.now / PERIOD);
  const good = [now, now - 1].some((count) => ((hash(ns, packet, s, count) & ~3) ^ (cookie & ~3)) === 0);
  if (!good) return undefined;
  const table = packet.kind === 'ipv4' ? MSS4 : MSS6;
  const ts = s.options?.timestamps;
  if (ts === undefined || ns.ipv4.tcp_timestamps === 0)
    return { mss: table[cookie & 3], wscale: undefined, sack: false, ts: undefined };
  const wscale = ts.ecr & 15;
  return { mss: table[cookie & 3], wscale: wscale === 15 ? undefined : wscale, sack: (ts.ecr & 16) !== 0, ts: ts.val };
}
