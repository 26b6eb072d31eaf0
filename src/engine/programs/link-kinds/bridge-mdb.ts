/** `bridge mdb`: which groups are wanted behind which port. */
import type { Link } from '../../net';
import { isBridge } from '../../net';
import type { MdbEntry } from '../../net/link/mdb';
import type { IpAddress } from '../../wire';
import { formatIp, parseMac } from '../../wire';
import { BRIDGE_MDB_USAGE } from './help';
import { Args, Quit, readAddress } from '../iproute2/lib/args';
import type { Context } from '../iproute2/lib/context';

/** Runs `bridge mdb WORDS`. @returns exit status */
export function bridgeMdb(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, []);
  if (is('add')) return modify(ctx, rest, true);
  if (is('delete')) return modify(ctx, rest, false);
  if (is('show') || is('lst') || is('list')) return show(ctx, rest);
  if (is('help')) throw new Quit(255, BRIDGE_MDB_USAGE);
  throw new Quit(255, `Command "${verb}" is unknown, try "bridge mdb help".\n`);
}

function modify(ctx: Context, words: readonly string[], adding: boolean): number {
  const args = new Args(words);
  let dev: string | undefined;
  let port: string | undefined;
  let group: string | undefined;
  let permanent = false;
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else if (args.is('grp')) group = args.next();
    else if (args.is('port')) port = args.next();
    else if (args.is('permanent')) permanent = true;
    else if (args.is('temp')) permanent = false;
    else if (args.is('vid') || args.is('src'))
      throw new Quit(2, `bridge: not simulated in this course: mdb ${args.word}\n`);
    else if (args.matches('help')) throw new Quit(255, BRIDGE_MDB_USAGE);
    args.skip();
  }
  if (dev === undefined || group === undefined || port === undefined)
    throw new Quit(255, 'Device, group address and port name are required arguments.\n');
  const bridge = ctx.needLink(dev, 255);
  const on = ctx.needLink(port, 255);
  const address: IpAddress | undefined = readAddress(group, 'unspec');
  if (address === undefined && parseMac(group))
    throw new Quit(2, 'bridge: not simulated in this course: mdb of a MAC address\n');
  if (address === undefined) throw new Quit(255, `"${group}" is invalid lladdr.\nInvalid address "${group}"\n`);
  ctx.request(() => {
    if (!isBridge(bridge)) throw new Quit(255, 'Error: Device does not support MDB operations.\n');
    const where = on === (bridge as Link) ? null : on.port;
    if (where === null && on !== (bridge as Link))
      throw new Quit(255, 'Error: bridge: Net device is not a bridge port.\n');
    if (where !== null && where.bridge !== bridge)
      throw new Quit(255, 'Error: bridge: Port belongs to a different bridge device.\n');
    if (adding) bridge.mdb.add(address, where, permanent);
    else bridge.mdb.delete(address, where);
  }, 255);
  return 0;
}

function show(ctx: Context, words: readonly string[]): number {
  const { out } = ctx;
  const args = new Args(words);
  let dev: string | undefined;
  while (args.more) {
    if (args.is('dev')) dev = args.next();
    else if (args.is('vid')) throw new Quit(2, 'bridge: not simulated in this course: mdb vid\n');
    args.skip();
  }
  const index = dev === undefined ? undefined : ctx.needLink(dev, 255).index;
  out.begin();
  out.openObject();
  out.openArray('mdb');
  for (const link of ctx.net.links) {
    if (!isBridge(link) || (index !== undefined && link.index !== index)) continue;
    for (const e of link.mdb.list()) print(ctx, link, e);
  }
  out.closeArray();
  out.openObject('router');
  out.closeObject();
  out.closeObject();
  out.finish();
  return 0;
}

function print(ctx: Context, bridge: Link, e: MdbEntry): void {
  const { out, options } = ctx;
  const port = e.port?.link.name ?? bridge.name;
  out.openObject();
  out.member('index', bridge.index);
  out.any('dev', bridge.name, `dev ${bridge.name}`);
  out.any('port', port, ` port ${port}`);
  out.any('grp', formatIp(e.group), ` grp ${formatIp(e.group)}`);
  const state = e.permanent ? 'permanent' : 'temp';
  out.any('state', state, ` ${state}`);
  if (options.details > 0 && e.port !== null) {
    const origin = e.byUser ? 'static' : 'kernel';
    out.any('protocol', origin, ` proto ${origin} `);
  }
  if (out.isJson) {
    out.openArray('flags');
    out.closeArray();
  }
  if (options.stats > 0) {
    const left = e.permanent ? '0.00' : (Math.max(0, e.expires - ctx.sys.now) / 1e6).toFixed(2);
    out.any('timer', left.padStart(8), ` ${left.padStart(7)}`);
  }
  out.fp('\n');
  out.closeObject();
}
