/** Which peer a request goes to: weights, failures, hashes (ngx_http_upstream_round_robin.c and its relatives). */
import type { Coroutine } from '../../../core';
import type { Sys } from '../../../host';
import type { IpAddress } from '../../../wire';
import { formatIp } from '../../../wire';
import { resolveHost } from '../../network/resolver';
import type { Config, Location, PeerConfig, Scope, UpstreamConfig } from './config';
import { splitHost } from './config';
import type { Exchange } from './exchange';
import { at, ConfigError } from './parser';
import type { Directive } from './parser';

/** A resolved server of an upstream and how it has behaved. */
export interface Peer {
  readonly address: IpAddress;
  readonly port: number;
  /** As logs show it. */
  readonly name: string;
  readonly weight: number;
  readonly maxFails: number;
  /** Microseconds. */
  readonly failTimeout: number;
  readonly backup: boolean;
  readonly down: boolean;
  effective: number;
  current: number;
  fails: number;
  accessed: number;
  checked: number;
  connections: number;
}

/** A group of peers. */
export interface PeerGroup {
  readonly name: string;
  readonly method: UpstreamConfig['method'];
  readonly hashKey: string | undefined;
  readonly peers: readonly Peer[];
}

/** `address:port` with brackets where needed. */
export function peerName(address: IpAddress, port: number): string {
  return typeof address === 'string' ? `[${address}]:${port}` : `${formatIp(address)}:${port}`;
}

/** A peer without a history. */
export function makePeer(address: IpAddress, port: number, c: Partial<PeerConfig>): Peer {
  const weight = c.weight ?? 1;
  return {
    address,
    port,
    name: peerName(address, port),
    weight,
    maxFails: c.maxFails ?? 1,
    failTimeout: (c.failTimeout ?? 10) * 1e6,
    backup: c.backup ?? false,
    down: c.down ?? false,
    effective: weight,
    current: 0,
    fails: 0,
    accessed: 0,
    checked: 0,
    connections: 0,
  };
}

function* addressesOf(sys: Sys, host: string, message: string): Coroutine<readonly IpAddress[]> {
  const found = yield* resolveHost(sys, host.replace(/^\[|\]$/g, ''));
  if ('error' in found) throw new ConfigError(message);
  return found.addresses;
}

function* passes(scope: Scope, locations: readonly Location[]): Generator<Directive> {
  for (const l of locations) {
    for (const d of l.scope.directives) {
      if (d.name === 'proxy_pass' || d.name === 'fastcgi_pass') yield d;
      if (d.name === 'if' || d.name === 'limit_except')
        yield* d.block!.filter((x) => x.name === 'proxy_pass' || x.name === 'fastcgi_pass');
    }
    yield* passes(l.scope, l.inner);
  }
}

/** Resolves every host that the configuration names, as nginx does while it starts. @throws ConfigError */
export function* resolveUpstreams(sys: Sys, config: Config): Coroutine<Map<string, PeerGroup>> {
  const groups = new Map<string, PeerGroup>();
  for (const u of config.upstreams.values()) {
    const peers: Peer[] = [];
    for (const p of u.peers) {
      const message = `host not found in upstream "${p.text}"${at(p.position)}`;
      for (const a of yield* addressesOf(sys, p.host, message)) peers.push(makePeer(a, p.port, p));
    }
    groups.set(u.name, { name: u.name, method: u.method, hashKey: u.hashKey, peers });
  }
  for (const s of config.servers) {
    for (const d of passes(s.scope, s.locations)) {
      const [target = ''] = d.args;
      if (target.includes('$')) continue;
      const hostPort = d.name === 'proxy_pass' ? /^http:\/\/([^/]*)/.exec(target)![1]! : target;
      if (groups.has(hostPort)) continue;
      const { host, port } = splitHost(hostPort, 80);
      const addresses = yield* addressesOf(sys, host, `host not found in upstream "${host}"${at(d)}`);
      groups.set(hostPort, {
        name: hostPort,
        method: 'round-robin',
        hashKey: undefined,
        peers: addresses.map((a) => makePeer(a, port, {})),
      });
    }
  }
  return groups;
}

/** The peer groups of one worker. */
export class Upstreams {
  constructor(private readonly groups: ReadonlyMap<string, PeerGroup>) {}

  get(name: string): PeerGroup | undefined {
    return this.groups.get(name);
  }
}

/** Chooses peers for one request: a peer is tried once. */
export class Balancer {
  private readonly tried = new Set<Peer>();

  constructor(
    private readonly x: Exchange,
    readonly group: PeerGroup,
  ) {}

  /** The next peer; undefined when none is left. */
  next(): Peer | undefined {
    const peer = this.pick(false) ?? this.pick(true);
    if (peer) this.tried.add(peer);
    return peer;
  }

  /** Tells how it went. */
  done(peer: Peer, failed: boolean): void {
    const { now } = this.x;
    if (this.group.peers.length === 1) return;
    if (failed) {
      peer.fails++;
      peer.accessed = peer.checked = now;
      if (peer.maxFails > 0) peer.effective = Math.max(0, peer.effective - Math.floor(peer.weight / peer.maxFails));
    } else if (peer.accessed < peer.checked) peer.fails = 0;
  }

  private usable(peer: Peer, backup: boolean): boolean {
    if (peer.backup !== backup || peer.down || this.tried.has(peer)) return false;
    if (this.group.peers.length === 1) return true;
    return !(peer.maxFails > 0 && peer.fails >= peer.maxFails && this.x.now - peer.checked <= peer.failTimeout);
  }

  private pick(backup: boolean): Peer | undefined {
    const { x, group } = this;
    let list = group.peers.filter((p) => this.usable(p, backup));
    if (list.length === 0) return undefined;
    if (!backup && group.method === 'least_conn') {
      const load = (p: Peer): number => p.connections / p.weight;
      const least = Math.min(...list.map(load));
      list = list.filter((p) => load(p) === least);
    } else if (!backup && (group.method === 'ip_hash' || group.method === 'hash')) {
      const hash = group.method === 'ip_hash' ? ipHash(x.client.address) : textHash(x.text(group.hashKey ?? ''));
      const total = group.peers.reduce((sum, p) => sum + p.weight, 0);
      for (let round = 0, h = hash; round < 20; round++, h = (h * 113 + 1) % 6271) {
        let w = h % total;
        const hit = group.peers.find((p) => (w -= p.weight) < 0)!;
        if (list.includes(hit)) return hit;
      }
    } else if (!backup && group.method === 'random') return list[x.sys.random(1)[0]! % list.length];
    let best: Peer | undefined;
    let total = 0;
    for (const p of list) {
      p.current += p.effective;
      total += p.effective;
      if (p.effective < p.weight) p.effective++;
      if (!best || p.current > best.current) best = p;
    }
    best!.current -= total;
    if (x.now - best!.checked > best!.failTimeout) best!.checked = x.now;
    return best;
  }
}

function ipHash(address: IpAddress): number {
  const parts =
    typeof address === 'number'
      ? [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255]
      : [...address].map((c) => c.charCodeAt(0));
  return parts.reduce((h, p) => (h * 113 + p) % 6271, 89);
}

function textHash(text: string): number {
  let h = 0;
  for (const c of text) h = (h * 31 + c.charCodeAt(0)) >>> 0;
  return h % 6271;
}
