/** Names and addresses as getaddrinfo(3) and getnameinfo(3) see them: /etc/hosts, then the name servers of /etc/resolv.conf. */
import type { Coroutine } from '../../core';
import type { Sys } from '../../host';
import type { IpAddress } from '../../wire';
import { parseIp, parseIp6 } from '../../wire';
import { queryName } from './dns-query';

/** What went wrong, as gai_strerror(3) says it. */
export type ResolveError =
  | 'Name or service not known'
  | 'Temporary failure in name resolution'
  | 'Address family for hostname not supported'
  | 'No address associated with hostname';

/** The result of a lookup. */
export type Resolved =
  { readonly addresses: readonly IpAddress[]; readonly canonical: string } | { readonly error: ResolveError };

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
export function* hostsFile(sys: Sys): Coroutine<{ address: IpAddress; names: string[] }[]> {
  let text: string;
  try {
    text = yield* sys.readFile('/etc/hosts');
  } catch {
    return [];
  }
  const entries: { address: IpAddress; names: string[] }[] = [];
  for (const line of text.split('\n')) {
    const [word, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = word === undefined || word === '' ? undefined : parseIp(word);
    if (address !== undefined && names.length > 0) entries.push({ address, names });
  }
  return entries;
}

/**
 * Addresses of `host`: a literal, an entry of /etc/hosts, or what a name server says.
 * @param family limits the answer.
 */
export function* resolveHost(sys: Sys, host: string, family: 'inet' | 'inet6' | 'any' = 'any'): Coroutine<Resolved> {
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
  const wanted = (a: IpAddress): boolean => family === 'any' || (typeof a === 'number') === (family === 'inet');
  const lower = host.toLowerCase().replace(/\.$/, '');
  const found: IpAddress[] = [];
  let canonical = host;
  for (const entry of yield* hostsFile(sys)) {
    if (!entry.names.some((n) => n.toLowerCase() === lower) || !wanted(entry.address)) continue;
    if (found.length === 0) canonical = entry.names[0]!;
    if (!found.includes(entry.address)) found.push(entry.address);
  }
  if (found.length > 0) return { addresses: found, canonical };
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$/i.test(host)) return { error: 'Name or service not known' };
  return yield* queryName(sys, lower, family);
}

/** The name of `address` in /etc/hosts; undefined when there is none. */
export function* nameOf(sys: Sys, address: IpAddress): Coroutine<string | undefined> {
  for (const entry of yield* hostsFile(sys)) if (entry.address === address) return entry.names[0];
  return undefined;
}
