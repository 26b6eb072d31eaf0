/** `ip neighbour`: show, get, add, change, replace, delete, flush. */
import type { NeighbourInfo, NudState } from '../../net';
import { containsIp, formatIp, parseMac } from '../../wire';
import { NEIGH_USAGE } from './help';
import type { PrefixArgument } from './lib/args';
import {
  addressArgument,
  Args,
  duplicateOrGarbage,
  formatLladdr,
  invalidArgument,
  lladdrArgument,
  prefixArgument,
  Quit,
} from './lib/args';
import type { Context } from './lib/context';
import { kernelSays } from './lib/context';

const STATES: readonly NudState[] = [
  'NONE',
  'INCOMPLETE',
  'REACHABLE',
  'STALE',
  'DELAY',
  'PROBE',
  'FAILED',
  'NOARP',
  'PERMANENT',
];
/** What is shown and flushed unless said otherwise: everything but these. */
const HIDDEN: readonly NudState[] = ['NONE', 'NOARP'];

function usage(): never {
  throw new Quit(255, NEIGH_USAGE);
}

/** Runs `ip neigh WORDS`. @returns exit status */
export function neigh(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, [], false);
  if (is('add')) return modify(ctx, rest, 'add');
  if (is('change') || verb === 'chg') return modify(ctx, rest, 'change');
  if (is('replace')) return modify(ctx, rest, 'replace');
  if (is('delete')) return modify(ctx, rest, 'delete');
  if (is('get')) return get(ctx, rest);
  if (is('show') || is('lst') || is('list')) return show(ctx, rest, false);
  if (is('flush')) return show(ctx, rest, true);
  if (is('help')) usage();
  throw new Quit(255, `Command "${verb}" is unknown, try "ip neigh help".\n`);
}

function readState(word: string): NudState | undefined {
  const state = word.toUpperCase();
  return STATES.find((s) => s === state);
}

function modify(ctx: Context, words: readonly string[], verb: 'add' | 'change' | 'replace' | 'delete'): number {
  const args = new Args(words);
  const { family } = ctx.options;
  let dev: string | undefined;
  let dst: string | undefined;
  let proxy = false;
  let lladdr: Uint8Array | undefined;
  let state: NudState | undefined;
  let router = false;
  while (args.more) {
    if (args.matches('lladdr')) {
      const word = args.next();
      if (word !== 'null') lladdr = lladdrArgument(word);
    } else if (args.is('nud')) {
      const word = args.next();
      state = readState(word);
      if (state === undefined) invalidArgument('nud state is bad', word);
    } else if (args.matches('proxy')) {
      const word = args.next();
      if ('help'.startsWith(word)) usage();
      if (dst !== undefined) throw new Quit(255, `Error: duplicate "address": "${word}" is the second value.\n`);
      proxy = true;
      dst = word;
    } else if (args.is('router')) router = true;
    else if (args.matches('extern_learn') || args.is('use') || args.is('managed')) {
      throw new Quit(2, `ip: not simulated in this course: neigh ${args.word}\n`);
    } else if (args.is('dev')) dev = args.next();
    else if (args.matches('protocol')) args.next();
    else {
      if (args.is('to')) args.next();
      if (args.matches('help')) usage();
      if (dst !== undefined) duplicateOrGarbage('to', args.word);
      dst = args.word;
    }
    args.skip();
  }
  if (dev === undefined || dst === undefined) throw new Quit(255, 'Device and destination are required arguments.\n');
  const address = addressArgument(dst, family);
  const link = ctx.needLink(dev);
  const mac = lladdr && (lladdr.length === 6 ? parseMac(formatLladdr(lladdr)) : undefined);
  ctx.request(() => {
    const table = ctx.net.neigh;
    if (verb === 'delete') {
      table.delete({ index: link.index, address, ...(proxy && { proxy }) });
      return;
    }
    if (lladdr && !mac) throw new Quit(2, 'Error: Invalid link address.\n');
    table[verb]({
      index: link.index,
      address,
      ...(mac !== undefined && { lladdr: mac }),
      state: state ?? 'PERMANENT',
      ...(router && { router }),
      ...(proxy && { proxy }),
    });
  });
  return 0;
}

function print(ctx: Context, n: NeighbourInfo, hideDev: boolean, deleted = false): void {
  const { out, options } = ctx;
  out.openObject();
  if (deleted) out.any('deleted', 'true', 'Deleted ');
  const dst = formatIp(n.address);
  out.any('dst', dst, dst, n.family);
  out.fp(' ');
  if (!hideDev) {
    const name = ctx.nameOf(n.index);
    if (out.isJson) out.member('dev', name);
    else {
      out.fp('dev ');
      out.fpColor('ifname', name);
      out.fp(' ');
    }
  }
  if (n.lladdr !== undefined) {
    if (out.isJson) out.member('lladdr', n.lladdr);
    else {
      out.fp('lladdr ');
      out.fpColor('mac', n.lladdr);
      out.fp(' ');
    }
  }
  const flag = (name: string): void => {
    if (out.isJson) out.member(name, null);
    else out.fp(`${name} `);
  };
  if (n.router) flag('router');
  if (n.proxy) flag('proxy');
  if (options.stats > 0 && !n.proxy) {
    const age = (t: number): number => Math.max(0, Math.round((ctx.sys.now - t) / 1e6));
    if (n.refs > 0) out.any('refcnt', n.refs, ` ref ${n.refs}`);
    if (out.isJson) {
      out.member('used', age(n.used));
      out.member('confirmed', age(n.confirmed));
      out.member('updated', age(n.updated));
    } else out.fp(` used ${age(n.used)}/${age(n.confirmed)}/${age(n.updated)}`);
    out.any('probes', n.probes, `probes ${n.probes} `);
  }
  if (!n.proxy) {
    out.openArray('state');
    out.any(null, n.state, `${n.state} `);
    out.closeArray();
  }
  out.fp('\n');
  out.closeObject();
}

/** One line of `ip monitor neigh`. */
export const printNeighbour = print;

function show(ctx: Context, words: readonly string[], flushing: boolean): number {
  if (flushing && words.length === 0) throw new Quit(1, 'Flush requires arguments.\n');
  const args = new Args(words);
  let { family } = ctx.options;
  let dev: string | undefined;
  let to: PrefixArgument | undefined;
  let states: NudState[] | undefined;
  let proxy = false;
  let unused = false;
  while (args.more) {
    if (args.is('dev')) {
      const word = args.next();
      if (dev !== undefined) throw new Quit(255, `Error: duplicate "dev": "${word}" is the second value.\n`);
      dev = word;
    } else if (args.is('master') || args.is('vrf')) {
      const word = args.next();
      if (!ctx.link(word)) invalidArgument('Device does not exist\n', word);
      throw new Quit(2, 'ip: not simulated in this course: neigh show master\n');
    } else if (args.is('nomaster')) {
      throw new Quit(2, 'ip: not simulated in this course: neigh show nomaster\n');
    } else if (args.is('unused')) unused = true;
    else if (args.is('nud')) {
      const word = args.next();
      if (word === 'all') states = [...STATES];
      else {
        const state = readState(word);
        if (state === undefined) invalidArgument('nud state is bad', word);
        states = [...(states ?? []), state];
        // NOARP is part of what "valid without resolution" means to the original.
        if (state === 'NOARP') states.push('PERMANENT');
      }
    } else if (args.is('proxy')) proxy = true;
    else if (args.matches('protocol')) args.next();
    else {
      if (args.is('to')) args.next();
      if (args.matches('help')) usage();
      to = prefixArgument(args.word, family);
      if (family === 'unspec' && to.family !== 'unspec') family = to.family;
    }
    args.skip();
  }
  const index = dev === undefined ? undefined : ctx.needLink(dev).index;
  const { out, options } = ctx;
  const wanted = (): NeighbourInfo[] =>
    ctx.net.neigh
      .list({
        all: true,
        ...(proxy && { proxy }),
        ...(index !== undefined && { index }),
        ...((family === 'inet' || family === 'inet6') && { family }),
      })
      .filter((n) => {
        if (n.proxy !== proxy) return false;
        if (to?.address !== undefined && !containsIp(to.address, to.length, n.address)) return false;
        if (proxy) return true;
        if (unused && n.refs > 0) return false;
        if (states) return states.includes(n.state);
        return !HIDDEN.includes(n.state);
      });
  if (!flushing) {
    out.begin();
    for (const n of wanted()) print(ctx, n, index !== undefined);
    out.finish();
    return 0;
  }
  // Unless states were named, permanent and noarp entries stay.
  const doomed = wanted().filter((n) => states !== undefined || n.state !== 'PERMANENT');
  if (doomed.length === 0) {
    if (options.stats > 0) out.fp('Nothing to flush.\n');
    return 0;
  }
  for (const n of doomed) {
    ctx.needAdmin();
    if (options.stats > 1) print(ctx, n, index !== undefined);
    try {
      ctx.net.neigh.delete({ index: n.index, address: n.address, ...(n.proxy && { proxy: true }) });
    } catch (e) {
      if (!kernelSays(e).includes('No such')) throw new Quit(1, `Failed to send flush request: ${kernelSays(e)}`);
    }
  }
  if (options.stats > 0) {
    out.fp(`\n*** Round 1, deleting ${doomed.length} entries ***\n*** Flush is complete after 1 round ***\n`);
  }
  return 0;
}

function get(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  const { family } = ctx.options;
  let dev: string | undefined;
  let dst: string | undefined;
  let proxy = false;
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else if (args.matches('proxy')) {
      dst = args.next();
      proxy = true;
    } else {
      if (args.is('to')) args.next();
      if (args.matches('help')) usage();
      if (dst !== undefined) duplicateOrGarbage('to', args.word);
      dst = args.word;
    }
    args.skip();
  }
  if (dev === undefined || dst === undefined) throw new Quit(1, 'Device and address are required arguments.\n');
  const address = addressArgument(dst, family);
  const link = ctx.needLink(dev);
  const found = ctx.net.neigh
    .list({ index: link.index, all: true })
    .find((n) => n.address === address && n.proxy === proxy);
  if (!found) throw new Quit(2, `Error: ${proxy ? 'Proxy neighbour' : 'Neighbour'} entry not found.\n`);
  ctx.out.begin();
  print(ctx, found, false);
  ctx.out.finish();
  return 0;
}
