/** -m conntrack and its old spelling -m state (net/netfilter/xt_conntrack.c, extensions/libxt_conntrack.c). */
import type { IpAddress } from '../../../../wire';
import { formatIp } from '../../../../wire';
import { CTINFO, CT_STATUS } from '../../../conntrack/conn';
import type { Conn, Tuple } from '../../../conntrack/conn';
import type { PktInfo } from '../../pktinfo';
import type { XtMatchExtension, XtOption, XtPrintContext } from '../command-line';
import { not } from '../command-line';
import type { XtMatch } from '../extension';
import { holdTracking, releaseTracking } from '../nat';
import { XtProblem } from '../problem';
import { formatMaskShort, formatRange, masked, parseHostMasks, parsePortRange, parseUint } from '../values';
import { protocolNumber } from '../../../../wire';

/** Bits of `states`, in the order they are printed. */
const STATES: readonly (readonly [string, number])[] = [
  ['INVALID', 1],
  ['NEW', 8],
  ['RELATED', 4],
  ['ESTABLISHED', 2],
  ['UNTRACKED', 64],
  ['SNAT', 128],
  ['DNAT', 256],
];
const STATUSES: readonly (readonly [string, number])[] = [
  ['EXPECTED', CT_STATUS.EXPECTED],
  ['SEEN_REPLY', CT_STATUS.SEEN_REPLY],
  ['ASSURED', CT_STATUS.ASSURED],
  ['CONFIRMED', CT_STATUS.CONFIRMED],
];

/** A tuple's address that is compared. */
interface AddressTest {
  address: IpAddress;
  mask: IpAddress;
  inverted: boolean;
}

/** A range with its sign. */
interface RangeTest {
  low: number;
  high: number;
  inverted: boolean;
}

/** struct xt_conntrack_mtinfo3 */
export interface ConntrackInfo {
  states: number;
  notStates: boolean;
  /** It was written as `-m state --state`. */
  alias: boolean;
  protocol: { number: number; inverted: boolean } | undefined;
  origsrc: AddressTest | undefined;
  origdst: AddressTest | undefined;
  replsrc: AddressTest | undefined;
  repldst: AddressTest | undefined;
  origsrcport: RangeTest | undefined;
  origdstport: RangeTest | undefined;
  replsrcport: RangeTest | undefined;
  repldstport: RangeTest | undefined;
  status: { bits: number; inverted: boolean } | undefined;
  expire: RangeTest | undefined;
  /** 'ORIGINAL' or 'REPLY' */
  direction: 'ORIGINAL' | 'REPLY' | undefined;
}

const ADDRESSES = ['origsrc', 'origdst', 'replsrc', 'repldst'] as const;
const PORTS = ['origsrcport', 'origdstport', 'replsrcport', 'repldstport'] as const;

function parseNames(text: string, names: readonly (readonly [string, number])[], label: string): number {
  let bits = 0;
  for (const part of text.split(',')) {
    const upper = part.toUpperCase();
    if (upper === 'NONE' && label === 'ctstatus') continue;
    const found = part === '' ? undefined : names.find(([name]) => name.startsWith(upper));
    if (found === undefined) throw new XtProblem(`Bad ${label} "${part}"`);
    bits |= found[1];
  }
  return bits;
}

function formatNames(bits: number, names: readonly (readonly [string, number])[]): string {
  const out = names.filter(([, bit]) => bits & bit).map(([name]) => name);
  return out.length === 0 ? 'NONE' : out.join(',');
}

/** All parts, with `--` before options for -S. */
function dump(i: ConntrackInfo, prefix: string, c: XtPrintContext): string {
  let out = '';
  const add = (inverted: boolean, option: string, value: string | number): void => {
    out += `${not(inverted)} ${prefix}${option} ${value}`;
  };
  if (i.states !== 0) add(i.notStates, i.alias ? 'state' : 'ctstate', formatNames(i.states, STATES));
  if (i.protocol) add(i.protocol.inverted, 'ctproto', i.protocol.number);
  const address = (key: (typeof ADDRESSES)[number]): void => {
    const a = i[key];
    if (!a) return;
    const shown = prefix === '' && !c.numeric ? c.host(a.address) : formatIp(a.address);
    add(a.inverted, `ct${key}`, shown + formatMaskShort(a.mask));
  };
  const port = (key: (typeof PORTS)[number]): void => {
    const p = i[key];
    if (p) add(p.inverted, `ct${key}`, formatRange(p.low, p.high));
  };
  ADDRESSES.forEach(address);
  PORTS.forEach(port);
  if (i.status) add(i.status.inverted, 'ctstatus', formatNames(i.status.bits, STATUSES));
  if (i.expire) add(i.expire.inverted, 'ctexpire', formatRange(i.expire.low, i.expire.high));
  if (i.direction) add(false, 'ctdir', i.direction);
  return out;
}

function nftRange(key: string, r: RangeTest): string {
  return `${key} ${r.inverted ? '!= ' : ''}${r.low === r.high ? r.low : `${r.low}-${r.high}`} `;
}

function nft(i: ConntrackInfo): string {
  let out = '';
  if (i.direction) out += `ct direction ${i.direction.toLowerCase()} `;
  if (i.protocol) out += `ct original protocol ${i.protocol.inverted ? '!= ' : ''}${i.protocol.number} `;
  if (i.states !== 0) {
    if (i.states & 384) {
      if (i.states & 128) out += `ct status ${i.notStates ? '! ' : ''}snat `;
      else out += `ct status ${i.notStates ? '! ' : ''}dnat `;
    } else {
      const names = STATES.filter(([, bit]) => i.states & bit).map(([name]) => name.toLowerCase());
      out += `ct state ${i.notStates ? '! ' : ''}${names.join(',')} `;
    }
  }
  if (i.status) {
    const names = STATUSES.filter(([, bit]) => i.status!.bits & bit).map(([name]) =>
      name.toLowerCase().replace('_', '-'),
    );
    out += `ct status ${i.status.inverted ? '! ' : ''}${names.join(',')} `;
  }
  if (i.expire) out += nftRange('ct expiration', i.expire);
  const address = (key: string, a: AddressTest | undefined): void => {
    if (a) out += `ct ${key} ${a.inverted ? '!= ' : ''}${formatIp(a.address)}${formatMaskShort(a.mask)} `;
  };
  address('original saddr', i.origsrc);
  address('original daddr', i.origdst);
  address('reply saddr', i.replsrc);
  address('reply daddr', i.repldst);
  if (i.origsrcport) out += nftRange('ct original proto-src', i.origsrcport);
  if (i.origdstport) out += nftRange('ct original proto-dst', i.origdstport);
  if (i.replsrcport) out += nftRange('ct reply proto-src', i.replsrcport);
  if (i.repldstport) out += nftRange('ct reply proto-dst', i.repldstport);
  return out.trimEnd();
}

function addressFails(t: AddressTest | undefined, address: IpAddress): boolean {
  return t !== undefined && (masked(address, t.mask) === t.address) === t.inverted;
}

function rangeFails(t: RangeTest | undefined, n: number): boolean {
  return t !== undefined && (n >= t.low && n <= t.high) === t.inverted;
}

function tupleFails(t: Tuple, src?: AddressTest, dst?: AddressTest, sport?: RangeTest, dport?: RangeTest): boolean {
  return (
    addressFails(src, t.src) || addressFails(dst, t.dst) || rangeFails(sport, t.sport) || rangeFails(dport, t.dport)
  );
}

function matches(i: ConntrackInfo, p: PktInfo): boolean {
  const { skb } = p;
  const ct = skb.ct as Conn | null;
  const info = skb.ctInfo;
  if (i.states !== 0) {
    let bit: number;
    if (info === CTINFO.UNTRACKED) bit = 64;
    else if (ct === null) bit = 1;
    else {
      const state = info % 3;
      bit = state === 0 ? 2 : state === 1 ? 4 : 8;
      if (ct.status & CT_STATUS.SRC_NAT) bit |= 128;
      if (ct.status & CT_STATUS.DST_NAT) bit |= 256;
    }
    if (((i.states & bit) !== 0) === i.notStates) return false;
  }
  if (ct === null) {
    return !(
      i.protocol ||
      i.origsrc ||
      i.origdst ||
      i.replsrc ||
      i.repldst ||
      i.origsrcport ||
      i.origdstport ||
      i.replsrcport ||
      i.repldstport ||
      i.status ||
      i.expire ||
      i.direction
    );
  }
  if (i.direction && (i.direction === 'REPLY') !== info >= CTINFO.ESTABLISHED_REPLY) return false;
  if (i.protocol && (ct.original.protocol === i.protocol.number) === i.protocol.inverted) return false;
  if (tupleFails(ct.original, i.origsrc, i.origdst, i.origsrcport, i.origdstport)) return false;
  if (tupleFails(ct.reply, i.replsrc, i.repldst, i.replsrcport, i.repldstport)) return false;
  if (i.status && ((ct.status & i.status.bits) !== 0 || (i.status.bits === 0 && ct.status === 0)) === i.status.inverted)
    return false;
  if (rangeFails(i.expire, Math.max(0, Math.floor((ct.expires - p.ns.now) / 1e6)))) return false;
  return true;
}

const kernel: XtMatch<ConntrackInfo> = {
  name: 'conntrack',
  matches,
  added: (_i, ns, family) => holdTracking(ns, family),
  removed: (_i, ns, family) => releaseTracking(ns, family),
};

function make(): ConntrackInfo {
  return {
    states: 0,
    notStates: false,
    alias: false,
    protocol: undefined,
    origsrc: undefined,
    origdst: undefined,
    replsrc: undefined,
    repldst: undefined,
    origsrcport: undefined,
    origdstport: undefined,
    replsrcport: undefined,
    repldstport: undefined,
    status: undefined,
    expire: undefined,
    direction: undefined,
  };
}

const option = (name: string, extra: Partial<XtOption> = {}): XtOption => ({
  name,
  type: 'string',
  invert: true,
  ...extra,
});

/** -m conntrack */
export const conntrack: XtMatchExtension<ConntrackInfo> = {
  kind: 'match',
  name: 'conntrack',
  owns: (i) => !i.alias,
  revision: 3,
  options: [
    option('ctstate'),
    option('ctproto'),
    ...ADDRESSES.map((a) => option(`ct${a}`)),
    ...PORTS.map((p) => option(`ct${p}`)),
    option('ctstatus'),
    option('ctexpire', { type: 'uintrange' }),
    option('ctdir', { invert: false }),
  ],
  make,
  parse(i, name, value, inverted, c) {
    const key = name.slice(2);
    if (name === 'ctstate') {
      i.states = parseNames(value.text, STATES, 'ctstate');
      i.notStates = inverted;
    } else if (name === 'ctproto') {
      const number = parseUint(value.text, 0, 255) ?? protocolNumber(value.text.toLowerCase());
      if (number === undefined) throw new XtProblem(`conntrack: bad value for option "--ctproto", or out of range.\n`);
      if (number === 0 && inverted) throw new XtProblem('conntrack: rule would never match protocol');
      i.protocol = { number, inverted };
    } else if (name === 'ctstatus') {
      i.status = { bits: parseNames(value.text, STATUSES, 'ctstatus'), inverted };
    } else if (name === 'ctexpire') {
      i.expire = { low: value.range[0], high: value.range[1], inverted };
    } else if (name === 'ctdir') {
      const dir = value.text.toUpperCase();
      if (dir !== 'ORIGINAL' && dir !== 'REPLY')
        throw new XtProblem(`conntrack: "${value.text}" is not a valid value for option "--ctdir"`);
      i.direction = dir;
    } else if (key.endsWith('port')) {
      const [low, high] = parsePortRange(value.text);
      i[key as (typeof PORTS)[number]] = { low, high, inverted };
    } else {
      const hosts = parseHostMasks(value.text, c.family, c.resolve);
      i[key as (typeof ADDRESSES)[number]] = { ...hosts[0]!, inverted };
    }
  },
  finish(_i, c) {
    if (c.seen.size === 0) throw new XtProblem('conntrack: At least one option is required');
  },
  print: (i, c) => dump(i, '', c),
  save: (i, c) => dump(i, '--', c),
  nft: (i) => nft(i),
  kernel,
};

/** -m state */
export const state: XtMatchExtension<ConntrackInfo> = {
  kind: 'match',
  name: 'state',
  realName: 'conntrack',
  owns: (i) => i.alias,
  revision: 3,
  options: [option('state', { mandatory: true })],
  make: () => ({ ...make(), alias: true }),
  parse(i, _name, value, inverted) {
    i.states = parseNames(value.text, STATES.slice(0, 5), 'state');
    i.notStates = inverted;
  },
  print: (i, c) => dump(i, '', c),
  save: (i, c) => dump(i, '--', c),
  nft: (i) => nft(i),
  kernel,
};
