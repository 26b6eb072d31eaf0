/** DNS in the presentation format of master files (RFC 1035 section 5.1, RFC 3597), as BIND and dnsmasq print it. */
import type { DnsData, DnsRecord } from '../../wire';
import { dnsTypeNumber, formatIp4, ip6Bytes } from '../../wire';

/** Record types by number, as the IANA registry names them. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  17: 'RP',
  18: 'AFSDB',
  28: 'AAAA',
  29: 'LOC',
  33: 'SRV',
  35: 'NAPTR',
  37: 'CERT',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  51: 'NSEC3PARAM',
  52: 'TLSA',
  53: 'SMIMEA',
  59: 'CDS',
  60: 'CDNSKEY',
  61: 'OPENPGPKEY',
  64: 'SVCB',
  65: 'HTTPS',
  99: 'SPF',
  249: 'TKEY',
  250: 'TSIG',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  256: 'URI',
  257: 'CAA',
};

const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' };

const RCODES = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
];

const OPCODES = ['QUERY', 'IQUERY', 'STATUS', 'RESERVED3', 'NOTIFY', 'UPDATE'];

/** The name of a record type; `TYPEn` when it has none. */
export function typeName(type: number): string {
  return TYPES[type] ?? `TYPE${type}`;
}

/** True when the type has a name. */
export function isKnownType(type: number): boolean {
  return TYPES[type] !== undefined;
}

/** A record type by its name in any case, or `TYPEn`. */
export function typeByName(text: string): number | undefined {
  const upper = text.toUpperCase();
  const generic = /^TYPE(\d{1,5})$/.exec(upper);
  if (generic) return Number(generic[1]) <= 65535 ? Number(generic[1]) : undefined;
  const found = Object.entries(TYPES).find(([, name]) => name === upper);
  return found && Number(found[0]);
}

/** The name of a class; `CLASSn` when it has none. */
export function className(klass: number): string {
  return CLASSES[klass] ?? `CLASS${klass}`;
}

/** A class by its name. */
export function classByName(text: string): number | undefined {
  const upper = text.toUpperCase();
  const generic = /^CLASS(\d{1,5})$/.exec(upper);
  if (generic) return Number(generic[1]);
  if (upper === 'CHAOS') return 3;
  const found = Object.entries(CLASSES).find(([, name]) => name === upper);
  return found && Number(found[0]);
}

/** The name of a response code; `RESERVEDn` below 16 when it has none, else the number. */
export function rcodeName(rcode: number): string {
  if (rcode === 16) return 'BADVERS';
  if (rcode === 23) return 'BADCOOKIE';
  return RCODES[rcode] ?? (rcode < 16 ? `RESERVED${rcode}` : String(rcode));
}

/** The name of an operation code. */
export function opcodeName(opcode: number): string {
  return OPCODES[opcode] ?? `RESERVED${opcode}`;
}

/** A name with the final dot. */
export function dotted(name: string): string {
  return name === '' ? '.' : `${name}.`;
}

/** A character string in quotes, with `"` and `\` escaped and other bytes as `\DDD`. */
function quoted(text: string): string {
  let out = '"';
  for (const c of text) {
    const code = c.charCodeAt(0);
    if (c === '"' || c === '\\') out += `\\${c}`;
    else if (code < 32 || code > 126) out += `\\${String(code).padStart(3, '0')}`;
    else out += c;
  }
  return `${out}"`;
}

/** Bytes as capital hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, '0').toUpperCase()).join('');
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Data in the form for types that are not known (RFC 3597 section 5). */
export function unknownData(bytes: Uint8Array): string {
  return `\\# ${bytes.length}${bytes.length > 0 ? ` ${hex(bytes)}` : ''}`;
}

function rawText(type: number, bytes: Uint8Array): string {
  // CAA (RFC 8659): flags, tag, value.
  const tag = bytes[1] ?? 0;
  if (type === 257 && bytes.length >= 2 + tag)
    return `${bytes[0]} ${latin1(bytes.subarray(2, 2 + tag))} ${quoted(latin1(bytes.subarray(2 + tag)))}`;
  return unknownData(bytes);
}

/** All groups of an IPv6 address with their zeros (dig +expandaaaa). */
export function expandIp6(address: string): string {
  const bytes = ip6Bytes(address);
  return Array.from({ length: 8 }, (_, i) =>
    ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16).padStart(4, '0'),
  ).join(':');
}

/** The data of a record as text. */
export function dataText(data: DnsData): string {
  switch (data.type) {
    case 'A':
      return formatIp4(data.address);
    case 'AAAA':
      return data.address;
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return dotted(data.name);
    case 'MX':
      return `${data.preference} ${dotted(data.exchange)}`;
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${dotted(data.target)}`;
    case 'TXT':
      return data.strings.map(quoted).join(' ');
    case 'SOA':
      return `${dotted(data.mname)} ${dotted(data.rname)} ${data.serial} ${data.refresh} ${data.retry} ${data.expire} ${data.minimum}`;
    case 'raw':
      return rawText(data.typeNumber, data.bytes);
  }
}

/** The type of a record by name. */
export function recordType(record: DnsRecord): string {
  return typeName(dnsTypeNumber(record.data));
}
