import type { Shell } from './shell';
import { printNode } from './syntax/print';
import { IndexedArray } from './variables';
import type { Dynamic } from './variables';

/**
 * Installs the variables whose values are computed (bash(1), Shell Variables).
 * @param kept the table of a parent shell: what was unset there stays ordinary.
 */
export function installDynamics(sh: Shell, kept?: ReadonlyMap<string, Dynamic>): void {
  const d = sh.vars.dynamics;
  const ignore = (): void => undefined;
  const add = (name: string, v: Dynamic): void => {
    if (!kept || kept.has(name)) d.set(name, v);
  };
  add('LINENO', { get: () => String(sh.line), set: ignore, integer: true });
  add('BASHPID', { get: () => String(sh.sys.pid), set: ignore, integer: true });
  add('PPID', { get: () => String(sh.ppid), integer: true });
  if (sh.dash) {
    d.delete('BASHPID');
    return;
  }
  add('RANDOM', {
    get: () => String(sh.nextRandom()),
    set: (v) => (sh.randomState = Number(BigInt.asUintN(32, BigInt(Math.trunc(Number(v) || 0)))) >>> 0),
    integer: true,
  });
  add('SRANDOM', {
    get: () => {
      const b = sh.sys.random(4);
      return String(((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0);
    },
    set: ignore,
    integer: true,
  });
  add('SECONDS', {
    get: () => String(sh.secondsBase + Math.floor((sh.sys.now - sh.startTime) / 1e6)),
    set: (v) => {
      sh.secondsBase = (Number(v) || 0) - Math.floor((sh.sys.now - sh.startTime) / 1e6);
    },
    integer: true,
  });
  add('EPOCHSECONDS', { get: () => String(Math.floor(sh.sys.now / 1e6)), set: ignore, integer: true });
  add('EPOCHREALTIME', {
    get: () => `${Math.floor(sh.sys.now / 1e6)}.${String(Math.floor(sh.sys.now % 1e6)).padStart(6, '0')}`,
    set: ignore,
  });
  add('BASH_SUBSHELL', { get: () => String(sh.subshellDepth), set: ignore, integer: true });
  add('BASH_COMMAND', {
    get: () => sh.commandText ?? (sh.commandNode ? printNode(sh.commandNode, sh.source.text) : ''),
    set: ignore,
  });
  add('BASH_ARGV0', { get: () => sh.name, set: (v) => (sh.name = v) });
  add('HISTCMD', { get: () => String(sh.historyBase + sh.history.length), set: ignore, integer: true });
  add('SHELLOPTS', { get: () => [...sh.options].sort().join(':') });
  add('BASHOPTS', { get: () => [...sh.shopts].sort().join(':') });
  const array = (values: () => string[]): Dynamic => ({ get: () => IndexedArray.from(values()), set: ignore });
  add(
    'PIPESTATUS',
    array(() => sh.pipeStatus.map(String)),
  );
  add(
    'DIRSTACK',
    array(() => [sh.get('PWD') ?? '/', ...sh.dirStack]),
  );
  add(
    'GROUPS',
    array(() => sh.sys.proc.groups.map(String)),
  );
  add('FUNCNAME', {
    get: () =>
      sh.frames.some((f) => f.name !== 'source') || sh.frames.length > 0
        ? IndexedArray.from([...[...sh.frames].reverse().map((f) => f.name), ...(sh.mode === 'c' ? [] : ['main'])])
        : undefined,
    set: ignore,
  });
  add('BASH_SOURCE', {
    get: () =>
      IndexedArray.from([
        ...[...sh.frames].reverse().map((f) => f.source),
        ...(sh.scriptName === '' ? [] : [sh.scriptName]),
      ]),
    set: ignore,
  });
  add('BASH_LINENO', {
    get: () =>
      IndexedArray.from([
        ...[...sh.frames].reverse().map((f) => String(f.line)),
        ...(sh.scriptName === '' ? [] : ['0']),
      ]),
    set: ignore,
  });
}
