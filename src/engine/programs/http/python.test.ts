import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../world';
import { logged, parseRequestLine, repr } from './python-request';

test('the first line of a request, as Python 3.11 reads it', () => {
  assert.deepEqual(parseRequestLine('GET //x/y HTTP/1.0'), { method: 'GET', target: '/x/y', version: 'HTTP/1.0' });
  assert.deepEqual(parseRequestLine('GET /x'), { method: 'GET', target: '/x', version: '' });
  assert.equal(parseRequestLine(' '), undefined);
  const refused = (line: string) => {
    const found = parseRequestLine(line);
    return found && 'code' in found ? `${found.code} ${found.message}` : undefined;
  };
  assert.equal(refused('HELLO'), "400 Bad request syntax ('HELLO')");
  assert.equal(refused('FOO /'), "400 Bad HTTP/0.9 request type ('FOO')");
  assert.equal(refused('A B C D'), "400 Bad request version ('D')");
  assert.equal(refused('GET / HTTP/1.a'), "400 Bad request version ('HTTP/1.a')");
  assert.equal(refused('GET / HTTP/9.9'), '505 Invalid HTTP version (9.9)');
  assert.equal(refused(`it's "x"`), `400 Bad HTTP/0.9 request type ("it's")`);
  assert.equal(repr('\x16\\\u00e9\x9f'), "'\\x16\\\\\u00e9\\x9f'");
  assert.equal(logged('\x16\\\u00e9'), '\\x16\\\\\u00e9');
});

test('a line that is no request is refused at once, and one that is cut short is answered when its sender has ended', () => {
  const world = createWorld('linux', 's');
  const run = (command: string) => world.exec({ machine: 'host' }, command).stdout;
  run('ip link set lo up; cd /tmp; python3 -m http.server 8000 > /tmp/out 2> /tmp/log & sleep .5');
  assert.match(run('(echo HELLO; sleep 2) | nc 127.0.0.1 8000'), /Message: Bad request syntax \('HELLO'\)\./);
  assert.match(run("printf 'GET /x HTTP/1.0\\r\\n' | nc -N 127.0.0.1 8000"), /^HTTP\/1\.0 404 File not found\r\n/);
  assert.match(run("printf 'GET /%%zz%%ff\\n\\n' | nc -N 127.0.0.1 8000"), /^<!DOCTYPE HTML>\n.*404/s);
  assert.match(run('cat /tmp/log'), /"HELLO" 400 -\n.*"GET \/x HTTP\/1\.0" 404 -\n/s);
});
