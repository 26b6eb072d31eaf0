/** /proc/net/nf_conntrack and /proc/net/stat/nf_conntrack (net/netfilter/nf_conntrack_standalone.c). */
import { ip6Bytes } from '../../wire';
import type { NetNamespace } from '../namespace';
import { netFiles } from '../proc-files';
import type { Tuple } from './conn';
import type { Connection } from './connection';
import { CT_STATUS } from './conn';
import type { Conntrack } from './conntrack';
import { TCP_STATES } from './tcp';
import { protocolName, tupleText } from './text';

/** %pI6: all eight groups. */
function longAddresses(t: Tuple): Tuple {
  if (t.family === 'inet') return t;
  const long = (a: string): string =>
    [...ip6Bytes(a)].map((b, i) => b.toString(16).padStart(2, '0') + (i % 2 === 1 && i < 15 ? ':' : '')).join('');
  return { ...t, src: long(t.src as string), dst: long(t.dst as string) };
}

function line(conn: Connection, now: number): string {
  const { original: o, status } = conn;
  const seconds = Math.max(0, Math.floor((conn.expires - now) / 1e6));
  const counters = (dir: 0 | 1): string => (conn.acct ? `packets=${conn.packets[dir]} bytes=${conn.bytes[dir]} ` : '');
  return (
    `${o.family === 'inet' ? 'ipv4     2' : 'ipv6     10'} ` +
    `${protocolName(o.protocol).padEnd(8)} ${o.protocol} ${seconds} ` +
    (o.protocol === 6 ? `${TCP_STATES[conn.tcpState]} ` : '') +
    `${tupleText(longAddresses(o))} ${counters(0)}` +
    (status & CT_STATUS.SEEN_REPLY ? '' : '[UNREPLIED] ') +
    `${tupleText(longAddresses(conn.reply))} ${counters(1)}` +
    (status & CT_STATUS.ASSURED ? '[ASSURED] ' : '') +
    `mark=${conn.mark} zone=${conn.zone} ${conn.started === 0 ? '' : `delta-time=${Math.floor((now - conn.started) / 1e6)} `}use=2\n`
  );
}

const COLUMNS =
  'entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart\n';

/** Makes the files of a namespace show its connections. */
export function registerConntrackFiles(ns: NetNamespace, ct: Conntrack): void {
  const files = netFiles(ns);
  files.set('nf_conntrack', () =>
    ct
      .list()
      .map((c) => line(c, ns.now))
      .join(''),
  );
  files.set('stat/nf_conntrack', () => {
    const hex = (n: number): string => n.toString(16).padStart(8, '0');
    let text = COLUMNS;
    // Whatever processor it was: the counters are kept by the first one.
    for (let cpu = 0; cpu < (ns.host.cpus ?? 1); cpu++) {
      const s = ct.stats;
      const n = (value: number): string => hex(cpu === 0 ? value : 0);
      const first = `${hex(ct.count)}  ${n(s.clashResolve)} ${n(s.found)} ${n(0)} ${n(s.invalid)} ${n(0)} ${n(0)} ${n(s.chainTooLong)}`;
      const then = `${n(s.insert)} ${n(s.insertFailed)} ${n(s.drop)} ${n(s.earlyDrop)} ${n(s.error)}`;
      text += `${first} ${then}  ${n(0)} ${n(0)} ${n(0)} ${n(s.searchRestart)}\n`;
    }
    return text;
  });
}
