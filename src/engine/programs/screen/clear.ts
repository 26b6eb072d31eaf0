/** clear(1), tput(1) and reset(1) with the capabilities of xterm-256color. */
import type { Coroutine } from '../../core';
import { COOKED } from '../../core';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';
import { SCREEN, ttyOf } from './terminal';

/** Clears the screen and what scrolled off it. */
const CLEAR = '\x1b[H\x1b[2J\x1b[3J';
const RESET = '\x1bc\x1b]104\x07\x1b[!p\x1b[?3;4l\x1b[4l\x1b>\x1b[?69l';

/** clear(1). */
export const clear = tool({
  name: 'clear',
  summary: 'clear the terminal screen',
  version: 'ncurses 6.4.20221231',
  help: `[-x]
Clear the screen and, without -x, also the lines that scrolled off it.
`,
  *run(t) {
    const { options } = t.getopt('xT:V');
    yield* t.out.write(options.some((o) => o.name === 'x') ? SCREEN.clear : CLEAR);
    return 0;
  },
});

/** reset(1). */
export const reset = tool({
  name: 'reset',
  summary: 'bring the terminal back to a sane state',
  version: 'ncurses 6.4.20221231',
  help: `
Set the terminal to its cooked mode, clear it and undo colours, character sets and the like.
`,
  *run(t) {
    const tty = [2, 1, 0].map((fd) => ttyOf(t.sys, fd)).find((found) => found !== undefined);
    if (!tty) throw new Fail('terminal attributes: No such device or address\n', 1);
    tty.setTermios({ ...COOKED });
    yield* t.sys.eprint(`${RESET}\r`);
    return 0;
  },
});

const STRINGS: Readonly<Record<string, string>> = {
  bel: '\x07',
  bold: '\x1b[1m',
  civis: '\x1b[?25l',
  clear: CLEAR,
  cnorm: '\x1b[?12l\x1b[?25h',
  cr: '\r',
  cub1: '\b',
  cud1: '\n',
  cuf1: '\x1b[C',
  cuu1: '\x1b[A',
  cvvis: '\x1b[?12;25h',
  dch1: '\x1b[P',
  dim: '\x1b[2m',
  dl1: '\x1b[M',
  ed: '\x1b[J',
  el: '\x1b[K',
  el1: '\x1b[1K',
  home: '\x1b[H',
  il1: '\x1b[L',
  init: '\x1b[!p\x1b[?3;4l\x1b[4l\x1b>',
  kcub1: '\x1bOD',
  kcud1: '\x1bOB',
  kcuf1: '\x1bOC',
  kcuu1: '\x1bOA',
  op: '\x1b[39;49m',
  rc: '\x1b8',
  reset: RESET,
  rev: '\x1b[7m',
  ri: '\x1bM',
  ritm: '\x1b[23m',
  rmcup: SCREEN.leave,
  rmkx: SCREEN.keysOff,
  rmso: '\x1b[27m',
  rmul: '\x1b[24m',
  rs1: '\x1bc\x1b]104\x07',
  sc: '\x1b7',
  sgr0: SCREEN.normal,
  sitm: '\x1b[3m',
  smcup: SCREEN.enter,
  smkx: SCREEN.keysOn,
  smso: '\x1b[7m',
  smul: '\x1b[4m',
};

const NUMBERS: Readonly<Record<string, number>> = { colors: 256, it: 8, pairs: 65536 };
const FLAGS: Readonly<Record<string, boolean>> = {
  am: true,
  bce: true,
  km: true,
  mir: true,
  msgr: true,
  npc: true,
  xenl: true,
  hs: false,
};

const PARAMETERS: Readonly<Record<string, (n: readonly number[]) => string>> = {
  cub: ([n = 1]) => `\x1b[${n}D`,
  cud: ([n = 1]) => `\x1b[${n}B`,
  cuf: ([n = 1]) => `\x1b[${n}C`,
  cup: ([row = 0, column = 0]) => `\x1b[${row + 1};${column + 1}H`,
  cuu: ([n = 1]) => `\x1b[${n}A`,
  dch: ([n = 1]) => `\x1b[${n}P`,
  dl: ([n = 1]) => `\x1b[${n}M`,
  ech: ([n = 1]) => `\x1b[${n}X`,
  hpa: ([n = 0]) => `\x1b[${n + 1}G`,
  ich: ([n = 1]) => `\x1b[${n}@`,
  il: ([n = 1]) => `\x1b[${n}L`,
  setab: ([n = 0]) => `\x1b[${n < 8 ? 40 + n : n < 16 ? 92 + n : `48;5;${n}`}m`,
  setaf: ([n = 0]) => `\x1b[${n < 8 ? 30 + n : n < 16 ? 82 + n : `38;5;${n}`}m`,
  vpa: ([n = 0]) => `\x1b[${n + 1}d`,
};

const USAGE = `Usage: tput [options] [command]

Options:
  -S <<       read commands from standard input
  -T TERM     use this instead of $TERM
  -V          print curses-version
  -x          do not try to clear scrollback

Commands:
  clear       clear the screen
  init        initialize the terminal
  reset       reinitialize the terminal
  capname     unlike clear/init/reset, print value for capability "capname"
`;

/** tput(1). */
export const tput = tool({
  name: 'tput',
  summary: 'print what the terminal can do, or make it do that',
  version: 'ncurses 6.4.20221231',
  help: `[-T TERM] CAPABILITY [PARAMETER]...
Print the sequence, number or exit status of a capability: cols lines colors bold dim rev smul sgr0 setaf setab op cup
home clear el ed civis cnorm smcup rmcup sc rc and others. See terminfo(5) for the names.
`,
  *run(t) {
    const { options, operands } = t.getopt('+ST:Vx');
    const words = options.some((o) => o.name === 'S') ? yield* standardInput(t) : [operands];
    if (words.length === 0 || words[0]!.length === 0) {
      yield* t.sys.eprint(USAGE);
      return 2;
    }
    let status = 0;
    for (const line of words) status = yield* capability(t, line);
    return status;
  },
});

function* standardInput(t: Tool): Coroutine<string[][]> {
  const text = new TextDecoder().decode(yield* t.sys.readAll(0, 1 << 20));
  return text
    .split('\n')
    .map((l) => l.split(/\s+/).filter((w) => w !== ''))
    .filter((l) => l.length > 0);
}

function* capability(t: Tool, [name = '', ...parameters]: readonly string[]): Coroutine<number> {
  const { sys } = t;
  if (name === 'cols' || name === 'lines') {
    const tty = [1, 2, 0].map((fd) => ttyOf(sys, fd)).find((found) => found !== undefined);
    const env = Number(sys.env(name === 'cols' ? 'COLUMNS' : 'LINES') ?? 0);
    const size = env > 0 ? env : name === 'cols' ? (tty?.columns ?? 80) : (tty?.rows ?? 24);
    yield* t.out.line(String(size));
  } else if (name === 'longname') yield* t.out.write('xterm with 256 colors');
  else if (Object.hasOwn(NUMBERS, name)) yield* t.out.line(String(NUMBERS[name]));
  else if (Object.hasOwn(FLAGS, name)) return FLAGS[name] ? 0 : 1;
  else if (Object.hasOwn(PARAMETERS, name))
    yield* t.out.write(PARAMETERS[name]!(parameters.map((p) => Number.parseInt(p, 10) || 0)));
  else if (Object.hasOwn(STRINGS, name)) yield* t.out.write(STRINGS[name]!);
  else {
    if (name === '') throw new UsageError();
    yield* t.complain(`unknown terminfo capability '${name}'`, 4);
    return 4;
  }
  return 0;
}
