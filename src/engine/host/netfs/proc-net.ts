/** /proc/net: the view of one network namespace, in the kernel's formats. */
import type { IpAddress } from '../../wire';
import { ip6ToBytesLoose } from '../../wire';
import type { LinkInfo, NetNamespace, RouteInfo } from '../../net';
import { RT_TABLE, netFiles, writableNetFiles } from '../../net';
import type { Inode } from '../inode';
import { ComputedDir, MemDir, TextNode } from '../inode';
import { fibTrie, fibTrieStat } from './fib-trie';
import { NETSTAT_ROWS, SNMP6_NAMES, SNMP_ROWS } from './mib-files';
import { PROTOCOLS_TEXT, TARGETS_TEXT } from './proc-net-text';
import {
  icmpFile,
  packetFile,
  rawFile,
  sockstat,
  sockstat6,
  tcp6File,
  tcpFile,
  udp6File,
  udpFile,
  unixFile,
} from './proc-net-sockets';

const dirs = new WeakMap<NetNamespace, MemDir>();

/** The directory /proc/PID/net of processes in `net`. */
export function procNet(net: NetNamespace): MemDir {
  let dir = dirs.get(net);
  if (!dir) dirs.set(net, (dir = build(net)));
  // The directory of 802.1Q comes with its first link, as that of a module.
  if (
    dir.lookup('vlan') === undefined &&
    [...net.siblings].some((ns) => ns.links.list().some((l) => l.data?.kind === 'vlan'))
  )
    dir.link('vlan', vlanDir(net));
  return dir;
}

function vlanDir(net: NetNamespace): MemDir {
  const dir = new MemDir(0o555);
  const config = (): string => {
    let text = 'VLAN Dev name\t | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\n';
    for (const link of net.links.list()) {
      if (link.data?.kind !== 'vlan') continue;
      const below = [...net.siblings].map((ns) =>
        link.linkNetnsid === undefined && ns !== net ? undefined : ns.links.get(link.link!),
      );
      text += `${link.name.padEnd(15)}| ${String(link.data.id).padEnd(4)}| ${below.find((l) => l)?.name ?? ''}\n`;
    }
    return text;
  };
  dir.link('config', new TextNode(config, undefined, 0o600).touch(net.host.scheduler.now));
  return dir.touch(net.host.scheduler.now);
}

/** /proc/net: what is always there, and files that a part of the kernel adds when it is loaded, such as ip_vs. */
class NetDir extends MemDir {
  private readonly added = new Map<string, TextNode>();

  constructor(private readonly net: NetNamespace) {
    super(0o555);
  }

  override lookup(name: string): Inode | undefined {
    const there = super.lookup(name);
    if (there || !netFiles(this.net).has(name)) return there;
    let node = this.added.get(name);
    if (!node) {
      node = new TextNode(() => netFiles(this.net).get(name)?.() ?? '').touch(this.net.host.scheduler.now);
      this.added.set(name, node);
    }
    return node;
  }

  override names(): string[] {
    const names = super.names();
    const more = [...netFiles(this.net).keys()].filter((n) => !n.includes('/') && super.lookup(n) === undefined);
    return [...names, ...more];
  }
}

function build(net: NetNamespace): MemDir {
  const dir = new NetDir(net);
  const now = net.host.scheduler.now;
  const add = (name: string, inode: Inode): void => dir.link(name, inode.touch(now));
  const file = (name: string, text: () => string, mode = 0o444): void => add(name, new TextNode(text, undefined, mode));
  const sockets6 =
    '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n';
  file('anycast6', () => '');
  file('arp', () => arp(net));
  for (const family of ['arp', 'ip', 'ip6']) {
    file(`${family}_tables_matches`, () => '', 0o440);
    file(`${family}_tables_names`, () => netFiles(net).get(`${family}_tables_names`)?.() ?? '', 0o440);
    file(`${family}_tables_targets`, () => (family === 'ip' ? TARGETS_TEXT : ''), 0o440);
  }
  file('dev', () => dev(net));
  file('dev_mcast', () => devMcast(net));
  add('dev_snmp6', devSnmp6(net));
  file('fib_trie', () => fibTrie(net));
  file('fib_triestat', () => fibTrieStat(net));
  file('icmp', () => icmpFile(net));
  file('icmp6', () => sockets6);
  file('if_inet6', () => ifInet6(net));
  file('igmp', () => igmp(net));
  file('igmp6', () => igmp6(net));
  file('ip6_flowlabel', () => 'Label S Owner  Users  Linger Expires  Dst                              Opt\n');
  file(
    'ip6_mr_cache',
    () => 'Group                            Origin                           Iif      Pkts  Bytes     Wrong  Oifs\n',
  );
  file('ip6_mr_vif', () => 'Interface      BytesIn  PktsIn  BytesOut PktsOut Flags\n');
  add('ip6t_hashlimit', new MemDir(0o555));
  file('ip_mr_cache', () => 'Group    Origin   Iif     Pkts    Bytes    Wrong Oifs\n');
  file('ip_mr_vif', () => 'Interface      BytesIn  PktsIn  BytesOut PktsOut Flags Local    Remote\n');
  add('ipt_hashlimit', new MemDir(0o555));
  file('ipv6_route', () => ipv6Route(net));
  file('mcfilter', () => 'Idx Device        MCA        SRC    INC    EXC\n');
  file(
    'mcfilter6',
    () => 'Idx Device                Multicast Address                   Source Address    INC    EXC\n',
  );
  add('netfilter', new MemDir(0o555));
  file('netlink', () => 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n');
  file('netstat', () => counters(net, NETSTAT_ROWS));
  file('nf_conntrack', () => netFiles(net).get('nf_conntrack')?.() ?? '', 0o440);
  file('nf_conntrack_expect', () => '', 0o440);
  file('packet', () => packetFile(net));
  file('protocols', () => PROTOCOLS_TEXT);
  file('psched', () => '000003e8 00000040 000f4240 3b9aca00\n');
  file(
    'ptype',
    () =>
      'Type Device      Function\n0800          ip_rcv\n0004          llc_rcv\n0806          arp_rcv\n86dd          ipv6_rcv\n',
  );
  file('raw', () => rawFile(net));
  file('raw6', () => sockets6);
  file('route', () => route(net));
  file('rt6_stats', () => '0000 0000 0000 0000 0000 0000 0000\n');
  file('rt_acct', () => '');
  file(
    'rt_cache',
    () =>
      'Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\tHHUptod\tSpecDst                          \n',
  );
  file('snmp', () => counters(net, SNMP_ROWS));
  file('snmp6', () => snmp6(net));
  file('sockstat', () => sockstat(net));
  file('sockstat6', () => sockstat6(net));
  file('softnet_stat', () => softnet(net));
  // There has been no cache of routes since 3.6; the file stayed.
  netFiles(net).set('stat/rt_cache', () => RT_CACHE_HEAD + RT_CACHE_ROW.repeat(net.host.cpus ?? 2));
  add('stat', addedFiles(net, 'stat'));
  file('tcp', () => tcpFile(net));
  file('tcp6', () => tcp6File(net));
  file('udp', () => udpFile(net));
  file('udp6', () => udp6File(net));
  file(
    'udplite',
    () =>
      '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            \n',
  );
  file('udplite6', () => sockets6);
  file('unix', () => unixFile(net));
  file('xfrm_stat', () => '');
  add('xt_recent', addedFiles(net, 'xt_recent'));
  return dir.touch(now);
}

const RT_CACHE_HEAD =
  'entries  in_hit   in_slow_tot in_slow_mc in_no_route in_brd   in_martian_dst in_martian_src out_hit  out_slow_tot out_slow_mc gc_total gc_ignored gc_goal_miss gc_dst_overflow in_hlist_search out_hlist_search\n';
/** One processor's counters. */
const RT_CACHE_ROW = `${RT_CACHE_HEAD.trimEnd().replace(/\S+/g, (name) => '00000000'.padEnd(name.length))}\n`;

/** A directory whose files come and go with the parts of the kernel that make them. */
function addedFiles(net: NetNamespace, under: string): ComputedDir {
  const made = new Map<string, TextNode>();
  return new ComputedDir(
    () => [...netFiles(net).keys()].filter((p) => p.startsWith(`${under}/`)).map((p) => p.slice(under.length + 1)),
    (name) => {
      const path = `${under}/${name}`;
      if (!netFiles(net).has(path)) return undefined;
      let node = made.get(name);
      if (!node) {
        const store = writableNetFiles(net).has(path)
          ? (text: string) => writableNetFiles(net).get(path)?.(text)
          : undefined;
        node = new TextNode(() => netFiles(net).get(path)?.() ?? '', store).touch(net.host.scheduler.now);
        made.set(name, node);
      }
      return node;
    },
  );
}

const pad = (n: number | string, width: number): string => String(n).padStart(width);

function dev(net: NetNamespace): string {
  let text =
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n';
  for (const { name, stats: s } of net.links.list()) {
    const rx = [
      pad(s.rxBytes, 7),
      pad(s.rxPackets, 7),
      pad(s.rxErrors, 4),
      pad(s.rxDropped + s.rxMissed, 4),
      pad(0, 4),
      pad(0, 5),
      pad(0, 10),
      pad(s.multicast, 9),
    ];
    const tx = [
      pad(s.txBytes, 8),
      pad(s.txPackets, 7),
      pad(s.txErrors, 4),
      pad(s.txDropped, 4),
      pad(0, 4),
      pad(s.collisions, 5),
      pad(s.txCarrier, 7),
      pad(0, 10),
    ];
    text += `${pad(name, 6)}: ${rx.join(' ')} ${tx.join(' ')}\n`;
  }
  return text;
}

/** An IPv4 address as the number a little-endian machine prints. */
function hexHost(address: number): string {
  const swapped = ((address & 0xff) << 24) | ((address & 0xff00) << 8) | ((address >>> 8) & 0xff00) | (address >>> 24);
  return (swapped >>> 0).toString(16).toUpperCase().padStart(8, '0');
}

function route(net: NetNamespace): string {
  const line = (columns: readonly string[]): string => `${columns.join('\t').padEnd(127)}\n`;
  // No address and no route yet: there is no table to walk through (fib_route_seq_start).
  if ([...net.fib.tables('inet').values()].every((t) => t.list().length === 0)) return '';
  let text = line([
    'Iface',
    'Destination',
    'Gateway ',
    'Flags',
    'RefCnt',
    'Use',
    'Metric',
    'Mask\t',
    'MTU',
    'Window',
    'IRTT',
  ]);
  for (const r of net.routes.list({ family: 'inet', table: RT_TABLE.MAIN })) {
    if (r.type === 'broadcast' || r.type === 'multicast') continue;
    const hop = r.nexthops[0];
    const gateway = typeof hop?.gateway === 'number' ? hop.gateway : 0;
    const reject = r.type === 'unreachable' || r.type === 'prohibit';
    const flags = (reject ? 0x200 : 0) | (gateway !== 0 ? 2 : 0) | (r.dstLength === 32 ? 4 : 0) | 1;
    const mask = r.dstLength === 0 ? 0 : (0xffffffff << (32 - r.dstLength)) >>> 0;
    text += line([
      hop?.index === undefined ? '*' : (net.links.get(hop.index)?.name ?? '*'),
      hexHost(r.dst as number),
      hexHost(gateway),
      flags.toString(16).toUpperCase().padStart(4, '0'),
      '0',
      '0',
      String(r.metric),
      hexHost(mask),
      String(r.advmss === undefined ? 0 : r.advmss + 40),
      '0',
      '0',
    ]);
  }
  return text;
}

function arp(net: NetNamespace): string {
  let text = 'IP address       HW type     Flags       HW address            Mask     Device\n';
  for (const n of net.neigh.list({ family: 'inet' })) {
    if (n.state === 'NOARP' || n.state === 'NONE') continue;
    const valid = n.state !== 'INCOMPLETE' && n.state !== 'FAILED';
    const flags = n.state === 'PERMANENT' ? '6' : valid ? '2' : '0';
    const mac = valid ? (n.lladdr ?? '00:00:00:00:00:00') : '00:00:00:00:00:00';
    const name = net.links.get(n.index)?.name ?? '?';
    text += `${dotted(n.address as number).padEnd(16)} 0x${'1'.padEnd(10)}0x${flags.padEnd(10)}${mac.padEnd(17)}     *        ${name}\n`;
  }
  return text;
}

function dotted(a: number): string {
  return `${a >>> 24}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`;
}

/** 32 hex digits of an IPv6 address. */
export function hex6(address: IpAddress): string {
  const bytes = ip6ToBytesLoose(String(address)) ?? new Uint8Array(16);
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

const byte = (n: number): string => n.toString(16).padStart(2, '0');

function ifInet6(net: NetNamespace): string {
  let text = '';
  for (const a of net.addrs.list({ family: 'inet6' })) {
    const name = net.links.get(a.index)?.name ?? '';
    const scope = a.scope === 254 ? 0x10 : a.scope === 253 ? 0x20 : a.scope === 200 ? 0x40 : 0;
    const flags =
      (a.permanent ? 0x80 : 0) |
      (a.tentative ? 0x40 : 0) |
      (a.deprecated ? 0x20 : 0) |
      (a.dadFailed ? 0x08 : 0) |
      (a.noDad ? 0x02 : 0);
    text += `${hex6(a.local)} ${byte(a.index)} ${byte(a.prefixLength)} ${byte(scope)} ${byte(flags)} ${name.padStart(8)}\n`;
  }
  return text;
}

function ipv6Route(net: NetNamespace): string {
  const zero = '0'.repeat(32);
  const row = (r: RouteInfo): string => {
    const hop = r.nexthops[0];
    const name = hop?.index === undefined ? 'lo' : (net.links.get(hop.index)?.name ?? 'lo');
    const local = r.type === 'local';
    const flags = local
      ? 0x80200001
      : hop?.gateway !== undefined
        ? 0x3
        : r.type === 'unicast' || r.type === 'multicast'
          ? 1
          : 0x200200;
    const h = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');
    return `${hex6(r.dst)} ${byte(r.dstLength)} ${zero} 00 ${hop?.gateway === undefined ? zero : hex6(hop.gateway)} ${h(r.metric)} ${h(local ? 2 : 1)} 00000000 ${h(flags)} ${name.padStart(8)}\n`;
  };
  // Both tables end with the entry that answers for everything they do not know.
  const nothing = `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo\n`;
  const table = (n: number): string => {
    try {
      return net.routes.list({ family: 'inet6', table: n }).map(row).join('') + nothing;
    } catch {
      return nothing;
    }
  };
  return table(RT_TABLE.MAIN) + table(RT_TABLE.LOCAL);
}

function devMcast(net: NetNamespace): string {
  let text = '';
  for (const l of net.links.list()) {
    for (const f of net.fdb.list({ index: l.index })) {
      if (f.self) text += `${String(l.index).padEnd(4)} ${l.name.padEnd(15)} 1     0     ${f.mac.replace(/:/g, '')}\n`;
    }
  }
  return text;
}

/** Links that have IPv4 set up: all that are up, and the loopback. */
function withInet(l: LinkInfo): boolean {
  return (l.flags & 1) !== 0 && ((l.flags & 0x1000) !== 0 || l.kind === 'loopback');
}

function igmp(net: NetNamespace): string {
  let text = 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n';
  for (const l of net.links.list()) {
    if (!withInet(l)) continue;
    text += `${l.index}\t${l.name.padEnd(10)}: ${String(1).padStart(5)}      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n`;
  }
  return text;
}

function igmp6(net: NetNamespace): string {
  let text = '';
  for (const l of net.links.list()) {
    const row = (group: string, flags: string, users = 1): void => {
      text += `${String(l.index).padEnd(4)} ${l.name.padEnd(15)} ${hex6(group)} ${pad(users, 5)} ${flags} 0\n`;
    };
    // Addresses that end alike share their solicited-node group.
    const solicited = new Map<string, number>();
    for (const a of net.addrs.list({ family: 'inet6', index: l.index })) {
      if (l.kind === 'loopback') continue;
      const hex = hex6(a.local);
      const group = `ff02::1:ff${hex.slice(26, 28)}:${hex.slice(28)}`;
      solicited.set(group, (solicited.get(group) ?? 0) + 1);
    }
    for (const [group, users] of solicited) row(group, '00000004', users);
    if ((l.flags & 1) !== 0) row('ff02::1', '0000000C');
    row('ff01::1', '00000008');
  }
  return text;
}

function devSnmp6(net: NetNamespace): Inode {
  const made = new Map<string, TextNode>();
  return new ComputedDir(
    () => net.links.list().map((l) => l.name),
    (name) => {
      const link = net.links.byName(name);
      if (!link || link.name !== name) return undefined;
      let node = made.get(name);
      if (!node) {
        node = new TextNode(() => `${'ifIndex'.padEnd(32)}\t${net.links.byName(name)?.index ?? 0}\n`).touch(
          net.host.scheduler.now,
        );
        made.set(name, node);
      }
      return node;
    },
  );
}

/** Two lines a group: names, then values. Counters that are not kept are 0. */
function counters(net: NetNamespace, rows: readonly (readonly [string, readonly string[]])[]): string {
  const mib = net.mib as unknown as Readonly<Record<string, number>>;
  const special = specials(net);
  return rows
    .map(([group, names]) => {
      const values = names.map((n) => special[`${group}${n}`] ?? mib[`${group}${n}`] ?? 0);
      const types = group === 'Icmp' ? icmpTypes(net) : '';
      return `${group}: ${names.join(' ')}\n${group}: ${values.join(' ')}\n${types}`;
    })
    .join('');
}

/** Messages by ICMP type (icmpmsg_put): only those that there were. */
function icmpTypes(net: NetNamespace): string {
  const { mib } = net;
  const rows = [
    ['InType0', mib.IcmpInEchoReps],
    ['InType3', mib.IcmpInDestUnreachs],
    ['InType5', mib.IcmpInRedirects],
    ['InType8', mib.IcmpInEchos],
    ['InType11', mib.IcmpInTimeExcds],
    ['InType12', mib.IcmpInParmProbs],
    ['OutType0', mib.IcmpOutEchoReps],
    ['OutType3', mib.IcmpOutDestUnreachs],
    ['OutType5', mib.IcmpOutRedirects],
    ['OutType8', mib.IcmpOutEchos],
    ['OutType11', mib.IcmpOutTimeExcds],
    ['OutType12', mib.IcmpOutParmProbs],
  ] as const;
  const seen = rows.filter(([, n]) => n > 0);
  if (seen.length === 0) return '';
  return `IcmpMsg: ${seen.map(([name]) => name).join(' ')}\nIcmpMsg: ${seen.map(([, n]) => n).join(' ')}\n`;
}

/** The same for ICMPv6. */
function icmp6Types(net: NetNamespace): readonly (readonly [string, number])[] {
  const { mib } = net;
  const rows: readonly (readonly [string, number])[] = [
    ['Icmp6InType1', mib.Icmp6InDestUnreachs],
    ['Icmp6InType2', mib.Icmp6InPktTooBigs],
    ['Icmp6InType3', mib.Icmp6InTimeExcds],
    ['Icmp6InType4', mib.Icmp6InParmProblems],
    ['Icmp6InType128', mib.Icmp6InEchos],
    ['Icmp6InType129', mib.Icmp6InEchoReplies],
    ['Icmp6InType133', mib.Icmp6InRouterSolicits],
    ['Icmp6InType134', mib.Icmp6InRouterAdvertisements],
    ['Icmp6InType135', mib.Icmp6InNeighborSolicits],
    ['Icmp6InType136', mib.Icmp6InNeighborAdvertisements],
    ['Icmp6InType143', mib.Icmp6InMLDv2Reports],
    ['Icmp6OutType1', mib.Icmp6OutDestUnreachs],
    ['Icmp6OutType2', mib.Icmp6OutPktTooBigs],
    ['Icmp6OutType3', mib.Icmp6OutTimeExcds],
    ['Icmp6OutType4', mib.Icmp6OutParmProblems],
    ['Icmp6OutType128', mib.Icmp6OutEchos],
    ['Icmp6OutType129', mib.Icmp6OutEchoReplies],
    ['Icmp6OutType133', mib.Icmp6OutRouterSolicits],
    ['Icmp6OutType135', mib.Icmp6OutNeighborSolicits],
    ['Icmp6OutType136', mib.Icmp6OutNeighborAdvertisements],
    ['Icmp6OutType143', mib.Icmp6OutMLDv2Reports],
  ];
  return rows.filter(([, n]) => n > 0);
}

/** What is in the counters' files but counts nothing: settings and current numbers. */
function specials(net: NetNamespace): Record<string, number> {
  const forwarding = net.sysctl.get('ipv4/conf/all/forwarding') === '0' ? 2 : 1;
  return {
    IpForwarding: forwarding,
    IpDefaultTTL: Number(net.sysctl.get('ipv4/ip_default_ttl') ?? 64),
    TcpRtoAlgorithm: 1,
    TcpRtoMin: 200,
    TcpRtoMax: 120000,
    TcpMaxConn: -1,
    TcpCurrEstab: establishedCount(net),
  };
}

function establishedCount(net: NetNamespace): number {
  return net.sockets.list().filter((s) => s.protocol === 'tcp' && (s.state === 'ESTAB' || s.state === 'CLOSE-WAIT'))
    .length;
}

function snmp6(net: NetNamespace): string {
  const mib = net.mib as unknown as Readonly<Record<string, number>>;
  const row = (name: string, value: number): string => `${name.padEnd(32)}\t${value}\n`;
  return SNMP6_NAMES.map((n) => {
    const types = n === 'Icmp6OutMLDv2Reports' ? icmp6Types(net).map(([name, value]) => row(name, value)) : [];
    return row(n, mib[n] ?? 0) + types.join('');
  }).join('');
}

function softnet(net: NetNamespace): string {
  const cpus = (net.host as { cpus?: number }).cpus ?? 1;
  const row = (n: number): string =>
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n, 0, 0].map((v) => v.toString(16).padStart(8, '0')).join(' ');
  return Array.from({ length: cpus }, (_, n) => `${row(n)}\n`).join('');
}
