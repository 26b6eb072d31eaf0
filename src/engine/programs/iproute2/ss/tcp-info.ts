/** -i: TCP's view of a connection (struct tcp_info). */
import type { SocketInfo, TcpInfo } from '../../../net';
import type { SsOptions } from './options';

/** `%g` of a time in milliseconds. */
function millis(micros: number): string {
  return String(Number((Math.round(micros) / 1000).toPrecision(6)));
}

/** Bits a second (sprint_bw). */
function rate(value: number, numeric: boolean): string {
  if (numeric) return value.toFixed(0);
  if (value > 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value > 1e3) return `${(value / 1e3).toFixed(1)}K`;
  return String(value);
}

/** What -i shows of a TCP socket (tcp_stats_print). */
export function tcpDetails(s: SocketInfo, o: SsOptions): string {
  const t = s.socket as { tcpInfo?: () => TcpInfo } | undefined;
  if (!t?.tcpInfo || s.state === 'TIME-WAIT' || s.inode === 0) return '';
  const i = t.tcpInfo();
  if (s.state === 'LISTEN') return 'cubic cwnd:10';
  const parts: string[] = [];
  const add = (text: string, when: boolean | number): void => void (when && parts.push(text));
  // The switches of the protocol are behind -e.
  add('ts', o.extended && i.timestamps);
  add('sack', o.extended && i.sack);
  parts.push('cubic');
  if (i.wscale) parts.push(`wscale:${i.wscale[0]},${i.wscale[1]}`);
  parts.push(`rto:${millis(i.rto)}`);
  add(`backoff:${i.backoff}`, i.backoff);
  add(`rtt:${millis(i.rtt)}/${millis(i.rttvar)}`, i.rtt);
  add(`ato:${millis(i.ato)}`, i.ato);
  parts.push(`mss:${i.mss}`);
  add(`pmtu:${i.pmtu}`, i.pmtu);
  parts.push(`rcvmss:${i.rcvMss}`, `advmss:${i.advMss}`, `cwnd:${i.cwnd}`);
  if (i.ssthresh !== undefined) parts.push(`ssthresh:${i.ssthresh}`);
  add(`bytes_sent:${i.bytesSent}`, i.bytesSent);
  add(`bytes_retrans:${i.bytesRetrans}`, i.bytesRetrans);
  add(`bytes_acked:${i.bytesAcked}`, i.bytesAcked);
  add(`bytes_received:${i.bytesReceived}`, i.bytesReceived);
  add(`segs_out:${i.segsOut}`, i.segsOut);
  add(`segs_in:${i.segsIn}`, i.segsIn);
  add(`data_segs_out:${i.dataSegsOut}`, i.dataSegsOut);
  add(`data_segs_in:${i.dataSegsIn}`, i.dataSegsIn);
  if (i.sendRate !== undefined) parts.push(`send ${rate(i.sendRate, o.numeric)}bps`);
  add(`lastsnd:${Math.floor(i.lastSent / 1000)}`, i.lastSent >= 1000);
  add(`lastrcv:${Math.floor(i.lastReceived / 1000)}`, i.lastReceived >= 1000);
  add(`lastack:${Math.floor(i.lastAcked / 1000)}`, i.lastAcked >= 1000);
  if (i.sendRate !== undefined)
    parts.push(`pacing_rate ${rate(i.sendRate * (i.ssthresh === undefined ? 2 : 1.2), o.numeric)}bps`);
  add(`delivered:${i.delivered}`, i.delivered);
  add('app_limited', i.appLimited);
  add(`unacked:${i.unacked}`, i.unacked);
  add(`retrans:${i.retransNow}/${i.retransTotal}`, i.retransTotal);
  add(`lost:${i.lost}`, i.lost);
  add(`sacked:${i.sacked}`, i.sacked);
  add(`dsack_dups:${i.dsacks}`, i.dsacks);
  add(`rcv_space:${i.rcvSpace}`, i.rcvSpace);
  add(`rcv_ssthresh:${i.rcvSsthresh}`, i.rcvSsthresh);
  add(`notsent:${i.notSent}`, i.notSent);
  if (i.minRtt !== undefined) parts.push(`minrtt:${millis(i.minRtt)}`);
  add(`rcv_ooopack:${i.early}`, i.early);
  add(`snd_wnd:${i.sndWnd}`, i.sndWnd);
  return parts.join(' ');
}
