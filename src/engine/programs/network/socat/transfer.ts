/** The transfer loop of socat(1): both directions until both ends are over, and its time limits. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import { why } from '../common';
import { Activities } from '../tasks';
import type { Direction } from './address';
import type { Self } from './log';
import { stamp } from './log';
import type { Stream } from './stream';

/** Address of the buffer as error messages show it. */
function buffer(self: Self): string {
  const r = self.sys.random(4);
  return `0x55${[...r].map((b) => b.toString(16).padStart(2, '0')).join('')}${'000'}`;
}

/** -v and -x: the data as text, as hexadecimal, or both. */
export function dump(data: Uint8Array, text: boolean, hex: boolean): string {
  const hexOf = (bytes: Uint8Array): string => [...bytes].map((b) => ` ${b.toString(16).padStart(2, '0')}`).join('');
  const printable = (b: number): boolean => b >= 32 && b < 127;
  if (hex && text) {
    let out = '';
    for (let at = 0; at < data.length;) {
      let end = at;
      while (end < data.length && end - at < 16) if (data[end++] === 10) break;
      const line = data.subarray(at, end);
      out += `${hexOf(line).padEnd(50)}${[...line].map((b) => (printable(b) ? String.fromCharCode(b) : '.')).join('')}\n`;
      at = end;
    }
    return `${out}--\n`;
  }
  if (hex) return `${hexOf(data)}\n`;
  let out = '';
  for (const b of data) {
    if (b === 10 || b === 9) out += String.fromCharCode(b);
    else if (b === 13) out += '\\r';
    else if (b === 92) out += '\\\\';
    else out += printable(b) ? String.fromCharCode(b) : '.';
  }
  return out;
}

/**
 * Carries data between two opened addresses.
 * @param flow `both`, or one way: `read` from the first to the second, `write` the other way
 * @returns the exit status
 */
export function* transfer(self: Self, a: Stream, b: Stream, flow: Direction): Coroutine<number> {
  const { sys, o } = self;
  const pair = (s: Stream): string => `[${s.read ?? s.write ?? ''},${s.write ?? s.read ?? ''}]`;
  yield* self.say('N', `starting data transfer loop with FDs ${pair(a)} and ${pair(b)}`);
  const activities = new Activities();
  let ways = 0;
  let closing = Infinity;
  let last = sys.now;
  let failure: string | undefined;
  const moved = [0, 0];
  const way = function* (from: Stream, to: Stream, n: 0 | 1): Coroutine<void> {
    for (;;) {
      const at = from.read;
      if (at !== undefined) {
        const file = sys.file(at);
        while (!file.poll().readable && !file.poll().hangup) yield* sys.wait(file.waitQueues);
      }
      let data: Uint8Array | undefined;
      try {
        data = yield* from.take(self);
      } catch (e) {
        if (isErrno(e, 'EINTR')) throw e;
        if (isErrno(e, 'EAGAIN')) continue;
        // A terminal whose other end is gone reads as an error.
        if (!isErrno(e, 'EIO')) {
          failure = `read(${at}, ${buffer(self)}, ${o.buffer}): ${why(e)}`;
          break;
        }
        data = new Uint8Array(0);
      }
      last = sys.now;
      if (data === undefined) continue;
      if (data.length === 0) {
        if (from.ignoreEof) {
          yield* sys.sleep(1e6);
          continue;
        }
        yield* self.say('N', `socket ${n + 1} (fd ${at ?? from.write ?? 0}) is at EOF`);
        to.endWriting(self);
        closing = Math.min(closing, sys.now + o.closeWait);
        break;
      }
      if (o.text || o.hex) {
        const begin = moved[n]!;
        const when = `${stamp(sys.now)}.${String(sys.now % 1e6).padStart(9, '0')}`;
        yield* sys.eprint(
          `${n === 0 ? '>' : '<'} ${when}  length=${data.length} from=${begin} to=${begin + data.length - 1}\n` +
            dump(data, o.text, o.hex),
        );
      }
      moved[n]! += data.length;
      try {
        yield* to.put(self, data);
      } catch (e) {
        if (isErrno(e, 'EINTR')) throw e;
        failure = `write(${to.write}, ${buffer(self)}, ${data.length}): ${why(e)}`;
        break;
      }
      last = sys.now;
    }
    ways--;
  };
  const start = (from: Stream, to: Stream, n: 0 | 1): void => {
    ways++;
    activities.add(way(from, to, n));
  };
  if (flow !== 'write') start(a, b, 0);
  if (flow !== 'read') start(b, a, 1);
  // What ends the loop besides the data.
  activities.add(
    (function* (): Coroutine<void> {
      for (;;) {
        const until = Math.min(closing, o.idle > 0 ? last + o.idle : Infinity);
        if (until <= sys.now) return;
        // Another activity may bring the end nearer; it is looked at again with every one that runs.
        yield { queues: [], ...(until === Infinity ? {} : { until }) };
      }
    })(),
  );
  let idle = false;
  const over = (): boolean => {
    if (ways === 0 || failure !== undefined || self.signal !== 0) return true;
    if (sys.now >= closing) return true;
    idle = o.idle > 0 && sys.now >= last + o.idle;
    return idle;
  };
  activities.add(
    (function* (): Coroutine<void> {
      for (;;) {
        yield* self.children();
        yield* sys.wait([self.childChanged]);
      }
    })(),
  );
  yield* activities.run(() => sys.now, over);
  if (failure !== undefined) yield* self.fail(failure);
  if (idle) yield* self.say('N', 'inactivity timeout triggered');
  yield* self.say('N', `exiting with status 0`);
  return 0;
}
