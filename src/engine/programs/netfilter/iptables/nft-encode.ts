/** Rules of iptables as expressions of nf_tables, the way iptables-nft 1.8.9 writes them (iptables/nft.c, nft-ipv4.c). */
import type { IpAddress } from '../../../wire';
import type { Expr, LimitExpr, Operand, Scalar } from '../../../net/netfilter/nftables';
import { ip6Key } from '../../../net/netfilter/nftables';
import type { LimitInfo } from '../../../net/netfilter/xt/match/limit';
import { formatRate } from '../../../net/netfilter/xt/match/limit';
import type { MarkInfo } from '../../../net/netfilter/xt/match/mark';
import type { TcpInfo } from '../../../net/netfilter/xt/match/tcp';
import type { UdpInfo } from '../../../net/netfilter/xt/match/udp';
import type { NflogInfo } from '../../../net/netfilter/xt/target/nflog';
import type { Signed, XtRule, XtRuleMatch } from '../../../net/netfilter/xt/rule';
import type { Masked } from '../../../net/netfilter/xt/values';
import { maskLength } from '../../../net/netfilter/xt/values';

const meta = (key: string): Operand => ({ kind: 'meta', key });
const payload = (field: string): Operand => ({ kind: 'payload', field });
const op = (inverted: boolean): '==' | '!=' => (inverted ? '!=' : '==');

/** An address as nf_tables keeps it. */
function scalar(address: IpAddress): Scalar {
  return typeof address === 'number' ? address : ip6Key(address);
}

function* interfaceName(key: string, part: Signed<string> | undefined): Iterable<Expr> {
  if (part === undefined) return;
  const { value, inverted } = part;
  if (value === '+' && !inverted) return;
  const wild = value.endsWith('+');
  yield {
    kind: 'cmp',
    left: meta(key),
    op: op(inverted),
    value: wild ? value.slice(0, -1) : value,
    ...(wild ? { prefix: true } : {}),
  };
}

function* address(field: string, part: Signed<Masked> | undefined): Iterable<Expr> {
  if (part === undefined) return;
  const { address: a, mask } = part.value;
  const length = maskLength(mask);
  if (length === 0 && !part.inverted) return;
  const whole = length === (typeof a === 'number' ? 32 : 128);
  const left: Operand = whole
    ? payload(field)
    : { kind: 'bitwise', source: payload(field), mask: scalar(mask), xor: typeof a === 'number' ? 0 : '0'.repeat(32) };
  yield { kind: 'cmp', left, op: op(part.inverted), value: scalar(a) };
}

function* ports(field: string, [low, high]: readonly [number, number], inverted: boolean): Iterable<Expr> {
  if (low === 0 && high === 65535 && !inverted) return;
  const left = payload(field);
  if (low === high) yield { kind: 'cmp', left, op: op(inverted), value: low };
  else if (low === 0) yield { kind: 'cmp', left, op: inverted ? '>' : '<=', value: high };
  else yield { kind: 'range', left, op: op(inverted), from: low, to: high };
}

function hasPorts(i: UdpInfo): boolean {
  return (
    i.sport[0] !== 0 || i.sport[1] !== 65535 || i.dport[0] !== 0 || i.dport[1] !== 65535 || i.notSport || i.notDport
  );
}

function* tcp(i: TcpInfo): Iterable<Expr> {
  if (i.mask !== 0 || i.notFlags)
    yield {
      kind: 'cmp',
      left: { kind: 'bitwise', source: payload('tcp flags'), mask: i.mask, xor: 0 },
      op: op(i.notFlags),
      value: i.compare,
    };
  yield* ports('tcp sport', i.sport, i.notSport);
  yield* ports('tcp dport', i.dport, i.notDport);
}

/** Units of nft by iptables's. */
const PER: Readonly<Record<string, LimitExpr['per']>> = { sec: 'second', min: 'minute', hour: 'hour', day: 'day' };

function limit(i: LimitInfo): Expr {
  const [rate, unit] = formatRate(i.period).split('/') as [string, string];
  return { kind: 'limit', rate: Number(rate), unit: 'packets', per: PER[unit]!, burst: i.burst, over: false };
}

function* match(m: XtRuleMatch): Iterable<Expr> {
  const { name } = m.extension;
  switch (name) {
    case 'tcp': {
      const i = m.info as TcpInfo;
      if (i.option === 0 && !i.notOption && (hasPorts(i) || i.mask !== 0 || i.notFlags)) {
        yield* tcp(i);
        return;
      }
      break;
    }
    case 'udp': {
      const i = m.info as UdpInfo;
      if (!hasPorts(i)) break;
      yield* ports('udp sport', i.sport, i.notSport);
      yield* ports('udp dport', i.dport, i.notDport);
      return;
    }
    case 'mark': {
      const i = m.info as MarkInfo;
      const left: Operand =
        i.mask === 0xffffffff ? meta('mark') : { kind: 'bitwise', source: meta('mark'), mask: i.mask, xor: 0 };
      yield { kind: 'cmp', left, op: op(i.inverted), value: i.mark };
      return;
    }
    case 'limit':
      yield limit(m.info as LimitInfo);
      return;
  }
  yield { kind: 'match', name: m.extension.realName ?? name, info: m.info, rev: m.extension.revision };
}

function* target(rule: XtRule): Iterable<Expr> {
  const t = rule.target;
  switch (t.kind) {
    case 'none':
      return;
    case 'verdict':
      // nf_tables has no verdict QUEUE of its own: the name is taken for a chain's.
      if (t.verdict === 'QUEUE') yield { kind: 'verdict', code: 'jump', chain: 'QUEUE' };
      else yield { kind: 'verdict', code: t.verdict.toLowerCase() as 'accept' | 'drop' | 'return' };
      return;
    case 'chain':
      yield { kind: 'verdict', code: t.goto ? 'goto' : 'jump', chain: t.chain };
      return;
    case 'extension': {
      const { name } = t.extension;
      if (name === 'TRACE') yield { kind: 'set', target: meta('nftrace'), value: { kind: 'value', value: 1 } };
      else if (name === 'NFLOG') {
        const i = t.info as NflogInfo;
        yield {
          kind: 'log',
          group: i.group,
          ...(i.prefix === '' ? {} : { prefix: i.prefix }),
          ...(i.size === undefined ? {} : { snaplen: i.size }),
          ...(i.threshold === 0 ? {} : { queueThreshold: i.threshold }),
        };
      } else yield { kind: 'target', name: t.extension.realName ?? name, info: t.info, rev: t.extension.revision };
    }
  }
}

/** The expressions of a rule. Its counter begins with the rule's counts. */
export function encodeRule(rule: XtRule): Expr[] {
  const six = rule.family === 'ip6';
  const out: Expr[] = [...interfaceName('iifname', rule.input), ...interfaceName('oifname', rule.output)];
  if (rule.protocol !== undefined)
    out.push({ kind: 'cmp', left: meta('l4proto'), op: op(rule.protocol.inverted), value: rule.protocol.value });
  out.push(
    ...address(six ? 'ip6 saddr' : 'ip saddr', rule.source),
    ...address(six ? 'ip6 daddr' : 'ip daddr', rule.destination),
  );
  if (rule.fragment !== undefined)
    out.push({
      kind: 'cmp',
      left: { kind: 'bitwise', source: payload('ip frag-off'), mask: 0x1fff, xor: 0 },
      op: rule.fragment.inverted ? '==' : '!=',
      value: 0,
    });
  for (const m of rule.matches) out.push(...match(m));
  out.push({ kind: 'counter', packets: rule.counters.packets, bytes: rule.counters.bytes });
  out.push(...target(rule));
  return out;
}
