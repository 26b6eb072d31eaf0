/** The words of link types other than veth and bridge. Whether the kernel has such devices is for it to say. */
import { KIND_USAGE } from '../help';
import type { Args } from '../lib/args';
import { addressArgument, invalidArgument, Quit, readUnsigned } from '../lib/args';
import type { Context } from '../lib/context';
import { notSimulated } from './kinds';

type Options = Record<string, unknown>;

function unknownOption(kind: string, word: string): never {
  throw new Quit(1, `${kind}: unknown command "${word}"?\n${KIND_USAGE[kind] ?? ''}`);
}

function number(args: Args, message: string, max: number): number {
  const word = args.next();
  const n = readUnsigned(word, max);
  if (n === undefined) invalidArgument(message, word);
  return n;
}

function vlan(args: Args): Options {
  const o: Options = {};
  while (args.more) {
    if (args.matches('protocol')) {
      const word = args.next();
      if (!/^802\.1(q|ad)$/i.test(word)) invalidArgument('protocol is invalid', word);
      o.protocol = /ad$/i.test(word) ? 0x88a8 : 0x8100;
    } else if (args.matches('id')) o.id = number(args, 'id is invalid', 0xffff);
    else if (args.matches('reorder_hdr')) {
      const word = args.next();
      o.reorderHdr = word === 'on';
    } else if (['gvrp', 'mvrp', 'loose_binding', 'bridge_binding'].some((k) => args.matches(k))) {
      const word = args.word;
      args.next();
      notSimulated(`vlan ${word}`);
    } else if (args.matches('ingress-qos-map') || args.matches('egress-qos-map')) notSimulated(`vlan ${args.word}`);
    else if (args.matches('help')) throw new Quit(1, KIND_USAGE.vlan!);
    else unknownOption('vlan', args.word);
    args.skip();
  }
  return o;
}

const MACVLAN_MODES = ['private', 'vepa', 'bridge', 'passthru', 'source'];

function macvlan(kind: string, args: Args): Options {
  const o: Options = {};
  while (args.more) {
    if (args.matches('mode')) {
      const word = args.next();
      if (!MACVLAN_MODES.includes(word)) {
        throw new Quit(
          1,
          `Error: argument of "mode" must be "private", "vepa", "bridge", "passthru" or "source", not "${word}"\n`,
        );
      }
      o.mode = word;
    } else if (args.matches('flag') || args.matches('macaddr') || args.matches('bcqueuelen'))
      notSimulated(`${kind} ${args.word}`);
    else if (args.matches('help')) throw new Quit(1, KIND_USAGE[kind] ?? '');
    else {
      throw new Quit(1, `${kind}: unknown command "${args.word}"?\n${KIND_USAGE[kind] ?? ''}`);
    }
    args.skip();
  }
  return o;
}

function ipvlan(args: Args): Options {
  const o: Options = {};
  while (args.more) {
    if (args.matches('mode')) {
      const word = args.next();
      if (word !== 'l2' && word !== 'l3' && word !== 'l3s') {
        throw new Quit(1, `Error: argument of "mode" must be either "l2", "l3" or "l3s"\n`);
      }
      o.mode = word;
    } else if (['private', 'vepa', 'bridge'].some((f) => args.matches(f))) {
      o.flag = args.word;
    } else if (args.matches('help')) throw new Quit(1, KIND_USAGE.ipvlan ?? '');
    else unknownOption('ipvlan', args.word);
    args.skip();
  }
  return o;
}

function vxlan(ctx: Context, args: Args): Options {
  const o: Options = {};
  const switches = ['learning', 'proxy', 'rsc', 'l2miss', 'l3miss', 'udpcsum', 'external'];
  while (args.more) {
    const off = args.word.startsWith('no') ? args.word.slice(2) : undefined;
    if (args.matches('id') || args.matches('vni')) {
      const word = args.next();
      const n = readUnsigned(word);
      if (n === undefined || n >= 1 << 24) invalidArgument('invalid id', word);
      o.id = n;
    } else if (args.matches('group')) o.group = addressArgument(args.next(), 'unspec');
    else if (args.matches('remote')) o.remote = addressArgument(args.next(), 'unspec');
    else if (args.matches('local')) o.local = addressArgument(args.next(), 'unspec');
    else if (args.matches('dev')) o.dev = ctx.needLink(args.next()).index;
    else if (args.matches('ttl') || args.matches('hoplimit')) {
      const word = args.next();
      const n = word === 'inherit' || word === 'auto' ? 0 : readUnsigned(word, 255);
      if (n === undefined) invalidArgument('TTL must be <= 255', word);
      o.ttl = n;
    } else if (args.matches('tos') || args.matches('dsfield')) o.tos = args.next();
    else if (args.matches('ageing')) o.ageing = number(args, 'ageing timer', 0xffffffff);
    else if (args.matches('maxaddress')) o.maxAddress = number(args, 'max addresses', 0xffffffff);
    else if (args.matches('dstport')) o.dstport = number(args, 'dst port', 0xffff);
    else if (args.matches('srcport') || args.matches('port')) {
      o.portMin = number(args, 'min port', 0xffff);
      o.portMax = number(args, 'max port', 0xffff);
    } else if (switches.includes(args.word)) o[args.word] = true;
    else if (off !== undefined && switches.includes(off)) o[off] = false;
    else if (args.matches('help')) throw new Quit(1, KIND_USAGE.vxlan!);
    else if (['df', 'flowlabel', 'gbp', 'gpe', 'vnifilter'].includes(args.word)) notSimulated(`vxlan ${args.word}`);
    else unknownOption('vxlan', args.word);
    args.skip();
  }
  return o;
}

/** Options after `type KIND` for kinds that `ip` has a parser for; other kinds leave their words where they are. @throws Quit */
export function parseOtherKind(ctx: Context, kind: string, args: Args): Options {
  switch (kind) {
    case 'vlan':
      return vlan(args);
    case 'macvlan':
    case 'macvtap':
      return macvlan(kind, args);
    case 'ipvlan':
      return ipvlan(args);
    case 'vxlan':
      return vxlan(ctx, args);
    case 'dummy':
    case 'ifb':
      // Their module takes any words and ignores them all.
      while (args.more) args.skip();
      return {};
    default:
      return {};
  }
}
