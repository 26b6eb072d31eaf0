/** -m owner: whose socket sent the packet (net/netfilter/xt_owner.c). */
import { HOOK } from '../../hook-table';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { XtProblem } from '../problem';
import { parseUint } from '../values';

interface Ids {
  readonly low: number;
  readonly high: number;
  readonly inverted: boolean;
}

/** struct xt_owner_match_info */
export interface OwnerInfo {
  uid: Ids | undefined;
  gid: Ids | undefined;
  /** undefined: no test */
  socket: boolean | undefined;
}

/** What a packet's owner is, as sockets know it. */
interface KnownOwner {
  readonly owner?: { readonly uid?: number; readonly gid?: number };
}

/** Names of a few users that every machine has. */
const USERS: Readonly<Record<string, number>> = { root: 0, daemon: 1, bin: 2, sys: 3, 'www-data': 33, nobody: 65534 };
const GROUPS: Readonly<Record<string, number>> = {
  root: 0,
  daemon: 1,
  bin: 2,
  sys: 3,
  tty: 5,
  'www-data': 33,
  nogroup: 65534,
};

function parseIds(text: string, names: Readonly<Record<string, number>>, option: string, inverted: boolean): Ids {
  const named = Object.hasOwn(names, text) ? names[text] : undefined;
  if (named !== undefined) return { low: named, high: named, inverted };
  const dash = text.indexOf('-');
  const low = parseUint(dash < 0 ? text : text.slice(0, dash), 0, 0xfffffffe);
  const high = dash < 0 ? low : parseUint(text.slice(dash + 1), 0, 0xfffffffe);
  if (low === undefined || high === undefined)
    throw new XtProblem(`owner: Bad value for "--${option}" option: "${text}"`);
  return { low, high, inverted };
}

const show = (i: Ids): string => (i.low === i.high ? String(i.low) : `${i.low}-${i.high}`);

function named(i: Ids, names: Readonly<Record<string, number>>): string {
  return (i.low === i.high && Object.keys(names).find((n) => names[n] === i.low)) || show(i);
}

/** The extension. */
export const owner: XtMatchExtension<OwnerInfo> = {
  kind: 'match',
  name: 'owner',
  revision: 1,
  options: [
    { name: 'uid-owner', type: 'string', invert: true },
    { name: 'gid-owner', type: 'string', invert: true },
    { name: 'socket-exists', type: 'none', invert: true },
  ],
  make: () => ({ uid: undefined, gid: undefined, socket: undefined }),
  parse(i, option, value, inverted) {
    if (option === 'uid-owner') i.uid = parseIds(value.text, USERS, option, inverted);
    else if (option === 'gid-owner') i.gid = parseIds(value.text, GROUPS, option, inverted);
    else i.socket = !inverted;
  },
  finish(_i, c) {
    if (c.seen.size === 0)
      throw new XtProblem('owner: At least one of --uid-owner, --gid-owner or --socket-exists is required');
  },
  print(i, c) {
    let out = '';
    if (i.socket !== undefined) out += `${not(!i.socket)} owner socket exists`;
    if (i.uid) out += `${not(i.uid.inverted)} owner UID match ${c.numeric ? show(i.uid) : named(i.uid, USERS)}`;
    if (i.gid) out += `${not(i.gid.inverted)} owner GID match ${c.numeric ? show(i.gid) : named(i.gid, GROUPS)}`;
    return out;
  },
  save(i) {
    let out = '';
    if (i.socket !== undefined) out += `${not(!i.socket)} --socket-exists`;
    if (i.uid) out += `${not(i.uid.inverted)} --uid-owner ${show(i.uid)}`;
    if (i.gid) out += `${not(i.gid.inverted)} --gid-owner ${show(i.gid)}`;
    return out;
  },
  nft(i) {
    if (i.socket !== undefined || (i.uid && i.gid)) return undefined;
    const ids = i.uid ?? i.gid!;
    return `${i.uid ? 'skuid' : 'skgid'} ${ids.inverted ? '!= ' : ''}${show(ids)}`;
  },
  kernel: {
    name: 'owner',
    matches(i, p) {
      const o = p.skb.owner as KnownOwner | null;
      if (o === null)
        return i.socket === false || (i.socket === undefined && (i.uid?.inverted ?? true) && (i.gid?.inverted ?? true));
      if (i.socket === false) return false;
      const uid = o.owner?.uid ?? 0;
      const gid = o.owner?.gid ?? uid;
      if (i.uid && (uid >= i.uid.low && uid <= i.uid.high) === i.uid.inverted) return false;
      if (i.gid && (gid >= i.gid.low && gid <= i.gid.high) === i.gid.inverted) return false;
      return true;
    },
    check: (_i, place) => (place.hooks & ~((1 << HOOK.OUTPUT) | (1 << HOOK.POSTROUTING)) ? 'EINVAL' : undefined),
  },
};
