import type { Shell } from './shell';
import { printNode } from './syntax/print';
import { IndexedArray } from './variables';
import type { Dynamic } from './variables';

const ignore = (): void => undefined;
const array = (values: (sh: Shell) => string[]): Dynamic => ({
  get: (sh) => IndexedArray.from(values(sh)),
  set: ignore,
});
const calls = (sh: Shell) => [...sh.frames].reverse();

const LINENO: Dynamic = { get: (sh) => String(sh.line), set: ignore, integer: true };
const PPID: Dynamic = { get: (sh) => String(sh.ppid), integer: true };

/** The variables whose values are computed (bash(1), Shell Variables). */
const BASH: Readonly<Record<string, Dynamic>> = {
  LINENO,
  BASHPID: { get: (sh) => String(sh.sys.pid), set: ignore, integer: true },
  PPID,
  RANDOM: {
    get: (sh) => String(sh.nextRandom()),
    set: (sh, v) => (sh.randomState = Number(BigInt.asUintN(32, BigInt(Math.trunc(Number(v) || 0)))) >>> 0),
    integer: true,
  },
  SRANDOM: {
    get: (sh) => {
      const b = sh.sys.random(4);
      return String(((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0);
    },
    set: ignore,
    integer: true,
  },
  SECONDS: {
    get: (sh) => String(sh.secondsBase + Math.floor((sh.sys.now - sh.startTime) / 1e6)),
    set: (sh, v) => {
      sh.secondsBase = (Number(v) || 0) - Math.floor((sh.sys.now - sh.startTime) / 1e6);
    },
    integer: true,
  },
  EPOCHSECONDS: { get: (sh) => String(Math.floor(sh.sys.now / 1e6)), set: ignore, integer: true },
  EPOCHREALTIME: {
    get: ({ sys }) => `${Math.floor(sys.now / 1e6)}.${String(Math.floor(sys.now % 1e6)).padStart(6, '0')}`,
    set: ignore,
  },
  BASH_SUBSHELL: { get: (sh) => String(sh.subshellDepth), set: ignore, integer: true },
  BASH_COMMAND: {
    get: (sh) => sh.commandText ?? (sh.commandNode ? printNode(sh.commandNode, sh.source.text) : ''),
    set: ignore,
  },
  BASH_ARGV0: { get: (sh) => sh.name, set: (sh, v) => (sh.name = v) },
  HISTCMD: { get: (sh) => String(sh.historyBase + sh.history.length), set: ignore, integer: true },
  SHELLOPTS: { get: (sh) => [...sh.options].sort().join(':') },
  BASHOPTS: { get: (sh) => [...sh.shopts].sort().join(':') },
  PIPESTATUS: array((sh) => sh.pipeStatus.map(String)),
  DIRSTACK: array((sh) => [sh.get('PWD') ?? '/', ...sh.dirStack]),
  GROUPS: array((sh) => sh.sys.proc.groups.map(String)),
  FUNCNAME: {
    get: (sh) =>
      sh.frames.length > 0
        ? IndexedArray.from([...calls(sh).map((f) => f.name), ...(sh.mode === 'c' ? [] : ['main'])])
        : undefined,
    set: ignore,
  },
  BASH_SOURCE: array((sh) => [...calls(sh).map((f) => f.source), ...(sh.scriptName === '' ? [] : [sh.scriptName])]),
  BASH_LINENO: array((sh) => [...calls(sh).map((f) => String(f.line)), ...(sh.scriptName === '' ? [] : ['0'])]),
};

/** What a shell begins with; `unset` makes an ordinary name of one of them. */
export const BASH_DYNAMICS: ReadonlyMap<string, Dynamic> = new Map(Object.entries(BASH));
/** What dash computes. */
export const DASH_DYNAMICS: ReadonlyMap<string, Dynamic> = new Map([
  ['LINENO', LINENO],
  ['PPID', PPID],
]);
