import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import { getopt, GetoptError } from '../lib/getopt';
import type { Tool } from '../lib/tool';
import { tool } from '../lib/tool';
import { LESS_HELP } from './less-help';
import { PagerInput } from './less-input';
import type { PagerOptions } from './pager-view';
import { Pager } from './pager';
import { SCREEN, Terminal } from './terminal';

const LONGS = [
  'LINE-NUMBERS=N',
  'line-numbers=n',
  'chop-long-lines=S',
  'RAW-CONTROL-CHARS=R',
  'raw-control-chars=r',
  'quit-if-one-screen=F',
  'no-init=X',
  'ignore-case=i',
  'IGNORE-CASE=I',
  'quit-at-eof=e',
  'QUIT-AT-EOF=E',
  'squeeze-blank-lines=s',
  'pattern:=p',
  'long-prompt=m',
  'LONG-PROMPT=M',
  'quiet=q',
  'silent=q',
  'tabs:=x',
  'help=?',
  'version=V',
];

/** less(1). */
export const less = tool({
  name: 'less',
  summary: 'look through a text a page at a time',
  version: 'less 590',
  links: ['/usr/bin/pager'],
  help: `[OPTION]... [FILE]...
Show FILEs, or standard input, a screen at a time. q ends it, h lists the keys. When standard output is no terminal it is cat.

  -e, -E    end at the second, or first, time the end is reached
  -F        end at once when all fits on one screen
  -i, -I    upper and lower case are the same in patterns (-i: unless a pattern has upper case)
  -m, -M    longer prompts
  -N        line numbers
  -p PAT    begin at the first line that matches
  -q        do not ring the bell
  -R, -r    let colours through
  -s        several blank lines are one
  -S        cut long lines instead of folding them
  -X        leave the screen as it is at the end
  +COMMAND  do COMMAND at the start: +G, +F, +/PATTERN, +NUMBER
`,
  *run(t) {
    const { sys } = t;
    const environment = (sys.env('LESS') ?? '').trim();
    const preset = environment === '' ? [] : environment.split(/\s+/).map((w) => (/^[-+]/.test(w) ? w : `-${w}`));
    const words = [...preset, ...t.argv.slice(1)];
    const commands = words.filter((w) => w.startsWith('+')).map((w) => w.replace(/^\++/, ''));
    let parsed;
    try {
      parsed = getopt(
        ['less', ...words.filter((w) => !w.startsWith('+'))],
        'NnSRrFXiIeEsp:mMqQx:z:VgGwWaAcCdfjJkKLuUyb:h:j:',
        LONGS,
      );
    } catch (e) {
      if (!(e instanceof GetoptError)) throw e;
      const what = /'-*([^']*)'/.exec(e.message)?.[1] ?? '';
      const long = e.message.includes("'--");
      yield* sys.eprint(
        e.message.includes('requires')
          ? `Value is required after ${long ? '--' : '-'}${what}\n`
          : `There is no ${long ? what : `-${what}`} option ("less --help" for help)\n`,
      );
      return 1;
    }
    const { options, operands } = parsed;
    const has = (name: string): boolean => options.some((o) => o.name === name);
    if (has('V')) {
      yield* t.out.write('less 590 (GNU regular expressions)\n');
      return 0;
    }
    if (has('?')) {
      yield* t.out.write(LESS_HELP);
      return 0;
    }
    const pattern = options.findLast((o) => o.name === 'p')?.arg;
    if (pattern !== undefined) commands.push(`/${pattern}`);
    const names = operands.length > 0 ? operands : ['-'];
    if (operands.length === 0 && sys.isatty(0)) {
      yield* sys.eprint('Missing filename ("less --help" for help)\n');
      return 1;
    }
    const o: PagerOptions = {
      numbers: has('N'),
      chop: has('S'),
      controls: has('r') ? 'raw' : has('R') ? 'color' : 'caret',
      case: has('I') ? 'ignore' : has('i') ? 'smart' : 'exact',
      squeeze: has('s'),
      quiet: has('q') || has('Q'),
      quitAtEnd: has('E') ? 'first' : has('e') ? 'second' : 'no',
      oneScreen: has('F'),
      prompt: has('M') ? 'long' : has('m') ? 'medium' : 'short',
      commands,
    };
    return yield* page(t, names, o, has('X'));
  },
});

/** Shows files on the terminal, or copies them when there is none. Also used by man and git-like programs. */
export function* page(t: Tool, names: readonly string[], o: PagerOptions, noInit = false): Coroutine<number> {
  const { sys } = t;
  const terminal = sys.isatty(1)
    ? yield* Terminal.open(sys, {
        start: noInit || o.oneScreen ? SCREEN.keysOn : SCREEN.enter + SCREEN.keysOn,
        end:
          noInit || o.oneScreen
            ? `\r${SCREEN.clearLine}${SCREEN.keysOff}`
            : `\r${SCREEN.clearLine}${SCREEN.keysOff}${SCREEN.leave}`,
      })
    : undefined;
  const inputs: PagerInput[] = [];
  let failed = false;
  for (const name of names) {
    const input = yield* openInput(t, name);
    if (input) inputs.push(input);
    else failed = true;
  }
  if (inputs.length === 0) return 1;
  if (!terminal) {
    for (const input of inputs) {
      for (;;) {
        const data = yield* sys.read(input.fd, 65536);
        if (data.length === 0) break;
        yield* t.out.write(data);
      }
    }
    return failed ? 1 : 0;
  }
  const pager = new Pager(sys, terminal, inputs, o);
  return yield* pager.run();
}

function* openInput(t: Tool, name: string): Coroutine<PagerInput | undefined> {
  const { sys } = t;
  if (name === '-') return new PagerInput(sys, '', 0, undefined);
  try {
    const stat = sys.files.stat(name);
    if (stat.type === 'dir') {
      yield* sys.eprint(`${name} is a directory\n`);
      return undefined;
    }
    const fd = yield* sys.open(name, { read: true });
    return new PagerInput(sys, name, fd, stat.type === 'file' && stat.size > 0 ? stat.size : undefined);
  } catch (e) {
    if (!isErrno(e)) throw e;
    yield* sys.eprint(`${name}: ${e.message}\n`);
    return undefined;
  }
}
