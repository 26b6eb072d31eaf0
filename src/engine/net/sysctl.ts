import { Errno } from '../core';
import type { SysctlApi } from './api';
import type { NetNamespace } from './namespace';
import { INERT_CONF6, INERT_CORE, INERT_IPV4, INERT_IPV6, INERT_MPTCP, INERT_ROUTE6, INERT_UNIX } from './sysctl-inert';

const CORE_DEFAULTS = {
  default_qdisc: 'fq_codel',
  netdev_budget: 300,
  netdev_max_backlog: 1000,
  rmem_default: 212992,
  rmem_max: 4194304,
  somaxconn: 4096,
  wmem_default: 212992,
  wmem_max: 4194304,
};

/** Bounds of a value where the kernel checks them. */
const BOUNDS: Record<string, readonly [number, number]> = {
  ip_default_ttl: [1, 255],
  tcp_syn_retries: [1, 127],
  tcp_synack_retries: [0, 255],
  ip_unprivileged_port_start: [0, 65535],
  somaxconn: [0, 2147483647],
  tcp_tw_reuse: [0, 2],
};

type Leaf = { get(): string; set?(text: string): void };
type Node = { dir(): Record<string, () => Leaf | Node | undefined> };

function isDir(n: Leaf | Node): n is Node {
  return 'dir' in n;
}

/** Parses what proc_dointvec takes: decimal, hexadecimal or octal, in 32 bits. @throws Errno EINVAL */
function parseInt32(text: string): number {
  const t = text.trim();
  if (!/^-?(0x[0-9a-fA-F]+|\d+)$/.test(t)) throw new Errno('EINVAL');
  const negative = t.startsWith('-');
  const digits = negative ? t.slice(1) : t;
  const n = digits.length > 1 && digits[0] === '0' && digits[1] !== 'x' ? parseInt(digits, 8) : Number(digits);
  const value = negative ? -n : n;
  if (!Number.isFinite(value) || value > 2147483647 || value < -2147483648) throw new Errno('EINVAL');
  return value;
}

/** What do_proc_dointvec takes for a single number: the first one, whatever follows it. */
const first = (text: string): string => /^\s*(\S+)\s/.exec(text)?.[1] ?? text;

/** One number kept in an object. */
function number<K extends string>(object: Record<K, number>, key: K, after?: (value: number) => void): Leaf {
  return {
    get: () => String(object[key]),
    set: (text) => {
      const value = parseInt32(first(text));
      const bounds = BOUNDS[key];
      if (bounds && (value < bounds[0] || value > bounds[1])) throw new Errno('EINVAL');
      object[key] = value;
      after?.(value);
    },
  };
}

/** A view of a number in milliseconds in units of `unit` milliseconds. */
function scaled(object: Record<string, number>, key: string, unit: number): Leaf {
  return {
    get: () => String(Math.floor(object[key]! / unit)),
    set: (text) => void (object[key] = parseInt32(text) * unit),
  };
}

/** Several numbers separated by tabs; a shorter write changes the first ones. */
function vector(object: Record<string, unknown>, key: string, check?: (values: number[]) => void): Leaf {
  return {
    get: () => (object[key] as number[]).join('\t'),
    set: (text) => {
      const parts = text.trim().split(/\s+/);
      const values = [...(object[key] as number[])];
      if (parts[0] === '' || parts.length > values.length) throw new Errno('EINVAL');
      parts.forEach((p, i) => (values[i] = parseInt32(p)));
      check?.(values);
      object[key] = values;
    },
  };
}

/** A setting without effect: a number stays a number, anything else is text. */
function inert(object: Record<string, string>, key: string): Leaf {
  const numeric = /^-?\d+$/.test(object[key]!);
  return {
    get: () => object[key]!,
    set: (text) => void (object[key] = numeric ? String(parseInt32(first(text))) : text.trim()),
  };
}

/** /proc/sys/net of one namespace. */
export class NetSysctl implements SysctlApi {
  readonly core = { ...CORE_DEFAULTS };
  private readonly inertCore = { ...INERT_CORE };
  private readonly inert4 = { ...INERT_IPV4 };
  private readonly inert6 = { ...INERT_IPV6 };
  private readonly inertRoute6 = { ...INERT_ROUTE6 };
  private readonly inertMptcp = { ...INERT_MPTCP };
  private readonly inertUnix = { ...INERT_UNIX };
  /** net.ipv6.icmp.ratemask as it was written. */
  private icmp6Mask = '0-1,3-127';
  private readonly inertConf6 = new WeakMap<object, Record<string, string>>();
  /** What other parts of the kernel add (netfilter, bridge, ipv4/vs): directory to its files. */
  readonly extra = new Map<string, Map<string, Leaf>>();

  constructor(private readonly ns: NetNamespace) {}

  /** The machine's first namespace has files that others lack. */
  private get initial(): boolean {
    for (const first of this.ns.siblings) return first === this.ns;
    return false;
  }

  private root(): Node {
    return {
      dir: () => {
        const dirs: Record<string, () => Leaf | Node | undefined> = {
          core: () => this.coreDir(),
          ipv4: () => this.ipv4Dir(),
          ipv6: () => this.ipv6Dir(),
          mptcp: () => this.inertDir(this.inertMptcp),
          unix: () => this.inertDir(this.inertUnix),
        };
        for (const [name, files] of this.extra)
          if (!name.includes('/'))
            dirs[name] = () => ({ dir: () => Object.fromEntries([...files].map(([k, v]) => [k, () => v])) });
        return dirs;
      },
    };
  }

  private coreDir(): Node {
    const { core } = this;
    return {
      dir: () => {
        const out: Record<string, () => Leaf> = {};
        for (const key of Object.keys(core) as (keyof typeof core)[]) {
          if (!this.initial && (key === 'default_qdisc' || key.startsWith('netdev_'))) continue;
          if (key === 'default_qdisc')
            out[key] = () => ({ get: () => core.default_qdisc, set: (t) => void (core.default_qdisc = t.trim()) });
          else
            out[key] = () =>
              number(
                core as Record<typeof key, number>,
                key,
                key === 'netdev_max_backlog' ? (v) => (this.ns.softnet.maxBacklog = v) : undefined,
              );
        }
        for (const key of Object.keys(this.inertCore)) out[key] = () => inert(this.inertCore, key);
        return out;
      },
    };
  }

  private ipv4Dir(): Node {
    const { ns } = this;
    return {
      dir: () => {
        const out: Record<string, () => Leaf | Node> = {};
        for (const [key, value] of Object.entries(ns.ipv4)) {
          if (Array.isArray(value)) {
            out[key] = () =>
              vector(ns.ipv4, key, (v) => {
                if (key === 'ip_local_port_range' && (v[0]! < 1 || v[1]! > 65535 || v[0]! > v[1]!))
                  throw new Errno('EINVAL');
              });
          } else {
            const after = key === 'ip_forward' ? (v: number): void => this.setForwarding4(v) : undefined;
            out[key] = () => number(ns.ipv4 as unknown as Record<string, number>, key, after);
          }
        }
        for (const key of Object.keys(this.inert4)) out[key] = () => inert(this.inert4, key);
        for (const [name, files] of this.extra)
          if (name.startsWith('ipv4/'))
            out[name.slice(5)] = () => ({ dir: () => Object.fromEntries([...files].map(([k, v]) => [k, () => v])) });
        out.conf = () => this.confDir('inet');
        out.neigh = () => this.neighDir('inet');
        out.route = () => ({
          dir: () => ({
            ...Object.fromEntries(
              Object.keys(ns.route4).map((key) => [
                key,
                () => number(ns.route4 as unknown as Record<string, number>, key),
              ]),
            ),
            flush: () => ({ get: () => '', set: () => ns.routes.forgetExceptions('inet') }),
          }),
        });
        return out;
      },
    };
  }

  private inertDir(values: Record<string, string>): Node {
    return { dir: () => Object.fromEntries(Object.keys(values).map((key) => [key, () => inert(values, key)])) };
  }

  private ipv6Dir(): Node {
    const { ns } = this;
    const numbers = (
      object: object,
      extra: Record<string, () => Leaf | Node> = {},
    ): Record<string, () => Leaf | Node> => ({
      ...Object.fromEntries(
        Object.keys(object).map((key) => [key, () => number(object as unknown as Record<string, number>, key)]),
      ),
      ...extra,
    });
    return {
      dir: () => ({
        ...Object.fromEntries(Object.keys(this.inert6).map((key) => [key, () => inert(this.inert6, key)])),
        ...numbers(ns.ipv6),
        conf: () => this.confDir('inet6'),
        icmp: () => ({
          dir: () =>
            numbers(ns.icmp6, {
              ratemask: () => ({ get: () => this.icmp6Mask, set: (text) => this.setIcmp6Mask(text.trim()) }),
            }),
        }),
        neigh: () => this.neighDir('inet6'),
        route: () => ({
          dir: () => ({
            ...Object.fromEntries(
              Object.keys(this.inertRoute6).map((key) => [key, () => inert(this.inertRoute6, key)]),
            ),
            flush: () => ({ get: () => '', set: () => ns.routes.forgetExceptions('inet6') }),
          }),
        }),
      }),
    };
  }

  /** proc_do_large_bitmap: ranges of ICMPv6 types. @throws Errno EINVAL */
  private setIcmp6Mask(text: string): void {
    if (text !== '' && !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) throw new Errno('EINVAL');
    this.icmp6Mask = text;
    this.icmp6Ranges = text === '' ? [] : text.split(',').map((r) => r.split('-').map(Number) as number[]);
  }

  private icmp6Ranges: number[][] = [
    [0, 1],
    [3, 127],
  ];

  /** Is the ICMPv6 type limited in its rate? */
  limitsIcmp6(type: number): boolean {
    return this.icmp6Ranges.some(([low = 0, high = low]) => type >= low && type <= high);
  }

  /** net.ipv4.ip_forward: every link and the default follow (inet_forward_change). */
  private setForwarding4(on: number): void {
    const { ns } = this;
    ns.ipv4.ip_forward = on;
    ns.conf4.all.forwarding = on;
    ns.conf4.all.accept_redirects = on ? 0 : 1;
    ns.conf4.default.forwarding = on;
    for (const link of ns.links) link.ip4.conf.forwarding = on;
  }

  private confDir(family: 'inet' | 'inet6'): Node {
    const { ns } = this;
    const dirs: Record<string, () => Node> = {};
    const files = (conf: Record<string, number>, which: 'all' | 'default' | number): Node => ({
      dir: () => {
        const out: Record<string, () => Leaf> = {};
        for (const key of Object.keys(conf))
          out[key] = () => number(conf, key, (v) => this.confChanged(family, key, v, which));
        if (family === 'inet6') {
          let rest = this.inertConf6.get(conf);
          if (rest === undefined) this.inertConf6.set(conf, (rest = { ...INERT_CONF6 }));
          const values = rest;
          for (const key of Object.keys(values)) out[key] = () => inert(values, key);
        }
        return out;
      },
    });
    const shared = family === 'inet' ? ns.conf4 : ns.conf6;
    dirs.all = () => files(shared.all as unknown as Record<string, number>, 'all');
    dirs.default = () => files(shared.default as unknown as Record<string, number>, 'default');
    for (const link of ns.links) {
      const conf = family === 'inet' ? link.ip4.conf : link.ip6?.conf;
      if (conf) dirs[link.name] = () => files(conf as unknown as Record<string, number>, link.index);
    }
    return { dir: () => dirs };
  }

  private confChanged(family: 'inet' | 'inet6', key: string, value: number, which: 'all' | 'default' | number): void {
    const { ns } = this;
    if (family === 'inet') {
      if (key === 'forwarding' && which === 'all') this.setForwarding4(value);
      return;
    }
    if (key === 'forwarding' && which === 'all') {
      ns.conf6.default.forwarding = value;
      for (const link of ns.links) if (link.ip6) link.ip6.conf.forwarding = value;
    }
    if (key === 'forwarding') {
      const links = which === 'all' ? [...ns.links] : typeof which === 'number' ? [ns.links.get(which)!] : [];
      for (const link of links) ns.addrconf.forwardingChanged(link);
    }
    if (key === 'disable_ipv6') {
      const links = which === 'all' ? [...ns.links] : typeof which === 'number' ? [ns.links.get(which)!] : [];
      if (which === 'all') ns.conf6.default.disable_ipv6 = value;
      for (const link of links) {
        if (!link.ip6) continue;
        link.ip6.conf.disable_ipv6 = value;
        if (value) ns.addrconf.down(link, false, true);
        else if (link.up) ns.addrconf.up(link);
      }
    }
  }

  private neighDir(family: 'inet' | 'inet6'): Node {
    const { ns } = this;
    const dirs: Record<string, () => Node> = {};
    const files = (conf: object): Node => ({
      dir: () => {
        const values = conf as Record<string, number>;
        const out: Record<string, () => Leaf> = {};
        for (const key of Object.keys(conf)) out[key] = () => number(values, key);
        // The same values in older units: seconds, and 1/100 s for IPv4 or ticks of 4 ms for IPv6.
        out.base_reachable_time = () => scaled(values, 'base_reachable_time_ms', 1000);
        out.retrans_time = () => scaled(values, 'retrans_time_ms', family === 'inet' ? 10 : 4);
        return out;
      },
    });
    // The defaults are shown as files in the initial namespace only.
    if (this.initial) dirs.default = () => files(ns.neighDefault[family]);
    for (const link of ns.links) {
      const conf = family === 'inet' ? link.ip4.neigh : link.ip6?.neigh;
      if (conf) dirs[link.name] = () => files(conf);
    }
    return { dir: () => dirs };
  }

  private find(path: string): Leaf | Node | undefined {
    let node: Leaf | Node | undefined = this.root();
    for (const part of path.split('/')) {
      if (part === '') continue;
      if (node === undefined || !isDir(node)) return undefined;
      const entries: Record<string, () => Leaf | Node | undefined> = node.dir();
      node = Object.hasOwn(entries, part) ? entries[part]!() : undefined;
    }
    return node;
  }

  get(path: string): string | undefined {
    const node = this.find(path);
    return node === undefined || isDir(node) ? undefined : node.get();
  }

  set(path: string, value: string): void {
    const node = this.find(path);
    if (node === undefined) throw new Errno('ENOENT');
    if (isDir(node)) throw new Errno('EISDIR');
    if (node.set === undefined) throw new Errno('EACCES');
    node.set(value);
  }

  entries(path: string): { name: string; dir: boolean; mode: number }[] | undefined {
    const node = this.find(path);
    if (node === undefined || !isDir(node)) return undefined;
    const entries = node.dir();
    return Object.keys(entries)
      .sort()
      .map((name) => {
        const n = entries[name]!();
        const dir = n !== undefined && isDir(n);
        const flush = name === 'flush';
        const readOnly = n !== undefined && !isDir(n) && n.set === undefined;
        return { name, dir, mode: dir ? 0o555 : flush ? 0o200 : readOnly ? 0o444 : 0o644 };
      });
  }
}
