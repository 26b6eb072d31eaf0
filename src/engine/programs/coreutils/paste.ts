import { LineReader } from '../lib/lines';
import { tool } from '../lib/tool';

/** paste(1). */
export const paste = tool({
  name: 'paste',
  summary: 'merge lines of files',
  help: `[OPTION]... [FILE]...
Write lines made of the corresponding lines of each FILE, with tabs between.

  -d, --delimiters=LIST   use the characters of LIST in turn instead of tabs
  -s, --serial            one file after the other: all its lines become one
  -z, --zero-terminated   lines end with NUL
`,
  *run(t) {
    const { options, operands } = t.getopt('d:sz', ['delimiters:=d', 'serial=s', 'zero-terminated=z']);
    const raw = options.findLast((o) => o.name === 'd')?.arg ?? '\t';
    const map: Record<string, string> = { '0': '', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' };
    const list: string[] = [];
    const chars = [...raw];
    for (let i = 0; i < chars.length; i++) {
      if (chars[i] === '\\' && i + 1 < chars.length) list.push(map[chars[++i]!] ?? chars[i]!);
      else list.push(chars[i]!);
    }
    if (list.length === 0) list.push('');
    const delimiter = options.some((o) => o.name === 'z') ? 0 : 10;
    const end = String.fromCharCode(delimiter);
    const names = operands.length > 0 ? operands : ['-'];
    const readers = new Map<number, LineReader>();
    const inputs: (LineReader | undefined)[] = [];
    for (const name of names) {
      const fd = yield* t.open(name);
      if (fd === undefined) {
        if (options.some((o) => o.name === 's')) continue;
        return 1;
      }
      let reader = readers.get(fd);
      if (!reader) readers.set(fd, (reader = new LineReader(t.sys, fd, delimiter)));
      inputs.push(reader);
    }
    if (options.some((o) => o.name === 's')) {
      for (const reader of inputs) {
        let n = 0;
        for (let line = yield* reader!.next(); line !== undefined; line = yield* reader!.next()) {
          yield* t.out.write((n === 0 ? '' : list[(n - 1) % list.length]!) + line);
          n++;
        }
        yield* t.out.write(end);
      }
      return 0;
    }
    const done = inputs.map(() => false);
    for (;;) {
      let out = '';
      let any = false;
      for (let i = 0; i < inputs.length; i++) {
        const line = done[i] ? undefined : yield* inputs[i]!.next();
        if (line === undefined) done[i] = true;
        else any = true;
        out += (line ?? '') + (i < inputs.length - 1 ? list[i % list.length]! : '');
      }
      if (!any) return 0;
      yield* t.out.write(out + end);
    }
  },
});
