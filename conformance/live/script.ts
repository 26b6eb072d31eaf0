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
  /** `FROM OPTIONS TO`: exit status of the ping and the errors that it told. */
  readonly pings: ReadonlyMap<string, string>;
  /** Output of each look, by name. */
  readonly looks: ReadonlyMap<string, string>;
}

/** Who pings whom, and how, as words. */
export function pingName({ from, to, options }: Network['pings'][number]): string {
  return [from, ...(options ?? []), to].join(' ');
}

/** The script: commands, pings one soon after the other, looks. It needs root, and a private `/run/netns`. */
export function scriptOf(network: Network): string {
  const lines = network.commands.map((c) => `${c} >/dev/null 2>&1; echo "=status $?"`);
  lines.push(`sleep ${SETTLE}`);
  lines.push(
    // One line, written at once: pings end at the same time.
    'p() { from=$1; shift; o=$(ip netns exec $from ping -n -c1 -W3 "$@" 2>&1); s=$?',
    `  echo "=ping $from $*,$s,$(echo "$o" | grep -e ^From -e ^ping: | tr '\\n' ' ')"; }`,
  );
  for (const ping of network.pings) lines.push(`p ${pingName(ping)} & sleep ${STAGGER}`);
  lines.push('wait', `sleep ${REST}`);
  const targets = [...new Set(network.pings.map((p) => p.to)), '10.9.9.9', 'fd09::9'];
  for (const s of network.stacks) {
    const look = (name: string, command: string) => lines.push(`echo "=look ${s} ${name}"; ${command} 2>&1; echo`);
    look('route', `ip -n ${s} -j route`);
    look('route6', `ip -n ${s} -6 -j route`);
    look('neigh', `ip -n ${s} -j neigh`);
    look('link', `ip -n ${s} -j link`);
    look('addr', `ip -n ${s} -j addr`);
    look('get', `for a in ${targets.join(' ')}; do echo "$a"; ip -n ${s} -j route get $a; done`);
    look('rule', `ip -n ${s} -j rule; ip -n ${s} route show table 100; ip -n ${s} -6 route show table 100`);
    if (network.hasRules) {
      look('rules', `ip netns exec ${s} iptables -nvxL`);
      look('rules nat', `ip netns exec ${s} iptables -t nat -nvxL`);
      look('rules 6', `ip netns exec ${s} ip6tables -nvxL`);
      look('conntrack', `for f in ipv4 ipv6; do ip netns exec ${s} conntrack -f $f -L; done`);
    }
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
    const [mark, ...rest] = line.trimEnd().split(' ');
    if (mark === '=status') statuses.push(rest[0]!);
    else if (mark === '=ping') {
      const [what, ...result] = rest.join(' ').split(',');
      pings.set(what!, result.join(' ').trimEnd());
    } else if (mark === '=look') looks.set((look = rest.join(' ')), '');
    else if (mark === '=end') ended = true;
    else if (look !== undefined) looks.set(look, `${looks.get(look)}${line}\n`);
  }
  if (!ended) throw new Error(`the script ended early:\n${output.slice(-500)}`);
  return { statuses, pings, looks };
}
