/** What recordings of nft and its neighbours at work taught: names, handles, lists of addresses, zones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../../world';

function run(script: string): { out: string; err: string } {
  const r = createWorld('linux', 'at-work').exec({ machine: 'host' }, script);
  return { out: r.stdout, err: r.stderr };
}

test('words of the scanner cannot name things, those of one statement can', () => {
  const { out, err } = run(
    "nft add table ip t; nft add chain ip t fwd; nft add map ip t to '{ type inet_service : verdict; }'; nft list table ip t",
  );
  assert.match(err, /^Error: syntax error, unexpected fwd, expecting string$/m);
  assert.match(out, /^\tmap to \{$/m);
});

test('a try spends the handles it gave out', () => {
  const { out } = run(
    'nft add table ip t; nft add chain ip t c; nft -c add rule ip t c accept; nft add rule ip t c drop; nft -a list chain ip t c',
  );
  assert.match(out, /drop # handle 3$/m);
});

test('an element of a set that counts takes what the set counts, and nothing else', () => {
  const { out, err } = run(`nft add table ip t; nft add chain ip t c
nft add set ip t s '{ type ipv4_addr; flags dynamic; counter; }'
nft add rule ip t c add @s '{ ip saddr limit rate 1/second }'
nft add rule ip t c add @s '{ ip saddr counter }'; nft list chain ip t c`);
  assert.match(err, /Operation not supported/);
  assert.match(out, /add @s \{ ip saddr \}$/m);
});

test('/proc/net/xt_recent shows and takes addresses', () => {
  const { out } = run(`ip link set lo up; iptables -A INPUT -p icmp -m recent --name x --set
ping -c 2 -i 0.2 127.0.0.1 > /dev/null; sed 's/[0-9]\\{9,\\}/N/g' /proc/net/xt_recent/x
echo / > /proc/net/xt_recent/x; echo +10.9.9.9 > /proc/net/xt_recent/x; sed 's/[0-9]\\{9,\\}/N/g' /proc/net/xt_recent/x`);
  assert.deepEqual(out.trimEnd().split('\n'), [
    'src=127.0.0.1 ttl: 64 last_seen: N oldest_pkt: 4 N, N, N, N',
    'src=10.9.9.9 ttl: 0 last_seen: N oldest_pkt: 1 N',
  ]);
});

test('a secondary address takes no broadcast route with it that the primary one needs', () => {
  const { out } = run(`ip link add v0 type veth peer name v1; ip link set v0 up; ip addr add 10.0.0.1/24 dev v0
ip addr add 10.0.0.5/24 brd + dev v0; ip addr del 10.0.0.5/24 dev v0; ip route show table local dev v0 type broadcast`);
  assert.match(out, /^broadcast 10\.0\.0\.255 /);
});
