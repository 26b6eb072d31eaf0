/** The packet on its way through a machine: the kernel's sk_buff, reduced to what decisions are made of. */
import type { EthernetFrame, EthernetPayload, Mac, VlanTag } from '../wire';
import { ETHERNET_HEADER, makeFrame, payloadLength, tagLength } from '../wire';
import type { BridgePort } from './link/bridge-port';
import type { Link } from './link/link';
import { PACKET } from './packet-type';
import type { RouteEntry } from './route/lookup';

export { PACKET };

/** A socket as far as a packet refers to it: who sent it. */
export interface SkbOwner {
  /** An error about a packet it sent: the neighbour does not answer (EHOSTUNREACH). */
  readonly ownerInode: number;
  /** `probe`: learned path MTUs do not count, only the link's (ip_sk_use_pmtu). */
  readonly pmtudisc?: string;
}

/**
 * One packet. Mutable and owned by exactly one holder; who wants to keep it clones it. The payload inside is immutable.
 * It travels from the sender's socket to the receiver's over all links and namespaces without being copied.
 */
export class Skb {
  dst: Mac = '';
  src: Mac = '';
  vlan: VlanTag | undefined = undefined;
  trailer: Uint8Array | undefined = undefined;
  /** The link it is on: the output link on the way out, the input link on the way in. */
  dev!: Link;
  /** The link it came in by (skb_iif); null when made here. */
  inDev: Link | null = null;
  /** {@link PACKET} */
  pktType: number = PACKET.HOST;
  /** nfmark. */
  mark = 0;
  /** The device says that it threw the packet away (NET_XMIT_DROP). Bridges, tunnels and qdiscs never say so. */
  lost = false;
  /** Conntrack entry and state; belongs to netfilter. */
  ct: unknown = null;
  ctInfo = 0;
  /** Bits netfilter targets leave for later hooks (NF trace, nf_bridge). */
  nfFlags = 0;
  /** Physical bridge ports for the physdev match, while a frame crosses a bridge. */
  bridgeIn: BridgePort | null = null;
  bridgeOut: BridgePort | null = null;
  /** Result of routing. */
  route: RouteEntry | null = null;
  owner: SkbOwner | null = null;
  /** Identity for traces; 0 until one is needed. */
  id = 0;
  /** Length of the payload in bytes. */
  length: number;
  /** Router alert or other IP options were seen, hop limit of defragmentation: largest fragment, for PMTU of reassembled packets. */
  maxFragment = 0;

  constructor(
    public etherType: number,
    public payload: EthernetPayload,
  ) {
    this.length = payloadLength(payload);
  }

  /** Length of the frame with its Ethernet header. */
  get frameLength(): number {
    let n = this.length + ETHERNET_HEADER;
    if (this.vlan !== undefined) n += tagLength(this.vlan);
    if (this.trailer !== undefined) n += this.trailer.length;
    return n;
  }

  /** Replaces the payload. */
  setPayload(payload: EthernetPayload): void {
    this.payload = payload;
    this.length = payloadLength(payload);
  }

  /** The frame as it is on the link now. */
  frame(): EthernetFrame {
    return makeFrame(this.dst, this.src, this.etherType, this.payload, this.vlan, this.trailer);
  }

  /**
   * The link by which an IPv6 packet counts as having come in on `link`: what came back through lo, by the one that has the
   * address (IP6CB(skb)->iif in ip6_rcv_core).
   */
  iif(link: Link): Link {
    return link.isLoopback ? (this.route?.link ?? link) : link;
  }

  /** A copy that another holder may change. */
  clone(): Skb {
    const c = new Skb(this.etherType, this.payload);
    c.dst = this.dst;
    c.src = this.src;
    c.vlan = this.vlan;
    c.trailer = this.trailer;
    c.dev = this.dev;
    c.inDev = this.inDev;
    c.pktType = this.pktType;
    c.mark = this.mark;
    c.ct = this.ct;
    c.ctInfo = this.ctInfo;
    c.nfFlags = this.nfFlags;
    c.bridgeIn = this.bridgeIn;
    c.bridgeOut = this.bridgeOut;
    c.route = this.route;
    c.owner = this.owner;
    c.maxFragment = this.maxFragment;
    return c;
  }

  /** Forgets what belongs to one namespace (skb_scrub_packet): done when it crosses to another one. */
  scrub(crossing: boolean): void {
    this.pktType = PACKET.HOST;
    this.route = null;
    this.ct = null;
    this.ctInfo = 0;
    this.nfFlags = 0;
    this.inDev = null;
    this.bridgeIn = null;
    this.bridgeOut = null;
    this.maxFragment = 0;
    if (crossing) {
      this.mark = 0;
      this.owner = null;
    }
  }
}
