import { evaluateTest, TestError } from '../lib/test-expression';
import { Fail, tool } from '../lib/tool';
import type { Program } from '../../host';

const help = `EXPRESSION
  or:  test
Exit with the status that EXPRESSION gives: 0 true, 1 false, 2 an error.

  ( E ), ! E, E -a E, E -o E
  -n S, S, -z S, S = S, S != S          strings
  N -eq N, -ne -lt -le -gt -ge          integers
  -e F, -f F, -d F, -L F, -p F, -S F    F exists, is a file, directory, link, FIFO, socket
  -r F, -w F, -x F, -s F, -t FD         readable, writable, executable, not empty, a terminal
  F -nt F, F -ot F, F -ef F             newer, older, the same
`;

/** test(1). */
export const test = tool({
  name: 'test',
  summary: 'check file types and compare values',
  help,
  *run(t) {
    yield* t.sys.work();
    try {
      return evaluateTest(t.sys, t.argv.slice(1), { quote: (s) => t.q(s) }) ? 0 : 1;
    } catch (e) {
      if (e instanceof TestError) throw new Fail(e.message, 2);
      throw e;
    }
  },
});

/** [(1). */
export const bracket: Program = tool({
  name: '[',
  summary: 'check file types and compare values',
  help,
  *run(t) {
    yield* t.sys.work();
    if (t.argv.length === 2 && /^--(help|version)$/.test(t.argv[1]!)) t.getopt('');
    if (t.argv.at(-1) !== ']') throw new Fail(`missing ${t.q(']')}`, 2);
    try {
      return evaluateTest(t.sys, t.argv.slice(1, -1), { quote: (s) => t.q(s) }) ? 0 : 1;
    } catch (e) {
      if (e instanceof TestError) throw new Fail(e.message, 2);
      throw e;
    }
  },
});
