/** What was added to the random networks later: policy routing, narrow links, NAT, IPv6 filters, pings with options. */
import { Random } from '../../src/engine/core';
import type { Attached, Ping } from './generate';

/** Additions to a network. */
export interface Wide {
  readonly commands: readonly string[];
  readonly pings: readonly Ping[];
}

/** Additions to the network of `seed`, from a random source of their own: seeds keep the networks that they had. */
export function widen(seed: string, stacks: readonly string[], attached: readonly Attached[], hasRules: boolean): Wide {
  const random = new Random(`live/${seed}/wide`);
  const commands: string[] = [];
  const pings: Ping[] = [];
  const chance = (p: number): boolean => random.float() < p;
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const v4 = attached.filter((a) => !a.address.includes(':'));
  const v6 = attached.filter((a) => a.address.includes(':'));
  if (v4.length === 0) return { commands, pings };

  for (const stack of stacks) {
    const own = attached.filter((a) => a.stack === stack);
    const near = v4.filter((a) => a.stack !== stack && own.some((o) => o.segment === a.segment));
    if (chance(0.15)) {
      const selector = pick([`from ${pick(v4).address}`, `to ${pick(v4).address}`, `iif ${own[0]?.link ?? 'lo'}`]);
      if (chance(0.3))
        commands.push(`ip -n ${stack} rule add ${selector} ${pick(['prohibit', 'unreachable', 'blackhole'])}`);
      else commands.push(`ip -n ${stack} rule add ${selector} lookup 100`);
      if (near.length > 0)
        commands.push(
          `ip -n ${stack} route add ${pick(['default', `10.0.${pick(v4).segment}.0/24`])} via ${pick(near).address} table 100`,
        );
    }
    if (v6.length > 0 && chance(0.08))
      commands.push(
        `ip -6 -n ${stack} route add ${pick(['blackhole', 'unreachable', 'prohibit'])} ${pick(v6).address}`,
      );
    if (own.length > 0 && chance(0.15))
      commands.push(`ip -n ${stack} link set ${pick(own).link} mtu ${pick([1280, 1400, 1450])}`);
  }

  for (let n = random.below(7); n > 0; n--) {
    const to = pick(attached);
    const from = pick(stacks);
    if (from === to.stack) continue;
    pings.push({ from, to: to.address, options: pick(OPTIONS) });
  }

  if (hasRules) {
    for (const stack of stacks) rules(stack);
    // Slow machines look at connections late. Without any, the settings need not be there.
    const timeouts = ['icmp', 'icmpv6'].map((protocol) => `net.netfilter.nf_conntrack_${protocol}_timeout=600`);
    for (const stack of stacks) commands.push(`ip netns exec ${stack} sysctl -qw ${timeouts.join(' ')} || true`);
  }
  return { commands, pings };

  function rules(stack: string): void {
    const links = attached.filter((a) => a.stack === stack).map((a) => a.link);
    const request = '-p icmp --icmp-type echo-request';
    const nat = `ip netns exec ${stack} iptables -t nat -A`;
    if (chance(0.25)) {
      const chain = pick(['PREROUTING', 'PREROUTING', 'OUTPUT']);
      commands.push(`${nat} ${chain} ${request} -d ${pick(v4).address} -j DNAT --to-destination ${pick(v4).address}`);
    }
    if (chance(0.1)) commands.push(`${nat} PREROUTING ${request} -d ${pick(v4).address} -j REDIRECT`);
    if (chance(0.2)) {
      const out = links.length > 0 && chance(0.5) ? ` -o ${pick(links)}` : '';
      const target = pick(['MASQUERADE', `SNAT --to-source ${pick(v4).address}`]);
      commands.push(`${nat} POSTROUTING ${request}${out} -j ${target}`);
    }
    for (let n = chance(0.4) ? 1 + random.below(2) : 0; n > 0 && v6.length > 0; n--) {
      const chain = pick(['INPUT', 'FORWARD', 'OUTPUT']);
      const parts = [`-p icmpv6 --icmpv6-type ${pick(['echo-request', 'echo-reply'])}`];
      if (chance(0.3)) parts.push(`-s ${pick(v6).address}`);
      if (chance(0.3)) parts.push(`-d ${pick(v6).address}`);
      if (chance(0.2)) parts.push(`-m conntrack --ctstate ${pick(['NEW', 'ESTABLISHED'])}`);
      const target = pick(['ACCEPT', 'DROP', 'REJECT', 'RETURN']);
      commands.push(`ip netns exec ${stack} ip6tables -A ${chain} ${parts.join(' ')} -j ${target}`);
    }
  }
}

const OPTIONS = [
  ['-s', '1300'],
  ['-s', '1440'],
  ['-s', '2000'],
  ['-s', '4000'],
  ['-M', 'do', '-s', '1380'],
  ['-M', 'do', '-s', '1440'],
  ['-M', 'do', '-s', '2000'],
  ['-t', '1'],
  ['-t', '2'],
  ['-t', '3'],
] as const;
