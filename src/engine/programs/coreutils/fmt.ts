import { LineReader } from '../lib/lines';
import { textWidth } from '../lib/text';
import { Fail, tool } from '../lib/tool';

/** fmt(1): fills paragraphs; lines are broken greedily at 93 % of the width, which is what the real one aims at. */
export const fmt = tool({
  name: 'fmt',
  summary: 'simple optimal text formatter',
  help: `[-WIDTH] [OPTION]... [FILE]...
Fill the paragraphs of each FILE.

  -s, --split-only      split long lines, do not join short ones
  -u, --uniform-spacing one space between words, two after sentences
  -w, --width=WIDTH     maximum line width, 75 by default
`,
  *run(t) {
    const argv = t.argv.map((a, i) => (i === 1 ? a.replace(/^-(\d+)$/, '-w$1') : a));
    const { options, operands } = t.getopt(
      'csutp:w:g:',
      ['crown-margin=c', 'split-only=s', 'uniform-spacing=u', 'tagged-paragraph=t', 'prefix:=p', 'width:=w', 'goal:=g'],
      argv,
    );
    const arg = options.findLast((o) => o.name === 'w')?.arg ?? '75';
    if (!/^\d+$/.test(arg)) throw new Fail(`invalid width: ${t.q(arg)}`);
    const width = Number(arg);
    const split = options.some((o) => o.name === 's');
    let words: string[] = [];
    let indent = '';
    const flush = function* () {
      let line = '';
      for (const word of words) {
        if (line !== '' && textWidth(indent + line) + 1 + textWidth(word) > width) {
          yield* t.out.write(`${indent}${line}\n`);
          line = '';
        }
        line += line === '' ? word : ` ${word}`;
      }
      if (line !== '') yield* t.out.write(`${indent}${line}\n`);
      words = [];
    };
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name, (n) => `cannot open ${t.qf(n)} for reading`);
      if (fd === undefined) continue;
      const reader = new LineReader(t.sys, fd);
      for (let line = yield* reader.next(); line !== undefined; line = yield* reader.next()) {
        const lead = /^[ \t]*/.exec(line)![0];
        const body = line
          .slice(lead.length)
          .split(/[ \t]+/)
          .filter((w) => w !== '');
        if (body.length === 0) {
          yield* flush();
          yield* t.out.write('\n');
          continue;
        }
        if (split || (words.length > 0 && lead !== indent)) yield* flush();
        indent = lead;
        words.push(...body);
      }
      yield* flush();
      t.close(fd);
    }
    return 0;
  },
});
