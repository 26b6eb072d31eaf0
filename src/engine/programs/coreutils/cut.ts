import { LineReader } from '../lib/lines';
import { fromBinary, toBinary } from '../lib/text';
import { tool, UsageError } from '../lib/tool';
import { complement, parseRanges } from './ranges';

/** cut(1). */
export const cut = tool({
  name: 'cut',
  summary: 'remove sections from each line of files',
  help: `OPTION... [FILE]...
Print selected parts of the lines of each FILE.

  -b, --bytes=LIST          select these bytes
  -c, --characters=LIST     select these characters
  -d, --delimiter=DELIM     DELIM between fields instead of a tab
  -f, --fields=LIST         select these fields; lines without a delimiter are printed whole
      --complement          select everything else
  -s, --only-delimited      no lines without delimiters
      --output-delimiter=S  S between the selected parts
  -z, --zero-terminated     lines end with NUL
LIST is one or more of N, N-, N-M, -M, with commas between.
`,
  *run(t) {
    const { options, operands } = t.getopt('b:c:d:f:nsz', [
      'bytes:=b',
      'characters:=c',
      'delimiter:=d',
      'fields:=f',
      'complement',
      'only-delimited=s',
      'output-delimiter:',
      'zero-terminated=z',
    ]);
    const lists = options.filter((o) => 'bcf'.includes(o.name) && o.name.length === 1);
    if (lists.length === 0) throw new UsageError('you must specify a list of bytes, characters, or fields');
    if (lists.length > 1) throw new UsageError('only one list may be specified');
    const { name: kind, arg } = lists[0]!;
    const last = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const byField = kind === 'f';
    const given = last('d');
    if (given !== undefined && [...given].length > 1) throw new UsageError('the delimiter must be a single character');
    if (given !== undefined && !byField)
      throw new UsageError('an input delimiter may be specified only when operating on fields');
    if (has('s') && !byField)
      throw new UsageError('suppressing non-delimited lines makes sense\n\tonly when operating on fields');
    let ranges = parseRanges(arg!, byField ? 'field' : 'byte/character', (s) => t.q(s));
    if (has('complement')) ranges = complement(ranges);
    const binary = (s: string): string => toBinary(new TextEncoder().encode(s));
    const delimiter = binary(given === undefined ? '\t' : given === '' ? '\0' : given);
    const joiner = last('output-delimiter');
    const end = has('z') ? 0 : 10;
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name);
      if (fd === undefined) continue;
      const reader = new LineReader(t.sys, fd, end);
      for (;;) {
        let bytes: Uint8Array | undefined;
        try {
          bytes = yield* reader.nextBytes();
        } catch (e) {
          yield* t.complainErrno(name, e);
          break;
        }
        if (!bytes) break;
        const line = toBinary(bytes);
        let out: string;
        if (byField) {
          if (!line.includes(delimiter)) {
            if (has('s')) continue;
            out = line;
          } else {
            const parts = line.split(delimiter);
            const chosen: string[] = [];
            for (const [low, high] of ranges)
              chosen.push(...parts.slice(low - 1, high === Infinity ? undefined : high));
            out = chosen.join(joiner === undefined ? delimiter : binary(joiner));
          }
        } else {
          // Like the real one, -c counts bytes.
          const chosen = ranges
            .filter(([low]) => low <= line.length)
            .map(([low, high]) => line.slice(low - 1, high === Infinity ? undefined : high));
          out = chosen.join(joiner === undefined ? '' : binary(joiner));
        }
        yield* t.out.write(fromBinary(out + String.fromCharCode(end)));
      }
      t.close(fd);
    }
    return 0;
  },
});
