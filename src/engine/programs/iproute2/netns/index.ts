/** `ip netns`: list, add, delete, exec, set, attach, identify, pids, monitor, list-id. */
import type { Coroutine } from '../../../core';
import { WaitQueue } from '../../../core';
import type { Inode, Sys } from '../../../host';
import { FileNode, MemDir, resolve, shellStatus } from '../../../host';
import { namespaceNode, reapNamespaces } from '../../../host/netfs';
import { NetNamespace } from '../../../net';
import { NETNS_USAGE } from './help';
import { Args, invalidArgument, Quit, readSigned, readUnsigned } from '../lib/args';
import type { Context } from '../lib/context';
import { isNetnsName, NETNS_DIR, netnsByName, netnsNameOf, netnsNames, netnsOfPath } from './names';
import { enterNetns } from './switch';
import { why } from '../../lib/why';

function usage(): never {
  throw new Quit(255, NETNS_USAGE);
}

/** Runs `ip netns WORDS`. @returns exit status */
export function* netns(ctx: Context, words: readonly string[]): Coroutine<number> {
  const [verb = 'list', ...rest] = words;
  const is = (keyword: string): boolean => keyword.startsWith(verb);
  if (words.length === 0) return list(ctx);
  const first = rest[0];
  const named = first !== undefined && !is('help') && !is('identify') && !is('list-id') && !verb.startsWith('list');
  if (named && !isNetnsName(first) && !(is('exec') && ctx.options.all)) {
    throw new Quit(255, `Invalid netns name "${first}"\n`);
  }
  if (is('list') || is('show') || is('lst')) return list(ctx);
  if (verb.startsWith('list-i') && is('list-id')) return listId(ctx, rest);
  if (is('help')) usage();
  if (is('add')) return add(ctx, rest);
  if (is('set')) return set(ctx, rest);
  if (is('delete')) return remove(ctx, rest);
  if (is('identify')) return identify(ctx, rest);
  if (is('pids')) return pids(ctx, rest);
  if (is('exec')) return yield* exec(ctx, rest);
  if (is('monitor')) return yield* monitor(ctx);
  if (is('attach')) return attach(ctx, rest);
  throw new Quit(255, `Command "${verb}" is unknown, try "ip netns help".\n`);
}

function list(ctx: Context): number {
  const { out, sys } = ctx;
  out.begin();
  let complaints = '';
  for (const name of netnsNames(sys)) {
    const ns = netnsByName(sys, name);
    out.openObject();
    out.any('name', name, name);
    const id = ns && ctx.net.nsids.get(ns);
    if (!ns) complaints += 'Error: Peer netns reference is invalid.\n'.repeat(2);
    if (id !== undefined) out.any('id', id, ` (id: ${id})`);
    out.fp('\n');
    out.closeObject();
  }
  out.finish();
  if (complaints !== '') throw new Quit(0, complaints);
  return 0;
}

function listId(ctx: Context, words: readonly string[]): number {
  const args = new Args(words);
  let only: number | undefined;
  while (args.more) {
    const target = args.is('target-nsid');
    if (!target && !args.is('nsid')) usage();
    const word = args.next();
    const n = readSigned(word, 0);
    if (n === undefined)
      invalidArgument(target ? '"target-nsid" value is invalid\n' : '"nsid" value is invalid\n', word);
    if (target) throw new Quit(2, 'ip: not simulated in this course: netns list-id target-nsid\n');
    only = n;
    args.skip();
  }
  const { out } = ctx;
  const all = ctx.net.nsids.list();
  if (only !== undefined && !all.some((e) => e.nsid === only)) {
    throw new Quit(2, 'Error: Peer netns reference is invalid.\n');
  }
  out.begin();
  for (const { nsid } of all) {
    if (only !== undefined && nsid !== only) continue;
    out.openObject();
    out.any('nsid', nsid, `nsid ${nsid} `);
    const name = netnsNameOf(ctx, nsid);
    if (name !== undefined) out.any('name', name, `(iproute2 netns name: ${name})`);
    out.fp('\n');
    out.closeObject();
  }
  out.finish();
  return 0;
}

/** Makes /run/netns and the empty file for a name, as the original does before it mounts. @throws Quit */
function createFile(ctx: Context, name: string): { point: Inode; path: string } {
  const { sys } = ctx;
  const { proc } = sys;
  const path = `${NETNS_DIR}/${name}`;
  try {
    if (!sys.files.exists(NETNS_DIR)) sys.files.mkdir(NETNS_DIR, 0o755);
  } catch (e) {
    throw new Quit(1, `mkdir ${NETNS_DIR} failed: ${why(e)}\n`);
  }
  if (!proc.capable(proc.ns.mnt.owner)) {
    throw new Quit(1, `mount --make-shared ${NETNS_DIR} failed: Operation not permitted\n`);
  }
  shareDirectory(sys);
  try {
    const place = resolve(proc, path, false);
    if (place.inode) throw new Quit(1, `Cannot create namespace file "${path}": File exists\n`);
    const point = sys.files.create(place, new FileNode(0));
    return { point, path };
  } catch (e) {
    if (e instanceof Quit) throw e;
    throw new Quit(1, `Cannot create namespace file "${path}": ${why(e)}\n`);
  }
}

/** The first use turns /run/netns into a mount point (a bind mount of itself), so that mounts below it can be shared. */
function shareDirectory(sys: Sys): void {
  const { covered, inode } = resolve(sys.proc, NETNS_DIR);
  const table = sys.proc.ns.mnt;
  if (!covered || !(inode instanceof MemDir) || table.isMountPoint(covered)) return;
  table.mount(covered, {
    root: inode,
    target: NETNS_DIR,
    source: 'tmpfs',
    type: 'tmpfs',
    options: 'rw,nosuid,nodev,noexec,relatime',
  });
}

function bind(ctx: Context, name: string, ns: NetNamespace): void {
  const { point, path } = createFile(ctx, name);
  ctx.sys.proc.ns.mnt.mount(point, {
    root: namespaceNode(ns, ctx.sys.now),
    target: path,
    source: 'nsfs',
    type: 'nsfs',
    options: 'rw',
  });
  announce(ctx.sys);
}

function add(ctx: Context, words: readonly string[]): number {
  const [name] = words;
  if (name === undefined) throw new Quit(1, 'No netns name specified\n');
  const { machine, proc } = ctx.sys;
  const { point, path } = createFile(ctx, name);
  if (!proc.capable(proc.ns.user)) {
    throw new Quit(1, `Failed to create a new network namespace "${name}": Operation not permitted\n`);
  }
  const ns = new NetNamespace(machine, machine.namespaceInode(), proc.ns.user);
  proc.ns.mnt.mount(point, {
    root: namespaceNode(ns, ctx.sys.now),
    target: path,
    source: 'nsfs',
    type: 'nsfs',
    options: 'rw',
  });
  announce(ctx.sys);
  return 0;
}

function attach(ctx: Context, words: readonly string[]): number {
  const [name, pid] = words;
  if (name === undefined || pid === undefined) throw new Quit(1, 'No netns name and PID specified\n');
  const n = readUnsigned(pid);
  if (n === undefined || n === 0) throw new Quit(1, `Invalid PID: ${pid}\n`);
  const proc = ctx.sys.proc.ns.pid.processes.get(n);
  if (!proc || !proc.alive) {
    const { path } = createFile(ctx, name);
    ctx.sys.files.unlink(path);
    throw new Quit(1, `Bind /proc/${n}/ns/net -> ${path} failed: No such file or directory\n`);
  }
  bind(ctx, name, proc.ns.net);
  return 0;
}

function set(ctx: Context, words: readonly string[]): number {
  const [name, id] = words;
  if (name === undefined) throw new Quit(1, 'No netns name specified\n');
  if (id === undefined) throw new Quit(1, 'No nsid specified\n');
  const nsid = id === 'auto' ? 'auto' : readSigned(id);
  if (nsid === undefined || (nsid !== 'auto' && nsid < 0)) invalidArgument('Invalid "netnsid" value', id);
  const ns = netnsByName(ctx.sys, name);
  if (!ns) throw new Quit(1, `Cannot open network namespace "${name}": No such file or directory\n`);
  ctx.request(() => ctx.net.nsids.set(ns, nsid));
  return 0;
}

function deleteOne(ctx: Context, name: string): string {
  const { sys } = ctx;
  const path = `${NETNS_DIR}/${name}`;
  const { proc } = sys;
  let text = '';
  if (proc.capable(proc.ns.mnt.owner)) proc.ns.mnt.unmount(path);
  try {
    sys.files.unlink(path);
  } catch (e) {
    text = `Cannot remove namespace file "${path}": ${why(e)}\n`;
  }
  reapNamespaces(sys.machine);
  announce(sys);
  return text;
}

function remove(ctx: Context, words: readonly string[]): number {
  if (ctx.options.all) {
    for (const name of netnsNames(ctx.sys)) {
      const text = deleteOne(ctx, name);
      if (text !== '') throw new Quit(1, text);
    }
    return 0;
  }
  const [name] = words;
  if (name === undefined) throw new Quit(1, 'No netns name specified\n');
  const text = deleteOne(ctx, name);
  if (text !== '') throw new Quit(1, text);
  return 0;
}

function identify(ctx: Context, words: readonly string[]): number {
  const { sys, out } = ctx;
  if (words.length > 1) throw new Quit(1, 'extra arguments specified\n');
  let ns: NetNamespace = sys.net;
  const [pid] = words;
  if (pid !== undefined && pid !== 'self') {
    if (!/^\d+$/.test(pid)) throw new Quit(1, `Specified string '${pid}' is not a pid\n`);
    const proc = sys.proc.ns.pid.processes.get(Number(pid));
    if (!proc) throw new Quit(1, 'Cannot open network namespace: No such file or directory\n');
    ns = proc.ns.net;
  }
  const name = netnsNames(sys).find((n) => netnsByName(sys, n) === ns) ?? '';
  out.begin();
  if (out.isJson) out.member(null, name);
  else out.fp(`${name}\n`);
  out.finish();
  return 0;
}

function pids(ctx: Context, words: readonly string[]): number {
  const [name] = words;
  if (name === undefined) throw new Quit(1, 'No netns name specified\n');
  if (words.length > 1) throw new Quit(1, 'extra arguments specified\n');
  const { sys, out } = ctx;
  const path = `${NETNS_DIR}/${name}`;
  if (!sys.files.exists(path)) throw new Quit(1, 'Cannot open network namespace: No such file or directory\n');
  const ns = netnsOfPath(sys, path);
  out.begin();
  const seen = [...sys.proc.ns.pid.processes].sort((a, b) => a[0] - b[0]);
  for (const [pid, proc] of seen) {
    if (proc.alive && ns && proc.ns.net === ns) out.any(null, pid, `${pid}\n`);
  }
  out.finish();
  return 0;
}

function* exec(ctx: Context, words: readonly string[]): Coroutine<number> {
  const { sys, options } = ctx;
  if (!options.all && words.length < 1) throw new Quit(1, 'No netns name specified\n');
  const name = words[0]!;
  const command = options.all ? words : words.slice(1);
  if (command.length < 1) throw new Quit(1, 'No command specified\n');
  if (!options.all) {
    const warning = enterNetns(sys, name);
    if (warning !== '') yield* sys.eprint(warning);
    return yield* run(sys, command);
  }
  for (const one of netnsNames(sys)) {
    yield* sys.print(`\nnetns: ${one}\n`);
    const child = sys.fork(function* (inner) {
      try {
        const warning = enterNetns(inner, one);
        if (warning !== '') yield* inner.eprint(warning);
        return yield* run(inner, command);
      } catch (e) {
        if (!(e instanceof Quit)) throw e;
        yield* inner.eprint(e.text);
        return e.status;
      }
    });
    const end = yield* sys.waitpid(child.pid);
    if (end) shellStatus(end.status);
  }
  return 0;
}

function* run(sys: Sys, command: readonly string[]): Coroutine<number> {
  const path = sys.which(command[0]!);
  let reason = 'No such file or directory';
  if (path !== undefined) {
    try {
      yield* sys.exec(path, command);
    } catch (e) {
      reason = why(e);
    }
  }
  yield* sys.eprint(`exec of "${command[0]!}" failed: ${reason}\n`);
  return 1;
}

/** Woken whenever a name appears or goes, as inotify(7) would. One for each directory. */
const watchers = new WeakMap<Inode, WaitQueue>();

function watch(sys: Sys): WaitQueue | undefined {
  const { inode } = resolve(sys.proc, NETNS_DIR);
  if (!inode) return undefined;
  let queue = watchers.get(inode);
  if (!queue) watchers.set(inode, (queue = new WaitQueue()));
  return queue;
}

function announce(sys: Sys): void {
  watch(sys)?.wakeAll();
}

function* monitor(ctx: Context): Coroutine<number> {
  const { sys } = ctx;
  if (!sys.files.exists(NETNS_DIR)) sys.files.mkdir(NETNS_DIR, 0o755);
  const queue = watch(sys)!;
  let before = new Set(netnsNames(sys));
  for (;;) {
    yield* sys.wait([queue]);
    const now = new Set(netnsNames(sys));
    for (const name of before) if (!now.has(name)) yield* sys.print(`delete ${name}\n`);
    for (const name of now) if (!before.has(name)) yield* sys.print(`add ${name}\n`);
    before = now;
  }
}
