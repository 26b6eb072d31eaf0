/** md5sum(1) and its sisters: they differ only in the digest. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Program } from '../../host';
import { readLines } from './lines';
import type { Tool } from './tool';
import { tool, UsageError } from './tool';

/** Digest of a file's bytes in lower-case hexadecimal; charges the work that it takes. */
export type Digest = (t: Tool, data: Uint8Array) => Coroutine<string>;

/**
 * A program that prints and checks digests.
 * @param digestName as in `md5`; the program is called `md5sum`
 * @param digits length of a digest in hexadecimal digits
 */
export function checksumTool(digestName: string, digits: number, digest: Digest): Program {
  const upper = digestName.toUpperCase();
  return tool({
    name: `${digestName}sum`,
    summary: `compute and check ${upper} message digest`,
    help: `[OPTION]... [FILE]...
Print or check ${upper} (${digits * 4}-bit) checksums.

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
      for (const n of ['quiet', 'status'])
        if (has(n) && !has('c')) throw new UsageError(`the --${n} option is meaningful only when verifying checksums`);
      const digestOf = function* (file: string): Coroutine<string | undefined> {
        const fd = yield* t.open(file);
        if (fd === undefined) return undefined;
        try {
          return yield* digest(t, yield* t.sys.readAll(fd));
        } catch (e) {
          if (!isErrno(e)) throw e;
          yield* t.complain(`${file}: ${e.message}`);
          return undefined;
        } finally {
          t.close(fd);
        }
      };
      for (const file of operands.length > 0 ? operands : ['-']) {
        if (has('c')) {
          yield* check(t, file, digits, digestOf, has('quiet') || has('status'), has('status'));
          continue;
        }
        const sum = yield* digestOf(file);
        if (sum !== undefined)
          yield* t.out.line(has('tag') ? `${upper} (${file}) = ${sum}` : `${sum} ${has('b') ? '*' : ' '}${file}`);
      }
      return t.status;
    },
  });
}

function* check(
  t: Tool,
  list: string,
  digits: number,
  digest: (file: string) => Coroutine<string | undefined>,
  quiet: boolean,
  silent: boolean,
): Coroutine<void> {
  const fd = yield* t.open(list);
  if (fd === undefined) return;
  const { lines } = yield* readLines(t.sys, fd);
  t.close(fd);
  let right = 0;
  let wrong = 0;
  let unread = 0;
  let malformed = 0;
  for (const line of lines) {
    const m = new RegExp(`^([0-9a-fA-F]{${digits}}) [ *](.+)$`).exec(line);
    if (!m) {
      if (line !== '' && !line.startsWith('#')) malformed++;
      continue;
    }
    const sum = yield* digest(m[2]!);
    const ok = sum === m[1]!.toLowerCase();
    if (sum === undefined) unread++;
    else if (ok) right++;
    else wrong++;
    if (ok ? !quiet : !silent)
      yield* t.out.line(`${m[2]!}: ${sum === undefined ? 'FAILED open or read' : ok ? 'OK' : 'FAILED'}`);
  }
  if (right + wrong + unread === 0) return yield* t.complain(`${list}: no properly formatted checksum lines found`);
  if (wrong + unread > 0) t.status = 1;
  if (silent) return;
  const warn = function* (n: number, one: string, many: string): Coroutine<void> {
    if (n > 0) yield* t.warn(`WARNING: ${n} ${n === 1 ? one : many}`);
  };
  yield* warn(malformed, 'line is improperly formatted', 'lines are improperly formatted');
  yield* warn(unread, 'listed file could not be read', 'listed files could not be read');
  yield* warn(wrong, 'computed checksum did NOT match', 'computed checksums did NOT match');
}
