/** Signals of Linux on x86-64 (signal(7)): name to number. */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** A signal's name, such as `SIGINT`. */
export type Signal = keyof typeof SIGNALS;

/** What happens when a process has not said otherwise. */
export type DefaultAction = 'terminate' | 'ignore' | 'stop' | 'continue';

const NOT_TERMINATING: Partial<Record<Signal, DefaultAction>> = {
  SIGCHLD: 'ignore',
  SIGURG: 'ignore',
  SIGWINCH: 'ignore',
  SIGCONT: 'continue',
  SIGSTOP: 'stop',
  SIGTSTP: 'stop',
  SIGTTIN: 'stop',
  SIGTTOU: 'stop',
};

/** The default action of `signal`. */
export function defaultAction(signal: Signal): DefaultAction {
  return NOT_TERMINATING[signal] ?? 'terminate';
}

const BY_NUMBER = new Map<number, Signal>(Object.entries(SIGNALS).map(([name, n]) => [n, name as Signal]));

/** The name of signal `n`, or undefined. */
export function signalName(n: number): Signal | undefined {
  return BY_NUMBER.get(n);
}

/** Reads `9`, `KILL`, `SIGKILL` in any case, as kill(1) does; undefined when it names no signal. */
export function parseSignal(text: string): Signal | undefined {
  if (/^\d+$/.test(text)) return signalName(Number(text));
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  return name in SIGNALS ? (name as Signal) : undefined;
}
