/** What each decision on a packet's road means, in sentences. */
import type { TraceEvent, Withheld } from '../../engine/net';
import { isMulticastMac } from '../../engine/wire';
import type { Evidence } from './types';

/** One kind of trace event. */
export type EventOf<K extends TraceEvent['event']> = Extract<TraceEvent, { readonly event: K }>;

/** Name, number and sentence of a step. */
export interface Said {
  readonly note: string;
  readonly sentence: string;
  readonly more?: string;
}

const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };

/** A routing table's name, as iproute2 has it. */
export function tableName(table: number): string {
  return TABLES[table] ?? String(table);
}

/** The route as `ip route` begins it, with the table's name where that is not the main one. */
export function routeLine(e: EventOf<'route'>): string {
  const via = e.gateway === undefined ? '' : ` via ${e.gateway}`;
  const dev = e.link === undefined ? '' : ` dev ${e.link}`;
  const table = e.table === undefined || e.table === 254 ? '' : ` table ${tableName(e.table)}`;
  return `${e.result === 'local' ? 'local ' : ''}${(e.prefix ?? '').replace(/\/(?:32|128)$/, '')}${via}${dev}${table}`;
}

/** A routing decision. @param to the packet's destination. */
export function sayRoute(e: EventOf<'route'>, where: string, to: string): Said {
  const table = e.table === undefined ? '' : tableName(e.table);
  const chosen = e.rule === undefined || [0, 32766, 32767].includes(e.rule) ? '' : ` Rule ${e.rule} chose this table.`;
  if (e.prefix === undefined) return { note: e.result, sentence: `\`${where}\` has no way for \`${to}\`.` };
  const match = `\`${e.prefix}\` in table ${table} is the longest match`;
  if (e.result === 'local' && e.direction === 'input')
    return {
      note: 'for this stack',
      sentence: `\`${to}\` is one of \`${where}\`’s own addresses: the packet has arrived.`,
    };
  if (e.result === 'local')
    return {
      note: 'dev lo',
      sentence: `\`${to}\` is one of \`${where}\`’s own addresses: the packet stays inside, on \`lo\`.`,
    };
  if (e.result === 'broadcast' || e.result === 'multicast')
    return {
      note: e.result,
      sentence: `\`${to}\` is a ${e.result} address: the packet goes to everybody on \`${e.link ?? '?'}\`.`,
    };
  if (e.result !== 'unicast' && e.result !== 'forward')
    return { note: e.result, sentence: `${match}, and its type is ${e.result}.${chosen}` };
  const forward = e.result === 'forward';
  const on = forward ? 'The packet is for somebody else. ' : '';
  const more = forward ? { more: 'A router takes one from the time to live of what it forwards.' } : {};
  if (e.gateway !== undefined)
    return {
      note: `via ${e.gateway}`,
      sentence: `${on}${match}: the next stop is the gateway \`${e.gateway}\`, out of \`${e.link ?? '?'}\`.${chosen}`,
      ...more,
    };
  return {
    note: `dev ${e.link ?? '?'}`,
    sentence: `${on}${match}: \`${to}\` itself is the next stop, on the link behind \`${e.link ?? '?'}\`.${chosen}`,
    ...more,
  };
}

/** The part of a MAC address that differs between the cards of one maker. */
const shortMac = (mac: string): string => `…${mac.slice(9)}`;

/** How a packet got the MAC of its next stop. @param waited microseconds that it stood in the queue, if it did. */
export function sayNeighbour(e: EventOf<'neighbour'>, where: string, waited: number | undefined): Said {
  const ask = e.address.includes(':') ? 'a neighbour solicitation' : 'an ARP request';
  if (e.action === 'failed')
    return {
      note: 'FAILED',
      sentence: `Nobody on \`${e.link}\` says that \`${e.address}\` is theirs: the entry is FAILED.`,
    };
  if (e.lladdr === undefined)
    return {
      note: e.state,
      sentence: `\`${where}\` does not know the MAC of \`${e.address}\`. The packet waits while ${ask} goes out on \`${e.link}\`.`,
    };
  if (waited !== undefined)
    return {
      note: shortMac(e.lladdr),
      sentence: `\`${where}\` did not know the MAC of \`${e.address}\`. It sent ${ask} on \`${e.link}\`; ${duration(waited)} later the answer was \`${e.lladdr}\`.`,
      more: 'The packet waited in the neighbour entry’s queue. The next one will not have to.',
    };
  return {
    note: shortMac(e.lladdr),
    sentence: `The neighbour table knows the MAC of \`${e.address}\` already: \`${e.lladdr}\`${e.state === 'REACHABLE' ? '' : ` (${e.state})`}.`,
  };
}

/** What a bridge did. */
export function sayBridge(e: EventOf<'bridge'>, learned: boolean): Said {
  const kept = e.withheld?.find((w) => w.why !== 'hairpin');
  const learn = `${kept ? ` Port \`${kept.port}\` does not get it: ${sayWithheld(e, kept)}.` : ''}${
    learned ? ` It learns on the way where the sender is: behind \`${e.port}\`.` : ''
  }`;
  switch (e.action) {
    case 'flood':
      return {
        note: e.to.length === 0 ? 'no port' : `flood: ${e.to.join(', ')}`,
        sentence:
          e.to.length === 0
            ? `\`${e.bridge}\` has no port that this frame may leave by.${learn}`
            : `\`${e.bridge}\` sends a copy to every other port (${listed(e.to)}): ${
                e.mac === 'ff:ff:ff:ff:ff:ff' ? 'the frame is for everybody' : `it does not know where \`${e.mac}\` is`
              }.${learn}`,
      };
    case 'forward':
      if (e.to.length === 0)
        return {
          note: 'no port',
          sentence: `\`${e.bridge}\` may not let the frame out by the port that leads to \`${e.mac}\`.${learn}`,
        };
      return {
        note: `port ${e.to[0] ?? '?'}`,
        sentence: `\`${e.bridge}\` finds \`${e.mac}\` in its forwarding database: the frame leaves by port \`${e.to[0] ?? '?'}\`, and by no other.${learn}`,
      };
    case 'local':
      return {
        note: 'to this stack',
        sentence: `${
          isMulticastMac(e.mac)
            ? 'The frame is for everybody, the host too'
            : `\`${e.mac}\` is the bridge’s own address`
        }: \`${e.bridge}\` hands it to the stack that it belongs to.${learn}`,
      };
    default:
      return { note: 'learned', sentence: `\`${e.bridge}\` learns that \`${e.mac}\` is behind port \`${e.port}\`.` };
  }
}

/** Why a port of a bridge did not get a frame. */
export function sayWithheld(e: EventOf<'bridge'>, w: { readonly port: string; readonly why: Withheld }): string {
  switch (w.why) {
    case 'state':
      return `\`${w.port}\` is not forwarding, it is down or blocked`;
    case 'isolated':
      return `it came in by \`${e.port}\`, and \`${e.port}\` and \`${w.port}\` are both isolated`;
    case 'vlan':
      return `\`${w.port}\` is not in the VLAN of the frame`;
    case 'mtu':
      return `it is larger than the MTU of \`${w.port}\``;
    case 'flood':
      return `flooding is switched off on \`${w.port}\``;
    case 'hairpin':
      return `it came in by \`${w.port}\` itself, and \`hairpin\` is off`;
  }
}

/** A connection's entry. */
export function sayConntrack(e: EventOf<'conntrack'>): Said {
  if (e.action === 'confirmed')
    return {
      note: 'confirmed',
      sentence: 'The packet has passed every rule here: conntrack keeps the entry of its connection.',
      more: 'What belongs to it, in either direction, is recognised by this entry from now on.',
    };
  if (e.action === 'clash' || e.action === 'table full')
    return { note: e.action, sentence: `conntrack has no place for the connection of this packet: ${e.action}.` };
  const known: Readonly<Record<string, string>> = {
    NEW: 'No entry of conntrack fits: this packet begins a connection.',
    ESTABLISHED: 'conntrack knows this connection.',
    RELATED: 'conntrack finds that this packet is about a connection that it knows.',
    INVALID: 'conntrack can make nothing of this packet: it fits no connection and may not begin one.',
    UNTRACKED: 'This packet is not tracked.',
  };
  const waits = e.state === 'NEW' && e.action === 'found';
  const sentence = waits
    ? 'conntrack has the entry of this connection, and has not seen an answer yet.'
    : (known[e.state] ?? `conntrack: ${e.state} (${e.action}).`);
  return { note: e.state, sentence, ...(e.state === 'INVALID' ? { more: `Its reason: ${e.action}.` } : {}) };
}

/** The end of a packet that the kernel itself is for. */
export function sayHandled(e: EventOf<'handled'>, where: string): Said & { title: string } {
  const said = (title: string, sentence: string): Said & { title: string } => ({ title, note: e.note, sentence });
  switch (e.by) {
    case 'arp':
      return said(
        'ARP',
        e.note === 'request'
          ? `\`${where}\` reads the question.`
          : `\`${where}\` notes the answer in its neighbour table.`,
      );
    case 'ndp':
      return said(
        'NDP',
        `\`${where}\` reads the ${e.note
          .replace(/([A-Z])/g, ' $1')
          .toLowerCase()
          .replace('neighbor', 'neighbour')}.`,
      );
    case 'icmp':
      return said(
        'Kernel',
        e.note === 'echo request'
          ? `The kernel of \`${where}\` answers echo requests itself; no program takes part.`
          : `The kernel of \`${where}\` tells the program that sent the packet.`,
      );
    default:
      return said('Kernel', `The kernel of \`${where}\` takes it (${e.by}: ${e.note}).`);
  }
}

/** Into a tunnel, or out of it. */
export function sayTunnel(e: EventOf<'encapsulate' | 'decapsulate'>): Said & { evidence: readonly Evidence[] } {
  const { outer } = e;
  return e.event === 'encapsulate'
    ? {
        note: `to ${outer.dst}`,
        sentence: `\`${e.link}\` has a host for \`${e.dst}\`: it puts the whole frame into a UDP datagram to \`${outer.dst}\`, port ${outer.dstPort}, and marks it with VNI ${e.vni}.`,
        more: 'From here on the network sees only the outer packet. VXLAN, UDP, IP and an Ethernet header of its own have been put before the frame.',
        evidence: [
          {
            kind: 'lines',
            title: 'The outer packet',
            lines: [`${outer.src}:${outer.srcPort} > ${outer.dst}:${outer.dstPort} vni ${e.vni} ttl ${outer.ttl}`],
          },
        ],
      }
    : {
        note: 'unpacked',
        sentence: `\`${e.link}\` has VNI ${e.vni}: it takes the frame out of the datagram from \`${outer.src}\`, and the packet goes on as if it had come in by \`${e.link}\`.`,
        evidence: [],
      };
}

/** Microseconds in the unit that people say. */
export function duration(micros: number): string {
  if (micros >= 1e6) return `${trim(micros / 1e6)} s`;
  return micros >= 100 ? `${trim(micros / 1000)} ms` : `${Math.round(micros)} µs`;
}

const trim = (n: number) => n.toFixed(n < 10 ? 1 : 0).replace(/\.0$/, '');

/** `a`, `b` and `c` as code. */
export function listed(names: readonly string[]): string {
  const code = names.map((n) => `\`${n}\``);
  return code.length > 1 ? `${code.slice(0, -1).join(', ')} and ${code.at(-1)}` : (code[0] ?? 'nothing');
}
