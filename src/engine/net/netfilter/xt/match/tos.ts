/** -m tos and -m dscp (net/netfilter/xt_dscp.c). */
import type { PktInfo } from '../../pktinfo';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { ipOf } from '../packet';
import { XtProblem } from '../problem';
import { parseUint } from '../values';

/** Names of the old TOS values; with them only six bits count. */
export const TOS_NAMES: readonly (readonly [string, number])[] = [
  ['Minimize-Delay', 16],
  ['Maximize-Throughput', 8],
  ['Maximize-Reliability', 4],
  ['Minimize-Cost', 2],
  ['Normal-Service', 0],
];

/** `0x10`, `0x10/0x3f` or a name. @throws XtProblem */
export function parseTos(text: string, extension: string, defaultMask = 0xff): { value: number; mask: number } {
  const lower = text.toLowerCase();
  const name = TOS_NAMES.find(([n]) => n.toLowerCase().startsWith(lower));
  if (name !== undefined && lower !== '') return { value: name[1], mask: 0x3f };
  const slash = text.indexOf('/');
  const value = parseUint(slash < 0 ? text : text.slice(0, slash), 0, 255);
  const mask = slash < 0 ? defaultMask : parseUint(text.slice(slash + 1), 0, 255);
  if (value === undefined || mask === undefined)
    throw new XtProblem(
      `${extension}: bad value for option "--${extension === 'tos' ? 'tos' : 'set-tos'}", or out of range`,
    );
  return { value, mask };
}

/** Two hexadecimal digits at least. */
export function byte(n: number): string {
  return `0x${n.toString(16).padStart(2, '0')}`;
}

/** The whole DS byte. */
export function dsField(p: PktInfo): number {
  const packet = ipOf(p);
  return packet.kind === 'ipv4' ? packet.tos : packet.trafficClass;
}

/** struct xt_tos_match_info */
export interface TosInfo {
  value: number;
  mask: number;
  inverted: boolean;
}

/** -m tos */
export const tos: XtMatchExtension<TosInfo> = {
  kind: 'match',
  name: 'tos',
  revision: 1,
  options: [{ name: 'tos', type: 'string', invert: true, mandatory: true }],
  make: () => ({ value: 0, mask: 0xff, inverted: false }),
  parse(i, _option, value, inverted) {
    Object.assign(i, parseTos(value.text, 'tos'));
    i.inverted = inverted;
  },
  print(i, c) {
    const name = i.mask === 0x3f && !c.numeric ? TOS_NAMES.find(([, v]) => v === i.value) : undefined;
    const sign = i.inverted ? '!' : '';
    return name ? ` tos match${sign} ${name[0]}` : ` tos match${sign}${byte(i.value)}/${byte(i.mask)}`;
  },
  save: (i) => `${not(i.inverted)} --tos ${byte(i.value)}/${byte(i.mask)}`,
  nft: () => undefined,
  kernel: { name: 'tos', matches: (i, p) => ((dsField(p) & i.mask) === i.value) !== i.inverted },
};

/** Names of DSCP classes. */
export const DSCP_CLASSES: Readonly<Record<string, number>> = {
  CS0: 0,
  CS1: 8,
  CS2: 16,
  CS3: 24,
  CS4: 32,
  CS5: 40,
  CS6: 48,
  CS7: 56,
  BE: 0,
  AF11: 10,
  AF12: 12,
  AF13: 14,
  AF21: 18,
  AF22: 20,
  AF23: 22,
  AF31: 26,
  AF32: 28,
  AF33: 30,
  AF41: 34,
  AF42: 36,
  AF43: 38,
  EF: 46,
};

/** struct xt_dscp_info */
export interface DscpInfo {
  value: number;
  inverted: boolean;
}

/** -m dscp */
export const dscp: XtMatchExtension<DscpInfo> = {
  kind: 'match',
  name: 'dscp',
  revision: 0,
  options: [
    { name: 'dscp', type: 'uint', invert: true, max: 63, excludes: ['dscp-class'] },
    { name: 'dscp-class', type: 'string', invert: true },
  ],
  make: () => ({ value: 0, inverted: false }),
  parse(i, option, value, inverted) {
    if (option === 'dscp') i.value = value.number;
    else {
      const known = DSCP_CLASSES[value.text.toUpperCase()];
      if (known === undefined) throw new XtProblem(`Invalid DSCP value \`${value.text}'\n`);
      i.value = known;
    }
    i.inverted = inverted;
  },
  finish(_i, c) {
    if (c.seen.size === 0) throw new XtProblem('DSCP match: Parameter --dscp is required');
  },
  print: (i) => ` DSCP match ${i.inverted ? '!' : ''}${byte(i.value)}`,
  save: (i) => `${not(i.inverted)} --dscp ${byte(i.value)}`,
  nft: (i, c) => `${c.family} dscp ${i.inverted ? '!= ' : ''}${byte(i.value)}`,
  kernel: { name: 'dscp', matches: (i, p) => (dsField(p) >> 2 === i.value) !== i.inverted },
};
