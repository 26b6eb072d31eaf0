/** `ipset list` and `ipset save`. */
import { SET_TYPES } from '../../net/netfilter/ipset/ip-set';
import type { IpSet } from '../../net/netfilter/ipset/ip-set';
import { setsOf } from '../../net/netfilter/ipset/registry';
import { IpsetProblem, headerText, memberText } from './ipset-elements';
import { mustSet } from './ipset-run';
import type { Run } from './ipset-run';

/** Bytes as `ipset list` shows them: about what the kernel's structures take. */
function memory(set: IpSet): number {
  const { type } = set.options;
  const each = set.options.timeout === undefined && !set.options.counters && !set.options.comment ? 40 : 64;
  const base = type.startsWith('bitmap') ? 120 : type === 'list:set' ? 80 : type.includes('net') ? 464 : 216;
  return base + set.members.size * (type.includes(',') ? each + 8 : each);
}

function list(r: Run, set: IpSet): string {
  set.expire();
  let out = `Name: ${set.name}\nType: ${set.options.type}\nRevision: ${SET_TYPES[set.options.type]!.revision}\n`;
  out += `Header: ${headerText(set)}\nSize in memory: ${memory(set)}\nReferences: ${set.references}\n`;
  out += `Number of entries: ${set.members.size}\n`;
  if (r.terse) return out;
  const members = [...set.members.values()].map((m) => `${memberText(m, set, r.now)}\n`);
  if (r.sorted) members.sort();
  return `${out}Members:\n${members.join('')}`;
}

function save(r: Run, set: IpSet): string {
  set.expire();
  let out = `create ${set.name} ${set.options.type} ${headerText(set)}\n`;
  const members = [...set.members.values()].map((m) => `add ${set.name} ${memberText(m, set, r.now)}\n`);
  if (r.sorted) members.sort();
  for (const m of members) out += m;
  return out;
}

/** Sets of sets come last, so that what they name is there when the list is restored. */
function ordered(r: Run): IpSet[] {
  const all = [...setsOf(r.ns).values()] as IpSet[];
  return [...all.filter((s) => s.options.type !== 'list:set'), ...all.filter((s) => s.options.type === 'list:set')];
}

/** `list` and `save` of one set or all, in the format that was asked for. */
export function show(r: Run, args: readonly string[], how: 'list' | 'save'): void {
  const names: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const a = args[i]!;
    if (a === '-n' || a === '-name') r.names = true;
    else if (a === '-t' || a === '-terse') r.terse = true;
    else if (a === '-s' || a === '-sorted') r.sorted = true;
    else if (a === '-q') r.quiet = true;
    else if (a === '-o' || a === '-output') {
      const kind = args[++i];
      if (kind === 'save') r.output = 'save';
      else if (kind !== 'plain') throw new IpsetProblem(`not simulated in this course: -o ${kind}`);
    } else names.push(a);
  }
  const sets = names.length > 0 ? [mustSet(r, names[0]!)] : ordered(r);
  if (r.names) r.out += sets.map((s) => `${s.name}\n`).join('');
  else if (how === 'save' || r.output === 'save') r.out += sets.map((s) => save(r, s)).join('');
  else r.out += sets.map((s) => list(r, s)).join('\n');
}
