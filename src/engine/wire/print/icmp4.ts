/** ICMP for IPv4. */
import type { Dissector } from './dissector';
import { shouldBe } from './dissector';
import { printIp4 } from './ip4';
import type { IpContext } from './transport';

const QUOTED = 8;

/** Texts of destination unreachable; `*` stands for the quoted destination. Codes 2, 3 and 4 need more than a text. */
const UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'net * unreachable',
  1: 'host * unreachable',
  5: '* unreachable - source route failed',
  6: 'net * unreachable - unknown',
  7: 'host * unreachable - unknown',
  8: '* unreachable - source host isolated',
  9: 'net * unreachable - admin prohibited',
  10: 'host * unreachable - admin prohibited',
  11: 'net * unreachable - tos prohibited',
  12: 'host * unreachable - tos prohibited',
  13: 'host * unreachable - admin prohibited filter',
  14: 'host * unreachable - host precedence violation',
  15: 'host * unreachable - precedence cutoff',
};

function unreachable(d: Dissector, at: number, code: number): string {
  const quoted = at + QUOTED;
  const dst = d.ip4(quoted + 16);
  if (code === 2) return `${dst} protocol ${d.u8(quoted + 9)} unreachable`;
  if (code === 3) {
    const port = d.u16(quoted + (d.u8(quoted) & 15) * 4 + 2);
    const protocol = d.u8(quoted + 9);
    if (protocol === 6) return `${dst} tcp port ${d.port(port, 'tcp')} unreachable`;
    if (protocol === 17) return `${dst} udp port ${d.port(port, 'udp')} unreachable`;
    return `${dst} protocol ${protocol} port ${port} unreachable`;
  }
  if (code === 4) {
    const mtu = d.u16(at + 6);
    return `${dst} unreachable - need to frag${mtu === 0 ? '' : ` (mtu ${mtu})`}`;
  }
  return UNREACHABLE[code]?.replace('*', dst) ?? `${dst} unreachable - #${code}`;
}

function redirect(d: Dissector, at: number, code: number): string {
  const dst = d.ip4(at + QUOTED + 16);
  const gateway = d.ip4(at + 4);
  if (code > 3) return `redirect-#${code} ${dst} to ${gateway}`;
  return `redirect${code >= 2 ? '-tos' : ''} ${dst} to ${code % 2 === 0 ? 'net' : 'host'} ${gateway}`;
}

function milliseconds(stamp: number): string {
  const pad = (n: number, width: number): string => String(n).padStart(width, '0');
  const s = Math.floor(stamp / 1000);
  return `${pad(Math.floor(s / 3600), 2)}:${pad(Math.floor(s / 60) % 60, 2)}:${pad(s % 60, 2)}.${pad(stamp % 1000, 3)}`;
}

function message(d: Dissector, at: number): string {
  const type = d.u8(at);
  const code = d.u8(at + 1);
  const idSeq = (separator: string): string => `id ${d.u16(at + 4)}${separator} seq ${d.u16(at + 6)}`;
  switch (type) {
    case 0:
      return `echo reply, ${idSeq(',')}`;
    case 8:
      return `echo request, ${idSeq(',')}`;
    case 3:
      return unreachable(d, at, code);
    case 4:
      return 'source quench';
    case 5:
      return redirect(d, at, code);
    case 9: {
      const lifetime = d.u16(at + 6);
      const pad = (n: number): string => String(n).padStart(2, '0');
      let text = String(lifetime);
      if (lifetime >= 3600) {
        text = `${Math.floor(lifetime / 3600)}:${pad(Math.floor(lifetime / 60) % 60)}:${pad(lifetime % 60)}`;
      } else if (lifetime >= 60) text = `${Math.floor(lifetime / 60)}:${pad(lifetime % 60)}`;
      const count = d.u8(at + 4);
      text = `router advertisement lifetime ${text} ${count}:`;
      if (d.u8(at + 5) !== 2) return `${text} [size ${d.u8(at + 5)}]`;
      for (let i = 0; i < count; i++) text += ` {${d.ip4(at + 8 + 8 * i)} ${d.u32(at + 12 + 8 * i)}}`;
      return text;
    }
    case 10:
      return 'router solicitation';
    case 11:
      d.need(at + QUOTED + 16, 4);
      if (code === 0) return 'time exceeded in-transit';
      return code === 1 ? 'ip reassembly time exceeded' : `time exceeded-#${code}`;
    case 12:
      return `parameter problem - ${code !== 0 ? `code ${code}` : `octet ${d.u8(at + 4)}`}`;
    case 13:
      return `time stamp query ${idSeq('')}`;
    case 14: {
      const stamp = (p: number): string => milliseconds(d.u32(p));
      return `time stamp reply ${idSeq('')}: org ${stamp(at + 8)}, recv ${stamp(at + 12)}, xmit ${stamp(at + 16)}`;
    }
    case 15:
      return 'information request';
    case 16:
      return 'information reply';
    case 17:
      return 'address mask request';
    case 18:
      return `address mask is 0x${d
        .u32(at + 4)
        .toString(16)
        .padStart(8, '0')}`;
    default:
      return `type-#${type}`;
  }
}

/** Where an RFC 4884 extension starts, and the least message length for tcpdump to look for one. */
const EXTENSION = 136;
const EXTENSION_MINIMUM = 156;

/** RFC 4884 extensions: recognised as tcpdump does; objects are not taken apart. */
function printExtension(d: Dissector, at: number, length: number): void {
  d.need(at, EXTENSION + 5);
  const rest = length - EXTENSION_MINIMUM;
  const announced = d.u8(at + 5) !== 0;
  if (!announced && d.has(at + EXTENSION, rest) && d.checksum(at + EXTENSION, rest) !== 0) return;
  const version = d.u8(at + EXTENSION) >> 4;
  d.print(`\n\tICMP Multi-Part extension v${version}`);
  if (version !== 2) {
    d.print(' packet not supported');
    return;
  }
  if (d.has(at + EXTENSION, rest)) {
    const sum = d
      .u16(at + EXTENSION + 2)
      .toString(16)
      .padStart(4, '0');
    d.print(`, checksum 0x${sum} (${d.checksum(at + EXTENSION, rest) !== 0 ? 'in' : ''}correct), length ${rest}`);
  }
}

/** Prints the message at `at`. */
export function printIcmp4(d: Dissector, ip: IpContext, at: number, length: number): void {
  d.protocol = 'icmp';
  const text = message(d, at);
  d.print(`ICMP ${text}, length ${length}`);
  if (d.verbose === 0) return;
  if (!ip.fragmented && d.has(at, length)) {
    const sum = d.checksum(at, length);
    const field = d.u16(at + 2);
    if (sum !== 0) d.print(` (wrong icmp cksum ${field.toString(16)} (->${shouldBe(field, sum).toString(16)})!)`);
  }
  const type = d.u8(at);
  if (type === 3 || type === 4 || type === 5 || type === 11 || type === 12) {
    d.print('\n\t');
    const end = d.end;
    printIp4(d, at + QUOTED, d.u16(at + QUOTED + 2));
    d.end = end;
  }
  d.protocol = 'icmp';
  if (length > EXTENSION_MINIMUM && (type === 3 || type === 11 || type === 12)) printExtension(d, at, length);
}
