/** Linux cooked captures: LINKTYPE_LINUX_SLL2 (`-i any`) and the older LINKTYPE_LINUX_SLL. */
import type { Dissector } from './dissector';
import { printHexAscii } from './dump';
import { printEtherPayload, vlanText } from './ethernet';
import { etherTypeName } from './names';

const PACKET_TYPES = ['In', 'B', 'M', 'P', 'Out'];

function typeText(type: number): string {
  return `ethertype ${etherTypeName(type) ?? 'Unknown'} (0x${type.toString(16).padStart(4, '0')})`;
}

function printRest(d: Dissector, type: number, at: number, length: number, header: () => void): number {
  let p = at;
  while (type === 0x8100) {
    d.protocol = 'vlan';
    d.need(p, 4);
    if (d.options.ether === true) d.print(`${vlanText(d.u16(p))}, `);
    type = d.u16(p + 2);
    if (d.options.quiet !== true) d.print(`ethertype ${etherTypeName(type) ?? 'Unknown'}, `);
    p += 4;
  }
  if (!printEtherPayload(d, type, p, length - (p - at))) {
    if (d.options.ether !== true) header();
    if (!d.bare) printHexAscii(d, '\n\t', p, d.end - p);
  }
  return p - at;
}

/** Prints a cooked v2 packet. @returns the length of the link-level headers. */
export function printSll2(d: Dissector, at: number, length: number): number {
  d.protocol = 'sll2';
  d.need(at, 20);
  d.linkHeader = 20;
  const ifindex = d.u32(at + 4);
  const type = d.u16(at);
  d.print((d.options.interfaceName?.(ifindex) ?? '?').padEnd(5) + ' ');
  d.print((PACKET_TYPES[d.u8(at + 10)] ?? '?').padEnd(3) + ' ');
  const header = (): void => {
    d.print(`ifindex ${ifindex} `);
    if (d.u8(at + 11) === 6) d.print(`${d.mac(at + 12)} `);
    if (d.options.quiet !== true) d.print(`${typeText(type)}, length ${length}: `);
  };
  if (d.options.ether === true) header();
  return 20 + printRest(d, type, at + 20, length - 20, header);
}

/** Prints a cooked v1 packet. @returns the length of the link-level headers. */
export function printSll(d: Dissector, at: number, length: number): number {
  d.protocol = 'sll';
  d.need(at, 16);
  d.linkHeader = 16;
  const type = d.u16(at + 14);
  const header = (): void => {
    d.print((PACKET_TYPES[d.u16(at)] ?? '?').padStart(3) + ' ');
    if (d.u16(at + 4) === 6) d.print(`${d.mac(at + 6)} `);
    if (d.options.quiet !== true) d.print(`${typeText(type)}, length ${length}: `);
  };
  if (d.options.ether === true) header();
  return 16 + printRest(d, type, at + 16, length - 16, header);
}
