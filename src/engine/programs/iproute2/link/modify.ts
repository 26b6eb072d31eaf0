/** `ip link add`, `set`, `replace`, `delete` and `property`. */
import type { Coroutine } from '../../../core';
import { Errno } from '../../../core';
import type { Link, LinkChange, LinkCommon, LinkSpec } from '../../../net';
import { KIND_USAGE } from './kind-help';
import { Args, duplicateOrGarbage, incomplete, invalidArgument, Quit } from '../lib/args';
import type { Context } from '../lib/context';
import { kindUsage, parseBridgeOptions } from './kinds';
import { parsePortOptions } from './bridge-port';
import { parseOtherKind } from './other-kinds';
import type { LinkWords } from './parse';
import { macOf, parseLinkWords } from './parse';
import { linkUsage } from './usage';

/** A name that netlink's policy lets pass (IFNAMSIZ). @throws Quit */
function checkName(name: string | undefined): void {
  if (name !== undefined && name.length > 15) throw new Quit(2, 'Error: Attribute failed policy validation.\n');
}

function common(w: LinkWords): LinkCommon {
  const spec: LinkCommon = {};
  const name = w.name ?? w.dev;
  checkName(name);
  if (name !== undefined) spec.name = name;
  if (w.address) spec.mac = macOf(w.address);
  if (w.change.mtu !== undefined) spec.mtu = w.change.mtu;
  if (w.change.txqlen !== undefined) spec.txqlen = w.change.txqlen;
  if (w.index !== undefined) spec.index = w.index;
  if (w.group !== undefined) spec.group = w.group;
  if (w.numTxQueues !== undefined) spec.numTxQueues = w.numTxQueues;
  if (w.numRxQueues !== undefined) spec.numRxQueues = w.numRxQueues;
  if (w.change.up !== undefined) spec.up = w.change.up;
  if (w.change.master !== undefined) spec.master = w.change.master;
  if (w.netns) spec.ns = w.netns;
  return spec;
}

/** `ip link add ...`; the words after `add`. */
export function* addLink(ctx: Context, words: readonly string[]): Coroutine<number> {
  const args = new Args(words);
  const w = parseLinkWords(ctx, args, true);
  if (w.type === undefined) throw new Quit(1, 'Not enough information: "type" argument is required\n');
  const kind = w.type;
  let spec: LinkSpec;
  let lower: Link | undefined;
  let extra: Record<string, unknown> = {};
  if (kind === 'veth') {
    let peer: LinkCommon | undefined;
    if (args.more) {
      if (!args.is('peer')) throw new Quit(1, KIND_USAGE.veth!);
      args.skip();
      const p = parseLinkWords(ctx, args, true);
      peer = common(p);
      if (p.refused !== undefined) throw new Quit(2, p.refused);
    }
    extra = peer ? { peer } : {};
  } else if (kind === 'bridge') {
    extra = { bridge: parseBridgeOptions(args) };
  } else {
    const parsed = parseOtherKind(ctx, kind, args, false);
    extra = parsed.options;
    if (parsed.warning !== undefined) yield* ctx.sys.eprint(parsed.warning);
    if (args.more) {
      if (args.matches('help')) linkUsage();
      throw new Quit(1, `Garbage instead of arguments "${args.word} ...". Try "ip link help".\n`);
    }
  }
  if (w.link !== undefined) lower = ctx.needLink(w.link);
  const base = common(w);
  if (lower) extra = { ...extra, link: lower.index };
  // eslint-disable-next-line prefer-const
  spec = { ...base, ...extra, kind } as LinkSpec;
  if (w.refused !== undefined) throw new Quit(2, w.refused);
  ctx.request(() => {
    const link = ctx.net.links.add(spec);
    const rest: LinkChange = {};
    if (w.change.alias !== undefined) rest.alias = w.change.alias;
    if (w.change.addrGenMode !== undefined) rest.addrGenMode = w.change.addrGenMode;
    if (Object.keys(rest).length > 0) ctx.net.links.set(link, rest);
  });
  return 0;
}

/** `ip link set ...`; `replace` may also create. */
export function setLink(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  const w = parseLinkWords(ctx, args, false);
  const change: LinkChange = { ...w.change };
  let kind: string | undefined;
  if (w.type !== undefined) {
    // Without a word of the kind's own, nothing about the kind is sent.
    if (!args.more && w.type !== undefined) kind = undefined;
    else if (w.type === 'bridge') change.bridge = parseBridgeOptions(args);
    else if (w.type === 'bridge_slave') change.port = parsePortOptions(args);
    else if (w.type === 'veth') {
      if (args.more) throw new Quit(1, KIND_USAGE.veth!);
    } else {
      const parsed = parseOtherKind(ctx, w.type, args, true);
      if (Object.keys(parsed.options).length > 0) change.kindOptions = parsed.options;
      kind = w.type;
      if (args.more) throw new Quit(1, `Garbage instead of arguments "${args.word} ...". Try "ip link help".\n`);
    }
  }
  if (w.dev === undefined) {
    if (w.group !== undefined && w.name === undefined) return setGroup(ctx, w.group, change);
    throw new Quit(255, 'Not enough information: "dev" argument is required.\n');
  }
  const link = ctx.needLink(w.dev);
  if (w.group !== undefined) change.group = w.group;
  if (w.name !== undefined) change.name = w.name;
  if (w.netns) change.ns = w.netns;
  for (const given of [w.address, w.broadcast])
    if (given && given.length !== 6) throw new Quit(1, `Invalid address length ${given.length} - must be 6 bytes\n`);
  if (w.address) change.mac = macOf(w.address);
  if (w.broadcast) change.broadcast = macOf(w.broadcast);
  if (w.refused !== undefined) throw new Quit(2, w.refused);
  ctx.request(() => {
    if (kind !== undefined && link.kind !== kind) throw new Errno('EOPNOTSUPP');
    ctx.net.links.set(link, change);
  });
  return 0;
}

function setGroup(ctx: Context, group: number, change: LinkChange): number {
  const { links } = ctx.net;
  ctx.request(() => {
    for (const info of links.list()) if (info.group === group) links.set(links.get(info.index)!, change);
  });
  return 0;
}

/** `ip link delete ...` */
export function deleteLink(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  const w = parseLinkWords(ctx, args, false);
  const { links } = ctx.net;
  if (w.dev === undefined) {
    if (w.group === undefined) throw new Quit(255, 'Not enough information: "dev" argument is required.\n');
    const { group } = w;
    ctx.request(() => {
      const members = links.list().filter((l) => l.group === group);
      if (members.length === 0) throw new Quit(2, 'RTNETLINK answers: No such device\n');
      for (const { index } of members) {
        const link = links.get(index);
        if (link) links.delete(link);
      }
    });
    return 0;
  }
  const link = ctx.needLink(w.dev);
  ctx.request(() => links.delete(link));
  return 0;
}

/** `ip link property { add | del } dev DEV altname NAME...` */
export function linkProperty(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  const adding = args.more && args.matches('add');
  if (!adding && !(args.more && args.matches('del'))) {
    if (args.more && args.matches('help')) linkUsage();
    throw new Quit(255, 'Operator required\n');
  }
  args.skip();
  let dev: string | undefined;
  const names: string[] = [];
  while (args.more) {
    if (args.matches('altname')) {
      const word = args.next();
      if (word === '' || word.length >= 128 || /[/\s]/.test(word)) invalidArgument('not a valid altname', word);
      names.push(word);
    } else {
      if (args.matches('help')) linkUsage();
      if (args.is('dev')) args.next();
      if (dev !== undefined) duplicateOrGarbage('dev', args.word);
      dev = args.word;
    }
    args.skip();
  }
  if (dev === undefined) throw new Quit(255, 'Not enough information: "dev" argument is required.\n');
  const link = ctx.needLink(dev);
  if (names.length === 0) incomplete();
  ctx.request(() => ctx.net.links.set(link, { altNames: adding ? { add: names } : { del: names } }));
  return 0;
}

/** `ip link help [TYPE]` */
export function linkHelp(words: readonly string[]): never {
  const text = words[0] === undefined ? undefined : kindUsage(words[0]);
  if (text === undefined) linkUsage();
  throw new Quit(0, '', text);
}
