/** `ip tcp_metrics`: what the kernel remembers of hosts after TCP connections to them. */
import { formatIp } from '../../wire';
import type { TcpMetric } from '../../net';
import { Args, prefixArgument, Quit } from './lib/args';
import type { PrefixArgument } from './lib/args';
import type { Context } from './lib/context';
import { containsIp } from '../../wire';

const USAGE = `Usage:	ip tcp_metrics/tcpmetrics { COMMAND | help }
	ip tcp_metrics { show | flush } SELECTOR
	ip tcp_metrics delete [ address ] ADDRESS
SELECTOR := [ [ address ] PREFIX ]
`;

/** Runs `ip tcp_metrics WORDS`. @returns exit status */
export function tcpMetrics(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0 || is('list') || is('show') || is('lst')) return show(ctx, rest);
  if (is('delete')) return remove(ctx, rest, false);
  if (is('flush')) return remove(ctx, rest, true);
  if (is('help')) throw new Quit(255, USAGE);
  throw new Quit(255, `Command "${verb}" is unknown, try "ip tcp_metrics help".\n`);
}

interface Selector {
  address?: PrefixArgument;
  source?: PrefixArgument;
}

function parse(ctx: Context, words: readonly string[]): Selector {
  const args = new Args(words);
  const s: Selector = {};
  const { family } = ctx.options;
  while (args.more) {
    if (args.is('src') || args.is('source')) s.source = prefixArgument(args.next(), family);
    else {
      if (args.is('addr') || args.is('address')) args.next();
      if (args.matches('help')) throw new Quit(255, USAGE);
      s.address = prefixArgument(args.word, family);
    }
    args.skip();
  }
  return s;
}

function wanted(ctx: Context, s: Selector): (m: TcpMetric) => boolean {
  const within = (p: PrefixArgument | undefined, a: TcpMetric['address']): boolean =>
    p?.address === undefined || (typeof p.address === typeof a && containsIp(p.address, p.length, a));
  return (m) => {
    const { family } = ctx.options;
    if (family === 'inet' && typeof m.address !== 'number') return false;
    if (family === 'inet6' && typeof m.address !== 'string') return false;
    return within(s.address, m.address) && within(s.source, m.source);
  };
}

function show(ctx: Context, words: readonly string[]): number {
  const passes = wanted(ctx, parse(ctx, words));
  const { out, net, sys } = ctx;
  out.begin();
  if (net.hasSockets)
    for (const m of net.sockets.tcp.metrics.list()) {
      if (!passes(m)) continue;
      out.openObject();
      const dst = formatIp(m.address);
      out.any('dst', dst, dst, typeof m.address === 'number' ? 'inet' : 'inet6');
      const age = Math.floor((sys.now - m.at) / 1000) / 1000;
      out.raw('age', String(age), ` age ${age.toFixed(3)}sec`);
      if (m.ssthresh !== undefined) out.any('ssthresh', m.ssthresh, ` ssthresh ${m.ssthresh}`);
      if (m.cwnd !== undefined) out.any('cwnd', m.cwnd, ` cwnd ${m.cwnd}`);
      out.raw('rtt', seconds(m.rtt), ` rtt ${m.rtt}us`);
      out.raw('rttvar', seconds(m.rttvar), ` rttvar ${m.rttvar}us`);
      const source = formatIp(m.source);
      out.any('source', source, ` source ${source}`);
      out.fp('\n');
      out.closeObject();
    }
  out.finish();
  return 0;
}

/** Microseconds as seconds in the way of `%g`. */
function seconds(micros: number): string {
  const text = Number((micros / 1e6).toPrecision(6));
  return text !== 0 && text < 1e-4 ? text.toExponential().replace(/e-(\d)$/, 'e-0$1') : String(text);
}

function remove(ctx: Context, words: readonly string[], many: boolean): number {
  const s = parse(ctx, words);
  if (!many && s.address?.address === undefined) throw new Quit(255, 'Error: a specific IP address is required.\n');
  ctx.needAdmin();
  const { net } = ctx;
  const n = net.hasSockets ? net.sockets.tcp.metrics.delete(wanted(ctx, s)) : 0;
  if (!many && n === 0) throw new Quit(2, 'RTNETLINK answers: No such process\n');
  return 0;
}
