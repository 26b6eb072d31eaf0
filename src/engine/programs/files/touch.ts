import { isErrno } from '../../core';
import { timegm } from '../lib/strftime';
import { Fail, tool, UsageError } from '../lib/tool';
import { parseDate } from '../lib/date-parse';

/** touch(1). */
export const touch = tool({
  name: 'touch',
  summary: 'change file timestamps',
  help: `[OPTION]... FILE...
Update the access and modification times of each FILE to the current time; create those that do not exist.

  -a                     change only the access time
  -c, --no-create        do not create any files
  -d, --date=STRING      use STRING instead of the current time
  -h, --no-dereference   affect links, not what they point to
  -m                     change only the modification time
  -r, --reference=FILE   use this file's times
  -t STAMP               use [[CC]YY]MMDDhhmm[.ss]
`,
  *run(t) {
    const { options, operands } = t.getopt('acd:fhmr:t:', [
      'no-create=c',
      'date:=d',
      'no-dereference=h',
      'reference:=r',
      'time:',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    if (operands.length === 0) throw new UsageError('missing file operand');
    let atime = t.sys.now;
    let mtime = t.sys.now;
    const date = get('d');
    const stamp = get('t');
    const reference = get('r');
    if (reference !== undefined) {
      try {
        ({ atime, mtime } = t.sys.files.stat(reference));
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`failed to get attributes of ${t.qf(reference)}: ${e.message}`);
      }
    }
    if (date !== undefined) {
      const at = parseDate(date, t.sys.now);
      if (at === undefined) throw new Fail(`invalid date format ${t.q(date)}`);
      atime = mtime = at;
    }
    if (stamp !== undefined) {
      const m = /^(?:(\d\d)?(\d\d))?(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d\d))?$/.exec(stamp);
      if (!m) throw new Fail(`invalid date format ${t.q(stamp)}`);
      const yy = m[2] === undefined ? 2026 : Number(m[2]);
      const year =
        m[2] === undefined ? yy : m[1] === undefined ? (yy < 69 ? 2000 : 1900) + yy : Number(m[1]) * 100 + yy;
      atime = mtime =
        timegm(year, Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6]), Number(m[7] ?? 0)) * 1_000_000;
    }
    for (const path of operands) {
      try {
        if (!t.sys.files.exists(path, !has('h'))) {
          if (has('c')) continue;
          t.sys.close(yield* t.sys.open(path, { write: true, create: true }));
        }
        t.sys.files.utimes(
          path,
          has('m') && !has('a') ? undefined : atime,
          has('a') && !has('m') ? undefined : mtime,
          !has('h'),
        );
      } catch (e) {
        yield* t.complainErrno(`cannot touch ${t.qf(path)}`, e);
      }
    }
    return t.status;
  },
});
