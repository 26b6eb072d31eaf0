/** How the fields of one header are written down. */
import type { Ipv4Packet } from '../../../../wire';
import type { PktInfo } from '../../pktinfo';
import type { Scalar } from '../model';

/** A header field. */
export interface Field {
  /** `tcp` of `tcp dport`. */
  readonly protocol: string;
  readonly name: string;
  /** nft's datatype. */
  readonly type: string;
  readonly base: 'll' | 'nh' | 'th';
  /** In bits from the base. */
  readonly offset: number;
  readonly bits: number;
  /** undefined: the packet has no such header. */
  readonly get: (p: PktInfo) => Scalar | undefined;
  /** Replaces the payload or header of `p.skb`; absent: cannot be set. */
  readonly put?: (p: PktInfo, value: Scalar) => void;
}

/**
 * A field of a header `H`: its first bit counted from the base, its bits, nft's datatype, how it is read, and what of the header
 * changes when it is set to `n`, or `v` where it is no number; without the last it cannot be set.
 */
export type Row<H> = readonly [
  offset: number,
  bits: number,
  type: string,
  get: (h: H) => Scalar | undefined,
  put?: (h: H, n: number, v: Scalar) => Partial<H>,
];

/** Where a header is in a packet, and how it is replaced there. */
export interface Place<H> {
  readonly base: Field['base'];
  /** undefined: the packet has no such header. */
  readonly of: (p: PktInfo) => H | undefined;
  /** Absent: no field can be set. */
  readonly replace?: (p: PktInfo, h: H) => void;
}

/** The fields of a protocol's header by their names, in the order in which nft lists them. */
export function header<H extends object>(
  protocol: string,
  { base, of, replace }: Place<H>,
  rows: Readonly<Record<string, Row<H>>>,
): Field[] {
  return Object.entries(rows).map(([name, [offset, bits, type, read, change]]) => {
    const get = (p: PktInfo): Scalar | undefined => {
      const h = of(p);
      return h && read(h);
    };
    const field = { protocol, name, type, base, offset, bits, get };
    if (change === undefined || replace === undefined) return field;
    const put = (p: PktInfo, v: Scalar): void => {
      const h = of(p);
      if (h !== undefined) replace(p, { ...h, ...change(h, v as number, v) });
    };
    return { ...field, put };
  });
}

/** What a packet carries above IP; undefined in a later fragment and without IP. */
export function transport(p: PktInfo): Ipv4Packet['payload'] | undefined {
  const q = p.skb.payload;
  return (q.kind === 'ipv4' || q.kind === 'ipv6') && p.fragmentOffset === 0 ? q.payload : undefined;
}

/** Replaces what a packet carries above IP. */
export function putTransport(p: PktInfo, payload: Ipv4Packet['payload']): void {
  const q = p.skb.payload;
  if (q.kind === 'ipv4' || q.kind === 'ipv6') p.skb.setPayload({ ...q, payload });
}
