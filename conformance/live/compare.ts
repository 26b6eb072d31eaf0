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
    const got = level(kind, ours.looks.get(name) ?? '');
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
