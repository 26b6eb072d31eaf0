import type { Coroutine } from '../../core';
import { Errno, isErrno, strerror } from '../../core';
import type { Program, Sys } from '../../host';
import { ProcessExit } from '../../host';
import type { Option, Parsed } from './getopt';
import { getopt, GetoptError } from './getopt';
import { Output } from './output';
import { quote, quoteShell, quoteShellIfNeeded } from './quote';

/** A mistake on the command line: `NAME: message`, then `Try 'NAME --help' ...`, then the tool's usage status. */
export class UsageError extends Error {
  /** @param message without the program's name; empty for the hint alone. */
  constructor(
    message = '',
    readonly status?: number,
  ) {
    super(message);
  }
}

/** The end of a tool with `NAME: message` on standard error. */
export class Fail extends Error {
  constructor(
    message: string,
    readonly status = 1,
  ) {
    super(message);
  }
}

/** A tool that is called in the GNU way. */
export interface ToolSpec {
  readonly name: string;
  /** Directory it is installed in; `/usr/bin` when left out. */
  readonly dir?: string;
  readonly summary: string;
  /** What `--help` prints after the line `Usage: NAME `: the synopsis in the first line, then the description. */
  readonly help: string;
  /** What `--version` prints, such as `GNU coreutils 9.1`. */
  readonly version?: string;
  /** What is printed after a mistake on the command line, before the hint at --help; ends with a newline. */
  readonly usage?: string;
  /** Exit status after a mistake on the command line; 1 when left out. */
  readonly usageStatus?: number;
  readonly links?: readonly string[];
  readonly run: (t: Tool) => Coroutine<number>;
}

/** One run of a tool: its process, its output stream, its way to complain. */
export class Tool {
  readonly out: Output;
  /** argv[0], which begins every message. */
  readonly name: string;
  /** Exit status so far; `complain` sets it to 1. */
  status = 0;

  constructor(
    readonly sys: Sys,
    readonly argv: readonly string[],
    readonly spec: ToolSpec,
  ) {
    this.name = argv[0] ?? spec.name;
    this.out = new Output(sys, 1);
  }

  /** getopt with `--help` and `--version` added (see getopt.ts for `shorts` and `longs`). @throws GetoptError */
  getopt(shorts: string, longs: readonly string[] = [], argv = this.argv): Parsed {
    const parsed = getopt(argv, shorts, [...longs, 'help=--help', 'version=--version']);
    for (const option of parsed.options) {
      if (option.name === '--help' || option.name === '--version') throw new Info(option);
    }
    return parsed;
  }

  /** Prints `NAME: message` on standard error, after what is buffered, as error(3) does. */
  *warn(message: string): Coroutine<void> {
    yield* this.out.flush();
    yield* this.sys.eprint(`${this.name}: ${message}\n`);
  }

  /** `warn` that also makes the exit status 1. */
  *complain(message: string, status = 1): Coroutine<void> {
    this.status = status;
    yield* this.warn(message);
  }

  /** `complain` about a failed system call: `NAME: what: No such file or directory`. @throws whatever is no Errno */
  *complainErrno(what: string, e: unknown, status = 1): Coroutine<void> {
    if (!isErrno(e)) throw e;
    yield* this.complain(`${what}: ${strerror(e.code)}`, status);
  }

  /** Quotes a name for a message in the locale's way. */
  q(name: string): string {
    return quote(this.sys, name);
  }

  /** Quotes a file's name for a message as a shell would have to write it (gnulib's quoteaf): in ASCII quotes, always. */
  qf(name: string): string {
    return quoteShell(name);
  }

  /**
   * Opens an operand for reading; `-` is standard input. Complains and returns undefined when that fails.
   * @param show how the name is written in the message.
   */
  *open(name: string, show: (name: string) => string = quoteShellIfNeeded): Coroutine<number | undefined> {
    if (name === '-') return 0;
    try {
      return yield* this.sys.open(name, { read: true });
    } catch (e) {
      yield* this.complainErrno(show(name), e);
      return undefined;
    }
  }

  /** Closes what `open` returned; standard input stays open. */
  close(fd: number): void {
    if (fd !== 0) this.sys.close(fd);
  }
}

class Info {
  constructor(readonly option: Option) {}
}

/** Makes a program of `spec`. */
export function tool(spec: ToolSpec): Program {
  const path = `${spec.dir ?? '/usr/bin'}/${spec.name}`;
  const base: Program = {
    name: spec.name,
    path,
    summary: spec.summary,
    manual: manualOf(spec),
    main: (sys, argv) => runTool(new Tool(sys, argv, spec)),
  };
  return spec.links ? { ...base, links: spec.links } : base;
}

function* runTool(t: Tool): Coroutine<number> {
  const { spec, sys } = t;
  let status: number;
  try {
    status = (yield* spec.run(t)) || t.status;
  } catch (e) {
    if (e instanceof Info) {
      const text = e.option.name === '--help' ? helpText(t) : `${versionLine(spec)}\n`;
      yield* t.out.write(text);
      status = 0;
    } else if (e instanceof UsageError || e instanceof GetoptError) {
      if (e.message !== '') yield* t.warn(e.message);
      yield* sys.eprint(`${spec.usage ?? ''}Try '${t.name} --help' for more information.\n`);
      status = (e instanceof UsageError ? e.status : undefined) ?? spec.usageStatus ?? 1;
    } else if (e instanceof Fail) {
      yield* t.warn(e.message);
      status = e.status;
    } else if (e instanceof ProcessExit) {
      status = e.status;
    } else if (e instanceof Errno) {
      // A process that SIGPIPE has ended stops here and says nothing.
      if (e.code === 'EPIPE') yield null;
      t.out.drop();
      yield* t.warn(e.code === 'EPIPE' || e.code === 'ENOSPC' ? `write error: ${e.message}` : e.message);
      return spec.usageStatus ?? 1;
    } else throw e;
  }
  try {
    yield* t.out.flush();
  } catch (e) {
    if (!isErrno(e)) throw e;
    if (e.code === 'EPIPE') yield null;
    t.out.drop();
    yield* t.warn(`write error: ${e.message}`);
    return spec.usageStatus ?? 1;
  }
  return status;
}

/** The first line of `--version`: `cat (GNU coreutils) 9.1`, `rev from util-linux 2.38.1`, or as the package has it. */
function versionLine({ name, version = 'GNU coreutils 9.1' }: ToolSpec): string {
  const gnu = /^(GNU .*) (\S+)$/.exec(version);
  if (gnu) return `${name} (${gnu[1]}) ${gnu[2]}`;
  return /^(?:util-linux|procps-ng) /.test(version) ? `${name} from ${version}` : version;
}

function helpText(t: Tool): string {
  return `Usage: ${t.name} ${t.spec.help.replaceAll('NAME', t.name).trimEnd()}\n`;
}

/** A manual page made of the help text: the sections NAME, SYNOPSIS and DESCRIPTION. */
export function manualOf(spec: { name: string; summary: string; help: string }): string {
  const [synopsis = '', ...rest] = spec.help.replaceAll('NAME', spec.name).trimEnd().split('\n');
  const usages = [`${spec.name} ${synopsis}`];
  while (rest[0]?.startsWith('  or:  ')) usages.push(rest.shift()!.slice(7));
  const indent = (line: string): string => (line === '' ? '' : `       ${line}`);
  return [
    'NAME',
    indent(`${spec.name} - ${spec.summary}`),
    '',
    'SYNOPSIS',
    ...usages.map(indent),
    '',
    'DESCRIPTION',
    ...rest.map(indent),
    '',
  ].join('\n');
}

/** The message of a feature that the course leaves out. */
export function notSimulated(what: string): Fail {
  return new Fail(`not simulated in this course: ${what}`, 2);
}
