import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from './compare';
import { generate } from './generate';
import { recorded } from './recorded';
import regressions from './regressions.json';
import { observe, scriptOf } from './script';
import { simulated } from './sides';

test('a seed makes the same network every time, and another one another', () => {
  assert.deepEqual(generate('7'), generate('7'));
  assert.notDeepEqual(generate('7').commands, generate('8').commands);
  // Leaving rules out changes nothing else.
  const without = generate('3', false).commands;
  assert.deepEqual(
    generate('3').commands.filter((c) => !/ ip6?tables |nf_conntrack_/.test(c)),
    without,
  );
});

test('a difference is found', () => {
  const network = generate('1');
  const ours = observe(
    [
      ...network.commands.map(() => '=status 0'),
      ...network.pings.map((p) => `=ping ${p.from} ${p.to},0,`),
      ...network.stacks.flatMap((s) => [`=look ${s} route`, '[]', `=look ${s} neigh`, '[]']),
      '=end',
    ].join('\n'),
  );
  assert.deepEqual(differences(network, ours, ours), []);
  const [first] = network.pings;
  const pings = new Map(ours.pings).set(`${first!.from} ${first!.to}`, '1');
  assert.deepEqual(differences(network, { ...ours, pings }, ours), [
    `ping ${first!.from} ${first!.to}: real 1, simulated 0`,
  ]);
  assert.ok(scriptOf(network).endsWith('echo "=end"'));
});

for (const { seed, was } of regressions)
  test(`seed ${seed} does not differ any more: ${was}`, () => {
    const network = generate(seed);
    assert.deepEqual(differences(network, recorded(seed), simulated(network)), []);
  });
