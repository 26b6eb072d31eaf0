/** Fields of ICMP and ICMPv6. */
import type { Icmp4Packet, Icmp6Packet } from '../../../../wire';
import type { Field, Place } from './header';
import { header, transport } from './header';

const ICMP: Place<Icmp4Packet> = {
  base: 'th',
  of(p) {
    const t = transport(p);
    return t?.kind === 'icmp4' ? t : undefined;
  },
};
const ICMPV6: Place<Icmp6Packet> = {
  base: 'th',
  of(p) {
    const t = transport(p);
    return t?.kind === 'icmp6' ? t : undefined;
  },
};

type Icmp = Icmp4Packet | Icmp6Packet;
const checksum = (t: Icmp): number => Math.max(0, t.checksum);
const echoId = (t: Icmp): number | undefined => (t.message === 'echo' ? t.id : undefined);
const echoSequence = (t: Icmp): number | undefined => (t.message === 'echo' ? t.seq : undefined);
/** The four octets behind an error's checksum. */
const rest = (t: Icmp): number | undefined => (t.message === 'error' ? t.rest : undefined);

/** Types of the messages whose kind already says it. */
const ICMP6_TYPES: Readonly<Record<string, number>> = { rs: 133, ra: 134, ns: 135, na: 136 };
const icmp6Type = (t: Icmp6Packet): number =>
  'type' in t ? (t as { type: number }).type : (ICMP6_TYPES[(t as { message: string }).message] ?? 0);

/** The fields, protocol by protocol. */
export const ICMP_FIELDS: readonly Field[] = [
  ...header('icmp', ICMP, {
    type: [0, 8, 'icmp_type', (t) => t.type],
    code: [8, 8, 'icmp_code', (t) => t.code],
    checksum: [16, 16, 'integer', checksum],
    id: [32, 16, 'integer', echoId],
    sequence: [48, 16, 'integer', echoSequence],
    gateway: [32, 32, 'integer', rest],
    mtu: [48, 16, 'integer', (t) => (t.message === 'error' ? t.rest & 0xffff : undefined)],
  }),
  ...header('icmpv6', ICMPV6, {
    type: [0, 8, 'icmpv6_type', icmp6Type],
    code: [8, 8, 'icmpv6_code', (t) => ('code' in t ? (t as { code: number }).code : 0)],
    checksum: [16, 16, 'integer', checksum],
    'parameter-problem': [32, 32, 'integer', rest],
    mtu: [32, 32, 'integer', rest],
    id: [32, 16, 'integer', echoId],
    sequence: [48, 16, 'integer', echoSequence],
    'max-delay': [32, 16, 'integer', () => 0],
  }),
];
