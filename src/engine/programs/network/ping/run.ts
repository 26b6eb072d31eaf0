/** The engine of ping: what is sent when, what comes back, the statistics at the end. */
import type { Coroutine } from '../../../core';
import { isErrno, strerror } from '../../../core';
import type { Sys } from '../../../host';
import type { Message, RawSocket, SocketError } from '../../../net';
import type { IpAddress, Transport } from '../../../wire';
import { formatIp } from '../../../wire';
import { nameOf } from '../resolver';
import type { PingOptions } from './options';

/** What differs between the families. */
export interface PingFamily {
  /** An echo request. */
  readonly request: (id: number, seq: number, data: Uint8Array) => Transport;
  /** Sequence number and data of a reply that is ours; undefined for anything else. */
  readonly reply: (message: Message, id: number) => { seq: number; data: Uint8Array } | undefined;
  /** Sequence number of the request an error is about; undefined when it is not ours. */
  readonly about: (error: SocketError, id: number) => number | undefined;
  readonly describe: (error: SocketError) => string;
  /** Sends one packet to the destination. @throws Errno */
  readonly send: (payload: Transport) => void;
  /** An address as it is shown. */
  readonly show: (address: IpAddress, scope: number | undefined) => string;
  /** An error counts as an answer for the "pipe" of the statistics: only in the IPv4 half of the original. */
  readonly errorsAnswer: boolean;
  /** What is said about a reply besides, behind its line: options of IP that it carries. */
  readonly notes?: (message: Message) => Coroutine<string>;
  /** Many may answer: a second reply is no duplicate worth a word. */
  readonly many: boolean;
}

/** Bits of the duplicate filter: sequence numbers repeat after that many. */
const MAX_DUP_CHECK = 65536;
const MIN_INTERVAL_MS = 10;

/** One run of ping after everything is set up. */
export class PingRun {
  private transmitted = 0;
  private received = 0;
  private repeats = 0;
  private errorCount = 0;
  private acked = 0;
  private pipe = 0;
  private tokens = 0;
  private lastSend: number | undefined;
  private startTime = 0;
  private interval: number;
  /** How often in a row the device had no room for the packet. */
  private fullQueue = 0;
  private sum = 0;
  private sum2 = 0;
  private min = Infinity;
  private max = 0;
  private rtt = 0;
  private exiting = false;
  private snapshot = false;
  private alarm: number | undefined;
  private readonly seen = new Set<number>();
  private readonly sent = new Map<number, number>();

  constructor(
    private readonly sys: Sys,
    private readonly o: PingOptions,
    private readonly socket: RawSocket,
    private readonly family: PingFamily,
    private readonly id: number,
    /** The name in the statistics' heading. */
    private readonly hostName: string,
  ) {
    this.interval = o.interval;
  }

  /** Sends and receives until it is over. @returns the exit status */
  *run(): Coroutine<number> {
    const { sys, o } = this;
    sys.onSignal('SIGINT', () => (this.exiting = true));
    sys.onSignal('SIGQUIT', () => (this.snapshot = true));
    this.startTime = sys.now;
    if (o.deadline !== undefined && o.deadline > 0) this.alarm = sys.now + o.deadline * 1e6;
    try {
      yield* this.loop();
    } catch (e) {
      if (!isErrno(e, 'EINTR')) throw e;
    }
    return yield* this.finish();
  }

  private get inFlight(): number {
    const diff = (this.transmitted - this.acked) & 0xffff;
    return diff <= 0x7fff ? diff : this.transmitted - this.received - this.errorCount;
  }

  private *loop(): Coroutine<void> {
    const { sys, o } = this;
    for (;;) {
      if (this.alarm !== undefined && sys.now >= this.alarm) this.exiting = true;
      if (this.exiting) return;
      if (o.count !== undefined && this.received + this.errorCount >= o.count) return;
      if (o.deadline !== undefined && this.errorCount > 0) return;
      if (this.snapshot) yield* this.status();
      let next: number;
      do {
        next = yield* this.pinger();
        if (o.count !== undefined && this.transmitted >= o.count && o.deadline === undefined)
          next = this.scheduleExit(next);
      } while (next <= 0 && !this.exiting);
      // Receives until the next packet is due or nothing is outstanding and the wait is over.
      const due = sys.now + next * 1000;
      for (;;) {
        yield* sys.work(2);
        const until = this.alarm === undefined ? due : Math.min(due, this.alarm);
        const got = yield* this.receive(until);
        if (!got || this.exiting || this.snapshot) break;
        if (o.count !== undefined && this.received + this.errorCount >= o.count) return;
        if (o.flood && this.inFlight === 0) break;
        if (o.adaptive && this.inFlight === 0) break;
      }
    }
  }

  /** Everything was sent: how long the last replies are waited for. */
  private scheduleExit(next: number): number {
    if (this.alarm !== undefined) return next;
    let wait = this.received > 0 ? Math.max(2 * this.max, 1000 * this.interval) : this.o.linger * 1000;
    if (wait < 0) wait = 0;
    this.alarm = this.sys.now + wait;
    const millis = Math.floor(wait / 1000);
    return next < 0 || next < millis ? millis : next;
  }

  /** Sends if it is time. @returns milliseconds until the next send; 0 or less: at once. */
  private *pinger(): Coroutine<number> {
    const { sys, o } = this;
    if (this.exiting || (o.count !== undefined && this.transmitted >= o.count && o.deadline === undefined)) return 1000;
    const { interval } = this;
    if (this.lastSend === undefined) {
      this.lastSend = sys.now;
      this.tokens = interval * (o.preload - 1);
    } else {
      let tokens = Math.floor((sys.now - this.lastSend) / 1000);
      if (interval === 0 && tokens < MIN_INTERVAL_MS && this.inFlight >= o.preload) return MIN_INTERVAL_MS - tokens;
      tokens += this.tokens;
      tokens = Math.min(tokens, interval * o.preload);
      if (tokens < interval) return interval - tokens;
      this.lastSend = sys.now;
      this.tokens = tokens - interval;
    }
    if (o.outstanding && this.transmitted > 0 && !this.seen.has(this.transmitted % MAX_DUP_CHECK)) {
      yield* sys.print(`${this.stamp()}no answer yet for icmp_seq=${this.transmitted % MAX_DUP_CHECK}\n`);
    }
    const seq = (this.transmitted + 1) & 0xffff;
    this.seen.delete(seq);
    for (;;) {
      try {
        this.sent.set(seq, sys.now);
        this.family.send(this.family.request(this.id, seq, this.data(seq)));
        this.transmitted++;
        this.fullQueue = 0;
        if (this.sent.size > 4096) this.sent.delete(this.sent.keys().next().value!);
        if (!o.quiet && o.flood) yield* sys.print('.');
        // The way through the kernel costs a little; it is part of what a round trip takes.
        yield* sys.work(12);
        return interval - this.tokens;
      } catch (e) {
        if (!isErrno(e)) throw e;
        if (e.code === 'ENOBUFS') {
          // The device may have room again soon; that is tried for as long as one would wait for the last answer.
          this.tokens = 0;
          const retry = Math.min(Math.max(MIN_INTERVAL_MS, interval / 2), 500);
          if (++this.fullQueue * retry < o.linger) return retry;
        }
        // What a rule sent back over the loopback is there before the system call returns.
        yield* sys.wait([this.socket.changed], sys.now + 12);
        const queued = yield* this.takeErrors();
        this.transmitted++;
        // Asking an empty error queue counts as a local error in iputils: nothing is said about a packet that was refused.
        if (!o.quiet && o.flood) yield* sys.print('E');
        // A network error there (REJECT of one's own packet) is printed by itself, and then what send said; so is a device's full queue.
        else if (!o.quiet && (queued > 0 || e.code === 'ENOBUFS'))
          yield* sys.eprint(`ping: sendmsg: ${strerror(e.code)}\n`);
        this.tokens = 0;
        return Math.max(MIN_INTERVAL_MS, interval);
      }
    }
  }

  /** What the packet carries behind the ICMP header: the time, then a pattern. */
  private data(_seq: number): Uint8Array {
    const { o, sys } = this;
    const data = new Uint8Array(o.size);
    for (let i = 0; i < data.length; i++) data[i] = o.pattern?.length ? o.pattern[i % o.pattern.length]! : i & 0xff;
    if (data.length >= 16) {
      const view = new DataView(data.buffer);
      const now = sys.now;
      view.setUint32(0, Math.floor(now / 1e6) >>> 0, true);
      view.setUint32(4, 0, true);
      view.setUint32(8, now % 1e6, true);
      view.setUint32(12, 0, true);
    }
    return data;
  }

  /** Waits for one packet or error until `until`. @returns false when the time is over */
  private *receive(until: number): Coroutine<boolean> {
    const { sys, socket } = this;
    if (socket.errors.length > 0) {
      yield* this.takeErrors();
      return true;
    }
    let message: Message;
    try {
      message = yield* socket.receive(sys, { until });
    } catch (e) {
      if (!isErrno(e)) throw e;
      if (e.code === 'EAGAIN') return sys.now < until;
      if (e.code === 'EINTR') return true;
      if (socket.errors.length > 0) {
        yield* this.takeErrors();
        return true;
      }
      return true;
    }
    const reply = this.family.reply(message, this.id);
    if (reply) yield* this.gather(message, reply.seq, reply.data);
    return true;
  }

  /** Reads the error queue. @returns how many were network errors; negative for local ones */
  private *takeErrors(): Coroutine<number> {
    const { sys, o } = this;
    let count = 0;
    for (let e = this.socket.takeQueuedError(); e; e = this.socket.takeQueuedError()) {
      if (e.origin === 'local') {
        this.errorCount++;
        count--;
        if (o.quiet) continue;
        if (o.flood) yield* sys.print('E');
        else if (e.errno === 'EMSGSIZE')
          yield* sys.eprint(
            `ping: local error: message too long, mtu${typeof e.destination.address === 'number' ? '=' : ': '}${e.info}\n`,
          );
        else yield* sys.eprint(`ping: local error: ${e.errno}\n`);
        continue;
      }
      const seq = this.family.about(e, this.id);
      if (seq === undefined) continue;
      if (this.family.errorsAnswer) this.acknowledge(seq);
      this.errorCount++;
      count++;
      if (o.quiet) continue;
      if (o.flood) yield* sys.print('\bE');
      else {
        const from = yield* this.from(e.offender ?? 0, e.scope);
        yield* sys.print(`${this.stamp()}From ${from} icmp_seq=${seq} ${this.family.describe(e)}\n`);
      }
    }
    return count;
  }

  private acknowledge(seq: number): void {
    const diff = (this.transmitted - seq) & 0xffff;
    if (diff <= 0x7fff) {
      if (diff + 1 > this.pipe) this.pipe = diff + 1;
      const ahead = (seq - this.acked) & 0xffff;
      if ((ahead <= 0x7fff && ahead > 0) || this.transmitted - this.acked > 0x7fff) this.acked = seq;
    }
  }

  private *from(address: IpAddress, scope: number | undefined): Coroutine<string> {
    const text = this.family.show(address, scope);
    if (this.o.numeric) return text;
    const name = yield* nameOf(this.sys, address);
    return name === undefined ? text : `${name} (${text})`;
  }

  private stamp(): string {
    if (!this.o.timestamps) return '';
    const { now } = this.sys;
    return `[${Math.floor(now / 1e6)}.${String(now % 1e6).padStart(6, '0')}] `;
  }

  private *gather(message: Message, seq: number, data: Uint8Array): Coroutine<void> {
    const { sys, o } = this;
    this.received++;
    this.acknowledge(seq);
    const notes = o.quiet || o.flood ? '' : yield* this.family.notes?.(message) ?? none();
    const timing = o.size >= 16 && data.length >= 16;
    let trip = 0;
    const sentAt = this.sent.get(seq);
    if (timing && sentAt !== undefined) {
      trip = Math.max(0, message.at - sentAt);
      this.sum += trip;
      this.sum2 += trip * trip;
      this.min = Math.min(this.min, trip);
      this.max = Math.max(this.max, trip);
      if (this.rtt === 0) this.rtt = trip * 8;
      else this.rtt += trip - Math.floor(this.rtt / 8);
      if (o.adaptive) this.interval = Math.max(0, Math.ceil(this.rtt / 8 / 1000));
    }
    const duplicate = this.seen.has(seq);
    if (duplicate) {
      this.repeats++;
      this.received--;
    } else this.seen.add(seq);
    if (o.quiet) return;
    if (o.flood) {
      yield* sys.print('\b \b');
      return;
    }
    const from = yield* this.from(message.from.address, message.from.scope);
    let line = `${this.stamp()}${data.length + 8} bytes from ${from}: icmp_seq=${seq}`;
    if (o.verbose) line += ` ident=${this.id}`;
    line += ` ttl=${message.ttl}`;
    if (data.length < o.size) line += ' (truncated)';
    else {
      if (timing) line += ` time=${tripText(trip)} ms`;
      if (duplicate && !this.family.many) line += ' (DUP!)';
    }
    yield* sys.print(`${line}${o.audible ? '\x07' : ''}${notes}\n`);
  }

  /** What SIGQUIT asks for. */
  private *status(): Coroutine<void> {
    this.snapshot = false;
    const loss = this.transmitted === 0 ? 0 : Math.floor(((this.transmitted - this.received) * 100) / this.transmitted);
    let text = `\r${this.received}/${this.transmitted} packets, ${loss}% loss`;
    if (this.received > 0 && this.o.size >= 16) {
      const average = Math.floor(this.sum / (this.received + this.repeats));
      text += `, min/avg/ewma/max = ${milli(this.min)}/${milli(average)}/${milli(Math.floor(this.rtt / 8))}/${milli(this.max)} ms`;
    }
    yield* this.sys.eprint(`${text}\n`);
  }

  private *finish(): Coroutine<number> {
    const { o, sys } = this;
    const lines = [`\n--- ${this.hostName} ping statistics ---\n`];
    let text = `${this.transmitted} packets transmitted, ${this.received} received`;
    if (this.repeats > 0) text += `, +${this.repeats} duplicates`;
    if (this.errorCount > 0) text += `, +${this.errorCount} errors`;
    const elapsed = (this.lastSend ?? this.startTime) - this.startTime;
    if (this.transmitted > 0) {
      const loss = ((this.transmitted - this.received) * 100) / this.transmitted;
      text += `, ${general(loss)}% packet loss, time ${Math.floor((elapsed + 500) / 1000)}ms`;
    }
    lines.push(`${text}\n`);
    let tail = '';
    let comma = '';
    if (this.received > 0 && o.size >= 16) {
      const n = this.received + this.repeats;
      const average = Math.floor(this.sum / n);
      const deviation = Math.floor(Math.sqrt(Math.max(0, this.sum2 / n - (this.sum / n) ** 2)));
      tail += `rtt min/avg/max/mdev = ${milli(this.min)}/${milli(average)}/${milli(this.max)}/${milli(deviation)} ms`;
      comma = ', ';
    }
    if (this.pipe > 1) {
      tail += `${comma}pipe ${this.pipe}`;
      comma = ', ';
    }
    if (this.received > 0 && (this.interval === 0 || o.flood || o.adaptive) && this.transmitted > 1) {
      const gap = Math.floor(elapsed / (this.transmitted - 1));
      tail += `${comma}ipg/ewma ${milli(gap)}/${milli(Math.floor(this.rtt / 8))} ms`;
    }
    yield* sys.print(`${lines.join('')}${tail}\n`);
    if (this.received === 0) return 1;
    return o.deadline !== undefined && o.count !== undefined && this.received < o.count ? 1 : 0;
  }
}

function* none(): Coroutine<string> {
  return '';
}

/** Microseconds as milliseconds with three digits. */
function milli(us: number): string {
  return `${Math.floor(us / 1000)}.${String(us % 1000).padStart(3, '0')}`;
}

/** A round trip with as many digits as ping shows. */
function tripText(us: number): string {
  if (us >= 100_000 - 50) return String(Math.floor((us + 500) / 1000));
  if (us >= 10_000 - 5) return `${Math.floor((us + 50) / 1000)}.${Math.floor(((us + 50) % 1000) / 100)}`;
  if (us >= 1000)
    return `${Math.floor((us + 5) / 1000)}.${String(Math.floor(((us + 5) % 1000) / 10)).padStart(2, '0')}`;
  return milli(us);
}

/** `%g` of a C float: at most six significant digits. */
function general(value: number): string {
  return String(Number(Math.fround(value).toPrecision(6)));
}

/** An address without a scope. */
export function plainAddress(address: IpAddress): string {
  return formatIp(address);
}
