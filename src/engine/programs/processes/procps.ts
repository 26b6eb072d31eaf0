/** What the tools of procps-ng share: their usage texts, `--help` and `--version`. */
import type { Coroutine } from '../../core';
import type { Program } from '../../host';
import { GetoptError } from '../lib/getopt';
import type { Tool, ToolSpec } from '../lib/tool';
import { Fail, manualOf, tool } from '../lib/tool';
import { NoProcfs } from './table';

/** A mistake after which the whole usage text is shown on standard error. */
export class Usage extends Error {
  constructor(
    message = '',
    readonly status = 1,
  ) {
    super(message);
  }
}

/** Makes a tool that answers mistakes with its usage text, as procps does. `help` is written as for `tool`. */
export function procps(spec: Omit<ToolSpec, 'version' | 'usage'> & { links?: readonly string[] }): Program {
  const { usageStatus = 1 } = spec;
  const usage = `\nUsage:\n ${spec.name} ${spec.help.trimEnd()}\n\nFor more details see ${spec.name}(1).\n`;
  function* run(t: Tool): Coroutine<number> {
    try {
      const first = t.argv[1];
      if (first === '--help') {
        yield* t.out.write(usage);
        return 0;
      }
      if (first === '--version' || (first === '-V' && t.argv.length === 2)) {
        yield* t.out.write(`${spec.name} from procps-ng 4.0.2\n`);
        return 0;
      }
      return yield* spec.run(t);
    } catch (e) {
      if (e instanceof Usage || e instanceof GetoptError) {
        if (e.message !== '') yield* t.warn(e.message);
        yield* t.sys.eprint(usage);
        return e instanceof Usage ? e.status : usageStatus;
      }
      if (e instanceof NoProcfs) {
        yield* t.sys.eprint(`${e.message}\n`);
        return 47;
      }
      throw e;
    }
  }
  return { ...tool({ ...spec, version: 'procps-ng 4.0.2', run }), manual: manualOf(spec) };
}

/** Reads a list of numbers: `1,2 3`. @throws Fail through `bad` */
export function numberList(text: string, bad: string): number[] {
  return text
    .split(/[ ,]+/)
    .filter((n) => n !== '')
    .map((n) => {
      if (!/^-?\d+$/.test(n)) throw new Fail(bad);
      return Number(n);
    });
}
