/** Names and addresses as getaddrinfo(3), gethostbyname(3) and getnameinfo(3) of glibc 2.36 see them. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import type { Family } from '../../net';
import type { DnsMessage, IpAddress } from '../../wire';
import { DNS_TYPE, isLoopback4, parseIp6, reverseName } from '../../wire';
import { orderAddresses } from './address-order';
import type { HostError, Queried } from './dns-query';
import { resQuery, resSearch, sameName } from './dns-query';
import type { HostsEntry, NssService, NssStatus } from './resolv-conf';
import { addressIn, hostServices, parseHosts, readResolvConf, slurp } from './resolv-conf';

/** What went wrong, as gai_strerror(3) says it. */
export type ResolveError =
  | 'Name or service not known'
  | 'Temporary failure in name resolution'
  | 'Non-recoverable failure in name resolution'
  | 'Address family for hostname not supported'
  | 'No address associated with hostname';

/** The result of a lookup. `canonical` is the first name in /etc/hosts, or what a chain of aliases ends in. */
export type Resolved =
  { readonly addresses: readonly IpAddress[]; readonly canonical: string } | { readonly error: ResolveError };

/** Whose resolver a machine has. Only glibc's is there; containers with musl will need the other. */
export type ResolverFlavour = 'glibc';

/** Options of a lookup. */
export interface LookupOptions {
  /** Limits the answer. */
  readonly family?: Family | 'any';
  /** AI_ADDRCONFIG: ask only for families of which the host has an address that is not loopback. */
  readonly addrConfig?: boolean;
}

/** An IPv4 address in any form of inet_aton(3): one to four parts, decimal, octal or hex; the last part fills what is left. */
export function inetAton(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length > 4) return undefined;
  const values: number[] = [];
  for (const part of parts) {
    if (/^0x[0-9a-f]+$/i.test(part)) values.push(parseInt(part, 16));
    else if (/^0[0-7]*$/.test(part)) values.push(parseInt(part, 8));
    else if (/^[1-9]\d*$/.test(part)) values.push(Number(part));
    else return undefined;
  }
  const last = values.pop()!;
  if (values.some((v) => v > 255) || last >= 256 ** (4 - values.length)) return undefined;
  return values.reduce((sum, v, i) => sum + v * 256 ** (3 - i), last);
}

/** Lines of /etc/hosts as address and names. */
export function* hostsFile(sys: Sys): Coroutine<HostsEntry[]> {
  return parseHosts(yield* slurp(sys, '/etc/hosts'));
}

/** A host as struct hostent has it. */
export interface HostEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly addresses: readonly IpAddress[];
}

/** What one service says. */
type Found =
  | { readonly status: 'SUCCESS'; readonly host: HostEntry }
  | { readonly status: Exclude<NssStatus, 'SUCCESS'>; readonly error: HostError };

/** Addresses of a name in the answers, following CNAME records. */
function collect(name: string, messages: readonly (DnsMessage | undefined)[], family: Family | 'any'): HostEntry {
  const addresses: IpAddress[] = [];
  let canonical = name;
  const aliases: string[] = [];
  for (const m of messages) {
    let current = name;
    for (const r of m?.answers ?? []) {
      if (!sameName(r.name, current)) continue;
      if (r.data.type === 'CNAME') {
        if (m === messages.find((x) => x && x.answers.length > 0)) aliases.push(current);
        current = r.data.name;
      } else if ((r.data.type === 'A' && family !== 'inet6') || (r.data.type === 'AAAA' && family !== 'inet')) {
        addresses.push(r.data.address);
        canonical = r.name;
      }
    }
  }
  return { name: canonical, aliases, addresses };
}

/** Without an answer that can be used, res_nsend leaves ECONNREFUSED or ETIMEDOUT, for which nss_dns says "unavailable". */
function statusOf(error: HostError): Exclude<NssStatus, 'SUCCESS'> {
  return error === 'TRY_AGAIN' ? 'UNAVAIL' : 'NOTFOUND';
}

function* fromDns(sys: Sys, name: string, family: Family | 'any'): Coroutine<Found> {
  const conf = yield* readResolvConf(sys);
  const types =
    family === 'inet' || (family === 'inet6' && conf.noAaaa)
      ? [DNS_TYPE.A]
      : family === 'inet6'
        ? [DNS_TYPE.AAAA]
        : conf.noAaaa
          ? [DNS_TYPE.A]
          : [DNS_TYPE.A, DNS_TYPE.AAAA];
  const queried: Queried = yield* resSearch(sys, conf, name, types);
  if (queried.kind === 'error') return { status: statusOf(queried.error), error: queried.error };
  const host = collect(queried.name, queried.answers, family);
  if (host.addresses.length === 0) return { status: 'NOTFOUND', error: 'NO_DATA' };
  return { status: 'SUCCESS', host };
}

/** With `multi on` in host.conf(5), which is assumed, entries are merged: of later ones first the aliases, then another first name. */
function* fromFiles(sys: Sys, name: string, family: Family | 'any'): Coroutine<Found> {
  const lower = name.toLowerCase();
  const addresses: IpAddress[] = [];
  const aliases: string[] = [];
  let first: string | undefined;
  for (const entry of yield* hostsFile(sys)) {
    const address = addressIn(entry.address, family);
    if (address === undefined || !entry.names.some((n) => n.toLowerCase() === lower)) continue;
    addresses.push(address);
    aliases.push(...entry.names.slice(1));
    if (first === undefined) first = entry.names[0]!;
    else if (entry.names[0] !== first) aliases.push(entry.names[0]!);
  }
  if (first === undefined) return { status: 'NOTFOUND', error: 'HOST_NOT_FOUND' };
  return { status: 'SUCCESS', host: { name: first, aliases, addresses } };
}

/** Looks `name` up in the services of nsswitch.conf until one decides. */
function* nss(
  sys: Sys,
  services: readonly NssService[],
  look: (service: string) => Coroutine<Found | undefined>,
): Coroutine<Found> {
  let last: Found = { status: 'NOTFOUND', error: 'HOST_NOT_FOUND' };
  for (const service of services) {
    const found = yield* look(service.name);
    // A service that is not installed is unavailable and says nothing.
    const status = found?.status ?? 'UNAVAIL';
    if (found) last = found;
    const action = service.actions.get(status) ?? (status === 'SUCCESS' ? 'return' : 'continue');
    if (action === 'return') break;
  }
  return last;
}

/** gethostbyname2(3), or with 'any' what getaddrinfo asks for both families at once. */
export function* hostByName(
  sys: Sys,
  name: string,
  family: Family | 'any',
  services?: readonly NssService[],
): Coroutine<Found> {
  return yield* nss(sys, services ?? (yield* hostServices(sys)), function* (service) {
    if (service === 'files') return yield* fromFiles(sys, name, family);
    if (service === 'dns') return yield* fromDns(sys, name, family);
    return undefined;
  });
}

/** gethostbyaddr(3): undefined when nobody knows the address. */
export function* hostByAddress(
  sys: Sys,
  address: IpAddress,
  services?: readonly NssService[],
): Coroutine<HostEntry | undefined> {
  const found = yield* foundByAddress(sys, address, services);
  return found.status === 'SUCCESS' ? found.host : undefined;
}

function* foundByAddress(sys: Sys, address: IpAddress, services?: readonly NssService[]): Coroutine<Found> {
  return yield* nss(sys, services ?? (yield* hostServices(sys)), function* (service): Coroutine<Found | undefined> {
    if (service === 'files') {
      for (const entry of yield* hostsFile(sys)) {
        if (entry.address !== address) continue;
        const [name = '', ...aliases] = entry.names;
        return { status: 'SUCCESS', host: { name, aliases, addresses: [address] } };
      }
      return { status: 'NOTFOUND', error: 'HOST_NOT_FOUND' };
    }
    if (service !== 'dns') return undefined;
    const conf = yield* readResolvConf(sys);
    const queried = yield* resQuery(sys, conf, reverseName(address), [DNS_TYPE.PTR]);
    if (queried.kind === 'error') return { status: statusOf(queried.error), error: queried.error };
    const names = (queried.answers[0]?.answers ?? []).flatMap((r) => (r.data.type === 'PTR' ? [r.data.name] : []));
    const [name, ...aliases] = names;
    if (name === undefined) return { status: 'NOTFOUND', error: 'NO_DATA' };
    return { status: 'SUCCESS', host: { name, aliases, addresses: [address] } };
  });
}

const GAI: Readonly<Record<HostError, ResolveError>> = {
  HOST_NOT_FOUND: 'Name or service not known',
  TRY_AGAIN: 'Temporary failure in name resolution',
  NO_RECOVERY: 'Non-recoverable failure in name resolution',
  NO_DATA: 'No address associated with hostname',
};

/** The families of which the host has addresses that are not loopback (__check_pf). */
function configured(sys: Sys): { inet: boolean; inet6: boolean } {
  const seen = { inet: false, inet6: false };
  for (const a of sys.net.addrs.list()) {
    if (typeof a.local === 'number') seen.inet ||= !isLoopback4(a.local);
    else seen.inet6 ||= a.local !== '::1';
  }
  return seen;
}

/**
 * getaddrinfo(3): addresses of `host`, best first: a literal, or what the services of nsswitch.conf say.
 * The flavour of the resolver is the machine's; at present always {@link ResolverFlavour} 'glibc'.
 */
export function* lookupHost(sys: Sys, host: string, options: LookupOptions = {}): Coroutine<Resolved> {
  let family = options.family ?? 'any';
  const four = inetAton(host);
  if (four !== undefined) {
    if (family === 'inet6') return { error: 'Address family for hostname not supported' };
    return { addresses: [four], canonical: host };
  }
  const percent = host.indexOf('%');
  const six = host.includes(':') ? parseIp6(percent < 0 ? host : host.slice(0, percent)) : undefined;
  if (six !== undefined) {
    if (family === 'inet') return { error: 'Address family for hostname not supported' };
    return { addresses: [six], canonical: host };
  }
  if (options.addrConfig) {
    const seen = configured(sys);
    if (family !== 'any' && !seen[family]) return { error: 'Name or service not known' };
    if (family === 'any' && seen.inet !== seen.inet6) family = seen.inet ? 'inet' : 'inet6';
  }
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$/i.test(host) || host.includes('..'))
    return { error: 'Name or service not known' };
  const found = yield* hostByName(sys, host, family);
  if (found.status === 'SUCCESS') {
    const { addresses, name } = found.host;
    return { addresses: orderAddresses(sys, addresses), canonical: name };
  }
  if (family !== 'any') {
    const lower = host.toLowerCase();
    const elsewhere = (yield* hostsFile(sys)).some((e) => e.names.some((n) => n.toLowerCase() === lower));
    if (elsewhere) return { error: 'Address family for hostname not supported' };
  }
  return { error: GAI[found.error] };
}

/** {@link lookupHost} with the family alone. */
export function resolveHost(sys: Sys, host: string, family: Family | 'any' = 'any'): Coroutine<Resolved> {
  return lookupHost(sys, host, { family });
}

/** The name of `address` (getnameinfo(3)); undefined when nobody knows one. */
export function* nameOf(sys: Sys, address: IpAddress): Coroutine<string | undefined> {
  return (yield* hostByAddress(sys, address))?.name;
}

/**
 * getnameinfo(3) without flags: a name, undefined when there is none (callers show the address then), or what went wrong
 * when no name server answered.
 */
export function* nameInfo(sys: Sys, address: IpAddress): Coroutine<string | undefined | { error: ResolveError }> {
  const found = yield* foundByAddress(sys, address);
  if (found.status === 'SUCCESS') return found.host.name;
  return found.error === 'TRY_AGAIN' ? { error: GAI.TRY_AGAIN } : undefined;
}
