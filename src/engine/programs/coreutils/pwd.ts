import { tool } from '../lib/tool';

/** pwd(1). */
export const pwd = tool({
  name: 'pwd',
  summary: 'print name of current/working directory',
  help: `[OPTION]...
Print the full name of the current directory.

  -L, --logical    use $PWD if it is right, even with symbolic links
  -P, --physical   without symbolic links (the default)
`,
  *run(t) {
    const { options } = t.getopt('LP', ['logical=L', 'physical=P']);
    const logical = options.at(-1)?.name === 'L';
    const shown = t.sys.env('PWD');
    let path = t.sys.files.realpath('.');
    if (
      logical &&
      shown?.startsWith('/') &&
      !/(^|\/)\.\.?(\/|$)/.test(shown) &&
      t.sys.files.exists(shown) &&
      t.sys.files.realpath(shown) === path
    )
      path = shown;
    yield* t.out.line(path);
    return 0;
  },
});
