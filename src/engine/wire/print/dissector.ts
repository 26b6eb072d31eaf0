/**
 * What all printers share: the captured bytes with bounds checks, the text so far, options and per-run state. Printers work
 * on bytes, as tcpdump's do: a cut-off or malformed packet must print as far as it goes.
 */
import type { IpAddress } from '../ip';
import { fold, sumWords } from '../checksum';
import { formatIp4, ip4FromBytes } from '../ip';
import { formatIp6 } from '../ip6-address';
import { macFromBytes } from '../mac';
import { serviceName } from '../services';

/** tcpdump's output options. All default to off. */
export interface PrintOptions {
  /** -n: no names for addresses and ports. */
  numeric?: boolean;
  /** -N: host names without their domain. */
  shortNames?: boolean;
  /** -e: the link-level header. */
  ether?: boolean;
  /** -v, -vv, -vvv. */
  verbose?: number;
  /** -q. */
  quiet?: boolean;
  /** -x, -xx, -X, -XX, -A, -AA: dump the packet after the line; doubled letters include the link-level header. */
  dump?: 'x' | 'xx' | 'X' | 'XX' | 'A' | 'AA';
  /** 0 time of day, 1 none (-t), 2 seconds (-tt), 3 since the last packet (-ttt), 4 with date (-tttt), 5 since the first. */
  timestamp?: 0 | 1 | 2 | 3 | 4 | 5;
  /** -S: absolute TCP sequence numbers. */
  absoluteSequence?: boolean;
  /** -K: do not verify checksums. */
  noChecksums?: boolean;
  /** -#: print packet numbers. */
  packetNumbers?: boolean;
  /** -T: how to read UDP payloads whatever the port says. */
  packetType?: 'vxlan' | 'domain';
  /** LINKTYPE_* of the bytes; Ethernet when absent. */
  linkType?: number;
  /** Seconds east of UTC for time stamps. */
  utcOffset?: number;
  /** Name of an address, for output without -n (the caller asks /etc/hosts or DNS). */
  hostName?: (address: IpAddress) => string | undefined;
  /** Name of an interface index, for cooked captures. */
  interfaceName?: (ifindex: number) => string | undefined;
}

/** What a run of tcpdump remembers between packets. Make one per run with {@link makePrintState}. */
export interface PrintState {
  /** Initial sequence numbers by connection (both directions share an entry). */
  readonly connections: Map<string, { seq: number; ack: number }>;
  /** Time stamp of the reference packet of -ttt and -ttttt, in microseconds; undefined before the first packet. */
  reference: number | undefined;
  /** Packets printed so far. */
  count: number;
}

/** A fresh state. */
export function makePrintState(): PrintState {
  return { connections: new Map(), reference: undefined, count: 0 };
}

/**
 * Thrown inside the printers when the captured bytes end; printPacket turns it into ` [|protocol]`.
 * tcpdump has two ways to stop: a printer that checks a header first returns (`checked`), a read past the end jumps out of
 * all printers at once. After a jump the length of the link-level header is unknown, so -x and -X dump the frame from its start.
 */
export class Truncated extends Error {
  constructor(readonly checked: boolean) {
    super('packet truncated');
  }
}

const CHECKED = new Truncated(true);
const JUMP = new Truncated(false);

/** Bytes under dissection and the text made of them. */
export class Dissector {
  text = '';
  /** First byte that was not captured or lies behind the packet being printed. */
  end: number;
  /** Named in ` [|protocol]` when bytes run out. */
  protocol = '';
  /** Length of the link-level header, for -x, -X and -A. */
  linkHeader = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly options: PrintOptions,
    readonly state: PrintState,
  ) {
    this.end = bytes.length;
  }

  /** The -v level. */
  get verbose(): number {
    return this.options.verbose ?? 0;
  }

  /** Are unknown payloads left out? -q, -x and -X do that; -A does not. */
  get bare(): boolean {
    const dump = this.options.dump;
    return this.options.quiet === true || (dump !== undefined && dump[0] !== 'A');
  }

  /** Appends text. */
  print(text: string): void {
    this.text += text;
  }

  /** Are `length` bytes captured at `at`? */
  has(at: number, length: number): boolean {
    return at + length <= this.end;
  }

  /** Gives up on the packet unless `length` bytes are captured at `at`. */
  need(at: number, length: number): void {
    if (at + length > this.end) throw CHECKED;
  }

  /** Gives up on the packet. */
  truncated(): never {
    throw CHECKED;
  }

  private read(at: number, length: number): void {
    if (at + length > this.end) throw JUMP;
  }

  u8(at: number): number {
    this.read(at, 1);
    return this.bytes[at]!;
  }

  u16(at: number): number {
    this.read(at, 2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  u24(at: number): number {
    this.read(at, 3);
    return (this.bytes[at]! << 16) | (this.bytes[at + 1]! << 8) | this.bytes[at + 2]!;
  }

  u32(at: number): number {
    return this.u16(at) * 0x10000 + this.u16(at + 2);
  }

  /** An IPv4 address, by name without -n. */
  ip4(at: number): string {
    this.read(at, 4);
    const address = ip4FromBytes(this.bytes, at);
    return this.hostName(address) ?? formatIp4(address);
  }

  /** An IPv6 address, by name without -n. */
  ip6(at: number): string {
    this.read(at, 16);
    const address = formatIp6(this.bytes, at);
    return this.hostName(address) ?? address;
  }

  private hostName(address: IpAddress): string | undefined {
    if (this.options.numeric === true || this.options.hostName === undefined) return undefined;
    const name = this.options.hostName(address);
    return this.options.shortNames === true ? name?.split('.')[0] : name;
  }

  /** An Ethernet address. Without -n tcpdump names the broadcast address and the (here always unknown) vendor. */
  mac(at: number): string {
    this.read(at, 6);
    const mac = macFromBytes(this.bytes, at);
    if (this.options.numeric === true) return mac;
    return mac === 'ff:ff:ff:ff:ff:ff' ? 'Broadcast' : `${mac} (oui ${ouiName(mac)})`;
  }

  /** A port number or service name. */
  port(port: number, protocol: 'tcp' | 'udp'): string {
    return (this.options.numeric === true ? undefined : serviceName(port, protocol)) ?? String(port);
  }

  /** Folded, complemented Internet checksum of captured bytes: 0 when a contained checksum is right. */
  checksum(at: number, length: number, sum = 0): number {
    return ~fold(sumWords(this.bytes, at, at + length, sum)) & 0xffff;
  }
}

/** What a checksum field should have held, from what it held and the (non-zero) verification result. */
export function shouldBe(field: number, verification: number): number {
  // RFC 1624: take the field out of the sum and add it up again
  const sum = (~verification & 0xffff) + (~field & 0xffff);
  return ~fold(sum) & 0xffff;
}

const OUIS: Readonly<Record<string, string>> = {
  '00:00:00': 'Ethernet',
  '00:00:0c': 'Cisco',
  '00:80:c2': 'RFC2684',
};

function ouiName(mac: string): string {
  return OUIS[mac.slice(0, 8)] ?? 'Unknown';
}

/** Names of set bits joined by `separator`, or `none`. */
export function bitNames(
  bits: readonly (readonly [number, string])[],
  value: number,
  separator: string,
  none = 'none',
): string {
  const names = bits.filter(([mask]) => (value & mask) === mask).map(([, name]) => name);
  return names.length === 0 ? none : names.join(separator);
}

/** A byte as tcpdump prints names: `^X` for controls, `M-x` for bytes above 127. */
export function visibleChar(byte: number): string {
  let text = '';
  let c = byte;
  if (c > 127) {
    c &= 127;
    text = 'M-';
  }
  return text + (c >= 32 && c < 127 ? String.fromCharCode(c) : '^' + String.fromCharCode(c ^ 64));
}

/** A duration as `1w2d3h4m5s`, zero parts left out. */
export function relativeTime(seconds: number): string {
  if (seconds === 0) return '0s';
  let text = '';
  const units: readonly (readonly [number, string])[] = [
    [31536000, 'y'],
    [604800, 'w'],
    [86400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ];
  for (const [size, unit] of units) {
    if (seconds >= size) {
      text += Math.floor(seconds / size) + unit;
      seconds %= size;
    }
  }
  return text;
}
