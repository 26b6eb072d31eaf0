/** What differs between a real network and its simulation, levelled where time decides. */
import type { Network } from './generate';
import type { Observed } from './script';

/** Differences in words; none: both agree. */
export function differences(network: Network, real: Observed, ours: Observed): string[] {
  const out: string[] = [];
  network.commands.forEach((command, i) => {
    if (real.statuses[i] !== ours.statuses[i])
      out.push(`status of "${command}": real ${real.statuses[i]}, simulated ${ours.statuses[i]}`);
  });
  for (const [pair, status] of real.pings)
    if (ours.pings.get(pair) !== status) out.push(`ping ${pair}: real ${status}, simulated ${ours.pings.get(pair)}`);
  for (const [name, text] of real.looks) {
    const kind = name.split(' ')[1]!;
    const want = level(kind, text);
    let got = level(kind, ours.looks.get(name) ?? '');
    if (kind === 'neigh') got = withoutSwept(got, want);
    if (want !== got)
      out.push(
        `${name}:\n  real      ${want.replaceAll('\n', '\n            ')}\n  simulated ${got.replaceAll('\n', '\n            ')}`,
      );
  }
  return out;
}

function level(kind: string, text: string): string {
  switch (kind) {
    case 'neigh':
      return neighbours(text);
    case 'route6':
      return routes6(text);
    case 'rule':
      return text.trimEnd();
    case 'conntrack':
      return connections(text);
    case 'link':
      return links(text);
    case 'addr':
      return addresses(text);
    case 'get':
      return text.replace(/"uid":0,/g, '').trimEnd();
    case 'rules':
      return rules(text);
    default:
      return lines(text);
  }
}

/** One JSON object a line. */
function lines(text: string): string {
  return parse(text)
    .map((row) => JSON.stringify(row))
    .join('\n');
}

/**
 * States by whether the address is known: REACHABLE, DELAY, PROBE and STALE follow each other with time, as INCOMPLETE and
 * FAILED do. Link-local entries come from router solicitations and duplicate detection, whose times are random.
 */
function neighbours(text: string): string {
  return parse(text)
    .filter((n) => !String(n.dst).startsWith('fe80') && !String(n.dst).startsWith('ff'))
    .map((n) => {
      const state = (n.state as string[] | undefined)?.[0] ?? '';
      const known = /REACHABLE|DELAY|PROBE|STALE/.test(state)
        ? 'KNOWN'
        : /INCOMPLETE|FAILED/.test(state)
          ? 'FAILED'
          : state;
      return `${n.dst} dev ${n.dev} ${n.lladdr ?? ''} ${known}${n.router === null ? ' router' : ''}`;
    })
    .sort()
    .join('\n');
}

/**
 * The kernel removes failed neighbours early once there are more than gc_thresh1 (128) in all its namespaces together, those of
 * others included: one that it does not show may have been failed.
 */
function withoutSwept(ours: string, real: string): string {
  const known = new Set(real.split('\n').map((l) => l.split(' ').slice(0, 3).join(' ')));
  return ours
    .split('\n')
    .filter((l) => !l.endsWith(' FAILED') || known.has(l.split(' ').slice(0, 3).join(' ')))
    .join('\n');
}

/** Identifiers are pings' own, how long entries live yet depends on when they were made; IGMP reports come at random times. */
function connections(text: string): string {
  return text
    .split('\n')
    .filter((l) => /^(icmp|icmpv6|tcp|udp) /.test(l))
    .map((l) => l.replace(/ id=\d+/g, '').replace(/^(\S+ +\d+) \d+ /, '$1 '))
    .sort()
    .join('\n');
}

/** What a link is; its number and the lengths of queues belong to the machine. */
function links(text: string): string {
  return parse(text)
    .map((l) =>
      JSON.stringify([
        l.ifname,
        (l.flags as string[]).join(),
        l.mtu,
        l.operstate,
        l.master,
        l.link_type,
        l.address,
        l.broadcast,
      ]),
    )
    .sort()
    .join('\n');
}

function addresses(text: string): string {
  return parse(text)
    .map((l) => `${String(l.ifname)} ${JSON.stringify(l.addr_info)}`)
    .sort()
    .join('\n');
}

/** In which order links got their link-local prefix, and so the order of equal routes, is a matter of milliseconds. */
function routes6(text: string): string {
  return lines(text).split('\n').sort().join('\n');
}

/** Counters of rules and policies; policies count errors, too, so only their verdict counts. Who is never sent a packet has none. */
function rules(text: string): string {
  return text
    .split('\n')
    .filter((l) => l.trim() !== '' && !/^ +pkts/.test(l))
    .map((l) =>
      l
        .replace(/^(Chain \S+ \(policy \S+) .*\)$/, '$1)')
        .replace(/ +/g, ' ')
        .trim(),
    )
    .join('\n');
}

function parse(text: string): Record<string, unknown>[] {
  try {
    const rows = JSON.parse(text || '[]') as unknown;
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [{ text }];
  } catch {
    return [{ text }];
  }
}
