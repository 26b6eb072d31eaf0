/** Who is logged in: the sessions that hold a terminal (what utmp(5) tells on a real machine). */
import type { Sys } from '../../host';

/** One login. */
export interface Session {
  /** Name below /dev, such as `pts/0`. */
  readonly tty: string;
  readonly uid: number;
  /** Start of the session, microseconds since the epoch. */
  readonly since: number;
  /** Number of its leader in the initial PID namespace. */
  readonly leader: number;
  /** Group in the foreground. */
  readonly foreground: number;
}

/** All logins of the machine, by terminal. */
export function sessions(sys: Sys): Session[] {
  const { machine } = sys;
  const out: Session[] = [];
  for (const tty of machine.terminals.values()) {
    const leader = machine.namespaces.pid.processes.get(tty.session);
    if (tty.session === 0 || !leader) continue;
    const { uid, startTime: since } = leader;
    out.push({ tty: tty.name, uid, since, leader: tty.session, foreground: tty.foreground });
  }
  return out.sort((a, b) => a.tty.localeCompare(b.tty, 'en', { numeric: true }));
}
