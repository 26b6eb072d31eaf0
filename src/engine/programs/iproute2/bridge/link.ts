/** `bridge link`: ports of bridges. */
import type { LinkInfo } from '../../../net';
import { BRIDGE_LINK_USAGE } from './help';
import { Args, Quit, readUnsigned, atoi } from '../lib/args';
import type { Context } from '../lib/context';
import { PORT_STATES, PORT_SWITCHES, printSwitches, takeSwitch } from '../link/bridge-port';
import { printFlags, printNameAndLink } from '../link/show';

function usage(): never {
  throw new Quit(255, BRIDGE_LINK_USAGE);
}

/** Runs `bridge link WORDS`. @returns exit status */
export function bridgeLink(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, []);
  if (is('set') || is('change')) return set(ctx, rest);
  if (is('show') || is('lst') || is('list')) return show(ctx, rest);
  if (is('help')) usage();
  throw new Quit(255, `Command "${verb}" is unknown, try "bridge link help".\n`);
}

function show(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let dev: string | undefined;
  while (args.more) {
    if (args.is('dev')) {
      const word = args.next();
      if (dev !== undefined) throw new Quit(255, `Error: duplicate "dev": "${word}" is the second value.\n`);
      dev = word;
    }
    args.skip();
  }
  const index = dev === undefined ? undefined : ctx.needLink(dev, 255).index;
  ctx.out.begin();
  for (const info of ctx.net.links.list()) {
    if (!info.bridgePort || (index !== undefined && info.index !== index)) continue;
    printPort(ctx, info);
  }
  ctx.out.finish();
  return 0;
}

/** One port as `bridge link` prints it. */
export function printPort(ctx: Context, info: LinkInfo, deleted = false, fromBridge = true): void {
  const { out, options } = ctx;
  // br_fill_ifinfo: a port that goes has no settings to tell any more.
  const p = deleted || !fromBridge ? undefined : info.bridgePort;
  out.openObject();
  if (deleted) out.any('deleted', 'true', 'Deleted ');
  out.any('ifindex', info.index, `${info.index}: `);
  const lowerDown = printNameAndLink(ctx, info, (n) => `${n}: `, fromBridge);
  printFlags(ctx, info.flags, lowerDown);
  out.any('mtu', info.mtu, `mtu ${info.mtu} `);
  if (info.master !== undefined) {
    const master = ctx.nameOf(info.master);
    out.any('master', master, `master ${master} `);
  }
  if (p === undefined) {
    out.fp('\n');
    out.closeObject();
    return;
  }
  out.any('state', p.state, `state ${p.state} `);
  out.any('priority', p.priority, `priority ${p.priority} `);
  out.any('cost', p.cost, `cost ${p.cost} `);
  if (options.details > 0) {
    out.nl();
    out.fp('    ');
    const words = PORT_SWITCHES.map(([word]) => word);
    const at = words.indexOf('mcast_to_unicast');
    printSwitches(ctx, p, words.slice(0, at));
    out.any('mcast_router', p.mcastRouter, `mcast_router ${p.mcastRouter} `);
    printSwitches(ctx, p, words.slice(at));
  }
  out.fp('\n');
  out.closeObject();
}

function set(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let dev: string | undefined;
  const port: Record<string, unknown> = {};
  while (args.more) {
    const found = PORT_SWITCHES.find(([keyword]) => keyword === args.word);
    if (args.is('dev')) dev = args.next();
    else if (found) port[found[1]] = takeSwitch(args, found[0], 234);
    else if (args.is('cost')) {
      // Only numbers above 0 are sent.
      const cost = atoi(args.next());
      if (cost > 0) port.cost = cost;
    } else if (args.is('priority')) {
      const priority = atoi(args.next());
      if (priority >= 0) port.priority = priority & 0xffff;
    } else if (args.is('state')) {
      const word = args.next();
      const index = /^\d+$/.test(word)
        ? Number(word)
        : PORT_STATES.indexOf(word.toLowerCase() as (typeof PORT_STATES)[number]);
      const state = PORT_STATES[index];
      if (!state) throw new Quit(255, 'Error: invalid STP port state\n');
      port.state = state;
    } else if (args.is('mcast_router')) port.mcastRouter = readUnsigned(args.next(), 255) ?? 0;
    else if (args.is('self') || args.is('master')) {
      // Ports of a software bridge only have the master's settings.
    } else if (args.is('hwmode') || args.is('backup_port') || args.is('learning_sync')) {
      const word = args.word;
      args.next();
      throw new Quit(2, `bridge: not simulated in this course: link set ${word}\n`);
    } else usage();
    args.skip();
  }
  if (dev === undefined) throw new Quit(255, 'Device is a required argument.\n');
  const link = ctx.link(dev);
  if (!link) throw new Quit(255, `Cannot find bridge device "${dev}"\n`);
  ctx.request(() => ctx.net.links.set(link, { port }), 255);
  return 0;
}
