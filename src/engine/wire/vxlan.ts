/** VXLAN (RFC 7348): an Ethernet frame inside a UDP payload. */
import { get24, put32 } from './bytes';
import type { EthernetFrame } from './frame';
import { decodeFrame, encodeFrame } from './frame';

/** The IANA port. */
export const VXLAN_PORT = 4789;
/** Length of the VXLAN header in bytes. */
export const VXLAN_HEADER = 8;
/** What a VXLAN over IPv4 tunnel adds to an inner IP packet: inner Ethernet, VXLAN, UDP, IPv4. */
export const VXLAN_OVERHEAD4 = 50;

/** Encodes header and inner frame: the payload of the outer UDP datagram. @param vni 24 bits. */
export function encodeVxlan(vni: number, inner: EthernetFrame): Uint8Array {
  const frame = encodeFrame(inner);
  const out = new Uint8Array(VXLAN_HEADER + frame.length);
  out[0] = 0x08;
  put32(out, 4, vni << 8);
  out.set(frame, VXLAN_HEADER);
  return out;
}

/** Reads the VNI and the inner frame; undefined without the I flag or when either header is short. */
export function decodeVxlan(payload: Uint8Array): { vni: number; inner: EthernetFrame } | undefined {
  if (payload.length < VXLAN_HEADER || (payload[0]! & 0x08) === 0) return undefined;
  const inner = decodeFrame(payload.subarray(VXLAN_HEADER));
  return inner === undefined ? undefined : { vni: get24(payload, 4), inner };
}
