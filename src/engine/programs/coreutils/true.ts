import { tool } from '../lib/tool';

const help = `[ignored command line arguments]
  or:  NAME OPTION
`;

/** true(1). */
export const trueProgram = tool({
  name: 'true',
  summary: 'do nothing, successfully',
  help: `${help}Exit with a status that says success.\n`,
  *run(t) {
    if (t.argv.length === 2 && /^--(help|version)$/.test(t.argv[1]!)) t.getopt('');
    yield* t.sys.work();
    return 0;
  },
});
