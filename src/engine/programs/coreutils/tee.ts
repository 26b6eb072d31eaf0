import { isErrno } from '../../core';
import { quoteShell } from '../lib/quote';
import { tool } from '../lib/tool';

/** tee(1). */
export const tee = tool({
  name: 'tee',
  summary: 'read from standard input and write to standard output and files',
  help: `[OPTION]... [FILE]...
Copy standard input to each FILE and to standard output.

  -a, --append              append to the FILEs, do not overwrite
  -i, --ignore-interrupts   ignore interrupt signals
  -p                        go on when a pipe breaks
`,
  *run(t) {
    const { options, operands } = t.getopt('aip', ['append=a', 'ignore-interrupts=i', 'output-error::=p']);
    const append = options.some((o) => o.name === 'a');
    if (options.some((o) => o.name === 'i')) t.sys.onSignal('SIGINT', 'ignore');
    if (options.some((o) => o.name === 'p')) t.sys.onSignal('SIGPIPE', 'ignore');
    const outputs: { fd: number; name: string }[] = [{ fd: 1, name: 'standard output' }];
    for (const name of operands) {
      try {
        outputs.push({ fd: yield* t.sys.open(name, { write: true, create: true, append, truncate: !append }), name });
      } catch (e) {
        yield* t.complainErrno(name, e);
      }
    }
    for (;;) {
      const data = yield* t.sys.read(0);
      if (data.length === 0 || outputs.length === 0) return 0;
      for (const o of [...outputs]) {
        try {
          yield* t.sys.write(o.fd, data);
        } catch (e) {
          if (!isErrno(e)) throw e;
          if (e.code === 'EPIPE') yield null;
          outputs.splice(outputs.indexOf(o), 1);
          if (e.code !== 'EPIPE') yield* t.complain(`${o.fd === 1 ? quoteShell(o.name) : o.name}: ${e.message}`);
        }
      }
    }
  },
});
