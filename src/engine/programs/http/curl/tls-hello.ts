/** The first message of a TLS client as OpenSSL 3.0 sends it (RFC 8446, 4.1.2). There is no TLS here beyond it. */
import { concat, encode } from '../../../core';

const CIPHERS = [
  0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024, 0xc028,
  0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c,
  0x0035, 0x002f, 0x00ff,
];
const GROUPS = [0x001d, 0x0017, 0x001e, 0x0019, 0x0018, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104];
const SIGNATURES = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
  0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602,
];
/** Length of the whole handshake message, filled up by the padding extension. */
const PADDED = 512;

const u16 = (n: number): number[] => [n >> 8, n & 255];
const words = (list: readonly number[]): number[] => list.flatMap(u16);
const sized = (body: readonly number[]): number[] => [...u16(body.length), ...body];
const extension = (type: number, body: readonly number[]): number[] => [...u16(type), ...sized(body)];

/**
 * A ClientHello in its record.
 * @param host for SNI; undefined for an address. @param random 96 random bytes: the hello's, the session's and the key share
 */
export function clientHello(host: string | undefined, random: Uint8Array): Uint8Array {
  const name = host === undefined ? [] : [...encode(host)];
  const alpn = ['h2', 'http/1.1'].flatMap((p) => [p.length, ...encode(p)]);
  const extensions = [
    ...(host === undefined ? [] : extension(0x0000, sized([0, ...sized(name)]))),
    ...extension(0x000b, [3, 0, 1, 2]),
    ...extension(0x000a, sized(words(GROUPS))),
    ...extension(0x3374, []),
    ...extension(0x0010, sized(alpn)),
    ...extension(0x0016, []),
    ...extension(0x0017, []),
    ...extension(0x0031, []),
    ...extension(0x000d, sized(words(SIGNATURES))),
    ...extension(0x002b, [4, 3, 4, 3, 3]),
    ...extension(0x002d, [1, 1]),
    ...extension(0x0033, sized([...u16(0x001d), ...sized([...random.subarray(64, 96)])])),
  ];
  const head = [3, 3, ...random.subarray(0, 32), 32, ...random.subarray(32, 64), ...sized(words(CIPHERS)), 1, 0];
  const fill = PADDED - 4 - head.length - 2 - extensions.length - 4;
  const all = [...extensions, ...(fill >= 0 ? extension(0x0015, new Array<number>(fill).fill(0)) : [])];
  const hello = [...head, ...sized(all)];
  const message = [1, 0, ...u16(hello.length), ...hello];
  return concat([Uint8Array.from([0x16, 3, 1, ...u16(message.length)]), Uint8Array.from(message)]);
}
