/** Header fields by nft's names: where they are and how they are read from a typed packet (nftables src/proto.c). */
import type { Field } from './header';
import { ICMP_FIELDS } from './icmp';
import { LINK_FIELDS } from './link';
import { NETWORK_FIELDS } from './network';
import { TRANSPORT_FIELDS } from './transport';

export type { Field } from './header';

const FIELDS = [...LINK_FIELDS, ...NETWORK_FIELDS, ...TRANSPORT_FIELDS, ...ICMP_FIELDS];
const BY_NAME: ReadonlyMap<string, Field> = new Map(FIELDS.map((f) => [`${f.protocol} ${f.name}`, f]));

/** A field by `protocol field`. */
export function fieldOf(name: string): Field | undefined {
  return BY_NAME.get(name);
}

/** Names of a protocol's fields, empty for an unknown protocol. */
export function fieldsOf(protocol: string): string[] {
  return FIELDS.filter((f) => f.protocol === protocol).map((f) => f.name);
}
