/** conntrack(8) of conntrack-tools 1.4.7: lists, follows and changes the connections of a namespace. */
import type { Coroutine } from '../../core';
import { WaitQueue } from '../../core';
import type { Program, Sys } from '../../host';
import type { ConntrackEvent, Tuple } from '../../net/conntrack';
import { CT_STATUS, Connection, conntrackOf, hasPorts, invert, makeTuple } from '../../net/conntrack';
import type { Conntrack } from '../../net/conntrack';
import { IPPROTO } from '../../wire';
import { Stop, stoppable } from '../network/common';
import { CONNTRACK_HELP } from './conntrack-help';
import type { AddressSpec, Request } from './conntrack-options';
import { ParameterProblem, fits, readCommandLine } from './conntrack-options';
import type { Form } from './conntrack-print';
import { XML_BEGIN, XML_END, line, saved, xml } from './conntrack-print';

const NAME = 'conntrack v1.4.7 (conntrack-tools)';
const say = (text: string): string => `${NAME}: ${text}\n`;
const problem = (text: string): Stop =>
  new Stop(2, `${say(text)}Try \`conntrack -h' or 'conntrack --help' for more information.\n`);
const failed = (text: string): Stop => new Stop(1, say(`Operation failed: ${text}`));
const NOT_ROOT = 'sorry, you must be root or get CAP_NET_ADMIN capability to do this';

function natFits(
  spec: AddressSpec | null | undefined,
  changed: boolean,
  address: AddressSpec['address'],
  port: number,
): boolean {
  if (spec === undefined) return true;
  if (!changed) return false;
  return spec === null || (spec.address === address && (spec.port === undefined || spec.port === port));
}

/** Is it one of those that were asked for? */
function matches(c: Connection, r: Request): boolean {
  const { original: o, reply } = c;
  if (r.family !== undefined && o.family !== r.family) return false;
  if (r.protocol !== undefined && o.protocol !== r.protocol) return false;
  if (!fits(r.src, o.src) || !fits(r.dst, o.dst) || !fits(r.replySrc, reply.src) || !fits(r.replyDst, reply.dst))
    return false;
  if (r.sport !== undefined && o.sport !== r.sport) return false;
  if (r.dport !== undefined && o.dport !== r.dport) return false;
  if (r.replySport !== undefined && reply.sport !== r.replySport) return false;
  if (r.replyDport !== undefined && reply.dport !== r.replyDport) return false;
  if (r.icmpType !== undefined && o.dport >> 8 !== r.icmpType) return false;
  if (r.icmpCode !== undefined && (o.dport & 0xff) !== r.icmpCode) return false;
  if (r.icmpId !== undefined && o.sport !== r.icmpId) return false;
  if (r.state !== undefined && c.tcpState !== r.state) return false;
  if (r.zone !== undefined && c.zone !== r.zone) return false;
  if (r.command !== 'U') {
    if (r.mark !== undefined && (c.mark & r.mark.mask) >>> 0 !== r.mark.value) return false;
    if (r.status !== undefined && (c.status & r.status) !== r.status) return false;
    if (r.unreplied && (c.status & CT_STATUS.SEEN_REPLY) !== 0) return false;
  }
  // What tells one NAT from none is that the tuples differ in address or "port"; the identifiers of ICMP always do.
  const icmp = c.original.protocol === IPPROTO.ICMP || c.original.protocol === IPPROTO.ICMPV6;
  const source = (c.status & (icmp ? CT_STATUS.SRC_NAT_DONE : CT_STATUS.SRC_NAT)) !== 0;
  const destination = (c.status & (icmp ? CT_STATUS.DST_NAT_DONE : CT_STATUS.DST_NAT)) !== 0;
  const snat = (spec: AddressSpec | null | undefined): boolean => natFits(spec, source, reply.dst, reply.dport);
  const dnat = (spec: AddressSpec | null | undefined): boolean => natFits(spec, destination, reply.src, reply.sport);
  return snat(r.srcNat) && dnat(r.dstNat) && (r.anyNat === undefined || snat(r.anyNat) || dnat(r.anyNat));
}

/** The tuple that -G, -I name. @throws Stop when it is not whole */
function wanted(r: Request): Tuple {
  const { src, dst, protocol } = r;
  if (src === undefined || dst === undefined) throw problem("you have to specify `--src' and `--dst'");
  const family = typeof src.address === 'number' ? 'inet' : 'inet6';
  if (protocol === 1 || protocol === 58) {
    if (r.icmpType === undefined || r.icmpId === undefined) {
      const name = protocol === 1 ? 'icmp' : 'icmpv6';
      throw problem(`you have to specify \`--${name}-type' and \`--${name}-id'`);
    }
    return makeTuple(family, protocol, src.address, dst.address, r.icmpId, (r.icmpType << 8) | (r.icmpCode ?? 0));
  }
  if (hasPorts(protocol!) && (r.sport === undefined || r.dport === undefined))
    throw problem("you have to specify `--sport' and `--dport'");
  return makeTuple(family, protocol!, src.address, dst.address, r.sport ?? 0, r.dport ?? 0);
}

/** ctnetlink_create_conntrack */
function create(ct: Conntrack, r: Request, portid: number): boolean {
  if (r.protocol === 6 && r.state === undefined) {
    wanted(r);
    throw problem("You need to supply the `--state' option for this command");
  }
  const original = wanted(r);
  const inverse = invert(original);
  if (inverse === undefined) throw failed('Invalid argument');
  const reply = makeTuple(
    inverse.family,
    inverse.protocol,
    r.dstNat?.address ?? r.replySrc?.address ?? inverse.src,
    r.srcNat?.address ?? r.replyDst?.address ?? inverse.dst,
    r.dstNat?.port ?? r.replySport ?? inverse.sport,
    r.srcNat?.port ?? r.replyDport ?? inverse.dport,
  );
  const c = new Connection(ct.newId(), original, reply, r.zone ?? 0);
  c.status = r.status ?? 0;
  if (r.srcNat) c.status |= CT_STATUS.SRC_NAT;
  if (r.dstNat) c.status |= CT_STATUS.DST_NAT;
  // ctnetlink_setup_nat: only with one of the two is the other settled as well.
  if (r.srcNat || r.dstNat) c.status |= CT_STATUS.SRC_NAT_DONE | CT_STATUS.DST_NAT_DONE;
  c.mark = r.mark?.value ?? 0;
  c.tcpState = r.state ?? 0;
  c.timeout = r.timeout! * 1e6;
  c.expires = ct.ns.now + c.timeout;
  return ct.add(c, portid);
}

const marked = (c: Connection, r: Request): number =>
  r.mark === undefined ? c.mark : ((c.mark & ~r.mark.mask) | (r.mark.value & r.mark.mask)) >>> 0;

/** Does -U ask for anything that is not so already? */
function changes(c: Connection, r: Request): boolean {
  return (
    marked(c, r) !== c.mark || r.timeout !== undefined || r.state !== undefined || ((r.status ?? 0) & ~c.status) !== 0
  );
}

/** What -U asks for. @returns true when it changed something */
function update(ct: Conntrack, c: Connection, r: Request, portid: number): boolean {
  if (!changes(c, r)) return false;
  c.mark = marked(c, r);
  if (r.timeout !== undefined) {
    c.timeout = r.timeout * 1e6;
    c.expires = ct.ns.now + c.timeout;
  }
  c.status |= r.status ?? 0;
  ct.changed(c, portid);
  return true;
}

const formOf = (sys: Sys, r: Request, use: number): Form => ({ output: r.output, now: sys.now, use, event: undefined });

function show(c: Connection, form: Form): string {
  if (form.output.has('save')) return `${saved(c, form.now)}\n`;
  return form.output.has('xml') ? `${xml(c, form)}\n` : `${line(c, form)}\n`;
}

function* list(sys: Sys, ct: Conntrack, r: Request): Coroutine<number> {
  // A dump ends what has expired on its way (ctnetlink_dump_table).
  ct.flush((c) => c.expires <= sys.now);
  const all = r.table === 'conntrack' ? ct.list().filter((c) => matches(c, r)) : [];
  const asXml = r.output.has('xml');
  if (asXml && all.length > 0) yield* sys.print(XML_BEGIN);
  for (const c of all) {
    yield* sys.print(show(c, formOf(sys, r, 1)));
    if (r.zero) c.packets[0] = c.packets[1] = c.bytes[0] = c.bytes[1] = 0;
  }
  if (asXml && all.length > 0) yield* sys.print(XML_END);
  yield* sys.eprint(say(`${all.length} flow entries have been shown.`));
  return 0;
}

/** -E: prints what happens until a signal ends it. */
function* follow(sys: Sys, ct: Conntrack, r: Request): Coroutine<number> {
  const queue: { text: string }[] = [];
  const arrived = new WaitQueue();
  const asXml = r.output.has('xml');
  let stop = false;
  let shown = 0;
  let begun = false;
  const end = (): void => {
    stop = true;
    arrived.wakeAll();
  };
  sys.onSignal('SIGINT', end);
  sys.onSignal('SIGTERM', end);
  const event = ({ type, conn, portid }: ConntrackEvent): void => {
    if (r.events.size > 0 && !r.events.has(type)) return;
    if (!matches(conn, r)) return;
    const form: Form = { output: r.output, now: ct.ns.now, use: undefined, event: type };
    let text: string;
    if (asXml) text = xml(conn, form);
    else {
      const at = ct.ns.now;
      const stamp = r.output.has('timestamp') ? `[${Math.floor(at / 1e6)}.${String(at % 1e6).padStart(6, '0')}]\t` : '';
      text = `${stamp}${`[${type}]`.padStart(9)} ${line(conn, form)}`;
    }
    if (portid !== undefined) {
      // The name is looked up while the process is still there (/proc/PID/comm).
      const by = sys.proc.ns.pid.processes.get(portid);
      text += ` [USERSPACE] portid=${portid}${by === undefined ? '' : ` progname=${by.comm}`}`;
    }
    queue.push({ text });
    arrived.wakeAll();
  };
  const unlisten = ct.listen(event);
  try {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) {
        if (asXml && !begun) yield* sys.print(XML_BEGIN);
        begun = true;
        shown++;
        yield* sys.print(`${next.text}\n`);
      } else if (stop) break;
      else {
        try {
          yield* sys.wait([arrived]);
        } catch (e) {
          if (!stop) throw e;
        }
      }
    }
  } finally {
    unlisten();
  }
  if (asXml && begun) yield* sys.print(XML_END);
  yield* sys.eprint(say(`${shown} flow events have been shown.`));
  return 0;
}

function statistics(ct: Conntrack): string {
  let text = '';
  for (let cpu = 0; cpu < (ct.ns.host.cpus ?? 1); cpu++) {
    // Whatever processor it was: the counters are kept by the first one.
    const s = ct.stats;
    const n = (value: number): number => (cpu === 0 ? value : 0);
    text +=
      `cpu=${cpu}   \tfound=${n(s.found)} invalid=${n(s.invalid)} insert=${n(s.insert)} insert_failed=${n(s.insertFailed)} ` +
      `drop=${n(s.drop)} early_drop=${n(s.earlyDrop)} error=${n(s.error)} search_restart=${n(s.searchRestart)} ` +
      `clash_resolve=${n(s.clashResolve)} chaintoolong=${n(s.chainTooLong)} \n`;
  }
  return text;
}

function* run(sys: Sys, argv: readonly string[]): Coroutine<number> {
  if (argv.length < 2) {
    yield* sys.print(CONNTRACK_HELP);
    return 0;
  }
  let r: Request;
  try {
    r = readCommandLine(argv);
  } catch (e) {
    if (!(e instanceof ParameterProblem)) throw e;
    if (e.before !== '') yield* sys.eprint(e.before);
    throw problem(e.message);
  }
  if (r.warnings !== '') yield* sys.eprint(r.warnings);
  if (r.command === 'V') {
    yield* sys.print(`${NAME}\n`);
    return 0;
  }
  if (r.command === 'h' || r.command === '') {
    yield* sys.print(CONNTRACK_HELP);
    return 0;
  }
  if (!sys.netAdmin) throw failed(NOT_ROOT);
  if (r.output.has('labels')) throw new Stop(1, 'conntrack: not simulated in this course: -o labels\n');
  const ct = conntrackOf(sys.net);
  if (r.statusUnset && r.command === 'L') throw failed('invalid parameters');
  if (r.table === 'expect') {
    // Nothing here makes expectations: there are no helpers.
    if (r.command === 'L') yield* sys.eprint(say('0 expectations have been shown.'));
    else if (r.command === 'F') yield* sys.eprint(say('expectation table has been emptied.'));
    else if (r.command === 'C') yield* sys.print('0\n');
    else throw new Stop(1, `conntrack: not simulated in this course: -${r.command} expect\n`);
    return 0;
  }
  const portid = sys.pid;
  switch (r.command) {
    case 'L':
      return yield* list(sys, ct, r);
    case 'E':
      return yield* follow(sys, ct, r);
    case 'C':
      yield* sys.print(`${ct.count}\n`);
      return 0;
    case 'S':
      yield* sys.print(statistics(ct));
      return 0;
    case 'F':
      ct.flush((c) => r.family === undefined || c.original.family === r.family, portid);
      yield* sys.eprint(say('connection tracking table has been emptied.'));
      return 0;
    case 'D': {
      const gone = ct.list().filter((c) => matches(c, r));
      for (const c of gone) {
        yield* sys.print(show(c, formOf(sys, r, 1)));
        ct.destroy(c, portid);
      }
      yield* sys.eprint(say(`${gone.length} flow entries have been deleted.`));
      return gone.length > 0 ? 0 : 1;
    }
    case 'U': {
      let n = 0;
      for (const c of ct.list()) {
        if (!matches(c, r)) continue;
        // Without an address or -f the request names no family, and the kernel does not know whose entry it means.
        const { family, src, dst, replySrc, replyDst } = r;
        if ((family ?? src ?? dst ?? replySrc ?? replyDst) === undefined && changes(c, r)) {
          yield* sys.eprint('Operation failed: Operation not supported\n');
          throw failed('Operation not supported');
        }
        if (!update(ct, c, r, portid)) continue;
        n++;
        yield* sys.print(show(c, formOf(sys, r, 2)));
      }
      yield* sys.eprint(say(`${n} flow entries have been updated.`));
      return n > 0 ? 0 : 1;
    }
    case 'G': {
      const node = ct.table.find(wanted(r), r.zone ?? 0);
      if (node === null || node.conn.expires <= sys.now) throw failed("such conntrack doesn't exist");
      yield* sys.print(show(node.conn, formOf(sys, r, 2)));
      yield* sys.eprint(say('1 flow entries have been shown.'));
      return 0;
    }
    case 'I':
    case 'A':
      if (!create(ct, r, portid)) {
        if (r.command === 'A') {
          yield* sys.eprint(say('0 flow entries have been created.'));
          return 0;
        }
        throw failed('Such conntrack exists, try -U to update');
      }
      ct.stats.insert++;
      yield* sys.eprint(say('1 flow entries have been created.'));
      return 0;
  }
}

/** conntrack(8). */
export const conntrack: Program = {
  name: 'conntrack',
  path: '/usr/sbin/conntrack',
  summary: 'show and change the connections that the kernel tracks',
  manual: CONNTRACK_HELP,
  main: (sys, argv) => stoppable(sys, () => run(sys, argv)),
};
