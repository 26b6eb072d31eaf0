/** `ip rule`: show, add, delete, flush. */
import type { RuleInfo } from '../../net';
import { RT_TABLE } from '../../net';
import { formatIp } from '../../wire';
import { RULE_USAGE } from './help';
import { Args, invalidArgument, prefixArgument, Quit, readUnsigned } from './lib/args';
import type { Context } from './lib/context';
import { kernelSays } from './lib/context';

type Spec = Partial<RuleInfo> & { family: 'inet' | 'inet6' };

/** Protocols by the names of /etc/protocols that people use in rules. */
const IP_PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  sctp: 132,
};

function usage(): never {
  throw new Quit(255, RULE_USAGE);
}

/** Runs `ip rule WORDS`. @returns exit status */
export function rule(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, []);
  if (is('list') || is('lst') || is('show')) return show(ctx, rest);
  if (is('save') || is('restore')) throw new Quit(2, `ip: not simulated in this course: rule ${verb}\n`);
  if (is('add')) return modify(ctx, rest, true);
  if (is('delete')) return modify(ctx, rest, false);
  if (is('flush')) return flush(ctx);
  if (is('help')) usage();
  throw new Quit(255, `Command "${verb}" is unknown, try "ip rule help".\n`);
}

function family(ctx: Context): 'inet' | 'inet6' {
  return ctx.options.family === 'inet6' ? 'inet6' : 'inet';
}

/** A name that a link could have. @throws Quit */
function linkName(word: string, what: string): string {
  if (word === '' || word.length > 15 || /[\s/]/.test(word)) invalidArgument(`${what} not a valid ifname`, word);
  return word;
}

/** The words that describe a rule, for add, delete and show. */
function parse(ctx: Context, words: readonly string[], showing = false): Spec {
  const args = new Args(words);
  const spec: { -readonly [K in keyof RuleInfo]?: RuleInfo[K] } & { family: 'inet' | 'inet6' } = {
    family: family(ctx),
  };
  let known = ctx.options.family === 'inet' || ctx.options.family === 'inet6';
  const prefix = (word: string): { address: RuleInfo['src']; length: number } => {
    const p = prefixArgument(word, known ? spec.family : 'unspec');
    if (!known && p.family !== 'unspec') {
      spec.family = p.family;
      known = true;
    }
    return { address: p.address, length: p.length };
  };
  const number = (message: string): number => {
    const word = args.next();
    const n = readUnsigned(word);
    if (n === undefined) invalidArgument(message, word);
    return n;
  };
  const range = (message: string): readonly [number, number] => {
    const word = args.next();
    const [low = '', high = low] = word.split('-');
    const a = readUnsigned(low);
    const b = readUnsigned(high);
    if (a === undefined || b === undefined) invalidArgument(message, word);
    return [a, b];
  };
  while (args.more) {
    if (args.is('not')) spec.not = true;
    else if (args.is('from')) {
      const p = prefix(args.next());
      spec.src = p.address;
      spec.srcLength = p.length;
    } else if (args.is('to')) {
      const p = prefix(args.next());
      spec.dst = p.address;
      spec.dstLength = p.length;
    } else if (args.matches('preference') || args.matches('order') || args.matches('priority')) {
      spec.priority = number('preference value is invalid\n');
    } else if (args.is('tos') || args.matches('dsfield')) {
      const word = args.next();
      const tos = readUnsigned(/^0x/i.test(word) ? word : `0x${word}`, 255);
      if (tos === undefined) invalidArgument('TOS value is invalid\n', word);
      spec.tos = tos;
    } else if (args.is('fwmark')) {
      const word = args.next();
      const [mark = '', mask] = word.split('/');
      const m = readUnsigned(mark);
      if (m === undefined) invalidArgument('fwmark value is invalid\n', mark);
      spec.fwmark = m;
      const k = mask === undefined ? 0xffffffff : readUnsigned(mask);
      if (k === undefined) invalidArgument('fwmask value is invalid\n', mask ?? '');
      spec.fwmask = k;
    } else if (args.matches('protocol')) {
      const word = args.next();
      const protocol = ctx.numbers.read('protocol', word);
      if (protocol === undefined) invalidArgument('"protocol" value is invalid\n', word);
      spec.protocol = protocol;
    } else if (args.matches('table') || args.is('lookup')) {
      const word = args.next();
      const table = ctx.numbers.read('table', word);
      if (table === undefined) invalidArgument('invalid table ID\n', word);
      spec.table = table;
    } else if (args.matches('suppress_prefixlength') || args.is('sup_pl')) {
      spec.suppressPrefixLength = number('suppress_prefixlength value is invalid\n');
    } else if (args.is('dev') || args.is('iif')) spec.iif = linkName(args.next(), '"iif"/"dev"');
    else if (args.is('oif')) spec.oif = linkName(args.next(), '"oif"');
    else if (args.matches('suppress_ifgroup') || args.is('sup_group')) {
      const word = args.next();
      const group = word === 'default' ? 0 : readUnsigned(word);
      if (group === undefined) invalidArgument('Invalid "suppress_ifgroup" value\n', word);
      spec.suppressIfgroup = group;
    } else if (args.is('l3mdev')) {
      spec.l3mdev = true;
      spec.table = 0;
    } else if (args.is('uidrange')) {
      const word = args.next();
      const m = /^(\d+)-(\d+)/.exec(word);
      if (!m) invalidArgument('invalid UID range\n', word);
      spec.uidRange = [Number(m[1]), Number(m[2])];
    } else if (args.is('tun_id')) spec.tunId = number('invalid tun_id value\n');
    else if (args.is('ipproto')) {
      const word = args.next();
      const number = readUnsigned(word, 255) ?? IP_PROTOCOLS[word];
      if (number === undefined) invalidArgument('Invalid "ipproto" value\n', word);
      spec.ipproto = number;
    } else if (args.is('sport')) spec.sport = range('Invalid "sport"\n').map((n) => n & 0xffff) as [number, number];
    else if (args.is('dport')) spec.dport = range('Invalid "dport"\n').map((n) => n & 0xffff) as [number, number];
    else if (!showing && args.matches('realms')) {
      const word = args.next();
      const realms = ctx.numbers.readRealms(word);
      if (realms === undefined) invalidArgument('invalid realms\n', word);
      if (realms !== 0) spec.realms = realms;
    } else if (args.is('goto') || (args.is('type') && args.ahead === 'goto')) {
      if (args.is('type')) args.next();
      spec.action = 'goto';
      spec.target = number('invalid target\n');
    } else if (['nat', 'map-to'].includes(args.word)) {
      throw new Quit(2, `ip: not simulated in this course: rule ${args.word}\n`);
    } else {
      if (args.is('type')) args.next();
      if (args.matches('help')) usage();
      const action = (['blackhole', 'unreachable', 'prohibit', 'nop'] as const).find((a) => a === args.word);
      if (!action) {
        if (showing) prefix(args.word);
        throw new Quit(255, `Error: argument "${args.word}" is wrong: Failed to parse rule type\n`);
      }
      spec.action = action;
    }
    args.skip();
  }
  return spec;
}

function modify(ctx: Context, words: readonly string[], adding: boolean): number {
  if (words.length === 0) throw new Quit(1, `"ip rule ${adding ? 'add' : 'del'}" requires arguments.\n`);
  const spec = parse(ctx, words);
  // Without -6 the request is about IPv4, whatever its addresses are.
  if (family(ctx) !== 'inet6' && spec.family === 'inet6') {
    ctx.needAdmin();
    throw new Quit(2, `Error: Invalid ${typeof spec.src === 'string' ? 'src' : 'dst'} address.\n`);
  }
  // IPv6 knows no realms.
  const { realms: _realms, ...other } = spec;
  const wanted = family(ctx) === 'inet6' ? other : spec;
  ctx.request(() => {
    if (adding) {
      const action = spec.action ?? 'lookup';
      ctx.net.rules.add({
        protocol: 0,
        ...wanted,
        action,
        table: spec.table ?? (action === 'lookup' ? RT_TABLE.MAIN : 0),
      });
    } else ctx.net.rules.delete(wanted);
  });
  return 0;
}

function print(ctx: Context, r: RuleInfo): void {
  const { out } = ctx;
  out.openObject();
  out.any('priority', r.priority, `${r.priority}:\t`);
  if (r.not) {
    if (out.isJson) out.member('not', null);
    else out.fp('not ');
  }
  const bits = r.family === 'inet' ? 32 : 128;
  const side = (label: 'from' | 'to', key: string, address: RuleInfo['src'], length: number, always: boolean): void => {
    if (address === undefined && length === 0) {
      if (always) out.any(key, 'all', label === 'from' ? 'from all' : ` ${label} all`);
      return;
    }
    const text = formatIp(address ?? (bits === 32 ? 0 : '::'));
    if (out.isJson) {
      out.member(key, text);
      if (length !== bits) out.member(`${key}len`, length);
    } else {
      out.fp(label === 'from' ? 'from ' : ` ${label} `);
      out.fpColor(r.family, text);
      if (length !== bits) out.fp(`/${length}`);
    }
  };
  side('from', 'src', r.src, r.srcLength, true);
  side('to', 'dst', r.dst, r.dstLength, false);
  if (r.tos !== 0) {
    const tos = `0x${r.tos.toString(16).padStart(2, '0')}`;
    out.any('tos', tos, ` tos ${tos}`);
  }
  if (r.fwmark !== undefined) {
    const mark = `0x${r.fwmark.toString(16)}`;
    if (r.fwmask !== 0xffffffff) {
      const mask = `0x${r.fwmask.toString(16)}`;
      if (out.isJson) {
        out.member('fwmark', mark);
        out.member('fwmask', mask);
      } else out.fp(` fwmark ${mark}/${mask}`);
    } else out.any('fwmark', mark, ` fwmark ${mark}`);
  }
  const flag = (key: string, text: string): void => {
    if (out.isJson) out.member(key, null);
    else out.fp(` ${text}`);
  };
  if (r.iif !== undefined) {
    out.any('iif', r.iif, ` iif ${r.iif}`);
    if (ctx.net.links.byName(r.iif) === undefined) flag('iif_detached', '[detached]');
  }
  if (r.oif !== undefined) {
    out.any('oif', r.oif, ` oif ${r.oif}`);
    if (ctx.net.links.byName(r.oif) === undefined) flag('oif_detached', '[detached]');
  }
  if (r.l3mdev) flag('l3mdev', 'lookup [l3mdev-table]');
  if (r.tunId !== undefined) out.any('tun_id', r.tunId, ` tun_id ${r.tunId}`);
  if (r.uidRange) {
    const [low, high] = r.uidRange;
    if (out.isJson) {
      out.member('uid_start', low);
      out.member('uid_end', high);
    } else out.fp(` uidrange ${low}-${high}`);
  }
  if (r.ipproto !== undefined) {
    const name = Object.keys(IP_PROTOCOLS).find((n) => IP_PROTOCOLS[n] === r.ipproto) ?? `ipproto-${r.ipproto}`;
    out.any('ipproto', name, ` ipproto ${name}`);
  }
  for (const key of ['sport', 'dport'] as const) {
    const value = r[key];
    if (!value) continue;
    const [low, high] = value;
    if (low === high) out.any(key, low, ` ${key} ${low}`);
    else if (out.isJson) {
      out.member(`${key}_start`, low);
      out.member(`${key}_end`, high);
    } else out.fp(` ${key} ${low}-${high}`);
  }
  if (r.action === 'lookup') {
    if (!r.l3mdev)
      out.any('table', ctx.numbers.name('table', r.table), ` lookup ${ctx.numbers.name('table', r.table)}`);
    if (r.suppressPrefixLength !== undefined) {
      out.any('suppress_prefixlen', r.suppressPrefixLength, ` suppress_prefixlength ${r.suppressPrefixLength}`);
    }
    if (r.suppressIfgroup !== undefined) {
      const group = r.suppressIfgroup === 0 ? 'default' : String(r.suppressIfgroup);
      out.any('suppress_ifgroup', group, ` suppress_ifgroup ${group}`);
    }
  }
  if (r.realms !== undefined) {
    const to = ctx.numbers.name('realm', r.realms & 0xffff);
    const from = r.realms >>> 16 === 0 ? undefined : ctx.numbers.name('realm', r.realms >>> 16);
    if (from !== undefined) out.any('flow_from', from, ` realms ${from}/${to}`);
    if (out.isJson) out.member('flow_to', to);
    else if (from === undefined) out.fp(` realms ${to}`);
  }
  if (r.action === 'goto') {
    out.any('goto', r.target ?? 0, ` goto ${r.target}`);
    if (!ctx.net.rules.list(r.family).some((o) => o.priority === r.target)) flag('unresolved', '[unresolved]');
  } else if (r.action !== 'lookup') {
    if (out.isJson) out.member('action', r.action);
    else out.fp(` ${r.action}`);
  }
  if ((r.protocol !== 0 && r.protocol !== 2) || ctx.options.details > 0) {
    out.any('protocol', ctx.numbers.name('protocol', r.protocol), ` proto ${ctx.numbers.name('protocol', r.protocol)}`);
  }
  out.fp('\n');
  out.closeObject();
}

/** One line of `ip monitor rule`. */
export const printRule = print;

function show(ctx: Context, words: readonly string[]): number {
  const f = parse(ctx, words, true);
  const { out } = ctx;
  out.begin();
  for (const r of ctx.net.rules.list(f.family)) {
    if (f.priority !== undefined && r.priority !== f.priority) continue;
    if (f.table !== undefined && r.table !== f.table) continue;
    if (f.iif !== undefined && r.iif !== f.iif) continue;
    if (f.oif !== undefined && r.oif !== f.oif) continue;
    if (f.fwmark !== undefined && r.fwmark !== f.fwmark) continue;
    if (f.srcLength !== undefined && (r.src !== f.src || r.srcLength !== f.srcLength)) continue;
    if (f.dstLength !== undefined && (r.dst !== f.dst || r.dstLength !== f.dstLength)) continue;
    if (f.not && !r.not) continue;
    print(ctx, r);
  }
  out.finish();
  return 0;
}

/** Deletes every rule but that with priority 0. */
function flush(ctx: Context): number {
  for (const r of ctx.net.rules.list(family(ctx))) {
    if (r.priority === 0) continue;
    ctx.needAdmin();
    try {
      ctx.net.rules.delete(r);
    } catch (e) {
      throw new Quit(2, kernelSays(e));
    }
  }
  return 0;
}
