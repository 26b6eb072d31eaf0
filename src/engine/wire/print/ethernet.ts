/** The link layer: Ethernet with 802.1Q tags, 802.3/LLC with STP, and the dispatch on EtherType. */
import { printArp } from './arp';
import type { Dissector } from './dissector';
import { bitNames } from './dissector';
import { printHexAscii } from './dump';
import { printIp4 } from './ip4';
import { printIp6 } from './ip6';
import { etherTypeName } from './names';

const LARGEST_802_3 = 1500;

function isVlanTag(type: number): boolean {
  return type === 0x8100 || type === 0x9100 || type === 0x9200 || type === 0x88a8;
}

/** `vlan 10, p 0` and `, DEI` when the drop eligible bit is set. */
export function vlanText(tci: number): string {
  return `vlan ${tci & 0xfff}, p ${tci >> 13}${(tci & 0x1000) !== 0 ? ', DEI' : ''}`;
}

function typeText(d: Dissector, type: number): string {
  const name = etherTypeName(type);
  const hex = '0x' + type.toString(16).padStart(4, '0');
  if (d.options.quiet === true) return name ?? `Unknown Ethertype (${hex})`;
  return `ethertype ${name ?? 'Unknown'} (${hex})`;
}

/** Prints what an EtherType announces. @returns false when there is no printer for it. */
export function printEtherPayload(d: Dissector, type: number, at: number, length: number): boolean {
  switch (type) {
    case 0x0800:
      printIp4(d, at, length);
      return true;
    case 0x86dd:
      printIp6(d, at, length);
      return true;
    case 0x0806:
    case 0x8035:
      printArp(d, at, length);
      return true;
    default:
      return false;
  }
}

/** Prints the frame at `at` of `length` bytes on the wire. @returns the length of its link-level headers. */
export function printEthernet(d: Dissector, at: number, length: number): number {
  d.protocol = 'ether';
  if (d.end - at < 14) d.truncated();
  const whole = length;
  const ether = d.options.ether === true;
  if (ether) d.print(`${d.mac(at + 6)} > ${d.mac(at)}, `);
  let p = at + 12;
  let type = d.u16(p);
  p += 2;
  let lengthPrinted = false;
  while (isVlanTag(type)) {
    if (d.end - p < 4) {
      d.protocol = 'vlan';
      d.truncated();
    }
    if (ether) {
      d.print(typeText(d, type));
      d.print(lengthPrinted ? ', ' : `, length ${whole}: `);
      lengthPrinted = true;
      d.print(`${vlanText(d.u16(p))}, `);
    }
    type = d.u16(p + 2);
    p += 4;
  }
  const header = p - at;
  // known before the payload prints, so that a cut payload still gets its dump; an inner frame does not count
  if (at === 0) d.linkHeader = header;
  const rest = whole - header;
  if (type <= LARGEST_802_3) {
    const payload = Math.min(type, rest);
    const end = d.end;
    d.end = Math.min(end, p + payload);
    if (ether) d.print(lengthPrinted ? '802.3' : `802.3, length ${payload}: `);
    const llc = printLlc(d, p, payload, at);
    d.end = end;
    return header + llc;
  }
  if (ether) d.print(typeText(d, type) + (lengthPrinted ? ', ' : `, length ${whole}: `));
  if (!printEtherPayload(d, type, p, rest)) {
    if (!ether) d.print(`${d.mac(at + 6)} > ${d.mac(at)}, ${typeText(d, type)}, length ${whole}: `);
    if (!d.bare) printHexAscii(d, '\n\t', p, d.end - p);
  }
  return header;
}

const SAPS: Readonly<Record<number, string>> = {
  0x00: 'Null',
  0x06: 'IP',
  0x42: 'STP',
  0xaa: 'SNAP',
  0xe0: 'IPX',
  0xf0: 'NetBeui',
  0xfe: 'OSI',
  0xff: 'Global',
};

/** IEEE 802.2. @returns the length of its header. */
function printLlc(d: Dissector, at: number, length: number, frame: number): number {
  d.protocol = 'llc';
  if (length < 3 || d.end - at < 3) d.truncated();
  const dsapField = d.u8(at);
  const ssapField = d.u8(at + 1);
  const dsap = dsapField & 0xfe;
  const ssap = ssapField & 0xfe;
  const unnumbered = (d.u8(at + 2) & 3) === 3;
  const header = unnumbered ? 3 : 4;
  const control = unnumbered ? d.u8(at + 2) : d.u8(at + 2) | (d.u8(at + 3) << 8);
  const hex = (n: number, width: number): string => '0x' + n.toString(16).padStart(width, '0');
  if (d.options.ether === true) {
    d.print(
      `LLC, dsap ${SAPS[dsap] ?? 'Unknown'} (${hex(dsap, 2)}) ${dsapField & 1 ? 'Group' : 'Individual'}, ` +
        `ssap ${SAPS[ssap] ?? 'Unknown'} (${hex(ssap, 2)}) ${ssapField & 1 ? 'Response' : 'Command'}, ` +
        `ctrl ${hex(control, unnumbered ? 2 : 4)}: `,
    );
  }
  if (ssap === 0x42 && dsap === 0x42 && control === 3) {
    printStp(d, at + header, length - header);
    return header;
  }
  if (ssap === 0x06 && dsap === 0x06 && control === 3) {
    printIp4(d, at + header, length - header);
    return header;
  }
  if (d.options.ether !== true) {
    const sap = `Unknown DSAP ${hex(dsap, 2)}`;
    d.print(`${d.mac(frame + 6)} > ${d.mac(frame)} ${SAPS[dsap] ?? sap} `);
  }
  d.print(unnumbered ? `Unnumbered, length ${length}` : `Information, length ${length}`);
  if (!d.bare) printHexAscii(d, '\n\t', at, d.end - at);
  return header;
}

const STP_FLAGS = [
  [0x01, 'Topology change'],
  [0x02, 'Proposal'],
  [0x10, 'Learn'],
  [0x20, 'Forward'],
  [0x40, 'Agreement'],
  [0x80, 'Topology change ACK'],
] as const;

/** IEEE 802.1D and 802.1w bridge protocol data units. */
function printStp(d: Dissector, at: number, length: number): void {
  d.protocol = 'stp';
  if (length < 4) {
    d.print(' (invalid)');
    return;
  }
  if (d.u16(at) !== 0) {
    d.print(`unknown STP version, length ${length}`);
    return;
  }
  const version = d.u8(at + 2);
  const versions: Readonly<Record<number, string>> = { 0: '802.1d', 2: '802.1w', 3: '802.1s', 4: '802.1aq' };
  const hex = (n: number): string => '0x' + n.toString(16).padStart(2, '0');
  d.print(`STP ${versions[version] ?? `Unknown STP protocol (${hex(version)})`}`);
  if (versions[version] === undefined) return;
  const type = d.u8(at + 3);
  const types: Readonly<Record<number, string>> = { 0: 'Config', 2: 'Rapid STP', 128: 'Topology Change' };
  d.print(`, ${types[type] ?? `Unknown BPDU Type (${hex(type)})`}`);
  if (type !== 0 && !(type === 2 && version === 2)) return;
  if (length < (type === 0 ? 35 : 36)) {
    d.print(' (invalid)');
    return;
  }
  const bridgeId = (p: number): string => {
    let text = '';
    for (let i = 0; i < 8; i++) {
      if (i >= 2) text += i === 2 ? '.' : ':';
      text += d
        .u8(p + i)
        .toString(16)
        .padStart(2, '0');
    }
    return text;
  };
  const flags = d.u8(at + 4);
  const port = d
    .u16(at + 25)
    .toString(16)
    .padStart(4, '0');
  d.print(`, Flags [${bitNames(STP_FLAGS, flags, ', ')}], bridge-id ${bridgeId(at + 17)}.${port}, length ${length}`);
  if (d.verbose === 0) return;
  const seconds = (p: number): string => (d.u16(p) / 256).toFixed(2) + 's';
  d.print(`\n\tmessage-age ${seconds(at + 27)}, max-age ${seconds(at + 29)}`);
  d.print(`, hello-time ${seconds(at + 31)}, forwarding-delay ${seconds(at + 33)}`);
  d.print(`\n\troot-id ${bridgeId(at + 5)}, root-pathcost ${d.u32(at + 13)}`);
  const roles = ['Unknown', 'Alternate', 'Root', 'Designated'];
  if (version === 2) d.print(`, port-role ${roles[(flags >> 2) & 3]!}`);
}
