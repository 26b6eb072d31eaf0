/** The two sides: real network namespaces, and the simulation. */
import { spawn, spawnSync } from 'node:child_process';
import { createWorld } from '../../src/engine/world';
import type { Network } from './generate';
import type { Observed } from './script';
import { observe, scriptOf } from './script';

/** Milliseconds after which a real network is given up. */
const TIMEOUT = 120_000;

/**
 * A script that runs in a network and a mount namespace of its own, with nothing in it but a loopback interface: nothing outside
 * can be reached or changed from there, and all of it is gone when the script ends.
 */
const PRIVATE = `mount -t tmpfs none /run && mkdir -p /run/netns /run/lock && exec bash -s`;

/** Why the real side cannot run here; null when it can. */
export function missing(): string | null {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root, to make network namespaces of its own';
  for (const tool of ['unshare', 'ip', 'ping', 'bridge', 'sysctl'])
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) return `it needs ${tool}, which is not installed`;
  const probe = spawnSync('unshare', ['-n', '-m', '--propagation', 'private', 'sh', '-c', 'mount -t tmpfs none /run']);
  return probe.status === 0 ? null : 'it may not make namespaces here';
}

/** Whether packet filter rules can be compared: with iptables, ip6tables and conntrack on both sides. */
export function canFilter(): boolean {
  const tools = 'mount -t tmpfs none /run && iptables -nL && ip6tables -nL && iptables -t nat -nL && conntrack -L';
  if (spawnSync('unshare', ['-n', '-m', '--propagation', 'private', 'sh', '-c', tools]).status !== 0) return false;
  const { programs } = createWorld('linux', 'live').machine('host');
  return ['iptables', 'ip6tables', 'conntrack'].every((name) => programs.has(name));
}

/** Makes a network of real namespaces, looks at it, and lets it vanish. @returns what the script printed, for `observe`. */
export async function realOutput(network: Network): Promise<string> {
  const child = spawn('unshare', ['-n', '-m', '--propagation', 'private', 'bash', '-c', PRIVATE], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: TIMEOUT,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end(scriptOf(network));
  await new Promise((resolve) => child.on('close', resolve));
  return output;
}

/** What there is to be seen in a network of real namespaces. */
export async function real(network: Network): Promise<Observed> {
  return observe(await realOutput(network));
}

/** The same network in the simulation. */
export function simulated(network: Network): Observed {
  const world = createWorld('linux', `live/${network.seed}`);
  const { stdout } = world.exec({ machine: 'host' }, '. /dev/stdin', { stdin: scriptOf(network), timeout: 300e6 });
  return observe(stdout);
}
