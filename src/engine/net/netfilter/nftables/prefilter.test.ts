/** What a prefilter passes over does nothing: seeded rules and packets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../core';
import { ETHERTYPE, makeIpv4, makeTcp, makeUdp } from '../../../wire';
import { Skb } from '../../skb';
import { TestWorld } from '../../testing';
import { VERDICT, fillPktInfo, newPktInfo } from '../pktinfo';
import { compileRule } from './evaluate';
import type { CmpOp, Expr, Operand, Rule } from './index';
import { rulesetOf } from './index';
import { makePrefilter, nextCandidate } from './prefilter';

const payload = (field: string): Operand => ({ kind: 'payload', field });
const meta = (key: string): Operand => ({ kind: 'meta', key });

const random = new Random('prefilter');
const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
const OPS: readonly CmpOp[] = ['==', '==', '==', '!=', '<', '>='];
const addressOf = (): number => pick([0, 0x0a000001, 0x0a000002, 0xc0000201]);
const portOf = (): number => pick([0, 53, 80, 65535]);

function comparison(): Expr {
  const op = pick(OPS);
  const address = pick(['ip saddr', 'ip daddr']);
  const mask = pick([0xff000000, 0xffffff00, 0xfffffffe, 0]);
  switch (random.below(7)) {
    case 0:
      return { kind: 'cmp', left: payload(address), op, value: addressOf() };
    case 1: {
      const left: Operand = { kind: 'bitwise', source: payload(address), mask, xor: pick([0, 0, 1]) };
      return { kind: 'cmp', left, op, value: (addressOf() & mask) >>> 0 };
    }
    case 2:
      return { kind: 'cmp', left: pick([meta('l4proto'), payload('ip protocol')]), op, value: pick([0, 6, 17]) };
    case 3: {
      const field = pick(['tcp dport', 'tcp sport', 'udp dport', 'th sport']);
      return { kind: 'cmp', left: payload(field), op, value: portOf() };
    }
    case 4: {
      const prefix = random.below(3) === 0 ? { prefix: true } : {};
      const key = pick(['iifname', 'oifname']);
      return { kind: 'cmp', left: meta(key), op: pick(['==', '!=']), value: pick(['lo', 'l', '', 'eth9']), ...prefix };
    }
    case 5:
      return { kind: 'cmp', left: meta(pick(['iif', 'oif'])), op, value: pick([0, 1, 2]) };
    default:
      return { kind: 'range', left: payload('th dport'), op: pick(['==', '!=']), from: 50, to: 100 };
  }
}

test('a rule that is passed over would have ended at a comparison', () => {
  const world = new TestWorld();
  const ns = world.ns();
  const at = { family: 'ip', table: 't', chain: 'c' } as const;
  const rules: Rule[] = rulesetOf(ns).commit((tx) => {
    tx.newTable('ip', 't');
    tx.newChain(at);
    return Array.from({ length: 3000 }, () => {
      const exprs: Expr[] = Array.from({ length: random.below(4) }, comparison);
      if (random.below(2) === 0) exprs.push({ kind: 'counter', packets: 0, bytes: 0 }, comparison());
      return tx.newRule(at, { exprs: [...exprs, { kind: 'verdict', code: 'accept' }] });
    });
  });
  const filter = makePrefilter(rules);
  const code = rules.map(compileRule);
  let passedOver = 0;
  for (let n = 0; n < 60; n++) {
    const [sport, dport] = [portOf(), portOf()];
    const udp = random.below(2) === 0;
    const none = new Uint8Array(0);
    const segment = udp ? makeUdp(sport, dport, none) : makeTcp(sport, dport, 1, 0, 2, 1000, undefined, none);
    const fragmentOffset = random.below(4) === 0 ? 64 : 0;
    const ip = makeIpv4({ src: addressOf(), dst: addressOf(), protocol: udp ? 17 : 6, payload: segment });
    const skb = new Skb(ETHERTYPE.IPV4, { ...ip, fragmentOffset });
    const link = () => pick([null, ns.loopback]);
    const p = fillPktInfo(newPktInfo(), ns, skb, 'ip', 2, link(), link());
    for (let i = 0; i < rules.length; i++) {
      const candidate = nextCandidate(filter, i, p);
      for (; i < candidate; i++, passedOver++) {
        const counter = rules[i]!.exprs.find((e) => e.kind === 'counter');
        const before = counter?.packets;
        assert.equal(code[i]!(p), VERDICT.BREAK);
        assert.equal(counter?.packets, before);
      }
    }
  }
  assert.ok(passedOver > 50_000, `${passedOver} rules were passed over`);
});
