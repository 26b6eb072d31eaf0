/**
 * The simulated side of `npm run bench -- forward`. It is bundled before it runs, as the site bundles the engine: loaded module
 * by module, every name that is imported costs a call.
 */
import { IPPROTO, makeIcmp4Echo } from '../src/engine/wire';
import type { Coroutine } from '../src/engine/core';
import { ip, masquerade, office } from '../src/engine/net/conntrack/testing';
import type { Office } from '../src/engine/net/conntrack/testing';
import { CALLER, ROOT, TestWorld } from '../src/engine/net/testing';

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
  return pings / seconds;
}

const pings = Number(process.argv[2]);
const w = new TestWorld('bench');
const o = office(w);
masquerade(o.router, 'eth1');
for (let i = 0; i < 3; i++) flood(w, o, pings);
console.log(JSON.stringify({ pings: flood(w, o, pings) }));
