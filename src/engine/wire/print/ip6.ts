/** IPv6 with its extension headers. */
import type { Dissector } from './dissector';
import { ipProtocolName } from './names';
import type { IpContext } from './transport';
import { printTransport } from './transport';

/** Options of a hop-by-hop or destination header; printed with -v only. @returns false when malformed. */
function printOptions(d: Dissector, at: number, length: number): boolean {
  const verbose = d.verbose > 0;
  for (let i = 0; i < length;) {
    const type = d.u8(at + i);
    if (type === 0) {
      if (verbose) d.print('(pad1)');
      i++;
      continue;
    }
    const size = i + 1 < length ? d.u8(at + i + 1) + 2 : 0;
    if (size < 2 || i + size > length) {
      d.print('(invalid)');
      return false;
    }
    if (verbose) {
      const hex = type.toString(16).padStart(2, '0');
      if (type === 1) d.print('(padn)');
      else if (type === 5)
        d.print(
          `(rtalert: 0x${d
            .u16(at + i + 2)
            .toString(16)
            .padStart(4, '0')}) `,
        );
      else d.print(`(unknown opt-type 0x${hex} len=${size - 2})`);
    }
    i += size;
  }
  if (verbose) d.print(' ');
  return true;
}

/** Prints the packet at `at`, of which the enclosing layer announces `length` bytes. */
export function printIp6(d: Dissector, at: number, length: number): void {
  d.protocol = 'ip6';
  const version = d.u8(at) >> 4;
  if (version !== 6) {
    d.print(`IP${version === 4 ? '' : version}, wrong link-layer encapsulation (invalid)`);
    return;
  }
  if (d.options.ether !== true) d.print('IP6 ');
  d.need(at, 40);
  if (length < 40) {
    d.print(`truncated-ip6 ${length}`);
    return;
  }
  const payload = d.u16(at + 4);
  let rest = payload;
  if (length < payload + 40) d.print(`truncated-ip6 - ${payload + 40 - length} bytes missing!`);
  let next = d.u8(at + 6);
  if (d.verbose > 0) {
    const flow = d.u32(at);
    const trafficClass = (flow >>> 20) & 0xff;
    d.print('(');
    if (trafficClass !== 0) d.print(`class 0x${trafficClass.toString(16).padStart(2, '0')}, `);
    if ((flow & 0xfffff) !== 0) d.print(`flowlabel 0x${(flow & 0xfffff).toString(16).padStart(5, '0')}, `);
    d.print(`hlim ${d.u8(at + 7)}, next-header ${ipProtocolName(next)} (${next}) payload length: ${payload}) `);
  }
  const outerEnd = d.end;
  d.end = Math.min(outerEnd, at + 40 + payload);
  if (next !== 6 && next !== 17 && next !== 132 && next !== 33) d.print(`${d.ip6(at + 8)} > ${d.ip6(at + 24)}: `);
  let p = at + 40;
  const context: IpContext = { version: 6, at, fragmented: false, protocol: next };
  // as in tcpdump it is the start of the previous header that must be captured: the empty "no next header" still prints
  let previous = at;
  while (previous < d.end) {
    previous = p;
    if (next === 0 || next === 60) {
      d.protocol = next === 0 ? 'hbhopt' : 'dstopt';
      const size = (d.u8(p + 1) + 1) * 8;
      d.need(p, size);
      d.print(next === 0 ? 'HBH ' : 'DSTOPT ');
      if (!printOptions(d, p + 2, size - 2)) break;
      next = d.u8(p);
      p += size;
      rest -= size;
    } else if (next === 44) {
      d.protocol = 'frag6';
      const word = d.u16(p + 2);
      const id =
        d.verbose > 0
          ? `0x${d
              .u32(p + 4)
              .toString(16)
              .padStart(8, '0')}:`
          : '';
      d.print(`frag (${id}${word & 0xfff8}|${rest - 8})`);
      if ((word & 0xfff8) !== 0) break;
      d.print(' ');
      context.fragmented = true;
      next = d.u8(p);
      p += 8;
      rest -= 8;
      if (d.end <= p) break;
    } else {
      printTransport(d, context, next, p, rest);
      break;
    }
  }
  d.end = outerEnd;
}
