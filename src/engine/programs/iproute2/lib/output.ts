/**
 * Printing as iproute2 does it: one call yields text, or JSON, or both never. The JSON is compact (`-j`) or indented
 * (`-j -p`) with the writer's own spacing. Behaviour: lib/json_writer, lib/json_print, lib/color of iproute2 6.1.
 */

/** What a piece of output is about, for `-c`. */
export type Color = 'ifname' | 'mac' | 'inet' | 'inet6' | 'up' | 'down' | 'none';

const LIGHT: Readonly<Record<Color, string>> = {
  ifname: '\x1b[36m',
  mac: '\x1b[33m',
  inet: '\x1b[35m',
  inet6: '\x1b[34m',
  up: '\x1b[32m',
  down: '\x1b[31m',
  none: '',
};

const DARK: Readonly<Record<Color, string>> = {
  ifname: '\x1b[1;36m',
  mac: '\x1b[1;33m',
  inet: '\x1b[1;35m',
  inet6: '\x1b[1;34m',
  up: '\x1b[1;32m',
  down: '\x1b[1;31m',
  none: '',
};

const CLEAR = '\x1b[0m';

/** The JSON half: writes values one after the other with separators and indentation. */
class JsonWriter {
  text = '';
  private depth = 0;
  private separator = '';

  constructor(private readonly pretty: boolean) {}

  private eol(): void {
    if (this.pretty) this.text += '\n' + '    '.repeat(this.depth);
  }

  private eor(): void {
    this.text += this.separator;
    this.separator = ',';
  }

  private begin(bracket: string): void {
    this.eor();
    this.text += bracket;
    this.depth++;
    this.separator = '';
  }

  private end(bracket: string): void {
    this.depth--;
    if (this.separator !== '') this.eol();
    this.text += bracket;
    this.separator = ',';
  }

  name(key: string | null): void {
    if (key === null) return;
    this.eor();
    this.eol();
    this.separator = '';
    this.text += quote(key) + ':' + (this.pretty ? ' ' : '');
  }

  value(v: string | number | boolean | null): void {
    this.eor();
    this.text += typeof v === 'string' ? quote(v) : String(v);
  }

  literal(text: string): void {
    this.eor();
    this.text += text;
  }

  openObject(): void {
    this.begin('{');
  }

  closeObject(): void {
    this.end('}');
  }

  openArray(): void {
    this.begin('[');
    if (this.pretty) this.text += ' ';
  }

  closeArray(): void {
    if (this.pretty && this.separator !== '') this.text += ' ';
    this.separator = '';
    this.end(']');
  }
}

function quote(text: string): string {
  let out = '"';
  for (const c of text) {
    if (c === '\t') out += '\\t';
    else if (c === '\n') out += '\\n';
    else if (c === '\r') out += '\\r';
    else if (c === '\f') out += '\\f';
    else if (c === '\b') out += '\\b';
    else if (c === '\\') out += '\\\\';
    else if (c === '"') out += '\\"';
    else out += c;
  }
  return out + '"';
}

/** How output is wanted. */
export interface OutputOptions {
  readonly json: boolean;
  readonly pretty: boolean;
  readonly oneline: boolean;
  readonly color: boolean;
  /** The terminal's background is dark ($COLORFGBG). */
  readonly dark?: boolean;
}

/** Collects a command's output. Text calls do nothing in JSON mode and the other way round. */
export class Output {
  private text = '';
  private json: JsonWriter | null = null;
  /** Line separator inside one record: a newline, or a backslash with -o. */
  readonly sl: string;

  constructor(readonly options: OutputOptions) {
    this.sl = options.oneline ? '\\' : '\n';
  }

  get isJson(): boolean {
    return this.json !== null;
  }

  /** Starts the top-level array when JSON is wanted (new_json_obj). */
  begin(): void {
    if (!this.options.json) return;
    this.json = new JsonWriter(this.options.pretty);
    this.json.openArray();
  }

  /** Ends the top-level array (delete_json_obj). */
  finish(): void {
    if (!this.json) return;
    this.json.closeArray();
    this.text += this.json.text + '\n';
    this.json = null;
  }

  /** Takes what was collected so far. */
  take(): string {
    const text = this.text;
    this.text = '';
    return text;
  }

  /** Text only. */
  fp(text: string): void {
    if (!this.json) this.text += text;
  }

  /** Ends a record's line in text mode: iproute2's print_nl. */
  nl(): void {
    if (!this.json) this.text += this.sl;
  }

  /** Text only, coloured. */
  fpColor(color: Color, text: string): void {
    if (!this.json) this.text += this.paint(color, text);
  }

  /** JSON only. A null key adds to an array. */
  member(key: string | null, value: string | number | boolean | null): void {
    if (!this.json) return;
    this.json.name(key);
    this.json.value(value);
  }

  /** `key: text` in JSON, the text being a number in a format of its own such as `0.00`; `fp` in text mode. */
  raw(key: string, text: string, fp: string): void {
    if (this.json) {
      this.json.name(key);
      this.json.literal(text);
    } else this.text += fp;
  }

  /** `key: value` in JSON; `text`, or by default the value as it is, in text mode. */
  any(key: string | null, value: string | number, text = String(value), color: Color = 'none'): void {
    if (this.json) this.member(key, value);
    else this.text += this.paint(color, text);
  }

  openObject(key: string | null = null): void {
    if (!this.json) return;
    this.json.name(key);
    this.json.openObject();
  }

  closeObject(): void {
    this.json?.closeObject();
  }

  /** Opens an array; `text` is printed instead in text mode. */
  openArray(key: string | null, text = ''): void {
    if (this.json) {
      this.json.name(key);
      this.json.openArray();
    } else this.text += text;
  }

  closeArray(text = ''): void {
    if (this.json) this.json.closeArray();
    else this.text += text;
  }

  private paint(color: Color, text: string): string {
    if (!this.options.color || color === 'none') return text;
    return (this.options.dark ? DARK : LIGHT)[color] + text + CLEAR;
  }
}
