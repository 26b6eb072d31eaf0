/** ICMPv6, neighbour discovery and multicast listener discovery. */
import type { Dissector } from './dissector';
import { bitNames, shouldBe } from './dissector';
import { printHex } from './dump';
import type { IpContext } from './transport';
import { pseudoSum } from './transport';
import { floatingCode, printGroupRecords } from './multicast-records';

const TYPES: Readonly<Record<number, string>> = {
  1: 'destination unreachable',
  2: 'packet too big',
  3: 'time exceeded in-transit',
  4: 'parameter problem',
  128: 'echo request',
  129: 'echo reply',
  130: 'multicast listener query',
  131: 'multicast listener report',
  132: 'multicast listener done',
  133: 'router solicitation',
  134: 'router advertisement',
  135: 'neighbor solicitation',
  136: 'neighbor advertisement',
  137: 'redirect',
  138: 'router renumbering',
  139: 'node information query',
  140: 'node information reply',
  141: 'inverse neighbor solicitation',
  142: 'inverse neighbor advertisement',
  143: 'multicast listener report v2',
  200: 'mtrace response',
  201: 'mtrace message',
};

const UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'unreachable route',
  1: ' unreachable prohibited',
  2: 'beyond scope',
  3: 'unreachable address',
  4: 'unreachable port',
};

const OPTION_TYPES: Readonly<Record<number, string>> = {
  1: 'source link-address',
  2: 'destination link-address',
  3: 'prefix info',
  4: 'redirected header',
  5: 'mtu',
  7: 'advertisement interval',
  8: 'homeagent information',
  24: 'route info',
  25: 'rdnss',
  31: 'dnssl',
};

const NA_FLAGS = [
  [0x80, 'router'],
  [0x40, 'solicited'],
  [0x20, 'override'],
] as const;

const RA_FLAGS = [
  [0x80, 'managed'],
  [0x40, 'other stateful'],
  [0x20, 'home agent'],
] as const;

const PREFIX_FLAGS = [
  [0x80, 'onlink'],
  [0x40, 'auto'],
  [0x20, 'router'],
] as const;

const PREFERENCES = ['medium', 'high', 'rsv', 'low'];

function lifetime(seconds: number): string {
  return seconds === 0xffffffff ? 'infinity' : `${seconds}s`;
}

function printOptions(d: Dissector, at: number, length: number): void {
  for (let p = at; p < at + length && p < d.end;) {
    const type = d.u8(p);
    const units = d.u8(p + 1);
    const size = units * 8;
    if (units === 0 || p + size > d.end) d.truncated();
    d.print(`\n\t  ${OPTION_TYPES[type] ?? 'unknown'} option (${type}), length ${size} (${units}): `);
    switch (type) {
      case 1:
      case 2:
        d.print(
          Array.from({ length: size - 2 }, (_, i) =>
            d
              .u8(p + 2 + i)
              .toString(16)
              .padStart(2, '0'),
          ).join(':'),
        );
        break;
      case 3:
        d.print(`${d.ip6(p + 16)}/${d.u8(p + 2)}${units === 4 ? '' : 'badlen'}`);
        d.print(`, Flags [${bitNames(PREFIX_FLAGS, d.u8(p + 3), ', ')}]`);
        d.print(`, valid time ${lifetime(d.u32(p + 4))}, pref. time ${lifetime(d.u32(p + 8))}`);
        break;
      case 5:
        d.print(` ${d.u32(p + 4)}${units === 1 ? '' : 'bad option length'}`);
        break;
      case 7:
        d.print(` ${d.u32(p + 4)}ms`);
        break;
      case 25:
        d.print(` lifetime ${d.u32(p + 4)}s,`);
        for (let s = 8; s + 16 <= size; s += 16) d.print(` addr: ${d.ip6(p + s)}`);
        break;
      default:
        // from -vv on every option is dumped, see below
        if (d.verbose <= 1) printHex(d, '\n\t  ', p + 2, size - 2);
    }
    if (d.verbose > 1) printHex(d, '\n\t    ', p + 2, size - 2);
    p += size;
  }
}

function printReport2(d: Dissector, at: number, length: number): void {
  if (length < 8) {
    d.print(` [invalid len ${length}]`);
    return;
  }
  printGroupRecords(d, at, length, 'v2', 16, (p) => d.ip6(p));
}

function printQuery2(d: Dissector, at: number, length: number): void {
  const code = d.u16(at + 4);
  const delay = floatingCode(code, 12);
  if (d.verbose > 0) d.print(` [max resp delay=${delay}]`);
  d.print(` [gaddr ${d.ip6(at + 8)}`);
  if (d.verbose > 0) {
    const flags = d.u8(at + 24);
    if ((flags & 8) !== 0) d.print(' sflag');
    if ((flags & 7) !== 0) d.print(` robustness=${flags & 7}`);
    const qqic = d.u8(at + 25);
    d.print(` qqi=${floatingCode(qqic, 4)}`);
  }
  const sources = d.u16(at + 26);
  if (sources > 0) d.print(length < 28 + 16 * sources ? ' [invalid number of sources]' : `, ${sources} source(s)`);
  d.print(']');
}

/** Finds the ports a quoted packet carries, walking its extension headers. */
function quotedPort(d: Dissector, at: number): { protocol: number; port: number } | undefined {
  if (!d.has(at + 6, 1)) return undefined;
  let next = d.u8(at + 6);
  let p = at + 40;
  while (p < d.end) {
    if (next === 6 || next === 17) return d.has(p, 4) ? { protocol: next, port: d.u16(p + 2) } : undefined;
    if (next !== 0 && next !== 43 && next !== 60 && next !== 44) return undefined;
    const size = next === 44 ? 8 : (d.u8(p + 1) + 1) * 8;
    next = d.u8(p);
    p += size;
  }
  return undefined;
}

/** @returns false when the line ends with a dump instead of the length. */
function printUnreachable(d: Dissector, at: number, length: number, code: number): boolean {
  d.print(`, ${UNREACHABLE[code] ?? `unknown unreach code (${code})`}`);
  const quoted = at + 8;
  if (code === 0 || code === 1 || code === 3) d.print(` ${d.ip6(quoted + 24)}`);
  else if (code === 2) d.print(` ${d.ip6(quoted + 24)}, source address ${d.ip6(quoted + 8)}`);
  else if (code === 4) {
    const found = quotedPort(d, quoted);
    if (found === undefined) d.truncated();
    const kind = found.protocol === 6 ? 'tcp' : 'udp';
    d.print(`, ${d.ip6(quoted + 24)} ${kind} port ${d.port(found.port, kind)}`);
  } else if (d.verbose <= 1) {
    printHex(d, '\n\t', at, Math.min(length, d.end - at));
    return false;
  }
  return true;
}

/** Prints the message at `at`. */
export function printIcmp6(d: Dissector, ip: IpContext, at: number, length: number): void {
  d.protocol = 'icmp6';
  if (d.verbose > 0 && !ip.fragmented && d.has(at, length)) {
    const sum = d.checksum(at, length, pseudoSum(d, ip, 58, length));
    const field = d.u16(at + 2);
    const hex = (n: number): string => n.toString(16).padStart(4, '0');
    d.print(sum === 0 ? '[icmp6 sum ok] ' : `[bad icmp6 cksum 0x${hex(field)} -> 0x${hex(shouldBe(field, sum))}!] `);
  }
  const type = d.u8(at);
  d.print(`ICMP6, ${TYPES[type] ?? `unknown icmp6 type (${type})`}`);
  if (d.verbose > 0 && type >= 133 && type <= 137) d.print(`, length ${length}`);
  const code = d.u8(at + 1);
  switch (type) {
    case 1:
      if (!printUnreachable(d, at, length, code)) return;
      break;
    case 2:
      d.print(`, mtu ${d.u32(at + 4)}`);
      break;
    case 3:
      if (code === 0) d.print(` for ${d.ip6(at + 32)}`);
      else d.print(code === 1 ? ' (reassembly)' : `, unknown code (${code})`);
      break;
    case 4: {
      const kinds = ['erroneous', 'next header', 'option'];
      d.need(at + 32, 16);
      d.print(kinds[code] === undefined ? `, code-#${code}` : `, ${kinds[code]} - octet ${d.u32(at + 4)}`);
      break;
    }
    case 128:
    case 129:
      d.print(`, id ${d.u16(at + 4)}, seq ${d.u16(at + 6)}`);
      break;
    case 130:
    case 131:
    case 132:
      if (type === 130 && length >= 28) {
        d.print(' v2');
        printQuery2(d, at, length);
      } else if (d.has(at, 24)) d.print(`max resp delay: ${d.u16(at + 4)} addr: ${d.ip6(at + 8)}`);
      break;
    case 133:
      if (d.verbose > 0) printOptions(d, at + 8, length - 8);
      break;
    case 134:
      if (d.verbose > 0) {
        d.need(at, 16);
        const flags = d.u8(at + 5);
        d.print(`\n\thop limit ${d.u8(at + 4)}, Flags [${bitNames(RA_FLAGS, flags, ', ')}]`);
        d.print(`, pref ${PREFERENCES[(flags >> 3) & 3]!}, router lifetime ${d.u16(at + 6)}s`);
        d.print(`, reachable time ${d.u32(at + 8)}ms, retrans timer ${d.u32(at + 12)}ms`);
        printOptions(d, at + 16, length - 16);
      }
      break;
    case 135:
      d.print(`, who has ${d.ip6(at + 8)}`);
      if (d.verbose > 0) printOptions(d, at + 24, length - 24);
      break;
    case 136:
      d.print(`, tgt is ${d.ip6(at + 8)}`);
      if (d.verbose > 0) {
        d.print(`, Flags [${bitNames(NA_FLAGS, d.u8(at + 4), ', ')}]`);
        printOptions(d, at + 24, length - 24);
      }
      break;
    case 137:
      d.print(`, ${d.ip6(at + 24)} to ${d.ip6(at + 8)}`);
      if (d.verbose > 0) printOptions(d, at + 40, length - 40);
      break;
    case 143:
      printReport2(d, at, length);
      break;
    default:
      d.print(`, length ${length}`);
      if (d.verbose <= 1) printHex(d, '\n\t', at, Math.min(length, d.end - at));
      return;
  }
  if (d.verbose === 0) d.print(`, length ${length}`);
}
