/** The dispatch on the IP protocol number, and what transport printers need to know about the packet around them. */
import { protocolName } from '../services';
import type { Dissector } from './dissector';
import { printIcmp4 } from './icmp4';
import { printIcmp6 } from './icmp6';
import { printIgmp } from './igmp';
import { printIp4 } from './ip4';
import { printIp6 } from './ip6';
import { printTcp } from './tcp';
import { printUdp } from './udp';
import { sumWords } from '../checksum';

/** The IP packet around a transport header. */
export interface IpContext {
  version: 4 | 6;
  /** Where the IP header starts. */
  at: number;
  /** A fragment: lengths and checksums are not those of the whole. */
  fragmented: boolean;
  /** Protocol field of the IP header itself: with extension headers it is not the transport's. */
  protocol: number;
}

/** Unfolded pseudo-header sum. */
export function pseudoSum(d: Dissector, ip: IpContext, protocol: number, length: number): number {
  const from = ip.at + (ip.version === 4 ? 12 : 8);
  return sumWords(d.bytes, from, from + (ip.version === 4 ? 8 : 32), protocol + length);
}

/** Source and destination as `A.port > B.port: `; ports alone behind extension headers. */
export function endpoints(d: Dissector, ip: IpContext, protocol: number, sport: string, dport: string): string {
  if (ip.protocol !== protocol) return `${sport} > ${dport}: `;
  const src = ip.version === 4 ? d.ip4(ip.at + 12) : d.ip6(ip.at + 8);
  const dst = ip.version === 4 ? d.ip4(ip.at + 16) : d.ip6(ip.at + 24);
  return `${src}.${sport} > ${dst}.${dport}: `;
}

/** Source and destination without ports, for headers cut before them. */
export function addressPair(d: Dissector, ip: IpContext): string {
  const src = ip.version === 4 ? d.ip4(ip.at + 12) : d.ip6(ip.at + 8);
  const dst = ip.version === 4 ? d.ip4(ip.at + 16) : d.ip6(ip.at + 24);
  return `${src} > ${dst}:`;
}

/** Prints the payload at `at`; `length` is what the IP header announces. */
export function printTransport(d: Dissector, ip: IpContext, protocol: number, at: number, length: number): void {
  switch (protocol) {
    case 6:
      printTcp(d, ip, at, length);
      break;
    case 17:
      printUdp(d, ip, at, length);
      break;
    case 1:
      if (ip.version === 4) printIcmp4(d, ip, at, length);
      else d.print('[ICMP requires IPv4] (invalid)');
      break;
    case 58:
      if (ip.version === 6) printIcmp6(d, ip, at, length);
      else d.print('[ICMPv6 requires IPv6] (invalid)');
      break;
    case 2:
      if (ip.version === 4) printIgmp(d, at, length);
      else d.print('[IGMP requires IPv4] (invalid)');
      break;
    case 4:
      printIp4(d, at, length);
      break;
    case 41:
      printIp6(d, at, length);
      break;
    case 59:
      d.print('no next header');
      break;
    default: {
      const name = d.options.numeric === true ? undefined : protocolName(protocol);
      d.print(` ${name ?? `ip-proto-${protocol}`} ${length}`);
    }
  }
}
