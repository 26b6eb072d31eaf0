/** `ip addr show`, `ip addr flush` and `ip link show`: selectors and the walk over links and addresses. */
import type { AddressInfo, LinkInfo } from '../../../net';
import { IFF } from '../../../net';
import { containsIp } from '../../../wire';
import { ADDRESS_USAGE } from './help';
import { LINK_TYPES } from '../link/help';
import type { Family, PrefixArgument } from '../lib/args';
import { Args, duplicateOrGarbage, invalidArgument, Quit, readPrefix } from '../lib/args';
import type { Context } from '../lib/context';
import { kernelSays } from '../lib/context';
import { printBriefHead, printLink, printLinkBrief, printStats } from '../link/show';
import { linkUsage } from '../link/usage';
import { addressFlags, printAddress, printAddressBrief } from './print';

/** `ip addr help`. @throws Quit */
export function addressUsage(): never {
  throw new Quit(255, ADDRESS_USAGE + LINK_TYPES);
}

interface Filter {
  family: Family;
  dev?: string;
  index?: number;
  scope?: number;
  up: boolean;
  to?: PrefixArgument;
  label?: string;
  group?: number;
  master?: number;
  noMaster: boolean;
  kind?: string;
  /** Flag name to whether it must be there. */
  flags: Map<string, boolean>;
}

/** Flags that can be selected by; a `-` in front inverts some of them. */
const SELECTABLE = [
  'secondary',
  'temporary',
  'nodad',
  'optimistic',
  'dadfailed',
  'home',
  'deprecated',
  'tentative',
  'permanent',
  'mngtmpaddr',
  'noprefixroute',
  'autojoin',
  'stable-privacy',
  'dynamic',
  'primary',
];

function selectFlag(f: Filter, word: string): boolean {
  const inverted = word.startsWith('-');
  const name = inverted ? word.slice(1) : word;
  if (!SELECTABLE.includes(name)) return false;
  if (name === 'dynamic') f.flags.set('permanent', inverted);
  else if (name === 'primary') f.flags.set('secondary', inverted);
  else if (name === 'temporary') f.flags.set('secondary', !inverted);
  else f.flags.set(name, !inverted);
  if (name === 'temporary') f.family = 'inet6';
  return true;
}

function hasFlag(a: AddressInfo, name: string): boolean {
  if (name === 'permanent') return a.permanent;
  if (name === 'secondary') return a.secondary;
  return addressFlags(a).includes(name);
}

function parseFilter(ctx: Context, words: readonly string[], link: boolean): Filter {
  const f: Filter = { family: ctx.options.family, up: false, noMaster: false, flags: new Map() };
  const args = new Args(words);
  while (args.more) {
    if (args.is('to')) {
      const word = args.next();
      const prefix = readPrefix(word, f.family);
      if (!prefix) invalidArgument('invalid "to"\n', word);
      f.to = prefix;
      if (f.family === 'unspec') f.family = prefix.family;
    } else if (args.is('scope')) {
      const word = args.next();
      const scope = ctx.numbers.read('scope', word);
      if (scope === undefined && word !== 'all') invalidArgument('invalid "scope"\n', word);
      if (scope === undefined) delete f.scope;
      else f.scope = scope;
    } else if (args.is('up')) f.up = true;
    else if (selectFlag(f, args.word)) {
      // Taken.
    } else if (args.is('label')) f.label = args.next();
    else if (args.is('group')) {
      const word = args.next();
      const group = ctx.numbers.read('group', word);
      if (group === undefined) invalidArgument('Invalid "group" value\n', word);
      f.group = group;
    } else if (args.is('master')) {
      const word = args.next();
      const master = ctx.link(word);
      if (!master) invalidArgument('Device does not exist\n', word);
      f.master = master.index;
    } else if (args.is('vrf')) {
      const word = args.next();
      invalidArgument('Not a valid VRF name\n', word);
    } else if (args.is('nomaster')) f.noMaster = true;
    else if (args.is('type')) f.kind = args.next();
    else {
      if (args.is('dev')) args.next();
      else if (args.matches('help')) {
        if (link) linkUsage();
        else addressUsage();
      }
      if (f.dev !== undefined) duplicateOrGarbage('dev', args.word);
      f.dev = args.word;
    }
    args.skip();
  }
  return f;
}

function linkPasses(f: Filter, info: LinkInfo): boolean {
  if (f.index !== undefined && info.index !== f.index) return false;
  if (f.up && (info.flags & IFF.UP) === 0) return false;
  if (f.group !== undefined && info.group !== f.group) return false;
  if (f.master !== undefined && info.master !== f.master) return false;
  if (f.noMaster && info.master !== undefined) return false;
  if (f.kind !== undefined) {
    if (f.kind.endsWith('_slave')) return f.kind === 'bridge_slave' && info.bridgePort !== undefined;
    return info.kind === f.kind;
  }
  return true;
}

function addressPasses(f: Filter, a: AddressInfo, linkName: string): boolean {
  if ((f.family === 'inet' || f.family === 'inet6') && f.family !== a.family) return false;
  if (f.scope !== undefined && a.scope !== f.scope) return false;
  for (const [name, wanted] of f.flags) if (hasFlag(a, name) !== wanted) return false;
  if (f.to && f.to.address !== undefined && !containsIp(f.to.address, f.to.length, a.local)) return false;
  // Addresses without a label of their own go by the name of their link.
  return f.label === undefined || fnmatch(f.label, a.label ?? linkName);
}

/** fnmatch(3) with `*`, `?` and sets. */
function fnmatch(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
    .replace(/\[!/g, '[^');
  try {
    return new RegExp(`^${source}$`, 's').test(text);
  } catch {
    return pattern === text;
  }
}

/** `ip addr show WORDS` or, with `link`, `ip link show WORDS`. @returns exit status */
export function list(ctx: Context, words: readonly string[], link: boolean): number {
  const f = parseFilter(ctx, words, link);
  if (link) f.family = 'link';
  const { net, out, options } = ctx;
  if (f.dev !== undefined) {
    const found = ctx.link(f.dev);
    if (!found) throw new Quit(1, `Device "${f.dev}" does not exist.\n`);
    f.index = found.index;
  }
  out.begin();
  // An AF_INET6 dump of links carries less than the general one; a request for one link does not.
  const reduced = !link && f.family === 'inet6' && f.index === undefined;
  const addresses = link || f.family === 'link' ? [] : net.addrs.list();
  const byIndex = new Map<number, AddressInfo[]>();
  for (const a of addresses) {
    const group = byIndex.get(a.index);
    if (group) group.push(a);
    else byIndex.set(a.index, [a]);
  }
  const noLink = !link && options.oneline && f.family !== 'link' && !options.brief;
  for (const info of net.links.list()) {
    if (!linkPasses(f, info)) continue;
    const own = byIndex.get(info.index) ?? [];
    const shown = own.filter((a) => addressPasses(f, a, info.name));
    if (!link && f.family !== 'link') {
      if (shown.length === 0 && !(own.length === 0 && f.family === 'unspec')) continue;
    }
    out.openObject();
    if (options.brief) {
      if (link || f.family === 'link') printLinkBrief(ctx, info);
      else {
        printBriefHead(ctx, info, reduced);
        out.openArray('addr_info');
        for (const a of shown) printAddressBrief(ctx, a);
        out.closeArray();
        out.fp('\n');
      }
    } else {
      // Who asks for a label gets addresses alone.
      if ((!noLink && f.label === undefined) || out.isJson) {
        const addressLine = link || f.family === 'unspec' || f.family === 'link' || options.details > 0;
        printLink(ctx, info, { link, addressLine, queue: true, reduced });
      }
      if (!link && f.family !== 'link') {
        out.openArray('addr_info');
        for (const a of shown) printAddress(ctx, a, { prefix: noLink });
        out.closeArray();
        // Counters stand behind the addresses, and only where the link itself was printed.
        if (options.stats > 0 && !noLink && f.label === undefined) {
          printStats(ctx, info, false);
          out.fp('\n');
        }
      }
    }
    out.closeObject();
  }
  out.finish();
  return 0;
}

/** `ip addr flush WORDS`. @returns exit status */
export function flushAddresses(ctx: Context, words: readonly string[]): number {
  if (words.length === 0) throw new Quit(1, 'Flush requires arguments.\n');
  const f = parseFilter(ctx, words, false);
  if (f.family === 'link') throw new Quit(1, 'Cannot flush link addresses.\n');
  if (f.dev !== undefined) {
    const found = ctx.link(f.dev);
    if (!found) throw new Quit(1, `Device "${f.dev}" does not exist.\n`);
    f.index = found.index;
  }
  const { net, out, options } = ctx;
  for (let round = 0; ;) {
    const links = new Map(net.links.list().map((l) => [l.index, l]));
    const doomed = net.addrs.list().filter((a) => {
      const info = links.get(a.index);
      return info !== undefined && linkPasses(f, info) && addressPasses(f, a, ctx.nameOf(a.index));
    });
    if (doomed.length === 0) {
      if (options.stats > 0) {
        if (round === 0) out.fp('Nothing to flush.\n');
        else out.fp(`*** Flush is complete after ${round} round${round > 1 ? 's' : ''} ***\n`);
      }
      return 0;
    }
    round++;
    if (options.stats > 1) for (const a of doomed) printAddress(ctx, a, { prefix: true });
    for (const a of doomed) {
      ctx.needAdmin();
      try {
        net.addrs.delete({ index: a.index, local: a.local, prefixLength: a.prefixLength, peer: a.peer });
      } catch (e) {
        // Deleting a primary takes its secondaries along, which then are gone already.
        if (!kernelSays(e).includes('not found') && !kernelSays(e).includes('Cannot assign')) {
          throw new Quit(1, `Failed to send flush request: ${kernelSays(e)}`);
        }
      }
    }
    if (options.stats > 0) {
      out.fp(`\n*** Round ${round}, deleting ${doomed.length} addresses ***\n`);
    }
    if (round >= 10) throw new Quit(1, `*** Flush remains incomplete after 10 rounds. ***\n`);
  }
}
