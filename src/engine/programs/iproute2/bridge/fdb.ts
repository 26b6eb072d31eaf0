/** `bridge fdb`: forwarding tables. */
import type { FdbInfo, FdbTunnel } from '../../../net';
import { formatIp, parseMac } from '../../../wire';
import { BRIDGE_FDB_USAGE } from './help';
import { addressArgument, Args, duplicateOrGarbage, invalidArgument, Quit, readUnsigned } from '../lib/args';
import type { Context } from '../lib/context';

function usage(): never {
  throw new Quit(255, BRIDGE_FDB_USAGE);
}

/** Runs `bridge fdb WORDS`. @returns exit status */
export function bridgeFdb(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, []);
  if (is('add')) return modify(ctx, rest, 'add');
  if (is('append')) return modify(ctx, rest, 'append');
  if (is('replace')) return modify(ctx, rest, 'replace');
  if (is('delete')) return modify(ctx, rest, 'delete');
  if (is('get')) return get(ctx, rest);
  if (is('show') || is('lst') || is('list')) return show(ctx, rest);
  if (is('flush')) return flush(ctx, rest);
  if (is('help')) usage();
  throw new Quit(255, `Command "${verb}" is unknown, try "bridge fdb help".\n`);
}

function bridgeArgument(ctx: Context, word: string): number {
  const link = ctx.link(word);
  if (!link) throw new Quit(255, `Cannot find bridge device "${word}"\n`);
  return link.index;
}

function modify(ctx: Context, words: readonly string[], verb: 'add' | 'append' | 'replace' | 'delete'): number {
  const args = new Args(words);
  let dev: string | undefined;
  let address: string | undefined;
  let self = false;
  let master = false;
  let state: 'permanent' | 'static' | 'dynamic' = 'permanent';
  let vlan: number | undefined;
  const tunnel: FdbTunnel = {};
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else if (args.is('dst')) {
      if (tunnel.dst !== undefined) duplicateOrGarbage('dst', args.word);
      tunnel.dst = addressArgument(args.next(), 'unspec');
    } else if (args.is('port')) {
      const word = args.next();
      const port = readUnsigned(word, 0xffff) ?? udpService(word);
      if (port === undefined) invalidArgument('invalid port', word);
      tunnel.port = port;
    } else if (args.is('vni')) {
      const word = args.next();
      const vni = readUnsigned(word);
      if (vni === undefined || vni >= 1 << 24) invalidArgument('invalid VNI\n', word);
      tunnel.vni = vni;
    } else if (args.is('via')) tunnel.via = ctx.needLink(args.next(), 255).index;
    else if (args.is('nhid') || args.is('src_vni')) {
      throw new Quit(2, `bridge: not simulated in this course: fdb ${args.word}\n`);
    } else if (args.is('self')) self = true;
    else if (args.matches('master')) master = true;
    else if (args.matches('router') || args.matches('use') || args.matches('extern_learn') || args.matches('sticky')) {
      throw new Quit(2, `bridge: not simulated in this course: fdb ${args.word}\n`);
    } else if (args.matches('local') || args.matches('permanent')) state = 'permanent';
    else if (args.matches('temp') || args.matches('static')) state = 'static';
    else if (args.matches('dynamic')) state = 'dynamic';
    else if (args.matches('vlan')) {
      const word = args.next();
      if (vlan !== undefined) throw new Quit(255, `Error: duplicate "vlan": "${word}" is the second value.\n`);
      vlan = Number(/^\d+/.exec(word)?.[0] ?? 0);
    } else {
      if (args.is('to')) args.next();
      if (args.matches('help')) usage();
      if (address !== undefined) duplicateOrGarbage('to', args.word);
      address = args.word;
    }
    args.skip();
  }
  if (dev === undefined || address === undefined) throw new Quit(255, 'Device and address are required arguments.\n');
  const mac = parseMac(address);
  if (!mac) throw new Quit(255, `Invalid mac address ${address}\n`);
  const link = ctx.needLink(dev, 255);
  if (!self && !master) self = true;
  const where = {
    mac,
    index: link.index,
    self,
    master,
    ...(vlan !== undefined && { vlan }),
    ...(Object.keys(tunnel).length > 0 && { tunnel }),
  };
  ctx.request(() => {
    if (verb === 'delete') ctx.net.fdb.delete(where);
    else ctx.net.fdb.add({ ...where, state, ...(verb !== 'add' && { [verb]: true }) });
  }, 255);
  return 0;
}

/** Names of UDP ports that tunnels use (/etc/services). */
function udpService(word: string): number | undefined {
  return word === 'vxlan' ? 4789 : word === 'otv' ? 8472 : undefined;
}

/** One entry as `bridge fdb` prints it. */
export function printFdb(ctx: Context, f: FdbInfo, hideDev: boolean, deleted = false): void {
  const { out, options } = ctx;
  out.openObject();
  if (deleted) out.any('deleted', 'true', 'Deleted ');
  if (out.isJson) out.member('mac', f.mac);
  else {
    out.fpColor('mac', f.mac);
    out.fp(' ');
  }
  if (!hideDev) {
    const name = ctx.nameOf(f.index);
    if (out.isJson) out.member('ifname', name);
    else {
      out.fp('dev ');
      out.fpColor('ifname', name);
      out.fp(' ');
    }
  }
  if (f.dst !== undefined) out.any('dst', formatIp(f.dst), `dst ${formatIp(f.dst)} `);
  if (f.vlan !== undefined) out.any('vlan', f.vlan, `vlan ${f.vlan} `);
  if (f.port !== undefined) out.any('port', f.port, `port ${f.port} `);
  if (f.vni !== undefined) out.any('vni', f.vni, `vni ${f.vni} `);
  if (f.via !== undefined) out.any('viaIf', ctx.nameOf(f.via), `via ${ctx.nameOf(f.via)} `);
  if (options.stats > 0 && f.used !== undefined && f.updated !== undefined) {
    const age = (t: number): number => Math.max(0, Math.floor((ctx.sys.now - t) / 1e6));
    if (out.isJson) {
      out.member('used', age(f.used));
      out.member('updated', age(f.updated));
    } else out.fp(`used ${age(f.used)}/${age(f.updated)} `);
  }
  out.openArray('flags');
  if (f.self) out.any(null, 'self', 'self ');
  out.closeArray();
  if (f.master !== undefined) {
    const name = ctx.nameOf(f.master);
    out.any('master', name, `master ${name} `);
  }
  const state = f.state === 'dynamic' ? '' : f.state;
  out.any('state', state, `${state}\n`);
  out.closeObject();
}

function show(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let bridge: string | undefined;
  let port: string | undefined;
  let vlan: number | undefined;
  let state: FdbInfo['state'] | undefined;
  let dynamic = false;
  while (args.more) {
    if (args.is('brport') || args.is('dev')) port = args.next();
    else if (args.is('br')) bridge = args.next();
    else if (args.is('vlan')) {
      const word = args.next();
      vlan = Number(/^\d+/.exec(word)?.[0] ?? 0);
    } else if (args.is('state')) {
      const word = args.next();
      if (
        word !== 'permanent' &&
        word !== 'static' &&
        word !== 'temp' &&
        word !== 'dynamic' &&
        word !== 'reachable' &&
        word !== 'stale'
      ) {
        invalidArgument('invalid state', word);
      }
      state = word === 'permanent' ? 'permanent' : word === 'static' || word === 'temp' ? 'static' : 'dynamic';
    } else if (args.is('dynamic')) dynamic = true;
    else if (args.matches('help')) usage();
    args.skip();
  }
  const filter: { bridge?: number; index?: number } = {};
  if (bridge !== undefined) filter.bridge = bridgeArgument(ctx, bridge);
  if (port !== undefined) filter.index = ctx.needLink(port, 255).index;
  ctx.out.begin();
  for (const f of ctx.net.fdb.list(filter)) {
    if (vlan !== undefined && f.vlan !== vlan) continue;
    if (state !== undefined && f.state !== state) continue;
    if (dynamic && f.state === 'permanent') continue;
    printFdb(ctx, f, filter.index !== undefined);
  }
  ctx.out.finish();
  return 0;
}

function get(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let bridge: string | undefined;
  let dev: string | undefined;
  let address: string | undefined;
  let vlan: number | undefined;
  let self = false;
  while (args.more) {
    if (args.is('brport') || args.is('dev')) dev = args.next();
    else if (args.is('br')) bridge = args.next();
    else if (args.is('self')) self = true;
    else if (args.matches('master') || args.matches('dynamic')) {
      // The entry is looked for by its address.
    } else if (args.matches('vlan')) vlan = readUnsigned(args.next(), 4095);
    else {
      if (args.is('to')) args.next();
      if (args.matches('help')) usage();
      if (address !== undefined) duplicateOrGarbage('to', args.word);
      address = args.word;
    }
    args.skip();
  }
  if ((dev === undefined && bridge === undefined) || address === undefined) {
    throw new Quit(255, 'Device or master and address are required arguments.\n');
  }
  const mac = parseMac(address);
  if (!mac) throw new Quit(255, `Invalid mac address ${address}\n`);
  const filter: { bridge?: number; index?: number } = {};
  if (bridge !== undefined) filter.bridge = bridgeArgument(ctx, bridge);
  if (dev !== undefined) filter.index = ctx.needLink(dev, 255).index;
  const found = ctx.net.fdb
    .list(filter)
    .find((f) => f.mac === mac && f.self === self && (vlan === undefined || f.vlan === vlan));
  if (!found) throw new Quit(254, 'Error: Fdb entry not found.\n');
  ctx.out.begin();
  printFdb(ctx, found, false);
  ctx.out.finish();
  return 0;
}

/** Takes away what a bridge (or a port of it) has learned or was given. */
function flush(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let dev: string | undefined;
  let port: string | undefined;
  const keep = new Set<string>();
  const only = new Set<string>();
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else if (args.is('brport')) port = args.next();
    else if (args.is('self') || args.is('master')) {
      // Both mean the bridge's own table here.
    } else if (['permanent', 'static', 'dynamic'].includes(args.word)) only.add(args.word);
    else if (['nopermanent', 'nostatic', 'nodynamic'].includes(args.word)) keep.add(args.word.slice(2));
    else if (args.is('vlan')) args.next();
    else if (args.matches('help')) usage();
    else throw new Quit(255, `Error: argument "${args.word}" is wrong: invalid argument\n`);
    args.skip();
  }
  if (dev === undefined) throw new Quit(255, 'Device is required argument\n');
  const link = ctx.needLink(dev, 255);
  const onPort = port === undefined ? undefined : ctx.needLink(port, 255).index;
  const info = ctx.net.links.info(link);
  const filter = info.kind === 'bridge' ? { bridge: link.index } : { index: link.index };
  ctx.request(() => {
    for (const f of ctx.net.fdb.list(filter)) {
      if (f.self || f.master === undefined || keep.has(f.state)) continue;
      if (only.size > 0 && !only.has(f.state)) continue;
      if (onPort !== undefined && f.index !== onPort) continue;
      ctx.net.fdb.delete({ mac: f.mac, index: f.index, master: true, ...(f.vlan !== undefined && { vlan: f.vlan }) });
    }
  }, 255);
  return 0;
}
