/** `ip address`: show, add, change, replace, delete, flush. */
import { isErrno } from '../../../core';
import type { AddressSpec } from '../../../net';
import { SCOPE } from '../../../net';
import { broadcast4, formatIp, isLoopback4, network4 } from '../../../wire';
import type { IpAddress } from '../../../wire';
import type { PrefixArgument } from '../lib/args';
import {
  addressArgument,
  Args,
  duplicate,
  duplicateOrGarbage,
  invalidArgument,
  prefixArgument,
  Quit,
  readUnsigned,
} from '../lib/args';
import type { Context } from '../lib/context';
import { addressUsage, flushAddresses, list } from './list';

/** Runs `ip address WORDS`. @returns exit status */
export function address(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return list(ctx, [], false);
  if (is('add')) return modify(ctx, rest, 'add');
  if (is('change') || verb === 'chg') return modify(ctx, rest, 'change');
  if (is('replace')) return modify(ctx, rest, 'replace');
  if (is('delete')) return modify(ctx, rest, 'delete');
  if (is('show') || is('lst') || is('list')) return list(ctx, rest, false);
  if (is('flush')) return flushAddresses(ctx, rest);
  if (is('save') || is('showdump') || is('restore')) {
    throw new Quit(2, `ip: not simulated in this course: address ${verb}\n`);
  }
  if (is('help')) addressUsage();
  throw new Quit(255, `Command "${verb}" is unknown, try "ip address help".\n`);
}

/** A lifetime in seconds; undefined stands for `forever`. */
function lifetime(args: Args, message: string): number | undefined {
  const word = args.next();
  if (word === 'forever') return undefined;
  const n = readUnsigned(word);
  if (n === undefined) invalidArgument(message, word);
  return n;
}

function modify(ctx: Context, words: readonly string[], verb: 'add' | 'change' | 'replace' | 'delete'): number {
  const args = new Args(words);
  let { family } = ctx.options;
  let local: PrefixArgument | undefined;
  let peer: PrefixArgument | undefined;
  let broadcast: IpAddress | '+' | '-' | undefined;
  let dev: string | undefined;
  let scope: number | undefined;
  const spec: Partial<AddressSpec> = {};
  while (args.more) {
    if (args.is('peer') || args.is('remote')) {
      const word = args.next();
      if (peer) duplicate('peer', word);
      peer = prefixArgument(word, family);
      if (family === 'unspec') family = peer.family;
    } else if (args.matches('broadcast') || args.is('brd')) {
      const word = args.next();
      if (broadcast !== undefined) duplicate('broadcast', word);
      broadcast = word === '+' || word === '-' ? word : addressArgument(word, family);
    } else if (args.is('anycast')) {
      const word = args.next();
      addressArgument(word, family);
      throw new Quit(2, 'ip: not simulated in this course: address anycast\n');
    } else if (args.is('scope')) {
      const word = args.next();
      scope = ctx.numbers.read('scope', word);
      if (scope === undefined) invalidArgument('invalid scope value.', word);
    } else if (args.is('dev')) dev = args.next();
    else if (args.is('label')) spec.label = args.next();
    else if (args.matches('metric') || args.matches('priority') || args.matches('preference')) {
      const word = args.next();
      const n = readUnsigned(word);
      if (n === undefined) invalidArgument('"metric" value is invalid\n', word);
      spec.metric = n;
    } else if (args.matches('valid_lft')) {
      const n = lifetime(args, 'valid_lft value');
      if (n !== undefined) spec.validLifetime = n;
    } else if (args.matches('preferred_lft')) {
      const n = lifetime(args, 'preferred_lft value');
      if (n !== undefined) spec.preferredLifetime = n;
    } else if (args.is('home')) spec.homeAddress = true;
    else if (args.is('nodad')) spec.noDad = true;
    else if (args.is('noprefixroute')) spec.noPrefixRoute = true;
    else if (args.is('mngtmpaddr') || args.is('autojoin')) {
      throw new Quit(2, `ip: not simulated in this course: address ${args.word}\n`);
    } else if (args.is('proto')) {
      const word = args.next();
      const n = readUnsigned(word, 255);
      if (n === undefined) invalidArgument('"proto" value is invalid\n', word);
      spec.protocol = n;
    } else {
      if (args.is('local')) args.next();
      if (args.matches('help')) addressUsage();
      if (local) duplicateOrGarbage('local', args.word);
      local = prefixArgument(args.word, family);
      if (family === 'unspec') family = local.family;
    }
    args.skip();
  }
  if (dev === undefined) throw new Quit(1, 'Not enough information: "dev" argument is required.\n');
  if (spec.validLifetime !== undefined && (spec.preferredLifetime ?? 0) > spec.validLifetime)
    throw new Quit(1, 'preferred_lft is greater than valid_lft\n');
  let prefixLength = peer?.length ?? local?.length;
  let warning = '';
  if (!peer && local && verb === 'delete' && local.family === 'inet' && !local.explicit) {
    const text = formatIp(local.address ?? 0);
    warning =
      'Warning: Executing wildcard deletion to stay compatible with old scripts.\n' +
      `         Explicitly specify the prefix length (${text}/${local.length}) to avoid this warning.\n` +
      '         This special behaviour is likely to disappear in further releases,\n' +
      '         fix your scripts!\n';
    prefixLength = undefined;
  }
  let brd: IpAddress | undefined;
  if (typeof broadcast === 'string' && (broadcast === '+' || broadcast === '-')) {
    if (local?.family !== 'inet') throw new Quit(1, warning + 'Broadcast can be set only for IPv4 addresses\n');
    const base = peer?.address ?? local.address ?? 0;
    const length = peer?.length ?? local.length;
    brd = broadcast === '+' ? broadcast4(base as number, length) : network4(base as number, length);
    if (length > 30) brd = undefined;
  } else brd = broadcast;
  const link = ctx.link(dev);
  if (!link) throw new Quit(1, `${warning}Cannot find device "${dev}"\n`);
  try {
    ctx.request(() => {
      const { addrs } = ctx.net;
      if (!local) throw new Quit(2, 'RTNETLINK answers: Operation not supported\n');
      const own = local.address ?? (local.family === 'inet6' ? '::' : 0);
      if (verb === 'delete') {
        addrs.delete({
          index: link.index,
          local: own,
          ...(prefixLength !== undefined && { prefixLength }),
          ...(peer && { peer: peer.address ?? 0 }),
          ...(spec.label !== undefined && { label: spec.label }),
        });
        return;
      }
      const full: AddressSpec = {
        ...spec,
        index: link.index,
        local: own,
        prefixLength: prefixLength ?? local.length,
        scope: scope ?? (typeof own === 'number' && isLoopback4(own) ? SCOPE.HOST : SCOPE.UNIVERSE),
      };
      if (peer) full.peer = peer.address ?? 0;
      if (brd !== undefined) full.broadcast = brd;
      addrs[verb](full);
    });
  } catch (e) {
    if (e instanceof Quit) throw new Quit(e.status, warning + e.text);
    if (isErrno(e)) throw e;
    throw e;
  }
  if (warning !== '') throw new Quit(0, warning);
  return 0;
}
