import type { Coroutine, Signal } from '../core';
import { parseSignal, SIGNALS } from '../core';
import { runString } from './evaluate';
import { ExitShell, Interrupted } from './errors';
import type { Shell } from './shell';

/** Names that `trap` takes besides signals. */
const PSEUDO = ['EXIT', 'ERR', 'DEBUG', 'RETURN'];

/** `INT`, `SIGINT`, `2`, `EXIT`, `0`: the key under which a trap is kept; undefined when there is no such signal. */
export function trapKey(text: string): string | undefined {
  if (text === '0') return 'EXIT';
  const upper = text.toUpperCase();
  if (PSEUDO.includes(upper)) return upper;
  return parseSignal(text);
}

/** Signals that end a shell, but not before its EXIT trap. (SIGINT has rules of its own.) */
const TERMINATING: readonly Signal[] = ['SIGHUP', 'SIGALRM', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'];

/** Makes the kernel deliver what the shell's traps want. */
export function installTrap(sh: Shell, key: string, action: string | undefined): void {
  if (action === undefined) sh.traps.delete(key);
  else sh.traps.set(key, action);
  if (key === 'EXIT' && !sh.interactive)
    for (const signal of TERMINATING) if (!sh.traps.has(signal)) restoreDefault(sh, signal);
  if (!(key in SIGNALS) || key === 'SIGKILL' || key === 'SIGSTOP') return;
  const signal = key as Signal;
  if (action === undefined) restoreDefault(sh, signal);
  else if (action === '') sh.sys.onSignal(signal, 'ignore');
  else sh.sys.onSignal(signal, () => sh.pendingTraps.push(signal));
}

/** What an interactive shell does about a signal that is not trapped. */
export function restoreDefault(sh: Shell, signal: Signal): void {
  if (sh.interactive && sh.subshellDepth === 0) {
    if (signal === 'SIGINT') {
      sh.sys.onSignal('SIGINT', () => (sh.interruptPending = true));
      return;
    }
    if (signal === 'SIGTERM' || signal === 'SIGQUIT') return sh.sys.onSignal(signal, 'ignore');
    if (sh.opt('monitor') && (signal === 'SIGTSTP' || signal === 'SIGTTIN' || signal === 'SIGTTOU')) {
      return sh.sys.onSignal(signal, 'ignore');
    }
  }
  if (TERMINATING.includes(signal) && sh.traps.get('EXIT') && !sh.interactive)
    return sh.sys.onSignal(signal, () => (sh.fatalSignal ??= signal));
  sh.sys.onSignal(signal, 'default');
}

/** In a fresh subshell: traps are reset to what the shell started with, ignored signals stay ignored. */
export function resetTraps(sh: Shell): void {
  for (const [key, action] of [...sh.traps]) {
    if (action === '') continue;
    if (key === 'ERR' && sh.opt('errtrace')) continue;
    if ((key === 'DEBUG' || key === 'RETURN') && sh.opt('functrace')) continue;
    sh.traps.delete(key);
  }
  for (const signal of ['SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGTERM', 'SIGQUIT', 'SIGINT'] as const) {
    if (sh.traps.get(signal) !== '' && sh.interactive) sh.sys.onSignal(signal, 'default');
  }
}

/** Charges one step of work and runs the traps of signals that have arrived. */
export function* tick(sh: Shell): Coroutine<void> {
  if (sh.sys.proc.task.charge(1)) yield null;
  if (sh.interruptPending) {
    sh.interruptPending = false;
    throw new Interrupted();
  }
  if (sh.fatalSignal) endBySignal(sh);
  if (sh.pendingTraps.length > 0) yield* runPending(sh);
}

/** A signal has come that ends the shell: the EXIT trap runs, then it dies of it. */
export function endBySignal(sh: Shell): void {
  if (sh.fatalSignal && sh.traps.get('EXIT')) throw new ExitShell(128 + SIGNALS[sh.fatalSignal]);
}

/** Runs the traps of signals that have arrived. */
export function* runPending(sh: Shell): Coroutine<void> {
  while (sh.pendingTraps.length > 0) {
    const signal = sh.pendingTraps.shift()!;
    const action = sh.traps.get(signal);
    if (action) yield* runTrap(sh, signal, action);
  }
}

/** Runs one trap; `$?` is the same afterwards. */
export function* runTrap(sh: Shell, key: string, action: string): Coroutine<void> {
  if (sh.runningTrap.has(key)) return;
  sh.runningTrap.add(key);
  const { status, pipeStatus, flow } = sh;
  sh.flow = null;
  const override = sh.lineOverride;
  if (key === 'ERR' || key === 'DEBUG' || key === 'RETURN') sh.lineOverride = sh.line;
  try {
    yield* runString(sh, action);
  } finally {
    sh.runningTrap.delete(key);
    sh.lineOverride = override;
  }
  if (!sh.flow) sh.flow = flow;
  if (sh.flow?.kind !== 'return' || flow) sh.status = status;
  sh.pipeStatus = pipeStatus;
}

/** The EXIT trap, once. */
export function* exitTrap(sh: Shell): Coroutine<void> {
  const action = sh.traps.get('EXIT');
  if (!action) return;
  sh.traps.delete('EXIT');
  yield* runTrap(sh, 'EXIT', action);
}
