import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../core';
import type { Ipv4Packet, Transport } from '../../wire';
import {
  ETHERTYPE,
  NO_BYTES,
  TCP_FLAG,
  decodeIpv4,
  encodeIpv4,
  formatIp,
  makeIcmp4Echo,
  makeIcmp4Error,
  makeIpv4,
  makeTcp,
  makeUdp,
} from '../../wire';
import { NF } from '../hooks';
import type { NetNamespace } from '../namespace';
import { HOOK, hooksOf } from '../netfilter/hook-table';
import { Skb } from '../skb';
import { TestWorld } from '../testing';
import type { NatRange } from './conn';
import { conntrackOf, natApi } from './index';
import { configure, ip, natChain } from './testing';

const SEEDS = 40;
const PACKETS = 250;

/** What a packet says of itself, as an answer to it would have to. */
function ends(p: Ipv4Packet): { from: string; to: string } {
  const t = p.payload;
  const port = (n: number): string => `${p.protocol}/${n}`;
  if (t.kind === 'tcp' || t.kind === 'udp')
    return { from: `${formatIp(p.src)} ${port(t.srcPort)}`, to: `${formatIp(p.dst)} ${port(t.dstPort)}` };
  const id = t.kind === 'icmp4' && t.message === 'echo' ? t.id : -1;
  return { from: `${formatIp(p.src)} ${port(id)}`, to: `${formatIp(p.dst)} ${port(id)}` };
}

function answerTo(p: Ipv4Packet): Ipv4Packet {
  const t = p.payload;
  let payload: Transport;
  if (t.kind === 'udp') payload = makeUdp(t.dstPort, t.srcPort, NO_BYTES);
  else if (t.kind === 'tcp')
    payload = makeTcp(t.dstPort, t.srcPort, 7000, t.seq + 1, TCP_FLAG.SYN | TCP_FLAG.ACK, 64240, undefined, NO_BYTES);
  else if (t.kind === 'icmp4' && t.message === 'echo') payload = makeIcmp4Echo(t.id, t.seq, t.payload, 0);
  else throw new Error('no answer');
  return makeIpv4({ src: p.dst, dst: p.src, protocol: p.protocol, payload });
}

/** Sends a packet through the router. @returns what comes out, undefined when it was dropped */
function through(ns: NetNamespace, p: Ipv4Packet, input: string, output: string): Ipv4Packet | undefined {
  const skb = new Skb(ETHERTYPE.IPV4, p);
  const [i, o] = [ns.links.byName(input)!, ns.links.byName(output)!];
  skb.dev = i;
  const hooks = hooksOf(ns);
  if (hooks.run('ip', HOOK.PREROUTING, skb, i, null) !== NF.ACCEPT) return undefined;
  if (hooks.run('ip', HOOK.FORWARD, skb, i, o) !== NF.ACCEPT) return undefined;
  if (hooks.run('ip', HOOK.POSTROUTING, skb, i, o) !== NF.ACCEPT) return undefined;
  return skb.payload as Ipv4Packet;
}

test(`${SEEDS} seeds: mappings are never shared, answers and errors find who asked`, () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = new Random(`nat ${seed}`);
    const w = new TestWorld(`nat ${seed}`);
    const ns = w.ns();
    for (const [name, address] of [
      ['in', '10.0.0.1'],
      ['out', '192.0.2.1'],
    ] as const) {
      ns.links.add({ kind: 'dummy', name });
      configure(ns, name, address);
    }
    const range: NatRange = [
      {},
      { min: ip('192.0.2.1'), max: ip('192.0.2.1') },
      { min: ip('192.0.2.1'), max: ip('192.0.2.3') },
      { min: ip('192.0.2.1'), max: ip('192.0.2.1'), minPort: 4000, maxPort: 4009 },
      { min: ip('192.0.2.1'), max: ip('192.0.2.1'), random: true },
      { min: ip('192.0.2.1'), max: ip('192.0.2.2'), minPort: 4000, maxPort: 4099, fullyRandom: true },
    ][seed % 6]!;
    natChain(ns, HOOK.POSTROUTING, (skb, _h, _i, out) => {
      if (out!.name !== 'out') return NF.ACCEPT;
      return seed % 6 === 0 ? natApi.masquerade(ns, skb, range, out!) : natApi.setup(ns, skb, range, 'src');
    });
    natChain(ns, HOOK.PREROUTING, (skb, _h, input) => {
      const p = skb.payload as Ipv4Packet;
      // Two virtual addresses in front of the same servers, as services have.
      if (input!.name !== 'in' || p.dst >>> 8 !== ip('10.96.0.0') >>> 8) return NF.ACCEPT;
      const backend = ip('198.51.100.1') + (p.dst & 1);
      return natApi.setup(ns, skb, { min: backend, max: backend }, 'dst');
    });
    let dropped = 0;
    for (let i = 0; i < PACKETS; i++) {
      const src = ip('10.0.0.2') + random.below(6);
      const dst = random.below(2) ? ip('198.51.100.1') + random.below(2) : ip('10.96.0.1') + random.below(2);
      const port = 1000 + random.below(8);
      const kind = random.below(3);
      const payload =
        kind === 0
          ? makeUdp(port, 53 + random.below(2), NO_BYTES)
          : kind === 1
            ? makeTcp(port, 80 + random.below(2), 100, 0, TCP_FLAG.SYN, 64240, undefined, NO_BYTES)
            : makeIcmp4Echo(port, 1, NO_BYTES);
      const protocol = [17, 6, 1][kind]!;
      const asked = makeIpv4({ src, dst, protocol, payload });
      const sent = through(ns, asked, 'in', 'out');
      if (sent === undefined) {
        dropped++;
        continue;
      }
      assert.ok(sent.src >>> 8 === ip('192.0.2.0') >>> 8, `seed ${seed}: ${formatIp(sent.src)} goes out`);
      if (random.below(2)) {
        const back = through(ns, answerTo(sent), 'out', 'in');
        assert.ok(back, `seed ${seed}: the answer is lost`);
        assert.deepEqual(ends(back), { from: ends(asked).to, to: ends(asked).from }, `seed ${seed}`);
      } else if (kind === 0) {
        const error = makeIpv4({
          src: sent.dst,
          dst: sent.src,
          protocol: 1,
          payload: makeIcmp4Error(3, 3, encodeIpv4(sent)),
        });
        const back = through(ns, error, 'out', 'in');
        assert.ok(back?.payload.kind === 'icmp4' && back.payload.message === 'error');
        assert.equal(formatIp(back.dst), formatIp(asked.src));
        const quoted = decodeIpv4(back.payload.original);
        assert.ok(quoted);
        assert.deepEqual(ends(quoted), ends(asked), `seed ${seed}: the error quotes what was sent`);
        assert.equal(encodeIpv4(quoted).join(), back.payload.original.join(), 'with right checksums');
      }
      if (random.below(20) === 0) w.run(40_000_000);
    }
    const replies = conntrackOf(ns)
      .list()
      .map((c) => JSON.stringify(c.reply));
    assert.equal(new Set(replies).size, replies.length, `seed ${seed}: two connections expect the same answers`);
    if (range.minPort !== 4000) assert.equal(dropped, 0, `seed ${seed}: a free port was not found`);
  }
});
