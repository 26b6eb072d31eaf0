import { Errno } from './errno';
import type { Coroutine, WaitQueue } from './scheduler';

/** What poll(2) reports. `hangup` is set when the other end is gone. */
export interface Ready {
  readable: boolean;
  writable: boolean;
  hangup?: boolean;
}

/** Whoever performs a read or write: the kernel side of a process. */
export interface Caller {
  readonly pid: number;
  /** Waits and returns why it ended; throws EINTR when a signal must be handled first. */
  wait(queues: readonly WaitQueue[], until?: number): Coroutine<'woken' | 'timeout'>;
  /** Sends SIGPIPE to the caller itself. */
  brokenPipe(): void;
  /** Job control of terminals: foreground check before a read or a write. */
  readonly pgid: number;
  readonly sid: number;
  /** Sends a signal to the caller's own process group (SIGTTIN, SIGTTOU). */
  signalGroup(signal: 'SIGTTIN' | 'SIGTTOU'): void;
  /** True when the signal is ignored or blocked by the caller. */
  ignores(signal: 'SIGTTIN' | 'SIGTTOU'): boolean;
  /** Random bytes for /dev/urandom. */
  random(n: number): Uint8Array;
}

/** What all descriptors to one open(2), pipe(2) or socket(2) share: the open file description. */
export abstract class OpenFile {
  /** Descriptors that refer to it, over all processes. At zero it is closed. */
  private refs = 0;
  nonblocking = false;
  append = false;

  constructor(
    readonly readable: boolean,
    readonly writable: boolean,
  ) {}

  /** Queues that are woken when `poll` may have changed. */
  abstract readonly waitQueues: readonly WaitQueue[];

  /** Up to `max` bytes; an empty array at end of file. @throws Errno EAGAIN when non-blocking and nothing is there. */
  abstract read(caller: Caller, max: number): Coroutine<Uint8Array>;

  /** Writes some or all of `data`; returns how many bytes. @throws Errno EPIPE, EAGAIN, ENOSPC ... */
  abstract write(caller: Caller, data: Uint8Array): Coroutine<number>;

  /** Current readiness; regular files are always ready. */
  poll(): Ready {
    return { readable: true, writable: true };
  }

  /** What /proc/PID/fd/N points at, such as `pipe:[8]` or a path. */
  abstract describe(): string;

  /** The terminal behind this file, if it is one. */
  get isTty(): boolean {
    return false;
  }

  /** Sets the position. @returns the new position in bytes. @throws Errno ESPIPE where there is none. */
  seek(_offset: number, _whence: 'set' | 'cur' | 'end'): number {
    throw new Errno('ESPIPE');
  }

  /** A new descriptor refers to this file. */
  ref(): this {
    this.refs++;
    return this;
  }

  /** A descriptor is gone. */
  unref(): void {
    if (--this.refs === 0) this.release();
  }

  /** Gives up a file that never got a descriptor. */
  discard(): void {
    if (this.refs === 0) this.release();
  }

  /** Called once, when the last descriptor is gone. */
  protected release(): void {}
}
