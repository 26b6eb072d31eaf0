/** IGMP versions 1 to 3. */
import type { Dissector } from './dissector';
import { relativeTime } from './dissector';
import { floatingCode, printGroupRecords } from './multicast-records';

function printReport3(d: Dissector, at: number, length: number): void {
  if (length < 16 || length % 4 !== 0) {
    d.print(` [invalid len ${length}]`);
    return;
  }
  printGroupRecords(d, at, length, 'v3', 4, (p) => d.ip4(p));
}

function printQuery3(d: Dissector, at: number, length: number): void {
  d.print(' v3');
  if (length % 4 !== 0) {
    d.print(` [invalid len ${length}]`);
    return;
  }
  const code = d.u8(at + 1);
  const tenths = floatingCode(code, 4);
  if (code !== 100) {
    d.print(
      ` [max resp time ${tenths < 600 ? (tenths / 10).toFixed(1) + 's' : relativeTime(Math.floor(tenths / 10))}]`,
    );
  }
  if (d.u32(at + 4) === 0) return;
  d.print(` [gaddr ${d.ip4(at + 4)}`);
  const sources = d.u16(at + 10);
  if (sources > 0) d.print(`, ${sources} source(s)`);
  d.print(']');
}

/** Prints the message at `at`. */
export function printIgmp(d: Dissector, at: number, length: number): void {
  d.protocol = 'igmp';
  if (d.options.quiet === true) {
    d.print('igmp');
    return;
  }
  const type = d.u8(at);
  const oddLength = length === 8 ? '' : ` [len ${length}]`;
  switch (type) {
    case 0x11:
      d.print('igmp query');
      if (length >= 12) printQuery3(d, at, length);
      else {
        const time = d.u8(at + 1);
        d.print(time === 0 ? ' v1' : ' v2');
        if (time !== 0 && time !== 100) d.print(` [max resp time ${time}]`);
        if (d.u32(at + 4) !== 0) d.print(` [gaddr ${d.ip4(at + 4)}]`);
        d.print(oddLength);
      }
      break;
    case 0x12:
      d.print(`igmp v1 report ${d.ip4(at + 4)}${oddLength}`);
      break;
    case 0x16:
      d.print(`igmp v2 report ${d.ip4(at + 4)}`);
      break;
    case 0x17:
      d.print(`igmp leave ${d.ip4(at + 4)}`);
      break;
    case 0x22:
      d.print('igmp v3 report');
      printReport3(d, at, length);
      break;
    default:
      d.print(`igmp-${type}`);
  }
  if (d.verbose > 0 && length >= 4 && d.has(at, length) && d.checksum(at, length) !== 0) {
    d.print(` bad igmp cksum ${d.u16(at + 2).toString(16)}!`);
  }
}
