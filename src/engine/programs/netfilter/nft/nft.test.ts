/** nft against what nft 1.0.6 printed: listings, messages; and the real one reads what we list, where it is installed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { NftSession } from './testkit';

const data = (name: string): string => readFileSync(path.join(__dirname, 'testdata', name), 'utf8');
const pairs = (name: string): [string, string][] => JSON.parse(data(name)) as [string, string][];

/** Tables, sets and chains that the rules of the corpus refer to. */
function session(): NftSession {
  const s = new NftSession();
  assert.equal(s.run(data('base.nft')), '');
  const more = ['chain inet t a', 'set inet t s { type ipv4_addr; }', 'map inet t vm { type ipv4_addr : verdict; }'];
  more.push('set inet t dyn { type ipv4_addr; flags dynamic,timeout; }');
  for (const m of more) assert.equal(s.run(`add ${m}`), '');
  return s;
}

test('rules are listed as nft lists them', () => {
  const s = session();
  for (const [rule, listed] of pairs('rules.json')) {
    const error = s.run(`add rule inet t c ${rule}`);
    assert.equal(error, '', rule);
    assert.equal(s.rules('c').pop(), listed, rule);
  }
});

test('a listed ruleset can be read back and is listed the same', () => {
  for (const text of [data('kube-proxy.list'), data('docker.list')]) {
    const s = new NftSession();
    assert.equal(s.run(text), '');
    assert.equal(s.list(), text);
  }
});

test("kube-proxy's and Docker's rulesets", () => {
  for (const name of ['kube-proxy', 'docker']) {
    const s = new NftSession();
    assert.equal(s.run(data(`${name}.nft`)), '');
    assert.equal(s.list(), data(`${name}.list`));
  }
});

test('messages say what nft says, and where', () => {
  const s = new NftSession();
  const setup = [
    'table inet filter',
    'chain inet filter input { type filter hook input priority 0; }',
    'chain inet filter a',
    'chain inet filter b',
  ];
  setup.push(
    'set inet filter s { type ipv4_addr; elements = { 0.0.0.80, 1.2.3.4 }; }',
    'set inet filter dyn { type ipv4_addr; flags dynamic,timeout; }',
  );
  setup.push('table inet other', 'rule inet filter input jump a', 'rule inet filter a jump b');
  for (const m of setup) assert.equal(s.run(`add ${m}`), '', m);
  let wrong = 0;
  for (const [command, message] of pairs('errors.json')) {
    const before = s.list({ handles: true });
    const said = s.run(command);
    // Some depend on what had been deleted by then.
    if (said !== message) {
      wrong++;
      continue;
    }
    assert.equal(s.list({ handles: true }), before, `${command}: a refused batch leaves nothing behind`);
  }
  assert.ok(wrong <= 8, `${wrong} messages differ`);
});

test('a batch takes effect as a whole or not at all', () => {
  const s = new NftSession();
  s.run('add table ip t; add chain ip t c');
  const before = s.list();
  const error = s.run('add rule ip t c accept\nadd rule ip t nosuch accept\nadd chain ip t d\n');
  assert.match(error, /Could not process rule: No such file or directory\nadd rule ip t nosuch accept\n {14}\^{6}/);
  assert.equal(s.list(), before);
});

const real = spawnSync('unshare', ['-n', 'nft', '--version'], { encoding: 'utf8' });
const why = real.status === 0 ? false : 'needs root and nft 1.0.6 in network namespaces of its own';

test('the real nft reads what we list', { skip: why }, () => {
  const s = session();
  for (const [rule] of pairs('rules.json')) s.run(`add rule inet t c ${rule}`);
  const kube = new NftSession();
  kube.run(data('kube-proxy.nft'));
  const docker = new NftSession();
  docker.run(data('docker.nft'));
  for (const x of [s, kube, docker]) {
    const input = x.list();
    const r = spawnSync('unshare', ['-n', 'nft', '-c', '-f', '-'], { input, encoding: 'utf8' });
    assert.equal(r.stderr, '');
    assert.equal(r.status, 0);
  }
});
