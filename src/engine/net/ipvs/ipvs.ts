/** IP Virtual Server of one namespace (net/netfilter/ipvs/ip_vs_core.c, ip_vs_ctl.c, ip_vs_xmit.c), for IPv4. */
import { Errno } from '../../core';
import type { Ip4, Ipv4Packet } from '../../wire';
import { ICMP4, ICMP4_UNREACH, IPPROTO, peekPorts, rewriteIpv4 } from '../../wire';
import type { Conn } from '../conntrack/conn';
import { CT_STATUS, CTINFO } from '../conntrack/conn';
import { rewritePacket } from '../conntrack/rewrite';
import { NF } from '../hooks';
import type { Link } from '../link/link';
import type { NetNamespace } from '../namespace';
import { HOOK, hooksOf, PRIORITY } from '../netfilter/hook-table';
import { Nexthop, Route } from '../route/lookup';
import type { Skb } from '../skb';
import { RT_TABLE } from '../types';
import { IpvsStats } from './estimator';
import { ipvsProperty } from './property';
import { makeScheduler } from './schedulers';
import { Destination, Service } from './service';
import type { DestinationSettings, IpvsConnection, ServiceKey, ServiceSettings } from './service';
import { ACTIVE, DEFAULT_TIMEOUTS, nextTcpState } from './states';
import type { IpvsState } from './states';

/** Settings below net.ipv4.vs, with the kernel's defaults. */
export function defaultVsSettings() {
  return {
    am_droprate: 10,
    amemthresh: 1024,
    backup_only: 0,
    cache_bypass: 0,
    conn_reuse_mode: 1,
    conntrack: 0,
    drop_entry: 0,
    drop_packet: 0,
    est_cpulist: 0,
    est_nice: 0,
    expire_nodest_conn: 0,
    expire_quiescent_template: 0,
    ignore_tunneled: 0,
    nat_icmp_send: 0,
    pmtu_disc: 1,
    run_estimation: 1,
    schedule_icmp: 0,
    secure_tcp: 0,
    sloppy_sctp: 0,
    sloppy_tcp: 0,
    snat_reroute: 1,
    sync_persist_mode: 0,
    sync_ports: 1,
    sync_qlen_max: 15872,
    sync_refresh_period: 0,
    sync_retries: 0,
    sync_sock_size: 0,
    sync_version: 1,
  };
}

/** Buckets of the connection table, as ipvsadm shows them (CONFIG_IP_VS_TAB_BITS 12). */
export const TABLE_SIZE = 4096;

const keyText = (k: ServiceKey): string => ('fwmark' in k ? `fwm ${k.fwmark}` : `${k.protocol} ${k.address} ${k.port}`);
const connText = (protocol: number, a: Ip4, aPort: number, b: Ip4, bPort: number): string =>
  `${protocol}/${a}:${aPort}/${b}:${bPort}`;

/** IPVS of one namespace. */
export class Ipvs {
  readonly settings = defaultVsSettings();
  /** Lifetimes by state, seconds. */
  readonly timeouts: Record<IpvsState, number> = { ...DEFAULT_TIMEOUTS };
  readonly stats: IpvsStats;
  private readonly services = new Map<string, Service>();
  /** By client and virtual address, and by server and client. */
  private readonly fromClient = new Map<string, IpvsConnection>();
  private readonly fromServer = new Map<string, IpvsConnection>();
  private hooked = false;

  constructor(readonly ns: NetNamespace) {
    this.stats = new IpvsStats(ns.now);
  }

  // --- control --------------------------------------------------------------------------------------------------------

  /** Services in order of protocol, address and port; marks last, as the tables are walked. */
  list(): Service[] {
    return [...this.services.values()];
  }

  /** All connections, templates too. */
  connections(): IpvsConnection[] {
    return [...this.fromClient.values()];
  }

  get(key: ServiceKey): Service | undefined {
    return this.services.get(keyText(key));
  }

  /** @throws Errno EEXIST, ENOENT (no such scheduler) */
  addService(key: ServiceKey, settings: ServiceSettings): void {
    if (this.get(key)) throw new Errno('EEXIST');
    const scheduler = makeScheduler(settings.scheduler);
    if (!scheduler) throw new Errno('ENOENT');
    this.services.set(keyText(key), new Service(key, settings, scheduler, this.ns.now));
    this.hook();
  }

  /** @throws Errno ESRCH, ENOENT */
  editService(key: ServiceKey, settings: ServiceSettings): void {
    const service = this.service(key);
    if (settings.scheduler !== service.scheduler.name) {
      const scheduler = makeScheduler(settings.scheduler);
      if (!scheduler) throw new Errno('ENOENT');
      service.scheduler = scheduler;
    }
    service.settings = settings;
    service.scheduler.changed(service);
  }

  /** @throws Errno ESRCH */
  deleteService(key: ServiceKey): void {
    const service = this.service(key);
    this.services.delete(keyText(key));
    service.destinations.length = 0;
  }

  flush(): void {
    for (const s of this.services.values()) s.destinations.length = 0;
    this.services.clear();
  }

  /** @throws Errno ESRCH, EEXIST, EINVAL, ERANGE */
  addDestination(key: ServiceKey, address: Ip4, port: number, settings: DestinationSettings): void {
    const service = this.service(key);
    this.check(settings);
    if (this.find(service, address, port)) throw new Errno('EEXIST');
    const dest = new Destination(address, port, settings, this.ns.now);
    service.destinations.unshift(dest);
    service.scheduler.changed(service);
  }

  /** @throws Errno ESRCH, ENOENT, ERANGE */
  editDestination(key: ServiceKey, address: Ip4, port: number, settings: DestinationSettings): void {
    const service = this.service(key);
    this.check(settings);
    const dest = this.find(service, address, port);
    if (!dest) throw new Errno('ENOENT');
    dest.settings = settings;
    if (settings.upper === 0 || dest.active + dest.inactive < settings.upper) dest.overloaded = false;
    service.scheduler.changed(service);
  }

  /** @throws Errno ESRCH, ENOENT */
  deleteDestination(key: ServiceKey, address: Ip4, port: number): void {
    const service = this.service(key);
    const dest = this.find(service, address, port);
    if (!dest) throw new Errno('ENOENT');
    service.scheduler.removed?.(service, dest);
    service.destinations.splice(service.destinations.indexOf(dest), 1);
    service.scheduler.changed(service);
  }

  /** ipvsadm -Z. */
  zero(key?: ServiceKey): void {
    for (const s of key ? [this.service(key)] : this.services.values()) {
      s.stats.zero();
      for (const d of s.destinations) d.stats.zero();
    }
    if (!key) this.stats.zero();
  }

  private check(settings: DestinationSettings): void {
    if (settings.weight < 0 || settings.weight > 0x7fffffff || settings.lower > settings.upper)
      throw new Errno('ERANGE');
  }

  private service(key: ServiceKey): Service {
    const s = this.get(key);
    if (!s) throw new Errno('ESRCH');
    return s;
  }

  private find(service: Service, address: Ip4, port: number): Destination | undefined {
    return service.destinations.find((d) => d.address === address && d.port === port);
  }

  // --- packets --------------------------------------------------------------------------------------------------------

  private hook(): void {
    if (this.hooked) return;
    this.hooked = true;
    const hooks = hooksOf(this.ns);
    const out = (skb: Skb): number => this.reply(skb);
    const into = (skb: Skb, hook: number): number => this.request(skb, hook);
    const ops = [
      [HOOK.INPUT, PRIORITY.NAT_SRC - 2, out],
      [HOOK.INPUT, PRIORITY.NAT_SRC - 1, into],
      [HOOK.OUTPUT, PRIORITY.NAT_DST + 1, out],
      [HOOK.OUTPUT, PRIORITY.NAT_DST + 2, into],
      [HOOK.FORWARD, 100, out],
    ] as const;
    for (const [hook, priority, fn] of ops) hooks.register({ family: 'ip', hook, priority, fn });
  }

  private ports(packet: Ipv4Packet): { src: number; dst: number } | undefined {
    if (packet.protocol !== IPPROTO.TCP && packet.protocol !== IPPROTO.UDP) return undefined;
    return packet.fragmentOffset === 0 ? peekPorts(packet.payload, packet.protocol) : undefined;
  }

  /** ip_vs_in_hook: a packet for a virtual service. */
  private request(skb: Skb, hook: number): number {
    if (ipvsProperty.has(skb)) return NF.ACCEPT;
    const packet = skb.payload as Ipv4Packet;
    const ports = this.ports(packet);
    if (!ports) return NF.ACCEPT;
    let conn = this.fromClient.get(connText(packet.protocol, packet.src, ports.src, packet.dst, ports.dst));
    const opens = packet.payload.kind !== 'tcp' || (packet.payload.flags & 0x12) === 0x02;
    if (conn && opens && this.reusable(conn, packet)) {
      this.expire(conn);
      conn = undefined;
    }
    if (!conn) {
      const service = this.lookup(skb, packet, ports.dst);
      if (!service || !(opens || this.settings.sloppy_tcp)) return NF.ACCEPT;
      conn = this.schedule(service, packet, ports);
      if (!conn) return this.leave(skb, service);
    }
    const { ns } = this;
    const { destination, service } = conn;
    for (const s of [destination.stats, service?.stats, this.stats]) s?.countIn(ns.now, skb.length);
    this.track(conn, packet, 'in');
    conn.inPackets++;
    return destination.settings.forwarding === 'masq'
      ? this.masquerade(skb, conn, hook)
      : this.directRoute(skb, conn, hook);
  }

  /** A SYN on a finished connection makes a new one (is_new_conn_expected, conn_reuse_mode 1). */
  private reusable(conn: IpvsConnection, packet: Ipv4Packet): boolean {
    if (packet.payload.kind !== 'tcp' || this.settings.conn_reuse_mode === 0) return false;
    return (
      conn.state === 'TIME_WAIT' ||
      (conn.destination.weight === 0 && this.settings.expire_nodest_conn !== 0) ||
      conn.state === 'CLOSE'
    );
  }

  private lookup(skb: Skb, packet: Ipv4Packet, port: number): Service | undefined {
    if (skb.mark !== 0) {
      const marked = this.services.get(keyText({ fwmark: skb.mark }));
      if (marked) return marked;
    }
    const protocol = packet.protocol as 6 | 17;
    const exact = this.services.get(keyText({ protocol, address: packet.dst, port }));
    return exact ?? this.services.get(keyText({ protocol, address: packet.dst, port: 0 }));
  }

  private schedule(
    service: Service,
    packet: Ipv4Packet,
    ports: { src: number; dst: number },
  ): IpvsConnection | undefined {
    let destination: Destination | undefined;
    let control: IpvsConnection | undefined;
    const { persistent, netmask } = service.settings;
    if (persistent !== undefined) {
      const client = (packet.src & netmask) >>> 0;
      const byMark = 'fwmark' in service.key;
      const virtual = byMark ? (service.key as { fwmark: number }).fwmark : packet.dst;
      const port = byMark ? 0 : (service.key as { port: number }).port;
      const known = this.fromClient.get(connText(byMark ? 0 : packet.protocol, client, 0, virtual, port));
      const gone =
        known &&
        (!service.destinations.includes(known.destination) ||
          (known.destination.weight === 0 && this.settings.expire_quiescent_template !== 0));
      if (known && !gone) control = known;
      else {
        if (known) this.expire(known);
        destination = service.scheduler.schedule(service, packet);
        if (!destination) return undefined;
        control = this.connect(
          {
            protocol: byMark ? 0 : packet.protocol,
            client,
            clientPort: 0,
            virtual,
            virtualPort: port,
            destination,
            service,
            template: true,
          },
          undefined,
        );
        control.timeout = persistent * 1e6;
      }
      this.refresh(control);
      destination = control.destination;
    } else {
      destination = service.scheduler.schedule(service, packet);
      if (!destination) return undefined;
    }
    const conn = this.connect(
      {
        protocol: packet.protocol,
        client: packet.src,
        clientPort: ports.src,
        virtual: packet.dst,
        virtualPort: ports.dst,
        destination,
        service,
        template: false,
      },
      control,
    );
    for (const s of [destination.stats, service.stats, this.stats]) s.countConn(this.ns.now);
    return conn;
  }

  private connect(
    init: Pick<
      IpvsConnection,
      'protocol' | 'client' | 'clientPort' | 'virtual' | 'virtualPort' | 'destination' | 'service' | 'template'
    >,
    control: IpvsConnection | undefined,
  ): IpvsConnection {
    const udp = init.protocol === IPPROTO.UDP && !init.template;
    const conn: IpvsConnection = {
      ...init,
      control,
      controlled: 0,
      state: udp ? 'UDP' : 'NONE',
      active: false,
      timeout: this.timeouts[udp ? 'UDP' : 'NONE'] * 1e6,
      expires: 0,
      timer: undefined,
      inPackets: 0,
    };
    if (control) control.controlled++;
    this.fromClient.set(connText(conn.protocol, conn.client, conn.clientPort, conn.virtual, conn.virtualPort), conn);
    if (!conn.template) {
      this.fromServer.set(this.serverText(conn), conn);
      conn.destination.inactive++;
    } else conn.destination.persistentConns++;
    this.limit(conn.destination);
    return conn;
  }

  private serverText(c: IpvsConnection): string {
    return connText(c.protocol, c.destination.address, c.destination.port || c.virtualPort, c.client, c.clientPort);
  }

  private limit(d: Destination): void {
    const { upper, lower } = d.settings;
    if (upper === 0) return;
    const n = d.active + d.inactive;
    if (n >= upper) d.overloaded = true;
    else if (n < (lower > 0 ? lower : (upper * 3) / 4)) d.overloaded = false;
  }

  /** Starts the clock of a connection again. */
  private refresh(conn: IpvsConnection): void {
    const { scheduler } = this.ns.host;
    conn.expires = this.ns.now + conn.timeout;
    if (conn.timer) return;
    const look = (): void => {
      conn.timer = undefined;
      if (conn.controlled > 0) conn.expires = this.ns.now + 60e6;
      if (conn.expires > this.ns.now) conn.timer = scheduler.after(conn.expires - this.ns.now, look);
      else this.expire(conn);
    };
    conn.timer = scheduler.after(conn.timeout, look);
  }

  private expire(conn: IpvsConnection): void {
    conn.timer?.cancel();
    conn.timer = undefined;
    this.fromClient.delete(connText(conn.protocol, conn.client, conn.clientPort, conn.virtual, conn.virtualPort));
    const d = conn.destination;
    if (!conn.template) {
      this.fromServer.delete(this.serverText(conn));
      if (conn.active) d.active--;
      else d.inactive--;
    } else d.persistentConns--;
    this.limit(d);
    if (conn.control) conn.control.controlled--;
  }

  /** State and lifetime after a packet. */
  private track(conn: IpvsConnection, packet: Ipv4Packet, direction: 'in' | 'out'): void {
    if (packet.payload.kind === 'tcp') {
      const inputOnly = conn.destination.settings.forwarding !== 'masq';
      const state = nextTcpState(conn.state, packet.payload, direction, inputOnly);
      if (state !== conn.state) {
        const active = ACTIVE.has(state);
        if (active !== conn.active) {
          const d = conn.destination;
          d.active += active ? 1 : -1;
          d.inactive += active ? -1 : 1;
          conn.active = active;
        }
        conn.state = state;
      }
      conn.timeout = this.timeouts[state] * 1e6;
    } else conn.timeout = this.timeouts.UDP * 1e6;
    const before = conn.expires;
    conn.expires = this.ns.now + conn.timeout;
    // A shorter life needs an earlier look.
    if (conn.timer && conn.expires < before) {
      conn.timer.cancel();
      conn.timer = undefined;
    }
    this.refresh(conn);
  }

  /** ip_vs_leave: no server. The client is told so. */
  private leave(skb: Skb, _service: Service): number {
    this.ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.PORT, 0);
    return NF.DROP;
  }

  /** What conntrack is to think of a packet that IPVS sends on. */
  private conntrack(skb: Skb, conn: IpvsConnection): void {
    ipvsProperty.add(skb);
    if (this.settings.conntrack === 0) {
      skb.ct = null;
      skb.ctInfo = CTINFO.UNTRACKED;
      return;
    }
    const ct = skb.ct as Conn | null;
    if (!ct || ct.status & CT_STATUS.CONFIRMED || conn.destination.settings.forwarding !== 'masq') return;
    if (skb.ctInfo !== CTINFO.NEW) return;
    // ip_vs_update_conntrack: replies come from the server.
    ct.reply = { ...ct.reply, src: conn.destination.address, sport: conn.destination.port || conn.virtualPort };
  }

  /** ip_vs_nat_xmit */
  private masquerade(skb: Skb, conn: IpvsConnection, hook: number): number {
    const { ns } = this;
    const to = conn.destination;
    const packet = skb.payload as Ipv4Packet;
    const out = ns.ip4.routing.output(to.address, 0, null, skb.mark, packet.tos);
    if (typeof out === 'string') {
      ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.HOST, 0);
      return NF.DROP;
    }
    if (out.type !== 'local' && hook === HOOK.INPUT && !this.countHop(skb)) return NF.DROP;
    this.conntrack(skb, conn);
    rewritePacket(skb, false, to.address, to.port || conn.virtualPort);
    if (out.type === 'local') {
      if (hook === HOOK.OUTPUT) {
        skb.route = out.entry;
        skb.dev = out.link;
      }
      return NF.ACCEPT;
    }
    return this.sendOn(skb, out.entry, out.link);
  }

  /** ip_vs_dr_xmit: the packet goes as it is to the server's link address. */
  private directRoute(skb: Skb, conn: IpvsConnection, hook: number): number {
    const { ns } = this;
    const packet = skb.payload as Ipv4Packet;
    const out = ns.ip4.routing.output(conn.destination.address, 0, null, skb.mark, packet.tos);
    if (typeof out === 'string') {
      ns.icmp4.error(skb, ICMP4.UNREACHABLE, ICMP4_UNREACH.HOST, 0);
      return NF.DROP;
    }
    this.conntrack(skb, conn);
    if (out.type === 'local') return NF.ACCEPT;
    if (hook === HOOK.INPUT && !this.countHop(skb)) return NF.DROP;
    const route = new Route('inet', RT_TABLE.MAIN, 'unicast', conn.destination.address, 32);
    const hop = new Nexthop(out.link, out.entry.gateway ?? conn.destination.address);
    route.addNexthop(hop);
    return this.sendOn(skb, hop, out.link);
  }

  /** Takes one from the TTL. @returns false when it was the last. */
  private countHop(skb: Skb): boolean {
    const p = skb.payload as Ipv4Packet;
    if (p.ttl <= 1) {
      this.ns.icmp4.error(skb, ICMP4.TIME_EXCEEDED, 0, 0);
      return false;
    }
    skb.payload = rewriteIpv4(p, p.ttl - 1, p.src, p.dst, p.payload);
    return true;
  }

  /** Through OUTPUT and out, as a packet of the machine itself. */
  private sendOn(skb: Skb, entry: Nexthop, link: Link): number {
    const { ns } = this;
    skb.route = entry;
    skb.dev = link;
    skb.owner = null;
    if (hooksOf(ns).run('ip', HOOK.OUTPUT, skb, null, link) !== NF.ACCEPT) return NF.STOLEN;
    const route = skb.route ?? entry;
    ns.ip4.output.transmit(skb, route, route.link ?? link, 'unicast', null);
    return NF.STOLEN;
  }

  /** ip_vs_out_hook: an answer of a server. */
  private reply(skb: Skb): number {
    if (ipvsProperty.has(skb)) return NF.ACCEPT;
    const packet = skb.payload as Ipv4Packet;
    const ports = this.ports(packet);
    if (!ports) return NF.ACCEPT;
    const conn = this.fromServer.get(connText(packet.protocol, packet.src, ports.src, packet.dst, ports.dst));
    if (!conn || conn.destination.settings.forwarding !== 'masq') return NF.ACCEPT;
    const { ns } = this;
    for (const s of [conn.destination.stats, conn.service?.stats, this.stats]) s?.countOut(ns.now, skb.length);
    rewritePacket(skb, true, conn.virtual, conn.virtualPort);
    this.track(conn, packet, 'out');
    this.conntrack(skb, conn);
    return NF.ACCEPT;
  }
}
