import type { Micros } from '../core';

/** Release of the simulated kernel, as `uname -r` prints it. */
export const KERNEL_RELEASE = '6.1.0-28-amd64';
/** Version of the simulated kernel, as `uname -v` prints it. */
export const KERNEL_VERSION = '#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)';
/** /proc/version without its newline. */
export const KERNEL_BANNER = `Linux version ${KERNEL_RELEASE} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) ${KERNEL_VERSION}`;
/** /proc/cmdline without its newline. */
export const KERNEL_COMMAND_LINE = `BOOT_IMAGE=/boot/vmlinuz-${KERNEL_RELEASE} root=/dev/vda1 ro quiet`;

/** A message of printk(9). */
export interface KernelMessage {
  /** When, in virtual microseconds. */
  readonly time: Micros;
  /** Severity, 0 (emergency) to 7 (debug), as in syslog(3). */
  readonly level: number;
  readonly text: string;
}

/** Messages that the ring buffer keeps. */
const CAPACITY = 2000;

/** The kernel's log, which dmesg(1) shows. */
export class KernelLog {
  /** Oldest first. */
  readonly messages: KernelMessage[] = [];
  /** Messages before this count were cleared by `dmesg -C`; they are kept but not shown. */
  cleared = 0;
  /** Messages that fell out of the buffer. */
  dropped = 0;

  /** Adds a message. */
  add(time: Micros, level: number, text: string): void {
    this.messages.push({ time, level, text });
    if (this.messages.length > CAPACITY) {
      this.messages.shift();
      this.dropped++;
    }
  }

  /** Messages since the last `clear`. */
  get shown(): readonly KernelMessage[] {
    return this.messages.slice(Math.max(0, this.cleared - this.dropped));
  }

  /** SYSLOG_ACTION_CLEAR. */
  clear(): void {
    this.cleared = this.messages.length + this.dropped;
  }
}

/** What a machine of `memory` bytes and `cpus` processors says while it starts. */
export function bootMessages(log: KernelLog, now: Micros, memory: number, cpus: number): void {
  const kb = Math.floor(memory / 1024);
  const lines: readonly (readonly [number, string])[] = [
    [5, KERNEL_BANNER],
    [6, `Command line: ${KERNEL_COMMAND_LINE}`],
    [6, 'BIOS-provided physical RAM map:'],
    [6, `BIOS-e820: [mem 0x0000000000000000-0x${(memory - 1).toString(16).padStart(16, '0')}] usable`],
    [6, 'NX (Execute Disable) protection: active'],
    [6, 'Hypervisor detected: KVM'],
    [6, 'tsc: Detected 2500.000 MHz processor'],
    [6, `Memory: ${kb - 61440}K/${kb}K available`],
    [6, `smp: Brought up 1 node, ${cpus} CPU${cpus > 1 ? 's' : ''}`],
    [6, 'NET: Registered PF_NETLINK/PF_ROUTE protocol family'],
    [6, 'NET: Registered PF_INET protocol family'],
    [6, 'NET: Registered PF_UNIX/PF_LOCAL protocol family'],
    [6, 'NET: Registered PF_INET6 protocol family'],
    [6, 'NET: Registered PF_PACKET protocol family'],
    [6, 'EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.'],
    [6, 'Run /sbin/init as init process'],
  ];
  // A simulated machine starts in no time: the stamps only keep the order.
  lines.forEach(([level, text], i) => log.add(now + i, level, text));
}
