/** uptime(1). */
import type { Coroutine } from '../../core';
import { isErrno } from '../../core';
import type { Sys } from '../../host';
import { getopt } from '../lib/getopt';
import { gmtime } from '../lib/strftime';
import type { Tool } from '../lib/tool';
import { Fail } from '../lib/tool';
import { procps } from './procps';
import { sessions } from './sessions';
import { readClock } from './table';

/** uptime(1) of procps. */
export const uptime = procps({
  name: 'uptime',
  summary: 'tell how long the system has been running',
  help: `[options]

Options:
 -p, --pretty   show the time in words
 -h, --help     this text
 -s, --since    when the system was started
 -V, --version  the version`,
  *run(t) {
    const { options } = getopt(t.argv, 'phsV', ['pretty=p', 'since=s', 'help=h', 'version=V']);
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const clock = yield* upTime(t);
    if (has('s')) yield* t.out.line(stamp(Math.round(clock.boot)));
    else if (has('p')) yield* t.out.line(pretty(clock.uptime));
    else yield* t.out.line(yield* uptimeLine(t.sys, clock.uptime));
    return 0;
  },
});

/** The clock, or the complaint of procps when /proc is not there. @throws Fail */
export function* upTime(t: Tool): Coroutine<{ uptime: number; boot: number }> {
  try {
    return yield* readClock(t.sys);
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new Fail(`Cannot get system uptime: ${e.message}`);
  }
}

/** ` 22:10:36 up  1:15,  1 user,  load average: 0.00, 0.01, 0.05` */
export function* uptimeLine(sys: Sys, seconds: number): Coroutine<string> {
  const t = gmtime(sys.now);
  const two = (n: number): string => String(n).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  let up = days > 0 ? `${days} day${days > 1 ? 's' : ''}, ` : '';
  up += hours > 0 ? `${String(hours).padStart(2)}:${two(minutes)}, ` : `${minutes} min, `;
  const users = sessions(sys).length;
  const load = (yield* sys.readFile('/proc/loadavg')).split(' ').slice(0, 3).join(', ');
  const time = `${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
  return ` ${time} up ${up}${String(users).padStart(2)} user${users > 1 ? 's' : ''},  load average: ${load}`;
}

/** `up 1 hour, 15 minutes` */
function pretty(seconds: number): string {
  const units = [
    ['year', Math.floor(seconds / 31536000)],
    ['week', Math.floor((seconds % 31536000) / 604800)],
    ['day', Math.floor((seconds % 604800) / 86400)],
    ['hour', Math.floor(seconds / 3600) % 24],
    ['minute', Math.floor(seconds / 60) % 60],
  ] as const;
  const parts = units.filter(([, n]) => n > 0).map(([name, n]) => `${n} ${name}${n > 1 ? 's' : ''}`);
  return `up ${parts.length > 0 ? parts.join(', ') : '0 minutes'}`;
}

/** `2026-11-26 20:54:55` */
export function stamp(seconds: number): string {
  const t = gmtime(seconds * 1e6);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${t.year}-${two(t.month)}-${two(t.day)} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}
