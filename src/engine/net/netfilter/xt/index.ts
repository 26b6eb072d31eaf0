/** All extensions; loading this makes them known to the kernel (`extension.ts`) and to iptables. */
import type { XtExtension } from './command-line';
import { registerMatch, registerTarget } from './extension';
import { addrtype } from './match/addrtype';
import { comment } from './match/comment';
import { connbytes } from './match/connbytes';
import { connlimit } from './match/connlimit';
import { conntrack, state } from './match/conntrack';
import { ecn } from './match/ecn';
import { hashlimit } from './match/hashlimit';
import { icmp, icmp6 } from './match/icmp';
import { iprange } from './match/iprange';
import { length } from './match/length';
import { limit } from './match/limit';
import { mac } from './match/mac';
import { connmark, mark } from './match/mark';
import { multiport } from './match/multiport';
import { owner } from './match/owner';
import { physdev } from './match/physdev';
import { pkttype } from './match/pkttype';
import { quota } from './match/quota';
import { recent } from './match/recent';
import { ipvs } from './match/ipvs';
import { rpfilter } from './match/rpfilter';
import { sctp } from './match/sctp';
import { setMatch } from './match/set';
import { statistic } from './match/statistic';
import { string } from './match/string';
import { tcp } from './match/tcp';
import { tcpmss } from './match/tcpmss';
import { time } from './match/time';
import { dscp, tos } from './match/tos';
import { hlMatch, ttlMatch } from './match/ttl';
import { udp } from './match/udp';
import { checksum } from './target/checksum';
import { connmarkTarget } from './target/connmark';
import { ct, notrack } from './target/ct';
import { log } from './target/log';
import { markTarget } from './target/mark';
import { dnat, masquerade, netmap, redirect, snat } from './target/nat';
import { nflog } from './target/nflog';
import { nfqueue } from './target/nfqueue';
import { reject } from './target/reject';
import { setTarget } from './target/set';
import { tcpmssTarget } from './target/tcpmss';
import { dscpTarget, tosTarget } from './target/tos';
import { trace } from './target/trace';
import { hlTarget, ttlTarget } from './target/ttl';
import type { XtFamily } from './values';

/** An extension whose data only it understands. */
export type AnyExtension = XtExtension<unknown>;

const ALL = [
  addrtype,
  comment,
  connbytes,
  connlimit,
  connmark,
  conntrack,
  dscp,
  ecn,
  hashlimit,
  hlMatch,
  icmp,
  icmp6,
  iprange,
  length,
  limit,
  mac,
  mark,
  multiport,
  owner,
  physdev,
  pkttype,
  quota,
  recent,
  ipvs,
  rpfilter,
  sctp,
  setMatch,
  state,
  statistic,
  string,
  tcp,
  tcpmss,
  time,
  tos,
  ttlMatch,
  udp,
  checksum,
  connmarkTarget,
  ct,
  dnat,
  dscpTarget,
  hlTarget,
  log,
  markTarget,
  masquerade,
  netmap,
  nflog,
  nfqueue,
  notrack,
  redirect,
  reject,
  setTarget,
  snat,
  tcpmssTarget,
  tosTarget,
  trace,
  ttlTarget,
] as unknown as readonly AnyExtension[];

for (const e of ALL) {
  if (e.realName !== undefined) continue;
  if (e.kind === 'match') registerMatch(e.kernel);
  else registerTarget(e.kernel);
}

/** Every extension of a family. */
export function extensions(family: XtFamily): readonly AnyExtension[] {
  return ALL.filter((e) => e.families === undefined || e.families.includes(family));
}

/** The extension `-m name` or `-j NAME` loads. */
export function extensionNamed(kind: 'match' | 'target', name: string, family: XtFamily): AnyExtension | undefined {
  return ALL.find(
    (e) => e.kind === kind && e.name === name && (e.families === undefined || e.families.includes(family)),
  );
}

/** The extension that prints what the kernel keeps as `name` with this data: the alias it was written with. */
export function extensionOf(
  kind: 'match' | 'target',
  name: string,
  family: XtFamily,
  info: unknown,
): AnyExtension | undefined {
  return ALL.find(
    (e) =>
      e.kind === kind &&
      (e.realName ?? e.name) === name &&
      (e.families === undefined || e.families.includes(family)) &&
      (e.owns === undefined || e.owns(info)),
  );
}

/** The match that a protocol brings along. */
export function extensionOfProtocol(protocol: number, family: XtFamily): AnyExtension | undefined {
  return ALL.find((e) => e.kind === 'match' && e.protocols?.[family] === protocol);
}

/** Extensions of the real tools that are not simulated. */
export const NOT_SIMULATED: ReadonlySet<string> = new Set([
  'AUDIT',
  'CLASSIFY',
  'CLUSTERIP',
  'CONNSECMARK',
  'DNPT',
  'ECN',
  'HMARK',
  'IDLETIMER',
  'LED',
  'RATEEST',
  'SECMARK',
  'SNPT',
  'SYNPROXY',
  'TCPOPTSTRIP',
  'TEE',
  'TPROXY',
  'ULOG',
  'ah',
  'bpf',
  'cgroup',
  'cluster',
  'connlabel',
  'cpu',
  'dccp',
  'devgroup',
  'dst',
  'esp',
  'eui64',
  'frag',
  'hbh',
  'helper',
  'ipcomp',
  'ipv6header',
  'mh',
  'nfacct',
  'osf',
  'policy',
  'rateest',
  'realm',
  'rt',
  'socket',
  'srh',
  'u32',
]);
