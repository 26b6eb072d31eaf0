/** Elements of ipsets on the command line: reading and printing. */
import type { IpAddress } from '../../wire';
import { formatIp, formatIp4, parseIp, protocolName, protocolNumber, servicePort } from '../../wire';
import type { Dimension, IpSet, Member, Part } from '../../net/netfilter/ipset/ip-set';
import { ICMP6_NAMES, ICMP_NAMES } from '../../net/netfilter/xt/match/icmp-names';
import { parseUint } from '../../net/netfilter/xt/values';

/** The end of ipset with a message behind `ipset v7.17: `. */
export class IpsetProblem extends Error {
  constructor(
    text: string,
    /** 2 adds the hint at `ipset help`. */
    readonly status = 1,
  ) {
    super(text);
  }
}

const syntax = (text: string): never => {
  throw new IpsetProblem(`Syntax error: ${text}`);
};

/** Names of hosts, as /etc/hosts has them. */
export type Lookup = (name: string, family: 'ip' | 'ip6') => IpAddress | undefined;

function address(text: string, family: 'ip' | 'ip6', lookup: Lookup): IpAddress {
  const parsed = parseIp(text);
  if (parsed !== undefined && (typeof parsed === 'number') === (family === 'ip')) return parsed;
  return (
    lookup(text, family) ??
    syntax(`cannot parse ${text}: resolving to ${family === 'ip' ? 'IPv4' : 'IPv6'} address failed`)
  );
}

/** Most elements that one range may mean. */
const MAX_RANGE = 65536;

/** One, or a range of them: `10.0.0.1`, `10.0.0.0/30`, `10.0.0.1-10.0.0.9`. */
function addresses(text: string, dimension: Dimension, set: IpSet, lookup: Lookup): Part[] {
  const { family } = set.options;
  const bits = family === 'ip' ? 32 : 128;
  const one = (a: IpAddress, length = bits): Part => ({ kind: 'address', address: a, length });
  const slash = text.indexOf('/');
  if (slash >= 0) {
    const length =
      parseUint(text.slice(slash + 1), 0, bits) ?? syntax(`'${text.slice(slash + 1)}' is out of range 0-${bits}`);
    const base = address(text.slice(0, slash), family, lookup);
    if (dimension === 'net') return length === 0 ? syntax(`'0' is out of range 1-${bits}`) : [one(base, length)];
    if (typeof base === 'string')
      return length === 128 ? [one(base)] : syntax(`cannot parse ${text}: IPv6 ranges are not supported`);
    const first = length === 0 ? 0 : (base & (0xffffffff << (32 - length))) >>> 0;
    return range(first, 2 ** (32 - length), one);
  }
  const dash = family === 'ip' ? text.indexOf('-') : -1;
  if (dash > 0 && parseIp(text.slice(0, dash)) !== undefined) {
    const low = address(text.slice(0, dash), family, lookup) as number;
    const high = address(text.slice(dash + 1), family, lookup) as number;
    const [from, to] = low <= high ? [low, high] : [high, low];
    if (dimension === 'net') return prefixes(from, to, one);
    return range(from, to - from + 1, one);
  }
  return [one(address(text, family, lookup))];
}

function range(first: number, count: number, one: (a: number) => Part): Part[] {
  if (count > MAX_RANGE) syntax(`the range is too large, at most ${MAX_RANGE} elements at once`);
  return Array.from({ length: count }, (_, i) => one(first + i));
}

/** The fewest networks that make up a range. */
function prefixes(from: number, to: number, one: (a: number, length: number) => Part): Part[] {
  const out: Part[] = [];
  for (let at = from; at <= to;) {
    let length = 32;
    while (length > 0 && at % 2 ** (33 - length) === 0 && at + 2 ** (33 - length) - 1 <= to) length--;
    out.push(one(at, length));
    at += 2 ** (32 - length);
  }
  return out;
}

function icmp(text: string, six: boolean): number {
  const m = /^(\d+)\/(\d+)$/.exec(text);
  if (m) return (Number(m[1]) << 8) | Number(m[2]);
  const known = (six ? ICMP6_NAMES : ICMP_NAMES).find(([name]) => name === text);
  return known ? (known[1] << 8) | known[2] : syntax(`cannot parse ${text} as an ICMP type`);
}

/** `80`, `udp:53`, `tcp:80-82`, `icmp:8/0`. */
function ports(text: string, plain: boolean): Part[] {
  const colon = text.indexOf(':');
  let protocol = plain ? 0 : 6;
  let value = text;
  if (colon >= 0 && !plain) {
    const name = text.slice(0, colon).toLowerCase();
    protocol =
      name === 'icmpv6'
        ? 58
        : (parseUint(name, 0, 255) ?? protocolNumber(name) ?? syntax(`cannot parse '${name}' as a protocol`));
    value = text.slice(colon + 1);
  }
  if (protocol === 1 || protocol === 58) return [{ kind: 'port', protocol, port: icmp(value, protocol === 58) }];
  const number = (t: string): number =>
    parseUint(t, 0, 65535) ??
    servicePort(t)?.port ??
    syntax(`cannot parse '${t}' as a ${protocolName(protocol) ?? 'tcp'} port`);
  const dash = value.indexOf('-');
  const low = number(dash < 0 ? value : value.slice(0, dash));
  const high = dash < 0 ? low : number(value.slice(dash + 1));
  const [from, to] = low <= high ? [low, high] : [high, low];
  return Array.from({ length: to - from + 1 }, (_, i) => ({ kind: 'port' as const, protocol, port: from + i }));
}

/** Every element that the text means. @throws IpsetProblem */
export function parseElements(text: string, set: IpSet, lookup: Lookup): Part[][] {
  const words = text.split(',');
  const { dimensions } = set;
  if (words.length < dimensions.length) {
    const which = words.length === 1 ? 'Second' : 'Third';
    syntax(`${which} element is missing from ${text}.`);
  }
  if (words.length > dimensions.length)
    syntax(`Elem separator in ${text}, but settype ${set.options.type} supports none.`);
  let all: Part[][] = [[]];
  dimensions.forEach((d, i) => {
    const word = words[i]!;
    const parts: Part[] =
      d === 'port'
        ? ports(word, set.options.range !== undefined)
        : d === 'ip' || d === 'net'
          ? addresses(word, d, set, lookup)
          : [{ kind: 'name', name: word.replace(/^physdev:/, '') }];
    all = all.flatMap((head) => parts.map((p) => [...head, p]));
  });
  return all;
}

function portText(protocol: number, port: number): string {
  if (protocol === 0) return String(port);
  const name = protocol === 58 ? 'icmpv6' : (protocolName(protocol) ?? String(protocol));
  if (protocol !== 1 && protocol !== 58) return `${name}:${port}`;
  const type = port >> 8;
  const code = port & 255;
  const known = (protocol === 58 ? ICMP6_NAMES : ICMP_NAMES).find(
    ([, t, low, high]) => t === type && (low === high ? code === low : code === 0),
  );
  return `${name}:${known ? known[0] : `${type}/${code}`}`;
}

/** An element without its options. */
export function elementText(m: Member, set: IpSet): string {
  const bits = set.options.family === 'ip' ? 32 : 128;
  return m.parts
    .map((p) => {
      switch (p.kind) {
        case 'address':
          return formatIp(p.address) + (p.length === bits ? '' : `/${p.length}`);
        case 'port':
          return portText(p.protocol, p.port);
        case 'name':
          return p.name;
      }
    })
    .join(',');
}

/** An element with what it carries. @param now for the time that is left */
export function memberText(m: Member, set: IpSet, now: number): string {
  const { options } = set;
  let out = elementText(m, set);
  if (options.timeout !== undefined)
    out += ` timeout ${m.expires === undefined ? 0 : Math.max(1, Math.floor((m.expires - now) / 1e6))}`;
  if (m.nomatch) out += ' nomatch';
  if (options.counters) out += ` packets ${m.packets} bytes ${m.bytes}`;
  if (options.comment && m.comment !== undefined) out += ` comment "${m.comment}"`;
  return out;
}

/** What stands behind `Header: ` and, in `save`, behind the type. */
export function headerText(set: IpSet): string {
  const { options: o } = set;
  const extra = `${o.timeout === undefined ? '' : ` timeout ${o.timeout}`}${o.counters ? ' counters' : ''}${o.comment ? ' comment' : ''}${o.flags.map((f) => ` ${f}`).join('')}`;
  if (o.type === 'list:set') return `size ${o.size}${extra}`;
  if (o.range !== undefined) {
    const show = (n: number): string => (o.type === 'bitmap:ip' ? formatIp4(n) : String(n));
    const netmask = o.netmask === undefined || o.netmask === 32 ? '' : ` netmask ${o.netmask}`;
    return `range ${show(o.range[0])}-${show(o.range[1])}${netmask}${extra}`;
  }
  const netmask = o.netmask === undefined ? '' : ` netmask ${o.netmask}`;
  return (
    `family ${o.family === 'ip' ? 'inet' : 'inet6'} hashsize ${o.hashsize} maxelem ${o.maxelem}${netmask}${extra}` +
    ` bucketsize 12 initval 0x${o.initval.toString(16).padStart(8, '0')}`
  );
}
