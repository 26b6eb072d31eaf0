/** -m tcp (net/netfilter/xt_tcpudp.c, extensions/libxt_tcp.c). */
import { TCP_HEADER, encodeTransport } from '../../../../wire';
import type { TcpSegment } from '../../../../wire';
import type { XtMatchExtension, XtOption } from '../command-line';
import { not } from '../command-line';
import { portsOf, transportOf } from '../packet';
import { XtProblem } from '../problem';
import { formatPort, formatRange } from '../values';

/** struct xt_tcp */
export interface TcpInfo {
  sport: readonly [number, number];
  dport: readonly [number, number];
  /** Option kind; 0 for none. */
  option: number;
  mask: number;
  compare: number;
  notSport: boolean;
  notDport: boolean;
  notFlags: boolean;
  notOption: boolean;
}

const FLAGS: readonly (readonly [string, number])[] = [
  ['FIN', 1],
  ['SYN', 2],
  ['RST', 4],
  ['PSH', 8],
  ['ACK', 16],
  ['URG', 32],
];

function parseFlags(text: string): number {
  let out = 0;
  for (const part of text.split(',')) {
    const name = part.toUpperCase();
    if (name === 'ALL') out |= 0x3f;
    else if (name !== 'NONE') {
      const found = FLAGS.find(([f]) => f === name);
      if (found === undefined) throw new XtProblem(`Unknown TCP flag \`${part}'`);
      out |= found[1];
    }
  }
  return out;
}

/** Names of flags joined by commas, in the order of their bits. */
export function formatFlags(bits: number): string {
  const names = FLAGS.filter(([, bit]) => bits & bit).map(([name]) => name);
  return names.length === 0 ? 'NONE' : names.join(',');
}

/** ` spt:80`, ` dpts:!1:2`; empty for all ports. */
export function printPorts(
  label: string,
  [low, high]: readonly [number, number],
  inverted: boolean,
  protocol: number,
  numeric: boolean,
): string {
  if (low === 0 && high === 65535 && !inverted) return '';
  const p = (n: number): string => formatPort(n, protocol, numeric);
  const sign = inverted ? '!' : '';
  return low === high ? ` ${label}:${sign}${p(low)}` : ` ${label}s:${sign}${p(low)}:${p(high)}`;
}

/** ` --sport 80`; empty for all ports. */
export function savePorts(option: string, [low, high]: readonly [number, number], inverted: boolean): string {
  if (low === 0 && high === 65535 && !inverted) return '';
  return `${not(inverted)} --${option} ${formatRange(low, high)}`;
}

/** `dport 80`, `dport != 1-2`; empty for all ports. */
export function nftPorts(key: string, [low, high]: readonly [number, number], inverted: boolean): string {
  if (low === 0 && high === 65535 && !inverted) return '';
  return `${key} ${inverted ? '!= ' : ''}${low === high ? low : `${low}-${high}`} `;
}

function hasOption(tcp: TcpSegment, kind: number): boolean {
  const { options } = tcp;
  if (options === undefined) return false;
  if (options.raw === undefined) {
    switch (kind) {
      case 2:
        return options.mss !== undefined;
      case 3:
        return options.wscale !== undefined;
      case 4:
        return options.sackPermitted;
      case 5:
        return options.sack !== undefined;
      case 8:
        return options.timestamps !== undefined;
    }
  }
  const bytes = encodeTransport(tcp, 0, 0, 6);
  const end = (bytes[12]! >> 4) * 4;
  for (let i = TCP_HEADER; i < end;) {
    if (bytes[i] === kind) return true;
    i += bytes[i]! < 2 ? 1 : bytes[i + 1] || 1;
  }
  return false;
}

/** True when a port is in (or, inverted, out of) the range. */
export function portMatches([low, high]: readonly [number, number], port: number, inverted: boolean): boolean {
  return (port >= low && port <= high) !== inverted;
}

const port = (name: string): XtOption => ({ name, type: 'portrange', invert: true, multi: true });

/** The options of protocols with ports: two names for each side. */
export const PORT_OPTIONS: readonly XtOption[] = ['source-port', 'sport', 'destination-port', 'dport'].map(port);

/** Each side may be given once, whatever it is called. @throws XtProblem */
export function portsOnce(option: string, seen: ReadonlySet<string>, again: boolean): void {
  const names =
    option === 'sport' || option === 'source-port' ? ['sport', 'source-port'] : ['dport', 'destination-port'];
  if (!names.includes(option)) return;
  if (again || names.every((n) => seen.has(n))) throw new XtProblem(`Only one \`--${names[1]}' allowed`);
}

/** The extension. */
export const tcp: XtMatchExtension<TcpInfo> = {
  kind: 'match',
  name: 'tcp',
  revision: 0,
  protocols: { ip: 6, ip6: 6 },
  options: [
    ...PORT_OPTIONS,
    { name: 'syn', type: 'none', invert: true, multi: true },
    { name: 'tcp-flags', type: 'string', invert: true, multi: true },
    { name: 'tcp-option', type: 'uint', invert: true, min: 0, max: 255 },
  ],
  make: () => ({
    sport: [0, 65535],
    dport: [0, 65535],
    option: 0,
    mask: 0,
    compare: 0,
    notSport: false,
    notDport: false,
    notFlags: false,
    notOption: false,
  }),
  parse(info, option, value, inverted, c) {
    if (c.protocol !== 6 || c.protocolInverted) throw new XtProblem("TCP match requires '-p tcp'");
    portsOnce(option, c.seen, c.again === true);
    if ((option === 'syn' || option === 'tcp-flags') && (info.mask !== 0 || c.again))
      throw new XtProblem("Only one of `--syn' or `--tcp-flags'  allowed");
    switch (option) {
      case 'source-port':
      case 'sport':
        info.sport = value.range;
        info.notSport = inverted;
        return;
      case 'destination-port':
      case 'dport':
        info.dport = value.range;
        info.notDport = inverted;
        return;
      case 'syn':
        info.mask = 0x17;
        info.compare = 2;
        info.notFlags = inverted;
        return;
      case 'tcp-flags': {
        // The second word follows as an argument of its own; the command line joins the two by a blank.
        const [mask, compare] = value.text.split(' ');
        if (compare === undefined) throw new XtProblem('--tcp-flags requires two args.');
        info.mask = parseFlags(mask!);
        info.compare = parseFlags(compare);
        info.notFlags = inverted;
        return;
      }
      case 'tcp-option':
        info.option = value.number;
        info.notOption = inverted;
    }
  },
  print(i, c) {
    let out =
      ' tcp' +
      printPorts('spt', i.sport, i.notSport, 6, c.numeric) +
      printPorts('dpt', i.dport, i.notDport, 6, c.numeric);
    if (i.option !== 0 || i.notOption) out += ` option=${i.notOption ? '!' : ''}${i.option}`;
    if (i.mask !== 0 || i.notFlags) {
      const two = (n: number): string => `0x${n.toString(16).toUpperCase().padStart(2, '0')}`;
      const show = c.numeric ? two : formatFlags;
      out += ` flags:${i.notFlags ? '!' : ''}${show(i.mask)}/${show(i.compare)}`;
    }
    return out;
  },
  save(i) {
    let out = savePorts('sport', i.sport, i.notSport) + savePorts('dport', i.dport, i.notDport);
    if (i.option !== 0 || i.notOption) out += `${not(i.notOption)} --tcp-option ${i.option}`;
    if (i.mask !== 0 || i.notFlags)
      out += `${not(i.notFlags)} --tcp-flags ${formatFlags(i.mask)} ${formatFlags(i.compare)}`;
    return out;
  },
  nft(i) {
    let out = nftPorts('tcp sport', i.sport, i.notSport) + nftPorts('tcp dport', i.dport, i.notDport);
    if (i.option !== 0) out += `tcp option ${i.option} ${i.notOption ? 'missing' : 'exists'} `;
    if (i.mask !== 0 || i.notFlags) {
      const names = (bits: number): string => (bits === 0 ? '0x0' : formatFlags(bits).toLowerCase());
      out += `tcp flags ${i.notFlags ? '!= ' : ''}${names(i.compare)} / ${names(i.mask)} `;
    }
    return out.trimEnd();
  },
  kernel: {
    name: 'tcp',
    matches(i, p) {
      const t = transportOf(p);
      if (t === undefined) return false;
      const { src, dst } = portsOf(p);
      if (src < 0) return false;
      if (!portMatches(i.sport, src, i.notSport) || !portMatches(i.dport, dst, i.notDport)) return false;
      if (i.mask !== 0 || i.notFlags) {
        const flags = t.kind === 'tcp' ? t.flags : 0;
        if (((flags & i.mask) === i.compare) === i.notFlags) return false;
      }
      if (i.option !== 0 && hasOption(t as TcpSegment, i.option) === i.notOption) return false;
      return true;
    },
    check: (_i, place) => (place.protocol === 6 && !place.protocolInverted ? undefined : 'EINVAL'),
  },
};
