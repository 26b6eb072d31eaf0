/** The log of dnsmasq (log.c): standard error in debug mode, a file, or syslog, which nobody reads here. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import { strftime } from '../../lib/strftime';
import type { DnsmasqConfig } from './config';

/** Where lines go. */
export class Log {
  private fd: number | undefined;

  constructor(private readonly config: DnsmasqConfig) {}

  /** Opens the file of --log-facility. @throws Errno */
  *open(sys: Sys): Coroutine<void> {
    const { logFacility, debug } = this.config;
    if (logFacility === '-') this.fd = 2;
    else if (logFacility?.includes('/'))
      this.fd = yield* sys.open(logFacility, { write: true, create: true, append: true, mode: 0o640 });
    else if (debug) this.fd = 2;
  }

  /** Writes one line; what cannot be written is lost. */
  *line(sys: Sys, text: string): Coroutine<void> {
    if (this.fd === undefined) return;
    const { logFacility, debug } = this.config;
    const pid = `dnsmasq[${sys.pid}]`;
    const head =
      this.fd !== 2 ? `${strftime('%b %e %H:%M:%S', sys.now)} ${pid}` : logFacility === '-' && !debug ? pid : 'dnsmasq';
    try {
      yield* sys.write(this.fd, `${head}: ${text}\n`);
    } catch (e) {
      if (!isErrno(e)) throw e;
    }
  }
}
