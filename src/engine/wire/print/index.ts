/** One packet as tcpdump 4.99 prints it. */
import type { EthernetFrame } from '../frame';
import { encodeFrame } from '../frame';
import { LINKTYPE } from '../pcap';
import type { PrintOptions, PrintState } from './dissector';
import { Dissector, Truncated } from './dissector';
import { printAscii, printHex, printHexAscii } from './dump';
import { printEtherPayload, printEthernet } from './ethernet';
import { printSll, printSll2 } from './sll';
import { timestamp } from './timestamp';

export type { PrintOptions, PrintState } from './dissector';
export { makePrintState } from './dissector';

/** A captured packet: its stamp, its bytes, and its length on the wire when the capture cut it. */
export interface CapturedPacket {
  /** Seconds and microseconds since the epoch. */
  readonly seconds: number;
  readonly microseconds: number;
  readonly bytes: Uint8Array;
  /** Length on the wire in bytes; the number of captured bytes when absent. */
  readonly length?: number;
}

function printLink(d: Dissector, linkType: number, length: number): number {
  switch (linkType) {
    case LINKTYPE.LINUX_SLL2:
      return printSll2(d, 0, length);
    case LINKTYPE.LINUX_SLL:
      return printSll(d, 0, length);
    case LINKTYPE.RAW:
      printEtherPayload(d, d.u8(0) >> 4 === 6 ? 0x86dd : 0x0800, 0, length);
      return 0;
    default:
      return printEthernet(d, 0, length);
  }
}

function guarded(d: Dissector, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Truncated)) throw error;
    d.print(` [|${d.protocol}]`);
    if (!error.checked) d.linkHeader = 0;
  }
}

/** Prints a packet given as bytes. Never throws for any bytes. @returns the text without the final line feed. */
export function printPacket(packet: CapturedPacket, options: PrintOptions, state: PrintState): string {
  const d = new Dissector(packet.bytes, options, state);
  state.count++;
  if (options.packetNumbers === true) d.print(String(state.count).padStart(5) + '  ');
  const length = packet.length ?? packet.bytes.length;
  if (packet.bytes.length === 0) {
    d.print(`[Invalid header: caplen==0${length === 0 ? ', len==0' : ''}]`);
    return d.text;
  }
  d.print(timestamp(packet.seconds, packet.microseconds, options, state));
  guarded(d, () => {
    d.linkHeader = printLink(d, options.linkType ?? LINKTYPE.ETHERNET, length);
  });
  d.end = packet.bytes.length;
  const dump = options.dump;
  if (dump !== undefined) {
    const from = dump.length === 2 ? 0 : d.linkHeader;
    const size = packet.bytes.length - from;
    if (size > 0) {
      if (dump[0] === 'X') printHexAscii(d, '\n\t', from, size);
      else if (dump[0] === 'x') printHex(d, '\n\t', from, size);
      else printAscii(d, from, size);
    }
  }
  return d.text;
}

/** Prints a frame. @param snaplen captured bytes at most. @returns the text without the final line feed. */
export function printFrame(
  frame: EthernetFrame,
  seconds: number,
  microseconds: number,
  options: PrintOptions,
  state: PrintState,
  snaplen = Infinity,
): string {
  const bytes = encodeFrame(frame);
  const kept = bytes.length > snaplen ? bytes.subarray(0, snaplen) : bytes;
  return printPacket({ seconds, microseconds, bytes: kept, length: bytes.length }, options, state);
}
