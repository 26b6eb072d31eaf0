/** UDP and the protocols tcpdump recognises by port. */
import { printBootp } from './bootp';
import type { Dissector } from './dissector';
import { shouldBe } from './dissector';
import { printDns } from './dns';
import type { IpContext } from './transport';
import { addressPair, endpoints, pseudoSum } from './transport';
import { printOtv, printVxlan } from './vxlan';

/** Bytes of an Rx header. */
const RX_HEADER = 28;

/** Prints the datagram at `at`. */
export function printUdp(d: Dissector, ip: IpContext, at: number, length: number): void {
  d.protocol = 'udp';
  if (!d.has(at, 4)) {
    d.print(addressPair(d, ip));
    d.truncated();
  }
  const sport = d.u16(at);
  const dport = d.u16(at + 2);
  d.print(endpoints(d, ip, 17, d.port(sport, 'udp'), d.port(dport, 'udp')));
  if (length < 8) {
    d.print(`truncated-udp ${length}`);
    return;
  }
  d.need(at, 8);
  let size = d.u16(at + 4);
  if (size < 8) {
    d.print(`truncated-udplength ${size}`);
    return;
  }
  size -= 8;
  const rest = Math.min(length - 8, size);
  const data = at + 8;
  if (d.options.packetType === 'vxlan') {
    printVxlan(d, data, rest);
    return;
  }
  if (d.options.packetType === 'domain') {
    printDns(d, data, rest, false);
    return;
  }
  const check = ip.version === 6 ? d.verbose > 0 : d.verbose > 1;
  if (check && d.options.noChecksums !== true && !ip.fragmented) {
    const field = d.u16(at + 6);
    const hex = (n: number): string => '0x' + n.toString(16).padStart(4, '0');
    if (field === 0 && ip.version === 4) d.print('[no cksum] ');
    else if (d.has(data, rest)) {
      const sum = d.checksum(at, rest + 8, pseudoSum(d, ip, 17, rest + 8));
      d.print(sum === 0 ? '[udp sum ok] ' : `[bad udp cksum ${hex(field)} -> ${hex(shouldBe(field, sum))}!] `);
    }
  }
  if (d.options.quiet !== true) {
    const on = (port: number): boolean => sport === port || dport === port;
    if (on(53)) return printDns(d, data, rest, false);
    if (on(67) || on(68)) return printBootp(d, data, rest);
    if (on(5353)) return printDns(d, data, rest, true);
    // The ports of AFS, whose packets have a header of 28 bytes (print-rx.c); whole ones are not told apart here.
    if ([sport, dport].some((port) => (port >= 7000 && port <= 7009) || port === 7021) && rest < RX_HEADER)
      return d.print(` [|rx] (${rest})`);
    if (on(8472)) return printOtv(d, data, rest);
    if (on(4789)) return printVxlan(d, data, rest);
  }
  if (size > rest && !ip.fragmented) d.print(`UDP, bad length ${size} > ${rest}`);
  else d.print(`UDP, length ${size}`);
}
