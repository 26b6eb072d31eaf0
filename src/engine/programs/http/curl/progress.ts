/** The progress meter on standard error (curl(1), PROGRESS METER). */
import type { Coroutine } from '../../../core';
import type { TransferState } from './state';

const HEADING =
  '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n' +
  '                                 Dload  Upload   Total   Spent    Left  Speed\n';

/** The meter of one transfer: its first line and its last one, for virtual transfers are too quick for those between. */
export class ProgressMeter {
  private shown = false;
  /** The content is shown, so that it need not be counted. */
  private contentShown = false;

  constructor(private readonly state: TransferState) {}

  /** It stands on the terminal. */
  get running(): boolean {
    return this.shown;
  }

  /** Begins it. @param toTerminal the content goes to the terminal, where a meter would be in the way */
  *begin(toTerminal: boolean): Coroutine<void> {
    const { options: o, sys } = this.state;
    this.contentShown = toTerminal;
    if (this.shown || o.silent || o.noProgress || toTerminal) return;
    this.shown = true;
    yield* sys.eprint(`${HEADING}  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0`);
  }

  /** With -v, the bytes that pass are counted where the content itself is not shown. @param mark `{` received, `}` sent */
  *data(mark: '{' | '}', bytes: number): Coroutine<void> {
    if (!this.contentShown && this.state.options.verbose && bytes > 0)
      yield* this.state.sys.eprint(`${mark} [${bytes} bytes data]\n`);
  }

  /** Its last line. */
  *end(): Coroutine<void> {
    if (!this.shown) return;
    this.shown = false;
    const { sys, info, began } = this.state;
    const { sizeDownload } = info;
    const speed = Math.round(sizeDownload / Math.max(1e-3, (sys.now - began) / 1e6));
    const n = (v: number, w: number): string => String(v).padStart(w);
    const percent = sizeDownload > 0 ? 100 : 0;
    yield* sys.eprint(
      `\r${n(percent, 3)} ${n(sizeDownload, 5)} ${n(percent, 4)} ${n(sizeDownload, 5)}    0     0 ${n(speed, 6)}      0 --:--:-- --:--:-- --:--:-- ${n(speed, 5)}\n`,
    );
  }
}
