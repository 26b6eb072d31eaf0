/** stty(1) and tty(1). What the simulated line discipline has can be changed; the rest of termios is shown as it always is. */
import type { Coroutine, Termios, Tty } from '../../core';
import { COOKED } from '../../core';
import type { Tool } from '../lib/tool';
import { Fail, tool, UsageError } from '../lib/tool';
import { ttyOf } from './terminal';

/** tty(1). */
export const tty = tool({
  name: 'tty',
  summary: 'print the file name of the terminal on standard input',
  usageStatus: 2,
  help: `[OPTION]...
Print the name of the terminal behind standard input. Exit status 1 when it is none.

  -s, --silent, --quiet   print nothing
`,
  *run(t) {
    const { options, operands } = t.getopt('s', ['silent=s', 'quiet=s']);
    if (operands.length > 0) throw new UsageError(`extra operand ${t.q(operands[0]!)}`);
    const found = ttyOf(t.sys, 0);
    if (options.length === 0) yield* t.out.line(found ? `/dev/${found.name}` : 'not a tty');
    return found ? 0 : 1;
  },
});

/** Settings in the order of `stty -a`; a string is a flag of our termios, a boolean one that never changes. */
const ROWS: readonly (readonly (readonly [string, keyof Termios | boolean])[])[] = [
  flags('-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts'),
  [
    ...flags('-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr'),
    ['icrnl', 'icrnl'],
    ...flags('ixon -ixoff -iuclc -ixany -imaxbel iutf8'),
  ],
  [['opost', 'opost'], ...flags('-olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0')],
  [
    ['isig', 'isig'],
    ['icanon', 'icanon'],
    ...flags('iexten'),
    ['echo', 'echo'],
    ...flags('echoe echok -echonl -noflsh -xcase'),
    ['tostop', 'tostop'],
    ...flags('-echoprt echoctl echoke -flusho -extproc'),
  ],
];

function flags(text: string): (readonly [string, boolean])[] {
  return text.split(' ').map((w) => (w.startsWith('-') ? [w.slice(1), false] : [w, true]));
}

const CHARACTERS = [
  'intr = ^C',
  'quit = ^\\',
  'erase = ^?',
  'kill = ^U',
  'eof = ^D',
  'eol = <undef>',
  'eol2 = <undef>',
  'swtch = <undef>',
  'start = ^Q',
  'stop = ^S',
  'susp = ^Z',
  'rprnt = ^R',
  'werase = ^W',
  'lnext = ^V',
  'discard = ^O',
  'min = 1',
  'time = 0',
];

const RAW: Partial<Termios> = { icanon: false, isig: false, icrnl: false, opost: false };
const COMBINED: Readonly<Record<string, Partial<Termios>>> = {
  sane: COOKED,
  raw: RAW,
  '-cooked': RAW,
  cooked: { icanon: true, isig: true, icrnl: true, opost: true },
  '-raw': { icanon: true, isig: true, icrnl: true, opost: true },
  cbreak: { icanon: false },
  '-cbreak': { icanon: true },
  nl: { icrnl: false },
  '-nl': { icrnl: true },
};
const OURS = ['icanon', 'echo', 'isig', 'icrnl', 'opost', 'tostop'] as const;

/** stty(1). */
export const stty = tool({
  name: 'stty',
  summary: 'show or change the settings of the terminal',
  help: `[-F DEVICE | --file=DEVICE] [SETTING]...
Show or change what the terminal on standard input does. Without SETTING, what differs from the usual.

  -a, --all   everything
  -g, --save  in a form that stty reads

  [-]icanon [-]echo [-]isig [-]icrnl [-]opost [-]tostop   what the simulated terminal can do
  sane raw cooked cbreak                                  several at once
  size, rows N, cols N, speed                             the window
`,
  *run(t) {
    const { sys } = t;
    const words = t.argv.slice(1);
    if (words[0] === '--help' || words[0] === '--version') t.getopt('', [], ['stty', words[0]]);
    let fd = 0;
    const name =
      words[0] === '-F' ? words.splice(0, 2)[1] : words[0]?.startsWith('--file=') ? words.shift()!.slice(7) : undefined;
    if (name !== undefined) fd = yield* sys.open(name, { read: true });
    const found = ttyOf(sys, fd);
    if (!found) throw new Fail(`${name === undefined ? t.q('standard input') : name}: Inappropriate ioctl for device`);
    const all = words.includes('-a') || words.includes('--all');
    const save = words.includes('-g') || words.includes('--save');
    if (all || save) yield* t.out.write(all ? everything(found) : `${saved(found.termios)}\n`);
    else if (words.length === 0) yield* t.out.write(changes(found));
    yield* apply(
      t,
      found,
      words.filter((w) => !['-a', '--all', '-g', '--save'].includes(w)),
    );
    return 0;
  },
});

function* apply(t: Tool, found: Tty, words: readonly string[]): Coroutine<void> {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const name = word.replace(/^-/, '');
    const number = (): number => {
      const text = words[++i];
      if (text === undefined) throw new UsageError(`missing argument to ${t.q(word)}`);
      if (!/^\d+$/.test(text)) throw new UsageError(`invalid integer argument: ${t.q(text)}`);
      return Number(text);
    };
    if (Object.hasOwn(COMBINED, word)) found.setTermios({ ...COMBINED[word] });
    else if ((OURS as readonly string[]).includes(name)) found.setTermios({ [name]: !word.startsWith('-') });
    else if (word === 'size') yield* t.out.line(`${found.rows} ${found.columns}`);
    else if (word === 'speed') yield* t.out.line('38400');
    else if (word === 'rows') found.resize(found.columns, number());
    else if (word === 'cols' || word === 'columns') found.resize(number(), found.rows);
    else if (word === 'min' || word === 'time' || word === 'ispeed' || word === 'ospeed') number();
    else if (/^[0-9a-f]+:[0-9a-f:]+$/.test(word)) restore(found, word);
    else if (ROWS.flat().some(([flag, value]) => flag === name && value === !word.startsWith('-'))) continue;
    else if (ROWS.flat().some(([flag]) => flag === name) || CHARACTERS.some((c) => c.startsWith(`${word} =`)))
      throw new Fail(`not simulated in this course: ${word}`, 2);
    else throw new UsageError(`invalid argument ${t.q(word)}`);
  }
}

/** Breaks words into lines of the terminal's width, as stty does. */
class Wrapped {
  out = '';
  private column = 0;

  constructor(private readonly width: number) {}

  add(text: string): void {
    // The blank is not counted, in stty neither.
    if (this.column > 0 && this.width - this.column < text.length) this.end();
    if (this.column > 0) {
      this.out += ' ';
      this.column++;
    }
    this.out += text;
    this.column += text.length;
  }

  end(): void {
    if (this.column > 0) this.out += '\n';
    this.column = 0;
  }
}

function everything(found: Tty): string {
  const w = new Wrapped(found.columns || 80);
  w.add('speed 38400 baud;');
  w.add(`rows ${found.rows};`);
  w.add(`columns ${found.columns};`);
  w.add('line = 0;');
  w.end();
  for (const c of CHARACTERS) {
    if (c === 'min = 1') w.end();
    w.add(`${c};`);
  }
  w.end();
  for (const row of ROWS) {
    for (const [name, value] of row) {
      const on = typeof value === 'boolean' ? value : found.termios[value];
      w.add(on ? name : `-${name}`);
    }
    w.end();
  }
  return w.out;
}

/** What differs from a sane terminal, one line for each kind of setting. */
function changes(found: Tty): string {
  const t = found.termios;
  let out = 'speed 38400 baud; line = 0;\n';
  if (!t.icanon) out += 'min = 1; time = 0;\n';
  const groups = [
    ['-brkint', ...(t.icrnl ? [] : ['-icrnl']), '-imaxbel', 'iutf8'],
    t.opost ? [] : ['-opost'],
    [
      ...(t.isig ? [] : ['-isig']),
      ...(t.icanon ? [] : ['-icanon']),
      ...(t.echo ? [] : ['-echo']),
      ...(t.tostop ? ['tostop'] : []),
    ],
  ];
  for (const g of groups) if (g.length > 0) out += `${g.join(' ')}\n`;
  return out;
}

/** Input, output, control and local modes and the characters in hexadecimal (bits of asm-generic/termbits.h). */
function saved(t: Termios): string {
  const input = 0x4400 | (t.icrnl ? 0x100 : 0);
  const output = 0x4 | (t.opost ? 1 : 0);
  const local = 0x8a30 | (t.isig ? 1 : 0) | (t.icanon ? 2 : 0) | (t.echo ? 8 : 0) | (t.tostop ? 0x100 : 0);
  const hex = [input, output, 0xbf, local].map((n) => n.toString(16)).join(':');
  return `${hex}:3:1c:7f:15:4:0:1:0:11:13:1a:0:12:f:17:16:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0`;
}

function restore(found: Tty, text: string): void {
  const [input = 0, output = 0, , local = 0] = text.split(':').map((n) => parseInt(n, 16));
  found.setTermios({
    icrnl: (input & 0x100) !== 0,
    opost: (output & 1) !== 0,
    isig: (local & 1) !== 0,
    icanon: (local & 2) !== 0,
    echo: (local & 8) !== 0,
    tostop: (local & 0x100) !== 0,
  });
}
