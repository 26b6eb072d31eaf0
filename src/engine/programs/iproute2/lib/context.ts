/** What a run of an iproute2 program knows: its options, its process and namespace, and how it reports what the kernel says. */
import type { Coroutine } from '../../../core';
import { isErrno, strerror } from '../../../core';
import type { Sys } from '../../../host';
import type { NetNamespace } from '../../../net';
import type { Link } from '../../../net';
import type { Family } from './args';
import { Quit } from './args';
import { Names } from './names';
import { Output } from './output';

/** The options that stand before the object. */
export interface Options {
  family: Family;
  human: number;
  iec: boolean;
  stats: number;
  details: number;
  resolve: boolean;
  oneline: boolean;
  timestamp: number;
  shortTimestamp: boolean;
  force: boolean;
  batch: string | undefined;
  brief: boolean;
  json: boolean;
  pretty: boolean;
  /** -c: undefined when not given. */
  color: 'always' | 'auto' | 'never';
  numeric: boolean;
  all: boolean;
  compressVlans: boolean;
}

/** Options as they are before any was given. */
export function defaultOptions(): Options {
  return {
    family: 'unspec',
    human: 0,
    iec: false,
    stats: 0,
    details: 0,
    resolve: false,
    oneline: false,
    timestamp: 0,
    shortTimestamp: false,
    force: false,
    batch: undefined,
    brief: false,
    json: false,
    pretty: false,
    color: 'never',
    numeric: false,
    all: false,
    compressVlans: false,
  };
}

/** One run. */
export class Context {
  readonly out: Output;
  /** Tables, origins, scopes and groups by name. */
  readonly numbers: Names;
  /** What is said on standard error without ending the program. */
  warning = '';

  constructor(
    readonly sys: Sys,
    readonly options: Options,
  ) {
    this.numbers = new Names(sys, options);
    this.out = new Output({
      json: options.json,
      pretty: options.pretty,
      oneline: options.oneline,
      color: !options.json && (options.color === 'always' || (options.color === 'auto' && sys.isatty(1))),
      dark: darkBackground(sys.env('COLORFGBG')),
    });
  }

  /** The namespace of the process; `-n` and `ip netns exec` have changed it by now. */
  get net(): NetNamespace {
    return this.sys.net;
  }

  /** The link called `name`, also by an alternative name or as `ifN`. */
  link(name: string): Link | undefined {
    const { links } = this.net;
    const link = this.lookup(name);
    // RTM_GETLINK of one link looks at its carrier first.
    if (link) links.get(link.index)?.ns.syncLink(link);
    return link;
  }

  private lookup(name: string): Link | undefined {
    const { links } = this.net;
    return links.byName(name) ?? (/^if[1-9]\d*$/.test(name) ? links.get(Number(name.slice(2))) : undefined);
  }

  /** @throws Quit `Cannot find device "NAME"`. */
  needLink(name: string, status = 1): Link {
    const link = this.link(name);
    if (!link) throw new Quit(status, `Cannot find device "${name}"\n`);
    return link;
  }

  /** Name of the link with this index; `ifN` when there is none. */
  nameOf(index: number): string {
    if (index === 0) return '*';
    if (this.names === undefined) return this.nameNow(index);
    let name = this.names.get(index);
    if (name === undefined) this.names.set(index, (name = this.nameNow(index)));
    return name;
  }

  /** Names by index as they were when first asked for: what a program that runs on remembers (ll_map). */
  names: Map<number, string> | undefined;

  private nameNow(index: number): string {
    return this.net.links.get(index)?.name ?? `if${index}`;
  }

  /** Refuses a change by a process without CAP_NET_ADMIN, as the kernel does before it looks at the request. @throws Quit */
  needAdmin(): void {
    if (!this.sys.netAdmin) throw new Quit(2, 'RTNETLINK answers: Operation not permitted\n');
  }

  /** Performs a request; a refusal ends the program with the kernel's text. @throws Quit */
  request<T>(perform: () => T, status = 2): T {
    this.needAdminFor(status);
    try {
      return perform();
    } catch (e) {
      throw new Quit(status, kernelSays(e));
    }
  }

  private needAdminFor(status: number): void {
    if (!this.sys.netAdmin) throw new Quit(status, 'RTNETLINK answers: Operation not permitted\n');
  }

  /** Performs a request that changes nothing. @throws Quit */
  query<T>(perform: () => T, status = 2): T {
    try {
      return perform();
    } catch (e) {
      throw new Quit(status, kernelSays(e));
    }
  }

  /** Writes what was printed so far. */
  *flush(): Coroutine<void> {
    const text = this.out.take();
    if (text !== '') yield* this.sys.print(text);
  }
}

/** A refusal in iproute2's words: the extended ack if there is one. @throws whatever is no Errno */
export function kernelSays(e: unknown): string {
  if (!isErrno(e)) throw e;
  if (e.detail !== undefined) return `Error: ${e.detail}${/[.!?\n]$/.test(e.detail) ? '' : '.'}\n`;
  return `RTNETLINK answers: ${strerror(e.code)}\n`;
}

function darkBackground(value: string | undefined): boolean {
  const last = value?.slice(value.lastIndexOf(';') + 1);
  return last !== undefined && value!.includes(';') && /^([0-6]|8)$/.test(last);
}

/** `-color`, `-colour`, `-c=always` and their abbreviations; undefined when the word is something else. */
export function colorOption(word: string): 'always' | 'auto' | 'never' | undefined {
  const eq = word.indexOf('=');
  const head = eq < 0 ? word : word.slice(0, eq);
  if (head.length < 2 || !('-color'.startsWith(head) || '-colour'.startsWith(head))) return undefined;
  const value = eq < 0 ? 'always' : word.slice(eq + 1);
  return value === 'always' || value === 'auto' || value === 'never' ? value : undefined;
}

/**
 * Runs the body of an iproute2 program: what it printed is written even when it ends by `Quit`, whose texts follow.
 * @returns the exit status.
 */
export function* runTool(
  context: () => Context | undefined,
  sys: Sys,
  body: () => Coroutine<number>,
): Coroutine<number> {
  let status: number;
  let error = '';
  try {
    status = yield* body();
  } catch (e) {
    if (!(e instanceof Quit)) throw e;
    status = e.status;
    error = e.text;
    if (e.stdout !== '') yield* sys.print(e.stdout);
  }
  const ctx = context();
  error = (ctx?.warning ?? '') + error;
  if (error !== '') {
    // Standard error is not buffered: it comes first when both are on one terminal and standard output is a pipe or full line.
    if (ctx) yield* ctx.flush();
    yield* sys.eprint(error);
    return status;
  }
  if (ctx) yield* ctx.flush();
  return status;
}
