import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanSize, printf } from './format';
import { gmtime, strftime, timegm } from './strftime';
import { toBytes, toText } from './text';

test('printf', () => {
  assert.equal(printf('%s-%d\\n', ['a', '1', 'b', '2']).text, 'a-1\nb-2\n');
  assert.equal(
    printf('%05.1f|%-5s|%5s|%x|%#o|%+d', ['3.14159', 'ab', 'cd', '255', '8', '5']).text,
    '003.1|ab   |   cd|ff|010|+5',
  );
  assert.equal(
    printf('%g %g %g %e', ['100000', '1000000', '0.0001', '12345.678']).text,
    '100000 1e+06 0.0001 1.234568e+04',
  );
  assert.equal(printf('%.0f %.0f %.0f', ['0.5', '1.5', '2.5']).text, '0 2 2');
  assert.equal(printf('%b', ['a\\tb\\0101\\cx']).text, 'a\tbA');
  assert.equal(printf('\\x41\\101\\u00e9\\n', []).text, 'AA\u00e9\n');
  assert.equal(printf('%d', ["'A"]).text, '65');
  assert.equal(printf('%c%c', ['xyz', 'b']).text, 'xb');
  assert.equal(printf('%*d', ['5', '42']).text, '   42');
  assert.deepEqual(printf('%d', ['3x']).problems, [{ kind: 'partial', text: '3x' }]);
  assert.deepEqual(printf('%d', ['x']).problems, [{ kind: 'number', text: 'x' }]);
});

test('human sizes round up', () => {
  assert.deepEqual(
    [0, 1023, 1024, 1025, 10240, 1048575, 1048576].map((n) => humanSize(n)),
    ['0', '1023', '1.0K', '1.1K', '10K', '1.0M', '1.0M'],
  );
});

test('strftime and calendar', () => {
  const t = timegm(2026, 11, 26, 9, 5, 7) * 1e6 + 123456;
  assert.equal(
    strftime('%F %T.%N %a %j %V %u %e %-d %s', t),
    '2026-11-26 09:05:07.123456000 Thu 330 48 4 26 26 1795683907',
  );
  assert.equal(strftime('%3N %_H %k %I %p', t), '123  9  9 09 AM');
  assert.equal(gmtime(-1e6).year, 1969);
});

test('bytes that are not UTF-8 survive', () => {
  const bytes = Uint8Array.of(0xff, 0x41, 0xc3, 0xa9, 0x80);
  assert.deepEqual(toBytes(toText(bytes)), bytes);
});
