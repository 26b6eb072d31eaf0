/** A connection as one line, for traces (the form of `conntrack -L` without times). */
import { IPPROTO, formatIp } from '../../wire';
import type { Tuple } from './conn';

const NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  47: 'gre',
  58: 'icmpv6',
  132: 'sctp',
  136: 'udplite',
};

/** The protocol's name in conntrack's tables; `unknown` for those it does not know. */
export function protocolName(protocol: number): string {
  return NAMES[protocol] ?? 'unknown';
}

/** Its number by that name, undefined for none. */
export function protocolNumber(name: string): number | undefined {
  for (const [number, known] of Object.entries(NAMES)) if (known === name) return Number(number);
  return undefined;
}

/** `src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2` */
export function tupleText(t: Tuple): string {
  const ends = `src=${formatIp(t.src)} dst=${formatIp(t.dst)}`;
  switch (t.protocol) {
    case IPPROTO.ICMP:
    case IPPROTO.ICMPV6:
      return `${ends} type=${t.dport >> 8} code=${t.dport & 0xff} id=${t.sport}`;
    case IPPROTO.TCP:
    case IPPROTO.UDP:
    case IPPROTO.SCTP:
    case 33:
    case 136:
      return `${ends} sport=${t.sport} dport=${t.dport}`;
    case IPPROTO.GRE:
      return `${ends} srckey=0x${t.sport.toString(16)} dstkey=0x${t.dport.toString(16)}`;
    default:
      return ends;
  }
}
