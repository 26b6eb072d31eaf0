/** kill(1) of procps; the shell has its own, this one is found as /bin/kill. */
import type { Signal } from '../../core';
import { isErrno, parseSignal, SIGNALS } from '../../core';
import { procps, Usage } from './procps';

/** Names without SIG in the order of their numbers; the kernel's SIGIO is called POLL here. */
export const SIGNAL_NAMES: readonly string[] = Object.keys(SIGNALS).map((s) => (s === 'SIGIO' ? 'POLL' : s.slice(3)));

/** Reads a signal by name or number; null for 0, undefined when it is none. */
export function readSignal(text: string): Signal | null | undefined {
  if (text === '0') return null;
  if (/^(?:SIG)?POLL$/i.test(text)) return 'SIGIO';
  return parseSignal(text);
}

/** kill(1). */
export const kill = procps({
  name: 'kill',
  summary: 'send a signal to a process',
  help: `[options] <pid> [...]

Options:
 <pid> [...]            the processes; a negative number is a process group, -1 every process
 -<signal>, -s, --signal <signal>
                        the signal by name or number, TERM by default
 -l, --list=[<signal>]  names of all signals, or a signal's other name
 -L, --table            names and numbers in a table
 -h, --help             this text
 -V, --version          the version`,
  *run(t) {
    const words = t.argv.slice(1);
    let signal: Signal | null = 'SIGTERM';
    let given = false;
    const pids: string[] = [];
    const set = (text: string): void => {
      const s = readSignal(text);
      if (s === undefined) throw new Usage(`unknown signal name ${text}`);
      signal = s;
      given = true;
    };
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      if (word === '--') {
        pids.push(...words.slice(i + 1));
        break;
      }
      if (word === '-l' || word.startsWith('--list') || word === '-L' || word === '--table') {
        const what = word.startsWith('--list=')
          ? word.slice(7)
          : word === '-L' || word === '--table'
            ? undefined
            : words[i + 1];
        if (what === undefined) {
          yield* t.out.write(word === '-L' || word === '--table' ? table() : listing());
          return 0;
        }
        const s = /^\d+$/.test(what)
          ? readSignal(String(Number(what) > 128 ? Number(what) - 128 : what))
          : readSignal(what);
        if (!s) {
          yield* t.warn(`unknown signal name ${what}`);
          return 0;
        }
        yield* t.out.line(/^\d+$/.test(what) ? SIGNAL_NAMES[SIGNALS[s] - 1]! : String(SIGNALS[s]));
        return 0;
      }
      if (word === '-s' || word === '--signal' || word === '-n') {
        const what = words[++i];
        if (what === undefined) throw new Usage(`option requires an argument -- '${word.replace(/^-+/, '')}'`);
        set(what);
      } else if (word.startsWith('--signal=')) set(word.slice(9));
      else if (word.startsWith('-') && pids.length === 0 && !given && word.length > 1) {
        const s = readSignal(word.slice(1));
        if (s === undefined && !/^-\d+$/.test(word)) throw new Usage(`invalid argument ${word[1]!}`);
        if (s === undefined) pids.push(word);
        else {
          signal = s;
          given = true;
        }
      } else pids.push(word);
    }
    if (pids.length === 0) throw new Usage();
    for (const word of pids) {
      if (!/^-?\d+$/.test(word)) {
        yield* t.complain(`failed to parse argument: '${word}'`);
        continue;
      }
      try {
        yield* t.sys.kill(Number(word), signal);
      } catch (e) {
        if (!isErrno(e)) throw e;
        yield* t.complain(`(${word}): ${e.message}`);
      }
    }
    return 0;
  },
});

/** Two lines of names, as procps and psmisc print them. */
export function listing(): string {
  return `${SIGNAL_NAMES.slice(0, 16).join(' ')}\n${SIGNAL_NAMES.slice(16).join(' ')}\n`;
}

function table(): string {
  let out = '';
  SIGNAL_NAMES.forEach((name, i) => {
    const end = (i + 1) % 7 === 0;
    out += `${String(i + 1).padStart(2)} ${end ? `${name}\n` : name.padEnd(8)}`;
  });
  return `${out}\n`;
}
