/** -s: how many sockets there are. */
import type { Sys } from '../../../host';
import type { Protocol } from './options';

/** The table of -s. */
export function summary(sys: Sys): string {
  const all = sys.net.sockets.list();
  const count = (p: Protocol, six: boolean): number =>
    all.filter((s) => s.protocol === p && (s.family === 'inet6') === six && s.inode !== 0).length;
  const tcp = all.filter((s) => s.protocol === 'tcp');
  const waiting = tcp.filter((s) => s.state === 'TIME-WAIT').length;
  const established = tcp.filter((s) => s.state === 'ESTAB').length;
  const closed = waiting + tcp.filter((s) => s.state === 'UNCONN').length;
  const row = (name: string, four: number, six: number): string =>
    `${name}\t  ${String(four + six).padEnd(9)} ${String(four).padEnd(9)} ${String(six).padEnd(9)}\n`;
  const inet = [count('raw', false) + count('icmp', false), count('udp', false), count('tcp', false)] as const;
  const inet6 = [count('raw', true) + count('icmp', true), count('udp', true), count('tcp', true)] as const;
  const sum = (a: readonly number[]): number => a.reduce((x, y) => x + y, 0);
  return (
    `Total: ${all.filter((s) => s.inode !== 0).length}\n` +
    `TCP:   ${tcp.length} (estab ${established}, closed ${closed}, orphaned 0, timewait ${waiting})\n\n` +
    'Transport Total     IP        IPv6\n' +
    row('RAW', inet[0], inet6[0]) +
    row('UDP', inet[1], inet6[1]) +
    row('TCP', inet[2], inet6[2]) +
    row('INET', sum(inet), sum(inet6)) +
    row('FRAG', 0, 0) +
    '\n'
  );
}
