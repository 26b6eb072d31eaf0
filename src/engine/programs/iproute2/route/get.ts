/** `ip route get`. */
import type { RouteKey } from '../../../net';
import type { PrefixArgument } from '../lib/args';
import { Args, invalidArgument, prefixArgument, Quit, readUnsigned } from '../lib/args';
import type { Family } from '../lib/args';
import type { Context } from '../lib/context';
import { routeUsage } from './list';
import { printRoute } from './print';

/** Runs `ip route get WORDS`. @returns exit status */
export function getRoute(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  const wanted = ctx.options.family;
  let family: Family = wanted === 'inet' || wanted === 'inet6' ? wanted : 'unspec';
  let dst: PrefixArgument | undefined;
  let from: PrefixArgument | undefined;
  let iif: string | undefined;
  let oif: string | undefined;
  let fibMatch = false;
  const key: Partial<RouteKey> = {};
  while (args.more) {
    if (args.is('tos') || args.matches('dsfield')) {
      const word = args.next();
      const tos = readUnsigned(/^0x/i.test(word) ? word : `0x${word}`, 255);
      if (tos === undefined) invalidArgument('TOS value is invalid\n', word);
      key.tos = tos;
    } else if (args.matches('from')) {
      const word = args.next();
      if ('help'.startsWith(word)) routeUsage();
      from = prefixArgument(word, family);
      if (family === 'unspec') family = from.family;
    } else if (args.matches('iif')) iif = args.next();
    else if (args.matches('mark')) {
      const word = args.next();
      const n = readUnsigned(word);
      if (n === undefined) invalidArgument('invalid mark value', word);
      key.mark = n;
    } else if (args.matches('oif') || args.is('dev')) oif = args.next();
    else if (args.matches('notify') || args.matches('connected')) {
      // The route is looked up the same way.
    } else if (args.matches('vrf')) invalidArgument('Invalid VRF\n', args.next());
    else if (args.matches('uid')) {
      const word = args.next();
      const n = readUnsigned(word);
      if (n === undefined) invalidArgument('invalid UID\n', word);
      key.uid = n;
    } else if (args.matches('fibmatch')) fibMatch = true;
    else if (args.is('ipproto') || args.is('sport') || args.is('dport')) {
      const { word } = args;
      const value = args.next();
      const protocols: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17 };
      const n = readUnsigned(value, 65535) ?? (word === 'ipproto' ? protocols[value] : undefined);
      if (n === undefined) invalidArgument(`Invalid "${word}" value\n`, value);
      if (word === 'ipproto') key.protocol = n;
      else if (word === 'sport') key.srcPort = n;
      else key.dstPort = n;
    } else if (args.is('as')) {
      const word = args.word;
      args.next();
      throw new Quit(2, `ip: not simulated in this course: route get ${word}\n`);
    } else {
      if (args.is('to')) args.next();
      if (args.matches('help')) routeUsage();
      dst = prefixArgument(args.word, family);
      if (family === 'unspec') family = dst.family;
    }
    args.skip();
  }
  if (!dst || (dst.length === 0 && dst.address === undefined)) {
    throw new Quit(1, 'need at least a destination address\n');
  }
  const six = family === 'inet6';
  const bits = six ? 128 : 32;
  if (dst.length !== bits)
    ctx.warning += `Warning: /${dst.length} as prefix is invalid, only /${bits} (or none) is supported.\n`;
  const full: RouteKey = { ...key, dst: dst.address ?? (six ? '::' : 0) };
  if (iif !== undefined) full.iif = ctx.needLink(iif).index;
  if (oif !== undefined) full.oif = ctx.needLink(oif).index;
  if (from?.address !== undefined) full.src = from.address;
  const result = ctx.query(() => ctx.net.routes.get(full));
  const { out } = ctx;
  out.begin();
  if (fibMatch) printRoute(ctx, { ...result.route, table: result.table }, { table: 0 });
  else {
    const base = result.route;
    printRoute(
      ctx,
      {
        ...base,
        type: result.type,
        tos: 0,
        scope: 0,
        table: result.table,
        prefSrc: from && !six ? undefined : result.prefSrc,
        nexthops: [
          { index: result.index, gateway: result.gateway, onlink: false, dead: false, linkdown: false, weight: 1 },
        ],
        advmss: base.advmss,
      },
      {
        table: 0,
        get: {
          dst: full.dst,
          from: full.src ?? (six ? '::' : undefined),
          uid: key.uid ?? 0,
          mark: key.mark ?? 0,
          iif,
          cache: result.cache,
          mtu: base.mtu,
          learned: result.learned,
        },
      },
    );
  }
  out.finish();
  return 0;
}
