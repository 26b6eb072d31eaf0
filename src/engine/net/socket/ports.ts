import { Errno } from '../../core';
import type { NetNamespace } from '../namespace';

/** A free port of net.ipv4.ip_local_port_range, chosen at random. @throws Errno EADDRINUSE when there is none */
export function ephemeralPort(ns: NetNamespace, free: (port: number) => boolean): number {
  const [low, high] = ns.ipv4.ip_local_port_range as [number, number];
  const span = high - low + 1;
  const start = ns.random.below(span);
  for (let i = 0; i < span; i++) {
    const port = low + ((start + i) % span);
    if (free(port)) return port;
  }
  throw new Errno('EADDRINUSE');
}

/**
 * A port for connect(2): steps from an offset that depends on the destination, even ports first, a few apart each time
 * (__inet_hash_connect). @throws Errno EADDRNOTAVAIL
 */
export function connectPort(
  ns: NetNamespace,
  offsets: Map<string, number>,
  destination: string,
  free: (port: number) => boolean,
): number {
  const [low, high] = ns.ipv4.ip_local_port_range as [number, number];
  const span = (high - low + 1) & ~1;
  let offset = offsets.get(destination) ?? ns.random.below(span) & ~1;
  for (const parity of [0, 1]) {
    for (let i = 0; i < span; i += 2) {
      const port = low + ((offset + i) % span) + parity;
      if (!free(port)) continue;
      offset = (offset + i + 2 + 2 * ns.random.below(8)) % span;
      offsets.set(destination, offset & ~1);
      return port;
    }
  }
  throw new Errno('EADDRNOTAVAIL');
}
