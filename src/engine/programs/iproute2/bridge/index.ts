/** `bridge` (iproute2). */
import type { Coroutine } from '../../../core';
import { WaitQueue } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { NetEvent } from '../../../net';
import { provideLinkKinds } from '../../link-kinds/fetch';
import { bridgeCommand } from '../../link-kinds/tool';
import { deviceNames } from '../complete';
import { BRIDGE_MONITOR_USAGE, BRIDGE_USAGE } from './help';
import { Quit } from '../lib/args';
import type { Options } from '../lib/context';
import { colorOption, Context, defaultOptions, runTool } from '../lib/context';
import { stamp } from '../monitor';
import { enterNetns } from '../netns/switch';
import { bridgeFdb, printFdb } from './fdb';
import { bridgeLink, printPort } from './link';

/** A command whose code comes with the rarer kinds of link. */
function fetched(name: string): Handler {
  return function* (ctx, words) {
    const there = yield* provideLinkKinds(ctx.sys);
    const command = bridgeCommand(name);
    if (!there || !command) throw new Quit(126, 'bridge: cannot load program: network error\n');
    return command(ctx, words);
  };
}

function* monitor(ctx: Context, words: readonly string[]): Coroutine<number> {
  const wanted = new Set<string>();
  let labels = false;
  for (const word of words) {
    const is = (keyword: string): boolean => keyword.startsWith(word);
    if (word === 'file') throw new Quit(2, 'bridge: not simulated in this course: monitor file\n');
    if (is('link')) wanted.add('link');
    else if (is('fdb')) wanted.add('fdb');
    else if (is('mdb') || is('vlan') || is('vni')) wanted.add(word);
    else if (word === 'all') labels = true;
    else if (is('help')) throw new Quit(255, BRIDGE_MONITOR_USAGE);
    else throw new Quit(255, `Argument "${word}" is unknown, try "bridge monitor help".\n`);
  }
  const queue: NetEvent[] = [];
  const arrived = new WaitQueue();
  const stop = ctx.net.events.subscribe((event) => {
    queue.push(event);
    arrived.wakeAll();
  });
  try {
    for (;;) {
      const event = queue.shift();
      if (!event) {
        yield* ctx.flush();
        yield* ctx.sys.wait([arrived]);
        continue;
      }
      const kind = event.type === 'bridgelink' ? 'link' : event.type;
      if (wanted.size > 0 && !wanted.has(kind)) continue;
      const relevant = event.type === 'fdb' || event.type === 'link' || event.type === 'bridgelink';
      if (!relevant) continue;
      ctx.out.begin();
      if (ctx.options.timestamp > 0) ctx.out.fp(stamp(ctx.sys.now, ctx.options.shortTimestamp));
      if (labels) ctx.out.fp(event.type === 'fdb' ? '[NEIGH]' : '[LINK]');
      if (event.type === 'fdb') printFdb(ctx, event.fdb, false, event.deleted);
      else if (event.type === 'bridgelink') printPort(ctx, event.link, event.deleted);
      // What the link itself announces comes without a port's settings.
      else if (event.type === 'link') printPort(ctx, event.link, event.deleted, false);
      ctx.out.finish();
    }
  } finally {
    stop();
  }
}

type Handler = (ctx: Context, words: readonly string[]) => number | Coroutine<number>;

const OBJECTS: readonly (readonly [string, Handler])[] = [
  ['link', bridgeLink],
  ['fdb', bridgeFdb],
  ['mdb', fetched('mdb')],
  ['vlan', fetched('vlan')],
  ['monitor', monitor],
  [
    'help',
    () => {
      throw new Quit(255, BRIDGE_USAGE);
    },
  ],
];

function* options(sys: Sys, words: readonly string[], o: Options): Coroutine<string[]> {
  let i = 0;
  for (; i < words.length; i++) {
    let opt = words[i]!;
    if (opt === '--') {
      i++;
      break;
    }
    if (!opt.startsWith('-')) break;
    if (opt.startsWith('--')) opt = opt.slice(1);
    const is = (name: string): boolean => name.startsWith(opt);
    const color = colorOption(opt);
    if (is('-help')) throw new Quit(255, BRIDGE_USAGE);
    else if (is('-Version')) throw new Quit(0, '', 'bridge utility, 6.1.0\n');
    else if (is('-stats') || is('-statistics')) o.stats++;
    else if (is('-details')) o.details++;
    else if (is('-oneline')) o.oneline = true;
    else if (is('-timestamp')) o.timestamp++;
    else if (is('-tshort')) {
      o.timestamp++;
      o.shortTimestamp = true;
    } else if (is('-family')) i++;
    else if (opt === '-4') o.family = 'inet';
    else if (opt === '-6') o.family = 'inet6';
    else if (is('-netns')) {
      const name = words[++i];
      if (name === undefined)
        throw new Quit(255, 'Cannot open network namespace "(null)": No such file or directory\n');
      const warning = enterNetns(sys, name);
      if (warning !== '') yield* sys.eprint(warning);
    } else if (color !== undefined) o.color = color;
    else if (is('-compressvlans')) o.compressVlans = true;
    else if (is('-force')) o.force = true;
    else if (is('-json')) o.json = true;
    else if (is('-pretty')) o.pretty = true;
    else if (is('-batch')) throw new Quit(2, 'bridge: not simulated in this course: -batch\n');
    else throw new Quit(255, `Option "${opt}" is unknown, try "bridge help".\n`);
  }
  return words.slice(i);
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  let ctx: Context | undefined;
  return yield* runTool(
    () => ctx,
    sys,
    function* () {
      const o = defaultOptions();
      const [name, ...rest] = yield* options(sys, argv.slice(1), o);
      if (name === undefined) throw new Quit(255, BRIDGE_USAGE);
      ctx = new Context(sys, o);
      const found = OBJECTS.find(([object]) => object.startsWith(name));
      if (!found) throw new Quit(255, `Object "${name}" is unknown, try "bridge help".\n`);
      const result = found[1](ctx, rest);
      return typeof result === 'number' ? result : yield* result;
    },
  );
}

/** The program. */
export const bridge: Program = {
  name: 'bridge',
  path: '/usr/sbin/bridge',
  size: 105064,
  summary: 'show / manipulate bridge addresses and devices',
  manual: `NAME
       bridge - show and change bridges, their ports and forwarding tables

SYNOPSIS
       bridge [ OPTIONS ] { link | fdb | mdb | vlan | monitor } { COMMAND | help }

DESCRIPTION
       bridge link                     the ports of all bridges with their state
       bridge link set dev PORT ...    hairpin, isolated, learning, flood, cost, priority, state
       bridge fdb show [br BRIDGE]     who has been seen behind which port
       bridge fdb add MAC dev PORT master [static]
       bridge monitor                  changes as they happen

       -d  details    -s  ages    -j  JSON    -n NAME  in a network namespace

SEE ALSO
       ip(8), brctl(8)
`,
  main,
  complete: (words, sys) => {
    const rest = words.filter((w) => !w.startsWith('-'));
    const last = rest[rest.length - 1];
    if (last === 'dev' || last === 'br' || last === 'brport') return deviceNames(sys);
    if (rest.length === 0) return ['fdb', 'help', 'link', 'mdb', 'monitor', 'vlan'];
    if (rest.length === 1) {
      if ('fdb'.startsWith(rest[0]!)) return ['add', 'append', 'delete', 'flush', 'get', 'help', 'replace', 'show'];
      if ('link'.startsWith(rest[0]!)) return ['help', 'set', 'show'];
      return ['help', 'show'];
    }
    if ('fdb'.startsWith(rest[0]!))
      return ['br', 'brport', 'dev', 'dynamic', 'master', 'self', 'state', 'static', 'vlan'];
    return ['cost', 'dev', 'flood', 'hairpin', 'isolated', 'learning', 'priority', 'state'];
  },
};
