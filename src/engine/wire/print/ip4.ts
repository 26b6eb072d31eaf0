/** IPv4: the verbose header line, fragments, and the hand-over to the transport printers. */
import { protocolName } from '../services';
import type { Dissector } from './dissector';
import { bitNames, shouldBe } from './dissector';
import { ipProtocolName } from './names';
import type { IpContext } from './transport';
import { printTransport } from './transport';

const FLAGS = [
  [0x2000, '+'],
  [0x4000, 'DF'],
  [0x8000, 'rsvd'],
] as const;

const ECN = ['', ',ECT(1)', ',ECT(0)', ',CE'];

const OPTIONS: Readonly<Record<number, string>> = {
  0: 'EOL',
  1: 'NOP',
  7: 'RR',
  68: 'timestamp',
  82: 'traceroute',
  130: 'security',
  131: 'LSRR',
  137: 'SSRR',
  148: 'RA',
};

function optionText(d: Dissector, at: number, length: number): string {
  const parts: string[] = [];
  let left = length;
  let p = at;
  while (left > 0) {
    const code = d.u8(p);
    let text = OPTIONS[code] ?? `unknown ${code}`;
    let size = 1;
    if (code > 1) {
      size = left > 1 ? d.u8(p + 1) : 0;
      if (size < 2 || size > left) {
        parts.push(`${text} [bad length ${size}]`);
        break;
      }
    }
    if (code === 7 || code === 131 || code === 137) {
      const pointer = d.u8(p + 2) - 1;
      for (let i = 3; i + 4 <= size; i += 4) text += ` ${d.ip4(p + i)}${pointer > i ? ',' : ''}`;
    } else if (code === 148 && size >= 4 && d.u16(p + 2) !== 0) text += ` value ${d.u16(p + 2)}`;
    parts.push(text);
    if (code === 0) break;
    p += size;
    left -= size;
  }
  return parts.join(',');
}

/** Prints the packet at `at`, of which the enclosing layer announces `length` bytes. */
export function printIp4(d: Dissector, at: number, length: number): void {
  d.protocol = 'ip';
  const version = d.u8(at) >> 4;
  if (version !== 4) {
    d.print(version === 6 ? 'IP6, wrong link-layer encapsulation (invalid)' : `IP${version} (invalid)`);
    return;
  }
  if (d.options.ether !== true) d.print('IP ');
  d.need(at, 20);
  if (length < 20) {
    d.print(`truncated-ip ${length}`);
    return;
  }
  const header = (d.u8(at) & 15) * 4;
  if (header < 20) {
    d.print(`bad-hlen ${header}`);
    return;
  }
  let total = d.u16(at + 2);
  if (length < total) d.print(`truncated-ip - ${total - length} bytes missing! `);
  if (total < header) {
    if (total !== 0) {
      d.print(`bad-len ${total}`);
      return;
    }
    total = length;
  }
  const outerEnd = d.end;
  d.end = Math.min(outerEnd, at + total);
  const fragment = d.u16(at + 6);
  const offset = (fragment & 0x1fff) * 8;
  const protocol = d.u8(at + 9);
  if (d.verbose > 0) {
    const tos = d.u8(at + 1);
    const ttl = d.u8(at + 8);
    d.print(`(tos 0x${tos.toString(16)}${ECN[tos & 3]!}${ttl >= 1 ? `, ttl ${ttl}` : ''}`);
    d.print(`, id ${d.u16(at + 4)}, offset ${offset}, flags [${bitNames(FLAGS, fragment & 0xe000, ', ')}]`);
    d.print(`, proto ${ipProtocolName(protocol)} (${protocol}), length ${d.u16(at + 2)}`);
    if (header > 20) d.print(`, options (${optionText(d, at + 20, header - 20)})`);
    if (d.options.noChecksums !== true && d.has(at, header)) {
      const sum = d.checksum(at, header);
      const field = d.u16(at + 10);
      if (sum !== 0) d.print(`, bad cksum ${field.toString(16)} (->${shouldBe(field, sum).toString(16)})!`);
    }
    d.print(')\n    ');
  }
  const pair = (): string => `${d.ip4(at + 12)} > ${d.ip4(at + 16)}`;
  if (offset === 0) {
    // these print the addresses themselves, together with their ports
    const withPorts = protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33;
    if (!withPorts) d.print(`${pair()}: `);
    const context: IpContext = { version: 4, at, fragmented: (fragment & 0x2000) !== 0, protocol };
    printTransport(d, context, protocol, at + header, Math.min(length, total) - header);
  } else {
    const name = d.options.numeric === true ? undefined : protocolName(protocol);
    d.print(`${pair()}: ${name ?? `ip-proto-${protocol}`}`);
  }
  d.end = outerEnd;
}
