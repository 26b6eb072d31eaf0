/** Rules of nf_tables read as rules of iptables (iptables/nft-shared.c); undefined for those that iptables cannot say. */
import type { IpAddress } from '../../../wire';
import type { Expr, Operand, Scalar } from '../../../net/netfilter/nftables';
import { ip6FromKey } from '../../../net/netfilter/nftables';
import { extensionNamed, extensionOf } from '../../../net/netfilter/xt';
import { LIMIT_SCALE } from '../../../net/netfilter/xt/match/limit';
import type { LimitInfo } from '../../../net/netfilter/xt/match/limit';
import type { MarkInfo } from '../../../net/netfilter/xt/match/mark';
import type { TcpInfo } from '../../../net/netfilter/xt/match/tcp';
import type { UdpInfo } from '../../../net/netfilter/xt/match/udp';
import type { Signed, XtCounters, XtRule, XtRuleMatch, XtRuleTarget, XtVerdict } from '../../../net/netfilter/xt/rule';
import type { Masked, XtFamily } from '../../../net/netfilter/xt/values';
import { fullMask } from '../../../net/netfilter/xt/values';

/** Thrown inside for what iptables has no words for. */
class Foreign extends Error {}

function foreign(): never {
  throw new Foreign();
}

const PER = {
  second: LIMIT_SCALE,
  minute: 60 * LIMIT_SCALE,
  hour: 3600 * LIMIT_SCALE,
  day: 86400 * LIMIT_SCALE,
  week: 0,
};

/** Collects one rule. */
class Decoder {
  source: Signed<Masked> | undefined;
  destination: Signed<Masked> | undefined;
  input: Signed<string> | undefined;
  output: Signed<string> | undefined;
  protocol: Signed<number> | undefined;
  fragment: Signed<true> | undefined;
  matches: XtRuleMatch[] = [];
  target: XtRuleTarget = { kind: 'none' };
  counters: XtCounters | undefined;

  constructor(private readonly family: XtFamily) {}

  private address(value: Scalar): IpAddress {
    return typeof value === 'number' ? value : ip6FromKey(value);
  }

  /** The tcp or udp match that header fields add to. */
  private transport(name: 'tcp' | 'udp'): TcpInfo & UdpInfo {
    const last = this.matches[this.matches.length - 1];
    if (last?.extension.name === name) return last.info as TcpInfo & UdpInfo;
    const extension = extensionNamed('match', name, this.family)!;
    const info = extension.make(this.family);
    this.matches.push({ extension, info });
    return info as TcpInfo & UdpInfo;
  }

  private ports(field: string, range: readonly [number, number], inverted: boolean): void {
    const [protocol, key] = field.split(' ') as [string, string];
    const name = protocol === 'th' ? (this.protocol?.value === 17 ? 'udp' : 'tcp') : protocol;
    if (name !== 'tcp' && name !== 'udp') foreign();
    const i = this.transport(name as 'tcp' | 'udp');
    if (key === 'sport') {
      i.sport = range;
      i.notSport = inverted;
    } else {
      i.dport = range;
      i.notDport = inverted;
    }
  }

  private compare(e: Extract<Expr, { kind: 'cmp' }>): void {
    let left: Operand = e.left;
    let mask: Scalar | undefined;
    if (left.kind === 'bitwise') {
      mask = left.mask;
      left = left.source;
    }
    const inverted = e.op === '!=';
    const equality = inverted || e.op === '==';
    const { value } = e;
    if (typeof value === 'object') foreign();
    if (left.kind === 'meta') {
      if (!equality) foreign();
      switch (left.key) {
        case 'iifname':
        case 'oifname': {
          const part = { value: `${value}${e.prefix ? '+' : ''}`, inverted };
          if (left.key === 'iifname') this.input = part;
          else this.output = part;
          return;
        }
        case 'l4proto':
          this.protocol = { value: value as number, inverted };
          return;
        case 'mark': {
          const extension = extensionNamed('match', 'mark', this.family)!;
          const info: MarkInfo = { mark: value as number, mask: (mask as number | undefined) ?? 0xffffffff, inverted };
          this.matches.push({ extension, info });
          return;
        }
        default:
          foreign();
      }
    }
    if (left.kind !== 'payload') foreign();
    const { field } = left;
    switch (field) {
      case 'ip saddr':
      case 'ip6 saddr':
      case 'ip daddr':
      case 'ip6 daddr': {
        if (!equality) foreign();
        const m: Masked = {
          address: this.address(value as Scalar),
          mask: mask === undefined ? fullMask(this.family) : this.address(mask),
        };
        if (field.endsWith('saddr')) this.source = { value: m, inverted };
        else this.destination = { value: m, inverted };
        return;
      }
      case 'ip protocol':
      case 'ip6 nexthdr':
        if (!equality) foreign();
        this.protocol = { value: value as number, inverted };
        return;
      case 'ip frag-off':
        if (mask !== 0x1fff || value !== 0) foreign();
        this.fragment = { value: true, inverted: !inverted };
        return;
      case 'tcp flags': {
        if (!equality) foreign();
        const i = this.transport('tcp');
        i.mask = (mask as number | undefined) ?? 255;
        i.compare = value as number;
        i.notFlags = inverted;
        return;
      }
    }
    if (!/ [sd]port$/.test(field) || mask !== undefined) foreign();
    const n = value as number;
    if (equality) this.ports(field, [n, n], inverted);
    else if (e.op === '<=') this.ports(field, [0, n], false);
    else if (e.op === '<') this.ports(field, [0, n - 1], false);
    else if (e.op === '>') this.ports(field, [n + 1, 65535], false);
    else this.ports(field, [n, 65535], false);
  }

  private compat(kind: 'match' | 'target', name: string, info: unknown): void {
    const extension = extensionOf(kind, name, this.family, info);
    if (extension === undefined) return foreign();
    if (kind === 'match') this.matches.push({ extension, info });
    else this.target = { kind: 'extension', extension, info };
  }

  add(e: Expr): void {
    switch (e.kind) {
      case 'cmp':
        this.compare(e);
        return;
      case 'range':
        if (e.left.kind !== 'payload' || !/ [sd]port$/.test(e.left.field)) foreign();
        this.ports((e.left as { field: string }).field, [e.from as number, e.to as number], e.op === '!=');
        return;
      case 'counter':
        this.counters = e;
        return;
      case 'limit': {
        if (e.over || e.unit !== 'packets' || e.per === 'week') foreign();
        const info: LimitInfo = { period: Math.floor(PER[e.per] / e.rate), burst: e.burst, tokens: -1, at: 0 };
        this.matches.push({ extension: extensionNamed('match', 'limit', this.family)!, info });
        return;
      }
      case 'verdict':
        if (e.code === 'continue') foreign();
        this.target =
          e.chain !== undefined
            ? { kind: 'chain', chain: e.chain, goto: e.code === 'goto' }
            : { kind: 'verdict', verdict: e.code.toUpperCase() as XtVerdict };
        return;
      case 'match':
        this.compat('match', e.name, e.info);
        return;
      case 'target':
        this.compat('target', e.name, e.info);
        return;
      case 'log':
        if (e.group === undefined) foreign();
        this.target = {
          kind: 'extension',
          extension: extensionNamed('target', 'NFLOG', this.family)!,
          info: { group: e.group, prefix: e.prefix ?? '', threshold: e.queueThreshold ?? 0, size: e.snaplen },
        };
        return;
      case 'set':
        if (e.target.kind !== 'meta' || e.target.key !== 'nftrace') foreign();
        this.target = { kind: 'extension', extension: extensionNamed('target', 'TRACE', this.family)!, info: {} };
        return;
      default:
        foreign();
    }
  }
}

/** Reads a rule's expressions. */
export function decodeRule(exprs: readonly Expr[], family: XtFamily): XtRule | undefined {
  const d = new Decoder(family);
  try {
    for (const e of exprs) d.add(e);
  } catch (error) {
    if (error instanceof Foreign) return undefined;
    throw error;
  }
  return {
    family,
    source: d.source,
    destination: d.destination,
    input: d.input,
    output: d.output,
    protocol: d.protocol,
    fragment: d.fragment,
    matches: d.matches,
    target: d.target,
    counters: d.counters ?? { packets: 0, bytes: 0 },
  };
}
