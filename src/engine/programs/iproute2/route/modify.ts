/** `ip route add`, `change`, `replace`, `append`, `prepend`, `delete`. */
import type { RouteMatch, RouteSpec, RouteType } from '../../../net';
import { RT_TABLE, RTPROT, SCOPE } from '../../../net';
import type { IpAddress } from '../../../wire';
import type { PrefixArgument } from '../lib/args';
import {
  addressArgument,
  Args,
  duplicateOrGarbage,
  invalidArgument,
  prefixArgument,
  Quit,
  readUnsigned,
} from '../lib/args';
import type { Family } from '../lib/args';
import type { Context } from '../lib/context';
import { routeUsage } from './list';
import { ROUTE_TYPES } from './types';

/** What is done with the route. */
export type RouteVerb = 'add' | 'change' | 'replace' | 'append' | 'prepend' | 'delete' | 'test';

/** Words that are refused because what they set is not simulated. */
const REFUSED = ['encap', 'ttl-propagate', 'fastopen_no_cookie'];

/** Metrics that are plain numbers, with what is said about bad ones. */
const NUMBERS: Readonly<Record<string, string>> = {
  reordering: '"reordering" value is invalid\n',
  window: '"window" value is invalid\n',
  cwnd: '"cwnd" value is invalid\n',
  initcwnd: '"initcwnd" value is invalid\n',
  initrwnd: '"initrwnd" value is invalid\n',
  quickack: '"quickack" value should be 0 or 1\n',
  ssthresh: '"ssthresh" value is invalid\n',
  hoplimit: '"hoplimit" value is invalid\n',
};

/** Times: in the kernel's units, which are eighths and quarters of a millisecond. */
const TIMES: Readonly<Record<string, number>> = { rtt: 8, rttvar: 4, rto_min: 1 };

interface Nexthop {
  index?: number;
  gateway?: IpAddress;
  onlink?: boolean;
  weight?: number;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  inet: 'inet',
  inet6: 'inet6',
  link: 'link',
  bridge: 'bridge',
  mpls: 'mpls',
};

/** `via [FAMILY] ADDRESS`; the position is on `via`. */
function gatewayArgument(args: Args, family: Family): IpAddress {
  let word = args.next();
  let f = family;
  const named = FAMILIES[word];
  if (named) {
    f = named;
    word = args.next();
  }
  return addressArgument(word, f);
}

function parseNexthops(ctx: Context, args: Args, family: Family): Nexthop[] {
  const hops: Nexthop[] = [];
  let hop: Nexthop | undefined;
  while (args.more) {
    if (args.is('nexthop')) {
      hop = {};
      hops.push(hop);
    } else if (!hop) {
      throw new Quit(255, `Error: "nexthop" or end of line is expected instead of "${args.word}"\n`);
    } else if (args.is('via')) hop.gateway = gatewayArgument(args, family);
    else if (args.is('dev')) {
      hop.index = ctx.needLink(args.next()).index;
    } else if (args.is('weight')) {
      const word = args.next();
      const n = readUnsigned(word, 256);
      if (n === undefined || n === 0) invalidArgument('"weight" is invalid\n', word);
      hop.weight = n;
    } else if (args.is('onlink')) hop.onlink = true;
    else if (args.matches('realms')) throw new Quit(2, 'ip: not simulated in this course: route nexthop realms\n');
    else throw new Quit(255, `Error: "nexthop" or end of line is expected instead of "${args.word}"\n`);
    args.skip();
  }
  return hops;
}

/** Runs `ip route VERB WORDS`. @returns exit status */
export function modifyRoute(ctx: Context, words: readonly string[], verb: RouteVerb): number {
  const args = new Args(words);
  const wanted = ctx.options.family;
  let family: Family = wanted === 'inet' || wanted === 'inet6' ? wanted : 'unspec';
  let dst: PrefixArgument | undefined;
  let dev: string | undefined;
  let type: RouteType | undefined;
  let hops: Nexthop[] | undefined;
  let unsupported: string | undefined;
  const spec: Partial<RouteSpec> = {};
  const metrics: Record<string, number | string> = {};
  const number = (message: string, max = 0xffffffff): number => {
    const word = args.next();
    const n = readUnsigned(word, max);
    if (n === undefined) invalidArgument(message, word);
    return n;
  };
  while (args.more) {
    if (args.is('src')) {
      spec.prefSrc = addressArgument(args.next(), family);
      if (family === 'unspec') family = typeof spec.prefSrc === 'number' ? 'inet' : 'inet6';
    } else if (args.is('via')) {
      spec.gateway = gatewayArgument(args, family);
      if (family === 'unspec') family = typeof spec.gateway === 'number' ? 'inet' : 'inet6';
    } else if (args.is('from')) {
      prefixArgument(args.next(), family);
      unsupported = 'route from';
    } else if (args.is('tos') || args.matches('dsfield')) {
      const word = args.next();
      const tos = readUnsigned(/^0x/i.test(word) ? word : `0x${word}`, 255);
      if (tos === undefined) invalidArgument('"tos" value is invalid\n', word);
      spec.tos = tos;
    } else if (args.is('expires')) spec.expires = number('"expires" value is invalid\n');
    else if (args.matches('metric') || args.matches('priority') || args.is('preference')) {
      spec.metric = number('"metric" value is invalid\n');
    } else if (args.is('scope')) {
      const word = args.next();
      const scope = ctx.numbers.read('scope', word);
      if (scope === undefined) invalidArgument('invalid "scope" value\n', word);
      spec.scope = scope;
    } else if (args.is('mtu')) {
      args.next();
      if (args.is('lock')) {
        args.next();
        metrics.lock = 'mtu';
      }
      const mtu = readUnsigned(args.word);
      if (mtu === undefined) invalidArgument('"mtu" value is invalid\n', args.word);
      spec.mtu = mtu;
    } else if (args.is('advmss')) spec.advmss = number('"mss" value is invalid\n');
    else if (NUMBERS[args.word] !== undefined) {
      const { word } = args;
      if (args.ahead === 'lock') args.skip();
      metrics[word] = number(NUMBERS[word]!);
    } else if (TIMES[args.word] !== undefined) {
      const name = args.word;
      const word = args.next();
      const m = /^(\d+(?:\.\d+)?)(s|secs?|ms|msecs?|msec)?$/.exec(word);
      if (!m) invalidArgument(`"${name}" value is invalid\n`, word);
      const value = Number(m[1]);
      metrics[name] = m[2] === undefined ? value : Math.round(value * (m[2].startsWith('m') ? 1 : 1000) * TIMES[name]!);
    } else if (args.is('features')) {
      const word = args.next();
      if (word !== 'ecn') invalidArgument('"features" value not valid\n', word);
      metrics.features = 1;
    } else if (args.is('congctl')) {
      let word = args.next();
      if (word === 'lock') word = args.next();
      metrics.congctl = word;
    } else if (args.is('nhid')) spec.nhid = number('"id" value is invalid\n');
    else if (args.matches('realms')) {
      const word = args.next();
      const realms = ctx.numbers.readRealms(word);
      if (realms === undefined) invalidArgument('"realm" value is invalid\n', word);
      if (realms !== 0) spec.realms = realms;
    } else if (REFUSED.includes(args.word)) {
      unsupported = `route ${args.word}`;
      args.next();
    } else if (args.is('onlink')) spec.onlink = true;
    else if (args.is('nexthop')) {
      hops = parseNexthops(ctx, args, family);
      break;
    } else if (args.matches('protocol')) {
      const word = args.next();
      const protocol = ctx.numbers.read('protocol', word);
      if (protocol === undefined) invalidArgument('"protocol" value is invalid\n', word);
      spec.protocol = protocol;
    } else if (args.matches('table')) {
      const word = args.next();
      const table = ctx.numbers.read('table', word);
      if (table === undefined) invalidArgument('"table" value is invalid\n', word);
      spec.table = table;
    } else if (args.is('vrf')) invalidArgument('Invalid VRF\n', args.next());
    else if (args.is('dev') || args.is('oif')) dev = args.next();
    else if (args.matches('pref')) {
      const word = args.next();
      if (word !== 'low' && word !== 'medium' && word !== 'high') invalidArgument('"pref" value is invalid\n', word);
      spec.pref = word;
    } else {
      if (args.is('to')) args.next();
      if (args.is('nat') || args.is('xresolve')) {
        // Types of old that this kernel knows no scope for.
        ctx.needAdmin();
        throw new Quit(2, 'Error: Invalid scope.\n');
      }
      const named = ROUTE_TYPES.find((t) => t === args.word);
      if (named) {
        type = named;
        args.next();
      }
      if (args.matches('help')) routeUsage();
      if (dst) duplicateOrGarbage('to', args.word);
      dst = prefixArgument(args.word, family);
      if (family === 'unspec' && dst.family !== 'unspec') family = dst.family;
    }
    args.skip();
  }
  if (!dst) routeUsage();
  if (dev !== undefined) spec.index = ctx.needLink(dev).index;
  const real: 'inet' | 'inet6' = family === 'inet6' ? 'inet6' : 'inet';
  for (const hop of hops ?? []) {
    if (hop.gateway !== undefined && family === 'unspec' && typeof hop.gateway === 'string') {
      throw new Quit(2, 'RTNETLINK answers: Invalid argument\n');
    }
  }
  if (hops) spec.nexthops = hops;
  // IPv6 knows no realms.
  if (real === 'inet6') delete spec.realms;
  else if (hops && spec.realms !== undefined) {
    ctx.needAdmin();
    throw new Quit(2, 'Error: Nexthop class id does not match RTA_FLOW.\n');
  }
  if (Object.keys(metrics).length > 0) spec.metrics = metrics;
  if (type !== undefined) spec.type = type;
  const local = type === 'local' || type === 'broadcast' || type === 'anycast';
  if (spec.table === undefined && local) spec.table = RT_TABLE.LOCAL;
  const deleting = verb === 'delete';
  if (!deleting) {
    spec.protocol ??= RTPROT.BOOT;
    spec.type ??= 'unicast';
    if (spec.scope === undefined) {
      if (real === 'inet6') spec.scope = SCOPE.UNIVERSE;
      else if (type === 'local') spec.scope = SCOPE.HOST;
      else if (type === 'broadcast' || type === 'multicast' || type === 'anycast') spec.scope = SCOPE.LINK;
      else if (spec.type === 'unicast' && spec.gateway === undefined && !hops && spec.nhid === undefined)
        spec.scope = SCOPE.LINK;
      else spec.scope = SCOPE.UNIVERSE;
    }
  }
  const full = { ...spec, family: real, dst: dst.address ?? (real === 'inet' ? 0 : '::'), dstLength: dst.length };
  if (unsupported !== undefined) throw new Quit(2, `ip: not simulated in this course: ${unsupported}\n`);
  ctx.request(() => {
    const { routes } = ctx.net;
    if (deleting) routes.delete(full as RouteMatch);
    else if (verb === 'test') routes.add(full as RouteSpec);
    else routes[verb](full as RouteSpec);
  });
  return 0;
}
