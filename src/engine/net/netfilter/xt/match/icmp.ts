/** -m icmp and -m icmp6 (net/ipv4/netfilter/ip_tables.c icmp_match, extensions/libipt_icmp.c, libip6t_icmp6.c). */
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { transportOf } from '../packet';
import { XtProblem } from '../problem';
import { parseUint } from '../values';
import type { IcmpName } from './icmp-names';
import { ICMP6_NAMES, ICMP_NAMES } from './icmp-names';

/** struct ipt_icmp */
export interface IcmpInfo {
  type: number;
  low: number;
  high: number;
  inverted: boolean;
}

/** nft's names of types, by number. */
const NFT_NAMES: Readonly<Record<number, string>> = {
  0: 'echo-reply',
  3: 'destination-unreachable',
  4: 'source-quench',
  5: 'redirect',
  8: 'echo-request',
  9: 'router-advertisement',
  10: 'router-solicitation',
  11: 'time-exceeded',
  12: 'parameter-problem',
  13: 'timestamp-request',
  14: 'timestamp-reply',
  17: 'address-mask-request',
  18: 'address-mask-reply',
};
const NFT_NAMES6: Readonly<Record<number, string>> = {
  1: 'destination-unreachable',
  2: 'packet-too-big',
  3: 'time-exceeded',
  4: 'parameter-problem',
  128: 'echo-request',
  129: 'echo-reply',
  133: 'nd-router-solicit',
  134: 'nd-router-advert',
  135: 'nd-neighbor-solicit',
  136: 'nd-neighbor-advert',
  137: 'nd-redirect',
};

function parseType(text: string, names: readonly IcmpName[], label: string): [number, number, number] {
  const lower = text.toLowerCase();
  const found = names.filter(([name]) => name.toLowerCase().startsWith(lower));
  const exact = found.find(([name]) => name.toLowerCase() === lower) ?? found[0];
  if (exact !== undefined && text !== '') {
    if (found.length > 1 && exact[0].toLowerCase() !== lower)
      throw new XtProblem(`Ambiguous ${label} type \`${text}': \`${found[0]![0]}' or \`${found[1]![0]}'?`);
    return [exact[1], exact[2], exact[3]];
  }
  const slash = text.indexOf('/');
  const type = parseUint(slash < 0 ? text : text.slice(0, slash), 0, 255);
  if (type === undefined) throw new XtProblem(`Unknown ${label} type \`${text}'`);
  if (slash < 0) return [type, 0, 255];
  const code = parseUint(text.slice(slash + 1), 0, 255);
  if (code === undefined) throw new XtProblem(`Unknown ${label} code \`${text}'`);
  return [type, code, code];
}

function make(
  name: string,
  label: string,
  option: string,
  family: 'ip' | 'ip6',
  protocol: number,
  names: readonly IcmpName[],
  head: string,
  nftKey: string,
  nftNames: Readonly<Record<number, string>>,
): XtMatchExtension<IcmpInfo> {
  return {
    kind: 'match',
    name,
    families: [family],
    revision: 0,
    protocols: { [family]: protocol },
    options: [{ name: option, type: 'string', invert: true, mandatory: true }],
    make: () => ({ type: family === 'ip' ? 255 : 0, low: 0, high: 255, inverted: false }),
    parse(info, _option, value, inverted) {
      [info.type, info.low, info.high] = parseType(value.text, names, label);
      info.inverted = inverted;
    },
    print(i, c) {
      if (!c.numeric) {
        const known = names.find(([, t, low, high]) => t === i.type && low === i.low && high === i.high);
        if (known !== undefined) return `${head} ${i.inverted ? '!' : ''}${known[0]}`;
      }
      const codes =
        i.low === i.high ? ` code ${i.low}` : i.low !== 0 || i.high !== 255 ? ` codes ${i.low}-${i.high}` : '';
      return `${head}${i.inverted ? ' !' : ''}type ${i.type}${codes}`;
    },
    save(i) {
      const type = family === 'ip' && i.type === 255 ? 'any' : i.type;
      const code = family === 'ip' && i.type === 255 ? '' : i.low !== 0 || i.high !== 255 ? `/${i.low}` : '';
      return `${not(i.inverted)} --${option} ${type}${code}`;
    },
    nft(i) {
      if (family === 'ip' && i.type === 255) return 'ip protocol icmp';
      if (i.low !== 0 || i.high !== 255) return undefined;
      return `${nftKey} ${i.inverted ? '!= ' : ''}${nftNames[i.type] ?? i.type}`;
    },
    kernel: {
      name,
      matches(i, p) {
        const t = transportOf(p);
        if (t === undefined || (t.kind !== 'icmp4' && t.kind !== 'icmp6')) return false;
        const hit = (i.type === 255 && family === 'ip') || (t.type === i.type && t.code >= i.low && t.code <= i.high);
        return hit !== i.inverted;
      },
      check: (_i, place) => (place.protocol === protocol && !place.protocolInverted ? undefined : 'EINVAL'),
    },
  };
}

/** -m icmp */
export const icmp = make('icmp', 'ICMP', 'icmp-type', 'ip', 1, ICMP_NAMES, ' icmp', 'icmp type', NFT_NAMES);

/** -m icmp6 */
export const icmp6 = make(
  'icmp6',
  'ICMPv6',
  'icmpv6-type',
  'ip6',
  58,
  ICMP6_NAMES,
  ' ipv6-icmp',
  'icmpv6 type',
  NFT_NAMES6,
);
