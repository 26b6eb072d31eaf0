import { Regex, RegexError } from '../lib/regex';
import { Fail, tool, UsageError } from '../lib/tool';

/** expr(1). Integers are of any size. */
export const expr = tool({
  name: 'expr',
  summary: 'evaluate expressions',
  usageStatus: 2,
  help: `EXPRESSION
  or:  expr OPTION
Print the value of EXPRESSION.

  A | B     A if it is neither null nor 0, otherwise B
  A & B     A if neither is null or 0, otherwise 0
  A < B, <= = != >= >
  A + B, - * / %
  STRING : REGEXP, match STRING REGEXP
  substr STRING POS LENGTH, index STRING CHARS, length STRING
  + TOKEN   TOKEN as a string
  ( EXPR )
Exit status: 0 neither null nor 0, 1 null or 0, 2 a syntax error, 3 another error.
`,
  *run(t) {
    const args = t.argv.slice(t.argv[1] === '--' ? 2 : 1);
    if (t.argv.length === 2 && /^--(help|version)$/.test(t.argv[1]!)) t.getopt('');
    if (args.length === 0) throw new UsageError('missing operand');
    yield* t.sys.work();
    let i = 0;
    const q = (s: string): string => t.q(s);
    const isNull = (s: string): boolean => s === '' || /^-?0+$/.test(s);
    const number = (s: string): bigint => {
      if (!/^-?\d+$/.test(s)) throw new Fail('non-integer argument', 2);
      return BigInt(s);
    };
    const need = (): string => {
      const a = args[i++];
      if (a === undefined) throw new Fail(`syntax error: missing argument after ${q(args[i - 2] ?? '')}`, 2);
      return a;
    };
    const match = (s: string, pattern: string): string => {
      try {
        const re = new Regex(pattern);
        const m = re.exec(s);
        const hit = m && m.index === 0 ? m : null;
        if (re.groupCount > 0) return hit?.groups[1] ?? '';
        return String(hit ? [...hit.groups[0]!].length : 0);
      } catch (e) {
        if (e instanceof RegexError) throw new Fail(e.message, 2);
        throw e;
      }
    };
    const atom = (): string => {
      const a = need();
      if (a === '(') {
        const v = or();
        const close = args[i++];
        if (close === undefined) throw new Fail(`syntax error: expecting ')' after ${q(args[i - 2]!)}`, 2);
        if (close !== ')') throw new Fail(`syntax error: expecting ')' instead of ${q(close)}`, 2);
        return v;
      }
      if (a === ')') throw new Fail(`syntax error: unexpected ')'`, 2);
      if (a === '+' && i < args.length) return args[i++]!;
      if (a === 'length' && i < args.length) return String([...atom()].length);
      if (a === 'match' && i < args.length) {
        const s = atom();
        return match(s, atom());
      }
      if (a === 'index' && i < args.length) {
        const s = [...atom()];
        const chars = new Set(atom());
        return String(s.findIndex((c) => chars.has(c)) + 1);
      }
      if (a === 'substr' && i < args.length) {
        const s = [...atom()];
        const pos = Number(atom());
        const len = Number(atom());
        return pos > 0 && len > 0 ? s.slice(pos - 1, pos - 1 + len).join('') : '';
      }
      return a;
    };
    const chain =
      (next: () => string, ops: readonly string[], f: (a: string, op: string, b: string) => string) => (): string => {
        let v = next();
        while (i < args.length && ops.includes(args[i]!)) {
          const op = args[i++]!;
          v = f(v, op, next());
        }
        return v;
      };
    const colon = chain(atom, [':'], (a, _op, b) => match(a, b));
    const product = chain(colon, ['*', '/', '%'], (a, op, b) => {
      const [x, y] = [number(a), number(b)];
      if (op !== '*' && y === 0n) throw new Fail('division by zero', 2);
      return String(op === '*' ? x * y : op === '/' ? x / y : x % y);
    });
    const sum = chain(product, ['+', '-'], (a, op, b) =>
      String(op === '+' ? number(a) + number(b) : number(a) - number(b)),
    );
    const compare = chain(sum, ['<', '<=', '=', '==', '!=', '>=', '>'], (a, op, b) => {
      const ints = /^-?\d+$/.test(a) && /^-?\d+$/.test(b);
      const r = ints ? (BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0) : a < b ? -1 : a > b ? 1 : 0;
      const v = { '<': r < 0, '<=': r <= 0, '=': r === 0, '==': r === 0, '!=': r !== 0, '>=': r >= 0, '>': r > 0 }[op];
      return v ? '1' : '0';
    });
    const and = chain(compare, ['&'], (a, _op, b) => (isNull(a) || isNull(b) ? '0' : a));
    const or: () => string = chain(and, ['|'], (a, _op, b) => (!isNull(a) ? a : isNull(b) ? '0' : b));
    const value = or();
    if (i < args.length) throw new Fail(`syntax error: unexpected argument ${q(args[i]!)}`, 2);
    yield* t.out.line(value);
    return isNull(value) ? 1 : 0;
  },
});
