/** Addresses: spellings, prefixes, derived addresses. */
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { ip6 } from './arbitraries.test-util';
import {
  broadcast4,
  containsIp,
  formatIp,
  formatIp4,
  mask4,
  maskLength4,
  network4,
  parseIp,
  parseIp4,
  parseIp6,
  parsePrefix,
} from './ip';
import { eui64Address, linkLocalFromMac, multicastMac6, network6, prefixContains6, solicitedNode } from './ip6-address';
import { multicastMac4, parseMac } from './mac';

test('IPv4 text is strict dotted quads', () => {
  for (const text of ['0.0.0.0', '10.0.0.1', '255.255.255.255']) assert.equal(formatIp4(parseIp4(text)!), text);
  for (const text of [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1..2.3',
    '1.2.3.',
    ' 1.2.3.4',
    'a.b.c.d',
    '1.2.3.-4',
  ]) {
    assert.equal(parseIp4(text), undefined, text);
  }
});

test('IPv6 text is canonical', () => {
  const cases: Record<string, string | undefined> = {
    '::': '::',
    '::1': '::1',
    '2001:DB8:0:0:0:0:0:1': '2001:db8::1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '1:0:0:2:0:0:0:3': '1:0:0:2::3',
    'fe80::0001:2': 'fe80::1:2',
    '::ffff:10.0.0.1': '::ffff:10.0.0.1',
    '1::': '1::',
    ':::': undefined,
    '1::2::3': undefined,
    '1:2:3:4:5:6:7': undefined,
    '1:2:3:4:5:6:7:8:9': undefined,
    '12345::': undefined,
    '1:2:3:4:5:6:7::8:9': undefined,
    'fe80::1%eth0': undefined,
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(parseIp6(text), expected, text);
  fc.assert(
    fc.property(ip6, (address) => isIPv6(address) && parseIp(address) === address),
    { seed: 5 },
  );
});

test('prefixes', () => {
  const a = parseIp4('10.1.2.3')!;
  assert.equal(formatIp4(network4(a, 20)), '10.1.0.0');
  assert.equal(formatIp4(broadcast4(a, 20)), '10.1.15.255');
  for (let length = 0; length <= 32; length++) assert.equal(maskLength4(mask4(length)), length);
  assert.equal(maskLength4(0xff00ff00), undefined);
  assert.ok(containsIp(parseIp4('10.0.0.0')!, 8, a));
  assert.ok(!containsIp(parseIp4('10.2.0.0')!, 16, a));
  assert.ok(containsIp(0, 0, a));
  assert.ok(!containsIp(0, 0, '::1'));
  assert.ok(prefixContains6('2001:db8::', 33, '2001:db8:7fff::1'));
  assert.ok(!prefixContains6('2001:db8::', 33, '2001:db8:8000::1'));
  assert.equal(network6('2001:db8:ffff::1', 33), '2001:db8:8000::');
  assert.deepEqual(parsePrefix('10.0.0.1/24'), { address: parseIp4('10.0.0.1'), length: 24 });
  assert.deepEqual(parsePrefix('fe80::1'), { address: 'fe80::1', length: 128 });
  for (const text of ['10.0.0.1/33', '10.0.0.1/', '::/129', 'x/8', '1.2.3.4/-1'])
    assert.equal(parsePrefix(text), undefined);
  assert.equal(formatIp('::1') + formatIp(a), '::110.1.2.3');
});

test('derived addresses', () => {
  assert.equal(linkLocalFromMac('02:00:00:00:00:01'), 'fe80::ff:fe00:1');
  assert.equal(eui64Address('2001:db8::', '12:c1:92:41:47:87'), '2001:db8::10c1:92ff:fe41:4787');
  assert.equal(solicitedNode('fe80::10c1:92ff:fe41:4787'), 'ff02::1:ff41:4787');
  assert.equal(multicastMac6('ff02::1:ff41:4787'), '33:33:ff:41:47:87');
  assert.equal(multicastMac4(parseIp4('224.129.2.3')!), '01:00:5e:01:02:03');
  assert.equal(parseMac('2:0:0:0:0:A'), '02:00:00:00:00:0a');
  assert.equal(parseMac('02-00-00-00-00-0A'), '02:00:00:00:00:0a');
  assert.equal(parseMac('02:00:00:00:00'), undefined);
});
