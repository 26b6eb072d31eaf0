/** ipset(8) 7.17. */
import { decode } from '../../core';
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import { SET_TYPES, SetError } from '../../net/netfilter/ipset/ip-set';
import type { Member, IpSet } from '../../net/netfilter/ipset/ip-set';
import { setsOf } from '../../net/netfilter/ipset/registry';
import { readHosts } from './iptables/run';
import type { Hosts } from './iptables/run';
import { splitWords } from './iptables/restore';
import { IpsetProblem, elementText, parseElements } from './ipset-elements';
import type { Lookup } from './ipset-elements';
import { mustSet, VERSION } from './ipset-run';
import type { Run } from './ipset-run';
import { number, create } from './ipset-create';
import { show } from './ipset-list';

const USE = "Try `ipset help' for more information.\n";

/** Commands by all their names. */
const COMMANDS: Readonly<Record<string, string>> = {
  create: 'create',
  new: 'create',
  n: 'create',
  '-N': 'create',
  '--create': 'create',
  add: 'add',
  '-A': 'add',
  '--add': 'add',
  del: 'del',
  '-D': 'del',
  '--del': 'del',
  test: 'test',
  '-T': 'test',
  '--test': 'test',
  destroy: 'destroy',
  x: 'destroy',
  '-X': 'destroy',
  '--destroy': 'destroy',
  list: 'list',
  '-L': 'list',
  '--list': 'list',
  save: 'save',
  '-S': 'save',
  '--save': 'save',
  restore: 'restore',
  '-R': 'restore',
  '--restore': 'restore',
  flush: 'flush',
  '-F': 'flush',
  '--flush': 'flush',
  rename: 'rename',
  e: 'rename',
  '-E': 'rename',
  '--rename': 'rename',
  swap: 'swap',
  w: 'swap',
  '-W': 'swap',
  '--swap': 'swap',
  help: 'help',
  '-h': 'help',
  '--help': 'help',
  version: 'version',
  '-v': 'version',
  '--version': 'version',
  '-V': 'version',
};

function refused(error: unknown, verb: 'added' | 'deleted'): never {
  if (!(error instanceof SetError)) throw error;
  switch (error.reason) {
    case 'exists':
      throw new IpsetProblem("Element cannot be added to the set: it's already added");
    case 'missing':
      throw new IpsetProblem("Element cannot be deleted from the set: it's not added");
    case 'full':
      throw new IpsetProblem('Hash is full, cannot add more elements');
    case 'range':
      throw new IpsetProblem('Element is out of the range of the set');
    default:
      throw new IpsetProblem(`Set to be ${verb}/deleted/tested as element does not exist.`);
  }
}

/** add, del and test. */
function element(r: Run, verb: 'add' | 'del' | 'test', args: readonly string[]): boolean {
  const [name, text, ...rest] = args;
  if (name === undefined || text === undefined)
    throw new IpsetProblem(
      `Missing ${name === undefined ? 'mandatory' : 'second mandatory'} argument to command ${verb}`,
      2,
    );
  const set = mustSet(r, name);
  const options: Partial<Omit<Member, 'parts'>> = {};
  let before: string | undefined;
  for (let i = 0; i < rest.length; i++) {
    const option = rest[i]!.replace(/^--?/, '');
    const value = rest[i + 1];
    switch (option) {
      case 'timeout': {
        if (set.options.timeout === undefined) throw new IpsetProblem("Unknown argument: `timeout'", 2);
        const seconds = number(value, 'timeout', 0, 2147483);
        options.expires = seconds === 0 ? undefined : r.now + seconds * 1e6;
        i++;
        break;
      }
      case 'packets':
        options.packets = number(value, 'packets', 0, Number.MAX_SAFE_INTEGER);
        i++;
        break;
      case 'bytes':
        options.bytes = number(value, 'bytes', 0, Number.MAX_SAFE_INTEGER);
        i++;
        break;
      case 'comment':
        options.comment = value ?? '';
        i++;
        break;
      case 'nomatch':
        options.nomatch = true;
        break;
      case 'before':
      case 'after':
        if (option === 'before') before = value;
        i++;
        break;
      case 'exist':
      case '!':
        r.exist = true;
        break;
      case 'q':
      case 'quiet':
        r.quiet = true;
        break;
      default:
        throw new IpsetProblem(`Unknown argument: \`${rest[i]}'`, 2);
    }
  }
  const all = parseElements(text, set, r.lookup);
  if (set.dimensions[0] === 'set' && !setsOf(r.ns).has(text))
    throw new IpsetProblem('Set to be added/deleted/tested as element does not exist.');
  if (verb === 'test') {
    const hit = set.test(all[0]!);
    if (!r.quiet) r.err += hit ? `Warning: ${text} is in set ${name}.\n` : `${text} is NOT in set ${name}.\n`;
    return hit;
  }
  for (const parts of all) {
    try {
      if (verb === 'add') set.add(parts, options, r.exist, before);
      else set.del(parts, r.exist);
    } catch (error) {
      refused(error, verb === 'add' ? 'added' : 'deleted');
    }
  }
  return true;
}

function destroy(r: Run, args: readonly string[]): void {
  const all = setsOf(r.ns);
  const inUse = (): never => {
    throw new IpsetProblem('Set cannot be destroyed: it is in use by a kernel component');
  };
  if (args[0] !== undefined) {
    const set = mustSet(r, args[0]);
    if (set.references > 0) inUse();
    set.flush();
    all.delete(args[0]);
    return;
  }
  for (const set of all.values()) {
    if (set.references > listReferences(all, set.name)) inUse();
  }
  for (const set of all.values()) (set as IpSet).flush();
  all.clear();
}

function listReferences(all: ReturnType<typeof setsOf>, name: string): number {
  let n = 0;
  for (const s of all.values()) {
    const set = s as IpSet;
    if (set.options.type === 'list:set') for (const m of set.members.values()) if (elementText(m, set) === name) n++;
  }
  return n;
}

function rename(r: Run, [from, to]: readonly string[]): void {
  if (from === undefined || to === undefined) throw new IpsetProblem('Missing mandatory argument to command rename', 2);
  const set = mustSet(r, from);
  const all = setsOf(r.ns);
  if (set.references > 0) throw new IpsetProblem('Set cannot be renamed: it is in use by another system');
  if (all.has(to)) throw new IpsetProblem('Set cannot be renamed: a set with the new name already exists');
  all.delete(from);
  set.name = to;
  all.set(to, set);
}

function swap(r: Run, [a, b]: readonly string[]): void {
  if (a === undefined || b === undefined) throw new IpsetProblem('Missing mandatory argument to command swap', 2);
  const x = mustSet(r, a);
  const all = setsOf(r.ns);
  const y = all.get(b) as IpSet | undefined;
  if (y === undefined) throw new IpsetProblem('Sets cannot be swapped: the second set does not exist');
  if (x.options.type !== y.options.type || x.options.family !== y.options.family)
    throw new IpsetProblem('The sets cannot be swapped: their type does not match');
  const references = x.references;
  x.references = y.references;
  y.references = references;
  x.name = b;
  y.name = a;
  all.set(a, y);
  all.set(b, x);
}

const HELP = `${VERSION}

Usage: ipset [options] COMMAND

Commands:
create SETNAME TYPENAME [type-specific-options]
        Create a new set
add SETNAME ENTRY
        Add entry to the named set
del SETNAME ENTRY
        Delete entry from the named set
test SETNAME ENTRY
        Test entry in the named set
destroy [SETNAME]
        Destroy a named set or all sets
list [SETNAME]
        List the entries of a named set or all sets
save [SETNAME]
        Save the named set or all sets to stdout
restore
        Restore a saved state
flush [SETNAME]
        Flush a named set or all sets
rename FROM-SETNAME TO-SETNAME
        Rename two sets
swap FROM-SETNAME TO-SETNAME
        Swap the contect of two existing sets
help [TYPENAME]
        Print help, and settype specific help
version
        Print version information
quit
        Quit interactive mode
`;

/** Runs one command. @returns status */
function command(r: Run, words: readonly string[]): number {
  const args: string[] = [];
  // Options of the program itself may stand before the command.
  let i = 0;
  for (; i < words.length && words[i]!.startsWith('-') && COMMANDS[words[i]!] === undefined; i++) {
    const w = words[i]!;
    if (w === '-exist' || w === '-!' || w === '--exist') r.exist = true;
    else if (w === '-q' || w === '-quiet' || w === '--quiet') r.quiet = true;
    else if (w === '-n' || w === '-name') r.names = true;
    else if (w === '-t' || w === '-terse') r.terse = true;
    else if (w === '-s' || w === '-sorted') r.sorted = true;
    else break;
  }
  const name = words[i];
  if (name === undefined) throw new IpsetProblem('No command specified.', 2);
  const verb = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (verb === undefined) throw new IpsetProblem(`No command specified: unknown argument ${name}`, 2);
  args.push(...words.slice(i + 1));
  switch (verb) {
    case 'create':
      create(r, args);
      return 0;
    case 'add':
    case 'del':
    case 'test':
      return element(r, verb, args) ? 0 : 1;
    case 'destroy':
      destroy(r, args);
      return 0;
    case 'list':
    case 'save':
      show(r, args, verb);
      return 0;
    case 'flush':
      if (args[0] === undefined) for (const s of setsOf(r.ns).values()) (s as IpSet).flush();
      else mustSet(r, args[0]).flush();
      return 0;
    case 'rename':
      rename(r, args);
      return 0;
    case 'swap':
      swap(r, args);
      return 0;
    case 'help':
      r.out += HELP;
      return 0;
    case 'version':
      r.out += `${VERSION}, protocol version: 7\n`;
      return 0;
    default:
      throw new IpsetProblem(`Unknown command ${verb}`, 2);
  }
}

function lookupOf(hosts: Hosts): Lookup {
  return (name, family) => hosts.resolve(name, family)[0];
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const hosts = yield* readHosts(sys);
  const r: Run = {
    ns: sys.net,
    now: sys.now,
    lookup: lookupOf(hosts),
    exist: false,
    quiet: false,
    names: false,
    terse: false,
    sorted: false,
    output: 'plain',
    out: '',
    err: '',
  };
  const words = argv.slice(1);
  const verb = words.find((w) => COMMANDS[w] !== undefined);
  let status = 0;
  let line: number | undefined;
  try {
    if (!sys.netAdmin && verb !== undefined && COMMANDS[verb] !== 'help' && COMMANDS[verb] !== 'version')
      throw new IpsetProblem('Kernel error received: Operation not permitted');
    if (verb !== undefined && COMMANDS[verb] === 'restore') {
      const at = words.indexOf('-f');
      const fileName = at >= 0 ? words[at + 1] : words.find((w, i) => words[i - 1] === '-file');
      const text = fileName === undefined ? decode(yield* sys.readAll(0)) : yield* sys.readFile(fileName);
      const exist = words.some((w) => w === '-exist' || w === '-!');
      line = 0;
      for (const each of text.split('\n')) {
        line++;
        yield* sys.work(2);
        if (each.trim() === '' || each[0] === '#' || each.trim() === 'COMMIT') continue;
        r.exist = exist;
        command(r, splitWords(each));
      }
    } else status = command(r, words);
  } catch (error) {
    if (!(error instanceof IpsetProblem)) throw error;
    const where = line === undefined || error.status === 2 ? '' : `Error in line ${line}: `;
    if (!r.quiet || error.status === 2)
      r.err += `${VERSION}: ${where}${error.message}\n${error.status === 2 ? USE : ''}`;
    status = error.status;
  }
  if (r.err !== '') yield* sys.eprint(r.err);
  if (r.out !== '') yield* sys.print(r.out);
  return status;
}

/** ipset(8) */
export const ipset: Program = {
  name: 'ipset',
  path: '/usr/sbin/ipset',
  summary: 'administration tool for IP sets',
  main,
  complete: (words, sys) =>
    words.length === 0
      ? ['create', 'add', 'del', 'test', 'destroy', 'list', 'save', 'restore', 'flush', 'rename', 'swap']
      : words.length === 1
        ? [...setsOf(sys.net).keys()]
        : Object.keys(SET_TYPES),
};
