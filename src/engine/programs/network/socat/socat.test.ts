import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld } from '../../../world';
import { AddressError, commandWords, parseAddress } from './address';
import { stamp } from './log';
import { inRange } from './stream';
import { dump } from './transfer';

test('addresses: keywords, brackets, options and their aliases', () => {
  const a = parseAddress('TCP6:[fe80::1]:80,sp=4000,reuseaddr,crnl');
  assert.deepEqual([a.kind, a.family, a.parameters], ['tcp', 'inet6', ['[fe80::1]', '80']]);
  assert.deepEqual(Object.fromEntries(a.options), { sourceport: '4000', reuseaddr: '1', crlf: '1' });
  assert.equal(parseAddress('-').kind, 'stdio');
  assert.equal(parseAddress('./a').kind, 'gopen');
  assert.deepEqual(parseAddress('5').parameters, ['5']);
  assert.equal(parseAddress('exec:"a,b",stderr').parameters[0], '"a,b"');
});

test('addresses: what is wrong, in the words of the real one', () => {
  const fails = (text: string, message: string): void =>
    assert.throws(
      () => parseAddress(text),
      (e) => e instanceof AddressError && e.message === message,
    );
  fails('FOO:1', 'unknown device/address "FOO"');
  fails('TCP:1', 'TCP: wrong number of parameters (1 instead of 2)');
  fails('TCP:a:1,foo=3', 'parseopts_table(): unknown option "foo"');
  fails('OPENSSL:a:1', 'not simulated in this course: OPENSSL');
  fails('TCP:a:1,su=x', 'not simulated in this course: option "su"');
});

test('commands are split at blanks outside quotes', () => {
  assert.deepEqual(commandWords('echo "a  b" c\\ d'), ['echo', 'a  b', 'c d']);
});

test('ranges', () => {
  assert.equal(inRange('10.0.0.0/8', 0x0a010203), true);
  assert.equal(inRange('10.0.0.0:255.0.0.0', 0x0b010203), false);
  assert.equal(inRange('[2001:db8::]/32', '2001:db8::1'), true);
  assert.equal(inRange('[2001:db8::]/32', '2001:db9::1'), false);
  assert.equal(inRange(undefined, 1), true);
});

test('dumps as text, as numbers, as both', () => {
  const data = Uint8Array.from([97, 10, 9, 1, 13, 92]);
  assert.equal(dump(data, true, false), 'a\n\t.\\r\\\\');
  assert.equal(dump(data, false, true), ' 61 0a 09 01 0d 5c\n');
  assert.equal(dump(data, true, true), `${' 61 0a'.padEnd(50)}a.\n${' 09 01 0d 5c'.padEnd(50)}...\\\n--\n`);
  assert.equal(stamp(1_795_742_580_000_000), '2026/11/27 01:23:00');
});

/** Runs shell lines on the host and returns what the last one shows. */
function screen(...lines: readonly string[]): string {
  const world = createWorld('linux', 'socat');
  let text = '';
  for (const line of lines) text = world.exec({ machine: 'host' }, line).screen;
  return text;
}

test('a forking listener serves clients with a command; its port is taken', () => {
  const listen = "socat TCP-LISTEN:8001,fork,reuseaddr EXEC:'tr a-z A-Z' &";
  assert.equal(
    screen(listen, 'sleep 1', 'for i in 1 2; do echo hi$i | socat - TCP:127.0.0.1:8001; done'),
    'HI1\nHI2\n',
  );
  assert.match(
    screen(listen, 'sleep 1', 'socat TCP-LISTEN:8001 -; echo $?'),
    /^\S+ \S+ socat\[\d+\] E bind\(5, \{AF=2 0\.0\.0\.0:8001\}, 16\): Address already in use\n1\n$/,
  );
});

test('a refused connection, with and without notices', () => {
  const refused = String.raw`E connect\(5, AF=2 127\.0\.0\.1:1, 16\): Connection refused\n`;
  assert.match(screen('socat - TCP:127.0.0.1:1; echo $?'), new RegExp(`^.*${refused}1\n$`));
  assert.match(
    screen('socat -d -d - TCP:127.0.0.1:1'),
    new RegExp(
      `^.*N reading from and writing to stdio\n.*N opening connection to AF=2 127.0.0.1:1\n.*W recvmsg.*\n.*${refused}.*N exit\\(1\\)\n$`,
    ),
  );
});

test('a forking UDP listener serves one peer after the other', () => {
  assert.equal(
    screen(
      'socat UDP4-LISTEN:53,fork PIPE &',
      'sleep 1',
      'for i in 1 2; do echo hi$i | socat -t1 - UDP4:127.0.0.1:53; done',
    ),
    'hi1\nhi2\n',
  );
});

test('a lot of data comes through a proxy whole, both ways', () => {
  assert.equal(
    screen(
      'yes 0123456789012345678 | head -20000 > /tmp/big; socat TCP-LISTEN:5402,fork TCP:127.0.0.1:5403 & socat TCP-LISTEN:5403,fork EXEC:cat &',
      'sleep 1',
      'socat - TCP:127.0.0.1:5402 < /tmp/big | cmp - /tmp/big && echo same',
    ),
    'same\n',
  );
});

test('Unix sockets in the file system and abstract ones', () => {
  assert.equal(
    screen(
      'socat UNIX-LISTEN:/tmp/s,fork SYSTEM:cat & socat ABSTRACT-LISTEN:x,fork SYSTEM:cat & sleep 1; ' +
        'echo a | socat - UNIX-CONNECT:/tmp/s; echo b | socat - ABSTRACT-CONNECT:x; kill %1 %2; sleep 1; ls /tmp/s 2>/dev/null',
    ),
    'a\nb\n',
  );
});
