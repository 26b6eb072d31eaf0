/** Upstream servers: resolv.conf, --server, and the choice among them (dnsmasq's network.c, forward.c). */
import type { Coroutine, Micros } from '../../../core';
import type { Sys } from '../../../host';
import type { TcpSocket, UdpSocket } from '../../../net';
import { formatIp } from '../../../wire';
import type { IpAddress } from '../../../wire';
import { parseResolvConf, slurp } from '../../network/resolv-conf';
import type { Answerer } from './answer';
import type { DnsmasqConfig, Upstream } from './config';
import { Cache, LocalData } from './data';
import type { Log } from './log';
import type { Forwarded } from './forwarder';

/** What is remembered about the servers of one domain. */
interface GroupState {
  last: Upstream | undefined;
  queries: number;
  testedAt: Micros;
}

interface ServerCount {
  sent: number;
  retried: number;
  failed: number;
  nxdomain: number;
  latency: number;
}

/** How an upstream server is written in the log. */
export function serverText(u: Upstream, always = false): string {
  return formatIp(u.address) + (always || u.port !== 53 ? `#${u.port}` : '');
}

/** The servers that questions are passed on to, which of them answers best, and how often each was asked. */
export abstract class Upstreams {
  protected local: LocalData;
  protected readonly cache: Cache;
  protected answerer!: Answerer;
  protected resolvServers: Upstream[] = [];
  private resolvSeen = '';
  protected readonly forwarded = new Set<Forwarded>();
  private readonly groups = new Map<string, GroupState>();
  private readonly counts = new Map<string, ServerCount>();
  protected readonly udp: { fd: number; socket: UdpSocket }[] = [];
  protected readonly tcp: { fd: number; socket: TcpSocket }[] = [];
  protected serial = 0;
  protected forwards = 0;
  protected answered = 0;
  protected children = 0;
  protected mostChildren = 0;

  constructor(
    protected readonly config: DnsmasqConfig,
    protected readonly log: Log,
  ) {
    this.cache = new Cache(config.cacheSize);
    this.local = new LocalData(config);
  }

  /** Reads resolv.conf when it differs from what was read last. */
  protected *readResolv(sys: Sys): Coroutine<void> {
    const path = this.config.resolvFiles[0] ?? '/etc/resolv.conf';
    const text = yield* slurp(sys, path);
    if (text === this.resolvSeen) return;
    this.resolvSeen = text;
    const listed = parseResolvConf(
      text
        .split('\n')
        .filter((l) => /^\s*nameserver/.test(l))
        .join('\n'),
    ).nameservers;
    yield* this.log.line(sys, `reading ${path}`);
    // Its own address would be a loop.
    this.resolvServers = listed
      .filter((n) => !(this.config.port === 53 && this.isOwn(sys, n.address)))
      .map((n) => ({ address: n.address, port: 53 }));
    for (const n of listed)
      if (this.config.port === 53 && this.isOwn(sys, n.address))
        yield* this.log.line(sys, `ignoring nameserver ${formatIp(n.address)} - local interface`);
    yield* this.listServers(sys);
  }

  private isOwn(sys: Sys, address: IpAddress): boolean {
    return sys.net.addrs.list().some((a) => a.local === address);
  }

  protected *listServers(sys: Sys): Coroutine<void> {
    const { rules } = this.config;
    for (const r of rules) {
      const where = r.unqualified ? 'unqualified names' : `domain ${r.domain} `;
      if (r.action.kind === 'server') {
        const suffix = r.unqualified ? ' for unqualified names ' : r.domain === '' ? '' : ` for ${where}`;
        yield* this.log.line(sys, `using nameserver ${serverText(r.action.upstream, true)}${suffix}`);
      } else if (r.action.kind === 'standard') yield* this.log.line(sys, `using standard nameservers for ${r.domain}`);
    }
    const locals = [...new Set(rules.filter((r) => r.action.kind === 'local').map((r) => r.domain))].reverse();
    for (const domain of locals.slice(0, 8))
      yield* this.log.line(
        sys,
        `using only locally-known addresses for ${domain === '' ? 'unqualified names' : domain}`,
      );
    for (const u of this.resolvServers) yield* this.log.line(sys, `using nameserver ${serverText(u, true)}`);
  }

  protected group(domain: string): GroupState {
    let g = this.groups.get(domain);
    if (!g) this.groups.set(domain, (g = { last: undefined, queries: 0, testedAt: 0 }));
    return g;
  }

  protected count(server: Upstream): ServerCount {
    const key = serverText(server, true);
    let c = this.counts.get(key);
    if (!c) this.counts.set(key, (c = { sent: 0, retried: 0, failed: 0, nxdomain: 0, latency: 0 }));
    return c;
  }

  protected allServers(): Upstream[] {
    const all = [
      ...this.config.rules.flatMap((r) => (r.action.kind === 'server' ? [r.action.upstream] : [])),
      ...this.resolvServers,
    ];
    return all.filter((u, i) => all.findIndex((o) => serverText(o, true) === serverText(u, true)) === i);
  }
}
