/** What netfilter's rules decided about a packet, and the connection's entry, in words and as evidence. */
import type { EventOf, Said } from './sentences';
import type { Evidence } from './types';

/** Which chain, and where it is. */
export function chainName(e: EventOf<'rule'>): string {
  return `\`${e.chain}\` (table \`${e.table}\`)`;
}

/** The title of a hook's step. */
export function chainTitle(e: EventOf<'rule'>): string {
  return `${e.table} ${e.chain}`;
}

/** True for rules that are written in the language of nft: those of iptables are spelled with its options. */
export function isNft({ table, chain, number, text }: EventOf<'rule'>): boolean {
  if (number > 0) return !text.startsWith('-A ');
  return !/^(filter|nat|mangle|raw|security)$/.test(table) || chain !== chain.toUpperCase();
}

/** Where a rule sends what fits: the target of iptables, or nft's verdict. */
export function targetOf(e: EventOf<'rule'>): string {
  const target = / (?:-j|-g) (\S+)/.exec(e.text)?.[1];
  if (e.number > 0 && target !== undefined) return target;
  return (/\b(masquerade|snat|dnat|redirect|reject)\b/.exec(e.text)?.[1] ?? e.verdict).toUpperCase();
}

/** How many rules of the chain did not fit before the policy decided. */
export function passedBy(e: EventOf<'rule'>): string {
  const n = e.passed?.at(-1)?.number ?? 0;
  if (n === 0) return `No rule of chain ${chainName(e)} fits`;
  if (n === 1) return `The only rule of chain ${chainName(e)} does not fit`;
  return `None of the ${n} rules of chain ${chainName(e)} fits`;
}

/** The sentence about rules that were met one after the other, the last of which decided. */
function decided(rules: readonly EventOf<'rule'>[]): Said {
  const last = rules.at(-1)!;
  const target = targetOf(last);
  if (last.number === 0) {
    const nothing = last.verdict === 'accept' && last.table === 'nat';
    return {
      note: nothing ? 'no match' : last.verdict.toUpperCase(),
      sentence: nothing
        ? `${passedBy(last)}: nothing is rewritten.`
        : `${passedBy(last)}, so its policy decides: ${last.verdict.toUpperCase()}.`,
    };
  }
  const rule = `Rule ${last.number} of chain ${chainName(last)}`;
  switch (last.verdict) {
    case 'accept':
      return {
        note: target,
        sentence: `${rule} fits: the packet may go on${target === 'ACCEPT' ? '' : ` (${target})`}.`,
      };
    case 'drop':
      return {
        note: target,
        sentence:
          target === 'REJECT'
            ? `${rule} fits: it refuses the packet and tells the sender.`
            : `${rule} fits: it drops the packet.`,
      };
    default:
      return { note: target, sentence: `${rule} fits: ${target}.` };
  }
}

/** A rule as its writer typed it; the policy as well. */
function lineOf(e: EventOf<'rule'>): string {
  return e.number === 0 && !isNft(e) ? `-P ${e.chain} ${e.verdict.toUpperCase()}` : e.text;
}

/** The rules that a packet met in one hook of one table. @param nat the rewriting that they ordered */
export function sayRules(
  rules: readonly EventOf<'rule'>[],
  nat: EventOf<'nat'> | undefined,
): Said & { evidence: Evidence[] } {
  // The policy comes last also where a rule has decided to rewrite and let the packet go on.
  const last = rules.at(-1)!;
  const by = nat && last.number === 0 ? (rules.findLast((r) => r.number > 0) ?? last) : last;
  const evidence: Evidence[] = [
    {
      kind: 'rules',
      rules: rules.flatMap((r) => [
        ...(r.passed ?? []).map((p) => ({ ...p, verdict: 'no match', decided: false, passed: true as const })),
        { number: r.number, text: lineOf(r), verdict: targetOf(r), decided: r === by },
      ]),
    },
  ];
  if (!nat) return { ...decided(rules), evidence };
  const what = nat.kind === 'dnat' ? 'destination' : 'source';
  return {
    note: targetOf(by),
    sentence: `Rule ${by.number} of chain ${chainName(by)} rewrites the ${what}: it was \`${nat.from}\`, it is now \`${nat.to}\`.`,
    more: `This chain is read once per connection. Every later packet is rewritten from the entry, and every reply gets its ${
      nat.kind === 'dnat' ? 'source' : 'destination'
    } turned back.`,
    evidence,
  };
}

/** A rewriting that no rule took part in: the connection's entry ordered it. */
export function sayTranslation(e: EventOf<'nat'>, reply: boolean): Said & { title: string } {
  const what = e.kind === 'dnat' ? 'destination' : 'source';
  return {
    title: 'NAT by entry',
    note: what,
    sentence: `The entry of the connection, not a rule, ${reply ? 'turns back' : 'rewrites'} the ${what}: it was \`${e.from}\`, it is now \`${e.to}\`.`,
    more: 'The nat table is read for the first packet of a connection only. Every later one, and every reply, is rewritten from the entry.',
  };
}

/** A connection's entry as evidence; what translation has made different from the mere opposite is marked. */
export function entryEvidence(entry: string, title: string): Evidence[] {
  const [original, reply] = entry.split('\n');
  if (original === undefined || reply === undefined) return [];
  const parts = (line: string) => line.replace(/^(?:icmp|icmpv6|tcp|udp|sctp|unknown) /, '').split(' ');
  const value = (line: readonly string[], key: string) =>
    line.find((p) => p.startsWith(`${key}=`))?.slice(key.length + 1);
  const there = parts(original);
  const back = parts(reply);
  const opposite: Readonly<Record<string, string>> = { src: 'dst', dst: 'src', sport: 'dport', dport: 'sport' };
  const direction = (name: string, mine: readonly string[], other: readonly string[]) => ({
    name,
    parts: mine.map((text) => {
      const [key = '', v] = text.split('=');
      const to = opposite[key];
      return { text, marked: to !== undefined && value(other, to) !== v };
    }),
  });
  return [{ kind: 'entry', title, directions: [direction('Original', there, back), direction('Reply', back, there)] }];
}
