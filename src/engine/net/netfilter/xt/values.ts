/** Values on xtables command lines: reading them (libxtables/xtoptions.c, xtables.c) and printing them. */
import type { IpAddress } from '../../../wire';
import {
  formatIp,
  formatIp6,
  ip6Bytes,
  mask4,
  maskLength4,
  parseIp4,
  parseIp6,
  parseMac,
  servicePort,
  serviceName,
} from '../../../wire';
import { XtProblem } from './problem';

/** Families that xtables serves. */
export type XtFamily = 'ip' | 'ip6';

/** xtables_strtoui: decimal, 0x hexadecimal or 0 octal. @returns undefined when it is none or out of range. */
export function parseUint(text: string, min = 0, max = 0xffffffff): number | undefined {
  const match = /^\s*\+?(0[xX][0-9a-fA-F]+|\d+)$/.exec(text);
  if (match === null) return undefined;
  const digits = match[1]!;
  const octal = digits.length > 1 && digits[0] === '0' && /^[0-7]+$/.test(digits);
  if (digits.length > 1 && digits[0] === '0' && !octal && !/^0x/i.test(digits)) return undefined;
  const value = octal ? parseInt(digits, 8) : Number(digits);
  return value < min || value > max ? undefined : value;
}

/** A port by number or service name. @throws XtProblem */
export function parsePort(text: string, protocol?: string): number {
  const number = parseUint(text, 0, 65535);
  if (number !== undefined) return number;
  const known = servicePort(text);
  if (
    known !== undefined &&
    (protocol === undefined || (protocol === 'udp' ? known.udp : protocol !== 'tcp' || known.tcp))
  )
    return known.port;
  throw new XtProblem(`invalid port/service \`${text}' specified`);
}

/** `80`, `80:90`, `:90`, `80:`. @throws XtProblem */
export function parsePortRange(text: string, protocol?: string): [number, number] {
  const colon = text.indexOf(':');
  if (colon < 0) {
    const port = parsePort(text, protocol);
    return [port, port];
  }
  const low = text.slice(0, colon);
  const high = text.slice(colon + 1);
  const range: [number, number] = [
    low === '' ? 0 : parsePort(low, protocol),
    high === '' ? 65535 : parsePort(high, protocol),
  ];
  if (range[0] > range[1]) throw new XtProblem('invalid portrange (min > max)');
  return range;
}

/** Eight hexadecimal digits at most, as `%x` prints. */
export function hex(n: number): string {
  return `0x${(n >>> 0).toString(16)}`;
}

/** An address with its mask; for IPv6 both are 128-bit strings. */
export interface Masked {
  readonly address: IpAddress;
  readonly mask: IpAddress;
}

/** The mask of all ones. */
export function fullMask(family: XtFamily): IpAddress {
  return family === 'ip' ? 0xffffffff : formatIp6(new Uint8Array(16).fill(255));
}

/** The mask of a prefix length. */
export function maskOf(family: XtFamily, length: number): IpAddress {
  if (family === 'ip') return mask4(length);
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++)
    bytes[i] = length >= 8 * (i + 1) ? 255 : length <= 8 * i ? 0 : 256 - (1 << (8 - (length - 8 * i)));
  return formatIp6(bytes);
}

/** The prefix length of a mask; undefined when it has holes. */
export function maskLength(mask: IpAddress): number | undefined {
  if (typeof mask === 'number') return maskLength4(mask);
  const bytes = ip6Bytes(mask);
  let length = 0;
  while (length < 128 && bytes[length >> 3]! & (0x80 >> (length & 7))) length++;
  return maskOf('ip6', length) === mask ? length : undefined;
}

/** `address & mask`. */
export function masked(address: IpAddress, mask: IpAddress): IpAddress {
  if (typeof address === 'number') return (address & (mask as number)) >>> 0;
  const a = ip6Bytes(address);
  const m = ip6Bytes(mask as string);
  return formatIp6(a.map((b, i) => b & m[i]!));
}

/** Reads an address in numbers; IPv4 also in the short forms `10` and `10.1` that only come with a mask. */
export function parseNumeric(text: string, family: XtFamily, short = false): IpAddress | undefined {
  if (family === 'ip6') return parseIp6(text);
  const full = parseIp4(text);
  if (full !== undefined || !short) return full;
  const parts = text.split('.');
  if (parts.length > 4 || !parts.every((p) => /^\d{1,3}$/.test(p) && Number(p) < 256)) return undefined;
  while (parts.length < 4) parts.push('0');
  return parseIp4(parts.join('.'));
}

/** Reads a mask: a length or an address. @throws XtProblem */
export function parseMask(text: string, family: XtFamily): IpAddress {
  const numeric = /^\d+$/.test(text) ? Number(text) : undefined;
  const bits = family === 'ip' ? 32 : 128;
  if (numeric !== undefined && numeric <= bits) return maskOf(family, numeric);
  const address = numeric === undefined ? parseNumeric(text, family) : undefined;
  if (address === undefined) throw new XtProblem(`invalid mask \`${text}' specified`);
  return address;
}

/** How names of hosts are found: all addresses of that family. */
export type Resolve = (name: string, family: XtFamily) => readonly IpAddress[];

/** Addresses of a name or number. @throws XtProblem */
export function parseHost(text: string, family: XtFamily, resolve: Resolve, short = false): readonly IpAddress[] {
  const numeric = parseNumeric(text, family, short);
  if (numeric !== undefined) return [numeric];
  const found = resolve(text, family);
  if (found.length === 0) throw new XtProblem(`host/network \`${text}' not found`);
  return found;
}

/** `a[/mask][,b[/mask]...]`: each with its mask, host bits cleared. @throws XtProblem */
export function parseHostMasks(text: string, family: XtFamily, resolve: Resolve): Masked[] {
  const out: Masked[] = [];
  for (const raw of text.split(',')) {
    const part = raw.trim();
    if (part === '') continue;
    const slash = part.lastIndexOf('/');
    const mask = slash < 0 ? fullMask(family) : parseMask(part.slice(slash + 1), family);
    const host = slash < 0 ? part : part.slice(0, slash);
    const zero = masked(mask, mask) === maskOf(family, 0);
    const addresses = zero && host === '0' ? [maskOf(family, 0)] : parseHost(host, family, resolve, slash >= 0);
    for (const a of addresses) out.push({ address: masked(a, mask), mask });
  }
  return out;
}

/** `/24`, `/255.0.255.0`; empty for a host when `host` is wanted short. */
export function formatMask(mask: IpAddress): string {
  const length = maskLength(mask);
  return length === undefined ? `/${formatIp(mask)}` : `/${length}`;
}

/** A mask as -L prints it: nothing behind a host. */
export function formatMaskShort(mask: IpAddress): string {
  const length = maskLength(mask);
  if (length === (typeof mask === 'number' ? 32 : 128)) return '';
  return length === undefined ? `/${formatIp(mask)}` : `/${length}`;
}

/** Reads a MAC address. @throws XtProblem */
export function parseEther(text: string): string {
  const mac = parseMac(text);
  if (mac === undefined || text.includes('-')) throw new XtProblem('Invalid MAC address specified.');
  return mac;
}

const PLAIN = /^[-_0-9A-Za-z]+$/;

/** xtables_save_string: quoted when it has to be. */
export function saveString(text: string): string {
  return PLAIN.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`;
}

/** A port by name unless numbers are wanted. */
export function formatPort(port: number, protocol: number | undefined, numeric: boolean): string {
  if (numeric) return String(port);
  return serviceName(port, protocol === 17 ? 'udp' : 'tcp') ?? String(port);
}

/** `80` or `80:90`. */
export function formatRange(low: number, high: number): string {
  return low === high ? String(low) : `${low}:${high}`;
}
