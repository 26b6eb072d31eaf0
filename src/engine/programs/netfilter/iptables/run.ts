/** What the programs of the iptables family share: which of them was called, what is known of names, how they fail. */
import type { Coroutine } from '../../../core';
import { isErrno } from '../../../core';
import type { Sys } from '../../../host';
import type { IpAddress } from '../../../wire';
import { parseIp } from '../../../wire';
import { XT_STATUS, XtProblem } from '../../../net/netfilter/xt/problem';
import type { Resolve, XtFamily } from '../../../net/netfilter/xt/values';
import { findSet } from '../../../net/netfilter/ipset/registry';
import type { Backend } from './backend';
import { BatchError, XtErrno } from './backend';
import { LegacyBackend } from './legacy-backend';
import { Incompatible, NftBackend } from './nft-backend';
import { BadArgument, NotSimulated, TryHelp } from './parsed-line';
import type { ParseSetting } from './parsed-line';
import type { HostName } from './print-rule';

/** One call of a program. */
export interface Call {
  readonly sys: Sys;
  readonly family: XtFamily;
  readonly variant: Backend['variant'];
  /** As in its messages: `iptables`, `ip6tables-restore`. */
  readonly name: string;
  /** As it was called, without the path. */
  readonly called: string;
  readonly backend: Backend;
  readonly hosts: Hosts;
}

/** /etc/hosts, both ways. */
export interface Hosts {
  readonly resolve: Resolve;
  readonly name: HostName;
}

/** Reads /etc/hosts. Names that are not there are not looked up: rules should not depend on name servers. */
export function* readHosts(sys: Sys): Coroutine<Hosts> {
  let text = '';
  try {
    text = yield* sys.readFile('/etc/hosts');
  } catch (error) {
    if (!isErrno(error)) throw error;
  }
  const byName = new Map<string, IpAddress[]>();
  const byAddress = new Map<IpAddress, string>();
  for (const line of text.split('\n')) {
    const [first, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = first ? parseIp(first) : undefined;
    if (address === undefined || names.length === 0) continue;
    if (!byAddress.has(address)) byAddress.set(address, names[0]!);
    for (const n of names) byName.set(n, [...(byName.get(n) ?? []), address]);
  }
  return {
    resolve: (name, family) => {
      const all = byName.get(name) ?? [];
      // glibc reads `::1 localhost` as 127.0.0.1 when IPv4 is asked for: localhost is there twice.
      return all.flatMap((a) => {
        if ((typeof a === 'number') === (family === 'ip')) return [a];
        return family === 'ip' && a === '::1' ? [0x7f000001] : [];
      });
    },
    name: (address) => byAddress.get(address),
  };
}

/** Chooses family and kernel interface by the name of the program. */
export function* call(sys: Sys, name: string, called: string, variant: Backend['variant']): Coroutine<Call> {
  const family: XtFamily = name.startsWith('ip6') ? 'ip6' : 'ip';
  const backend = variant === 'legacy' ? new LegacyBackend(sys.net, family) : new NftBackend(sys.net, family);
  return { sys, family, variant, name, called, backend, hosts: yield* readHosts(sys) };
}

/** What parsing needs. @param table inside iptables-restore */
export function setting(c: Call, table: string | undefined, warn: (text: string) => void): ParseSetting {
  return {
    family: c.family,
    variant: c.variant,
    resolve: c.hosts.resolve,
    table,
    hasSet: (name) => findSet(c.sys.net, name) !== undefined,
    warn,
  };
}

/** `iptables v1.8.9 (nf_tables)` */
export function versionOf(c: Call): string {
  return `${c.name} v1.8.9 (${c.variant})`;
}

/** Text and status of a failure. @param line of iptables-restore's input; rethrows what is none */
export function failure(error: unknown, c: Call, line?: number): { text: string; status: number } {
  const where = line === undefined ? '' : `Error occurred at line: ${line}\n`;
  const hint = `${where}Try \`${c.name} -h' or '${c.name} --help' for more information.\n`;
  if (error instanceof XtProblem) {
    const head = `${versionOf(c)}: ${error.message}\n`;
    if (error.status === XT_STATUS.VERSION_PROBLEM)
      return {
        text: `${head}Perhaps ${c.family === 'ip' ? 'iptables' : 'ip6tables'} or your kernel needs to be upgraded.\n`,
        status: 3,
      };
    return { text: error.status === XT_STATUS.PARAMETER_PROBLEM ? head + hint : head, status: error.status };
  }
  if (error instanceof TryHelp) return { text: hint, status: 2 };
  if (error instanceof BadArgument) return { text: `Bad argument \`${error.message}'\n${hint}`, status: 2 };
  if (error instanceof NotSimulated)
    return { text: `${c.name}: not simulated in this course: ${error.message}\n`, status: 2 };
  if (error instanceof Incompatible) return { text: `${versionOf(c)}: ${error.message}`, status: 1 };
  if (error instanceof XtErrno)
    return {
      text:
        line === undefined ? `${c.name}: ${error.message}.\n` : `${c.name}: line ${line} failed: ${error.message}.\n`,
      status: 1,
    };
  if (error instanceof BatchError)
    return {
      text:
        line === undefined
          ? `${versionOf(c)}: ${error.message}\n`
          : `${versionOf(c)}: \nline ${line}:${error.message}\n`,
      status: 4,
    };
  throw error;
}

/** Who may not change the network is told so. */
export function denied(c: Call): { text: string; status: number } | undefined {
  if (c.sys.netAdmin) return undefined;
  return c.variant === 'legacy'
    ? { text: "Fatal: can't open lock file /run/xtables.lock: Permission denied\n", status: 4 }
    : {
        text: `${versionOf(c)}: Could not fetch rule set generation id: Permission denied (you must be root)\n`,
        status: 4,
      };
}
