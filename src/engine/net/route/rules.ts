import { Errno } from '../../core';
import type { RuleApi } from '../api';
import type { NetNamespace } from '../namespace';
import type { Family, RuleInfo } from '../types';
import { RT_TABLE } from '../types';

function plain(family: Family, priority: number, table: number): RuleInfo {
  return {
    family,
    priority,
    src: undefined,
    srcLength: 0,
    dst: undefined,
    dstLength: 0,
    iif: undefined,
    oif: undefined,
    fwmark: undefined,
    fwmask: 0,
    tos: 0,
    table,
    action: 'lookup',
    not: false,
    suppressPrefixLength: undefined,
    protocol: 2,
  };
}

/** Policy routing rules (ip-rule(8)). */
export class Rules implements RuleApi {
  private readonly byFamily: Record<Family, RuleInfo[]> = {
    inet: [
      plain('inet', 0, RT_TABLE.LOCAL),
      plain('inet', 32766, RT_TABLE.MAIN),
      plain('inet', 32767, RT_TABLE.DEFAULT),
    ],
    inet6: [plain('inet6', 0, RT_TABLE.LOCAL), plain('inet6', 32766, RT_TABLE.MAIN)],
  };
  /** True once the rules of a family differ from the kernel's own. */
  readonly custom: Record<Family, boolean> = { inet: false, inet6: false };

  constructor(private readonly ns: NetNamespace) {}

  list(family: Family): RuleInfo[] {
    return [...this.byFamily[family]];
  }

  /** The live list, in order of priority. */
  of(family: Family): readonly RuleInfo[] {
    return this.byFamily[family];
  }

  add(rule: Partial<RuleInfo> & { family: Family }): void {
    const rules = this.byFamily[rule.family];
    const given: RuleInfo = { ...plain(rule.family, 0, RT_TABLE.MAIN), protocol: 3, ...rule };
    let { priority } = given;
    if (rule.priority === undefined) {
      // fib_default_rule_pref: just before the second rule.
      priority = rules.length > 1 && rules[1]!.priority > 0 ? rules[1]!.priority - 1 : 0;
    }
    const made = { ...given, priority };
    if (made.action === 'goto') {
      if (made.target === undefined || made.target === 0) throw new Errno('EINVAL', 'Invalid goto target');
      if (made.target <= priority) throw new Errno('EINVAL', 'Backward goto not supported');
    }
    if (rules.some((r) => r.priority === priority && this.matches(r, made) && this.matches(made, r)))
      throw new Errno('EEXIST');
    let at = rules.findIndex((r) => r.priority > priority);
    if (at < 0) at = rules.length;
    rules.splice(at, 0, made);
    this.custom[rule.family] = true;
    this.ns.events.emit(() => ({ type: 'rule', deleted: false, rule: made }));
  }

  delete(rule: Partial<RuleInfo> & { family: Family }): void {
    const rules = this.byFamily[rule.family];
    const at = rules.findIndex((r) => this.matches(r, rule));
    if (at < 0) throw new Errno('ENOENT');
    const [gone] = rules.splice(at, 1);
    this.custom[rule.family] = true;
    this.ns.events.emit(() => ({ type: 'rule', deleted: true, rule: gone! }));
  }

  private matches(r: RuleInfo, wanted: Partial<RuleInfo>): boolean {
    const keys = [
      'priority',
      'src',
      'srcLength',
      'dst',
      'dstLength',
      'iif',
      'oif',
      'fwmark',
      'tos',
      'table',
      'action',
      'not',
      'target',
      'ipproto',
      'tunId',
      'l3mdev',
      'suppressPrefixLength',
      'realms',
      'suppressIfgroup',
    ] as const;
    const ranges = ['sport', 'dport', 'uidRange'] as const;
    return (
      keys.every((k) => wanted[k] === undefined || wanted[k] === r[k]) &&
      ranges.every((k) => wanted[k] === undefined || (wanted[k][0] === r[k]?.[0] && wanted[k][1] === r[k]?.[1]))
    );
  }
}
