/** The journey of a packet as data. Everything here survives structured cloning and JSON. */
import type { Place, Script } from '../typed';

/** A protocol layer, in the order of the bytes. The page draws one segment for each. */
export type JourneyLayer = 'eth' | 'ip' | 'tcp' | 'udp' | 'icmp' | 'arp' | 'dns' | 'http' | 'vxlan' | 'data';

/** One field of a header. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Its value one step before, when that was another. */
  readonly before?: string;
  /** It is what the rule, route or entry that decided here looked at. */
  readonly decides?: true;
}

/** One header, with the fields that a person compares. */
export interface Header {
  readonly layer: JourneyLayer;
  readonly title: string;
  readonly fields: readonly HeaderField[];
  /** It was not there one step before. */
  readonly added?: true;
}

/** Something that a step was decided by. */
export type Evidence =
  /** Rules it met, in order. */
  | {
      readonly kind: 'rules';
      readonly rules: readonly {
        /** Position in its chain; 0: the chain's policy. */
        readonly number: number;
        readonly text: string;
        readonly verdict: string;
        /** The one that decided. */
        readonly decided: boolean;
        /** It was tried and did not fit. */
        readonly passed?: true;
      }[];
    }
  /** A connection's entry: the two directions, in parts; marked is what is not simply the other way round. */
  | {
      readonly kind: 'entry';
      readonly title: string;
      readonly directions: readonly {
        readonly name: string;
        readonly parts: readonly { readonly text: string; readonly marked: boolean }[];
      }[];
    }
  /** Lines as the tools print them, such as a route, a neighbour entry or a conntrack entry. */
  | { readonly kind: 'lines'; readonly title: string; readonly lines: readonly string[] };

/** What kind of decision a step is; the picture's glyph. */
export type StepKind =
  | 'socket'
  | 'kernel'
  | 'route'
  | 'neighbour'
  | 'link'
  | 'bridge'
  | 'hook'
  | 'conntrack'
  | 'tunnel'
  | 'fragment'
  | 'end';

/** One step of a journey: where, what was decided, by what, and what changed. */
export interface JourneyStep {
  /** Microseconds since the packet was made. */
  readonly after: number;
  readonly place: Place;
  /** The machine or namespace in the fewest words. */
  readonly where: string;
  readonly kind: StepKind;
  /** `nat PREROUTING`, `eth0`, `Route`. */
  readonly title: string;
  /** What came of it in a word or two: `DNAT`, `dev eth0`. */
  readonly note: string;
  /** One sentence with inline code: the rule or route, and what it did. */
  readonly sentence: string;
  /** One more, when there is something to know about it. */
  readonly more?: string;
  readonly evidence: readonly Evidence[];
  /** The packet after this step. */
  readonly headers: readonly Header[];
  /** Its length with the Ethernet header, bytes. */
  readonly bytes: number;
  readonly layers: readonly JourneyLayer[];
  /** Interface of the picture (`box/ifname`) that the packet is at. */
  readonly port?: string;
  /** A packet that was sent meanwhile because of this one, such as an ARP request. */
  readonly side?: number;
  /** The packet died here. */
  readonly died?: true;
}

/** How a journey ended. `open`: it is under way, or waits. `gone`: nobody wanted it, and that is as it should be. */
export type Verdict = 'delivered' | 'died' | 'open' | 'gone';

/** One packet in a list. */
export interface JourneySummary {
  readonly id: number;
  /** Virtual microseconds since the lab's start at which it was made. */
  readonly at: number;
  readonly place: Place;
  readonly where: string;
  /** `ICMP`, `TCP`, `ARP`, ... */
  readonly protocol: string;
  readonly layers: readonly JourneyLayer[];
  /** With port when there is one. */
  readonly from: string;
  readonly to: string;
  /** What it is: `echo request, seq 1`, `SYN`, `GET / HTTP/1.1`. */
  readonly what: string;
  readonly verdict: Verdict;
  /** The verdict in a few words: `delivered to web`, `NETFILTER_DROP in docker-host`. */
  readonly outcome: string;
  /** `traffic`: a program's, or the answer to one. `side`: address resolution. `background`: the kernel's own. */
  readonly role: 'traffic' | 'side' | 'background';
  /** The packet that answers this one, and the one that this one answers. */
  readonly reply?: number;
  readonly request?: number;
}

/** What the page lists. */
export interface JourneyList {
  readonly packets: readonly JourneySummary[];
  /** Older packets that are not kept any more. */
  readonly forgotten: number;
}

/** Why a packet died. */
export interface Death {
  /** The kernel's reason, without SKB_DROP_REASON_; absent when no kernel dropped it. */
  readonly reason?: string;
  /** Kernel function, hook or link where it happened. */
  readonly function?: string;
  /** One sentence: the first thing that is not as it must be. */
  readonly broken: string;
  /** What the sender learns of it. */
  readonly told: string;
}

/** A packet's whole journey. */
export interface Journey {
  readonly summary: JourneySummary;
  readonly steps: readonly JourneyStep[];
  readonly death?: Death;
  /** What became of the answer, when it did not arrive: one sentence. */
  readonly answerDied?: string;
}

/** A change of the world under which a packet might have lived. */
export interface Change {
  /** `ip_forward were 1 on router`: continues "if". */
  readonly text: string;
  readonly scripts: readonly Script[];
}

/** What a change would have made of a packet, found out in a copy of the world. */
export interface Counterfactual {
  readonly change: Change;
  readonly lived: boolean;
  /** What became of it instead, in one sentence. */
  readonly outcome: string;
}
