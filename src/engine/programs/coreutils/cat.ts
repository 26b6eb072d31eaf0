import type { Coroutine } from '../../core';
import { strerror, isErrno } from '../../core';
import { Output } from '../lib/output';
import { toBinary } from '../lib/text';
import { fromBinary } from '../lib/text';
import type { Tool } from '../lib/tool';
import { tool } from '../lib/tool';

/** cat(1). */
export const cat = tool({
  name: 'cat',
  summary: 'concatenate files and print on the standard output',
  help: `[OPTION]... [FILE]...
Write each FILE, or standard input when there is none or it is -, to standard output.

  -A, --show-all           same as -vET
  -b, --number-nonblank    number lines that are not empty; overrides -n
  -e                       same as -vE
  -E, --show-ends          show $ at the end of each line
  -n, --number             number all lines
  -s, --squeeze-blank      at most one empty line in a row
  -t                       same as -vT
  -T, --show-tabs          show tabs as ^I
  -u                       ignored
  -v, --show-nonprinting   use ^ and M- notation, except for LFD and TAB
`,
  *run(t) {
    const { options, operands } = t.getopt('AbeEnstTuv', [
      'show-all=A',
      'number-nonblank=b',
      'show-ends=E',
      'number=n',
      'squeeze-blank=s',
      'show-tabs=T',
      'show-nonprinting=v',
    ]);
    const on = new Set(
      options.flatMap((o) => ({ A: ['v', 'E', 'T'], e: ['v', 'E'], t: ['v', 'T'] })[o.name] ?? [o.name]),
    );
    on.delete('u');
    const filter = on.size > 0 ? new Filter(on) : undefined;
    const out = new Output(t.sys, 1);
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name);
      if (fd === undefined) continue;
      try {
        yield* copy(t, fd, name, filter, out);
      } finally {
        t.close(fd);
      }
    }
    return 0;
  },
});

function* copy(t: Tool, fd: number, name: string, filter: Filter | undefined, out: Output): Coroutine<void> {
  for (;;) {
    let data: Uint8Array;
    try {
      data = yield* t.sys.read(fd, 131072);
    } catch (e) {
      if (!isErrno(e)) throw e;
      yield* t.complain(`${name}: ${strerror(e.code)}`);
      return;
    }
    if (data.length === 0) return;
    if (filter) {
      yield* out.write(fromBinary(filter.apply(toBinary(data))));
      yield* out.flush();
    } else yield* t.sys.write(1, data);
  }
}

/** The options that change text; state lives across files. */
class Filter {
  private line = 0;
  private fresh = true;
  private blanks = 0;
  constructor(private readonly on: ReadonlySet<string>) {}

  apply(text: string): string {
    const { on } = this;
    let out = '';
    for (const c of text) {
      if (this.fresh) {
        if (c === '\n') {
          this.blanks++;
          if (on.has('s') && this.blanks > 1) continue;
        } else this.blanks = 0;
        if (on.has('b') ? c !== '\n' : on.has('n')) out += `${String(++this.line).padStart(6)}\t`;
      }
      this.fresh = c === '\n';
      if (c === '\n') out += on.has('E') ? '$\n' : '\n';
      else if (c === '\t') out += on.has('T') ? '^I' : c;
      else out += on.has('v') ? visible(c.charCodeAt(0)) : c;
    }
    return out;
  }
}

function visible(code: number): string {
  if (code >= 128) return `M-${visible(code - 128)}`;
  if (code < 32) return `^${String.fromCharCode(code + 64)}`;
  return code === 127 ? '^?' : String.fromCharCode(code);
}
