/** The configuration with everything it includes (ngx_conf_file.c). */
import type { Coroutine } from '../../../core';
import { errnoNumber, isErrno } from '../../../core';
import type { Sys } from '../../../host';
import { globRegex } from '../../lib/glob';
import type { Config } from './config';
import { ConfigBuilder } from './config';
import { checkDirective } from './directives';
import type { Directive } from './parser';
import { at, ConfigError, parseFile } from './parser';
import { checkVariables } from './variables';

/** Directives in whose arguments variables stand. */
const WITH_VARIABLES = new Set([
  'return',
  'rewrite',
  'set',
  'proxy_pass',
  'fastcgi_pass',
  'proxy_set_header',
  'add_header',
  'fastcgi_param',
  'try_files',
  'root',
  'alias',
  'index',
  'if',
  'error_page',
  'proxy_redirect',
]);

/** Reads one configuration. */
export class ConfigReader {
  /** The files it came from, in the order in which they were read. */
  readonly files: { path: string; text: string }[] = [];

  constructor(private readonly sys: Sys) {}

  /** @param globals directives of -g @throws ConfigError */
  *load(path: string, globals: string): Coroutine<Config> {
    const given = globals === '' ? [] : parseFile(globals, 'command line', checkDirective, []);
    const directives = yield* this.file(path, [], undefined);
    const config = new ConfigBuilder().build([...given, ...directives]);
    const defined = new Set<string>(config.maps.map((m) => m.variable));
    const texts: string[] = config.maps.flatMap((m) => [m.source, ...m.entries.map((e) => e.value)]);
    const visit = (list: readonly Directive[]): void => {
      for (const d of list) {
        if (d.name === 'set') defined.add(d.args[0]!.slice(1));
        const named = [...d.args.join(' ').matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)];
        for (const m of named) defined.add(m[1]!);
        if (d.block && d.name !== 'map' && d.name !== 'types') visit(d.block);
        if (WITH_VARIABLES.has(d.name)) texts.push(...d.args.slice(d.name === 'rewrite' || d.name === 'set' ? 1 : 0));
      }
    };
    visit(config.main.directives);
    for (const format of config.formats.values()) texts.push(format);
    for (const t of texts) checkVariables(t, defined);
    return config;
  }

  private *file(path: string, parents: readonly string[], from: Directive | undefined): Coroutine<Directive[]> {
    let text: string;
    try {
      text = yield* this.sys.readFile(path);
    } catch (e) {
      if (!isErrno(e)) throw e;
      throw new ConfigError(`open() "${path}" failed (${errnoNumber(e.code)}: ${e.message})${from ? at(from) : ''}`);
    }
    this.files.push({ path, text });
    return yield* this.expand(parseFile(text, path, checkDirective, parents), path, parents);
  }

  /** Replaces `include` by what is in the files. */
  private *expand(list: readonly Directive[], path: string, parents: readonly string[]): Coroutine<Directive[]> {
    const out: Directive[] = [];
    for (const d of list) {
      if (d.name === 'include' && d.block === undefined) {
        if (this.files.length > 200) throw new ConfigError(`too many includes${at(d)}`);
        const base = path.slice(0, path.lastIndexOf('/'));
        const target = d.args[0]!.startsWith('/') ? d.args[0]! : `${base}/${d.args[0]!}`;
        const files = /[*?[]/.test(target) ? this.glob(target) : [target];
        for (const f of files) out.push(...(yield* this.file(f, parents, d)));
      } else if (d.block) out.push({ ...d, block: yield* this.expand(d.block, path, [...parents, d.name]) });
      else out.push(d);
    }
    return out;
  }

  private glob(pattern: string): string[] {
    const at = pattern.lastIndexOf('/');
    const dir = pattern.slice(0, at) || '/';
    const re = globRegex(pattern.slice(at + 1), { period: true });
    const { files } = this.sys;
    return files.exists(dir) && files.stat(dir).type === 'dir'
      ? files
          .readdir(dir)
          .filter((n) => re.test(n))
          .sort()
          .map((n) => `${dir}/${n}`)
      : [];
  }
}
