/** `ip monitor`: changes as the kernel announces them. */
import type { Coroutine } from '../../core';
import { WaitQueue } from '../../core';
import type { NetEvent } from '../../net';
import { printAddress } from './address/print';
import { MONITOR_USAGE } from './help';
import { Args, Quit } from './lib/args';
import type { Context } from './lib/context';
import { printLink } from './link/show';
import { printNeighbour } from './neigh';
import { netnsNameOf } from './netns/names';
import { printRoute } from './route/print';
import { printRule } from './rule';

type Object = 'link' | 'address' | 'route' | 'neigh' | 'rule' | 'nsid' | 'netconf';
const LABELS: Readonly<Record<string, string>> = {
  link: '[LINK]',
  address: '[ADDR]',
  route: '[ROUTE]',
  neigh: '[NEIGH]',
  rule: '[RULE]',
  nsid: '[NSID]',
  bridgelink: '[LINK]',
  netconf: '[NETCONF]',
  fdb: '[NEIGH]',
};

/** Runs `ip monitor WORDS` until a signal ends it. */
export function* monitor(ctx: Context, words: readonly string[]): Coroutine<number> {
  const args = new Args(words);
  const objects = new Set<Object>();
  let all = words.length === 0;
  let labels = false;
  let dev: string | undefined;
  while (args.more) {
    if (args.matches('file')) {
      args.next();
      throw new Quit(2, 'ip: not simulated in this course: monitor file\n');
    } else if (args.matches('label')) labels = true;
    else if (args.matches('link')) objects.add('link');
    else if (args.matches('address')) objects.add('address');
    else if (args.matches('route')) objects.add('route');
    else if (args.matches('netconf')) objects.add('netconf');
    else if (['mroute', 'prefix', 'nexthop', 'stats'].some((k) => args.matches(k))) {
      // Known, and nothing of the kind happens here.
    } else if (args.matches('neigh')) objects.add('neigh');
    else if (args.matches('rule')) objects.add('rule');
    else if (args.matches('nsid')) objects.add('nsid');
    else if (args.is('all')) {
      all = true;
      labels = true;
    } else if (args.matches('all-nsid')) throw new Quit(2, 'ip: not simulated in this course: monitor all-nsid\n');
    else if (args.matches('help')) throw new Quit(255, MONITOR_USAGE);
    else if (args.is('dev')) dev = args.next();
    else throw new Quit(255, `Argument "${args.word}" is unknown, try "ip monitor help".\n`);
    args.skip();
  }
  if (objects.size === 0 && !all && dev === undefined && !labels) all = false;
  if (objects.size === 0) all = true;
  const { sys } = ctx;
  const index = dev === undefined ? undefined : ctx.needLink(dev).index;
  // What the program learned at its start, and what it is told since, is all it knows of names.
  ctx.names = new Map();
  const nsids = new Map<number, string>();
  for (const { nsid } of ctx.net.nsids.list()) {
    const name = netnsNameOf(ctx, nsid);
    if (name !== undefined) nsids.set(nsid, name);
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
        yield* sys.wait([arrived]);
        continue;
      }
      const kind = event.type === 'fdb' ? 'neigh' : event.type === 'bridgelink' ? 'link' : event.type;
      if (!all && !objects.has(kind)) continue;
      if (index !== undefined && indexOf(event) !== index) continue;
      ctx.out.begin();
      if (ctx.options.timestamp > 0) ctx.out.fp(stamp(sys.now, ctx.options.shortTimestamp));
      if (labels) ctx.out.fp(LABELS[event.type] ?? '');
      if (event.type === 'nsid') {
        const name = netnsNameOf(ctx, event.nsid);
        if (event.deleted || name === undefined) nsids.delete(event.nsid);
        else nsids.set(event.nsid, name);
      }
      print(ctx, event, nsids);
      ctx.out.finish();
    }
  } finally {
    stop();
  }
}

function indexOf(event: NetEvent): number | undefined {
  switch (event.type) {
    case 'link':
    case 'bridgelink':
      return event.link.index;
    case 'netconf':
      return event.index;
    case 'address':
      return event.address.index;
    case 'route':
      return event.route.nexthops[0]?.index;
    case 'neigh':
      return event.neigh.index;
    case 'fdb':
      return event.fdb.index;
    default:
      return undefined;
  }
}

function print(ctx: Context, event: NetEvent, nsids: ReadonlyMap<number, string>): void {
  const { out } = ctx;
  switch (event.type) {
    case 'link':
      out.openObject();
      printLink(ctx, event.link, {
        link: false,
        addressLine: true,
        queue: false,
        deleted: event.deleted,
        nsids,
        ...(event.event === undefined ? {} : { event: event.event }),
      });
      out.closeObject();
      return;
    case 'bridgelink':
      out.openObject();
      printLink(ctx, event.link, {
        link: false,
        addressLine: true,
        queue: false,
        reduced: true,
        noBroadcast: true,
        deleted: event.deleted,
      });
      out.closeObject();
      return;
    case 'netconf':
      printNetconf(ctx, event);
      return;
    case 'address':
      printAddress(ctx, event.address, { prefix: true, deleted: event.deleted });
      return;
    case 'route':
      printRoute(ctx, event.route, { table: 0, deleted: event.deleted });
      return;
    case 'neigh':
      printNeighbour(ctx, event.neigh, false, event.deleted);
      return;
    case 'rule':
      if (event.deleted) out.fp('Deleted ');
      printRule(ctx, event.rule);
      return;
    case 'nsid': {
      if (event.deleted) out.fp('Deleted ');
      const name = netnsNameOf(ctx, event.nsid);
      out.fp(`nsid ${event.nsid} ${name === undefined ? '' : `(iproute2 netns name: ${name})`}\n`);
      return;
    }
    case 'fdb': {
      const f = event.fdb;
      if (event.deleted) out.fp('Deleted ');
      out.fp(
        `dev ${ctx.nameOf(f.index)} lladdr ${f.mac} ${f.state === 'dynamic' ? 'REACHABLE' : f.state === 'static' ? 'NOARP' : 'PERMANENT'}\n`,
      );
    }
  }
}

function printNetconf(ctx: Context, event: NetEvent & { type: 'netconf' }): void {
  const { out } = ctx;
  const { conf, family } = event;
  out.openObject();
  if (event.deleted) out.any('deleted', 'true', 'Deleted ');
  out.any('family', family, `${family} `);
  const name = ctx.nameOf(event.index);
  out.any('interface', name, `${name} `);
  const flag = (key: string, on: boolean): void => {
    if (out.isJson) out.member(key, on);
    else out.fp(`${key} ${on ? 'on' : 'off'} `);
  };
  if (conf) {
    flag('forwarding', conf.forwarding);
    if (conf.rpFilter !== undefined) {
      const mode = ['off', 'strict', 'loose'][conf.rpFilter] ?? 'unknown';
      out.any('rp_filter', mode, `rp_filter ${mode} `);
    }
    flag('mc_forwarding', false);
    flag('proxy_neigh', conf.proxyNeigh);
    flag('ignore_routes_with_linkdown', conf.ignoreLinkdown);
  }
  out.fp('\n');
  out.closeObject();
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The time stamp of -t, or of -ts. */
export function stamp(now: number, short: boolean): string {
  const seconds = Math.floor(now / 1e6);
  const usec = now - seconds * 1e6;
  const d = civil(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = `${two(d.hour)}:${two(d.minute)}:${two(d.second)}`;
  if (short) return `[${d.year}-${two(d.month)}-${two(d.day)}T${time}.${String(usec).padStart(6, '0')}] `;
  const day = String(d.day).padStart(2, ' ');
  return `Timestamp: ${DAYS[d.weekday]} ${MONTHS[d.month - 1]} ${day} ${time} ${d.year} ${usec} usec\n`;
}

/** Civil date and time of seconds since the epoch, UTC. */
export function civil(seconds: number): {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  weekday: number;
} {
  const days = Math.floor(seconds / 86400);
  const rest = seconds - days * 86400;
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
  };
}
