/** ARP and RARP. */
import type { Dissector } from './dissector';
import { printHexAscii } from './dump';
import { etherTypeName } from './names';

const OPERATIONS: Readonly<Record<number, string>> = {
  1: 'Request',
  2: 'Reply',
  3: 'Reverse Request',
  4: 'Reverse Reply',
  8: 'Inverse Request',
  9: 'Inverse Reply',
  10: 'NACK Reply',
};

const HARDWARE: Readonly<Record<number, string>> = { 1: 'Ethernet', 6: 'TokenRing', 7: 'ArcNet', 32: 'InfiniBand' };

/** Prints the ARP packet at `at` of `length` bytes. */
export function printArp(d: Dissector, at: number, length: number): void {
  d.protocol = 'arp';
  d.need(at, 8);
  const hardware = d.u16(at);
  const protocol = d.u16(at + 2);
  const hlen = d.u8(at + 4);
  const plen = d.u8(at + 5);
  const op = d.u16(at + 6);
  const sha = at + 8;
  const spa = sha + hlen;
  const tha = spa + plen;
  const tpa = tha + hlen;
  d.need(tpa, plen);
  if (d.options.ether !== true) d.print('ARP, ');
  if (protocol !== 0x0800 || plen !== 4 || hlen === 0 || d.verbose > 0) {
    const kind = HARDWARE[hardware] ?? `Unknown Hardware (${hardware})`;
    const proto = etherTypeName(protocol) ?? `Unknown Protocol (0x${protocol.toString(16).padStart(4, '0')})`;
    d.print(`${kind} (len ${hlen}), ${proto} (len ${plen})`);
    if (d.verbose === 0) {
      d.print(`, length ${length}`);
      return;
    }
  }
  d.print(`${d.verbose > 0 ? ', ' : ''}${OPERATIONS[op] ?? `Unknown (${op})`} `);
  const ip = (p: number): string => {
    if (protocol !== 0x0800) return '<wrong proto type>';
    return plen === 4 ? d.ip4(p) : '<wrong len>';
  };
  const link = (p: number): string => {
    if (hlen === 0) return '<empty>';
    if (hlen === 6) return d.mac(p);
    return Array.from({ length: hlen }, (_, i) =>
      d
        .u8(p + i)
        .toString(16)
        .padStart(2, '0'),
    ).join(':');
  };
  switch (op) {
    case 1: {
      let known = false;
      for (let i = 0; i < hlen; i++) if (d.u8(tha + i) !== 0) known = true;
      d.print(`who-has ${ip(tpa)}${known ? ` (${link(tha)})` : ''} tell ${ip(spa)}`);
      break;
    }
    case 2:
      d.print(`${ip(spa)} is-at ${link(sha)}`);
      break;
    case 3:
    case 8:
      d.print(`who-is ${link(tha)} tell ${link(sha)}`);
      break;
    case 4:
      d.print(`${link(tha)} at ${ip(tpa)}`);
      break;
    case 9:
      d.print(`${link(sha)} at ${ip(spa)}`);
      break;
    default:
      printHexAscii(d, '\n\t', at, d.end - at);
      return;
  }
  d.print(`, length ${length}`);
}
