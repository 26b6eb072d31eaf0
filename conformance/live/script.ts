/** The shell script of a network, and what its output says. */
import type { Network } from './generate';

/**
 * Seconds of rest: until carriers and duplicate address detection are done; between pings, so that they start in this order; until
 * nobody waits for a neighbour any more and all that were used have been asked whether they are still there.
 */
const SETTLE = 2.5;
const STAGGER = 0.04;
const REST = 4.5;

/** What a network came to. */
export interface Observed {
  /** Exit status of each command. */
  readonly statuses: readonly string[];
  /** `FROM TO`: exit status of the ping. */
  readonly pings: ReadonlyMap<string, string>;
  /** Output of each look, by name. */
  readonly looks: ReadonlyMap<string, string>;
}

/** The script: commands, pings one soon after the other, looks. It needs root, and a private `/run/netns`. */
export function scriptOf(network: Network): string {
  const lines = network.commands.map((c) => `${c} >/dev/null 2>&1; echo "=status $?"`);
  lines.push(`sleep ${SETTLE}`);
  for (const { from, to } of network.pings)
    lines.push(
      `(ip netns exec ${from} ping -n -q -c1 -W1 ${to} >/dev/null 2>&1; echo "=ping ${from} ${to} $?") & sleep ${STAGGER}`,
    );
  lines.push('wait', `sleep ${REST}`);
  for (const s of network.stacks) {
    const look = (name: string, command: string) => lines.push(`echo "=look ${s} ${name}"; ${command} 2>&1`);
    look('route', `ip -n ${s} -j route`);
    look('route6', `ip -n ${s} -6 -j route`);
    look('neigh', `ip -n ${s} -j neigh`);
    if (network.hasRules) look('rules', `ip netns exec ${s} iptables -nvxL`);
  }
  lines.push('echo "=end"');
  return lines.join('\n');
}

/** Reads what the script printed. @throws Error when it did not come to its end. */
export function observe(output: string): Observed {
  const statuses: string[] = [];
  const pings = new Map<string, string>();
  const looks = new Map<string, string>();
  let look: string | undefined;
  let ended = false;
  for (const line of output.split('\n')) {
    const [mark, ...rest] = line.split(' ');
    if (mark === '=status') statuses.push(rest[0]!);
    else if (mark === '=ping') pings.set(`${rest[0]} ${rest[1]}`, rest[2]!);
    else if (mark === '=look') looks.set((look = rest.join(' ')), '');
    else if (mark === '=end') ended = true;
    else if (look !== undefined) looks.set(look, `${looks.get(look)}${line}\n`);
  }
  if (!ended) throw new Error(`the script ended early:\n${output.slice(-500)}`);
  return { statuses, pings, looks };
}
