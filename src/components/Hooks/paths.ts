/** The ways of packets through a Linux host that publishes 203.0.113.2:8080 as 172.30.0.11:80, for the picture in chapter 5. */

/** A station of the picture: netfilter's five hooks, the two decisions about the way, and the host's own programs. */
export type Station =
  'prerouting' | 'routing-in' | 'input' | 'forward' | 'program' | 'routing-out' | 'output' | 'postrouting';

/** Names as the picture shows them. */
export const NAMES: Readonly<Record<Station, string>> = {
  prerouting: 'PREROUTING',
  'routing-in': 'routing',
  input: 'INPUT',
  forward: 'FORWARD',
  program: 'programs of the host',
  'routing-out': 'routing',
  output: 'OUTPUT',
  postrouting: 'POSTROUTING',
};

/** One stop of a packet, with its addresses as they are when it goes on. */
export interface Stop {
  readonly at: Station;
  readonly src: string;
  readonly dst: string;
  /** What happens here. */
  readonly note: string;
}

/** A packet and its way. */
export interface Path {
  readonly id: string;
  readonly name: string;
  readonly stops: readonly Stop[];
}

const visitor = '203.0.113.9:40001';
const front = '203.0.113.2:8080';
const page = '172.30.0.11:80';

/** The packets that the chapter is about. */
export const PATHS: readonly Path[] = [
  {
    id: 'in',
    name: 'From outside to the published port',
    stops: [
      { at: 'prerouting', src: visitor, dst: page, note: `DNAT replaces ${front}. conntrack writes the pair down.` },
      {
        at: 'routing-in',
        src: visitor,
        dst: page,
        note: 'The destination is behind br0 now, so the packet is passed on.',
      },
      { at: 'forward', src: visitor, dst: page, note: 'Rules here see port 80.' },
      { at: 'postrouting', src: visitor, dst: page, note: 'The source stays: the page sees its real visitor.' },
    ],
  },
  {
    id: 'back',
    name: 'The answer to it',
    stops: [
      { at: 'prerouting', src: page, dst: visitor, note: 'conntrack knows the connection. No nat rule is asked.' },
      { at: 'routing-in', src: page, dst: visitor, note: 'The visitor is behind eth1.' },
      { at: 'forward', src: page, dst: visitor, note: 'State ESTABLISHED.' },
      { at: 'postrouting', src: front, dst: visitor, note: 'The entry, not a rule, puts the old address back.' },
    ],
  },
  {
    id: 'local',
    name: 'From the host to its own published port',
    stops: [
      { at: 'program', src: '203.0.113.2:40002', dst: front, note: 'curl opens a connection.' },
      { at: 'routing-out', src: '203.0.113.2:40002', dst: front, note: 'An address of the host: by way of lo.' },
      { at: 'output', src: '203.0.113.2:40002', dst: page, note: 'DNAT in OUTPUT. The way is chosen anew: br0.' },
      { at: 'postrouting', src: '203.0.113.2:40002', dst: page, note: 'It never came by PREROUTING.' },
    ],
  },
  {
    id: 'out',
    name: 'From a container to the outside',
    stops: [
      { at: 'prerouting', src: '172.30.0.11:40003', dst: '203.0.113.9:80', note: 'A new connection; no rule fits.' },
      {
        at: 'routing-in',
        src: '172.30.0.11:40003',
        dst: '203.0.113.9:80',
        note: 'Not an address of the host: passed on, if it may.',
      },
      {
        at: 'forward',
        src: '172.30.0.11:40003',
        dst: '203.0.113.9:80',
        note: 'The container’s own address is still in it.',
      },
      { at: 'postrouting', src: '203.0.113.2:40003', dst: '203.0.113.9:80', note: 'MASQUERADE: the address of eth1.' },
    ],
  },
  {
    id: 'host',
    name: 'From outside to a program of the host',
    stops: [
      { at: 'prerouting', src: visitor, dst: '203.0.113.2:22', note: 'No rule fits.' },
      { at: 'routing-in', src: visitor, dst: '203.0.113.2:22', note: 'An address of the host.' },
      { at: 'input', src: visitor, dst: '203.0.113.2:22', note: 'What a firewall for the host itself sees.' },
      { at: 'program', src: visitor, dst: '203.0.113.2:22', note: 'sshd gets it. FORWARD never saw it.' },
    ],
  },
];
