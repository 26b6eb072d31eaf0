/** Helpers for the tests of this room: machines without processes. */
import './register';
import type { Caller, Coroutine, Wake } from '../core';
import { Random, Scheduler } from '../core';
import type { SocketOwner } from './socket';
import type { NetHost } from './namespace';
import { NetNamespace } from './namespace';

/** Where virtual time starts in tests. */
export const START = 1_795_000_000_000_000;

/** Root's sockets. */
export const ROOT: SocketOwner = { uid: 0, gid: 0, netRaw: true };

/** A caller that only waits. */
export const CALLER: Caller = {
  pid: 1,
  pgid: 1,
  sid: 1,
  *wait(queues, until) {
    const reason: Wake = yield until === undefined ? { queues } : { queues, until };
    return reason === 'timeout' ? 'timeout' : 'woken';
  },
  brokenPipe: () => undefined,
  signalGroup: () => undefined,
  ignores: () => false,
  random: (n) => new Uint8Array(n),
};

/** A world of one scheduler with machines for tests. */
export class TestWorld {
  readonly scheduler = new Scheduler(START);
  readonly random: Random;
  private inode = 100;
  private nsInode = 4026532000;
  readonly host: NetHost;

  constructor(seed = 'test') {
    this.random = new Random(seed);
    this.host = this.machine('vm');
  }

  machine(name: string): NetHost {
    return { name, scheduler: this.scheduler, random: this.random.fork(name), cpus: 2, pipeInode: () => this.inode++ };
  }

  ns(host: NetHost = this.host): NetNamespace {
    return new NetNamespace(host, this.nsInode++, {});
  }

  /** Lets `micros` of virtual time pass. */
  run(micros: number): void {
    const end = this.scheduler.now + micros;
    while (this.scheduler.step(end)) if (this.scheduler.now > end + 1e6) break;
    this.scheduler.idleTo(end);
  }

  /** Starts a coroutine and returns a place for its result. */
  spawn<T>(gen: Coroutine<T>): { value?: T; error?: unknown; done: boolean } {
    const slot: { value?: T; error?: unknown; done: boolean } = { done: false };
    function* body(): Coroutine<void> {
      slot.value = yield* gen;
    }
    this.scheduler.spawn(body(), (error) => {
      slot.done = true;
      if (error !== undefined) slot.error = error;
    });
    return slot;
  }
}
