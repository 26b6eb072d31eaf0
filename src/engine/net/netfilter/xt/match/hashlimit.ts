/** -m hashlimit: a rate for each group of packets (net/netfilter/xt_hashlimit.c); rates in packets. */
import type { XtMatchExtension } from '../command-line';
import type { NetNamespace } from '../../../namespace';
import { destinationOf, portsOf, sourceOf } from '../packet';
import type { PktInfo } from '../../pktinfo';
import { XtProblem } from '../problem';
import { maskOf, masked } from '../values';
import { formatRate, parseRate } from './limit';

/** Parts of a second (XT_HASHLIMIT_SCALE_v2). */
const SCALE = 1_000_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** struct xt_hashlimit_mtinfo3 */
export interface HashlimitInfo {
  /** Microseconds between two packets. */
  period: number;
  burst: number;
  above: boolean;
  name: string;
  modes: string[];
  srcmask: number;
  dstmask: number;
  /** 0: the kernel's default */
  size: number;
  max: number;
  gc: number;
  expire: number;
}

const MODES = ['srcip', 'srcport', 'dstip', 'dstport'] as const;
const ORDER = ['srcip', 'srcport', 'dstip', 'dstport'];

const tables = new WeakMap<NetNamespace, Map<string, { users: number; buckets: Map<string, Bucket> }>>();

function tableOf(ns: NetNamespace): Map<string, { users: number; buckets: Map<string, Bucket> }> {
  let all = tables.get(ns);
  if (all === undefined) tables.set(ns, (all = new Map()));
  return all;
}

function groupOf(i: HashlimitInfo, p: PktInfo): string {
  let key = '';
  const family = p.family === 'ip6' ? 'ip6' : 'ip';
  if (i.modes.includes('srcip')) key += String(masked(sourceOf(p), maskOf(family, i.srcmask)));
  if (i.modes.includes('dstip')) key += `>${masked(destinationOf(p), maskOf(family, i.dstmask))}`;
  if (i.modes.includes('srcport')) key += `:${portsOf(p).src}`;
  if (i.modes.includes('dstport')) key += `;${portsOf(p).dst}`;
  return key;
}

/** The extension. */
export const hashlimit: XtMatchExtension<HashlimitInfo> = {
  kind: 'match',
  name: 'hashlimit',
  revision: 3,
  options: [
    { name: 'hashlimit-upto', type: 'string', excludes: ['hashlimit-above'] },
    { name: 'hashlimit-above', type: 'string', excludes: ['hashlimit-upto'] },
    { name: 'hashlimit', type: 'string', excludes: ['hashlimit-above'] },
    { name: 'hashlimit-srcmask', type: 'uint', max: 128 },
    { name: 'hashlimit-dstmask', type: 'uint', max: 128 },
    { name: 'hashlimit-burst', type: 'uint', min: 1 },
    { name: 'hashlimit-htable-size', type: 'uint' },
    { name: 'hashlimit-htable-max', type: 'uint' },
    { name: 'hashlimit-htable-gcinterval', type: 'uint' },
    { name: 'hashlimit-htable-expire', type: 'uint' },
    { name: 'hashlimit-mode', type: 'string' },
    { name: 'hashlimit-name', type: 'string', mandatory: true, min: 1, max: 255 },
  ],
  make: (family) => ({
    period: 0,
    burst: 5,
    above: false,
    name: '',
    modes: [],
    srcmask: family === 'ip' ? 32 : 128,
    dstmask: family === 'ip' ? 32 : 128,
    size: 0,
    max: 0,
    gc: 1000,
    expire: 10000,
  }),
  parse(i, option, value) {
    switch (option) {
      case 'hashlimit':
      case 'hashlimit-upto':
      case 'hashlimit-above':
        i.period = parseRate(value.text, SCALE);
        i.above = option === 'hashlimit-above';
        return;
      case 'hashlimit-srcmask':
        i.srcmask = value.number;
        return;
      case 'hashlimit-dstmask':
        i.dstmask = value.number;
        return;
      case 'hashlimit-burst':
        i.burst = value.number;
        return;
      case 'hashlimit-htable-size':
        i.size = value.number;
        return;
      case 'hashlimit-htable-max':
        i.max = value.number;
        return;
      case 'hashlimit-htable-gcinterval':
        i.gc = value.number;
        return;
      case 'hashlimit-htable-expire':
        i.expire = value.number;
        return;
      case 'hashlimit-mode':
        for (const mode of value.text.split(',')) {
          if (!MODES.includes(mode as (typeof MODES)[number]))
            throw new XtProblem('hashlimit: bad value for option "--hashlimit-mode"');
          i.modes.push(mode);
        }
        i.modes.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
        return;
      case 'hashlimit-name':
        i.name = value.text;
    }
  },
  finish(i) {
    if (i.period === 0) throw new XtProblem('You have to specify --hashlimit');
  },
  print(i) {
    let out = ` limit: ${i.above ? 'above' : 'up to'} ${formatRate(i.period, SCALE)} burst ${i.burst}`;
    if (i.modes.length > 0) out += ` mode ${i.modes.join('-')}`;
    if (i.size !== 0) out += ` htable-size ${i.size}`;
    if (i.max !== 0) out += ` htable-max ${i.max}`;
    if (i.gc !== 1000) out += ` htable-gcinterval ${i.gc}`;
    if (i.expire !== 10000) out += ` htable-expire ${i.expire}`;
    if (i.srcmask < 32) out += ` srcmask ${i.srcmask}`;
    if (i.dstmask < 32) out += ` dstmask ${i.dstmask}`;
    return out;
  },
  save(i, c) {
    const full = c.family === 'ip' ? 32 : 128;
    let out = ` --hashlimit-${i.above ? 'above' : 'upto'} ${formatRate(i.period, SCALE)} --hashlimit-burst ${i.burst}`;
    if (i.modes.length > 0) out += ` --hashlimit-mode ${i.modes.join(',')}`;
    out += ` --hashlimit-name ${i.name}`;
    if (i.size !== 0) out += ` --hashlimit-htable-size ${i.size}`;
    if (i.max !== 0) out += ` --hashlimit-htable-max ${i.max}`;
    if (i.gc !== 1000) out += ` --hashlimit-htable-gcinterval ${i.gc}`;
    if (i.expire !== 10000) out += ` --hashlimit-htable-expire ${i.expire}`;
    if (i.srcmask !== full) out += ` --hashlimit-srcmask ${i.srcmask}`;
    if (i.dstmask !== full) out += ` --hashlimit-dstmask ${i.dstmask}`;
    return out;
  },
  nft: () => undefined,
  kernel: {
    name: 'hashlimit',
    matches(i, p) {
      const table = tableOf(p.ns).get(i.name);
      if (table === undefined) return false;
      const key = groupOf(i, p);
      const now = p.ns.now;
      let b = table.buckets.get(key);
      if (b === undefined || now - b.at > i.expire * 1000) table.buckets.set(key, (b = { tokens: i.burst, at: now }));
      b.tokens = Math.min(i.burst, b.tokens + (now - b.at) / i.period);
      b.at = now;
      const within = b.tokens >= 1;
      if (within) b.tokens--;
      return within !== i.above;
    },
    added(i, ns) {
      const all = tableOf(ns);
      const table = all.get(i.name);
      if (table) table.users++;
      else all.set(i.name, { users: 1, buckets: new Map() });
    },
    removed(i, ns) {
      const all = tableOf(ns);
      const table = all.get(i.name);
      if (table && --table.users === 0) all.delete(i.name);
    },
  },
};
