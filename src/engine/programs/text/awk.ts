import { isErrno } from '../../core';
import type { Program } from '../../host';
import { getopt, GetoptError } from '../lib/getopt';
import { toText } from '../lib/text';
import { Fail, tool } from '../lib/tool';
import { AwkSyntaxError } from './awk-lex';
import { parseAwk } from './awk-parse';
import { Awk } from './awk-run';
import { binary } from './awk-records';

const HELP = `[Options] [Program] [file ...]

Program:
    Text of the program; with -f it is read from a file instead.

Options:
    -f program-file  read the program from a file; may be given more than once
    -F value         set the field separator FS
    -v var=value     assign before the program starts
    --               end of options
    -W version       show the version

Patterns and actions: BEGIN, END, /re/, expression, first,last { ... }. Statements: if else while for do break continue next exit
return delete print printf getline. Functions: length substr index split sub gsub match sprintf tolower toupper sin cos atan2 exp
log sqrt int rand srand system close fflush systime strftime.
`;

function make(name: string, links: readonly string[]): Program {
  return tool({
    name,
    summary: 'pattern scanning and text processing language',
    help: HELP,
    links,
    usageStatus: 2,
    *run(t) {
      let parsed;
      try {
        parsed = getopt(t.argv, '+f:F:v:W:');
      } catch (e) {
        if (!(e instanceof GetoptError)) throw e;
        const option = t.argv.find((a, i) => i > 0 && a.startsWith('-') && a.length > 1) ?? '';
        if (e.message.includes('requires')) throw new Fail(`option ${option} lacks argument`, 2);
        throw new Fail(`not an option: ${option}`, 2);
      }
      const rest = [...parsed.operands];
      const assignments: string[] = [];
      let source: string | undefined;
      for (const o of parsed.options) {
        if (o.name === 'F') assignments.push(`FS=${o.arg === 't' ? '\\t' : o.arg!}`);
        else if (o.name === 'v') {
          if (!/^[A-Za-z_]\w*=/.test(o.arg!)) throw new Fail(`improper assignment: -v ${o.arg!}`, 2);
          assignments.push(o.arg!);
        } else if (o.name === 'f') {
          let fd = 0;
          if (o.arg !== '-') {
            try {
              fd = yield* t.sys.open(o.arg!, { read: true });
            } catch (e) {
              if (!isErrno(e)) throw e;
              throw new Fail(`cannot open ${o.arg!} (${e.message})`, 2);
            }
          }
          source = (source === undefined ? '' : `${source}\n`) + toText(yield* t.sys.readAll(fd));
        } else if (/^v/.test(o.arg ?? '')) {
          yield* t.out.write('mawk 1.3.4 20200120\n');
          return 0;
        }
      }
      source ??= rest.shift();
      if (source === undefined) {
        yield* t.sys.eprint(`Usage: ${t.name} ${HELP}`);
        return 2;
      }
      try {
        const program = parseAwk(binary(source));
        return yield* new Awk(t, program, [t.name, ...rest], assignments).run();
      } catch (e) {
        if (e instanceof AwkSyntaxError) throw new Fail(e.message, 2);
        throw e;
      }
    },
  });
}

/** awk(1): Debian's is mawk. */
export const awk: Program = make('mawk', ['/usr/bin/awk', '/usr/bin/nawk']);
