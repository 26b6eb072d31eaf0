import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastCommand } from './evidence';

test('the last command that has ended is found with the line that it printed last', () => {
  const text = 'root@host:~# ip -br link\nlo  UNKNOWN\nveth1@if2  DOWN\nroot@host:~# ';
  assert.deepEqual(lastCommand(text.trimEnd()), { command: 'ip -br link', said: 'veth1@if2  DOWN' });
  assert.deepEqual(lastCommand(`${text}ping 172.30.0.1\nPING 172.30.0.1`), {
    command: 'ping 172.30.0.1',
    said: 'PING 172.30.0.1',
  });
});

test('a prompt without a command is passed over, and silence is silence', () => {
  assert.deepEqual(lastCommand('root@host:~# true\nroot@host:~# \nroot@host:~#'), { command: 'true', said: '' });
  assert.equal(lastCommand('root@host:~#'), null);
});
