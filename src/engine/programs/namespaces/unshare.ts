/** unshare(1): runs a program in new namespaces. */
import type { Coroutine, Signal } from '../../core';
import { parseSignal } from '../../core';
import type { NamespaceKind, Program, Sys } from '../../host';
import { FileNode, lookup, resolve } from '../../host';
import { namespaceNode, unshareNamespaces } from '../../host/netfs';
import type { AnyNamespace } from '../../host/netfs';
import { procDir } from '../../host/proc';
import { getopt } from '../lib/getopt';
import { endLike, execOrShell, KIND_LETTERS, Stop, utilLinux, why } from './common';
import { UNSHARE_HELP } from './help';

const LONGS = [
  'help=h',
  'version=V',
  'mount::=m',
  'uts::=u',
  'ipc::=i',
  'net::=n',
  'pid::=p',
  'user::=U',
  'cgroup::=C',
  'time::=T',
  'fork=f',
  'kill-child::',
  'mount-proc::',
  'map-user:',
  'map-users:',
  'map-group:',
  'map-groups:',
  'map-root-user=r',
  'map-current-user=c',
  'map-auto',
  'propagation:',
  'setgroups:',
  'keep-caps',
  'setuid:=S',
  'setgid:=G',
  'root:=R',
  'wd:=w',
  'monotonic:',
  'boottime:',
];

interface Plan {
  kinds: Set<NamespaceKind>;
  files: Map<NamespaceKind, string>;
  fork: boolean;
  killChild: Signal | undefined;
  mountProc: string | undefined;
  mapRoot: boolean;
  uid: number | undefined;
  gid: number | undefined;
  root: string | undefined;
  wd: string | undefined;
}

function parse(argv: readonly string[]): { plan: Plan; command: readonly string[]; info?: string } {
  const plan: Plan = {
    kinds: new Set(),
    files: new Map(),
    fork: false,
    killChild: undefined,
    mountProc: undefined,
    mapRoot: false,
    uid: undefined,
    gid: undefined,
    root: undefined,
    wd: undefined,
  };
  const { options, operands } = getopt(argv, '+fhVmuinpUCTrcR:w:S:G:', LONGS);
  for (const { name, arg } of options) {
    const kind = KIND_LETTERS.find(([letter]) => letter === name);
    if (kind) {
      plan.kinds.add(kind[1]);
      if (arg !== undefined) plan.files.set(kind[1], arg);
      continue;
    }
    switch (name) {
      case 'h':
        return { plan, command: [], info: UNSHARE_HELP };
      case 'V':
        return { plan, command: [], info: 'unshare from util-linux 2.38.1\n' };
      case 'f':
        plan.fork = true;
        break;
      case 'r':
        plan.kinds.add('user');
        plan.mapRoot = true;
        break;
      case 'kill-child': {
        plan.fork = true;
        const signal = arg === undefined ? 'SIGKILL' : parseSignal(arg);
        if (!signal) throw new Stop(1, `unknown signal: ${arg}`);
        plan.killChild = signal;
        break;
      }
      case 'mount-proc':
        plan.kinds.add('mnt');
        plan.mountProc = arg ?? '/proc';
        break;
      case 'propagation':
        if (!['slave', 'shared', 'private', 'unchanged'].includes(arg!))
          throw new Stop(1, `unsupported propagation mode: ${arg}`);
        break;
      case 'S':
      case 'G': {
        if (!/^\d+$/.test(arg!)) throw new Stop(1, `failed to parse ${name === 'S' ? 'uid' : 'gid'}: '${arg}'`);
        if (name === 'S') plan.uid = Number(arg);
        else plan.gid = Number(arg);
        break;
      }
      case 'R':
        plan.root = arg!;
        break;
      case 'w':
        plan.wd = arg!;
        break;
      case 'setgroups':
      case 'keep-caps':
        break;
      default:
        throw new Stop(1, `not simulated in this course: ${name.length > 1 ? '--' : '-'}${name}`);
    }
  }
  return { plan, command: operands };
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* utilLinux('unshare', sys, function* () {
    const { plan, command, info } = parse(argv);
    if (info !== undefined) {
      yield* sys.print(info);
      return 0;
    }
    try {
      unshareNamespaces(sys, plan.kinds, plan.mapRoot ? 'root' : 'none');
    } catch (e) {
      throw new Stop(1, `unshare failed: ${why(e)}`);
    }
    for (const [kind, path] of plan.files) bindNamespace(sys, kind, path);
    if (!plan.fork) return yield* finish(sys, plan, command);
    // The parent leaves the signals of the terminal to the child.
    sys.onSignal('SIGINT', 'ignore');
    sys.onSignal('SIGTERM', 'ignore');
    const child = sys.fork(function* (c) {
      return yield* utilLinux('unshare', c, () => finish(c, plan, command));
    });
    child.handlers.delete('SIGINT');
    child.handlers.delete('SIGTERM');
    if (plan.killChild) {
      const signal = plan.killChild;
      sys.proc.onExit.push(() => child.deliver(signal));
    }
    const number = child.pidIn(sys.proc.ns.pid);
    const end = yield* sys.waitpid(number);
    return end ? yield* endLike(sys, end.status) : 1;
  });
}

/** `--net=FILE`: the namespace gets a name by a bind mount. */
function bindNamespace(sys: Sys, kind: NamespaceKind, path: string): void {
  const source = `/proc/${sys.pid}/ns/${kind}`;
  try {
    const point = lookup(sys.proc, path);
    if (!(point instanceof FileNode)) throw new Stop(1, `mount ${source} on ${path} failed: Not a directory`);
    const namespace: AnyNamespace = kind === 'pid' ? sys.proc.pidForChildren : sys.proc.ns[kind];
    sys.proc.ns.mnt.mount(point, {
      root: namespaceNode(namespace),
      target: sys.files.realpath(path),
      source: 'nsfs',
      type: 'nsfs',
      options: 'rw',
    });
  } catch (e) {
    if (e instanceof Stop) throw e;
    throw new Stop(1, `mount ${source} on ${path} failed: ${why(e)}`);
  }
}

function* finish(sys: Sys, plan: Plan, command: readonly string[]): Coroutine<number> {
  const { proc } = sys;
  if (plan.root !== undefined) throw new Stop(1, 'not simulated in this course: --root');
  if (plan.mountProc !== undefined) {
    const target = plan.mountProc;
    try {
      const { covered, path } = resolve(proc, target);
      if (!covered) throw new Stop(1, `mount ${target} failed: No such file or directory`);
      proc.ns.mnt.mount(covered, {
        root: procDir(sys.machine, proc.ns.pid),
        target: path,
        source: 'proc',
        type: 'proc',
        options: 'rw,nosuid,nodev,noexec,relatime',
      });
    } catch (e) {
      if (e instanceof Stop) throw e;
      throw new Stop(1, `mount ${target} failed: ${why(e)}`);
    }
  }
  if (plan.wd !== undefined) {
    try {
      sys.files.chdir(plan.wd);
    } catch (e) {
      throw new Stop(1, `cannot chdir to '${plan.wd}': ${why(e)}`);
    }
  }
  if (plan.gid !== undefined) proc.gid = plan.gid;
  if (plan.uid !== undefined) {
    proc.uid = plan.uid;
    if (plan.uid !== 0) proc.privileged = false;
  }
  return yield* execOrShell(sys, 'unshare', command);
}

/** The program. */
export const unshare: Program = {
  name: 'unshare',
  path: '/usr/bin/unshare',
  size: 35696,
  summary: 'run program in new namespaces',
  manual: `NAME
       unshare - run a program in new namespaces

SYNOPSIS
       unshare [options] [program [arguments]]

DESCRIPTION
       Moves itself into new namespaces, one for each option, and then runs the program, by default the shell. What the program
       changes there is not seen outside.

       -m, --mount       a copy of the mounts        -n, --net     an empty network stack
       -u, --uts         the host name               -p, --pid     process numbers from 1 (use with --fork)
       -i, --ipc         System V IPC                -U, --user    users; with -r the caller is root inside
       -f, --fork        run the program as a child
       --mount-proc      mount a /proc that fits the new PID namespace

EXAMPLES
       unshare -n ip link
       unshare -pf --mount-proc ps ax

SEE ALSO
       nsenter(1), lsns(8), namespaces(7)
`,
  main,
  complete: (words) =>
    words.some((w) => !w.startsWith('-'))
      ? undefined
      : ['--fork', '--ipc', '--map-root-user', '--mount', '--mount-proc', '--net', '--pid', '--user', '--uts'],
};
