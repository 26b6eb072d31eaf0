/** killall(1) of psmisc. */
import { isErrno, SIGNALS } from '../../core';
import { getopt, GetoptError } from '../lib/getopt';
import { Regex } from '../lib/regex';
import { tool } from '../lib/tool';
import { listing, readSignal } from './kill';
import { selfNumber } from './ps';
import type { ProcessEntry } from './table';
import { HZ, readClock, readProcesses } from './table';
import { readUsers } from './users';

const HELP = `[OPTION]... [--] NAME...
       killall -l, --list
       killall -V, --version

  -e,--exact          NAMEs longer than 15 characters must match in full
  -I,--ignore-case    upper and lower case are the same
  -g,--process-group  signal the process group
  -o,--older-than     only processes older than TIME
  -y,--younger-than   only processes younger than TIME
  -l,--list           names of all signals
  -q,--quiet          do not complain when nothing is found
  -r,--regexp         NAME is an extended regular expression
  -s,--signal SIGNAL  this signal instead of SIGTERM
  -u,--user USER      only processes of USER
  -v,--verbose        say what was signalled
  -V,--version        the version
  -w,--wait           wait until they are gone
`;

/** killall(1). */
export const killall = tool({
  name: 'killall',
  summary: 'send a signal to processes by name',
  help: HELP,
  version: 'PSmisc 23.6',
  *run(t) {
    const { sys } = t;
    let signal = readSignal('TERM');
    let argv = t.argv;
    const at = argv.findIndex(
      (a, i) => i > 0 && /^-(?:\d+|[A-Z][A-Z0-9]+)$/.test(a) && readSignal(a.slice(1)) !== undefined,
    );
    if (at > 0) {
      signal = readSignal(argv[at]!.slice(1));
      argv = argv.filter((_, i) => i !== at);
    }
    let parsed;
    try {
      parsed = getopt(argv, 'eIgilqrs:u:vVwo:y:', [
        'exact=e',
        'ignore-case=I',
        'process-group=g',
        'interactive=i',
        'list=l',
        'quiet=q',
        'regexp=r',
        'signal:=s',
        'user:=u',
        'verbose=v',
        'version=V',
        'wait=w',
        'older-than:=o',
        'younger-than:=y',
      ]);
    } catch (e) {
      if (!(e instanceof GetoptError)) throw e;
      yield* sys.eprint(`${t.name}: ${e.message}\nUsage: killall ${HELP}\n`);
      return 1;
    }
    const { options, operands } = parsed;
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const last = (name: string): string | undefined => options.findLast((o) => o.name === name)?.arg;
    if (has('l')) {
      yield* t.out.write(listing());
      return 0;
    }
    if (has('V')) {
      yield* sys.eprint('killall (PSmisc) 23.6\n');
      return 0;
    }
    if (last('s') !== undefined) {
      signal = readSignal(last('s')!);
      if (signal === undefined) {
        yield* sys.eprint(`${last('s')!}: unknown signal; killall -l lists signals.\n`);
        return 1;
      }
    }
    if (operands.length === 0 && !has('u')) {
      yield* sys.eprint(`Usage: killall ${HELP}\n`);
      return 1;
    }
    const users = yield* readUsers(sys);
    const uid = last('u') === undefined ? undefined : users.uid(last('u')!);
    if (last('u') !== undefined && uid === undefined) {
      yield* sys.eprint(`Cannot find user ${last('u')!}\n`);
      return 1;
    }
    const { uptime } = yield* readClock(sys);
    const age = (p: ProcessEntry): number => uptime - p.start / HZ;
    const older = last('o') === undefined ? undefined : seconds(last('o')!);
    const younger = last('y') === undefined ? undefined : seconds(last('y')!);
    const all = (yield* readProcesses(sys)).filter(
      (p) =>
        String(p.pid) !== selfNumber(sys) &&
        (uid === undefined || p.euid === uid) &&
        (older === undefined || age(p) > older) &&
        (younger === undefined || age(p) < younger),
    );
    let missing = 0;
    const signalled: number[] = [];
    for (const name of operands.length > 0 ? operands : [undefined]) {
      let hits = 0;
      for (const p of all.filter((candidate) => name === undefined || matches(candidate, name, has))) {
        try {
          yield* sys.kill(has('g') ? -p.pgrp : p.pid, signal ?? null);
          hits++;
          signalled.push(p.pid);
          if (has('v')) yield* sys.eprint(`Killed ${p.comm}(${p.pid}) with signal ${signal ? SIGNALS[signal] : 0}\n`);
        } catch (e) {
          if (!isErrno(e)) throw e;
          if (e.code !== 'ESRCH') yield* sys.eprint(`${p.comm}(${p.pid}): ${e.message}\n`);
        }
      }
      if (hits > 0) continue;
      missing++;
      if (!has('q') && name !== undefined) yield* sys.eprint(`${name}: no process found\n`);
    }
    while (has('w') && signalled.some((pid) => sys.files.exists(`/proc/${pid}`))) yield* sys.sleep(1_000_000);
    return missing === 0 ? 0 : 1;
  },
});

function matches(p: ProcessEntry, name: string, has: (o: string) => boolean): boolean {
  const fold = (s: string): string => (has('I') ? s.toLowerCase() : s);
  if (has('r')) return new Regex(name, { syntax: 'extended', ignoreCase: has('I') }).test(p.comm);
  if (name.includes('/')) return p.argv[0] === name;
  if (p.comm.length < 15 || name.length <= 15) return fold(p.comm) === fold(name);
  // The kernel keeps 15 characters: the command line tells the rest.
  const full = (p.argv[0] ?? '').replace(/^.*\//, '');
  return fold(full) === fold(name) || (!has('e') && full === '' && fold(p.comm) === fold(name.slice(0, 15)));
}

function seconds(text: string): number {
  const m = /^(\d+(?:\.\d+)?)([smhdwMy]?)$/.exec(text);
  const unit: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400, w: 604800, M: 2629800, y: 31557600 };
  return m ? Number(m[1]) * unit[m[2]!]! : 0;
}
