/** DNS messages (RFC 1035, RFC 2782, RFC 3596, RFC 6891). */
import { get16, get32, put16, put32 } from './bytes';
import { dnsNameLength, readDnsName, writeDnsName } from './dns-name';
import type { Ip4 } from './ip';
import { ip4FromBytes, writeIp4 } from './ip';
import type { Ip6 } from './ip6-address';
import { formatIp6, ip6Bytes } from './ip6-address';

/** Record types. */
export const DNS_TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  SVCB: 64,
  HTTPS: 65,
  AXFR: 252,
  ANY: 255,
} as const;

/** Response codes. */
export const DNS_RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** A question. Names are absolute without the final dot (`''` is the root); case is kept. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: number;
  /** Class: 1 is IN. */
  readonly class: number;
}

/** The data of a record, by type. `raw` covers types without a shape and data that does not parse. */
export type DnsData =
  | { readonly type: 'A'; readonly address: Ip4 }
  | { readonly type: 'AAAA'; readonly address: Ip6 }
  | { readonly type: 'NS' | 'CNAME' | 'PTR'; readonly name: string }
  | { readonly type: 'MX'; readonly preference: number; readonly exchange: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  /** Character strings of at most 255 bytes each, one char a byte (latin-1). */
  | { readonly type: 'TXT'; readonly strings: readonly string[] }
  | {
      readonly type: 'SOA';
      readonly mname: string;
      readonly rname: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    }
  | { readonly type: 'raw'; readonly typeNumber: number; readonly bytes: Uint8Array };

/** A resource record. */
export interface DnsRecord {
  readonly name: string;
  readonly class: number;
  /** Seconds, uint32. */
  readonly ttl: number;
  readonly data: DnsData;
}

/** One EDNS0 option, for instance 10 COOKIE, 15 extended error. */
export interface EdnsOption {
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** The EDNS0 OPT pseudo-record; it is encoded as the last additional record. */
export interface Edns {
  /** The sender's UDP payload size in bytes. */
  readonly udpSize: number;
  /** The upper eight bits of the response code. */
  readonly extendedRcode: number;
  readonly version: number;
  /** DNSSEC OK. */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

/** A DNS message. */
export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  /** 0 QUERY, 4 NOTIFY, 5 UPDATE. */
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  /** The reserved Z bit. */
  readonly z: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** The four bits in the header; see also {@link Edns.extendedRcode}. */
  readonly rcode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  /** Without the OPT record. */
  readonly additionals: readonly DnsRecord[];
  readonly edns: Edns | undefined;
}

/** Builds a message; everything not given is 0, false or empty. */
export function makeDns(init: Partial<DnsMessage>): DnsMessage {
  return {
    id: init.id ?? 0,
    response: init.response ?? false,
    opcode: init.opcode ?? 0,
    authoritative: init.authoritative ?? false,
    truncated: init.truncated ?? false,
    recursionDesired: init.recursionDesired ?? false,
    recursionAvailable: init.recursionAvailable ?? false,
    z: init.z ?? false,
    authenticData: init.authenticData ?? false,
    checkingDisabled: init.checkingDisabled ?? false,
    rcode: init.rcode ?? 0,
    questions: init.questions ?? [],
    answers: init.answers ?? [],
    authorities: init.authorities ?? [],
    additionals: init.additionals ?? [],
    edns: init.edns,
  };
}

/** The number of a record's type. */
export function dnsTypeNumber(data: DnsData): number {
  return data.type === 'raw' ? data.typeNumber : DNS_TYPE[data.type];
}

/** An upper bound of the data's encoded length: names without compression. */
function dataBound(data: DnsData): number {
  switch (data.type) {
    case 'A':
      return 4;
    case 'AAAA':
      return 16;
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return dnsNameLength(data.name);
    case 'MX':
      return 2 + dnsNameLength(data.exchange);
    case 'SRV':
      return 6 + dnsNameLength(data.target);
    case 'TXT':
      return data.strings.reduce((n, s) => n + 1 + s.length, 0);
    case 'SOA':
      return 20 + dnsNameLength(data.mname) + dnsNameLength(data.rname);
    case 'raw':
      return data.bytes.length;
  }
}

function writeData(data: DnsData, out: Uint8Array, at: number, names: Map<string, number>, compress: boolean): number {
  switch (data.type) {
    case 'A':
      writeIp4(data.address, out, at);
      return at + 4;
    case 'AAAA':
      out.set(ip6Bytes(data.address), at);
      return at + 16;
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return writeDnsName(data.name, out, at, names, compress);
    case 'MX':
      put16(out, at, data.preference);
      return writeDnsName(data.exchange, out, at + 2, names, compress);
    case 'SRV':
      put16(out, at, data.priority);
      put16(out, at + 2, data.weight);
      put16(out, at + 4, data.port);
      // RFC 2782: the target is not compressed, but later names may point to it.
      return writeDnsName(data.target, out, at + 6, names, false);
    case 'TXT':
      for (const s of data.strings) {
        out[at++] = s.length;
        for (let i = 0; i < s.length; i++) out[at++] = s.charCodeAt(i);
      }
      return at;
    case 'SOA': {
      let p = writeDnsName(data.mname, out, at, names, compress);
      p = writeDnsName(data.rname, out, p, names, compress);
      put32(out, p, data.serial);
      put32(out, p + 4, data.refresh);
      put32(out, p + 8, data.retry);
      put32(out, p + 12, data.expire);
      put32(out, p + 16, data.minimum);
      return p + 20;
    }
    case 'raw':
      out.set(data.bytes, at);
      return at + data.bytes.length;
  }
}

/**
 * Encodes a message with name compression (RFC 1035 section 4.1.4).
 * @param compressData false: names in the data of records are written in full, as dnsmasq does.
 */
export function encodeDns(message: DnsMessage, compressData = true): Uint8Array {
  let bound = 12;
  for (const q of message.questions) bound += dnsNameLength(q.name) + 4;
  const records = [...message.answers, ...message.authorities, ...message.additionals];
  for (const r of records) bound += dnsNameLength(r.name) + 10 + dataBound(r.data);
  if (message.edns !== undefined) bound += 11 + message.edns.options.reduce((n, o) => n + 4 + o.bytes.length, 0);
  const out = new Uint8Array(bound);
  const names = new Map<string, number>();
  put16(out, 0, message.id);
  put16(
    out,
    2,
    (message.response ? 0x8000 : 0) |
      (message.opcode << 11) |
      (message.authoritative ? 0x400 : 0) |
      (message.truncated ? 0x200 : 0) |
      (message.recursionDesired ? 0x100 : 0) |
      (message.recursionAvailable ? 0x80 : 0) |
      (message.z ? 0x40 : 0) |
      (message.authenticData ? 0x20 : 0) |
      (message.checkingDisabled ? 0x10 : 0) |
      message.rcode,
  );
  put16(out, 4, message.questions.length);
  put16(out, 6, message.answers.length);
  put16(out, 8, message.authorities.length);
  put16(out, 10, message.additionals.length + (message.edns === undefined ? 0 : 1));
  let at = 12;
  for (const q of message.questions) {
    at = writeDnsName(q.name, out, at, names);
    put16(out, at, q.type);
    put16(out, at + 2, q.class);
    at += 4;
  }
  for (const r of records) {
    at = writeDnsName(r.name, out, at, names);
    put16(out, at, dnsTypeNumber(r.data));
    put16(out, at + 2, r.class);
    put32(out, at + 4, r.ttl);
    const end = writeData(r.data, out, at + 10, names, compressData);
    put16(out, at + 8, end - at - 10);
    at = end;
  }
  if (message.edns !== undefined) at = writeEdns(message.edns, out, at);
  return out.subarray(0, at);
}

function writeEdns(edns: Edns, out: Uint8Array, at: number): number {
  out[at] = 0;
  put16(out, at + 1, DNS_TYPE.OPT);
  put16(out, at + 3, edns.udpSize);
  out[at + 5] = edns.extendedRcode;
  out[at + 6] = edns.version;
  put16(out, at + 7, edns.dnssecOk ? 0x8000 : 0);
  let p = at + 11;
  for (const o of edns.options) {
    put16(out, p, o.code);
    put16(out, p + 2, o.bytes.length);
    out.set(o.bytes, p + 4);
    p += 4 + o.bytes.length;
  }
  put16(out, at + 9, p - at - 11);
  return p;
}

function readData(bytes: Uint8Array, type: number, at: number, end: number): DnsData {
  const raw: DnsData = { type: 'raw', typeNumber: type, bytes: bytes.subarray(at, end) };
  const nameToEnd = (from: number): string | undefined => {
    const read = readDnsName(bytes, from);
    return read !== undefined && read.end === end ? read.name : undefined;
  };
  switch (type) {
    case DNS_TYPE.A:
      return end - at === 4 ? { type: 'A', address: ip4FromBytes(bytes, at) } : raw;
    case DNS_TYPE.AAAA:
      return end - at === 16 ? { type: 'AAAA', address: formatIp6(bytes, at) } : raw;
    case DNS_TYPE.NS:
    case DNS_TYPE.CNAME:
    case DNS_TYPE.PTR: {
      const name = nameToEnd(at);
      const kind = type === DNS_TYPE.NS ? 'NS' : type === DNS_TYPE.CNAME ? 'CNAME' : 'PTR';
      return name === undefined ? raw : { type: kind, name };
    }
    case DNS_TYPE.MX: {
      const exchange = nameToEnd(at + 2);
      return exchange === undefined ? raw : { type: 'MX', preference: get16(bytes, at), exchange };
    }
    case DNS_TYPE.SRV: {
      const target = nameToEnd(at + 6);
      if (target === undefined) return raw;
      return {
        type: 'SRV',
        priority: get16(bytes, at),
        weight: get16(bytes, at + 2),
        port: get16(bytes, at + 4),
        target,
      };
    }
    case DNS_TYPE.TXT: {
      const strings: string[] = [];
      let p = at;
      while (p < end) {
        const length = bytes[p]!;
        if (p + 1 + length > end) return raw;
        strings.push(String.fromCharCode(...bytes.subarray(p + 1, p + 1 + length)));
        p += 1 + length;
      }
      return { type: 'TXT', strings };
    }
    case DNS_TYPE.SOA: {
      const mname = readDnsName(bytes, at);
      const rname = mname === undefined ? undefined : readDnsName(bytes, mname.end);
      if (mname === undefined || rname === undefined || rname.end + 20 !== end) return raw;
      return {
        type: 'SOA',
        mname: mname.name,
        rname: rname.name,
        serial: get32(bytes, rname.end),
        refresh: get32(bytes, rname.end + 4),
        retry: get32(bytes, rname.end + 8),
        expire: get32(bytes, rname.end + 12),
        minimum: get32(bytes, rname.end + 16),
      };
    }
    default:
      return raw;
  }
}

function readEdns(bytes: Uint8Array, at: number, end: number, udpSize: number, ttl: number): Edns | undefined {
  const options: EdnsOption[] = [];
  let p = at;
  while (p + 4 <= end) {
    const length = get16(bytes, p + 2);
    if (p + 4 + length > end) return undefined;
    options.push({ code: get16(bytes, p), bytes: bytes.subarray(p + 4, p + 4 + length) });
    p += 4 + length;
  }
  if (p !== end) return undefined;
  return {
    udpSize,
    extendedRcode: ttl >>> 24,
    version: (ttl >>> 16) & 0xff,
    dnssecOk: (ttl & 0x8000) !== 0,
    options,
  };
}

/** Decodes a message. Never throws. undefined when the header or a record is cut short or a name is malformed. */
export function decodeDns(bytes: Uint8Array): DnsMessage | undefined {
  if (bytes.length < 12) return undefined;
  const flags = get16(bytes, 2);
  let at = 12;
  const questions: DnsQuestion[] = [];
  for (let n = get16(bytes, 4); n > 0; n--) {
    const name = readDnsName(bytes, at);
    if (name === undefined || name.end + 4 > bytes.length) return undefined;
    questions.push({ name: name.name, type: get16(bytes, name.end), class: get16(bytes, name.end + 2) });
    at = name.end + 4;
  }
  const sections: DnsRecord[][] = [[], [], []];
  let edns: Edns | undefined;
  for (let s = 0; s < 3; s++) {
    for (let n = get16(bytes, 6 + 2 * s); n > 0; n--) {
      const name = readDnsName(bytes, at);
      if (name === undefined || name.end + 10 > bytes.length) return undefined;
      const type = get16(bytes, name.end);
      const klass = get16(bytes, name.end + 2);
      const ttl = get32(bytes, name.end + 4);
      const from = name.end + 10;
      const end = from + get16(bytes, name.end + 8);
      if (end > bytes.length) return undefined;
      at = end;
      if (type === DNS_TYPE.OPT && s === 2 && edns === undefined && name.name === '') {
        edns = readEdns(bytes, from, end, klass, ttl);
        if (edns !== undefined) continue;
      }
      sections[s]!.push({ name: name.name, class: klass, ttl, data: readData(bytes, type, from, end) });
    }
  }
  return {
    id: get16(bytes, 0),
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    authoritative: (flags & 0x400) !== 0,
    truncated: (flags & 0x200) !== 0,
    recursionDesired: (flags & 0x100) !== 0,
    recursionAvailable: (flags & 0x80) !== 0,
    z: (flags & 0x40) !== 0,
    authenticData: (flags & 0x20) !== 0,
    checkingDisabled: (flags & 0x10) !== 0,
    rcode: flags & 15,
    questions,
    answers: sections[0]!,
    authorities: sections[1]!,
    additionals: sections[2]!,
    edns,
  };
}

/** The name a reverse look-up asks for: `1.0.0.10.in-addr.arpa` or the nibbles under `ip6.arpa`. */
export function reverseName(address: Ip4 | Ip6): string {
  if (typeof address === 'number') {
    return `${address & 255}.${(address >>> 8) & 255}.${(address >>> 16) & 255}.${address >>> 24}.in-addr.arpa`;
  }
  let name = '';
  const bytes = ip6Bytes(address);
  for (let i = 15; i >= 0; i--) name += `${(bytes[i]! & 15).toString(16)}.${(bytes[i]! >> 4).toString(16)}.`;
  return name + 'ip6.arpa';
}
