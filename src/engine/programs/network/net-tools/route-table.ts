/** Routing tables as route(8) and netstat(8) print them. */
import type { Coroutine } from '../../../core';
import type { Sys } from '../../../host';
import type { RouteInfo } from '../../../net';
import { RT_TABLE } from '../../../net';
import { formatIp, formatIp4, mask4 } from '../../../wire';
import { nameOf } from '../resolver';

/** Which columns: those of `route`, of `netstat -r` (and `route -e`), or all (`route -ee`). */
export type RouteFormat = 'route' | 'netstat' | 'all';

const HEADINGS: Readonly<Record<RouteFormat, string>> = {
  route: 'Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n',
  netstat: 'Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n',
  all: 'Destination     Gateway         Genmask         Flags Metric Ref    Use Iface    MSS   Window irtt\n',
};

/** The IPv4 main table. */
export function* routeTable4(sys: Sys, format: RouteFormat, numeric: boolean): Coroutine<string> {
  let text = `Kernel IP routing table\n${HEADINGS[format]}`;
  let routes: RouteInfo[];
  try {
    routes = sys.net.routes.list({ family: 'inet', table: RT_TABLE.MAIN });
  } catch {
    routes = [];
  }
  for (const r of routes) {
    if (r.type === 'broadcast' || r.type === 'multicast') continue;
    const hop = r.nexthops[0];
    const reject = r.type === 'unreachable' || r.type === 'prohibit' || r.type === 'blackhole';
    const gateway = hop?.gateway;
    let dst = formatIp(r.dst);
    let via = reject ? '-' : gateway === undefined ? '0.0.0.0' : formatIp(gateway);
    if (!numeric) {
      dst = r.dstLength === 0 ? 'default' : ((yield* nameOf(sys, r.dst)) ?? dst);
      if (gateway !== undefined) via = (yield* nameOf(sys, gateway)) ?? via;
      else if (!reject && r.dstLength === 0) via = '0.0.0.0';
    }
    const flags = reject
      ? `!${r.dstLength === 32 ? 'H' : ''}`
      : `U${gateway === undefined ? '' : 'G'}${r.dstLength === 32 ? 'H' : ''}`;
    const dev = reject ? '-' : hop?.index === undefined ? '*' : (sys.net.links.get(hop.index)?.name ?? '*');
    text += `${dst.slice(0, 15).padEnd(15)} ${via.slice(0, 15).padEnd(15)} ${formatIp4(mask4(r.dstLength)).padEnd(15)} ${flags.padEnd(5)} `;
    const mss = r.advmss === undefined ? 0 : r.advmss + 40;
    if (format === 'netstat') {
      text += reject
        ? `${'-'.padStart(5)} ${'-'.padEnd(6)} ${'-'.padStart(6)} -\n`
        : `${String(mss).padStart(5)} ${'0'.padEnd(6)} ${'0'.padStart(6)} ${dev}\n`;
    } else if (format === 'route') {
      text += `${String(r.metric).padEnd(6)} ${(reject ? '-' : '0').padEnd(2)} ${'0'.padStart(7)} ${dev}\n`;
    } else {
      text += `${String(r.metric).padEnd(6)} ${(reject ? '-' : '0').padEnd(2)} ${'0'.padStart(7)} ${dev.padEnd(8)} `;
      text += reject ? '-     -      -\n' : `${String(mss).padEnd(5)} ${'0'.padEnd(6)} 0\n`;
    }
  }
  return text;
}

/** Both IPv6 tables. */
export function routeTable6(sys: Sys): string {
  let text =
    'Kernel IPv6 routing table\nDestination                    Next Hop                   Flag Met Ref  Use If\n';
  const row = (dst: string, via: string, flag: string, metric: number, refs: number, dev: string): void => {
    text += `${dst.padEnd(30)} ${via.padEnd(26)} ${flag.padEnd(4)} ${String(metric).padEnd(3)} ${String(refs).padEnd(1)} ${'0'.padStart(6)} ${dev}\n`;
  };
  for (const table of [RT_TABLE.MAIN, RT_TABLE.LOCAL]) {
    let routes: RouteInfo[] = [];
    try {
      routes = sys.net.routes.list({ family: 'inet6', table });
    } catch {
      routes = [];
    }
    for (const r of routes) {
      const hop = r.nexthops[0];
      const dev = hop?.index === undefined ? 'lo' : (sys.net.links.get(hop.index)?.name ?? 'lo');
      const local = r.type === 'local';
      const reject = r.type === 'unreachable' || r.type === 'prohibit' || r.type === 'blackhole';
      const flag = reject ? '!n' : `U${hop?.gateway === undefined ? '' : 'G'}${local ? 'n' : ''}`;
      row(
        `${formatIp(r.dst)}/${r.dstLength}`,
        hop?.gateway === undefined ? '::' : formatIp(hop.gateway),
        flag,
        r.metric,
        local ? 2 : 1,
        dev,
      );
    }
    row('::/0', '::', '!n', -1, 1, 'lo');
  }
  return text;
}
