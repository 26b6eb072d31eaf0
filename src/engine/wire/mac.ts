/** Ethernet addresses: canonical lower-case strings such as `02:00:00:00:00:01`, compared with `===`. */

/** A 48-bit Ethernet address as six lower-case two-digit hex bytes joined by colons. */
export type Mac = string;

/** ff:ff:ff:ff:ff:ff. */
export const MAC_BROADCAST: Mac = 'ff:ff:ff:ff:ff:ff';

/** 00:00:00:00:00:00. */
export const MAC_ZERO: Mac = '00:00:00:00:00:00';

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/**
 * Parses `aa:bb:cc:dd:ee:ff`, also with `-`, one-digit bytes and capitals (the spellings `ip link` and tcpdump take).
 * @returns the canonical string, or undefined when it is no address.
 */
export function parseMac(text: string): Mac | undefined {
  const parts = text.split(text.includes('-') ? '-' : ':');
  if (parts.length !== 6 || !parts.every((p) => /^[0-9a-fA-F]{1,2}$/.test(p))) return undefined;
  return parts.map((p) => HEX[parseInt(p, 16)]).join(':');
}

/** Reads six bytes at `at` (missing bytes read as 0). */
export function macFromBytes(bytes: Uint8Array, at = 0): Mac {
  return (
    HEX[bytes[at] ?? 0]! +
    ':' +
    HEX[bytes[at + 1] ?? 0]! +
    ':' +
    HEX[bytes[at + 2] ?? 0]! +
    ':' +
    HEX[bytes[at + 3] ?? 0]! +
    ':' +
    HEX[bytes[at + 4] ?? 0]! +
    ':' +
    HEX[bytes[at + 5] ?? 0]!
  );
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

/** Writes the six bytes of a canonical address at `at`. */
export function writeMac(mac: Mac, out: Uint8Array, at: number): void {
  for (let i = 0; i < 6; i++) {
    out[at + i] = (nibble(mac.charCodeAt(i * 3)) << 4) | nibble(mac.charCodeAt(i * 3 + 1));
  }
}

/** The group bit (I/G): true for multicast and broadcast addresses. */
export function isMulticastMac(mac: Mac): boolean {
  return (nibble(mac.charCodeAt(1)) & 1) === 1;
}

/** The group address an IPv4 multicast address maps to (RFC 1112 section 6.4): 01:00:5e and the low 23 bits. */
export function multicastMac4(group: number): Mac {
  return `01:00:5e:${HEX[(group >>> 16) & 0x7f]}:${HEX[(group >>> 8) & 0xff]}:${HEX[group & 0xff]}`;
}
