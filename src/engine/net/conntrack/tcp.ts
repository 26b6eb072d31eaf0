/** TCP as connection tracking sees it: states, windows, timeouts (net/netfilter/nf_conntrack_proto_tcp.c). */
import type { TcpSegment } from '../../wire';
import { CHECKSUM_AUTO, CHECKSUM_PARTIAL, TCP_FLAG } from '../../wire';
import type { Connection, TcpSide } from './connection';
import { CT_EVENT, TcpInfo } from './connection';
import { CT_STATUS } from './conn';
import type { ConntrackSettings } from './settings';

/** States by conntrack's numbers (enum tcp_conntrack), as `conntrack -L` prints them. */
export const TCP_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
] as const;

const NO = 0;
const SS = 1;
const SR = 2;
const ES = 3;
const FW = 4;
const CW = 5;
const LA = 6;
const TW = 7;
const CL = 8;
const S2 = 9;
/** Invalid; let through and remembered. */
const IV = 10;
const IG = 11;

/** Numbers of the states. */
export const TCP_STATE = {
  NONE: NO,
  SYN_SENT: SS,
  SYN_RECV: SR,
  ESTABLISHED: ES,
  FIN_WAIT: FW,
  CLOSE_WAIT: CW,
  LAST_ACK: LA,
  TIME_WAIT: TW,
  CLOSE: CL,
  SYN_SENT2: S2,
} as const;

/** What a segment is for the state machine, by the most important of its flags. */
const SYN = 0;
const SYNACK = 1;
const FIN = 2;
const ACK = 3;
const NOTHING = 4;
const RST = 5;

/** Next state by direction, kind of segment (SYN, SYN-ACK, FIN, ACK, nothing, RST) and state. */
const NEXT: readonly (readonly (readonly number[])[])[] = [
  [
    [SS, SS, IG, IG, IG, IG, IG, SS, SS, S2],
    [IV, IV, SR, IV, IV, IV, IV, IV, IV, SR],
    [IV, IV, FW, FW, LA, LA, LA, TW, CL, IV],
    [ES, IV, ES, ES, CW, CW, TW, TW, CL, IV],
    [IV, IV, IV, IV, IV, IV, IV, IV, IV, IV],
    [IV, CL, CL, CL, CL, CL, CL, CL, CL, CL],
  ],
  [
    [IV, S2, IV, IV, IV, IV, IV, SS, IV, S2],
    [IV, SR, IG, IG, IG, IG, IG, IG, IG, SR],
    [IV, IV, FW, FW, LA, LA, LA, TW, CL, IV],
    [IV, IG, SR, ES, CW, CW, TW, TW, CL, IG],
    [IV, IV, IV, IV, IV, IV, IV, IV, IV, IV],
    [IV, CL, CL, CL, CL, CL, CL, CL, CL, CL],
  ],
];

/** What was seen of a side (IP_CT_TCP_FLAG_*). */
const SEEN = { WSCALE: 1, SACK: 2, CLOSE_INIT: 4, LIBERAL: 8, UNACKED: 16, MAXACK: 32, SIMULTANEOUS: 128 } as const;

/** Flag combinations that exist, without ECE, CWR and PSH. */
const VALID_FLAGS: ReadonlySet<number> = new Set([
  TCP_FLAG.SYN,
  TCP_FLAG.SYN | TCP_FLAG.URG,
  TCP_FLAG.SYN | TCP_FLAG.ACK,
  TCP_FLAG.RST,
  TCP_FLAG.RST | TCP_FLAG.ACK,
  TCP_FLAG.FIN | TCP_FLAG.ACK,
  TCP_FLAG.FIN | TCP_FLAG.ACK | TCP_FLAG.URG,
  TCP_FLAG.ACK,
  TCP_FLAG.ACK | TCP_FLAG.URG,
]);
const COUNTED_FLAGS = TCP_FLAG.FIN | TCP_FLAG.SYN | TCP_FLAG.RST | TCP_FLAG.ACK | TCP_FLAG.URG;

/** How far an ACK may lie behind (MAXACKWINCONST). */
const MAX_ACK_WINDOW = 66000;

const before = (a: number, b: number): boolean => ((a - b) | 0) < 0;
const after = (a: number, b: number): boolean => ((b - a) | 0) < 0;
const u32 = (n: number): number => n >>> 0;

/** What the machine says of a segment. */
export const TCP_VERDICT = { ACCEPT: 0, INVALID: 1, REPEAT: 2, KILLED: 3 } as const;

function kindOf(flags: number): number {
  if (flags & TCP_FLAG.RST) return RST;
  if (flags & TCP_FLAG.SYN) return flags & TCP_FLAG.ACK ? SYNACK : SYN;
  if (flags & TCP_FLAG.FIN) return FIN;
  return flags & TCP_FLAG.ACK ? ACK : NOTHING;
}

/** tcp_error: why a segment is none. @param check whether checksums count (only for what came in) */
export function tcpError(tcp: TcpSegment, check: boolean): string | undefined {
  if (check && tcp.checksum !== CHECKSUM_AUTO && tcp.checksum !== CHECKSUM_PARTIAL) return 'bad checksum';
  if (!VALID_FLAGS.has(tcp.flags & COUNTED_FLAGS)) return 'invalid tcp flag combination';
  return undefined;
}

function lengthOf(tcp: TcpSegment): number {
  return tcp.payload.length + (tcp.flags & TCP_FLAG.SYN ? 1 : 0) + (tcp.flags & TCP_FLAG.FIN ? 1 : 0);
}

/** tcp_options: what a SYN offers. */
function readOptions(side: TcpSide, tcp: TcpSegment): void {
  side.scale = 0;
  side.flags &= SEEN.LIBERAL;
  if (tcp.options === undefined) return;
  if (tcp.options.wscale !== undefined) {
    side.scale = Math.min(14, tcp.options.wscale);
    side.flags |= SEEN.WSCALE;
  }
  if (tcp.options.sackPermitted) side.flags |= SEEN.SACK;
}

/** The highest right edge of the SACK blocks, or the ACK (tcp_sack). */
function highestSack(tcp: TcpSegment): number {
  let highest = tcp.ack;
  for (const block of tcp.options?.sack ?? []) if (after(block[1], highest)) highest = block[1];
  return highest;
}

function initSender(sender: TcpSide, receiver: TcpSide, tcp: TcpSegment, end: number, reply: boolean): void {
  sender.end = sender.maxEnd = end;
  sender.maxWin = tcp.window === 0 ? 1 : tcp.window;
  readOptions(sender, tcp);
  // Scaling counts only when both offer it: known when the answer to the SYN is seen.
  if (reply && !(sender.flags & SEEN.WSCALE && receiver.flags & SEEN.WSCALE)) sender.scale = receiver.scale = 0;
}

/** tcp_new: the first segment of a connection. @returns false when none begins like this. */
function begin(info: TcpInfo, tcp: TcpSegment, kind: number, s: ConntrackSettings): boolean {
  const state = NEXT[0]![kind]![NO]!;
  if (state === IV) return false;
  const [mine, other] = info.seen;
  const end = u32(tcp.seq + lengthOf(tcp));
  mine.end = end;
  if (state === SS) {
    mine.maxWin = tcp.window === 0 ? 1 : tcp.window;
    mine.maxEnd = end;
    readOptions(mine, tcp);
  } else if (!s.tcp_loose) return false;
  else {
    // Picked up in the middle: nothing of what was agreed at the start is known.
    mine.maxWin = tcp.window === 0 ? 1 : tcp.window;
    mine.maxEnd = u32(end + mine.maxWin);
    mine.flags = other.flags = SEEN.SACK | SEEN.LIBERAL;
  }
  info.lastIndex = NOTHING;
  return true;
}

/** tcp_in_window: does the segment fit what both sides have said so far? */
function inWindow(
  ct: Connection,
  info: TcpInfo,
  dir: 0 | 1,
  kind: number,
  tcp: TcpSegment,
  s: ConntrackSettings,
): boolean {
  const sender = info.seen[dir];
  const receiver = info.seen[dir === 0 ? 1 : 0];
  const { flags } = tcp;
  const syn = (flags & TCP_FLAG.SYN) !== 0;
  const hasAck = (flags & TCP_FLAG.ACK) !== 0;
  let { seq } = tcp;
  let { ack } = tcp;
  let sack = receiver.flags & SEEN.SACK ? highestSack(tcp) : ack;
  let win = tcp.window;
  let end = u32(seq + lengthOf(tcp));
  if (sender.maxWin === 0) {
    if (syn) {
      initSender(sender, receiver, tcp, end, dir === 1);
      if (!hasAck) return true;
    } else {
      sender.end = end;
      const swin = u32(win << sender.scale);
      sender.maxWin = swin === 0 ? 1 : swin;
      sender.maxEnd = u32(end + sender.maxWin);
      if (receiver.maxWin === 0) receiver.end = receiver.maxEnd = sack;
      else if (sack === u32(receiver.end + 1)) receiver.end = u32(receiver.end + 1);
    }
  } else if (syn && after(end, sender.end) && (ct.tcpState === SS || ct.tcpState === SR)) {
    initSender(sender, receiver, tcp, end, dir === 1);
    if (dir === 1 && !hasAck) return true;
  }
  if (!hasAck) ack = sack = receiver.end;
  else if (flags & TCP_FLAG.RST && ack === 0) ack = sack = receiver.end;
  if (flags & TCP_FLAG.RST && seq === 0 && ct.tcpState === SS) seq = end = sender.end;

  const fits =
    before(seq, u32(sender.maxEnd + 1)) &&
    (receiver.maxWin === 0 || after(end, u32(sender.end - receiver.maxWin - 1))) &&
    before(sack, u32(receiver.end + 1)) &&
    after(sack, u32(receiver.end - Math.max(sender.maxWin, MAX_ACK_WINDOW) - 1));
  if (!fits) return (sender.flags & SEEN.LIBERAL) !== 0 || s.tcp_be_liberal !== 0;

  if (!syn) win = u32(win << sender.scale);
  const swin = u32(win + (sack - ack));
  if (sender.maxWin < swin) sender.maxWin = swin;
  if (after(end, sender.end)) {
    sender.end = end;
    sender.flags |= SEEN.UNACKED;
  }
  if (hasAck) {
    if (!(sender.flags & SEEN.MAXACK)) {
      sender.maxAck = ack;
      sender.flags |= SEEN.MAXACK;
    } else if (after(ack, sender.maxAck)) sender.maxAck = ack;
  }
  if (receiver.maxWin !== 0 && after(end, sender.maxEnd)) receiver.maxWin += u32(end - sender.maxEnd);
  if (after(u32(sack + win), u32(receiver.maxEnd - 1))) {
    receiver.maxEnd = u32(sack + win);
    if (win === 0) receiver.maxEnd = u32(receiver.maxEnd + 1);
  }
  if (ack === receiver.end) receiver.flags &= ~SEEN.UNACKED;
  if (kind === ACK) {
    if (
      info.lastDir === dir &&
      info.lastSeq === seq &&
      info.lastAck === ack &&
      info.lastEnd === end &&
      info.lastWin === tcp.window
    )
      info.retrans++;
    else {
      info.lastDir = dir;
      info.lastSeq = seq;
      info.lastAck = ack;
      info.lastEnd = end;
      info.lastWin = tcp.window;
      info.retrans = 0;
    }
  }
  return true;
}

/** Seconds a state lasts without a segment. */
function timeoutOf(state: number, s: ConntrackSettings): number {
  switch (state) {
    case SR:
      return s.tcp_timeout_syn_recv;
    case ES:
      return s.tcp_timeout_established;
    case FW:
      return s.tcp_timeout_fin_wait;
    case CW:
      return s.tcp_timeout_close_wait;
    case LA:
      return s.tcp_timeout_last_ack;
    case TW:
      return s.tcp_timeout_time_wait;
    case CL:
      return s.tcp_timeout_close;
    default:
      return s.tcp_timeout_syn_sent;
  }
}

/** Where `trackTcp` leaves how long the connection lives from now on, in seconds; undefined: as before. */
export const tcpOutcome: { timeout: number | undefined } = { timeout: undefined };

/**
 * nf_conntrack_tcp_packet: moves the connection's state on. @returns TCP_VERDICT: REPEAT when the connection was an old one
 * and a new one begins with this segment, KILLED when nothing more is to be remembered.
 */
export function trackTcp(ct: Connection, dir: 0 | 1, tcp: TcpSegment, s: ConntrackSettings): number {
  const kind = kindOf(tcp.flags);
  tcpOutcome.timeout = undefined;
  let info = ct.tcp;
  if (info === null) {
    info = ct.tcp = new TcpInfo();
    if (!begin(info, tcp, kind, s)) return TCP_VERDICT.INVALID;
  }
  let old = ct.tcpState;
  let next = NEXT[dir]![kind]![old]!;
  const other = dir === 0 ? 1 : 0;
  const end = u32(tcp.seq + lengthOf(tcp));
  let check = true;
  if (next === SS && old >= TW) {
    if ((info.seen[0].flags | info.seen[1].flags) & SEEN.CLOSE_INIT || (info.lastDir === dir && info.lastIndex === RST))
      return TCP_VERDICT.REPEAT;
    next = IG;
  }
  if (next === IG) {
    // The answer to a SYN that was let through although it did not fit: both ends agree, and only we are out of step.
    if (kind === SYNACK && info.lastIndex === SYN && info.lastDir !== dir && tcp.ack === info.lastEnd) {
      old = SS;
      next = SR;
      const asked = info.seen[info.lastDir === 0 ? 0 : 1];
      asked.end = asked.maxEnd = info.lastEnd;
      asked.maxWin = info.lastWin === 0 ? 1 : info.lastWin;
      asked.scale = info.lastScale;
      asked.flags = info.lastFlags;
      info.seen[dir].reset();
    } else {
      info.lastIndex = kind;
      info.lastDir = dir;
      info.lastSeq = tcp.seq;
      info.lastEnd = end;
      info.lastWin = tcp.window;
      if (kind === SYN) {
        info.lastFlags = info.lastScale = 0;
        if (tcp.options?.wscale !== undefined) {
          info.lastFlags |= SEEN.WSCALE;
          info.lastScale = Math.min(14, tcp.options.wscale);
        }
        if (tcp.options?.sackPermitted) info.lastFlags |= SEEN.SACK;
      }
      return TCP_VERDICT.ACCEPT;
    }
  } else if (next === IV) return TCP_VERDICT.INVALID;
  else if (next === S2) info.lastFlags |= SEEN.SIMULTANEOUS;
  else if (next === SR && dir === 1 && kind === ACK && info.lastFlags & SEEN.SIMULTANEOUS) next = ES;
  else if (next === CL && kind === RST) {
    const established = old === ES;
    const closing = old === FW || old === LA || old === TW || old === CL || old === CW;
    const { seq } = tcp;
    if (closing) check = false;
    else if (info.seen[other].flags & SEEN.MAXACK && info.lastIndex !== SYN) {
      const { maxAck } = info.seen[other];
      if (seq !== 0 || established) {
        if (before(seq, maxAck) && !s.tcp_ignore_invalid_rst) return TCP_VERDICT.INVALID;
        // A reset that does not hit exactly may be answered by a challenge ACK.
        const train = info.lastIndex === ACK && info.lastDir === dir && seq === info.lastEnd;
        if (established && seq !== maxAck && !train) next = old;
      }
    }
    const seen = (ct.status & CT_STATUS.SEEN_REPLY) !== 0;
    const assured = (ct.status & CT_STATUS.ASSURED) !== 0;
    if (((seen && info.lastIndex === SYN) || (!assured && info.lastIndex === ACK)) && tcp.ack === info.lastEnd)
      check = false;
  }
  if (check && !inWindow(ct, info, dir, kind, tcp, s)) return TCP_VERDICT.INVALID;

  info.lastIndex = kind;
  info.lastDir = dir;
  if (old !== next) {
    ct.tcpState = next;
    ct.events |= CT_EVENT.PROTOINFO;
    if (next === FW) info.seen[dir].flags |= SEEN.CLOSE_INIT;
  }
  let timeout = timeoutOf(next, s);
  if (info.retrans >= s.tcp_max_retrans && timeout > s.tcp_timeout_max_retrans) timeout = s.tcp_timeout_max_retrans;
  else if (kind === RST) timeout = s.tcp_timeout_close;
  else if ((info.seen[0].flags | info.seen[1].flags) & SEEN.UNACKED && timeout > s.tcp_timeout_unacknowledged)
    timeout = s.tcp_timeout_unacknowledged;
  else if (info.lastWin === 0 && timeout > s.tcp_timeout_max_retrans) timeout = s.tcp_timeout_max_retrans;
  if (!(ct.status & CT_STATUS.SEEN_REPLY) && kind !== RST) {
    if (kind === SYN && old === SS) return TCP_VERDICT.ACCEPT;
    if (next === ES && timeout > s.tcp_timeout_unacknowledged) timeout = s.tcp_timeout_unacknowledged;
  }
  if (!(ct.status & CT_STATUS.SEEN_REPLY) && kind === RST) {
    tcpOutcome.timeout = timeout;
    return TCP_VERDICT.KILLED;
  }
  if (
    ct.status & CT_STATUS.SEEN_REPLY &&
    !(ct.status & CT_STATUS.ASSURED) &&
    (old === SR || old === ES) &&
    next === ES
  ) {
    ct.status |= CT_STATUS.ASSURED;
    ct.events |= CT_EVENT.ASSURED;
  }
  tcpOutcome.timeout = timeout;
  return TCP_VERDICT.ACCEPT;
}

/** Is it of no use any more (tcp_can_early_drop)? */
export function canDropEarly(ct: Connection): boolean {
  return ct.tcpState >= FW && ct.tcpState <= CL;
}
