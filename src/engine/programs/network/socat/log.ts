/** The messages of socat(1), and what one of its processes knows. */
import type { Coroutine } from '../../../core';
import { isErrno, WaitQueue } from '../../../core';
import type { Sys } from '../../../host';
import { ip6Bytes } from '../../../wire';
import type { SockAddr } from '../../../net';
import { strftime } from '../../lib/strftime';

/** Levels, most important first: error, warning, notice, info, debug. */
export type Level = 'E' | 'W' | 'N' | 'I' | 'D';

/** What the command line asks for. */
export interface SocatOptions {
  /** 0: errors; 1: warnings; 2: notices; 3: information; 4: everything. */
  level: number;
  text: boolean;
  hex: boolean;
  left: boolean;
  right: boolean;
  buffer: number;
  sloppy: boolean;
  /** Microseconds. */
  closeWait: number;
  idle: number;
  name: string;
  micros: boolean;
  host: boolean;
  file: string | undefined;
  family: '4' | '6' | '';
}

/** An error that has been told: the end with status 1. */
export class Failed extends Error {}

/** Date and time as the messages have them (UTC: the machines know no other zone). */
export function stamp(micros: number): string {
  return strftime('%Y/%m/%d %H:%M:%S', micros);
}

/** An endpoint as the messages show it: `AF=2 127.0.0.1:80`, IPv6 with all its digits. */
export function shown(a: SockAddr, v6 = typeof a.address === 'string'): string {
  return `AF=${v6 ? 10 : 2} ${hostShown(a.address)}:${a.port}`;
}

/** The address of `shown`. */
export function hostShown(address: SockAddr['address']): string {
  if (typeof address === 'number') return [24, 16, 8, 0].map((n) => (address >>> n) & 255).join('.');
  const b = ip6Bytes(address);
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((b[i]! << 8) | b[i + 1]!).toString(16).padStart(4, '0'));
  return `[${groups.join(':')}]`;
}

/** One process of socat: its messages and signals. */
export class Self {
  /** The number of the signal that ends it. */
  signal = 0;
  /** Children that ended and have not been spoken of. */
  died = 0;
  readonly childChanged = new WaitQueue();
  /** Things to do at the end, such as removing the socket's name. */
  readonly atEnd: (() => void)[] = [];
  /** The program that EXEC started. */
  child: number | undefined;

  constructor(
    readonly sys: Sys,
    readonly o: SocatOptions,
  ) {
    for (const [name, number] of [
      ['SIGHUP', 1],
      ['SIGINT', 2],
      ['SIGQUIT', 3],
      ['SIGTERM', 15],
    ] as const)
      sys.onSignal(name, () => (this.signal = number));
    sys.onSignal(
      'SIGCHLD',
      () => {
        this.died++;
        this.childChanged.wakeAll();
      },
      true,
    );
    sys.onSignal('SIGPIPE', 'ignore');
  }

  /** Writes a message if its level is asked for. */
  *say(level: Level, text: string): Coroutine<void> {
    if ('EWNID'.indexOf(level) > this.o.level) return;
    const { sys, o } = this;
    const micros = o.micros ? `.${String(sys.now % 1e6).padStart(6, '0')}` : '';
    const host = o.host ? ` ${sys.proc.ns.uts.hostname}` : '';
    const line = `${stamp(sys.now)}${micros}${host} ${o.name}[${sys.pid}] ${level} ${text}\n`;
    if (o.file === undefined) {
      yield* sys.eprint(line);
      return;
    }
    try {
      const fd = yield* sys.open(o.file, { write: true, create: true, append: true });
      yield* sys.write(fd, line);
      sys.close(fd);
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }

  /** An error: said, then the end. */
  *fail(text: string): Coroutine<never> {
    yield* this.say('E', text);
    throw new Failed(text);
  }

  /** Says what there is to say of children that ended, and collects them. */
  *children(): Coroutine<void> {
    while (this.died > 0) {
      this.died--;
      yield* this.say('N', 'childdied(): handling signal 17');
      try {
        while (yield* this.sys.waitpid(-1, { nohang: true }));
      } catch (e) {
        if (!isErrno(e)) throw e;
      }
    }
  }

  /** Waits until a descriptor can be read, or accepted from, and speaks of children that end meanwhile. */
  *readable(fd: number): Coroutine<void> {
    const file = this.sys.file(fd);
    for (;;) {
      yield* this.children();
      const ready = file.poll();
      if (ready.readable || ready.hangup) return;
      yield* this.sys.wait([...file.waitQueues, this.childChanged]);
    }
  }
}
