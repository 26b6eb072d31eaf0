/** Transactions, validation and evaluation of rulesets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ETHERTYPE, makeIpv4, makeTcp, makeUdp, parseIp4 } from '../../../wire';
import type { NetNamespace } from '../../namespace';
import { NF } from '../../hooks';
import { Skb } from '../../skb';
import { TestWorld } from '../../testing';
import type { TraceEvent } from '../../trace';
import { hooksOf } from '../hook-table';
import type { Expr, Ruleset, Transaction } from './index';
import { NftError, rulesetOf } from './index';

const FORWARD = { family: 'ip', table: 't', chain: 'forward' } as const;
const at = (chain: string) => ({ family: 'ip', table: 't', chain }) as const;
const accept: Expr = { kind: 'verdict', code: 'accept' };
const drop: Expr = { kind: 'verdict', code: 'drop' };
const jump = (chain: string): Expr => ({ kind: 'verdict', code: 'jump', chain });
const port = (value: number): Expr => ({ kind: 'cmp', left: { kind: 'payload', field: 'tcp dport' }, op: '==', value });

function start(policy: 'accept' | 'drop' = 'accept'): { ns: NetNamespace; rules: Ruleset; world: TestWorld } {
  const world = new TestWorld();
  const ns = world.ns();
  const rules = rulesetOf(ns);
  rules.commit((tx) => {
    tx.newTable('ip', 't');
    tx.newChain(FORWARD, { base: { type: 'filter', hook: 'forward', priority: 0 }, policy });
  });
  return { ns, rules, world };
}

function send(ns: NetNamespace, dport: number, src = '10.0.0.1', udp = false): number {
  const payload = udp
    ? makeUdp(1000, dport, new Uint8Array(0))
    : makeTcp(1000, dport, 1, 0, 2, 1000, undefined, new Uint8Array(0));
  const skb = new Skb(
    ETHERTYPE.IPV4,
    makeIpv4({ src: parseIp4(src)!, dst: parseIp4('10.0.0.2')!, protocol: udp ? 17 : 6, payload }),
  );
  skb.dev = ns.loopback;
  return hooksOf(ns).forward(skb, ns.loopback, ns.loopback);
}

function code(rules: Ruleset, batch: (tx: Transaction) => void): string {
  try {
    rules.commit(batch);
  } catch (e) {
    assert.ok(e instanceof NftError);
    return `${e.code} ${e.culprit ?? ''}`.trim();
  }
  return '';
}

test('rules stand where they are put, with handles that never come again', () => {
  const { rules } = start();
  const add = (comment: string, place = {}) =>
    rules.commit((tx) => tx.newRule(FORWARD, { exprs: [accept], comment }, place));
  const a = add('a');
  add('b');
  add('first', { insert: true });
  add('after a', { handle: a.handle });
  add('before a', { handle: a.handle, insert: true });
  add('after index 0', { index: 0 });
  add('new a', { replace: a.handle });
  const chain = rules.table('ip', 't')!.chains.get('forward')!;
  assert.deepEqual(
    chain.rules.map((r) => r.comment),
    ['first', 'after index 0', 'before a', 'new a', 'after a', 'b'],
  );
  assert.deepEqual([...new Set(chain.rules.map((r) => r.handle))].length, 6);
  assert.equal(
    code(rules, (tx) => tx.delRule(FORWARD, a.handle)),
    'ENOENT handle',
  );
  assert.equal(
    code(rules, (tx) => void tx.newRule(FORWARD, { exprs: [accept] }, { handle: 999 })),
    'ENOENT position',
  );
});

test('errors of the kernel', () => {
  const { rules } = start();
  assert.equal(
    code(rules, (tx) => void tx.newTable('ip', 't', { exclusive: true })),
    'EEXIST table',
  );
  assert.equal(
    code(rules, (tx) => void tx.newChain({ ...FORWARD, table: 'x' })),
    'ENOENT table',
  );
  assert.equal(
    code(rules, (tx) => void tx.newRule(at('x'), { exprs: [] })),
    'ENOENT chain',
  );
  assert.equal(
    code(rules, (tx) => void tx.newRule(FORWARD, { exprs: [jump('x')] })),
    'ENOENT target',
  );
  assert.equal(
    code(rules, (tx) => void tx.newRule(FORWARD, { exprs: [jump('forward')] })),
    'EOPNOTSUPP target',
  );
  assert.equal(
    code(rules, (tx) => void tx.newRule(FORWARD, { exprs: [{ kind: 'masq' }] })),
    'EOPNOTSUPP',
  );
  const nat = { base: { type: 'nat', hook: 'forward', priority: 0 } } as const;
  assert.equal(
    code(rules, (tx) => void tx.newChain(at('n'), nat)),
    'EOPNOTSUPP',
  );
  rules.commit((tx) => {
    tx.newChain(at('a'));
    tx.newRule(FORWARD, { exprs: [jump('a')] });
  });
  assert.equal(
    code(rules, (tx) => tx.delChain(at('a'))),
    'EBUSY chain',
  );
});

test('jumps may not come back, nor be deeper than 16 chains', () => {
  const { ns, rules } = start();
  rules.commit((tx) => {
    for (const c of ['a', 'b']) tx.newChain(at(c));
    tx.newRule(FORWARD, { exprs: [jump('a')] });
    tx.newRule(at('a'), { exprs: [jump('b')] });
  });
  assert.equal(
    code(rules, (tx) => void tx.newRule(at('b'), { exprs: [jump('a')] })),
    'EMLINK',
  );
  const deep = (n: number) => (tx: Transaction) => {
    for (let i = 0; i < n; i++) tx.newChain(at(`d${i}`));
    for (let i = 1; i < n; i++) tx.newRule(at(`d${i - 1}`), { exprs: [jump(`d${i}`)] });
    tx.newRule(FORWARD, { exprs: [jump('d0')] });
  };
  assert.equal(code(rules, deep(16)), 'EMLINK');
  assert.equal(code(rules, deep(15)), '');
  assert.equal(send(ns, 80), NF.ACCEPT);
});

test('a batch that fails leaves everything as it was', () => {
  const { ns, rules } = start();
  const generation = rules.generation;
  const failed = code(rules, (tx) => {
    tx.newRule(FORWARD, { exprs: [drop] });
    tx.newSet('ip', 't', { name: 's', keyType: ['ipv4_addr'] });
    tx.newElement('ip', 't', 's', { key: 1 });
    tx.delTable('ip', 't');
    tx.newTable('ip', 'u');
    tx.delChain({ family: 'ip', table: 'u', chain: 'nosuch' });
  });
  assert.equal(failed, 'ENOENT chain');
  assert.equal(rules.generation, generation);
  const table = rules.table('ip', 't')!;
  assert.equal(rules.list().length, 1);
  assert.equal(table.sets.size, 0);
  assert.equal(table.chains.get('forward')!.rules.length, 0);
  assert.equal(send(ns, 80), NF.ACCEPT);
});

test('policy, jumps, return and verdict maps decide', () => {
  const { ns, rules } = start('drop');
  rules.commit((tx) => {
    tx.newChain(at('web'));
    tx.newRule(at('web'), { exprs: [port(81), { kind: 'verdict', code: 'return' }] });
    tx.newRule(at('web'), { exprs: [accept] });
    tx.newSet('ip', 't', { name: 'm', keyType: ['inet_proto', 'inet_service'], dataType: 'verdict' });
    tx.newElement('ip', 't', 'm', { key: [6, 80], verdict: { code: 'jump', chain: 'web' } });
    tx.newElement('ip', 't', 'm', { key: [6, 81], verdict: { code: 'jump', chain: 'web' } });
    tx.newElement('ip', 't', 'm', { key: [17, 80], verdict: { code: 'accept' } });
    const left = {
      kind: 'concat',
      parts: [
        { kind: 'meta', key: 'l4proto' },
        { kind: 'payload', field: 'th dport' },
      ],
    } as const;
    tx.newRule(FORWARD, { exprs: [{ kind: 'vmap', left, set: 'm' }] });
  });
  assert.equal(send(ns, 80), NF.ACCEPT);
  assert.equal(send(ns, 81), NF.DROP, 'returned to the policy');
  assert.equal(send(ns, 82), NF.DROP);
  assert.equal(send(ns, 80, '10.0.0.1', true), NF.ACCEPT);
});

test('packets add elements, and time takes them away', () => {
  const { ns, rules, world } = start();
  const left = { kind: 'payload', field: 'ip saddr' } as const;
  rules.commit((tx) => {
    tx.newSet('ip', 't', { name: 's', keyType: ['ipv4_addr'], flags: { dynamic: true }, timeout: 5e6 });
    tx.newRule(FORWARD, { exprs: [port(80), { kind: 'dynset', op: 'update', set: 's', key: left, exprs: [] }] });
    tx.newRule(FORWARD, { exprs: [{ kind: 'lookup', left, set: 's', invert: false }, port(22), drop] });
  });
  assert.equal(send(ns, 22), NF.ACCEPT);
  send(ns, 80);
  assert.equal(send(ns, 22), NF.DROP);
  assert.equal(send(ns, 22, '10.0.0.9'), NF.ACCEPT);
  world.run(5_100_000);
  assert.equal(send(ns, 22), NF.ACCEPT);
  assert.equal(rules.table('ip', 't')!.sets.get('s')!.size, 65535);
});

test('a limit lets its burst through, then its rate', () => {
  const { ns, rules, world } = start();
  rules.commit((tx) =>
    tx.newRule(FORWARD, {
      exprs: [{ kind: 'limit', rate: 1, unit: 'packets', per: 'second', burst: 5, over: true }, drop],
    }),
  );
  const passed = (n: number) => Array.from({ length: n }, () => send(ns, 80)).filter((v) => v === NF.ACCEPT).length;
  assert.equal(passed(20), 5);
  world.run(2_000_000);
  assert.equal(passed(20), 2);
});

test('traces name the rule that decided, and the policy', () => {
  const { ns, rules } = start('drop');
  rules.commit((tx) =>
    tx.newRule(FORWARD, { exprs: [port(80), accept], text: '-A FORWARD -p tcp --dport 80 -j ACCEPT' }),
  );
  const events: TraceEvent[] = [];
  const stop = ns.tracer.listen((e) => events.push(e));
  send(ns, 80);
  send(ns, 81);
  stop();
  const told = events.filter((e) => e.event === 'rule').map((e) => [e.number, e.text, e.verdict]);
  assert.deepEqual(told, [
    [1, '-A FORWARD -p tcp --dport 80 -j ACCEPT', 'accept'],
    [0, 'policy drop', 'drop'],
  ]);
  assert.deepEqual(
    events.filter((e) => e.event === 'hook').map((e) => e.verdict),
    ['accept', 'drop'],
  );
});

test('a batch that is refused leaves everything in its order, and chains know which chains jump to them', () => {
  const { rules } = start();
  rules.commit((tx) => {
    for (const name of ['a', 'b', 'c']) tx.newChain(at(name));
    tx.newRule(FORWARD, { exprs: [jump('a')] });
    tx.newRule(FORWARD, { exprs: [jump('a')] });
    tx.newRule(at('b'), { exprs: [jump('a')] });
  });
  const { chains } = rules.table('ip', 't')!;
  const callers = () => [...chains.get('a')!.callers].map(([c, n]) => `${c.name} ${n}`);
  assert.deepEqual(callers(), ['forward 2', 'b 1']);
  const refused = code(rules, (tx) => {
    tx.delChain(at('b'));
    tx.delRule(FORWARD, chains.get('forward')!.rules[0]!.handle);
    assert.deepEqual(callers(), ['forward 1']);
    tx.delChain(at('c'));
    tx.delChain(at('a'));
  });
  assert.equal(refused, 'EBUSY chain');
  assert.deepEqual([...chains.keys()], ['forward', 'a', 'b', 'c']);
  assert.deepEqual(callers().sort(), ['b 1', 'forward 2']);
});
