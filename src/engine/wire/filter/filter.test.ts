/** Filter expressions against what libpcap 1.10.3 matched and said, and against frames in live captures. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeArp } from '../arp';
import { makeFrame } from '../frame';
import { readPcap } from '../pcap';
import { compileFilter, livePacket } from './index';

const RECORDINGS = join(__dirname, '../../../../conformance/recordings/tcpdump');
const recorded = JSON.parse(readFileSync(join(RECORDINGS, 'filters.json'), 'utf8')) as Record<
  string,
  number[] | string
>;
const capture = readPcap(new Uint8Array(readFileSync(join(RECORDINGS, 'synthetic.pcap')))).file!;

test('expressions match the packets libpcap matched and fail with its words', () => {
  const wrong: string[] = [];
  for (const [expression, expected] of Object.entries(recorded)) {
    const compiled = compileFilter(expression, { netmask: 0 });
    const actual =
      'error' in compiled
        ? compiled.error
        : capture.records.flatMap((record, i) => (compiled.filter(record) ? [i] : []));
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      wrong.push(`${expression}: got ${JSON.stringify(actual)}, libpcap ${JSON.stringify(expected)}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('in a live capture the VLAN tag is beside the bytes', () => {
  const arp = makeArp(1, '02:00:00:00:00:01', 1, '00:00:00:00:00:00', 2);
  const frame = makeFrame('ff:ff:ff:ff:ff:ff', '02:00:00:00:00:01', 0x0806, arp, { id: 10, priority: 0 });
  const matches = (expression: string): boolean => {
    const compiled = compileFilter(expression, { live: true });
    assert.ok('filter' in compiled, expression);
    return compiled.filter(livePacket(frame, true));
  };
  assert.deepEqual(
    ['arp', 'vlan', 'vlan 10', 'vlan 11', 'vlan and arp', 'outbound', 'inbound', 'len = 46'].map(matches),
    [true, true, true, false, true, true, false, true],
  );
});

test('names come from the caller', () => {
  const resolveHost = (name: string): (number | string)[] => (name === 'web' ? [0x0a000002] : []);
  assert.ok('filter' in compileFilter('host web', { resolveHost }));
  assert.deepEqual(compileFilter('host db', { resolveHost }), { error: "unknown host 'db'" });
});

test('what is not simulated says so', () => {
  assert.deepEqual(compileFilter('mpls 3'), { error: 'not simulated in this course: mpls' });
});
