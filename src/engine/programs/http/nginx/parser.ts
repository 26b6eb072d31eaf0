/** The syntax of nginx's configuration (src/core/ngx_conf_file.c): words, quotes, blocks, comments. */

/** A configuration that nginx refuses; the text as it is logged behind `[emerg] `. */
export class ConfigError extends Error {}

/** A directive of real nginx that this course does not have. */
export class NotSimulated extends ConfigError {}

/** Where something stands. */
export interface Position {
  readonly file: string;
  readonly line: number;
}

/** One directive: `name args... ;` or `name args... { block }`. */
export interface Directive extends Position {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Directive[] | undefined;
}

/** A token: a word (quotes undone), or one of `;`, `{`, `}`; `end` is the end of the file. */
export interface Token {
  readonly type: 'word' | ';' | '{' | '}' | 'end';
  readonly text: string;
  readonly line: number;
}

/** ` in FILE:LINE`, as nginx ends its messages. */
export function at(p: Position): string {
  return ` in ${p.file}:${p.line}`;
}

/** Splits a file into tokens. @throws ConfigError */
export function* tokens(text: string, file: string): Generator<Token, Token> {
  let i = 0;
  let line = 1;
  const fail = (message: string): never => {
    throw new ConfigError(message + at({ file, line }));
  };
  for (;;) {
    while (i < text.length && ' \t\r\n'.includes(text[i]!)) if (text[i++] === '\n') line++;
    const c = text[i];
    if (c === undefined) return { type: 'end', text: '', line };
    if (c === '#') {
      while (i < text.length && text[i] !== '\n') i++;
      continue;
    }
    if (c === ';' || c === '{' || c === '}') {
      i++;
      yield { type: c, text: c, line };
      continue;
    }
    if (c === ')') fail('unexpected ")"');
    if (c === '"' || c === "'") {
      let word = '';
      for (i++; text[i] !== c; i++) {
        if (i >= text.length) fail('unexpected end of file, expecting ";" or "}"');
        if (text[i] === '\n') line++;
        if (text[i] === '\\') {
          const next = text[++i];
          word +=
            next === 't'
              ? '\t'
              : next === 'r'
                ? '\r'
                : next === 'n'
                  ? '\n'
                  : next === c || next === '\\'
                    ? next
                    : `\\${next ?? ''}`;
        } else word += text[i]!;
      }
      i++;
      if (i < text.length && !' \t\r\n;{)'.includes(text[i]!)) fail(`unexpected "${text[i]!}"`);
      yield { type: 'word', text: word, line };
      continue;
    }
    let word = '';
    for (; i < text.length && !' \t\r\n;{'.includes(text[i]!); i++) {
      if (text[i] === '$' && text[i + 1] === '{') {
        const end = text.indexOf('}', i);
        if (end > 0) {
          word += text.slice(i, end + 1);
          i = end;
          continue;
        }
      }
      if (text[i] === '\\' && i + 1 < text.length) {
        const next = text[++i]!;
        word +=
          next === 't' ? '\t' : next === 'r' ? '\r' : next === 'n' ? '\n' : `"' \\`.includes(next) ? next : `\\${next}`;
      } else word += text[i]!;
    }
    yield { type: 'word', text: word, line };
  }
}

/** A block that is still open, or the file itself. */
export interface Opened {
  readonly directives: Directive[];
  readonly head: { readonly name: string; readonly args: readonly string[]; readonly line: number } | undefined;
}

/**
 * Parses one file.
 * @param enter told of each directive before its block is read: to refuse what is not allowed there.
 * @throws ConfigError
 */
export function parseFile(
  text: string,
  file: string,
  enter: (
    name: string,
    args: readonly string[],
    block: boolean,
    position: Position,
    parents: readonly string[],
  ) => void,
  outer: readonly string[],
): Directive[] {
  const stack: Opened[] = [{ directives: [], head: undefined }];
  let words: Token[] = [];
  const source = tokens(text, file);
  for (;;) {
    const step = source.next();
    const token = step.value;
    const position = { file, line: token.line };
    const top = stack[stack.length - 1]!;
    if (token.type === 'word') {
      words.push(token);
      continue;
    }
    if (token.type === 'end') {
      if (words.length > 0 || stack.length > 1)
        throw new ConfigError(
          `unexpected end of file, expecting ${words.length > 0 ? '";" or "}"' : '"}"'}${at(position)}`,
        );
      return top.directives;
    }
    const parents = [...outer, ...stack.flatMap((o) => (o.head ? [o.head.name] : []))];
    if (token.type === '}') {
      if (words.length > 0) throw new ConfigError(`unexpected "}"${at(position)}`);
      if (top.head === undefined) throw new ConfigError(`unexpected "}"${at(position)}`);
      stack.pop();
      const { name, args, line } = top.head;
      stack[stack.length - 1]!.directives.push({ name, args, block: top.directives, file, line });
      continue;
    }
    if (words.length === 0) throw new ConfigError(`unexpected "${token.text}"${at(position)}`);
    const [name, ...args] = words.map((w) => w.text) as [string, ...string[]];
    words = [];
    enter(name, args, token.type === '{', position, parents);
    if (token.type === ';') top.directives.push({ name, args, block: undefined, ...position });
    else stack.push({ directives: [], head: { name, args, line: token.line } });
  }
}
