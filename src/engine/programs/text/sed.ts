import { toText } from '../lib/text';
import { Fail, tool } from '../lib/tool';
import { SedError, SedParser } from './sed-parse';
import { Sed } from './sed-run';

const HELP = `[OPTION]... {script-only-if-no-other-script} [input-file]...
Edit text line by line.

  -n, --quiet, --silent      print only what the script prints
      --debug                ignored
  -e script, --expression=script
  -f script-file, --file=script-file
  -E, -r, --regexp-extended  extended regular expressions
  -i[SUFFIX], --in-place[=SUFFIX]
                             edit files in place; keep a copy with SUFFIX
  -l N, --line-length=N      width for the l command
  -s, --separate             every file has its own line 1 and $
  -u, --unbuffered           flush after every line
  -z, --null-data            lines end with NUL
`;

/** sed(1). */
export const sed = tool({
  name: 'sed',
  summary: 'stream editor for filtering and transforming text',
  version: 'GNU sed 4.9',
  usage: `Usage: sed ${HELP}`,
  help: HELP,
  *run(t) {
    const { options, operands } = t.getopt('ne:f:Eri::l:suzb', [
      'quiet=n',
      'silent=n',
      'debug',
      'expression:=e',
      'file:=f',
      'regexp-extended=E',
      'in-place::=i',
      'line-length:=l',
      'separate=s',
      'unbuffered=u',
      'null-data=z',
      'posix',
      'sandbox',
      'follow-symlinks',
      'binary=b',
    ]);
    const rest = [...operands];
    const extended = options.some((o) => o.name === 'E' || o.name === 'r');
    const parser = new SedParser(extended);
    let scripts = 0;
    try {
      let pending = '';
      for (const o of options) {
        if (o.name === 'e') {
          // A script that ends in a backslash goes on in the next -e.
          const script = pending + o.arg!;
          pending = '';
          if (/(^|[^\\])(\\\\)*\\$/.test(script)) {
            pending = `${script}\n`;
            scripts++;
            continue;
          }
          parser.add(script, `-e expression #${++scripts}`, scripts === 1);
        } else if (o.name === 'f') {
          const fd = yield* t.open(o.arg!, (n) => `couldn't open file ${n}`);
          if (fd === undefined) return 4;
          parser.add(toText(yield* t.sys.readAll(fd)), `file ${o.arg!} line 1`, ++scripts === 1);
        }
      }
      if (pending !== '') parser.add(pending, `-e expression #${scripts}`, false);
      if (scripts === 0) {
        const script = rest.shift();
        if (script === undefined) {
          yield* t.sys.eprint(`Usage: ${t.name} ${HELP}`);
          return 1;
        }
        parser.add(script, '-e expression #1', true);
      }
      const commands = parser.finish();
      const inPlace = options.findLast((o) => o.name === 'i');
      const has = (n: string): boolean => options.some((o) => o.name === n);
      const s = new Sed(t, commands, {
        quiet: has('n') || parser.quiet,
        separate: has('s') || inPlace !== undefined,
        inPlace: inPlace ? (inPlace.arg ?? '') : undefined,
        delimiter: has('z') ? 0 : 10,
        width: Number(options.findLast((o) => o.name === 'l')?.arg ?? 70),
        unbuffered: has('u'),
      });
      if (inPlace && rest.length === 0) throw new Fail('no input files', 4);
      return yield* s.run(rest.length > 0 ? rest : ['-']);
    } catch (e) {
      if (e instanceof SedError) throw new Fail(e.message, e.status);
      throw e;
    }
  },
});
