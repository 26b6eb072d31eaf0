/** IP Virtual Server: load balancing in the kernel. Reachable only from what configures it. */
import { Errno } from '../../core';
import type { NetNamespace } from '../namespace';
import { netFiles } from '../proc-files';
import { Ipvs, TABLE_SIZE } from './ipvs';
import type { IpvsConnection } from './service';

export { defaultVsSettings, Ipvs, TABLE_SIZE } from './ipvs';
export { ipvsProperty } from './property';
export { MISSING_SCHEDULERS } from './schedulers';
export * from './service';
export { DEFAULT_TIMEOUTS } from './states';
export type { IpvsState } from './states';

const instances = new WeakMap<NetNamespace, Ipvs>();

/** IPVS of a namespace; made (module loaded) when first asked for. */
export function ipvsOf(ns: NetNamespace): Ipvs {
  let ipvs = instances.get(ns);
  if (!ipvs) {
    instances.set(ns, (ipvs = new Ipvs(ns)));
    settings(ns, ipvs);
    files(ns, ipvs);
  }
  return ipvs;
}

/** net.ipv4.vs.* */
function settings(ns: NetNamespace, ipvs: Ipvs): void {
  const dir = new Map<string, { get: () => string; set: (text: string) => void }>();
  const values = ipvs.settings as Record<string, number>;
  for (const key of Object.keys(values))
    dir.set(key, {
      get: () => (key === 'est_cpulist' ? '0-1' : String(values[key])),
      set: (text) => {
        const t = text.trim();
        if (!/^-?\d+$/.test(t)) throw new Errno('EINVAL');
        values[key] = Number(t);
      },
    });
  ns.sysctl.extra.set('ipv4/vs', dir);
}

const hex8 = (n: number): string => (n >>> 0).toString(16).toUpperCase().padStart(8, '0');
const hex4 = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0');
const protocolOf = (n: number): string => (n === 6 ? 'TCP' : n === 17 ? 'UDP' : 'IP');

/** /proc/net/ip_vs, ip_vs_conn, ip_vs_stats. */
function files(ns: NetNamespace, ipvs: Ipvs): void {
  const map = netFiles(ns);
  map.set('ip_vs', () => {
    let text = `IP Virtual Server version 1.2.1 (size=${TABLE_SIZE})\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n`;
    for (const s of ipvs.list()) {
      const head =
        'fwmark' in s.key
          ? `FWM  ${hex8(s.key.fwmark)} ${s.scheduler.name} `
          : `${protocolOf(s.key.protocol)}  ${hex8(s.key.address)}:${hex4(s.key.port)} ${s.scheduler.name} `;
      text +=
        head +
        (s.settings.persistent === undefined
          ? '\n'
          : `persistent ${s.settings.persistent * 1000} ${hex8(s.settings.netmask)}\n`);
      for (const d of s.destinations)
        text += `  -> ${hex8(d.address)}:${hex4(d.port)}      ${(d.settings.forwarding === 'masq' ? 'Masq' : 'Route').padEnd(7)} ${String(d.weight).padEnd(6)} ${String(d.active).padEnd(10)} ${String(d.inactive).padEnd(10)}\n`;
    }
    return text;
  });
  map.set('ip_vs_conn', () => {
    const left = (c: IpvsConnection): string => String(Math.max(0, Math.floor((c.expires - ns.now) / 1e6))).padStart(7);
    const lines = ipvs
      .connections()
      .map(
        (c) =>
          `${protocolOf(c.protocol).padEnd(3)} ${hex8(c.client)} ${hex4(c.clientPort)} ${hex8(c.virtual)} ${hex4(c.virtualPort)} ${hex8(c.destination.address)} ${hex4(c.destination.port)} ${c.state.padEnd(11)} ${left(c)}\n`,
      );
    return `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n${lines.join('')}`;
  });
  map.set('ip_vs_stats', () => {
    const h = (n: number, w: number): string => n.toString(16).toUpperCase().padStart(w);
    const c = ipvs.stats.counters();
    const r = ipvs.stats.perSecond(ns.now);
    return `   Total Incoming Outgoing         Incoming         Outgoing\n   Conns  Packets  Packets            Bytes            Bytes\n${h(c.conns, 8)} ${h(c.inPackets, 8)} ${h(c.outPackets, 8)} ${h(c.inBytes, 16)} ${h(c.outBytes, 16)}\n\n Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n${h(r.conns, 8)} ${h(r.inPackets, 8)} ${h(r.outPackets, 8)} ${h(r.inBytes, 16)} ${h(r.outBytes, 16)}\n`;
  });
}
