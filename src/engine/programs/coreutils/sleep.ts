import { tool, UsageError } from '../lib/tool';

const UNITS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** Seconds of `0.5`, `2m`, `1h`, `infinity`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const m = /^\s*\+?(\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|inf(?:inity)?)([smhd]?)$/i.exec(text);
  if (!m) return undefined;
  const value = /^inf/i.test(m[1]!) ? Infinity : Number(m[1]);
  return value * UNITS[m[2]!]!;
}

/** sleep(1). */
export const sleep = tool({
  name: 'sleep',
  summary: 'delay for a specified amount of time',
  help: `NUMBER[SUFFIX]...
  or:  sleep OPTION
Pause for NUMBER seconds. SUFFIX: s seconds, m minutes, h hours, d days. Several arguments add up; NUMBER may have a fraction.
`,
  *run(t) {
    const { operands } = t.getopt('+');
    if (operands.length === 0) throw new UsageError('missing operand');
    let total = 0;
    let bad = false;
    for (const text of operands) {
      const seconds = parseDuration(text);
      if (seconds === undefined) {
        bad = true;
        yield* t.warn(`invalid time interval ${t.q(text)}`);
      } else total += seconds;
    }
    if (bad) throw new UsageError();
    yield* t.sys.sleep(Math.min(total * 1e6, 1e15));
    return 0;
  },
});
