/** Random rulesets and packets, seeded: no packet loops or makes the engine throw, and the same seed counts the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../src/engine/core';
import { NF } from '../src/engine/net/hooks';
import { hooksOf } from '../src/engine/net/netfilter/hook-table';
import { Skb } from '../src/engine/net/skb';
import { TestWorld } from '../src/engine/net/testing';
import { NftSession } from '../src/engine/programs/netfilter/nft/testkit';
import type { EthernetPayload, Transport } from '../src/engine/wire';
import {
  ETHERTYPE,
  IPPROTO,
  makeIcmp4Echo,
  makeIpv4,
  makeIpv6,
  makeRaw,
  makeTcp,
  makeUdp,
  parseIp4,
} from '../src/engine/wire';

const PACKETS = Number(process.env.FUZZ_PACKETS ?? 100_000);
const RULESETS = 50;

type Draw = (n: number) => number;

/** One of these. */
function pick<T>(draw: Draw, list: readonly T[]): T {
  return list[draw(list.length)]!;
}

const address = (draw: Draw): string => `10.0.${draw(3)}.${1 + draw(6)}`;
const port = (draw: Draw): number => pick(draw, [22, 53, 80, 443, 8080, 1 + draw(65000)]);

/** A condition, in nft's words. */
function condition(draw: Draw, family: string): string {
  const all = [
    () => `ip saddr ${address(draw)}`,
    () => `ip daddr != ${address(draw)}`,
    () => `ip saddr 10.0.${draw(3)}.0/${pick(draw, [24, 25, 30])}`,
    () => `ip daddr { ${address(draw)}, 10.0.9.0/24 }`,
    () => `ip saddr @sources`,
    () => `ip saddr . tcp dport @pairs`,
    () => `tcp dport ${port(draw)}`,
    () => `tcp dport { 22, 80-90, ${100 + draw(60000)} }`,
    () => `udp dport > ${draw(60000)}`,
    () => `th sport ${port(draw)}`,
    () => `meta l4proto { tcp, udp }`,
    () => `meta length ${pick(draw, ['<', '>', '!='])} ${draw(200)}`,
    () => `meta mark & 0x3 == ${draw(4)}`,
    () => `iifname "eth*"`,
    () => `ct state ${pick(draw, ['new', 'established,related', 'invalid', 'untracked'])}`,
    () => `tcp flags & (syn | ack) == syn`,
    () => `icmp type echo-request`,
    () => `ip ttl < ${draw(70)}`,
    () => `limit rate ${1 + draw(100)}/${pick(draw, ['second', 'minute'])}`,
    () => `numgen random mod ${2 + draw(5)} ${draw(2)}`,
    () => `fib daddr type ${pick(draw, ['local', 'unicast', 'broadcast'])}`,
    () => `@th,16,16 ${port(draw)}`,
    () => `jhash ip saddr mod 4 ${draw(4)}`,
    ...(family === 'inet' ? [() => `ip6 nexthdr tcp`, () => `ip6 saddr fe80::/10`, () => `meta nfproto ipv6`] : []),
  ];
  return pick(draw, all)();
}

/** A statement that ends a rule or not. */
function action(draw: Draw, chains: readonly string[]): string {
  const all = [
    () => 'accept',
    () => 'drop',
    () => 'return',
    () => 'continue',
    () => 'counter',
    () => `jump ${pick(draw, chains)}`,
    () => `goto ${pick(draw, chains)}`,
    () => `meta mark set ${draw(8)}`,
    () => 'meta mark set meta mark or 0x2',
    () => 'ip ttl set 60',
    () => `ip daddr set ${address(draw)}`,
    () => 'update @seen { ip saddr timeout 5s }',
    () => 'add @seen { ip daddr }',
    () => `tcp dport vmap { 80 : jump ${pick(draw, chains)}, 22 : drop, 443 : accept }`,
    () => `ip saddr vmap @verdicts`,
    () => 'reject',
    () => 'reject with icmp host-unreachable',
    () => 'quota over 5000 bytes drop',
  ];
  return pick(draw, all)();
}

/** A session with a random ruleset; commands the kernel refuses (loops among them) are left out. */
function randomRuleset(draw: Draw, world: TestWorld): { session: NftSession; refused: number; rules: number } {
  const session = new NftSession(world);
  const family = pick(draw, ['ip', 'inet']);
  const chains = Array.from({ length: 6 }, (_, i) => `c${i}`);
  let setup = `add table ${family} t\n`;
  for (const hook of ['prerouting', 'input', 'forward', 'output', 'postrouting'])
    setup += `add chain ${family} t ${hook} { type filter hook ${hook} priority ${draw(200) - 100}; policy ${pick(draw, ['accept', 'accept', 'drop'])}; }\n`;
  for (const c of chains) setup += `add chain ${family} t ${c}\n`;
  setup += `add set ${family} t sources { type ipv4_addr; flags interval; elements = { 10.0.0.0/30, 10.0.1.1-10.0.1.5 }; }\n`;
  setup += `add set ${family} t pairs { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 80, 10.0.1.2 . 22 }; }\n`;
  setup += `add set ${family} t seen { type ipv4_addr; flags dynamic,timeout; timeout 1m; size 4; }\n`;
  setup += `add map ${family} t verdicts { type ipv4_addr : verdict; elements = { 10.0.0.1 : drop, 10.0.0.2 : jump c0, 10.0.0.3 : goto c1 }; }\n`;
  assert.equal(session.run(setup), '');
  let refused = 0;
  let rules = 0;
  const all = [...chains, 'prerouting', 'input', 'forward', 'output', 'postrouting'];
  for (let i = 0; i < 60; i++) {
    const conditions = Array.from({ length: draw(3) }, () => condition(draw, family));
    const rule = `add rule ${family} t ${pick(draw, all)} ${[...conditions, action(draw, chains)].join(' ')}`;
    if (session.run(rule) === '') rules++;
    else refused++;
  }
  return { session, refused, rules };
}

function transport(draw: Draw): [number, Transport] {
  switch (draw(5)) {
    case 0:
      return [IPPROTO.UDP, makeUdp(port(draw), port(draw), new Uint8Array(draw(50)))];
    case 1:
      return [IPPROTO.ICMP, makeIcmp4Echo(draw(100), draw(100), new Uint8Array(8))];
    case 2:
      return [draw(256), makeRaw(new Uint8Array(draw(30)))];
    default:
      return [
        IPPROTO.TCP,
        makeTcp(port(draw), port(draw), draw(1000), 0, draw(256), 1000, undefined, new Uint8Array(draw(20))),
      ];
  }
}

function packet(draw: Draw): EthernetPayload {
  const [protocol, payload] = transport(draw);
  if (draw(6) === 0) {
    const six = protocol === IPPROTO.ICMP ? makeRaw(new Uint8Array(12)) : payload;
    return makeIpv6({
      src: pick(draw, ['fe80::1', '2001:db8::5']),
      dst: '2001:db8::1',
      nextHeader: protocol,
      payload: six,
    });
  }
  const fragment =
    draw(12) === 0
      ? { fragmentOffset: 8 * draw(20), mf: draw(2) === 0, payload: makeRaw(new Uint8Array(16)) }
      : { payload };
  return makeIpv4({
    src: parseIp4(address(draw))!,
    dst: parseIp4(address(draw))!,
    protocol,
    ttl: 1 + draw(64),
    ...fragment,
  });
}

/** Sends packets through every hook of a namespace. @returns what became of them, as a text to compare */
function send(session: NftSession, draw: Draw, count: number): string {
  const { ns } = session;
  const lo = ns.loopback;
  const seen = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const payload = packet(draw);
    const skb = new Skb(payload.kind === 'ipv6' ? ETHERTYPE.IPV6 : ETHERTYPE.IPV4, payload);
    skb.dev = lo;
    skb.mark = draw(4);
    const hooks = hooksOf(ns);
    const hook = draw(5);
    const verdict =
      hook === 0
        ? hooks.prerouting(skb, lo)
        : hook === 1
          ? hooks.input(skb, lo)
          : hook === 2
            ? hooks.forward(skb, lo, lo)
            : hook === 3
              ? hooks.output(skb, lo)
              : hooks.postrouting(skb, null, lo);
    assert.ok(verdict === NF.ACCEPT || verdict === NF.DROP || verdict === NF.STOLEN);
    seen[verdict]!++;
  }
  return `${seen.join()} ${session.list()}`;
}

function round(seed: string): string {
  let out = '';
  let refused = 0;
  let rules = 0;
  for (let i = 0; i < RULESETS; i++) {
    const random = new Random(`${seed}/${i}`);
    const draw: Draw = (n) => random.below(n);
    const r = randomRuleset(draw, new TestWorld(`${seed}/${i}`));
    refused += r.refused;
    rules += r.rules;
    out += send(r.session, draw, Math.ceil(PACKETS / RULESETS));
  }
  assert.ok(rules > RULESETS * 20, `only ${rules} rules were accepted`);
  assert.ok(refused > 0, 'some loops must have been refused');
  return out;
}

test(`${PACKETS} random packets against ${RULESETS} random rulesets end, and replay to the same counters`, () => {
  const first = round('rulesets');
  assert.equal(first, round('rulesets'));
});
