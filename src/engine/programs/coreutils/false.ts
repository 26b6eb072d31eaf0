import { tool } from '../lib/tool';

/** false(1). */
export const falseProgram = tool({
  name: 'false',
  summary: 'do nothing, unsuccessfully',
  help: `[ignored command line arguments]
  or:  NAME OPTION
Exit with a status that says failure.
`,
  *run(t) {
    yield* t.sys.work();
    return 1;
  },
});
