/** Rules in all the forms in which they are printed, against what the real programs print. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createWorld } from '../../../world';

/** One recorded rule; without lines when the real one refuses it. */
interface Recorded {
  readonly program: string;
  readonly table: string;
  readonly chain: string;
  readonly rule: string;
  readonly lines: Readonly<Record<string, string>>;
  readonly refusal: string;
}

function recorded(): Recorded[] {
  const text = readFileSync(new URL('testdata/listing.txt', import.meta.url), 'utf8');
  return text
    .split(/^@ /m)
    .slice(1)
    .map((block) => {
      const [head, ...rest] = block.split('\n');
      const [program, table, chain, rule] = head!.split('|') as [string, string, string, string];
      const lines: Record<string, string> = {};
      for (const l of rest) if (/^[SNLX] /.test(l)) lines[l[0]!] = l.slice(2);
      return { program, table, chain, rule, lines, refusal: rest.filter((l) => !/^[SNLX] /.test(l)).join('\n') };
    });
}

const trimmed = (s: string): string => s.replace(/[\n]+$/, '');

test('-S, -L -n, -L and nft print rules as the real ones do', () => {
  const world = createWorld('linux', 'listing');
  const run = (line: string): { stdout: string; stderr: string; status: number } =>
    world.exec({ machine: 'host' }, line);
  for (const r of recorded()) {
    const at = `${r.program} -t ${r.table}`;
    run(`${at} -F ${r.chain}`);
    const added = run(`${at} -A ${r.chain} ${r.rule}`);
    if (r.lines.S === undefined) {
      assert.notEqual(added.status, 0, r.rule);
      assert.equal(trimmed(added.stderr.split('\n')[0]!), r.refusal.split('\n')[0], r.rule);
      continue;
    }
    assert.equal(added.stderr, '', r.rule);
    assert.equal(trimmed(run(`${at} -S ${r.chain} | grep ^-A`).stdout), r.lines.S, r.rule);
    assert.equal(trimmed(run(`${at} -L ${r.chain} -n | tail -n +3`).stdout), r.lines.N, r.rule);
    assert.equal(trimmed(run(`${at} -L ${r.chain} | tail -n +3`).stdout), r.lines.L, r.rule);
    if (r.lines.X === undefined) continue;
    const family = r.program.startsWith('ip6') ? 'ip6' : 'ip';
    assert.equal(
      trimmed(run(`nft list chain ${family} ${r.table} ${r.chain} | grep counter`).stdout),
      r.lines.X,
      r.rule,
    );
  }
});

test('what is printed is read back as the same rule, by both kernels', () => {
  const world = createWorld('linux', 'again');
  const run = (line: string): { stdout: string; stderr: string; status: number } =>
    world.exec({ machine: 'host' }, line);
  for (const r of recorded()) {
    // A shell does not take escapes apart the way iptables-restore does.
    if (r.lines.S === undefined || r.lines.S.includes("\\'")) continue;
    for (const program of [r.program, r.program.replace('-nft', '-legacy')]) {
      const at = `${program} -t ${r.table}`;
      run(`${at} -F ${r.chain}`);
      const again = run(`${at} ${r.lines.S}`);
      assert.equal(again.stderr, '', `${program} ${r.lines.S}`);
      assert.equal(trimmed(run(`${at} -S ${r.chain} | grep ^-A`).stdout), r.lines.S, program);
      assert.equal(run(`${at} ${r.lines.S.replace('-A', '-C')}`).status, 0, r.lines.S);
      assert.equal(run(`${at} ${r.lines.S.replace('-A', '-D')}`).stderr, '', r.lines.S);
    }
  }
});

/** Why the real programs cannot be asked; undefined: they can. */
function unavailable(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  if (process.getuid?.() !== 0) return 'not root';
  const probe = spawnSync('unshare', ['-n', 'iptables-restore', '--version']);
  return probe.error || probe.status !== 0 ? 'no unshare or iptables-restore' : undefined;
}

test('the real iptables-restore --test takes what our iptables-save prints', (t) => {
  const why = unavailable();
  if (why !== undefined) {
    t.skip(why);
    return;
  }
  const world = createWorld('linux', 'save');
  const sets = 'ipset create s hash:ip; ipset create sp hash:ip,port';
  world.exec({ machine: 'host' }, sets);
  for (const r of recorded())
    if (r.lines.S !== undefined) world.exec({ machine: 'host' }, `${r.program} -t ${r.table} -A ${r.chain} ${r.rule}`);
  world.exec(
    { machine: 'host' },
    'iptables -N web; iptables -A web -m set --match-set s src -j RETURN; iptables -A web -g web2 || iptables -N web2; iptables -A INPUT -g web; ' +
      'iptables -A web -m set ! --match-set sp src,dst -j SET --add-set s src --exist; iptables -P FORWARD DROP',
  );
  for (const family of ['iptables', 'ip6tables']) {
    const saved = world.exec({ machine: 'host' }, `${family}-save -c`);
    assert.equal(saved.stderr, '');
    assert.ok(saved.stdout.split('\n').length > 15);
    const out = spawnSync(
      'unshare',
      ['-n', 'sh', '-c', `${family === 'iptables' ? `${sets};` : ''} ${family}-restore --test -c`],
      {
        input: saved.stdout,
        encoding: 'utf8',
      },
    );
    assert.equal(out.stderr.replace(/^ipset.*\n/gm, ''), '', family);
    assert.equal(out.status, 0, family);
  }
});
