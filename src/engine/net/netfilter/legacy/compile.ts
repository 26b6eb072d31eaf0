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

/** The tests of a rule, in the kernel's order (ip_packet_match, then the matches). */
function testsOf(rule: XtRule): Test[] {
  const tests: Test[] = [];
  if (rule.source) tests.push(addressTest(rule.source, 'src'));
  if (rule.destination) tests.push(addressTest(rule.destination, 'dst'));
  if (rule.input) tests.push(interfaceTest(rule.input, 'input'));
  if (rule.output) tests.push(interfaceTest(rule.output, 'output'));
  if (rule.protocol) {
    const { value, inverted } = rule.protocol;
    tests.push((p) => (p.l4proto === value) !== inverted);
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
