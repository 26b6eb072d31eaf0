/** Group records of IGMPv3 and MLDv2 reports, which differ only in the size of addresses (RFC 3376 4.2, RFC 3810 5.2). */
import type { Dissector } from './dissector';

const RECORDS = ['', 'is_in', 'is_ex', 'to_in', 'to_ex', 'allow', 'block'];

/**
 * Prints the records of the report at `at`, whose first 8 bytes are there.
 * @param length of the report in bytes
 * @param version as unknown types are called: `v3` of IGMP, `v2` of MLD
 * @param size of an address in bytes
 * @param address prints the one at a place
 */
export function printGroupRecords(
  d: Dissector,
  at: number,
  length: number,
  version: string,
  size: number,
  address: (at: number) => string,
): void {
  const groups = d.u16(at + 6);
  d.print(`, ${groups} group record(s)`);
  if (d.verbose === 0) return;
  let p = 8;
  for (let i = 0; i < groups; i++) {
    const first = p + 4 + size;
    if (length < first) {
      d.print(' [invalid number of groups]');
      return;
    }
    const type = d.u8(at + p);
    d.print(` [gaddr ${address(at + p + 4)} ${RECORDS[type] || ` [${version}-report-#${type}]`}`);
    const sources = d.u16(at + p + 2);
    if (length < first + size * sources) {
      d.print(` [invalid number of sources ${sources}]`);
      return;
    }
    if (d.verbose === 1) d.print(`, ${sources} source(s)`);
    else {
      d.print(' {');
      for (let s = 0; s < sources; s++) d.print(` ${address(at + first + size * s)}`);
      d.print(' }');
    }
    p = first + size * sources;
    d.print(']');
  }
}

/** A time or interval that may be a floating-point number with so many bits of mantissa (RFC 3376 4.1.1, RFC 3810 5.1.3). */
export function floatingCode(code: number, mantissa: 4 | 12): number {
  const top = 1 << mantissa;
  return code < 8 * top ? code : ((code & (top - 1)) | top) << (((code >> mantissa) & 7) + 3);
}
