/** Where captured packets go: the terminal, a file, or both. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import { pcapHeader, pcapRecord } from '../../wire';
import { makePrintState, printPacket } from '../../wire/print';
import { Stop, why } from './common';
import type { Settings } from './tcpdump-options';

/** What stdio keeps before it writes to something that is no terminal. */
const BUFFER = 4096;

/** Where packets go: the terminal, a file, or both. */
export class Sink {
  captured = 0;
  private text = '';
  private readonly state = makePrintState();
  private file: number | undefined;

  constructor(
    private readonly sys: Sys,
    private readonly s: Settings,
    readonly linkType: number,
  ) {
    s.print.linkType = linkType;
  }

  /** Opens the file of -w. @throws Stop */
  *open(snaplen: number): Coroutine<void> {
    const { write } = this.s;
    if (write === undefined) return;
    if (write === '-') this.file = 1;
    else {
      try {
        this.file = yield* this.sys.open(write, { write: true, create: true, truncate: true });
      } catch (e) {
        throw new Stop(1, `tcpdump: ${write}: ${why(e)}\n`);
      }
    }
    yield* this.sys.write(this.file, pcapHeader(this.linkType, snaplen));
  }

  *packet(seconds: number, microseconds: number, bytes: Uint8Array, length: number): Coroutine<void> {
    this.captured++;
    const { s, sys } = this;
    if (this.file !== undefined)
      yield* sys.write(this.file, pcapRecord(seconds, microseconds, bytes, s.snaplen, length));
    if (s.countOnly || (this.file !== undefined && !s.alsoPrint)) return;
    this.text += `${printPacket({ seconds, microseconds, bytes, length }, s.print, this.state)}\n`;
    if (s.lineBuffered || sys.isatty(1) || this.text.length >= BUFFER) yield* this.flush();
  }

  *flush(): Coroutine<void> {
    const text = this.text;
    this.text = '';
    if (text !== '') yield* this.sys.print(text);
  }

  /** A line of its own at the end of an interrupted capture. */
  interrupted(): void {
    if (this.file === undefined) this.text += '\n';
  }
}
