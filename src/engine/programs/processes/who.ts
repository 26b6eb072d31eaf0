/** who(1), users(1) and w(1), from the sessions that hold terminals. */
import { getopt } from '../lib/getopt';
import { gmtime } from '../lib/strftime';
import { notSimulated, tool } from '../lib/tool';
import { columnsOf } from '../screen/terminal';
import { procps } from './procps';
import { sessions } from './sessions';
import { commandLine, HZ, readProcesses, ttyName } from './table';
import { upTime, uptimeLine } from './uptime';
import { readUsers } from './users';

const two = (n: number): string => String(n).padStart(2, '0');

function minuteStamp(micros: number): string {
  const t = gmtime(micros);
  return `${t.year}-${two(t.month)}-${two(t.day)} ${two(t.hour)}:${two(t.minute)}`;
}

/** who(1). */
export const who = tool({
  name: 'who',
  summary: 'show who is logged in',
  help: `[OPTION]... [ FILE | ARG1 ARG2 ]
Print who is logged in, on which terminal and since when.

  -a, --all      same as -b -u with headers of other kinds, which do not occur here
  -b, --boot     when the system was started
  -H, --heading  a line of headers
  -m             only the user of standard input; so do two arguments, as in "who am i"
  -q, --count    names and their number
  -s, --short    name, line and time (the default)
  -u, --users    idle time and process number too
`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = t.getopt('abHmqsuT', [
      'all=a',
      'boot=b',
      'heading=H',
      'count=q',
      'short=s',
      'users=u',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    if (operands.length === 1) throw notSimulated(`${t.name} ${operands[0]!}`);
    const users = yield* readUsers(sys);
    let list = sessions(sys);
    if (has('m') || operands.length === 2) {
      const name = sys.isatty(0)
        ? sys
            .file(0)
            .describe()
            .replace(/^\/dev\//, '')
        : undefined;
      list = list.filter((s) => s.tty === name);
    }
    if (has('q')) {
      yield* t.out.write(`${list.map((s) => users.name(s.uid)).join(' ')}\n# users=${list.length}\n`);
      return 0;
    }
    const more = has('u') || has('a');
    if (has('H'))
      yield* t.out.line(
        `${'NAME'.padEnd(8)} ${'LINE'.padEnd(12)} ${'TIME'.padEnd(16)}${more ? ' IDLE          PID' : ''} COMMENT`,
      );
    if (has('b') || has('a')) {
      yield* t.out.line(`${' '.repeat(9)}system boot  ${minuteStamp(sys.machine.bootTime)}`);
      if (!has('a')) return 0;
    }
    for (const s of list) {
      const extra = more ? `   .    ${String(s.leader).padStart(11)}` : '';
      yield* t.out.line(`${users.name(s.uid).padEnd(8)} ${s.tty.padEnd(12)} ${minuteStamp(s.since)}${extra}`);
    }
    return 0;
  },
});

/** users(1). */
export const users = tool({
  name: 'users',
  summary: 'print the names of the users who are logged in',
  help: `[OPTION]... [FILE]
Print the name of each login on one line.
`,
  *run(t) {
    t.getopt('');
    const accounts = yield* readUsers(t.sys);
    const names = sessions(t.sys).map((s) => accounts.name(s.uid));
    if (names.length > 0) yield* t.out.line(names.sort().join(' '));
    return 0;
  },
});

/** w(1). */
export const w = procps({
  name: 'w',
  summary: 'show who is logged in and what they are doing',
  help: `[options] [user]

Options:
 -h, --no-header     no header
 -s, --short         without the times
 -f, --from          without the column FROM
     --help          this text
 -V, --version       the version`,
  *run(t) {
    const { sys } = t;
    const { options, operands } = getopt(t.argv, 'hsfuioV', [
      'no-header=h',
      'short=s',
      'from=f',
      'no-current=u',
      'ip-addr=i',
      'old-style=o',
      'version=V',
    ]);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const accounts = yield* readUsers(sys);
    const clock = yield* upTime(t);
    if (!has('h')) {
      yield* t.out.line(yield* uptimeLine(sys, clock.uptime));
      const from = has('f') ? '' : 'FROM             ';
      const head = has('s') ? 'IDLE   WHAT' : 'LOGIN@   IDLE   JCPU   PCPU WHAT';
      yield* t.out.line(`USER     TTY      ${from}${head}`);
    }
    const all = yield* readProcesses(sys);
    for (const s of sessions(sys)) {
      const name = accounts.name(s.uid);
      if (operands.length > 0 && !operands.includes(name)) continue;
      const mine = all.filter((p) => ttyName(p.ttyNumber) === s.tty);
      const front = mine.filter((p) => p.tpgid === p.pgrp).sort((a, b) => b.start - a.start || b.pid - a.pid)[0];
      const cpu = (ticks: number): string => `${(ticks / HZ).toFixed(2)}s`.padStart(6);
      const t0 = gmtime(s.since);
      const jcpu = cpu(mine.reduce((n, p) => n + p.utime + p.stime, 0));
      const pcpu = cpu(front ? front.utime + front.stime : 0);
      const login = has('s') ? '' : `${two(t0.hour)}:${two(t0.minute)}   `;
      const times = has('s') ? '' : ` ${jcpu} ${pcpu}`;
      const line = `${name.padEnd(8)} ${s.tty.padEnd(8)} ${has('f') ? '' : `${'-'.padEnd(16)} `}${login}${' 0.00s'}${times} ${front ? commandLine(front) : '-'}`;
      yield* t.out.line(line.slice(0, columnsOf(sys) ?? 512));
    }
    return 0;
  },
});
