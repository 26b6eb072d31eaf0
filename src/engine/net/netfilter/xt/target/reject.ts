/** -j REJECT (net/ipv4/netfilter/ipt_REJECT.c, net/ipv6/netfilter/ip6t_REJECT.c). */
import { HOOK } from '../../hook-table';
import { VERDICT } from '../../pktinfo';
import { rejectPacket } from '../../reject';
import type { XtTargetExtension } from '../command-line';
import { XtProblem } from '../problem';

/** struct ipt_reject_info: what to answer, by the name iptables prints. */
export interface RejectInfo {
  with: string;
}

/** Name, alias, code of ICMP "unreachable" (-1: a TCP reset), nft's name. */
type Kind = readonly [string, string, number, string];

const KINDS4: readonly Kind[] = [
  ['icmp-net-unreachable', 'net-unreach', 0, 'net-unreachable'],
  ['icmp-host-unreachable', 'host-unreach', 1, 'host-unreachable'],
  ['icmp-proto-unreachable', 'proto-unreach', 2, 'prot-unreachable'],
  ['icmp-port-unreachable', 'port-unreach', 3, 'port-unreachable'],
  ['icmp-net-prohibited', 'net-prohib', 9, 'net-prohibited'],
  ['icmp-host-prohibited', 'host-prohib', 10, 'host-prohibited'],
  ['tcp-reset', 'tcp-rst', -1, 'tcp reset'],
  ['icmp-admin-prohibited', 'admin-prohib', 13, 'admin-prohibited'],
];
const KINDS6: readonly Kind[] = [
  ['icmp6-no-route', 'no-route', 0, 'no-route'],
  ['icmp6-adm-prohibited', 'adm-prohibited', 1, 'admin-prohibited'],
  ['icmp6-addr-unreachable', 'addr-unreach', 3, 'addr-unreachable'],
  ['icmp6-port-unreachable', 'port-unreach', 4, 'port-unreachable'],
  ['tcp-reset', 'tcp-reset', -1, 'tcp reset'],
  ['icmp6-policy-fail', 'policy-fail', 5, 'policy-fail'],
  ['icmp6-reject-route', 'reject-route', 6, 'reject-route'],
];

const HOOKS = (1 << HOOK.INPUT) | (1 << HOOK.FORWARD) | (1 << HOOK.OUTPUT);

/** Both families: the kernel's extension has one name. */
export const reject: XtTargetExtension<RejectInfo> = {
  kind: 'target',
  name: 'REJECT',
  revision: 0,
  options: [{ name: 'reject-with', type: 'string' }],
  make: (family) => ({ with: family === 'ip' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable' }),
  parse(i, _option, value, _inverted, c) {
    const lower = value.text.toLowerCase();
    const kinds = c.family === 'ip' ? KINDS4 : KINDS6;
    const found = kinds.find(([name, alias]) => name.startsWith(lower) || alias.startsWith(lower));
    if (found === undefined || lower === '') throw new XtProblem(`unknown reject type "${value.text}"`);
    i.with = found[0];
  },
  print: (i) => ` reject-with ${i.with}`,
  save: (i) => ` --reject-with ${i.with}`,
  nft(i, c) {
    if (i.with === 'tcp-reset') return 'reject with tcp reset';
    if (i.with.endsWith('port-unreachable')) return 'reject';
    const kind = (c.family === 'ip' ? KINDS4 : KINDS6).find(([name]) => name === i.with);
    return `reject with ${c.family === 'ip' ? 'icmp' : 'icmpv6'} type ${kind?.[3] ?? i.with}`;
  },
  kernel: {
    name: 'REJECT',
    run(i, p) {
      const six = p.family === 'ip6';
      const kind = (six ? KINDS6 : KINDS4).find(([name]) => name === i.with);
      if (kind !== undefined)
        rejectPacket(
          p,
          kind[2] < 0 ? { type: 'tcp reset', code: 0 } : { type: six ? 'icmpv6' : 'icmp', code: kind[2] },
        );
      return VERDICT.DROP;
    },
    check(i, place) {
      if (place.table !== 'filter' || place.hooks & ~HOOKS) return 'EINVAL';
      if (i.with === 'tcp-reset' && (place.protocol !== 6 || place.protocolInverted)) return 'EINVAL';
      return undefined;
    },
  },
};
