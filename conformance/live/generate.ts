/** Small random networks as lists of commands: the same text runs in real network namespaces and in the simulation. */
import { Random } from '../../src/engine/core';
import { widen } from './widen';

/** Who pings which address, and with which options. */
export interface Ping {
  readonly from: string;
  readonly to: string;
  readonly options?: readonly string[];
}

/** One generated network. */
export interface Network {
  readonly seed: string;
  /** Names of the namespaces. */
  readonly stacks: readonly string[];
  /** Commands that make it, one a line, in order. */
  readonly commands: readonly string[];
  readonly pings: readonly Ping[];
  readonly hasRules: boolean;
}

/** An address on a link. */
export interface Attached {
  readonly stack: string;
  readonly link: string;
  readonly segment: number;
  readonly address: string;
}

/** Makes the network of `seed`. @param withRules false leaves packet filter rules out; nothing else changes. */
export function generate(seed: string, withRules = true): Network {
  return new Generator(seed, withRules).network();
}

class Generator {
  private readonly random: Random;
  private readonly ruleRandom: Random;
  private readonly stacks: string[];
  private readonly commands: string[] = [];
  private readonly attached: Attached[] = [];
  private readonly bridges: { stack: string; name: string; ports: string[] }[] = [];
  private links = 0;
  private hasRules = false;

  constructor(
    private readonly seed: string,
    private readonly withRules: boolean,
  ) {
    this.random = new Random(`live/${seed}`);
    this.ruleRandom = new Random(`live/${seed}/rules`);
    this.stacks = 'abcde'.slice(0, 2 + this.random.below(4)).split('');
  }

  network(): Network {
    for (const s of this.stacks) {
      this.commands.push(`ip netns add ${s}`);
      if (this.chance(0.9)) this.in(s, 'link set lo up');
    }
    const segments = 1 + this.random.below(Math.min(3, this.stacks.length));
    for (let i = 1; i <= segments; i++) this.segment(i);
    for (const s of this.stacks) this.settings(s);
    this.routes(segments);
    for (let n = this.random.below(4); n > 0; n--) {
      // Until carriers and addresses are known: what happens within that second depends on the machine.
      this.commands.push('sleep 1.2');
      this.oddity();
    }
    if (this.withRules) this.rules();
    const wide = widen(this.seed, this.stacks, this.attached, this.hasRules);
    return {
      seed: this.seed,
      stacks: this.stacks,
      commands: [...this.commands, ...wide.commands],
      pings: [...this.pings(), ...wide.pings],
      hasRules: this.hasRules,
    };
  }

  private chance(p: number): boolean {
    return this.random.float() < p;
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)]!;
  }

  private in(stack: string, command: string): void {
    this.commands.push(`ip -n ${stack} ${command}`);
  }

  /** A cable between two stacks, or a bridge in one of them with cables to others. */
  private segment(n: number): void {
    const order = [...this.stacks].sort(() => this.random.float() - 0.5);
    const size = this.chance(0.5) || order.length < 3 ? 2 : 2 + this.random.below(order.length - 1);
    const members = order.slice(0, size);
    if (size === 2 && this.chance(0.7)) {
      const { here, there } = this.cable(members[0]!, members[1]!, n, 1, 2);
      this.address(members[0]!, here, n, 1);
      this.address(members[1]!, there, n, 2);
      return;
    }
    const home = members[0]!;
    const name = `br${n}`;
    this.in(home, `link add ${name} address 02:00:00:0b:00:${hex(n)} type bridge`);
    if (this.chance(0.95)) this.in(home, `link set ${name} up`);
    const bridge = { stack: home, name, ports: [] as string[] };
    this.bridges.push(bridge);
    members.slice(1).forEach((member, i) => {
      const { here, there } = this.cable(home, member, n, 10 + i, 2 + i);
      this.in(home, `link set ${here} master ${name}`);
      bridge.ports.push(here);
      this.address(member, there, n, 2 + i);
    });
    if (this.chance(0.7)) this.address(home, name, n, 1);
  }

  private cable(a: string, b: string, segment: number, ka: number, kb: number): { here: string; there: string } {
    const n = ++this.links;
    const here = `v${n}${b}`;
    const there = `v${n}${a}`;
    const mac = (k: number, end: number) => `02:00:${hex(end)}:${hex(segment)}:${hex(n)}:${hex(k)}`;
    this.in(a, `link add ${here} address ${mac(ka, 1)} type veth peer name ${there} netns ${b} address ${mac(kb, 2)}`);
    if (this.chance(0.96)) this.in(a, `link set ${here} up`);
    if (this.chance(0.96)) this.in(b, `link set ${there} up`);
    return { here, there };
  }

  private address(stack: string, link: string, segment: number, k: number): void {
    if (this.chance(0.04)) return;
    const subnet = this.chance(0.04) ? segment + 40 : segment;
    const length = this.chance(0.88) ? 24 : this.pick([16, 25, 30, 32]);
    const address = `10.0.${subnet}.${k}`;
    this.in(stack, `addr add ${address}/${length} dev ${link}`);
    this.attached.push({ stack, link, segment, address });
    if (this.chance(0.4)) {
      const ip6 = `fd00:0:0:${subnet}::${k}`;
      this.in(stack, `addr add ${ip6}/64 dev ${link} nodad`);
      this.attached.push({ stack, link, segment, address: ip6 });
    }
  }

  private sysctl(stack: string, key: string, value: number): void {
    this.commands.push(`ip netns exec ${stack} sysctl -qw ${key}=${value}`);
  }

  private settings(stack: string): void {
    if (this.chance(0.6)) this.sysctl(stack, 'net.ipv4.ip_forward', 1);
    if (this.chance(0.4)) this.sysctl(stack, 'net.ipv6.conf.all.forwarding', 1);
    if (this.chance(0.15)) this.sysctl(stack, 'net.ipv4.conf.all.rp_filter', 1 + this.random.below(2));
    if (this.chance(0.04)) this.sysctl(stack, 'net.ipv4.icmp_echo_ignore_all', 1);
    if (this.chance(0.06)) this.sysctl(stack, 'net.ipv4.conf.all.arp_ignore', 1 + this.random.below(2));
    if (this.chance(0.05)) this.sysctl(stack, 'net.ipv4.conf.all.arp_announce', 2);
    if (this.chance(0.06)) this.sysctl(stack, 'net.ipv4.conf.all.proxy_arp', 1);
    // Whether bridged packets meet the filter is the kernel's configuration here, and a module to be loaded there.
    this.commands.push(
      `for f in /proc/sys/net/bridge/bridge-nf-call-*; do ip netns exec ${stack} sh -c "if [ -e $f ]; then echo 0 > $f; fi"; done`,
    );
    // Errors are limited for each destination, redirects and their like by time: counters would depend on the machine's speed.
    const off = [
      'net.ipv4.icmp_ratelimit',
      'net.ipv6.icmp.ratelimit',
      'net.ipv4.conf.all.send_redirects',
      'net.ipv4.conf.default.send_redirects',
    ];
    const links = new Set(this.attached.filter((a) => a.stack === stack).map((a) => a.link));
    for (const link of links) off.push(`net.ipv4.conf.${link}.send_redirects`);
    this.commands.push(`ip netns exec ${stack} sysctl -qw ${off.map((key) => `${key}=0`).join(' ')}`);
    // Who was asked first is a matter of milliseconds. Soon after, everybody who was used is asked: then all know the same.
    for (const link of links) {
      const neigh = ['ipv4', 'ipv6'].flatMap((family) =>
        ['delay_first_probe_time=1', 'retrans_time_ms=500'].map((setting) => `net.${family}.neigh.${link}.${setting}`),
      );
      this.commands.push(`ip netns exec ${stack} sysctl -qw ${neigh.join(' ')}`);
    }
  }

  private routes(segments: number): void {
    for (const stack of this.stacks) {
      const own = this.attached.filter((a) => a.stack === stack);
      const near = this.attached.filter((a) => a.stack !== stack && own.some((o) => o.segment === a.segment));
      const near4 = near.filter((a) => !a.address.includes(':'));
      const near6 = near.filter((a) => a.address.includes(':'));
      for (let s = 1; s <= segments; s++) {
        if (own.some((o) => o.segment === s)) continue;
        if (near4.length > 0 && this.chance(0.7)) this.route(stack, `10.0.${s}.0/24`, this.pick(near4).address);
        if (near6.length > 0 && this.chance(0.6)) this.route(stack, `fd00:0:0:${s}::/64`, this.pick(near6).address);
      }
      if (near4.length > 0 && this.chance(0.3)) this.route(stack, 'default', this.pick(near4).address);
      if (near6.length > 0 && this.chance(0.2)) this.route(stack, 'default', this.pick(near6).address);
      if (this.chance(0.06)) {
        const type = this.pick(['blackhole', 'unreachable', 'prohibit']);
        this.in(stack, `route add ${type} 10.0.${1 + this.random.below(segments)}.${1 + this.random.below(4)}`);
      }
    }
  }

  private route(stack: string, prefix: string, via: string): void {
    const v6 = via.includes(':') ? '-6 ' : '';
    const metric = this.chance(0.15) ? ` metric ${10 + this.random.below(90)}` : '';
    this.commands.push(`ip ${v6}-n ${stack} route add ${prefix} via ${via}${metric}`);
  }

  /** Something that people do afterwards. */
  private oddity(): void {
    const on = this.attached.length > 0 ? this.pick(this.attached) : undefined;
    if (!on) return;
    const { stack, link, address } = on;
    const v6 = address.includes(':');
    switch (this.random.below(9)) {
      case 0:
        return this.in(stack, `link set ${link} down`);
      case 1:
        this.in(stack, `link set ${link} down`);
        return this.in(stack, `link set ${link} up`);
      case 2:
        return this.in(stack, `addr flush dev ${link} ${v6 ? 'scope global' : ''}`.trimEnd());
      case 3:
        return this.in(stack, 'route del default');
      case 4: {
        const other = this.pick(this.attached);
        if (other.address.includes(':')) return;
        return this.in(stack, `neigh add ${other.address} lladdr 02:de:ad:00:00:01 dev ${link} nud permanent`);
      }
      case 5: {
        const bridge = this.bridges.length > 0 ? this.pick(this.bridges) : undefined;
        if (!bridge || bridge.ports.length === 0) return;
        for (const port of bridge.ports)
          if (this.chance(0.7)) this.commands.push(`bridge -n ${bridge.stack} link set dev ${port} isolated on`);
        return;
      }
      case 6: {
        const other = this.pick(this.attached);
        if (other.address.includes(':') || v6) return;
        return this.in(stack, `route add ${other.address} dev ${link}`);
      }
      case 7:
        return this.in(stack, `link del ${link}`);
      default:
        return this.in(stack, `link set ${link} mtu ${this.pick([1280, 1400, 1500])}`);
    }
  }

  /** Rules that count pings. Errors are not counted: how many there are depends on time. */
  private rules(): void {
    const random = this.ruleRandom;
    const chance = (p: number) => random.float() < p;
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
    if (!chance(0.5)) return;
    for (const stack of this.stacks) {
      if (!chance(0.6)) continue;
      this.hasRules = true;
      const exec = `ip netns exec ${stack} iptables`;
      const links = this.attached.filter((a) => a.stack === stack).map((a) => a.link);
      const addresses = this.attached.map((a) => a.address).filter((a) => !a.includes(':'));
      for (let n = 1 + random.below(3); n > 0; n--) {
        const chain = pick(['INPUT', 'FORWARD', 'FORWARD', 'OUTPUT']);
        const parts = [`-p icmp --icmp-type ${pick(['echo-request', 'echo-reply'])}`];
        if (addresses.length > 0 && chance(0.4)) parts.push(`${chance(0.2) ? '! ' : ''}-s ${pick(addresses)}`);
        if (addresses.length > 0 && chance(0.3)) parts.push(`-d ${pick(addresses)}`);
        if (links.length > 0 && chain !== 'OUTPUT' && chance(0.3)) parts.push(`-i ${pick(links)}`);
        if (links.length > 0 && chain !== 'INPUT' && chance(0.3)) parts.push(`-o ${pick(links)}`);
        if (chance(0.2)) parts.push(`-m conntrack --ctstate ${pick(['NEW', 'ESTABLISHED', 'NEW,ESTABLISHED'])}`);
        const target = pick(['ACCEPT', 'DROP', 'REJECT', 'ACCEPT', 'RETURN']);
        this.commands.push(`${exec} -A ${chain} ${parts.join(' ')} -j ${target}`);
      }
      if (chance(0.25)) this.commands.push(`${exec} -P FORWARD DROP`);
      if (links.length > 0 && chance(0.25))
        this.commands.push(`${exec} -t nat -A POSTROUTING -o ${pick(links)} -p icmp -j MASQUERADE`);
      if (chance(0.15)) this.commands.push(`${exec} -D ${pick(['INPUT', 'FORWARD', 'OUTPUT'])} 1`);
    }
  }

  private pings(): { from: string; to: string }[] {
    return this.stacks.flatMap((from) =>
      this.attached.filter((a) => a.stack !== from).map((a) => ({ from, to: a.address })),
    );
  }
}

const hex = (n: number) => n.toString(16).padStart(2, '0');
