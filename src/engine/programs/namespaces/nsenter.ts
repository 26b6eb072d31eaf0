/** nsenter(1): runs a program in the namespaces of another process. */
import type { Coroutine } from '../../core';
import type { NamespaceKind, Program, Sys } from '../../host';
import { namespaceOfFd, setns } from '../../host/netfs';
import type { AnyNamespace } from '../../host/netfs';
import { getopt } from '../lib/getopt';
import { endLike, execOrShell, KIND_LETTERS, Stop, utilLinux, why } from './common';
import { NSENTER_HELP } from './help';

const LONGS = [
  'all=a',
  'help=h',
  'version=V',
  'target:=t',
  'mount::=m',
  'uts::=u',
  'ipc::=i',
  'net::=n',
  'pid::=p',
  'user::=U',
  'cgroup::=C',
  'time::=T',
  'setuid:=S',
  'setgid:=G',
  'root::=r',
  'wd::=w',
  'wdns:=W',
  'no-fork=F',
  'preserve-credentials',
  'follow-context=Z',
];

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* utilLinux('nsenter', sys, function* () {
    const { options, operands } = getopt(argv, '+ahVt:m::u::i::n::p::C::U::T::S:G:r::w::W:FZ', LONGS);
    let target: number | undefined;
    let all = false;
    let noFork = false;
    let wd: string | null | undefined;
    let wdns: string | undefined;
    let uid: number | undefined;
    let gid: number | undefined;
    const wanted = new Map<NamespaceKind, string | undefined>();
    for (const { name, arg } of options) {
      const kind = KIND_LETTERS.find(([letter]) => letter === name);
      if (kind) {
        wanted.set(kind[1], arg);
        continue;
      }
      if (name === 'h') {
        yield* sys.print(NSENTER_HELP);
        return 0;
      }
      if (name === 'V') {
        yield* sys.print('nsenter from util-linux 2.38.1\n');
        return 0;
      }
      if (name === 'a') all = true;
      else if (name === 't') {
        if (!/^\d+$/.test(arg!)) throw new Stop(1, `failed to parse pid: '${arg}'`);
        target = Number(arg);
      } else if (name === 'F') noFork = true;
      else if (name === 'S' || name === 'G') {
        if (!/^\d+$/.test(arg!)) throw new Stop(1, `failed to parse ${name === 'S' ? 'uid' : 'gid'}: '${arg}'`);
        if (name === 'S') uid = Number(arg);
        else gid = Number(arg);
      } else if (name === 'w') wd = arg ?? null;
      else if (name === 'W') wdns = arg!;
      else if (name === 'r') {
        if (arg !== undefined) throw new Stop(1, 'not simulated in this course: --root');
      } else if (name !== 'preserve-credentials' && name !== 'Z')
        throw new Stop(1, `not simulated in this course: -${name}`);
    }
    if (all) {
      if (target === undefined) throw new Stop(1, 'no target PID specified for --all');
      const other = sys.proc.ns.pid.processes.get(target);
      for (const [, kind] of KIND_LETTERS) {
        // A process may not join the user namespace it is in, and need not join what it shares.
        if (other && other.ns[kind] === sys.proc.ns[kind]) continue;
        if (!wanted.has(kind)) wanted.set(kind, undefined);
      }
    }
    const own = `/proc/${target ?? ''}`;
    const namespaces: [NamespaceKind, AnyNamespace][] = [];
    let directory: string | undefined;
    for (const [, kind] of KIND_LETTERS) {
      if (!wanted.has(kind)) continue;
      const file = wanted.get(kind);
      if (file === undefined && target === undefined)
        throw new Stop(1, `neither filename nor target pid supplied for ns/${kind}`);
      const path = file ?? `${own}/ns/${kind}`;
      let fd: number;
      try {
        fd = yield* sys.open(path, { read: true, cloexec: true });
      } catch (e) {
        throw new Stop(1, `cannot open ${path}: ${why(e)}`);
      }
      try {
        const namespace = namespaceOfFd(sys, fd);
        if (namespace.kind !== kind)
          throw new Stop(1, `reassociate to namespace 'ns/${kind}' failed: Invalid argument`);
        namespaces.push([kind, namespace]);
      } catch (e) {
        if (e instanceof Stop) throw e;
        throw new Stop(1, `reassociate to namespace 'ns/${kind}' failed: ${why(e)}`);
      } finally {
        sys.close(fd);
      }
    }
    if (wd === null) {
      const other = target === undefined ? undefined : sys.proc.ns.pid.processes.get(target);
      if (!other) throw new Stop(1, 'neither filename nor target pid supplied for cwd');
      directory = other.cwd;
    } else if (wd !== undefined) directory = wd;
    let enteredPid = false;
    for (const [kind, namespace] of namespaces) {
      try {
        setns(sys, namespace);
      } catch (e) {
        throw new Stop(1, `reassociate to namespace 'ns/${kind}' failed: ${why(e)}`);
      }
      if (kind === 'pid') enteredPid = true;
    }
    if (wdns !== undefined) directory = wdns;
    if (directory !== undefined) {
      try {
        sys.files.chdir(directory);
      } catch (e) {
        throw new Stop(1, `change directory failed: ${why(e)}`);
      }
    }
    const last = function* (s: Sys): Coroutine<number> {
      if (gid !== undefined) s.proc.gid = gid;
      if (uid !== undefined) {
        s.proc.uid = uid;
        if (uid !== 0) s.proc.privileged = false;
      }
      return yield* execOrShell(s, 'nsenter', operands);
    };
    if (!enteredPid || noFork) return yield* last(sys);
    const child = sys.fork(last);
    const end = yield* sys.waitpid(child.pidIn(sys.proc.ns.pid));
    return end ? yield* endLike(sys, end.status) : 1;
  });
}

/** The program. */
export const nsenter: Program = {
  name: 'nsenter',
  path: '/usr/bin/nsenter',
  size: 31464,
  summary: 'run program in different namespaces',
  manual: `NAME
       nsenter - run a program in the namespaces of another process

SYNOPSIS
       nsenter [options] [program [arguments]]

DESCRIPTION
       Joins the namespaces that the options name and runs the program there, by default the shell. Everything else stays as it
       is: with -n alone, files, commands and /sys are still the caller's.

       -t, --target PID   the process whose namespaces are meant
       -n, --net[=FILE]   its network; FILE may be /run/netns/NAME
       -m, --mount        its files          -u, --uts    its host name
       -p, --pid          its processes      -i, --ipc    its System V IPC
       -a, --all          all of them
       -F, --no-fork      do not run the program as a child

EXAMPLES
       nsenter -t 4711 -n ip addr
       nsenter --net=/run/netns/red ss -tln

SEE ALSO
       unshare(1), lsns(8), ip-netns(8)
`,
  main,
  complete: (words, sys) => {
    const last = words[words.length - 1];
    if (last === '-t' || last === '--target') return [...sys.proc.ns.pid.processes.keys()].map(String);
    return words.some((w, i) => !w.startsWith('-') && words[i - 1] !== '-t' && words[i - 1] !== '--target')
      ? undefined
      : ['--all', '--ipc', '--mount', '--net', '--net=', '--no-fork', '--pid', '--target', '--user', '--uts'];
  },
};
