/** `ip addr show`: one address as text or JSON. */
import type { AddressInfo } from '../../../net';
import { formatIp } from '../../../wire';
import type { Context } from '../lib/context';

/** The flags in the order in which `ip` prints them; `dynamic` is the absence of permanence. */
export function addressFlags(a: AddressInfo): string[] {
  const flags: string[] = [];
  if (a.secondary) flags.push(a.family === 'inet' ? 'secondary' : 'temporary');
  if (a.noDad && a.family === 'inet6') flags.push('nodad');
  if (a.dadFailed) flags.push('dadfailed');
  if (a.home) flags.push('home');
  if (a.deprecated) flags.push('deprecated');
  if (a.tentative) flags.push('tentative');
  if (!a.permanent) flags.push('dynamic');
  if (a.learned) flags.push('mngtmpaddr');
  else if (a.noPrefixRoute) flags.push('noprefixroute');
  return flags;
}

/** Where an address is printed. */
export interface PrintAddress {
  /** `N: NAME` in front (-o, flush, monitor). */
  readonly prefix: boolean;
  readonly deleted?: boolean;
  /** Name of the link for the prefix, when it is not the present one. */
  readonly linkName?: string;
}

/** Prints one address with its lifetime line. */
export function printAddress(ctx: Context, a: AddressInfo, options: PrintAddress): void {
  const { out } = ctx;
  out.openObject();
  if (options.deleted) out.any('deleted', 'true', 'Deleted ');
  if (options.prefix) {
    const name = options.linkName ?? ctx.nameOf(a.index);
    out.any('index', a.index, `${a.index}: `);
    out.any('dev', name, name);
  }
  const local = formatIp(a.local);
  const color = a.family;
  out.any('family', a.family, `    ${a.family} `);
  out.any('local', local, local, color);
  if (a.peer !== a.local) {
    const peer = formatIp(a.peer);
    if (out.isJson) out.member('address', peer);
    else {
      out.fp(' peer ');
      out.fpColor(color, peer);
    }
  }
  out.any('prefixlen', a.prefixLength, `/${a.prefixLength} `);
  if (a.metric !== 0) out.any('metric', a.metric, `metric ${a.metric} `);
  if (a.broadcast !== undefined) {
    const text = formatIp(a.broadcast);
    if (out.isJson) out.member('broadcast', text);
    else {
      out.fp('brd ');
      out.fpColor(color, text);
      out.fp(' ');
    }
  }
  out.any('scope', ctx.numbers.name('scope', a.scope), `scope ${ctx.numbers.name('scope', a.scope)} `);
  for (const flag of addressFlags(a)) {
    if (out.isJson) out.member(flag, true);
    else out.fp(`${flag} `);
  }
  if (a.label !== undefined) out.any('label', a.label, a.label);
  out.nl();
  out.fp('       valid_lft ');
  lifetime(ctx, 'valid_life_time', a.validUntil);
  out.fp(' preferred_lft ');
  if (a.deprecated && a.preferredUntil !== undefined && a.preferredUntil <= ctx.sys.now) {
    if (out.isJson) out.member('preferred_life_time', 0);
    else out.fp('0sec');
  } else lifetime(ctx, 'preferred_life_time', a.preferredUntil);
  out.fp('\n');
  out.closeObject();
}

function lifetime(ctx: Context, key: string, until: number | undefined): void {
  const { out } = ctx;
  if (until === undefined) {
    if (out.isJson) out.member(key, 4294967295);
    else out.fp('forever');
    return;
  }
  const seconds = Math.max(0, Math.ceil((until - ctx.sys.now) / 1e6));
  if (out.isJson) out.member(key, seconds);
  else out.fp(`${seconds}sec`);
}

/** One address of `ip -br addr`, blank after it. */
export function printAddressBrief(ctx: Context, a: AddressInfo): void {
  const { out } = ctx;
  out.openObject();
  const local = formatIp(a.local);
  out.any('local', local, local, a.family);
  if (a.peer !== a.local) {
    const peer = formatIp(a.peer);
    if (out.isJson) out.member('address', peer);
    else {
      out.fp(' peer ');
      out.fpColor(a.family, peer);
    }
  }
  out.any('prefixlen', a.prefixLength, `/${a.prefixLength} `);
  if (a.metric !== 0) out.any('metric', a.metric, `metric ${a.metric} `);
  out.closeObject();
}
