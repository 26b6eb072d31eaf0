/** Names of users and groups as getpwuid(3) finds them in /etc/passwd and /etc/group. */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';

/** One line of passwd(5). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The accounts and groups of a machine at one moment. */
export class Users {
  constructor(
    readonly accounts: readonly Account[],
    private readonly groups: readonly { name: string; gid: number; members: readonly string[] }[],
  ) {}

  /** Name of `uid`; its digits when there is none. */
  name(uid: number): string {
    return this.accounts.find((a) => a.uid === uid)?.name ?? String(uid);
  }

  /** Name of group `gid`; its digits when there is none. */
  group(gid: number): string {
    return this.groups.find((g) => g.gid === gid)?.name ?? String(gid);
  }

  account(name: string): Account | undefined {
    return this.accounts.find((a) => a.name === name);
  }

  /** Number of the user called `text` or numbered so; undefined when there is none of that name. */
  uid(text: string): number | undefined {
    return /^\d+$/.test(text) ? Number(text) : this.account(text)?.uid;
  }

  /** Number of the group called `text` or numbered so. */
  gid(text: string): number | undefined {
    return /^\d+$/.test(text) ? Number(text) : this.groups.find((g) => g.name === text)?.gid;
  }

  /** All groups of an account, its own first (initgroups(3)). */
  groupsOf(account: Account): number[] {
    const more = this.groups.filter((g) => g.members.includes(account.name) && g.gid !== account.gid);
    return [account.gid, ...more.map((g) => g.gid)];
  }
}

/** Reads /etc/passwd; a file that is missing counts as empty. */
export function* readAccounts(sys: Sys): Coroutine<Account[]> {
  return (yield* lines(sys, '/etc/passwd')).flatMap((line) => {
    const [name, , uid, gid, , home, shell] = line.split(':');
    if (!name || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' }];
  });
}

/** Reads /etc/passwd and /etc/group; a file that is missing counts as empty. */
export function* readUsers(sys: Sys): Coroutine<Users> {
  const accounts = yield* readAccounts(sys);
  const groups = (yield* lines(sys, '/etc/group')).flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    if (!name || gid === undefined) return [];
    return [{ name, gid: Number(gid), members: (members ?? '').split(',') }];
  });
  return new Users(accounts, groups);
}

function* lines(sys: Sys, path: string): Coroutine<string[]> {
  try {
    return (yield* sys.readFile(path)).split('\n').filter((l) => l !== '' && !l.startsWith('#'));
  } catch (e) {
    if (!isErrno(e)) throw e;
    return [];
  }
}
