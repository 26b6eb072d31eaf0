import type { Coroutine } from '../../core';
import { IdNames } from '../files/names';
import type { Tool } from '../lib/tool';
import { tool, UsageError } from '../lib/tool';

/** Ids of the process as its user namespace shows them. */
function own(t: Tool): { uid: number; gid: number; groups: number[] } {
  const { proc } = t.sys;
  const seen = (id: number): number => proc.ns.user.inside(id);
  return { uid: seen(proc.uid), gid: seen(proc.gid), groups: [...new Set([seen(proc.gid), ...proc.groups.map(seen)])] };
}

/** Group numbers of a named user, from the files. */
function* groupsOf(t: Tool, user: string, gid: number): Coroutine<number[]> {
  const ids = [gid];
  for (const line of (yield* t.sys.readFile('/etc/group')).split('\n')) {
    const [, , id, members] = line.split(':');
    if (members?.split(',').includes(user)) ids.push(Number(id));
  }
  return [...new Set(ids)];
}

/** id(1). */
export const id = tool({
  name: 'id',
  summary: 'print real and effective user and group IDs',
  help: `[OPTION]... [USER]...
Print user and group information for each USER, or for the current process.

  -g, --group    print only the effective group ID
  -G, --groups   print all group IDs
  -n, --name     print a name instead of a number, for -ugG
  -r, --real     print the real ID, for -ugG
  -u, --user     print only the effective user ID
`,
  *run(t) {
    const { options, operands } = t.getopt('agGnruzZ', [
      'group=g',
      'groups=G',
      'name=n',
      'real=r',
      'user=u',
      'zero=z',
      'context=Z',
    ]);
    const has = (n: string): boolean => options.some((o) => o.name === n);
    const choice = ['u', 'g', 'G'].filter(has);
    if (choice.length > 1) throw new UsageError('cannot print "only" of more than one choice');
    if (choice.length === 0 && (has('n') || has('r')))
      throw new UsageError('cannot print only names or real IDs in default format');
    const users = yield* IdNames.read(t.sys, '/etc/passwd');
    const groups = yield* IdNames.read(t.sys, '/etc/group');
    for (const name of operands.length > 0 ? operands : [undefined]) {
      let ids = own(t);
      if (name !== undefined) {
        const line = (yield* t.sys.readFile('/etc/passwd'))
          .split('\n')
          .find((l) => l.startsWith(`${name}:`) || l.split(':')[2] === name);
        if (line === undefined) {
          yield* t.complain(`${t.q(name)}: no such user`);
          continue;
        }
        const [user, , uid, gid] = line.split(':');
        ids = { uid: Number(uid), gid: Number(gid), groups: yield* groupsOf(t, user!, Number(gid)) };
      }
      const userName = (n: number): string => (has('n') ? users.name(n) : String(n));
      const groupName = (n: number): string => (has('n') ? groups.name(n) : String(n));
      const named = (n: number, table: IdNames): string =>
        table.known(n) === undefined ? String(n) : `${n}(${table.known(n)!})`;
      if (has('u')) yield* t.out.line(userName(ids.uid));
      else if (has('g')) yield* t.out.line(groupName(ids.gid));
      else if (has('G')) yield* t.out.line(ids.groups.map(groupName).join(' '));
      else {
        yield* t.out.line(
          `uid=${named(ids.uid, users)} gid=${named(ids.gid, groups)} groups=${ids.groups.map((g) => named(g, groups)).join(',')}`,
        );
      }
    }
    return t.status;
  },
});

/** whoami(1). */
export const whoami = tool({
  name: 'whoami',
  summary: 'print the effective user name',
  help: `[OPTION]...
Print the user name associated with the current effective user ID. Same as id -un.
`,
  *run(t) {
    const { operands } = t.getopt('');
    if (operands.length > 0) throw new UsageError(`extra operand ${t.q(operands[0]!)}`);
    const { uid } = own(t);
    const name = (yield* IdNames.read(t.sys, '/etc/passwd')).known(uid);
    if (name === undefined) {
      yield* t.complain(`cannot find name for user ID ${uid}`);
      return 1;
    }
    yield* t.out.line(name);
    return 0;
  },
});

/** logname(1). */
export const logname = tool({
  name: 'logname',
  summary: "print the user's login name",
  help: `[OPTION]
Print the user's login name.
`,
  *run(t) {
    t.getopt('');
    if (!t.sys.proc.tty) {
      yield* t.complain('no login name');
      return 1;
    }
    yield* t.out.line(t.sys.env('LOGNAME') ?? 'root');
    return 0;
  },
});

/** groups(1). */
export const groups = tool({
  name: 'groups',
  summary: 'print the groups a user is in',
  help: `[OPTION]... [USERNAME]...
Print group memberships for each USERNAME, or for the current process.
`,
  *run(t) {
    const { operands } = t.getopt('');
    const table = yield* IdNames.read(t.sys, '/etc/group');
    if (operands.length === 0)
      yield* t.out.line(
        own(t)
          .groups.map((g) => table.name(g))
          .join(' '),
      );
    for (const name of operands) {
      const line = (yield* t.sys.readFile('/etc/passwd')).split('\n').find((l) => l.startsWith(`${name}:`));
      if (line === undefined) yield* t.complain(`${t.q(name)}: no such user`);
      else
        yield* t.out.line(
          `${name} : ${(yield* groupsOf(t, name, Number(line.split(':')[3]))).map((g) => table.name(g)).join(' ')}`,
        );
    }
    return t.status;
  },
});
