/** VXLAN: the header, and the inner frame on a line of its own. */
import type { Dissector } from './dissector';
import { printEthernet } from './ethernet';

/** Prints the UDP payload at `at`. */
export function printVxlan(d: Dissector, at: number, length: number): void {
  d.protocol = 'vxlan';
  d.print('VXLAN');
  if (length < 8) {
    d.print(' (invalid)');
    return;
  }
  const flags = d.u8(at);
  const valid = (flags & 8) !== 0;
  d.print(`, flags [${valid ? 'I' : 'invalid'}] (0x${flags.toString(16).padStart(2, '0')}), `);
  d.print(valid ? `vni ${d.u24(at + 4)}\n` : 'ERROR: I flag not set\n');
  d.need(at, 8);
  printEthernet(d, at + 8, length - 8);
}

/**
 * Cisco OTV on port 8472, which is also where Linux and flannel send VXLAN by default: tcpdump 4.99 reads it as OTV unless
 * it is told -T vxlan.
 */
export function printOtv(d: Dissector, at: number, length: number): void {
  d.protocol = 'otv';
  d.print('OTV');
  if (length < 8) {
    d.print(' (invalid)');
    return;
  }
  const flags = d.u8(at);
  d.print(`, flags [${(flags & 8) !== 0 ? 'I' : '.'}] (0x${flags.toString(16).padStart(2, '0')})`);
  d.print(`, overlay ${d.u24(at + 1)}, instance ${d.u24(at + 4)}\n`);
  d.need(at, 8);
  printEthernet(d, at + 8, length - 8);
}
