/** route(8) of net-tools. */
import type { Coroutine } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { RouteSpec } from '../../../net';
import { RTPROT, SCOPE } from '../../../net';
import { maskLength4, network4, parsePrefix } from '../../../wire';
import { deviceNames, Stop, stoppable, why } from '../common';
import { ROUTE_TYPES, ROUTE_USAGE } from '../help';
import { inetAton, resolveHost } from '../resolver';
import { routeTable4, routeTable6 } from './route-table';

const INET_USAGE = `Usage: inet_route [-vF] del {-host|-net} Target[/prefix] [gw Gw] [metric M] [[dev] If]
       inet_route [-vF] add {-host|-net} Target[/prefix] [gw Gw] [metric M]
                              [netmask N] [mss Mss] [window W] [irtt I]
                              [mod] [dyn] [reinstate] [[dev] If]
       inet_route [-vF] add {-host|-net} Target[/prefix] [metric M] reject
       inet_route [-FC] flush      NOT supported
`;

function* address(sys: Sys, text: string): Coroutine<number> {
  const literal = inetAton(text);
  if (literal !== undefined) return literal;
  const found = yield* resolveHost(sys, text, 'inet');
  if ('error' in found) throw new Stop(255, `${text}: Host name lookup failure\n`);
  return found.addresses[0] as number;
}

function* change(sys: Sys, verb: 'add' | 'del', words: readonly string[]): Coroutine<number> {
  if (words.length === 0) throw new Stop(0, INET_USAGE);
  let kind: 'host' | 'net' | undefined;
  let i = 0;
  if (words[0] === '-net' || words[0] === '-host') {
    kind = words[0] === '-net' ? 'net' : 'host';
    i++;
  }
  const target = words[i++];
  if (target === undefined) throw new Stop(3, INET_USAGE);
  let dst = 0;
  let length: number | undefined;
  if (target === 'default') length = 0;
  else {
    const slash = target.indexOf('/');
    dst = yield* address(sys, slash < 0 ? target : target.slice(0, slash));
    if (slash >= 0) {
      const prefix = Number(target.slice(slash + 1));
      if (!Number.isInteger(prefix) || prefix < 0 || prefix > 32)
        throw new Stop(3, `route: bogus netmask ${target.slice(slash + 1)}\n`);
      length = prefix;
    }
  }
  let gateway: number | undefined;
  let metric = 0;
  let dev: string | undefined;
  let reject = false;
  for (; i < words.length; i++) {
    const word = words[i]!;
    const value = (): string => {
      const v = words[++i];
      if (v === undefined) throw new Stop(3, INET_USAGE);
      return v;
    };
    if (word === 'gw' || word === 'gateway') gateway = yield* address(sys, value());
    else if (word === 'metric') metric = Number.parseInt(value(), 10) || 0;
    else if (word === 'netmask') {
      const mask = inetAton(value());
      const n = mask === undefined ? undefined : maskLength4(mask);
      if (n === undefined) throw new Stop(3, `route: bogus netmask ${words[i]}\n`);
      length = n;
    } else if (word === 'dev' || word === 'device') dev = value();
    else if (word === 'reject') reject = true;
    else if (['mss', 'window', 'irtt', 'mod', 'dyn', 'reinstate'].includes(word))
      throw new Stop(3, `route: not simulated in this course: ${word}\n`);
    else if (i === words.length - 1) dev = word;
    else throw new Stop(3, INET_USAGE);
  }
  if (length === undefined) {
    if (kind === 'host' || kind === undefined) length = 32;
    else {
      const top = dst >>> 24;
      length = top < 128 ? 8 : top < 192 ? 16 : 24;
    }
  }
  if (network4(dst, length) !== dst) throw new Stop(3, `route: netmask doesn't match route address\n${INET_USAGE}`);
  const name = verb === 'add' ? 'SIOCADDRT' : 'SIOCDELRT';
  if (!sys.netAdmin) throw new Stop(7, `${name}: Operation not permitted\n`);
  const link = dev === undefined ? undefined : sys.net.links.byName(dev);
  if (dev !== undefined && !link) throw new Stop(7, `${name}: No such device\n`);
  const spec: RouteSpec = { family: 'inet', dst, dstLength: length, protocol: RTPROT.BOOT };
  if (reject) spec.type = 'unreachable';
  if (metric !== 0) spec.metric = metric;
  if (gateway !== undefined) spec.gateway = gateway;
  if (link) spec.index = link.index;
  spec.scope = gateway === undefined && !reject ? SCOPE.LINK : SCOPE.UNIVERSE;
  try {
    if (verb === 'add') sys.net.routes.add(spec);
    else {
      sys.net.routes.delete({
        family: 'inet',
        dst,
        dstLength: length,
        ...(metric !== 0 && { metric }),
        ...(gateway !== undefined && { gateway }),
        ...(link && { index: link.index }),
      });
    }
  } catch (e) {
    // The ioctl knows no extended ack; an unreachable gateway is ENETUNREACH there as in netlink.
    throw new Stop(7, `${name}: ${why(e)}\n`);
  }
  return 0;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    let numeric = false;
    let extended = 0;
    let six = false;
    let i = 1;
    for (; i < argv.length && argv[i]!.startsWith('-') && argv[i] !== '-net' && argv[i] !== '-host'; i++) {
      const word = argv[i]!;
      if (word === '-V' || word === '--version') {
        yield* sys.print('net-tools 2.10\n');
        return 0;
      }
      if (word === '-h' || word === '--help') {
        yield* sys.print(ROUTE_USAGE);
        yield* sys.eprint(ROUTE_TYPES);
        return 0;
      }
      if (word === '-A') {
        six = argv[++i] === 'inet6';
        continue;
      }
      if (word === '--inet6' || word === '-6') six = true;
      else if (word === '--numeric') numeric = true;
      else if (/^-[nveFN4]+$/.test(word)) {
        if (word.includes('n')) numeric = true;
        extended += word.split('e').length - 1;
      } else if (word === '--inet') continue;
      else throw new Stop(3, ROUTE_USAGE + ROUTE_TYPES);
    }
    const [verb, ...rest] = argv.slice(i);
    if (verb === undefined) {
      yield* sys.print(
        six
          ? routeTable6(sys)
          : yield* routeTable4(sys, extended >= 2 ? 'all' : extended === 1 ? 'netstat' : 'route', numeric),
      );
      return 0;
    }
    if (verb === 'add' || verb === 'del' || verb === 'delete') {
      if (six || rest.some((w) => parsePrefix(w)?.address !== undefined && w.includes(':'))) {
        throw new Stop(3, 'route: not simulated in this course: -6 add and del\n');
      }
      return yield* change(sys, verb === 'add' ? 'add' : 'del', rest);
    }
    if (verb === 'flush') throw new Stop(3, "Flushing `inet' routing table not supported\n");
    throw new Stop(3, ROUTE_USAGE + ROUTE_TYPES);
  });
}

/** The program. */
export const route: Program = {
  name: 'route',
  path: '/usr/sbin/route',
  size: 68160,
  summary: 'show / manipulate the IP routing table',
  manual: `NAME
       route - show and change the IP routing table

SYNOPSIS
       route [-n] [-e]
       route add|del [-net|-host] TARGET [gw GATEWAY] [netmask MASK] [metric N] [dev INTERFACE]

DESCRIPTION
       The older tool for routes; it sees the main table only. ip-route(8) does more.
`,
  main,
  complete: (words, sys) =>
    words.length === 0
      ? ['-n', 'add', 'del']
      : words[words.length - 1] === 'dev'
        ? deviceNames(sys)
        : ['-net', '-host', 'default', 'gw', 'netmask', 'metric', 'dev'],
};
