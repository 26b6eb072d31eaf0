/** Helpers for tests and benchmarks: a client behind a bridge, a router that translates, a server outside. */
import { parseIp4 } from '../../wire';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { NF } from '../hooks';
import { HOOK, PRIORITY } from '../netfilter/hook-table';
import type { HookOps } from '../netfilter/hook-table';
import type { TestWorld } from '../testing';
import { natApi } from './index';

/** Parses an address that is written in a test. */
export const ip = (text: string): number => parseIp4(text)!;

/** Gives a link an IPv4 address and brings it up. */
export function configure(ns: NetNamespace, name: string, address: string | null): Link {
  const link = ns.links.byName(name)!;
  ns.links.set(ns.loopback, { up: true });
  if (address !== null) ns.addrs.add({ index: link.index, local: ip(address), prefixLength: 24 });
  ns.links.set(link, { up: true });
  return link;
}

/** A nat chain that calls `rule`. @returns the registration, made */
export function natChain(ns: NetNamespace, hook: number, rule: HookOps['fn'], family: 'ip' | 'ip6' = 'ip'): HookOps {
  const source = hook === HOOK.POSTROUTING || hook === HOOK.INPUT;
  const ops: HookOps = { family, hook, priority: source ? PRIORITY.NAT_SRC : PRIORITY.NAT_DST, fn: rule };
  natApi.hold(ns, family);
  natApi.registerChain(ns, ops);
  return ops;
}

/** `-o LINK -j MASQUERADE` */
export function masquerade(ns: NetNamespace, out: string): HookOps {
  return natChain(ns, HOOK.POSTROUTING, (skb, _h, _i, output) =>
    output!.name === out ? natApi.masquerade(ns, skb, {}, output!) : NF.ACCEPT,
  );
}

/** The namespaces of {@link office}. */
export interface Office {
  readonly clients: readonly NetNamespace[];
  readonly router: NetNamespace;
  readonly server: NetNamespace;
}

/**
 * Clients 10.0.0.2, 10.0.0.3, ... on the bridge br0 (10.0.0.1) of a router whose eth1 (192.0.2.1) leads to a server (192.0.2.2)
 * that knows no way to the clients.
 */
export function office(w: TestWorld, clients = 1): Office {
  const router = w.ns();
  const server = w.ns();
  router.links.add({ kind: 'bridge', name: 'br0' });
  configure(router, 'br0', '10.0.0.1');
  const made: NetNamespace[] = [];
  for (let i = 0; i < clients; i++) {
    const c = w.ns();
    router.links.add({ kind: 'veth', name: `port${i}`, peer: { name: 'eth0', ns: c } });
    router.links.set(router.links.byName(`port${i}`)!, { up: true, master: router.links.byName('br0')!.index });
    configure(c, 'eth0', `10.0.0.${i + 2}`);
    c.routes.add({ family: 'inet', dst: 0, dstLength: 0, gateway: ip('10.0.0.1') });
    made.push(c);
  }
  router.links.add({ kind: 'veth', name: 'eth1', peer: { name: 'eth0', ns: server } });
  configure(router, 'eth1', '192.0.2.1');
  configure(server, 'eth0', '192.0.2.2');
  router.sysctl.set('ipv4/ip_forward', '1');
  w.run(5_000_000);
  return { clients: made, router, server };
}
