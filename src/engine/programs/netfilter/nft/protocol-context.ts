/** Protocol dependencies of a rule (nftables src/proto.c, payload.c). */
import { fieldOf } from '../../../net/netfilter/nftables';
import type { ElementSpec, Expr, Operand, SetSpec, Value } from '../../../net/netfilter/nftables';
import type { Env } from './datatype';
import { NftSyntaxError } from './lexer';
import type { Loc } from './lexer';
import { L4 } from './typing';
import type { AnonymousSet, Scope } from './scope';

/** Which protocols the expressions so far imply, and the comparisons that imply the missing ones (proto_ctx). */
export abstract class ProtocolContext {
  readonly exprs: Expr[] = [];
  readonly sets: AnonymousSet[] = [];
  readonly targets = new Map<string, Loc>();
  /** Protocols known from earlier statements. */
  protected nh: string | undefined;
  protected th: string | undefined;
  private icmpType = false;
  protected terminal: Loc | undefined;

  constructor(protected readonly scope: Scope) {
    if (scope.family === 'ip' || scope.family === 'ip6' || scope.family === 'arp') this.nh = scope.family;
  }

  protected get env(): Env {
    return this.scope.env;
  }

  private depend(left: Operand, value: number): void {
    this.exprs.push({ kind: 'cmp', left, op: '==', value });
  }

  protected needNetwork(protocol: 'ip' | 'ip6' | 'arp', loc: Loc): void {
    const { family } = this.scope;
    if (this.nh !== undefined) {
      if (this.nh !== protocol)
        throw new NftSyntaxError(`conflicting protocols specified: ${this.nh} vs. ${protocol}`, loc);
      return;
    }
    if (family === 'inet') {
      if (protocol === 'arp') throw new NftSyntaxError('conflicting protocols specified: inet vs. arp', loc);
      this.depend({ kind: 'meta', key: 'nfproto' }, protocol === 'ip' ? 2 : 10);
    } else this.depend({ kind: 'meta', key: 'protocol' }, { ip: 0x0800, ip6: 0x86dd, arp: 0x0806 }[protocol]);
    this.nh = protocol;
  }

  protected needTransport(protocol: string, loc: Loc): void {
    if (this.th === protocol) return;
    if (this.th !== undefined)
      throw new NftSyntaxError(`conflicting protocols specified: ${this.th} vs. ${protocol}`, loc);
    if (protocol === 'icmp' && this.nh !== 'ip') this.needNetwork('ip', loc);
    if (protocol === 'icmpv6' && this.nh !== 'ip6') this.needNetwork('ip6', loc);
    this.depend({ kind: 'meta', key: 'l4proto' }, L4[protocol]!);
    this.th = protocol;
  }

  /** Emits what a selector presumes (payload_gen_dependency). */
  protected presume(o: Operand, loc: Loc): void {
    if (o.kind === 'payload') {
      const { protocol, name } = fieldOf(o.field)!;
      if (protocol === 'ip' || protocol === 'ip6' || protocol === 'arp') this.needNetwork(protocol, loc);
      else if (L4[protocol] !== undefined) this.needTransport(protocol, loc);
      if ((protocol === 'icmp' || protocol === 'icmpv6') && (name === 'id' || name === 'sequence') && !this.icmpType) {
        const [request, reply] = protocol === 'icmp' ? [8, 0] : [128, 129];
        const set = this.anonymous(
          { name: '__set%d', anonymous: true, keyType: [`${protocol}_type`], flags: { constant: true } },
          [{ key: request }, { key: reply }],
          [loc, loc],
        );
        this.exprs.push({ kind: 'lookup', left: { kind: 'payload', field: `${protocol} type` }, set, invert: false });
        this.icmpType = true;
      }
      if (name === 'type' && protocol.startsWith('icmp')) this.icmpType = true;
    } else if (o.kind === 'bitwise' || o.kind === 'shift' || o.kind === 'map') this.presume(o.source, loc);
    else if (o.kind === 'tcpopt') this.needTransport('tcp', loc);
    else if (o.kind === 'concat') for (const p of o.parts) this.presume(p, loc);
    else if (o.kind === 'exthdr' && this.nh === undefined) this.needNetwork('ip6', loc);
  }

  /** What a comparison teaches about the protocols. */
  protected learn(o: Operand, op: string, value: Value): void {
    if (op !== '==' && op !== '') return;
    if (o.kind === 'meta' && o.key === 'nfproto') this.nh ??= value === 2 ? 'ip' : value === 10 ? 'ip6' : undefined;
    const byType = (o.kind === 'meta' && o.key === 'protocol') || (o.kind === 'payload' && o.field === 'ether type');
    if (byType) this.nh ??= value === 0x0800 ? 'ip' : value === 0x86dd ? 'ip6' : value === 0x0806 ? 'arp' : undefined;
    const l4 =
      (o.kind === 'meta' && o.key === 'l4proto') ||
      (o.kind === 'payload' && (o.field === 'ip protocol' || o.field === 'ip6 nexthdr'));
    if (l4) this.th ??= Object.keys(L4).find((k) => L4[k] === value);
  }

  protected abstract anonymous(spec: SetSpec, elements: ElementSpec[], locs: Loc[]): string;
}
