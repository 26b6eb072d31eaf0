/** pcap filter expressions (pcap-filter(7)) compiled to closures over packets. */
import type { EthernetFrame } from '../frame';
import { encodeFrame, frameLength, withVlan } from '../frame';
import type { IpAddress } from '../ip';
import { LINKTYPE } from '../pcap';
import { rejectsAll } from './domain';
import { FilterError } from './lexer';
import { Parser } from './parser';
import type { FilterPacket, Predicate } from './tests';
import { fault } from './tests';

export type { FilterPacket } from './tests';

/** What an expression is compiled for. */
export interface FilterOptions {
  /** LINKTYPE_* of the packets; Ethernet when absent. */
  linkType?: number;
  /** Live captures on Linux carry the VLAN tag outside the bytes; files carry it inside. */
  live?: boolean;
  /** Netmask of the interface, for `ip broadcast`. */
  netmask?: number;
  /** Addresses of a host name; undefined or empty when it is unknown. */
  resolveHost?: (name: string) => readonly IpAddress[] | undefined;
}

/** Decides about one packet. */
export type PacketFilter = (packet: FilterPacket) => boolean;

/** A compiled filter, or what tcpdump prints after `tcpdump: `. */
export type CompiledFilter = { readonly filter: PacketFilter } | { readonly error: string };

/** Compiles an expression; the empty one accepts everything. Never throws. */
export function compileFilter(expression: string, options: FilterOptions = {}): CompiledFilter {
  if (expression.trim() === '') return { filter: () => true };
  let predicate: Predicate;
  try {
    predicate = new Parser(expression, { ...options, linkType: options.linkType ?? LINKTYPE.ETHERNET }).parse();
  } catch (error) {
    if (error instanceof FilterError) return { error: error.message };
    throw error;
  }
  if (rejectsAll(predicate)) return { error: 'expression rejects all packets' };
  return {
    filter: (packet) => {
      fault.raised = false;
      return predicate(packet) && !fault.raised;
    },
  };
}

class LivePacket implements FilterPacket {
  private encoded: Uint8Array | undefined;

  constructor(
    private readonly frame: EthernetFrame,
    readonly outgoing: boolean | undefined,
  ) {}

  get vlan(): EthernetFrame['vlan'] {
    return this.frame.vlan;
  }

  get length(): number {
    return frameLength(this.frame);
  }

  get bytes(): Uint8Array {
    this.encoded ??= encodeFrame(this.frame.vlan === undefined ? this.frame : withVlan(this.frame, undefined));
    return this.encoded;
  }
}

/**
 * A frame as a filter compiled with `live: true` sees it: the tag beside the bytes, the bytes encoded when first read.
 * @param outgoing sent by the capturing host.
 */
export function livePacket(frame: EthernetFrame, outgoing?: boolean): FilterPacket {
  return new LivePacket(frame, outgoing);
}
