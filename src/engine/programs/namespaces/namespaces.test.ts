import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';

/** Runs shell lines on a fresh machine and returns what the last one shows. */
function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'namespaces');
  let text = '';
  for (const line of lines) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

test('unshare gives new namespaces', () => {
  assert.equal(screen('unshare -n ip -br link | cut -d" " -f1'), 'lo\n');
  assert.equal(screen('unshare -u sh -c "hostname other; hostname"; hostname'), `other\n${screen('hostname')}`);
  assert.equal(screen('unshare -pf --mount-proc sh -c "echo $$ \\$\\$"').split(' ')[1], '1\n');
});

test('nsenter joins what a process has', () => {
  assert.equal(
    screen(
      'ip netns add red; ip -n red link add d7 type dummy',
      'ip netns exec red sleep 5 & sleep 0.2; nsenter -t $! -n ip -br link show type dummy | cut -d" " -f1',
    ),
    'd7\n',
  );
});

test('sysctl takes dots or slashes and belongs to the namespace', () => {
  assert.equal(screen('sysctl -w net/ipv4/ip_forward=1'), 'net.ipv4.ip_forward = 1\n');
  assert.equal(screen('sysctl -qw net.ipv4.ip_forward=1', 'unshare -n sysctl -n net.ipv4.ip_forward'), '0\n');
  assert.equal(
    screen('sysctl net.ipv4.nosuch'),
    'sysctl: cannot stat /proc/sys/net/ipv4/nosuch: No such file or directory\n',
  );
});
