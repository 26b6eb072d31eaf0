/** BOOTP and DHCP: the line, and with -v the fixed fields and the common options. */
import type { Dissector } from './dissector';

const MESSAGE_TYPES = ['', 'Discover', 'Offer', 'Request', 'Decline', 'ACK', 'NACK', 'Release', 'Inform'];

/** How an option prints: i addresses, l 32-bit number, s 16-bit numbers, a text, m message type, e hardware address, b bytes. */
const OPTIONS: Readonly<Record<number, readonly [string, string]>> = {
  1: ['Subnet-Mask', 'i'],
  3: ['Default-Gateway', 'i'],
  6: ['Domain-Name-Server', 'i'],
  12: ['Hostname', 'a'],
  15: ['Domain-Name', 'a'],
  26: ['MTU', 's'],
  28: ['BR', 'i'],
  42: ['NTP', 'i'],
  50: ['Requested-IP', 'i'],
  51: ['Lease-Time', 'l'],
  53: ['DHCP-Message', 'm'],
  54: ['Server-ID', 'i'],
  56: ['MSG', 'a'],
  57: ['MSZ', 's'],
  58: ['RN', 'l'],
  59: ['RB', 'l'],
  60: ['Vendor-Class', 'a'],
  61: ['Client-ID', 'e'],
};

function printOptions(d: Dissector, at: number): void {
  d.print('\n\t  Vendor-rfc1048 Extensions\n\t    Magic Cookie 0x63825363');
  for (let p = at; p < d.end;) {
    const code = d.u8(p);
    if (code === 255 || code === 0) {
      if (code === 255) {
        if (d.verbose > 2) d.print('\n\t    END (255), length 0');
        return;
      }
      p++;
      continue;
    }
    const length = d.u8(p + 1);
    d.need(p + 2, length);
    const [name, kind] = OPTIONS[code] ?? ['Unknown', 'b'];
    d.print(`\n\t    ${name} (${code}), length ${length}: `);
    const data = p + 2;
    const bytes = (from: number, count: number): string =>
      Array.from({ length: count }, (_, i) =>
        d
          .u8(from + i)
          .toString(16)
          .padStart(2, '0'),
      ).join(':');
    if (kind === 'i') d.print(Array.from({ length: length >> 2 }, (_, i) => d.ip4(data + 4 * i)).join(','));
    else if (kind === 'l') d.print(String(d.u32(data)));
    else if (kind === 's') d.print(String(d.u16(data)));
    else if (kind === 'm') d.print(MESSAGE_TYPES[d.u8(data)] ?? String(d.u8(data)));
    else if (kind === 'a') d.print(`"${String.fromCharCode(...d.bytes.subarray(data, data + length))}"`);
    else if (kind === 'e' && d.u8(data) === 1) d.print(`ether ${bytes(data + 1, length - 1)}`);
    else d.print(bytes(data, length));
    p += 2 + length;
  }
}

/** Prints the UDP payload at `at`. */
export function printBootp(d: Dissector, at: number, length: number): void {
  d.protocol = 'bootp';
  const op = d.u8(at);
  const names: Readonly<Record<number, string>> = { 1: 'Request', 2: 'Reply' };
  d.print(`BOOTP/DHCP, ${names[op] ?? `unknown (0x${op.toString(16).padStart(2, '0')})`}`);
  const ethernet = d.u8(at + 1) === 1 && d.u8(at + 2) === 6;
  if (ethernet && op === 1) d.print(` from ${d.mac(at + 28)}`);
  d.print(`, length ${length}`);
  if (d.verbose === 0) return;
  d.need(at + 8, 2);
  if (d.u8(at + 3) !== 0) d.print(`, hops ${d.u8(at + 3)}`);
  if (d.u32(at + 4) !== 0) d.print(`, xid 0x${d.u32(at + 4).toString(16)}`);
  if (d.u16(at + 8) !== 0) d.print(`, secs ${d.u16(at + 8)}`);
  const flags = d.u16(at + 10);
  d.print(`, Flags [${(flags & 0x8000) !== 0 ? 'Broadcast' : 'none'}]`);
  if (d.verbose > 1) d.print(` (0x${flags.toString(16).padStart(4, '0')})`);
  ['Client-IP', 'Your-IP', 'Server-IP', 'Gateway-IP'].forEach((name, i) => {
    if (d.u32(at + 12 + 4 * i) !== 0) d.print(`\n\t  ${name} ${d.ip4(at + 12 + 4 * i)}`);
  });
  if (ethernet) d.print(`\n\t  Client-Ethernet-Address ${d.mac(at + 28)}`);
  d.need(at + 236, 4);
  if (d.u32(at + 236) === 0x63825363) printOptions(d, at + 240);
}
