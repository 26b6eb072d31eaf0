/** Rules of ip_tables as closures (ipt_do_table): cheap tests first, nothing made while a packet passes. */
import type { IpAddress, Ipv4Packet, Ipv6Packet } from '../../../wire';
import type { PktInfo } from '../pktinfo';
import { VERDICT } from '../pktinfo';
import { interfaceMatches } from '../xt/interface';
import type { Signed, XtRule } from '../xt/rule';
import type { Masked } from '../xt/values';
import { maskLength, masked } from '../xt/values';

const { CONTINUE, ACCEPT, DROP, RETURN, JUMP, GOTO } = VERDICT;

/** A test of a packet. */
type Test = (p: PktInfo) => boolean;
/** A rule: a verdict, BREAK when it does not match. */
export type LegacyStep = (p: PktInfo) => number;

/** The chain a JUMP or GOTO leads to is the rule's; asked for after the verdict. */
export interface CompiledRule {
  readonly step: LegacyStep;
  readonly chain: string | undefined;
}

function addressTest(part: Signed<Masked>, key: 'src' | 'dst'): Test {
  const { address, mask } = part.value;
  const { inverted } = part;
  if (typeof address === 'number') {
    const m = mask as number;
    if (m === 0xffffffff) return (p) => ((p.skb.payload as Ipv4Packet)[key] === address) !== inverted;
    return (p) => (((p.skb.payload as Ipv4Packet)[key] & m) >>> 0 === address) !== inverted;
  }
  if (maskLength(mask) === 128) return (p) => ((p.skb.payload as Ipv6Packet)[key] === address) !== inverted;
  return (p) => (masked((p.skb.payload as Ipv6Packet)[key] as IpAddress, mask) === address) !== inverted;
}

function interfaceTest(part: Signed<string>, key: 'input' | 'output'): Test {
  const { value, inverted } = part;
  if (value.endsWith('+')) return (p) => interfaceMatches(value, p[key]?.name ?? '') !== inverted;
  return (p) => (p[key]?.name === value) !== inverted;
}

/**
 * What can be said of many rules by numbers alone: IPv4 addresses with masks and protocols that are not inverted. A chain is
 * as long as its rules, so what most of them fail by is tested without a call.
 */
export interface Prefilter {
  readonly source: Int32Array;
  readonly sourceMask: Int32Array;
  readonly destination: Int32Array;
  readonly destinationMask: Int32Array;
  /** -1: any. */
  readonly protocol: Int16Array;
}

/** The prefilter of a chain. */
export function prefilter(rules: readonly XtRule[]): Prefilter {
  const n = rules.length;
  const f = {
    source: new Int32Array(n),
    sourceMask: new Int32Array(n),
    destination: new Int32Array(n),
    destinationMask: new Int32Array(n),
    protocol: new Int16Array(n).fill(-1),
  };
  rules.forEach((r, i) => {
    if (r.protocol && !r.protocol.inverted) f.protocol[i] = r.protocol.value;
    if (r.family !== 'ip') return;
    if (r.source && !r.source.inverted) {
      f.source[i] = r.source.value.address as number;
      f.sourceMask[i] = r.source.value.mask as number;
    }
    if (r.destination && !r.destination.inverted) {
      f.destination[i] = r.destination.value.address as number;
      f.destinationMask[i] = r.destination.value.mask as number;
    }
  });
  return f;
}

/** The tests of a rule beyond its prefilter, in the kernel's order (ip_packet_match, then the matches). */
function testsOf(rule: XtRule): Test[] {
  const tests: Test[] = [];
  const six = rule.family === 'ip6';
  if (rule.source && (six || rule.source.inverted)) tests.push(addressTest(rule.source, 'src'));
  if (rule.destination && (six || rule.destination.inverted)) tests.push(addressTest(rule.destination, 'dst'));
  if (rule.input) tests.push(interfaceTest(rule.input, 'input'));
  if (rule.output) tests.push(interfaceTest(rule.output, 'output'));
  if (rule.protocol?.inverted) {
    const { value } = rule.protocol;
    tests.push((p) => p.l4proto !== value);
  }
  if (rule.fragment) {
    const { inverted } = rule.fragment;
    tests.push((p) => p.fragmentOffset > 0 !== inverted);
  }
  for (const m of rule.matches) {
    const { info } = m;
    const kernel = m.extension.kernel as { matches(info: unknown, p: PktInfo): boolean };
    tests.push((p) => kernel.matches(info, p));
  }
  return tests;
}

function verdictOf(rule: XtRule): LegacyStep {
  const t = rule.target;
  switch (t.kind) {
    case 'none':
      return () => CONTINUE;
    case 'verdict':
      switch (t.verdict) {
        case 'ACCEPT':
          return () => ACCEPT;
        case 'RETURN':
          return () => RETURN;
        default:
          // Nobody takes packets from the queue.
          return () => DROP;
      }
    case 'chain':
      return t.goto ? () => GOTO : () => JUMP;
    case 'extension': {
      const kernel = t.extension.kernel as { run(info: unknown, p: PktInfo): number };
      const { info } = t;
      return (p) => kernel.run(info, p);
    }
  }
}

/** Makes a rule's code. */
export function compileRule(rule: XtRule): CompiledRule {
  const tests = testsOf(rule);
  const verdict = verdictOf(rule);
  const { counters } = rule;
  const [a, b, c] = tests;
  const hit = (p: PktInfo): number => {
    counters.packets++;
    counters.bytes += p.skb.length;
    return verdict(p);
  };
  let step: LegacyStep;
  if (tests.length === 0) step = hit;
  else if (tests.length === 1) step = (p) => (a!(p) ? hit(p) : VERDICT.BREAK);
  else if (tests.length === 2) step = (p) => (a!(p) && b!(p) ? hit(p) : VERDICT.BREAK);
  else if (tests.length === 3) step = (p) => (a!(p) && b!(p) && c!(p) ? hit(p) : VERDICT.BREAK);
  else
    step = (p) => {
      for (let i = 0; i < tests.length; i++) if (!tests[i]!(p)) return VERDICT.BREAK;
      return hit(p);
    };
  return { step, chain: rule.target.kind === 'chain' ? rule.target.chain : undefined };
}
