import { isErrno } from '../../core';
import { strftime } from '../lib/strftime';
import { Fail, tool, UsageError } from '../lib/tool';
import { LineReader } from '../lib/lines';
import { parseDate } from '../lib/date-parse';

const ISO: Record<string, string> = {
  date: '%Y-%m-%d',
  hours: '%Y-%m-%dT%H%:z',
  minutes: '%Y-%m-%dT%H:%M%:z',
  seconds: '%Y-%m-%dT%H:%M:%S%:z',
  ns: '%Y-%m-%dT%H:%M:%S,%N%:z',
};

/** date(1). The time zone is always UTC. */
export const date = tool({
  name: 'date',
  summary: 'print the date and time',
  help: `[OPTION]... [+FORMAT]
Display the current time in the given FORMAT.

  -d, --date=STRING        display the time described by STRING, not 'now'
  -f, --file=DATEFILE      like --date, once for each line of DATEFILE
  -I[FMT], --iso-8601[=FMT]  date (default), hours, minutes, seconds, ns
  -R, --rfc-email          RFC 5322 format
      --rfc-3339=FMT       date, seconds, ns
  -r, --reference=FILE     the last modification time of FILE
  -u, --utc, --universal   Coordinated Universal Time
`,
  *run(t) {
    const { options, operands } = t.getopt('d:f:I::Rr:s:u', [
      'date:=d',
      'file:=f',
      'iso-8601::=I',
      'rfc-email=R',
      'rfc-2822=R',
      'rfc-3339:',
      'reference:=r',
      'set:=s',
      'utc=u',
      'universal=u',
      'debug',
    ]);
    const get = (n: string): string | undefined => options.findLast((o) => o.name === n)?.arg;
    const has = (n: string): boolean => options.some((o) => o.name === n);
    if (has('s')) throw new Fail('cannot set date: the clock of a world cannot be set');
    if (operands.length > 1) throw new UsageError(`extra operand ${t.q(operands[1]!)}`);
    let format = '%a %b %e %H:%M:%S %Z %Y';
    if (operands[0] !== undefined) {
      if (!operands[0].startsWith('+')) throw new Fail(`invalid date ${t.q(operands[0])}`);
      format = operands[0].slice(1);
    } else if (has('I')) {
      const iso = ISO[get('I') ?? 'date'];
      if (iso === undefined) {
        const valid = ['hours', 'minutes', 'date', 'seconds', 'ns'].map((w) => `\n  - ${t.q(w)}`).join('');
        throw new UsageError(
          `invalid argument ${t.q(get('I')!)} for ${t.q('--iso-8601')}\nValid arguments are:${valid}`,
        );
      }
      format = iso;
    } else if (has('R')) format = '%a, %d %b %Y %H:%M:%S %z';
    else if (has('rfc-3339'))
      format =
        { date: '%Y-%m-%d', seconds: '%Y-%m-%d %H:%M:%S%:z', ns: '%Y-%m-%d %H:%M:%S.%N%:z' }[get('rfc-3339')!] ?? '';
    const reference = get('r');
    const file = get('f');
    if (file !== undefined) {
      const fd = yield* t.open(file);
      if (fd === undefined) return 1;
      const lines = new LineReader(t.sys, fd);
      for (let line = yield* lines.next(); line !== undefined; line = yield* lines.next()) {
        const when = parseDate(line, t.sys.now);
        if (when === undefined) yield* t.complain(`invalid date ${t.q(line)}`);
        else yield* t.out.line(strftime(format, when));
      }
      return t.status;
    }
    let when: number | undefined = t.sys.now;
    if (reference !== undefined) {
      try {
        when = t.sys.files.stat(reference).mtime;
      } catch (e) {
        if (!isErrno(e)) throw e;
        throw new Fail(`${reference}: ${e.message}`);
      }
    } else if (has('d')) {
      when = parseDate(get('d')!, t.sys.now);
      if (when === undefined) throw new Fail(`invalid date ${t.q(get('d')!)}`);
    }
    yield* t.out.line(strftime(format, when));
    return 0;
  },
});
