import { LineReader } from '../lib/lines';
import { Regex } from '../lib/regex';
import { Fail, tool, UsageError } from '../lib/tool';

/** nl(1). */
export const nl = tool({
  name: 'nl',
  summary: 'number lines of files',
  help: `[OPTION]... [FILE]...
Write each FILE with line numbers added.

  -b, --body-numbering=STYLE     a all lines, t lines that are not empty, n none, pBRE lines that match
  -d, --section-delimiter=CC     two characters that begin a section line
  -f, --footer-numbering=STYLE
  -h, --header-numbering=STYLE
  -i, --line-increment=NUMBER
  -l, --join-blank-lines=NUMBER  count NUMBER empty lines as one
  -n, --number-format=FORMAT     ln, rn or rz
  -p, --no-renumber              do not begin again at a section
  -s, --number-separator=STRING  between number and line, a tab by default
  -v, --starting-line-number=NUMBER
  -w, --number-width=NUMBER
`,
  *run(t) {
    const { options, operands } = t.getopt('b:d:f:h:i:l:n:ps:v:w:', [
      'body-numbering:=b',
      'section-delimiter:=d',
      'footer-numbering:=f',
      'header-numbering:=h',
      'line-increment:=i',
      'join-blank-lines:=l',
      'number-format:=n',
      'no-renumber=p',
      'number-separator:=s',
      'starting-line-number:=v',
      'number-width:=w',
    ]);
    const opt: Record<string, string> = {
      b: 't',
      d: '\\:',
      f: 'n',
      h: 'n',
      i: '1',
      l: '1',
      n: 'rn',
      s: '\t',
      v: '1',
      w: '6',
    };
    for (const o of options) opt[o.name] = o.arg ?? '1';
    for (const k of ['i', 'v'] as const)
      if (!/^-?\d+$/.test(opt[k]!))
        throw new Fail(`invalid ${k === 'v' ? 'starting line number' : 'line number increment'}: ${t.q(opt[k]!)}`);
    if (!/^[1-9]\d*$/.test(opt.w!)) throw new Fail(`invalid line number field width: ${t.q(opt.w!)}`);
    const styles: Record<string, (line: string) => boolean> = {};
    for (const k of ['b', 'f', 'h'] as const) {
      const style = opt[k]!;
      const re = style[0] === 'p' ? new Regex(style.slice(1)) : undefined;
      if (!re && !/^[atn]$/.test(style))
        throw new Fail(`invalid ${{ b: 'body', f: 'footer', h: 'header' }[k]} numbering style: ${t.q(style)}`);
      styles[k] = (line) => (re ? re.test(line) : style === 'a' || (style === 't' && line !== ''));
    }
    if (!['ln', 'rn', 'rz'].includes(opt.n!)) throw new UsageError(`invalid line numbering format: ${t.q(opt.n!)}`);
    const delimiter = opt.d!.length === 1 ? `${opt.d!}:` : opt.d!;
    const width = Number(opt.w);
    let number = Number(opt.v);
    let section = 'b';
    let blanks = 0;
    for (const name of operands.length > 0 ? operands : ['-']) {
      const fd = yield* t.open(name);
      if (fd === undefined) continue;
      const reader = new LineReader(t.sys, fd);
      for (let line = yield* reader.next(); line !== undefined; line = yield* reader.next()) {
        const mark =
          line === delimiter.repeat(3)
            ? 'h'
            : line === delimiter.repeat(2)
              ? 'b'
              : line === delimiter
                ? 'f'
                : undefined;
        if (mark) {
          section = mark;
          if (opt.p === undefined) number = Number(opt.v);
          yield* t.out.write('\n');
          continue;
        }
        let counted = styles[section]!(line);
        if (counted && line === '' && Number(opt.l) > 1) {
          blanks++;
          counted = blanks % Number(opt.l) === 0;
        } else blanks = 0;
        if (counted) {
          const text = String(number);
          const shown =
            opt.n === 'ln' ? text.padEnd(width) : opt.n === 'rz' ? text.padStart(width, '0') : text.padStart(width);
          yield* t.out.write(`${shown}${opt.s!}${line}\n`);
          number += Number(opt.i);
        } else yield* t.out.write(`${' '.repeat(width + opt.s!.length)}${line}\n`);
      }
      t.close(fd);
    }
    return 0;
  },
});
