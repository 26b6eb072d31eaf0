/** `ip nexthop`: next hop objects. */
import type { NexthopObject, NexthopSpec } from '../../net';
import { formatIp } from '../../wire';
import { addressArgument, Args, invalidArgument, Quit, readUnsigned } from './lib/args';
import type { Context } from './lib/context';

const USAGE = `Usage: ip nexthop { list | flush } [ protocol ID ] SELECTOR
       ip nexthop { add | replace } id ID NH [ protocol ID ]
       ip nexthop { get | del } id ID
       ip nexthop bucket list BUCKET_SELECTOR
       ip nexthop bucket get id ID index INDEX
SELECTOR := [ id ID ] [ dev DEV ] [ vrf NAME ] [ master DEV ]
            [ groups ] [ fdb ]
BUCKET_SELECTOR := SELECTOR | [ nhid ID ]
NH := { blackhole | [ via ADDRESS ] [ dev DEV ] [ onlink ]
        [ encap ENCAPTYPE ENCAPHDR ] |
        group GROUP [ fdb ] [ type TYPE [ TYPE_ARGS ] ] }
GROUP := [ <id[,weight]>/<id[,weight]>/... ]
TYPE := { mpath | resilient }
TYPE_ARGS := [ RESILIENT_ARGS ]
RESILIENT_ARGS := [ buckets BUCKETS ] [ idle_timer IDLE ]
                  [ unbalanced_timer UNBALANCED ]
ENCAPTYPE := [ mpls ]
ENCAPHDR := [ MPLSLABEL ]
`;

/** Runs `ip nexthop WORDS`. @returns exit status */
export function nexthop(ctx: Context, words: readonly string[]): number {
  const [verb = 'show', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return show(ctx, []);
  if (is('add')) return modify(ctx, rest, false);
  if (is('replace')) return modify(ctx, rest, true);
  if (is('delete')) return remove(ctx, rest);
  if (is('list') || is('show') || is('lst')) return show(ctx, rest);
  if (is('get')) return get(ctx, rest);
  if (is('flush')) return flush(ctx, rest);
  if (verb === 'bucket') throw new Quit(2, 'ip: not simulated in this course: nexthop bucket\n');
  if (is('help')) throw new Quit(255, USAGE);
  throw new Quit(255, `Command "${verb}" is unknown, try "ip nexthop help".\n`);
}

function idArgument(args: Args): number {
  const word = args.next();
  const id = readUnsigned(word);
  if (id === undefined) invalidArgument('invalid id value', word);
  return id;
}

function modify(ctx: Context, words: readonly string[], replace: boolean): number {
  const args = new Args(words);
  const six = ctx.options.family === 'inet6';
  const spec: NexthopSpec = { family: six ? 'inet6' : 'inet' };
  let kind = false;
  while (args.more) {
    if (args.is('id')) spec.id = idArgument(args);
    else if (args.is('dev')) {
      const word = args.next();
      const link = ctx.link(word);
      if (!link) invalidArgument('Device does not exist\n', word);
      spec.index = link.index;
      kind = true;
    } else if (args.is('via')) {
      let word = args.next();
      if (word === 'inet' || word === 'inet6') word = args.next();
      spec.gateway = addressArgument(word, ctx.options.family);
      if (typeof spec.gateway === 'string') spec.family = 'inet6';
    } else if (args.is('blackhole')) {
      spec.blackhole = true;
      kind = true;
    } else if (args.is('onlink')) spec.onlink = true;
    else if (args.is('group')) {
      const word = args.next();
      spec.group = word.split('/').map((part) => {
        const [id = '', weight = '1'] = part.split(',');
        const n = readUnsigned(id);
        const w = readUnsigned(weight);
        if (n === undefined || w === undefined || w === 0 || w > 65536)
          invalidArgument('"group" value is invalid\n', word);
        return { id: n, weight: w };
      });
      kind = true;
    } else if (args.matches('protocol')) {
      const word = args.next();
      const protocol = ctx.numbers.read('protocol', word);
      if (protocol === undefined) invalidArgument('"protocol" value is invalid\n', word);
      spec.protocol = protocol;
    } else if (args.is('encap') || args.is('fdb') || args.is('type')) {
      throw new Quit(2, `ip: not simulated in this course: nexthop ${args.word}\n`);
    } else if (args.matches('help')) throw new Quit(255, USAGE);
    else throw new Quit(255, `Error: argument "${args.word}" is wrong: \n`);
    args.skip();
  }
  ctx.request(() => {
    if (!kind && spec.gateway === undefined) throw new Quit(2, 'Error: Invalid address family.\n');
    ctx.net.routes.nexthopObjects.add(spec, replace);
  });
  return 0;
}

function remove(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let id: number | undefined;
  while (args.more) {
    if (args.is('id')) id = idArgument(args);
    else throw new Quit(255, `Error: argument "${args.word}" is wrong: \n`);
    args.skip();
  }
  if (id === undefined) throw new Quit(255, USAGE);
  const wanted = id;
  ctx.request(() => ctx.net.routes.nexthopObjects.delete(wanted));
  return 0;
}

function filter(ctx: Context, words: readonly string[]): (o: NexthopObject) => boolean {
  const args = new Args(words);
  let id: number | undefined;
  let index: number | undefined;
  let groups = false;
  let protocol: number | undefined;
  while (args.more) {
    if (args.is('dev')) index = ctx.needLink(args.next()).index;
    else if (args.matches('groups')) groups = true;
    else if (args.is('id')) id = idArgument(args);
    else if (args.matches('protocol')) protocol = ctx.numbers.read('protocol', args.next());
    else if (args.is('vrf') || args.is('master') || args.is('fdb'))
      throw new Quit(2, `ip: not simulated in this course: nexthop ${args.word}\n`);
    else if (args.matches('help')) throw new Quit(255, USAGE);
    else throw new Quit(255, `Error: argument "${args.word}" is wrong: \n`);
    args.skip();
  }
  return (o) =>
    (id === undefined || o.id === id) &&
    (index === undefined || o.link?.index === index) &&
    (!groups || o.group !== undefined) &&
    (protocol === undefined || o.protocol === protocol) &&
    (ctx.options.family !== 'inet6' || o.family === 'inet6' || o.group !== undefined);
}

/** Prints one object. */
export function printNexthop(ctx: Context, o: NexthopObject): void {
  const { out } = ctx;
  const details = ctx.options.details > 0;
  out.openObject();
  out.any('id', o.id, `id ${o.id} `);
  if (o.group) {
    out.openArray('group', 'group ');
    if (out.isJson)
      for (const m of o.group) {
        out.openObject();
        out.member('id', m.id);
        if (m.weight !== 1) out.member('weight', m.weight);
        out.closeObject();
      }
    else out.fp(`${o.group.map((m) => (m.weight === 1 ? String(m.id) : `${m.id},${m.weight}`)).join('/')} `);
    out.closeArray();
  }
  if (o.gateway !== undefined) {
    const text = formatIp(o.gateway);
    if (out.isJson) out.member('gateway', text);
    else {
      out.fp('via ');
      out.fpColor(typeof o.gateway === 'number' ? 'inet' : 'inet6', text);
      out.fp(' ');
    }
  }
  if (o.link) {
    if (out.isJson) out.member('dev', o.link.name);
    else {
      out.fp('dev ');
      out.fpColor('ifname', o.link.name);
      out.fp(' ');
    }
  }
  if (o.scope !== 0 || details)
    out.any('scope', ctx.numbers.name('scope', o.scope), `scope ${ctx.numbers.name('scope', o.scope)} `);
  if (o.blackhole) {
    if (out.isJson) out.member('blackhole', null);
    else out.fp('blackhole ');
  }
  if (o.protocol !== 0 || details)
    out.any('protocol', ctx.numbers.name('protocol', o.protocol), `proto ${ctx.numbers.name('protocol', o.protocol)} `);
  out.openArray('flags');
  if (o.onlink) out.any(null, 'onlink', 'onlink ');
  if (o.link && !o.link.carrier) out.any(null, 'linkdown', 'linkdown ');
  out.closeArray();
  out.fp('\n');
  out.closeObject();
}

function show(ctx: Context, words: readonly string[]): number {
  const passes = filter(ctx, words);
  ctx.out.begin();
  for (const o of ctx.net.routes.nexthopObjects.list()) if (passes(o)) printNexthop(ctx, o);
  ctx.out.finish();
  return 0;
}

function get(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let id: number | undefined;
  while (args.more) {
    if (args.is('id')) id = idArgument(args);
    else throw new Quit(255, USAGE);
    args.skip();
  }
  if (id === undefined) throw new Quit(255, USAGE);
  const o = ctx.net.routes.nexthopObjects.get(id);
  if (!o) throw new Quit(2, 'RTNETLINK answers: No such file or directory\n');
  ctx.out.begin();
  printNexthop(ctx, o);
  ctx.out.finish();
  return 0;
}

function flush(ctx: Context, words: readonly string[]): number {
  const passes = filter(ctx, words);
  const { nexthopObjects } = ctx.net.routes;
  let n = 0;
  for (const o of nexthopObjects.list()) {
    if (!passes(o)) continue;
    ctx.needAdmin();
    n++;
    if (nexthopObjects.get(o.id) !== undefined) nexthopObjects.delete(o.id);
  }
  ctx.out.fp(n > 0 ? `Flushed ${n} nexthops\n` : 'Nothing to flush\n');
  return 0;
}
