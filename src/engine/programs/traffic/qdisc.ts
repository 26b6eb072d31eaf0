/** `tc qdisc`: the queueing disciplines of links. */
import { Errno } from '../../core';
import type { Link, Qdisc } from '../../net';
import { allocateHandle, RootQdisc } from '../../net/qdisc/base';
import { Args, Quit } from '../iproute2/lib/args';
import type { Context } from '../iproute2/lib/context';
import { QDISC_USAGE } from './help';
import { DEFAULT_TEXT, LEFT_OUT, QDISCS } from './kinds';

type Verb = 'add' | 'change' | 'replace' | 'link' | 'delete';

/** Runs `tc qdisc WORDS`. @returns exit status */
export function qdisc(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, []);
  if (is('add')) return modify(ctx, rest, 'add');
  if (is('change')) return modify(ctx, rest, 'change');
  if (is('replace')) return modify(ctx, rest, 'replace');
  if (is('link')) return modify(ctx, rest, 'link');
  if (is('delete')) return modify(ctx, rest, 'delete');
  if (is('list') || is('show') || is('lst')) return show(ctx, rest);
  if (is('help')) throw new Quit(0, QDISC_USAGE);
  throw new Quit(255, `Command "${verb}" is unknown, try "tc qdisc help".\n`);
}

function readHandle(word: string): number {
  const m = /^([0-9a-f]{1,4}):?0?$/i.exec(word);
  if (!m) throw new Quit(255, `Error: argument "${word}" is wrong: invalid qdisc ID\n`);
  return parseInt(m[1]!, 16);
}

function modify(ctx: Context, words: readonly string[], verb: Verb): number {
  const args = new Args(words);
  let dev: string | undefined;
  let handle = 0;
  let root = false;
  let kind: string | undefined;
  let options: unknown;
  while (args.more) {
    if (args.is('dev')) {
      const word = args.next();
      if (dev !== undefined) throw new Quit(255, `Error: duplicate "dev": "${word}" is the second value.\n`);
      dev = word;
    } else if (args.is('handle')) handle = readHandle(args.next());
    else if (args.is('root')) {
      if (root) throw new Quit(255, 'Error: "root" is duplicate parent ID\n');
      root = true;
    } else if (
      ['ingress', 'clsact', 'parent', 'estimator', 'stab', 'ingress_block', 'egress_block'].includes(args.word)
    ) {
      throw new Quit(2, `tc: not simulated in this course: qdisc ${args.word}\n`);
    } else if (args.matches('help')) throw new Quit(0, QDISC_USAGE);
    else {
      kind = args.word;
      args.skip();
      break;
    }
    args.skip();
  }
  if (kind !== undefined) {
    const known = QDISCS[kind];
    if (known) options = known.parse(args);
    else if (LEFT_OUT.has(kind)) throw new Quit(2, `tc: not simulated in this course: qdisc ${kind}\n`);
    else if (args.more) throw new Quit(1, `Unknown qdisc "${kind}", hence option "${args.word}" is unparsable\n`);
  }
  if (dev === undefined) {
    ctx.request(() => {
      throw new Errno('ENODEV');
    });
    return 0;
  }
  const link = ctx.needLink(dev);
  ctx.request(() => {
    if (verb === 'delete') remove(link, kind, handle, root);
    else set(link, verb, kind, handle, root, options);
  });
  return 0;
}

/** tc_get_qdisc with RTM_DELQDISC. @throws Errno */
function remove(link: Link, kind: string | undefined, handle: number, root: boolean): void {
  if (!root) throw new Errno('ENOENT', 'Failed to find qdisc with specified handle');
  const q = link.sched;
  if (q === null) throw new Errno('ENOENT', 'Cannot delete qdisc with handle of zero');
  if (handle !== 0 && q.handle !== handle) throw new Errno('EINVAL', 'Invalid handle');
  if (kind !== undefined && kind !== q.kind) throw new Errno('EINVAL', 'Invalid qdisc name: must match existing qdisc');
  attach(link, null);
}

/** tc_modify_qdisc. @throws Errno */
function set(
  link: Link,
  verb: Exclude<Verb, 'delete'>,
  kind: string | undefined,
  handle: number,
  root: boolean,
  options: unknown,
): void {
  if (!root) throw new Errno('ENOENT', handle === 0 ? 'Handle cannot be zero' : 'Failed to find specified qdisc');
  const create = verb === 'add' || verb === 'replace';
  const replace = verb === 'replace' || verb === 'link';
  const q = link.sched;
  if (q !== null) {
    const other = handle !== 0 && handle !== q.handle;
    if (other && !replace) throw new Errno('EEXIST', 'NLM_F_REPLACE needed to override');
    if (!other && !(create && replace && kind !== undefined && kind !== q.kind)) {
      if (verb === 'add') throw new Errno('EEXIST', 'Exclusivity flag on, cannot modify');
      if (kind !== undefined && kind !== q.kind)
        throw new Errno('EINVAL', 'Invalid qdisc name: must match existing qdisc');
      QDISCS[q.kind]!.change(q, options);
      return;
    }
  }
  if (!create) throw new Errno('ENOENT', 'Qdisc not found. To create specify NLM_F_CREATE flag');
  const ops = kind === undefined ? undefined : QDISCS[kind];
  if (ops === undefined) throw new Errno('ENOENT', 'Specified qdisc kind is unknown');
  attach(link, ops.make(link, handle || allocateHandle(link.ns.host), options));
}

/** qdisc_graft: what waited in the old one is dropped; null brings the default back. */
function attach(link: Link, q: Qdisc | null): void {
  link.sched?.reset();
  link.sched = q;
  link.qdisc = q?.kind ?? (link.up ? (link.queueless ? 'noqueue' : (link.ns.host.defaultQdisc ?? 'fq_codel')) : 'noop');
}

function show(ctx: Context, words: readonly string[]): number {
  const { out } = ctx;
  const args = new Args(words);
  let dev: string | undefined;
  let handle: number | undefined;
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else if (args.is('handle')) handle = readHandle(args.next());
    else if (args.is('root') || args.is('invisible')) {
      // There are no others.
    } else if (args.is('ingress') || args.is('clsact') || args.is('parent'))
      throw new Quit(2, `tc: not simulated in this course: qdisc ${args.word}\n`);
    else if (args.matches('help')) throw new Quit(0, QDISC_USAGE);
    else throw new Quit(255, `What is "${args.word}"? Try "tc qdisc help".\n`);
    args.skip();
  }
  const only = dev === undefined ? undefined : ctx.needLink(dev);
  out.begin();
  for (const link of ctx.net.links) {
    if (only !== undefined && link !== only) continue;
    if (handle !== undefined && (link.sched?.handle ?? 0) !== handle) continue;
    print(ctx, link, only === undefined);
  }
  out.finish();
  return 0;
}

function print(ctx: Context, link: Link, withDevice: boolean): void {
  const { out, options } = ctx;
  const q = link.sched;
  // A link that was never up has none that could be seen.
  if (q === null && link.qdisc === 'noop') return;
  const handle = `${(q?.handle ?? 0).toString(16)}:`;
  out.openObject();
  out.any('kind', link.qdisc, `qdisc ${link.qdisc} `);
  out.any('handle', handle, `${handle} `);
  if (withDevice) out.any('dev', link.name, `dev ${link.name} `);
  if (out.isJson) out.member('root', true);
  else out.fp('root ');
  const refs = q === null ? 2 : link.numTxQueues + 1;
  out.any('refcnt', refs, `refcnt ${refs} `);
  out.openObject('options');
  if (q !== null) QDISCS[q.kind]?.print(out, q);
  else out.fp(DEFAULT_TEXT[link.qdisc] ?? '');
  out.closeObject();
  out.fp('\n');
  if (options.stats > 0) printStats(ctx, link, q);
  out.closeObject();
}

function printStats({ out }: Context, link: Link, q: Qdisc | null): void {
  // What a link's own queue let through is what the link sent; noqueue counts nothing.
  const idle = link.qdisc === 'noqueue';
  const s =
    q instanceof RootQdisc
      ? q.stats
      : {
          bytes: idle ? 0 : link.stats.txBytes,
          packets: idle ? 0 : link.stats.txPackets,
          drops: 0,
          overlimits: 0,
          requeues: 0,
          backlogBytes: 0,
          backlogPackets: 0,
        };
  if (out.isJson) {
    out.member('bytes', s.bytes);
    out.member('packets', s.packets);
    out.member('drops', s.drops);
    out.member('overlimits', s.overlimits);
    out.member('requeues', s.requeues);
    out.member('backlog', s.backlogBytes);
    out.member('qlen', s.backlogPackets);
    return;
  }
  out.fp(
    ` Sent ${s.bytes} bytes ${s.packets} pkt (dropped ${s.drops}, overlimits ${s.overlimits} requeues ${s.requeues}) \n` +
      ` backlog ${s.backlogBytes}b ${s.backlogPackets}p requeues ${s.requeues}\n`,
  );
}
