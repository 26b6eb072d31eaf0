import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import type { Row } from './table';
import { median } from './table';

const PINGS = 20_000;
const ROUNDS = 5;

/** Bundles the simulated side. @returns the file, and how to get rid of it */
function bundle(): { file: string; remove: () => void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'ftp-bench-'));
  const file = path.join(dir, 'forward-sim.cjs');
  buildSync({
    entryPoints: [path.join(__dirname, 'forward-sim.ts')],
    bundle: true,
    platform: 'node',
    outfile: file,
    logLevel: 'error',
  });
  return { file, remove: () => rmSync(dir, { recursive: true }) };
}

/** What one run of the simulated side measured. */
interface Simulated {
  /** Pings a second. */
  readonly pings: number;
}

const PREFIX = 'ftpbench';
const [CLIENT, ROUTER, SERVER] = ['c', 'r', 's'].map((n) => `${PREFIX}-${process.pid}-${n}`);

/** The same topology of real namespaces; nothing outside of them is touched. */
const REAL = `set -e
ip netns add ${CLIENT}; ip netns add ${ROUTER}; ip netns add ${SERVER}
ip -n ${ROUTER} link add br0 type bridge
ip -n ${ROUTER} link add port0 type veth peer name eth0 netns ${CLIENT}
ip -n ${ROUTER} link add eth1 type veth peer name eth0 netns ${SERVER}
ip -n ${ROUTER} link set port0 master br0
ip -n ${ROUTER} addr add 10.0.0.1/24 dev br0; ip -n ${ROUTER} addr add 192.0.2.1/24 dev eth1
ip -n ${CLIENT} addr add 10.0.0.2/24 dev eth0; ip -n ${SERVER} addr add 192.0.2.2/24 dev eth0
for l in br0 port0 eth1; do ip -n ${ROUTER} link set $l up; done
ip -n ${CLIENT} link set eth0 up; ip -n ${SERVER} link set eth0 up
ip -n ${CLIENT} route add default via 10.0.0.1
ip netns exec ${ROUTER} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
ip netns exec ${ROUTER} iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE
ip netns exec ${CLIENT} ping -c 3 -i 0.2 -W 2 192.0.2.2 > /dev/null
`;

/** Sets the real topology up. @returns false, with the reason on standard error, where that cannot be done */
function prepare(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.error('forward: the real kernel is skipped: that needs root on Linux');
    return false;
  }
  for (const tool of ['ip', 'iptables', 'ping']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) {
      console.error(`forward: the real kernel is skipped: there is no ${tool} here`);
      return false;
    }
  }
  const made = spawnSync('bash', ['-c', REAL], { encoding: 'utf8' });
  if (made.status === 0) return true;
  console.error(`forward: the real kernel is skipped: ${made.stderr.trim()}`);
  return false;
}

/** Pings a second of the real kernel. */
function real(): number {
  const args = ['netns', 'exec', CLIENT!, 'ping', '-f', '-q', '-c', String(PINGS), '192.0.2.2'];
  const ping = spawnSync('ip', args, { encoding: 'utf8' });
  return PINGS / (Number(/time (\d+)ms/.exec(ping.stdout)?.[1]) / 1000);
}

/** Forwarding through veth, bridge and NAT, beside the real kernel's: both in turns, so that a busy machine slows both. */
export function forward(): Row[] {
  const { file, remove } = bundle();
  const theirs: number[] = [];
  const ours: Simulated[] = [];
  try {
    const there = prepare();
    for (let i = 0; i < ROUNDS; i++) {
      if (there) theirs.push(real());
      ours.push(JSON.parse(execFileSync(process.execPath, [file, String(PINGS)], { encoding: 'utf8' })) as Simulated);
    }
  } finally {
    for (const ns of [CLIENT, ROUTER, SERVER]) spawnSync('ip', ['netns', 'del', ns!]);
    remove();
  }
  const sim = median(ours.map((o) => o.pings));
  const kernel = median(theirs);
  const beside = theirs.length > 0 ? { beside: `real kernel, ping -f: ${kernel.toFixed(0)}/s` } : {};
  const rows: Row[] = [{ what: 'pings through veth, bridge and MASQUERADE', value: sim, unit: '1/s', ...beside }];
  if (theirs.length > 0)
    rows.push({ what: 'pings a second over those of the real kernel', value: sim / kernel, unit: 'x', least: 1 });
  return rows;
}
