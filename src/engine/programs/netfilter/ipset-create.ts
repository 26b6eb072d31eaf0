/** `ipset create`: types of sets and their options. */
import { IpSet, SET_TYPES } from '../../net/netfilter/ipset/ip-set';
import { setsOf } from '../../net/netfilter/ipset/registry';
import { parseIp4, parsePrefix, broadcast4, network4 } from '../../wire';
import { parseUint } from '../../net/netfilter/xt/values';
import { IpsetProblem } from './ipset-elements';
import type { Run } from './ipset-run';

/** Old names of types. */
const OLD_TYPES: Readonly<Record<string, string>> = {
  iphash: 'hash:ip',
  nethash: 'hash:net',
  ipporthash: 'hash:ip,port',
  ipportiphash: 'hash:ip,port,ip',
  ipmap: 'bitmap:ip',
  portmap: 'bitmap:port',
  setlist: 'list:set',
};

/** A number within bounds. @throws IpsetProblem */
export function number(text: string | undefined, option: string, min: number, max: number): number {
  const n = text === undefined ? undefined : parseUint(text, min, max);
  if (text === undefined) throw new IpsetProblem(`Missing mandatory argument of option \`${option}'`, 2);
  if (n === undefined) throw new IpsetProblem(`Syntax error: '${text}' is out of range ${min}-${max}`);
  return n;
}

function rangeOf(text: string, type: string): readonly [number, number] {
  if (type === 'bitmap:port') {
    const [low, high] = text.split('-');
    return [number(low, 'range', 0, 65535), number(high, 'range', 0, 65535)];
  }
  const prefix = text.includes('/') ? parsePrefix(text) : undefined;
  if (prefix && typeof prefix.address === 'number')
    return [network4(prefix.address, prefix.length), broadcast4(prefix.address, prefix.length)];
  const [low, high] = text.split('-').map((t) => parseIp4(t));
  if (low === undefined || high === undefined)
    throw new IpsetProblem(`Syntax error: cannot parse ${text}: invalid range`);
  return [low, high];
}

/** `create NAME TYPE options`. @throws IpsetProblem */
export function create(r: Run, args: readonly string[]): void {
  const [name, given] = args;
  if (name === undefined || given === undefined)
    throw new IpsetProblem('Missing mandatory argument to command create', 2);
  const type = OLD_TYPES[given] ?? given;
  if (!Object.hasOwn(SET_TYPES, type)) throw new IpsetProblem(`Syntax error: typename '${given}' is unknown`);
  if (name.length > 31) throw new IpsetProblem(`Syntax error: setname '${name}' is longer than 31 characters`);
  let family: 'ip' | 'ip6' = 'ip';
  let timeout: number | undefined;
  let counters = false;
  let comment = false;
  let hashsize = 1024;
  let maxelem = 65536;
  let netmask: number | undefined;
  let range: readonly [number, number] | undefined;
  let size = 8;
  const flags: string[] = [];
  for (let i = 2; i < args.length; i++) {
    const option = args[i]!.replace(/^--?/, '');
    const value = args[i + 1];
    switch (option) {
      case 'family':
        if (value !== 'inet' && value !== 'inet6' && value !== '-4' && value !== '-6')
          throw new IpsetProblem(`Syntax error: unknown inet family ${value}`);
        family = value === 'inet6' || value === '-6' ? 'ip6' : 'ip';
        i++;
        break;
      case 'timeout':
        timeout = number(value, 'timeout', 0, 2147483);
        i++;
        break;
      case 'hashsize':
        hashsize = 1;
        while (hashsize < number(value, 'hashsize', 1, 0xffffffff)) hashsize *= 2;
        hashsize = Math.max(hashsize, 64);
        i++;
        break;
      case 'maxelem':
        maxelem = number(value, 'maxelem', 1, 0xffffffff);
        i++;
        break;
      case 'netmask':
        netmask = number(value, 'netmask', 1, family === 'ip' ? 32 : 128);
        i++;
        break;
      case 'range':
        range = rangeOf(value ?? '', type);
        i++;
        break;
      case 'size':
        size = number(value, 'size', 1, 65536);
        i++;
        break;
      case 'bucketsize':
      case 'initval':
        i++;
        break;
      case 'counters':
        counters = true;
        break;
      case 'comment':
        comment = true;
        break;
      case 'forceadd':
      case 'skbinfo':
        if (option === 'skbinfo') flags.push(option);
        break;
      case 'exist':
      case '!':
        r.exist = true;
        break;
      default:
        throw new IpsetProblem(`Unknown argument: \`${args[i]}'`, 2);
    }
  }
  if (type.startsWith('bitmap:') && range === undefined)
    throw new IpsetProblem(`Mandatory option \`range' is missing`, 2);
  const all = setsOf(r.ns);
  if (all.has(name)) {
    if (r.exist) return;
    throw new IpsetProblem('Set cannot be created: set with the same name already exists');
  }
  const initval = r.ns.random.uint32();
  const made = new IpSet(r.ns, name, {
    type,
    family,
    timeout,
    counters,
    comment,
    hashsize,
    maxelem,
    netmask,
    range,
    size,
    initval,
    flags,
  });
  all.set(name, made);
}
