import { isErrno } from '../../core';
import type { Program } from '../../host';
import type { HashName } from '../lib/hash';
import { hash } from '../lib/hash';
import { readLines } from '../lib/lines';
import { tool, UsageError } from '../lib/tool';

function make(name: string, digest: HashName, length: number): Program {
  return tool({
    name,
    summary: `compute and check ${digest.toUpperCase()} message digest`,
    help: `[OPTION]... [FILE]...
Print or check ${digest.toUpperCase()} checksums.

  -b, --binary         mark files as binary
  -c, --check          read checksums from the FILEs and check them
      --tag            print BSD style lines
  -t, --text           read as text (the default)
      --quiet          with -c, nothing for files that are right
      --status         with -c, nothing at all
  -w, --warn           with -c, warn about malformed lines
`,
    *run(t) {
      const { options, operands } = t.getopt('bctwz', [
        'binary=b',
        'check=c',
        'tag',
        'text=t',
        'quiet',
        'status',
        'warn=w',
        'strict',
        'ignore-missing',
        'zero=z',
      ]);
      const has = (n: string): boolean => options.some((o) => o.name === n);
      const names = operands.length > 0 ? operands : ['-'];
      const digestOf = function* (file: string) {
        const fd = yield* t.open(file);
        if (fd === undefined) return undefined;
        try {
          const data = yield* t.sys.readAll(fd);
          yield* t.sys.work(data.length >> 8);
          return hash(digest, data);
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* t.complain(`${file}: ${e.message}`);
          return undefined;
        } finally {
          t.close(fd);
        }
      };
      if (!has('c')) {
        if (has('quiet') || has('status'))
          throw new UsageError(
            `the --${has('quiet') ? 'quiet' : 'status'} option is meaningful only when verifying checksums`,
          );
        for (const file of names) {
          const sum = yield* digestOf(file);
          if (sum === undefined) continue;
          yield* t.out.line(
            has('tag') ? `${digest.toUpperCase()} (${file}) = ${sum}` : `${sum} ${has('b') ? '*' : ' '}${file}`,
          );
        }
        return t.status;
      }
      for (const list of names) {
        const fd = yield* t.open(list);
        if (fd === undefined) continue;
        const { lines } = yield* readLines(t.sys, fd);
        let failed = 0;
        let unreadable = 0;
        let good = 0;
        let bad = 0;
        for (const line of lines) {
          const m = new RegExp(`^([0-9a-fA-F]{${length}}) [ *](.+)$`).exec(line) ?? null;
          if (!m) {
            if (line !== '' && !line.startsWith('#')) bad++;
            continue;
          }
          const sum = yield* digestOf(m[2]!);
          if (sum === undefined) {
            unreadable++;
            if (!has('status')) yield* t.out.line(`${m[2]!}: FAILED open or read`);
          } else if (sum === m[1]!.toLowerCase()) {
            good++;
            if (!has('status') && !has('quiet')) yield* t.out.line(`${m[2]!}: OK`);
          } else {
            failed++;
            if (!has('status')) yield* t.out.line(`${m[2]!}: FAILED`);
          }
        }
        if (good + failed + unreadable === 0) {
          yield* t.complain(`${list}: no properly formatted checksum lines found`);
          continue;
        }
        if (failed + unreadable > 0) t.status = 1;
        if (has('status')) continue;
        const plural = (n: number, one: string, many: string): string => `WARNING: ${n} ${n === 1 ? one : many}`;
        if (bad > 0) yield* t.warn(plural(bad, 'line is improperly formatted', 'lines are improperly formatted'));
        if (unreadable > 0)
          yield* t.warn(plural(unreadable, 'listed file could not be read', 'listed files could not be read'));
        if (failed > 0)
          yield* t.warn(plural(failed, 'computed checksum did NOT match', 'computed checksums did NOT match'));
      }
      return t.status;
    },
  });
}

/** md5sum(1). */
export const md5sum: Program = make('md5sum', 'md5', 32);
/** sha1sum(1). */
export const sha1sum: Program = make('sha1sum', 'sha1', 40);
/** sha256sum(1). */
export const sha256sum: Program = make('sha256sum', 'sha256', 64);
