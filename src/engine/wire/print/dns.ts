/** DNS and multicast DNS messages. */
import { formatIp4, ip4FromBytes } from '../ip';
import { formatIp6 } from '../ip6-address';
import type { Dissector } from './dissector';
import { Truncated, relativeTime, visibleChar } from './dissector';

const OPCODES = [
  '',
  ' inv_q',
  ' stat',
  ' op3',
  ' notify',
  ' update',
  ' op6',
  ' op7',
  ' op8',
  ' updateA',
  ' updateD',
  ' updateDA',
  ' updateM',
  ' updateMA',
  ' zoneInit',
  ' zoneRef',
];

const RCODES = [
  '',
  ' FormErr',
  ' ServFail',
  ' NXDomain',
  ' NotImp',
  ' Refused',
  ' YXDomain',
  ' YXRRSet',
  ' NXRRSet',
  ' NotAuth',
  ' NotZone',
  ' Resp11',
  ' Resp12',
  ' Resp13',
  ' Resp14',
  ' NoChange',
];

const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  10: 'NULL',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  29: 'LOC',
  33: 'SRV',
  35: 'NAPTR',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  44: 'SSHFP',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  52: 'TLSA',
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

const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CHAOS', 4: 'HS', 255: 'ANY' };

const EDNS_OPTIONS: Readonly<Record<number, string>> = {
  3: 'NSID',
  8: 'ECS',
  10: 'COOKIE',
  11: 'KEEPALIVE',
  12: 'PADDING',
};

/** Prints the name at `at`, compression followed. @returns the offset behind it. */
function printName(d: Dissector, at: number, message: number): number {
  let p = at;
  let limit = at - message;
  let end = -1;
  let any = false;
  for (;;) {
    const length = d.u8(p);
    if (length === 0) break;
    if ((length & 0xc0) === 0xc0) {
      const target = ((length & 0x3f) << 8) | d.u8(p + 1);
      if (end < 0) end = p + 2;
      if (target >= limit) {
        d.print('<BAD PTR>');
        d.truncated();
      }
      limit = target;
      p = message + target;
      continue;
    }
    if ((length & 0xc0) !== 0) {
      d.print('<BAD LABEL TYPE>');
      d.truncated();
    }
    d.need(p + 1, length);
    for (let i = 1; i <= length; i++) d.print(visibleChar(d.u8(p + i)));
    d.print('.');
    any = true;
    p += 1 + length;
  }
  if (!any) d.print('.');
  return end < 0 ? p + 1 : end;
}

function skipName(d: Dissector, at: number): number {
  let p = at;
  for (;;) {
    const length = d.u8(p);
    if (length === 0) return p + 1;
    if ((length & 0xc0) === 0xc0) return p + 2;
    p += 1 + length;
  }
}

function printQuestion(d: Dissector, at: number, message: number, mdns: boolean): number {
  const p = skipName(d, at);
  const type = d.u16(p);
  const field = d.u16(p + 2);
  const klass = mdns ? field & 0x7fff : field;
  d.print(` ${TYPES[type] ?? `Type${type}`}`);
  if (klass !== 1) d.print(` ${CLASSES[klass] ?? `(Class ${klass})`}`);
  if (mdns) d.print((field & 0x8000) !== 0 ? ' (QU)' : ' (QM)');
  d.print('? ');
  printName(d, at, message);
  return p + 4;
}

function printEdnsOptions(d: Dissector, at: number, end: number): void {
  for (let p = at; p < end;) {
    const code = d.u16(p);
    const length = d.u16(p + 2);
    d.need(p + 4, length);
    d.print(EDNS_OPTIONS[code] ?? `Opt${code}`);
    if (length > 0) d.print(' ');
    if (code === 12) d.print(`(${length})`);
    else {
      for (let i = 0; i < length; i++) {
        if (code === 10 && i === 8) d.print(' ');
        d.print(
          d
            .u8(p + 4 + i)
            .toString(16)
            .padStart(2, '0'),
        );
      }
    }
    p += 4 + length;
    if (p < end) d.print(',');
  }
}

function printRecord(d: Dissector, at: number, message: number, mdns: boolean): number {
  let p: number;
  if (d.verbose > 0) {
    d.print(' ');
    p = printName(d, at, message);
  } else p = skipName(d, at);
  d.need(p, 10);
  const type = d.u16(p);
  const field = d.u16(p + 2);
  const klass = mdns ? field & 0x7fff : field;
  if (klass !== 1 && type !== 41) d.print(` ${CLASSES[klass] ?? `(Class ${klass})`}`);
  if (mdns && (field & 0x8000) !== 0) d.print(' (Cache flush)');
  if (type !== 41 && d.verbose > 2) d.print(` [${relativeTime(d.u32(p + 4))}]`);
  const length = d.u16(p + 8);
  const data = p + 10;
  const end = data + length;
  d.print(` ${TYPES[type] ?? `Type${type}`}`);
  d.need(data, length);
  switch (type) {
    case 1:
      d.need(data, 4);
      d.print(` ${formatIp4(ip4FromBytes(d.bytes, data))}`);
      break;
    case 28:
      d.need(data, 16);
      d.print(` ${formatIp6(d.bytes, data)}`);
      break;
    case 2:
    case 5:
    case 12:
    case 39:
      d.print(' ');
      printName(d, data, message);
      break;
    case 6:
      if (d.verbose > 0) {
        d.print(' ');
        let q = printName(d, data, message);
        d.print(' ');
        q = printName(d, q, message);
        for (let i = 0; i < 5; i++) d.print(` ${d.u32(q + 4 * i)}`);
      }
      break;
    case 15:
      d.print(' ');
      printName(d, data + 2, message);
      d.print(` ${d.u16(data)}`);
      break;
    case 16:
      for (let q = data; q < end;) {
        d.print(' "');
        const size = d.u8(q);
        d.need(q + 1, size);
        for (let i = 1; i <= size; i++) d.print(visibleChar(d.u8(q + i)));
        d.print('"');
        q += 1 + size;
      }
      break;
    case 33:
      d.print(' ');
      printName(d, data + 6, message);
      d.print(`:${d.u16(data + 4)} ${d.u16(data)} ${d.u16(data + 2)}`);
      break;
    case 41:
      d.print(` UDPsize=${klass}`);
      if ((d.u16(p + 6) & 0x8000) !== 0) d.print(' DO');
      if (data < end) {
        d.print(' [');
        printEdnsOptions(d, data, end);
        d.print(']');
      }
      break;
  }
  return end;
}

/** Prints `count` records behind `prefix`. @returns the offset behind them. */
function printSection(d: Dissector, at: number, message: number, count: number, prefix: string, mdns: boolean): number {
  let p = at;
  for (let i = 0; i < count; i++) {
    if (p >= d.end) d.truncated();
    d.print(i === 0 ? prefix : ',');
    p = printRecord(d, p, message, mdns);
  }
  return p;
}

/** Prints the message at `at`; `length` goes into the parentheses at the end. */
export function printDns(d: Dissector, at: number, length: number, mdns: boolean): void {
  d.protocol = 'domain';
  try {
    printMessage(d, at, length, mdns);
  } catch (error) {
    // tcpdump's DNS printer checks before it reads
    if (error instanceof Truncated) d.truncated();
    throw error;
  }
}

function printMessage(d: Dissector, at: number, length: number, mdns: boolean): void {
  if (length < 12) {
    d.print(`domain [length ${length} < 12] (invalid)`);
    return;
  }
  d.need(at, 12);
  const flags = d.u16(at + 2);
  const questions = d.u16(at + 4);
  const answers = d.u16(at + 6);
  const authorities = d.u16(at + 8);
  const additionals = d.u16(at + 10);
  const opcode = OPCODES[(flags >> 11) & 15]!;
  const bit = (mask: number, text: string): string => ((flags & mask) !== 0 ? text : '');
  let p = at + 12;
  d.print(String(d.u16(at)) + opcode);
  if ((flags & 0x8000) !== 0) {
    d.print(
      RCODES[flags & 15]! + bit(0x400, '*') + ((flags & 0x80) !== 0 ? '' : '-') + bit(0x200, '|') + bit(0x20, '$'),
    );
    if (questions !== 1) d.print(` [${questions}q]`);
    for (let i = 0; i < questions; i++) {
      if (i > 0) d.print(',');
      if (d.verbose > 1) {
        d.print(' q:');
        p = printQuestion(d, p, at, mdns);
      } else p = skipName(d, p) + 4;
    }
    d.print(` ${answers}/${authorities}/${additionals}`);
    p = printSection(d, p, at, answers, '', mdns);
    if (d.verbose > 1) {
      p = printSection(d, p, at, authorities, ' ns:', mdns);
      printSection(d, p, at, additionals, ' ar:', mdns);
    }
  } else {
    d.print(bit(0x100, '+') + bit(0x10, '%'));
    if ((flags & 0x6cf) !== 0) d.print(` [b2&3=0x${flags.toString(16)}]`);
    if (answers !== 0) d.print(` [${answers}a]`);
    if (questions !== 1) d.print(` [${questions}q]`);
    if (authorities !== 0) d.print(` [${authorities}n]`);
    if (additionals !== 0) d.print(` [${additionals}au]`);
    for (let i = 0; i < questions; i++) {
      if (p >= d.end) d.truncated();
      p = printQuestion(d, p, at, mdns);
    }
    if (d.verbose > 1) {
      p = printSection(d, p, at, answers, '', mdns);
      p = printSection(d, p, at, authorities, ' ns:', mdns);
      printSection(d, p, at, additionals, ' ar:', mdns);
    }
  }
  d.print(` (${length})`);
}
