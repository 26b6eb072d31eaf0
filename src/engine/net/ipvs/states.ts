/** States of connections and how long they live (net/netfilter/ipvs/ip_vs_proto_tcp.c, ip_vs_proto_udp.c). */
import type { TcpSegment } from '../../wire';
import { TCP_FLAG } from '../../wire';

/** States of a TCP connection; UDP has one of its own. */
export const IPVS_STATES = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
] as const;

/** A state as `ipvsadm -Lc` shows it. */
export type IpvsState = (typeof IPVS_STATES)[number] | 'UDP';

/** Default lifetimes, seconds. */
export const DEFAULT_TIMEOUTS: Readonly<Record<IpvsState, number>> = {
  NONE: 2,
  ESTABLISHED: 900,
  SYN_SENT: 120,
  SYN_RECV: 60,
  FIN_WAIT: 120,
  TIME_WAIT: 120,
  CLOSE: 10,
  CLOSE_WAIT: 60,
  LAST_ACK: 30,
  LISTEN: 120,
  SYNACK: 120,
  UDP: 300,
};

/** States in which a connection counts as active. */
export const ACTIVE: ReadonlySet<IpvsState> = new Set(['ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'SYNACK']);

/** Rows: SYN, FIN, ACK, RST. Columns: the state before, as in IPVS_STATES. */
type Table = readonly (readonly IpvsState[])[];

const short: Readonly<Record<string, IpvsState>> = {
  NO: 'NONE',
  ES: 'ESTABLISHED',
  SS: 'SYN_SENT',
  SR: 'SYN_RECV',
  FW: 'FIN_WAIT',
  TW: 'TIME_WAIT',
  CL: 'CLOSE',
  CW: 'CLOSE_WAIT',
  LA: 'LAST_ACK',
  LI: 'LISTEN',
  SA: 'SYNACK',
};
const table = (text: string): Table =>
  text
    .trim()
    .split('\n')
    .map((row) =>
      row
        .trim()
        .split(' ')
        .map((s) => short[s]!),
    );

const INPUT = table(`
SR ES ES SR SR SR SR SR SR SR SR
CL CW SS TW TW TW CL CW LA LI TW
ES ES SS ES FW TW CL CW CL LI ES
CL CL CL SR CL CL CL CL LA LI SR`);
const OUTPUT = table(`
SS ES SS SR SS SS SS SS SS LI SR
TW FW SS TW FW TW CL TW LA LI TW
ES ES SS ES FW TW CL CW LA ES ES
CL CL SS CL CL TW CL CL CL CL CL`);
/** Only packets from the client are seen: direct routing and tunnels. */
const INPUT_ONLY = table(`
SR ES ES SR SR SR SR SR SR SR SR
CL FW SS TW FW TW CL CW LA LI TW
ES ES SS ES FW TW CL CW CL LI ES
CL CL CL SR CL CL CL CL LA LI CL`);

/** The state after a segment. */
export function nextTcpState(
  before: IpvsState,
  tcp: TcpSegment,
  direction: 'in' | 'out',
  inputOnly: boolean,
): IpvsState {
  const row =
    tcp.flags & TCP_FLAG.RST
      ? 3
      : tcp.flags & TCP_FLAG.SYN
        ? 0
        : tcp.flags & TCP_FLAG.FIN
          ? 1
          : tcp.flags & TCP_FLAG.ACK
            ? 2
            : -1;
  if (row < 0) return before;
  const t = direction === 'out' ? OUTPUT : inputOnly ? INPUT_ONLY : INPUT;
  return t[row]![IPVS_STATES.indexOf(before as (typeof IPVS_STATES)[number])]!;
}
