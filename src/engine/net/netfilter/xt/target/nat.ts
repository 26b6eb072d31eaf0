/** -j DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP (net/netfilter/xt_nat.c, xt_MASQUERADE.c, xt_REDIRECT.c, xt_NETMAP.c). */
import type { IpAddress } from '../../../../wire';
import { formatIp } from '../../../../wire';
import type { NatRange } from '../../../conntrack/conn';
import { HOOK } from '../../hook-table';
import { VERDICT } from '../../pktinfo';
import type { XtOption, XtParseContext, XtTargetExtension } from '../command-line';
import type { XtPlace } from '../extension';
import { holdTracking, natApi, releaseTracking, verdictOf } from '../nat';
import { XtProblem } from '../problem';
import type { XtFamily } from '../values';
import { fullMask, maskLength, maskOf, masked, parseMask, parseNumeric, parseUint } from '../values';

/** struct nf_nat_range2, while it is being written. */
export type NatInfo = { -readonly [K in keyof NatRange]: NatRange[K] };

const FLAG_OPTIONS: readonly XtOption[] = [
  { name: 'random', type: 'none' },
  { name: 'random-fully', type: 'none' },
  { name: 'persistent', type: 'none' },
];

/** Do the rule's packets have ports? */
function ported(c: XtParseContext): boolean {
  return !c.protocolInverted && [6, 17, 132, 33, 1, 136].includes(c.protocol);
}

function needPorts(c: XtParseContext): void {
  if (!ported(c)) throw new XtProblem('Need TCP, UDP, SCTP or DCCP with port specification');
}

function parsePorts(text: string, i: NatInfo): void {
  const slash = text.indexOf('/');
  const range = slash < 0 ? text : text.slice(0, slash);
  const dash = range.indexOf('-');
  const low = dash < 0 ? range : range.slice(0, dash);
  const high = dash < 0 ? range : range.slice(dash + 1);
  const port = (t: string): number => {
    const n = parseUint(t, 0, 65535);
    if (n === undefined) throw new XtProblem(`Port \`${t}' not valid`);
    return n;
  };
  i.minPort = port(low);
  i.maxPort = port(high);
  if (i.minPort > i.maxPort) throw new XtProblem(`Port range \`${high}' funky`);
  if (slash >= 0) i.basePort = port(text.slice(slash + 1));
}

function parseTo(text: string, i: NatInfo, c: XtParseContext): void {
  let addresses = text;
  if (c.family === 'ip') {
    const colon = text.indexOf(':');
    if (colon >= 0) {
      needPorts(c);
      parsePorts(text.slice(colon + 1), i);
      addresses = text.slice(0, colon);
      if (addresses === '') return;
    }
  } else {
    const bracketed = /^\[(.*)\](?::(.*))?$/.exec(text);
    if (bracketed !== null) {
      addresses = bracketed[1]!;
      if (bracketed[2] !== undefined) {
        needPorts(c);
        parsePorts(bracketed[2], i);
      }
    }
  }
  const dash = addresses.indexOf('-');
  const read = (t: string): IpAddress => {
    const a = parseNumeric(t, c.family);
    if (a === undefined) throw new XtProblem(`Bad IP address "${t}"`);
    return a;
  };
  i.min = read(dash < 0 ? addresses : addresses.slice(0, dash));
  i.max = dash < 0 ? i.min : read(addresses.slice(dash + 1));
}

function flags(i: NatInfo): string[] {
  const out: string[] = [];
  if (i.random) out.push('random');
  if (i.fullyRandom) out.push('random-fully');
  if (i.persistent) out.push('persistent');
  return out;
}

function setFlag(i: NatInfo, option: string): boolean {
  if (option === 'random') i.random = true;
  else if (option === 'random-fully') i.fullyRandom = true;
  else if (option === 'persistent') i.persistent = true;
  else return false;
  return true;
}

function portText(i: NatInfo): string {
  if (i.minPort === undefined) return '';
  const range = i.minPort === i.maxPort ? `${i.minPort}` : `${i.minPort}-${i.maxPort}`;
  return i.basePort === undefined ? range : `${range}/${i.basePort}`;
}

function toText(i: NatInfo): string {
  const ports = portText(i);
  const address =
    i.min === undefined ? '' : i.min === i.max ? formatIp(i.min) : `${formatIp(i.min)}-${formatIp(i.max!)}`;
  if (ports === '') return address;
  return address.includes(':') ? `[${address}]:${ports}` : `${address}:${ports}`;
}

function nftFlags(i: NatInfo): string {
  const out = flags(i).map((f) => (f === 'random-fully' ? 'fully-random' : f));
  return out.length === 0 ? '' : ` ${out.join(',')}`;
}

const hold = {
  added: (_i: unknown, ...where: Parameters<typeof holdTracking>) => holdTracking(...where),
  removed: (_i: unknown, ...where: Parameters<typeof releaseTracking>) => releaseTracking(...where),
};

/** Only in the nat table, and only from these hooks. */
function inNat(place: XtPlace, hooks: readonly number[]): 'EINVAL' | undefined {
  if (place.table !== 'nat') return 'EINVAL';
  const allowed = hooks.reduce((bits, h) => bits | (1 << h), 0);
  return place.hooks & ~allowed ? 'EINVAL' : undefined;
}

const DST_HOOKS = [HOOK.PREROUTING, HOOK.OUTPUT];
const SRC_HOOKS = [HOOK.POSTROUTING, HOOK.INPUT];

function makeNat(name: 'DNAT' | 'SNAT'): XtTargetExtension<NatInfo> {
  const option = name === 'DNAT' ? 'to-destination' : 'to-source';
  const kind = name === 'DNAT' ? 'dst' : 'src';
  return {
    kind: 'target',
    name,
    revision: name === 'DNAT' ? 2 : 1,
    options: [{ name: option, type: 'string', mandatory: true, multi: true }, ...FLAG_OPTIONS],
    make: () => ({}),
    parse(i, o, value, _inverted, c) {
      if (setFlag(i, o)) return;
      if (i.min !== undefined || i.minPort !== undefined)
        throw new XtProblem(`${name}: Multiple --${option} not supported`);
      parseTo(value.text, i, c);
    },
    print: (i) => [` to:${toText(i)}`, ...flags(i)].join(' '),
    save: (i) => [` --${option} ${toText(i)}`, ...flags(i).map((f) => `--${f}`)].join(' '),
    nft: (i) => `${name.toLowerCase()} to ${toText(i)}${nftFlags(i)}`,
    kernel: {
      name,
      run: (i, p) => verdictOf(natApi.setup(p.ns, p.skb, i, kind)),
      check: (_i, place) => inNat(place, name === 'DNAT' ? DST_HOOKS : SRC_HOOKS),
      ...hold,
    },
  };
}

/** -j DNAT */
export const dnat = makeNat('DNAT');
/** -j SNAT */
export const snat = makeNat('SNAT');

function parsePortOption(i: NatInfo, text: string, c: XtParseContext): void {
  needPorts(c);
  parsePorts(text, i);
}

/** -j MASQUERADE */
export const masquerade: XtTargetExtension<NatInfo> = {
  kind: 'target',
  name: 'MASQUERADE',
  revision: 0,
  options: [
    { name: 'to-ports', type: 'string' },
    { name: 'random', type: 'none' },
    { name: 'random-fully', type: 'none' },
  ],
  make: () => ({}),
  parse(i, option, value, _inverted, c) {
    if (!setFlag(i, option)) parsePortOption(i, value.text, c);
  },
  print: (i) => [i.minPort === undefined ? '' : ` masq ports: ${portText(i)}`, ...flags(i)].join(' '),
  save: (i) =>
    [i.minPort === undefined ? '' : ` --to-ports ${portText(i)}`, ...flags(i).map((f) => `--${f}`)].join(' '),
  nft: (i) => `masquerade${i.minPort === undefined ? '' : ` to :${portText(i)}`}${nftFlags(i)}`,
  kernel: {
    name: 'MASQUERADE',
    run: (i, p) => (p.output === null ? VERDICT.DROP : verdictOf(natApi.masquerade(p.ns, p.skb, i, p.output))),
    check: (_i, place) => inNat(place, [HOOK.POSTROUTING]),
    ...hold,
  },
};

/** -j REDIRECT */
export const redirect: XtTargetExtension<NatInfo> = {
  ...masquerade,
  name: 'REDIRECT',
  options: [
    { name: 'to-ports', type: 'string' },
    { name: 'random', type: 'none' },
  ],
  print: (i) => [i.minPort === undefined ? '' : ` redir ports ${portText(i)}`, ...flags(i)].join(' '),
  nft: (i) => `redirect${i.minPort === undefined ? '' : ` to :${portText(i)}`}${nftFlags(i)}`,
  kernel: {
    name: 'REDIRECT',
    run: (i, p) => verdictOf(natApi.redirect(p.ns, p.skb, i, p.hook, p.input)),
    check: (_i, place) => inNat(place, DST_HOOKS),
    ...hold,
  },
};

/** struct nf_nat_range of NETMAP: the prefix and its mask. */
export interface NetmapInfo {
  address: IpAddress;
  mask: IpAddress;
}

function parsePrefix(text: string, family: XtFamily): NetmapInfo {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const address = parseNumeric(host, family);
  if (address === undefined) throw new XtProblem(`Bad IP address "${host}"\n`);
  const mask = slash < 0 ? fullMask(family) : parseMask(text.slice(slash + 1), family);
  return { address: masked(address, mask), mask };
}

const prefixText = (i: NetmapInfo): string => {
  const length = maskLength(i.mask);
  const bits = typeof i.mask === 'number' ? 32 : 128;
  return formatIp(i.address) + (length === bits ? '' : `/${length ?? formatIp(i.mask)}`);
};

/** -j NETMAP */
export const netmap: XtTargetExtension<NetmapInfo> = {
  kind: 'target',
  name: 'NETMAP',
  revision: 0,
  options: [{ name: 'to', type: 'string', mandatory: true }],
  make: (family) => ({ address: maskOf(family, 0), mask: fullMask(family) }),
  parse(i, _option, value, _inverted, c) {
    Object.assign(i, parsePrefix(value.text, c.family));
  },
  print: (i) => ` to:${prefixText(i)}`,
  save: (i) => ` --to ${prefixText(i)}`,
  nft: () => undefined,
  kernel: {
    name: 'NETMAP',
    run(i, p) {
      const source = p.hook === HOOK.POSTROUTING || p.hook === HOOK.INPUT;
      const range = { min: i.address, max: i.address };
      return verdictOf(natApi.netmap(p.ns, p.skb, range, source ? 'src' : 'dst', maskLength(i.mask) ?? 0));
    },
    check: (_i, place) => inNat(place, [HOOK.PREROUTING, HOOK.POSTROUTING, HOOK.OUTPUT, HOOK.INPUT]),
    ...hold,
  },
};
