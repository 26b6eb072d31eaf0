import type { Row } from './recording';

/** What happens between and around the rows of a recording. */
export type Action =
  | { readonly kind: 'run'; readonly row: number }
  | { readonly kind: 'start'; readonly row: number }
  | { readonly kind: 'stop'; readonly row: number; readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' | null }
  | { readonly kind: 'sleep'; readonly seconds: number }
  | { readonly kind: 'file'; readonly host: string; readonly path: string; readonly text: string };

/** Hosts and actions of one replay. */
export interface Plan {
  readonly hosts: readonly string[];
  readonly actions: readonly Action[];
}

/**
 * The plan of a recording whose scenario is known.
 * @returns undefined when scenario and rows do not belong together.
 */
export function planFromScenario(text: string, rows: readonly Row[]): Plan | undefined {
  const hosts: string[] = [];
  const actions: Action[] = [];
  const running = new Map<string, { cmd: string; host: string; at: number }>();
  const lines = text.split('\n');
  let next = 0;
  const stop = (name: string, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' | null): boolean => {
    const started = running.get(name);
    const row = rows[next];
    if (!started || !row || row.cmd !== started.cmd) return false;
    running.delete(name);
    actions[started.at] = { kind: 'start', row: next };
    actions.push({ kind: 'stop', row: next++, signal });
    return true;
  };
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i]!;
    while (line.endsWith('\\') && i + 1 < lines.length) line = `${line.slice(0, -1)}\n${lines[++i]!}`;
    if (line.trim() === '' || /^(#|title:|section:)/.test(line)) continue;
    if (line.startsWith('hosts:')) {
      hosts.push(...line.slice(6).trim().split(/\s+/).filter(Boolean));
    } else if (line.startsWith('!')) {
      const [op, ...args] = line.slice(1).trim().split(/\s+/);
      if (op === 'sleep') actions.push({ kind: 'sleep', seconds: Number(args[0]) });
      else if (op === 'stop' || op === 'wait') {
        const signal = op === 'wait' ? null : args[1] ? (`SIG${args[1]}` as 'SIGTERM') : 'SIGINT';
        if (!stop(args[0]!, signal)) return undefined;
      } else if (op === 'file') {
        const body: string[] = [];
        while (++i < lines.length && lines[i] !== 'EOF') body.push(lines[i]!);
        actions.push({ kind: 'file', host: args[0]!, path: args[1]!, text: `${body.join('\n')}\n` });
      }
    } else {
      const m = /^(\w[\w-]*?)(?:\^([\d.]+))?(?:#(\d+))?([|*]?)(\$|\+|&(\w+))\s([^]*)$/.exec(line);
      if (!m) return undefined;
      const [, host, , , , kind, name, cmd] = m;
      if (kind!.startsWith('&')) {
        running.set(name!, { cmd: cmd!, host: host!, at: actions.length });
        actions.push({ kind: 'sleep', seconds: 0 });
        actions.push({ kind: 'sleep', seconds: 0.35 });
      } else {
        if (rows[next]?.cmd !== cmd) return undefined;
        actions.push({ kind: 'run', row: next++ });
      }
    }
  }
  for (const name of [...running.keys()]) if (!stop(name, 'SIGINT')) return undefined;
  return next === rows.length ? { hosts, actions } : undefined;
}

/**
 * The plan of a recording without its scenario: hosts are those the rows name; a background command is started as many
 * seconds before its row as it ran.
 */
export function planFromRows(rows: readonly Row[]): Plan {
  const hosts = [...new Set(rows.map((r) => r.host))].filter((h) => h !== 'vm');
  const startsBefore = new Map<number, number[]>();
  rows.forEach((row, i) => {
    if (!row.bg) return;
    // The recorder waits about 0.6 s around a background command: until it is ready, and before it is stopped.
    let left = (row.secs ?? 1) - 0.6;
    let at = i;
    while (at > 0) {
      const before = rows[at - 1]!;
      const took = before.bg ? 0.25 : (before.secs ?? 0);
      if (left - took < -0.02) break;
      left -= took;
      at--;
    }
    startsBefore.set(at, [...(startsBefore.get(at) ?? []), i]);
  });
  const actions: Action[] = [];
  rows.forEach((row, i) => {
    for (const started of startsBefore.get(i) ?? []) {
      actions.push({ kind: 'start', row: started }, { kind: 'sleep', seconds: 0.35 });
    }
    actions.push(
      row.bg ? { kind: 'stop', row: i, signal: row.exit === 143 ? 'SIGTERM' : 'SIGINT' } : { kind: 'run', row: i },
    );
  });
  return { hosts, actions };
}
