/** sha224sum, sha384sum, sha512sum and cksum (POSIX); the shorter digests are among the coreutils. */
import { checksumTool } from '../lib/checksum-tool';
import { tool } from '../lib/tool';
import { sha2 } from './sha2';

/** sha224sum(1). */
export const sha224sum = checksumTool('sha224', 56, (t, data) => sha2(t, 'sha224', data));
/** sha384sum(1). */
export const sha384sum = checksumTool('sha384', 96, (t, data) => sha2(t, 'sha384', data));
/** sha512sum(1). */
export const sha512sum = checksumTool('sha512', 128, (t, data) => sha2(t, 'sha512', data));

/** cksum(1) with its default algorithm, the CRC of POSIX. */
export const cksum = tool({
  name: 'cksum',
  summary: 'compute and verify file checksums',
  help: `[OPTION]... [FILE]...
Print the 32-bit CRC of POSIX and the number of bytes of each FILE.
`,
  *run(t) {
    const { operands } = t.getopt('');
    for (const file of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(file);
      if (fd === undefined) continue;
      let crc = 0;
      let length = 0;
      const add = (byte: number): void => {
        crc ^= byte << 24;
        for (let i = 0; i < 8; i++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
      };
      try {
        for (;;) {
          const part = yield* t.sys.read(fd);
          if (part.length === 0) break;
          yield* t.sys.work(part.length >> 6);
          length += part.length;
          part.forEach(add);
        }
      } catch (e) {
        yield* t.complainErrno(file, e);
        continue;
      } finally {
        t.close(fd);
      }
      for (let n = length; n > 0; n = Math.floor(n / 256)) add(n & 255);
      yield* t.out.line(`${~crc >>> 0} ${length}${operands.length > 0 ? ` ${file}` : ''}`);
    }
    return t.status;
  },
});
