import { escapePattern } from './pattern';

/** A word after expansion and splitting, before pathname expansion. */
export interface Field {
  text: string;
  /** The field as a pattern, with quoted characters escaped; undefined when it has no active pattern characters. */
  pattern: string | undefined;
  /** The field as a pattern in any case. */
  source: string;
}

/** Collects the results of expansion and splits them at IFS (POSIX XCU 2.6.5). */
export class Fields {
  readonly fields: Field[] = [];
  private text = '';
  private pat = '';
  private active = false;
  private started = false;
  private afterSpace = false;
  private readonly space: string;

  constructor(
    private readonly ifs: string,
    readonly split: boolean,
    private readonly escape = escapePattern,
  ) {
    this.space = [...ifs].filter((c) => ' \t\n'.includes(c)).join('');
  }

  /** Text that is never split: literal or quoted. */
  add(s: string, quoted: boolean): void {
    this.started = true;
    this.afterSpace = false;
    this.text += s;
    if (quoted) this.pat += this.escape(s);
    else {
      this.pat += s;
      if (!this.active && /[*?[(]/.test(s)) this.active = true;
    }
  }

  /** The result of an unquoted expansion. */
  addSplit(s: string): void {
    if (!this.split || this.ifs === '') {
      if (s !== '') this.add(s, false);
      return;
    }
    let from = 0;
    for (let i = 0; i < s.length; i++) {
      const c = s[i]!;
      if (!this.ifs.includes(c)) continue;
      if (i > from) this.add(s.slice(from, i), false);
      from = i + 1;
      if (this.space.includes(c)) {
        if (this.started) {
          this.emit();
          this.afterSpace = true;
        }
      } else if (this.started) {
        this.emit();
        this.afterSpace = false;
      } else if (this.afterSpace) this.afterSpace = false;
      else this.emit();
    }
    if (from < s.length) this.add(s.slice(from), false);
  }

  /** Ends the current field, as between the elements of "$@". */
  next(): void {
    if (this.started) this.emit();
  }

  private emit(): void {
    this.fields.push({ text: this.text, pattern: this.active ? this.pat : undefined, source: this.pat });
    this.text = this.pat = '';
    this.active = this.started = this.afterSpace = false;
  }

  finish(): Field[] {
    this.next();
    return this.fields;
  }
}
