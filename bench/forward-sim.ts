/**
 * The simulated side of `npm run bench -- forward`. It is bundled before it runs, as the site bundles the engine: loaded module
 * by module, every name that is imported costs a call.
 *
 * Arguments: the set-up as a shell script, and how many pings a flood has.
 */
import { IPPROTO, makeIcmp4Echo, parseIp4 } from '../src/engine/wire';
import type { Coroutine } from '../src/engine/core';
import type { NetNamespace } from '../src/engine/net';
import { CALLER, ROOT } from '../src/engine/net/testing';
import { createWorld } from '../src/engine/world';

const [script, count] = [process.argv[2]!, Number(process.argv[3])];
const world = createWorld('linux', 'bench');
function run(text: string, stdin?: string): void {
  const { status, stderr } = world.exec({ machine: 'host' }, text, stdin === undefined ? {} : { stdin });
  if (status !== 0) throw new Error(stderr.slice(-2000));
}

run(script);
run('sleep 3');
let client: NetNamespace | undefined;
for (const ns of world.machine('host').namespaces.net.siblings)
  if (ns.addrs.isLocal4(parseIp4('10.0.0.2')!)) client = ns;

/** A client that asks as soon as it has been answered, as `ping -f` does. @returns microseconds of wall-clock time for one ping */
function flood(pings: number): number {
  const s = client!.sockets.createRaw('inet', IPPROTO.ICMP, ROOT);
  const payload = new Uint8Array(56);
  const to = { address: parseIp4('192.0.2.2')!, port: 0 };
  let answers = 0;
  let done = false;
  function* ask(): Coroutine<void> {
    for (let seq = 0; seq < pings; seq++) {
      s.send(makeIcmp4Echo(4242, seq & 0xffff, payload), to);
      yield* s.receive(CALLER);
      answers++;
    }
  }
  const { scheduler } = client!.host;
  const from = process.hrtime.bigint();
  scheduler.spawn(ask(), () => (done = true));
  while (!done && scheduler.step());
  const micros = Number(process.hrtime.bigint() - from) / 1e3;
  if (answers !== pings) throw new Error(`${answers} of ${pings} pings were answered`);
  return micros / pings;
}

/** The quickest of several: what disturbs only slows. */
const best = (pings: number): number => Math.min(...Array.from({ length: 5 }, () => flood(pings)));

for (let i = 0; i < 3; i++) flood(count);
const plain = flood(count);

/** Rules in FORWARD, none of which matches. */
function rules(n: number): number {
  let text = '*filter\n';
  for (let i = 0; i < n; i++) text += `-A FORWARD -s 172.16.${i >> 8}.${i & 255} -j DROP\n`;
  run('ip netns exec r iptables-restore -n', `${text}COMMIT\n`);
  const micros = best(Math.max(50, Math.min(count / 4, 2_000_000 / n)));
  run('ip netns exec r iptables -F FORWARD');
  return micros;
}

/** A verdict map in a chain at forward, with `n` addresses that are not asked for. */
function map(n: number): number {
  const elements = Array.from({ length: n }, (_, i) => `172.16.${i >> 8}.${i & 255} : drop`);
  const ruleset = `table ip bench {
  map m {
    type ipv4_addr : verdict
    elements = { ${elements.join(', ')} }
  }
  chain f {
    type filter hook forward priority 0
    ip daddr vmap @m
  }
}
`;
  run('ip netns exec r nft -f -', ruleset);
  const micros = best(count / 4);
  run('ip netns exec r nft delete table ip bench');
  return micros;
}

const sizes = [10, 1000, 10_000];
const there = world.exec({ machine: 'host' }, 'command -v nft').status === 0;
const curve = process.argv[4] === 'curve' ? { rules: sizes.map(rules), map: there ? sizes.map(map) : [] } : undefined;
console.log(JSON.stringify({ plain, sizes, ...curve }));
