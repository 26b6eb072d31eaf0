import { spawnSync } from 'node:child_process';
import { IPPROTO, makeIcmp4Echo } from '../src/engine/wire';
import type { Coroutine } from '../src/engine/core';
import { ip, masquerade, office } from '../src/engine/net/conntrack/testing';
import type { Office } from '../src/engine/net/conntrack/testing';
import { CALLER, ROOT, TestWorld } from '../src/engine/net/testing';
import type { Row } from './table';
import { median } from './table';

const PINGS = 20_000;
const RUNS = 7;

/** A client that asks as soon as it has been answered, as `ping -f` does. @returns pings a second of wall-clock time */
function flood(w: TestWorld, o: Office, pings: number): number {
  const s = o.clients[0]!.sockets.createRaw('inet', IPPROTO.ICMP, ROOT);
  const payload = new Uint8Array(56);
  const to = { address: ip('192.0.2.2'), port: 0 };
  let answers = 0;
  function* client(): Coroutine<void> {
    for (let seq = 0; seq < pings; seq++) {
      s.send(makeIcmp4Echo(4242, seq & 0xffff, payload), to);
      yield* s.receive(CALLER);
      answers++;
    }
  }
  const from = process.hrtime.bigint();
  const slot = w.spawn(client());
  while (!slot.done && w.scheduler.step());
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  if (answers !== pings) throw new Error(`${answers} of ${pings} pings were answered`);
  s.unref();
  return pings / seconds;
}

/** Pings a second through a veth, a bridge and MASQUERADE in the simulation. */
function simulated(): number {
  const w = new TestWorld('bench');
  const o = office(w);
  masquerade(o.router, 'eth1');
  flood(w, o, PINGS);
  return median(Array.from({ length: RUNS }, () => flood(w, o, PINGS)));
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

/** Pings a second of the real kernel; undefined with the reason on standard error where that cannot be measured. */
function real(): number | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.error('forward: the real kernel is skipped: that needs root on Linux');
    return undefined;
  }
  for (const tool of ['ip', 'iptables', 'ping']) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) {
      console.error(`forward: the real kernel is skipped: there is no ${tool} here`);
      return undefined;
    }
  }
  try {
    const made = spawnSync('bash', ['-c', REAL], { encoding: 'utf8' });
    if (made.status !== 0) {
      console.error(`forward: the real kernel is skipped: ${made.stderr.trim()}`);
      return undefined;
    }
    return median(
      Array.from({ length: RUNS }, () => {
        const ping = spawnSync('ip', ['netns', 'exec', CLIENT!, 'ping', '-f', '-q', '-c', String(PINGS), '192.0.2.2'], {
          encoding: 'utf8',
        });
        const ms = Number(/time (\d+)ms/.exec(ping.stdout)?.[1]);
        return PINGS / (ms / 1000);
      }),
    );
  } finally {
    for (const ns of [CLIENT, ROUTER, SERVER]) spawnSync('ip', ['netns', 'del', ns!]);
  }
}

/** Forwarding through veth, bridge and NAT, beside the real kernel's. */
export function forward(): Row[] {
  const theirs = real();
  const ours = simulated();
  const rows: Row[] = [
    {
      what: 'pings through veth, bridge and MASQUERADE',
      value: ours,
      unit: '1/s',
      ...(theirs === undefined ? {} : { beside: `real kernel's ping -f: ${theirs.toFixed(0)}/s` }),
    },
  ];
  if (theirs !== undefined)
    rows.push({ what: "time of a ping over the real kernel's", value: theirs / ours, unit: 'ratio', budget: 1 });
  return rows;
}

if (require.main === module) for (const row of forward()) console.log(row.what, row.value, row.unit, row.beside ?? '');
