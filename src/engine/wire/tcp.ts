/** TCP (RFC 9293) with the options Linux uses (RFC 7323, RFC 2018). */
import { bytesEqual, get16, get32, put16, put32 } from './bytes';
import { CHECKSUM_AUTO, CHECKSUM_PARTIAL, expectedChecksum, fold, internetChecksum } from './checksum';

/** Control bits of byte 13 (and the NS/AE bit 0x100 of byte 12). */
export const TCP_FLAG = {
  FIN: 0x01,
  SYN: 0x02,
  RST: 0x04,
  PSH: 0x08,
  ACK: 0x10,
  URG: 0x20,
  ECE: 0x40,
  CWR: 0x80,
  AE: 0x100,
} as const;

/** Length of the TCP header without options, in bytes. */
export const TCP_HEADER = 20;

/** TCP options. Absent ones are undefined. Numbers are unsigned. */
export interface TcpOptions {
  /** Maximum segment size in bytes. */
  readonly mss: number | undefined;
  /** Window scale shift count. */
  readonly wscale: number | undefined;
  readonly sackPermitted: boolean;
  /** SACK blocks, [left edge, right edge) sequence numbers. */
  readonly sack: readonly (readonly [number, number])[] | undefined;
  /** Timestamps (TSval, TSecr). */
  readonly timestamps: { readonly val: number; readonly ecr: number } | undefined;
  /** The option bytes (a multiple of 4) when they are not laid out as Linux would; they win when encoding. */
  readonly raw: Uint8Array | undefined;
}

/** A whole TCP segment. */
export interface TcpSegment {
  readonly kind: 'tcp';
  readonly srcPort: number;
  readonly dstPort: number;
  /** Sequence number, uint32. */
  readonly seq: number;
  /** Acknowledgement number, uint32 (meaningful with ACK). */
  readonly ack: number;
  /** {@link TCP_FLAG} bits. */
  readonly flags: number;
  /** Window field as on the wire (not scaled), 16 bits. */
  readonly window: number;
  readonly urgent: number;
  /** undefined: a 20-byte header. */
  readonly options: TcpOptions | undefined;
  readonly payload: Uint8Array;
  /** A CHECKSUM_* marker or the literal field. */
  readonly checksum: number;
}

/** Builds a segment. */
export function makeTcp(
  srcPort: number,
  dstPort: number,
  seq: number,
  ack: number,
  flags: number,
  window: number,
  options: TcpOptions | undefined,
  payload: Uint8Array,
  checksum = CHECKSUM_AUTO,
  urgent = 0,
): TcpSegment {
  return { kind: 'tcp', srcPort, dstPort, seq, ack, flags, window, urgent, options, payload, checksum };
}

/** Builds an options object of the one shape the wire layer uses. */
export function makeTcpOptions(init: Partial<TcpOptions>): TcpOptions {
  return {
    mss: init.mss,
    wscale: init.wscale,
    sackPermitted: init.sackPermitted ?? false,
    sack: init.sack,
    timestamps: init.timestamps,
    raw: init.raw,
  };
}

/** Bytes the options occupy, a multiple of 4 (0..40). */
export function tcpOptionsLength(options: TcpOptions | undefined): number {
  if (options === undefined) return 0;
  if (options.raw !== undefined) return options.raw.length;
  let length = 0;
  if (options.mss !== undefined) length += 4;
  if (options.timestamps !== undefined) length += 12;
  else if (options.sackPermitted) length += 4;
  if (options.wscale !== undefined) length += 4;
  if (options.sack !== undefined) length += 4 + 8 * options.sack.length;
  return length;
}

/** Header length in bytes, options included. */
export function tcpHeaderLength(tcp: TcpSegment): number {
  return TCP_HEADER + tcpOptionsLength(tcp.options);
}

/** Lays options out in the order of Linux tcp_options_write(): MSS, SACK-permitted with timestamps, window scale, SACK. */
function writeOptions(options: TcpOptions, out: Uint8Array, at: number): void {
  if (options.raw !== undefined) {
    out.set(options.raw, at);
    return;
  }
  if (options.mss !== undefined) {
    out[at] = 2;
    out[at + 1] = 4;
    put16(out, at + 2, options.mss);
    at += 4;
  }
  if (options.timestamps !== undefined) {
    out[at] = options.sackPermitted ? 4 : 1;
    out[at + 1] = options.sackPermitted ? 2 : 1;
    out[at + 2] = 8;
    out[at + 3] = 10;
    put32(out, at + 4, options.timestamps.val);
    put32(out, at + 8, options.timestamps.ecr);
    at += 12;
  } else if (options.sackPermitted) {
    out[at] = 1;
    out[at + 1] = 1;
    out[at + 2] = 4;
    out[at + 3] = 2;
    at += 4;
  }
  if (options.wscale !== undefined) {
    out[at] = 1;
    out[at + 1] = 3;
    out[at + 2] = 3;
    out[at + 3] = options.wscale;
    at += 4;
  }
  if (options.sack !== undefined) {
    out[at] = 1;
    out[at + 1] = 1;
    out[at + 2] = 5;
    out[at + 3] = 2 + 8 * options.sack.length;
    at += 4;
    for (const [left, right] of options.sack) {
      put32(out, at, left);
      put32(out, at + 4, right);
      at += 8;
    }
  }
}

function decodeOptions(raw: Uint8Array): TcpOptions {
  let mss: number | undefined;
  let wscale: number | undefined;
  let sackPermitted = false;
  let sack: [number, number][] | undefined;
  let timestamps: { val: number; ecr: number } | undefined;
  for (let i = 0; i < raw.length;) {
    const type = raw[i]!;
    if (type === 0) break;
    if (type === 1) {
      i++;
      continue;
    }
    const length = raw[i + 1] ?? 0;
    if (length < 2 || i + length > raw.length) break;
    if (type === 2 && length === 4) mss = get16(raw, i + 2);
    else if (type === 3 && length === 3) wscale = raw[i + 2]!;
    else if (type === 4 && length === 2) sackPermitted = true;
    else if (type === 5 && length % 8 === 2) {
      sack = [];
      for (let b = i + 2; b < i + length; b += 8) sack.push([get32(raw, b), get32(raw, b + 4)]);
    } else if (type === 8 && length === 10) timestamps = { val: get32(raw, i + 2), ecr: get32(raw, i + 6) };
    i += length;
  }
  const options = makeTcpOptions({ mss, wscale, sackPermitted, sack, timestamps });
  if (tcpOptionsLength(options) === raw.length) {
    const again = new Uint8Array(raw.length);
    writeOptions(options, again, 0);
    if (bytesEqual(again, raw)) return options;
  }
  return makeTcpOptions({ ...options, raw });
}

/** Writes the segment at `at`. @param pseudo unfolded pseudo-header sum without the length. */
export function writeTcp(tcp: TcpSegment, out: Uint8Array, at: number, pseudo: number): void {
  const header = tcpHeaderLength(tcp);
  const length = header + tcp.payload.length;
  put16(out, at, tcp.srcPort);
  put16(out, at + 2, tcp.dstPort);
  put32(out, at + 4, tcp.seq);
  put32(out, at + 8, tcp.ack);
  put16(out, at + 12, (header << 10) | (tcp.flags & 0xfff));
  put16(out, at + 14, tcp.window);
  put16(out, at + 16, 0);
  put16(out, at + 18, tcp.urgent);
  if (tcp.options !== undefined) writeOptions(tcp.options, out, at + TCP_HEADER);
  out.set(tcp.payload, at + header);
  let checksum = tcp.checksum;
  if (checksum === CHECKSUM_AUTO) checksum = internetChecksum(out, at, at + length, pseudo + length);
  else if (checksum === CHECKSUM_PARTIAL) checksum = fold(pseudo + length);
  put16(out, at + 16, checksum);
}

/** Reads a segment that fills `bytes`; undefined when the header is malformed. */
export function decodeTcp(bytes: Uint8Array, pseudo: number): TcpSegment | undefined {
  if (bytes.length < TCP_HEADER) return undefined;
  const header = (bytes[12]! >> 4) * 4;
  if (header < TCP_HEADER || header > bytes.length) return undefined;
  const field = get16(bytes, 16);
  let checksum = field;
  if (field === expectedChecksum(bytes, 0, bytes.length, field, pseudo + bytes.length)) checksum = CHECKSUM_AUTO;
  else if (field === fold(pseudo + bytes.length)) checksum = CHECKSUM_PARTIAL;
  return makeTcp(
    get16(bytes, 0),
    get16(bytes, 2),
    get32(bytes, 4),
    get32(bytes, 8),
    get16(bytes, 12) & 0xfff,
    get16(bytes, 14),
    header > TCP_HEADER ? decodeOptions(bytes.subarray(TCP_HEADER, header)) : undefined,
    bytes.subarray(header),
    checksum,
    get16(bytes, 18),
  );
}
