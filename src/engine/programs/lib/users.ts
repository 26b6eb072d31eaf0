/** Users and groups as /etc/passwd and /etc/group of the process's root tell them (getpwnam(3), getgrnam(3)). */
import { isErrno } from '../../core';
import { decode } from '../../core';
import type { Sys } from '../../host';
import { FileNode } from '../../host';

/** A line of /etc/passwd. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
  readonly line: string;
}

/** A line of /etc/group. */
export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
  readonly line: string;
}

function lines(sys: Sys, path: string): string[] {
  try {
    const { inode } = sys.files.stat(path);
    return inode instanceof FileNode
      ? decode(inode.contents)
          .split('\n')
          .filter((l) => l.includes(':'))
      : [];
  } catch (e) {
    if (isErrno(e)) return [];
    throw e;
  }
}

/** All users. */
export function users(sys: Sys): User[] {
  return lines(sys, '/etc/passwd').map((line) => {
    const [name = '', , uid = '', gid = '', gecos = '', home = '', shell = ''] = line.split(':');
    return { name, uid: Number(uid), gid: Number(gid), gecos, home, shell, line };
  });
}

/** All groups. */
export function groups(sys: Sys): Group[] {
  return lines(sys, '/etc/group').map((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':');
    return { name, gid: Number(gid), members: members.split(',').filter((m) => m !== ''), line };
  });
}

/** The user's name, or the number when there is none. */
export function userName(sys: Sys, uid: number): string {
  return users(sys).find((u) => u.uid === uid)?.name ?? String(uid);
}

/** The group's name, or the number when there is none. */
export function groupName(sys: Sys, gid: number): string {
  return groups(sys).find((g) => g.gid === gid)?.name ?? String(gid);
}

/** A user by name or number; for a number without an entry only the ids are known. */
export function findUser(
  sys: Sys,
  text: string,
): { uid: number; gid: number | undefined; user: User | undefined } | undefined {
  const list = users(sys);
  const user =
    list.find((u) => u.name === text) ?? (/^\d+$/.test(text) ? list.find((u) => u.uid === Number(text)) : undefined);
  if (user) return { uid: user.uid, gid: user.gid, user };
  return /^\d+$/.test(text) ? { uid: Number(text), gid: undefined, user: undefined } : undefined;
}

/** A group's number by name or number. */
export function findGroup(sys: Sys, text: string): number | undefined {
  const g = groups(sys).find((x) => x.name === text);
  return g ? g.gid : /^\d+$/.test(text) ? Number(text) : undefined;
}
