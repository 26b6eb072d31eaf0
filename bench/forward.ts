import { execFileSync, spawnSync } from 'node:child_process';
import { bundle } from './bundle';
import type { Row } from './table';
import { median } from './table';

const PINGS = 20_000;
const ROUNDS = 5;

/** What one run of the simulated side measured. */
interface Simulated {
  /** Microseconds of a ping through the topology alone, and with so many rules or map entries. */
  readonly plain: number;
  readonly sizes: readonly number[];
  readonly rules?: readonly number[];
  readonly map?: readonly number[];
}

/** The topology as a script, for namespaces of these names. */
const topology = (client: string, router: string, server: string): string => `set -e
ip netns add ${client}; ip netns add ${router}; ip netns add ${server}
ip -n ${router} link add br0 type bridge
ip -n ${router} link add port0 type veth peer name eth0 netns ${client}
ip -n ${router} link add eth1 type veth peer name eth0 netns ${server}
ip -n ${router} link set port0 master br0
ip -n ${router} addr add 10.0.0.1/24 dev br0; ip -n ${router} addr add 192.0.2.1/24 dev eth1
ip -n ${client} addr add 10.0.0.2/24 dev eth0; ip -n ${server} addr add 192.0.2.2/24 dev eth0
for l in br0 port0 eth1; do ip -n ${router} link set $l up; done
ip -n ${client} link set eth0 up; ip -n ${server} link set eth0 up
ip -n ${client} route add default via 10.0.0.1
ip netns exec ${router} sysctl -qw net.ipv4.ip_forward=1
ip netns exec ${router} iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
ip netns exec ${client} ping -c 3 -i 0.2 -W 2 192.0.2.2 > /dev/null
`;

/** The real namespaces; nothing outside of them is touched. */
const NAMES = ['c', 'r', 's'].map((n) => `ftpbench-${process.pid}-${n}`) as [string, string, string];

/** Sets the real topology up. @returns false, with the reason on standard error, where that cannot be done */
function prepare(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.error('forward: the real kernel is skipped: that needs root on Linux');
    return false;
  }
  for (const tool of ['ip', 'iptables', 'ping', 'sysctl']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) {
      console.error(`forward: the real kernel is skipped: there is no ${tool} here`);
      return false;
    }
  }
  const made = spawnSync('bash', ['-c', topology(...NAMES)], { encoding: 'utf8' });
  if (made.status === 0) return true;
  console.error(`forward: the real kernel is skipped: ${made.stderr.trim()}`);
  return false;
}

/** Pings a second of the real kernel. */
function real(): number {
  const args = ['netns', 'exec', NAMES[0], 'ping', '-f', '-q', '-c', String(PINGS), '192.0.2.2'];
  const ping = spawnSync('ip', args, { encoding: 'utf8' });
  return PINGS / (Number(/time (\d+)ms/.exec(ping.stdout)?.[1]) / 1000);
}

/** Forwarding through veth, bridge and NAT, beside the real kernel's: both in turns, so that a busy machine slows both. */
export function forward(): Row[] {
  const { file, remove } = bundle('forward-sim');
  const theirs: number[] = [];
  const ours: Simulated[] = [];
  try {
    const there = prepare();
    for (let i = 0; i < ROUNDS; i++) {
      if (there) theirs.push(real());
      const args = [file, topology('c', 'r', 's'), String(PINGS), i === ROUNDS - 1 ? 'curve' : ''];
      ours.push(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Simulated);
    }
  } finally {
    for (const ns of NAMES) spawnSync('ip', ['netns', 'del', ns], { stdio: 'ignore' });
    remove();
  }
  const sim = 1e6 / median(ours.map((o) => o.plain));
  const kernel = median(theirs);
  const beside = theirs.length > 0 ? { beside: `real kernel, ping -f: ${kernel.toFixed(0)}/s` } : {};
  const rows: Row[] = [{ what: 'pings through veth, bridge and MASQUERADE', value: sim, unit: '1/s', ...beside }];
  if (theirs.length > 0)
    rows.push({ what: 'pings a second over those of the real kernel', value: sim / kernel, unit: 'x', least: 1 });
  // A ping is forwarded twice, there and back; a packet that crosses one veth less costs the same within the noise.
  const last = ours.at(-1)!;
  last.rules?.forEach((micros, i) => {
    rows.push({ what: `a forwarded packet past ${last.sizes[i]} iptables rules`, value: micros / 2, unit: 'us' });
  });
  last.map?.forEach((micros, i) => {
    rows.push({ what: `a forwarded packet through an nft map of ${last.sizes[i]}`, value: micros / 2, unit: 'us' });
  });
  return rows;
}
