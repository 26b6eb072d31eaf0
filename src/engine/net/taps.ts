import type { Micros } from '../core';
import type { EthernetFrame } from '../wire';
import type { Link } from './link/link';
import type { NetNamespace } from './namespace';
import type { Skb } from './skb';
import { PACKET } from './packet-type';

/** A frame seen by a tap. */
export interface CapturedFrame {
  readonly at: Micros;
  readonly frame: EthernetFrame;
  /** Length on the link in bytes, Ethernet header included. */
  readonly length: number;
  readonly link: Link;
  /** {@link PACKET}: OUTGOING for frames this machine sends. */
  readonly pktType: number;
}

/** A packet socket's view (packet(7), ptype_all): gets every frame of one link or of all. */
export interface Tap {
  /** Null: all links. */
  readonly link: Link | null;
  deliver(captured: CapturedFrame): void;
}

/** The taps of a namespace. */
export class Taps {
  private readonly taps = new Set<Tap>();
  /** Number of taps; looked at for every packet. */
  count = 0;

  constructor(private readonly ns: NetNamespace) {}

  add(tap: Tap): () => void {
    this.taps.add(tap);
    this.count = this.taps.size;
    return () => {
      this.taps.delete(tap);
      this.count = this.taps.size;
    };
  }

  private dispatch(skb: Skb, link: Link, pktType: number): void {
    let captured: CapturedFrame | undefined;
    for (const tap of [...this.taps]) {
      if (tap.link !== null && tap.link !== link) continue;
      captured ??= { at: this.ns.now, frame: skb.frame(), length: skb.frameLength, link, pktType };
      tap.deliver(captured);
    }
  }

  /** dev_queue_xmit_nit */
  outgoing(skb: Skb, link: Link): void {
    this.dispatch(skb, link, PACKET.OUTGOING);
  }

  incoming(skb: Skb, link: Link): void {
    this.dispatch(skb, link, skb.pktType);
  }
}
