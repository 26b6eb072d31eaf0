/** ipcalc(1) 0.5 as Debian has it: an address, its mask and its network, bit by bit. */
import type { Program } from '../../host';
import { broadcast4, formatIp4, mask4, maskLength4, network4, parseIp4 } from '../../wire';

const bitsOf = (a: number, split: number): string => {
  const bits = (a >>> 0).toString(2).padStart(32, '0');
  let out = '';
  for (let i = 0; i < 32; i++) {
    if (i > 0 && i % 8 === 0) out += '.';
    if (i === split && split > 0) out += ' ';
    out += bits[i]!;
  }
  return split === 32 ? `${out} ` : out;
};

function classOf(a: number): string {
  const first = a >>> 24;
  return first < 128
    ? 'Class A'
    : first < 192
      ? 'Class B'
      : first < 224
        ? 'Class C'
        : first < 240
          ? 'Class D, Multicast'
          : 'Class E';
}

function remark(network: number, length: number): string {
  const last = broadcast4(network, length);
  for (const [text, p, name] of [
    ['10.0.0.0', 8, 'Private Internet'],
    ['172.16.0.0', 12, 'Private Internet'],
    ['192.168.0.0', 16, 'Private Internet'],
    ['127.0.0.0', 8, 'Loopback'],
    ['169.254.0.0', 16, 'APIPA'],
  ] as const) {
    const base = parseIp4(text)!;
    if (network4(network, p) === base && length >= p) return `, ${name}`;
    if (network <= base && last >= broadcast4(base, p)) return `, In Part ${name}`;
  }
  return '';
}

/** The program; addresses are never coloured. */
export const ipcalc: Program = {
  name: 'ipcalc',
  path: '/usr/bin/ipcalc',
  size: 36140,
  summary: 'calculate network parameters from an IP address and mask',
  *main(sys, argv) {
    const bits = !argv.some((a) => /^(-[nc]*b[nc]*|--nobinary)$/.test(a));
    const words = argv.slice(1).filter((a) => !/^(-[nb]+|--nocolor|--nobinary)$/.test(a));
    const option = words.find((w) => w.startsWith('-'));
    if (option !== undefined || words.length === 0 || words.length > 2) {
      yield* sys.eprint(
        option === undefined
          ? 'Usage: ipcalc [-n] [-b] <ADDRESS>[[/]<NETMASK>]\n'
          : `ipcalc: not simulated in this course: ${option}\n`,
      );
      return option === undefined ? 0 : 1;
    }
    const [text = '', inline] = words[0]!.split('/');
    const address = parseIp4(text);
    if (address === undefined) {
      yield* sys.print(`INVALID ADDRESS: ${text}\n\n`);
      return 0;
    }
    const maskText = inline ?? words[1];
    let length: number | undefined = 24;
    if (maskText !== undefined) {
      const dotted = maskText.includes('.') ? parseIp4(maskText) : undefined;
      length =
        dotted === undefined
          ? /^\d+$/.test(maskText) && Number(maskText) <= 32
            ? Number(maskText)
            : undefined
          : (maskLength4(dotted) ?? maskLength4(~dotted >>> 0));
      if (length === undefined) {
        yield* sys.print(`INVALID MASK1:   ${maskText}\n\n`);
        return 0;
      }
      if (dotted !== undefined && maskLength4(dotted) === undefined) yield* sys.print('WILDCARD\n');
    }
    const [network, last, mask] = [network4(address, length), broadcast4(address, length), mask4(length)];
    const row = (name: string, value: string, a: number): string =>
      `${name.padEnd(11)}${value.padEnd(21)}${bits ? bitsOf(a, length) : ''}\n`;
    let out =
      row('Address:', formatIp4(address), address) +
      row('Netmask:', `${formatIp4(mask)} = ${length}`, mask) +
      row('Wildcard:', formatIp4(~mask >>> 0), ~mask >>> 0) +
      '=>\n';
    const size = 2 ** (32 - length);
    if (length === 32) out += row('Hostroute:', formatIp4(network), network);
    else {
      out += row('Network:', `${formatIp4(network)}/${length}`, network);
      const [low, high] = length === 31 ? [network, last] : [network + 1, last - 1];
      out += row('HostMin:', formatIp4(low), low) + row('HostMax:', formatIp4(high), high);
      if (length < 31) out += row('Broadcast:', formatIp4(last), last);
    }
    const hosts = length >= 31 ? size : size - 2;
    out += `Hosts/Net: ${String(hosts).padEnd(21)} ${classOf(network === 0 && length === 0 ? address : network)}${remark(network, length)}${length === 31 ? ', PtP Link RFC 3021' : ''}\n\n`;
    yield* sys.print(out);
    return 0;
  },
};
