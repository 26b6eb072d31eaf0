/** The words of `ip link add`, `ip link set` and of a veth's peer (iplink_parse of the original). */
import type { LinkChange } from '../../../net';
import type { NetNamespace } from '../../../net';
import type { Context } from '../lib/context';
import type { Args } from '../lib/args';
import {
  duplicate,
  duplicateOrGarbage,
  formatLladdr,
  invalidArgument,
  isInterfaceName,
  lladdrArgument,
  onOff,
  Quit,
  readSigned,
  readUnsigned,
} from '../lib/args';
import { netnsByName } from '../netns/names';
import { linkUsage } from './usage';
import { notSimulated } from '../lib/args';

const OPERSTATES = ['UNKNOWN', 'NOTPRESENT', 'DOWN', 'LOWERLAYERDOWN', 'TESTING', 'DORMANT', 'UP'] as const;

/** What was said about a link. */
export interface LinkWords {
  /** After `dev` or on its own: the link that is meant. */
  dev?: string;
  /** After `name`. */
  name?: string;
  /** After `link`: the lower link. */
  link?: string;
  type?: string;
  index?: number;
  numTxQueues?: number;
  numRxQueues?: number;
  netns?: NetNamespace;
  /** Link-layer address as bytes, of any length. */
  address?: Uint8Array;
  broadcast?: Uint8Array;
  /** Features that every device here refuses: the kernel's answer. */
  refused?: string;
  group?: number;
  change: LinkChange;
}

/** A namespace given as a name below /run/netns, a path, or a process; undefined when there is no such process. @throws Quit */
export function netnsArgument(ctx: Context, word: string): NetNamespace | undefined {
  const { sys } = ctx;
  const path = word.includes('/') ? word : `/run/netns/${word}`;
  if (sys.files.exists(path)) {
    const ns = netnsByName(sys, path);
    if (ns) return ns;
    throw new Quit(2, 'RTNETLINK answers: Invalid argument\n');
  }
  const pid = readSigned(word);
  if (pid === undefined) invalidArgument('Invalid "netns" value\n', word);
  const proc = sys.proc.ns.pid.processes.get(pid);
  return proc?.alive ? proc.ns.net : undefined;
}

/** Takes words up to the end or behind `type KIND`, whose own words are left. @throws Quit */
export function parseLinkWords(ctx: Context, args: Args, creating: boolean): LinkWords {
  const w: LinkWords = { change: {} };
  const { change } = w;
  const integer = (message: string): number => {
    const word = args.next();
    const n = readSigned(word);
    if (n === undefined) invalidArgument(message, word);
    return n;
  };
  while (args.more) {
    if (args.is('up')) change.up = true;
    else if (args.is('down')) change.up = false;
    else if (args.matches('name')) {
      const word = args.next();
      if (w.name !== undefined) duplicate('name', word);
      if (!isInterfaceName(word)) invalidArgument('"name" not a valid ifname', word);
      w.name = word;
    } else if (args.matches('index')) {
      const word = args.next();
      if (w.index !== undefined) duplicate('index', word);
      const n = readSigned(word);
      if (n === undefined || n <= 0) invalidArgument('Invalid "index" value', word);
      w.index = n;
    } else if (args.matches('link')) w.link = args.next();
    else if (args.matches('address')) w.address = lladdrArgument(args.next());
    else if (args.matches('broadcast') || args.is('brd')) w.broadcast = lladdrArgument(args.next());
    else if (args.matches('txqueuelen') || args.is('qlen') || args.matches('txqlen')) {
      const word = args.next();
      if (change.txqlen !== undefined) duplicate('txqueuelen', word);
      const n = readSigned(word);
      if (n === undefined) invalidArgument('Invalid "txqueuelen" value\n', word);
      change.txqlen = n;
    } else if (args.is('mtu')) {
      const word = args.next();
      if (change.mtu !== undefined) duplicate('mtu', word);
      const n = readSigned(word);
      if (n === undefined) invalidArgument('Invalid "mtu" value\n', word);
      change.mtu = n;
    } else if (args.is('xdp') || args.is('xdpgeneric') || args.is('xdpdrv') || args.is('xdpoffload')) {
      const word = args.word;
      const program = args.next();
      if (program !== 'off' && program !== 'none') notSimulated(`link set ${word}`);
    } else if (args.is('netns')) {
      const word = args.next();
      if (w.netns) duplicate('netns', word);
      const netns = netnsArgument(ctx, word);
      if (netns) w.netns = netns;
      // The kernel looks for the process, after the link has been found.
      else w.refused = 'RTNETLINK answers: No such process\n';
    } else if (args.is('multicast')) change.multicast = onOff('multicast', args.next());
    else if (args.is('allmulticast')) change.allmulticast = onOff('allmulticast', args.next());
    else if (args.is('promisc')) change.promisc = onOff('promisc', args.next());
    else if (args.is('trailers')) onOff('trailers', args.next());
    else if (args.is('arp')) change.arp = onOff('arp', args.next());
    else if (args.is('carrier')) {
      onOff('carrier', args.next());
      w.refused = 'RTNETLINK answers: Operation not supported\n';
    } else if (args.is('vf')) {
      const word = args.next();
      if (readSigned(word) === undefined) invalidArgument('Invalid "vf" value\n', word);
      w.refused = 'RTNETLINK answers: Operation not supported\n';
      while (args.ahead !== undefined && !['up', 'down', 'type'].includes(args.ahead)) args.skip();
    } else if (args.matches('master')) {
      const word = args.next();
      const master = ctx.link(word);
      if (!master) invalidArgument('Device does not exist\n', word);
      change.master = master.index;
    } else if (args.is('vrf')) {
      const word = args.next();
      if (!ctx.link(word)) invalidArgument('Not a valid VRF name\n', word);
      invalidArgument('Not a valid VRF name\n', word);
    } else if (args.matches('nomaster')) change.master = 0;
    else if (args.matches('dynamic')) change.dynamic = onOff('dynamic', args.next());
    else if (args.matches('type')) {
      w.type = args.next();
      args.skip();
      break;
    } else if (args.matches('alias')) {
      const word = args.next();
      if (word.length >= 256) throw new Quit(255, `alias "${word}" too long\n`);
      change.alias = word;
    } else if (args.is('group')) {
      const word = args.next();
      if (w.group !== undefined) duplicate('group', word);
      const group = ctx.numbers.read('group', word);
      if (group === undefined) invalidArgument('Invalid "group" value\n', word);
      w.group = group;
    } else if (args.is('mode')) {
      const word = args.next();
      const mode = word.toUpperCase();
      if (mode !== 'DEFAULT' && mode !== 'DORMANT') invalidArgument('Invalid link mode\n', word);
      change.mode = mode;
    } else if (args.is('state')) {
      const word = args.next();
      const state = OPERSTATES.find((s, i) => s === word.toUpperCase() || String(i) === word);
      if (!state) invalidArgument('Invalid operstate\n', word);
      change.operstate = state;
    } else if (args.matches('numtxqueues')) w.numTxQueues = integer('Invalid "numtxqueues" value\n');
    else if (args.matches('numrxqueues')) w.numRxQueues = integer('Invalid "numrxqueues" value\n');
    else if (args.matches('addrgenmode')) {
      const word = args.next();
      if (word !== 'eui64' && word !== 'none' && word !== 'stable_secret' && word !== 'random') {
        invalidArgument('Invalid address generation mode\n', word);
      }
      change.addrGenMode = word;
    } else if (args.is('link-netns')) {
      const word = args.next();
      if (!netnsByName(ctx.sys, word)) invalidArgument('Invalid "link-netns" value\n', word);
      notSimulated('link-netns');
    } else if (args.is('link-netnsid')) {
      args.next();
      notSimulated('link-netnsid');
    } else if (args.is('protodown') || args.is('protodown_reason')) {
      args.next();
      w.refused = 'Error: Protodown not supported by device.\n';
    } else if (args.is('gso_max_size') || args.is('gso_max_segs') || args.is('gro_max_size')) {
      const word = args.word;
      const value = args.next();
      const n = readUnsigned(value, word === 'gso_max_segs' ? 65535 : undefined);
      if (n === undefined) invalidArgument(`Invalid "${word}" value\n`, value);
      if (word === 'gso_max_size') change.gsoMaxSize = n;
      else if (word === 'gso_max_segs') change.gsoMaxSegs = n;
      else change.groMaxSize = n;
    } else if (args.is('parentdev')) {
      args.next();
      notSimulated('link add parentdev');
    } else {
      if (args.matches('help')) linkUsage();
      if (args.is('dev')) args.next();
      if (w.dev !== w.name) duplicateOrGarbage('dev', args.word);
      if (args.word === '' || args.word.length >= 128 || /[/\s]/.test(args.word)) {
        invalidArgument('"dev" not a valid ifname', args.word);
      }
      w.dev = args.word;
    }
    args.skip();
  }
  if (w.index !== undefined && !creating && !w.netns) {
    throw new Quit(255, 'index can be used only when creating devices or when moving device to another netns.\n');
  }
  return w;
}

/** A link-layer address as the kernel stores it. @throws Quit when it has the wrong length */
export function macOf(bytes: Uint8Array): string {
  // The kernel reads dev->addr_len bytes and refuses shorter attributes.
  if (bytes.length < 6) throw new Quit(2, 'RTNETLINK answers: Invalid argument\n');
  return formatLladdr(bytes.subarray(0, 6));
}
