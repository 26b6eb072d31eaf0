/** The codecs: round trips, hostile bytes, recorded captures, and tshark's opinion of what we write. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { frame, record as plainRecord } from './arbitraries.test-util';
import { toHex } from './bytes';
import { decodeDns, encodeDns } from './dns';
import { decodeFrame, decodePayload, encodeFrame, frameLength } from './frame';
import { LINKTYPE, encodeSll2, readPcap, writePcap } from './pcap';
import { compileFilter } from './filter';
import { makePrintState, printPacket } from './print';
import { decodeVxlan } from './vxlan';

const RECORDINGS = join(__dirname, '../../../conformance/recordings');

test('frames survive the round trip to bytes', () => {
  fc.assert(
    fc.property(frame, (original) => {
      const bytes = encodeFrame(original);
      assert.equal(bytes.length, frameLength(original));
      const decoded = decodeFrame(bytes);
      assert.ok(decoded !== undefined);
      assert.equal(toHex(encodeFrame(decoded)), toHex(bytes));
      assert.deepEqual(decoded, original);
    }),
    { numRuns: 5000, seed: 1 },
  );
});

test('100,000 random byte strings throw nowhere and re-encode to themselves', () => {
  const filter = compileFilter('tcp[tcpflags] & tcp-syn != 0 or vlan or port 53 or net 2001:db8::/32');
  assert.ok('filter' in filter);
  const types = [0x0800, 0x0806, 0x86dd, 0x8100, 38, 0x1234];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(), fc.boolean(), (bytes, pick, plausible) => {
      if (bytes.length > 24 && plausible) {
        // give the fuzz a chance to reach the inner decoders
        const type = types[pick % types.length]!;
        bytes[12] = type >> 8;
        bytes[13] = type & 255;
        if (type === 0x0800)
          bytes.set([0x45, 0, 0, bytes.length - 14, 0, 0, 0, 0, 64, [1, 2, 6, 17][(pick >> 3) % 4]!], 14);
        if (type === 0x86dd)
          bytes.set([0x60, 0, 0, 0, 0, Math.max(0, bytes.length - 54), [0, 6, 17, 44, 58][(pick >> 3) % 5]!], 14);
        if (bytes.length > 40 && pick % 7 === 0) bytes.set([0, 53], type === 0x0800 ? 36 : 38);
      }
      const decoded = decodeFrame(bytes);
      if (decoded !== undefined) assert.equal(toHex(encodeFrame(decoded)), toHex(bytes));
      decodeDns(bytes);
      decodeVxlan(bytes);
      readPcap(bytes);
      for (const type of types) decodePayload(type, bytes);
      for (const linkType of Object.values(LINKTYPE)) {
        printPacket(
          { seconds: 0, microseconds: 0, bytes },
          { linkType, verbose: 3, ether: plausible },
          makePrintState(),
        );
      }
      filter.filter({ bytes, length: bytes.length });
    }),
    { numRuns: 100_000, seed: 2 },
  );
});

test('100,000 damaged frames throw nowhere: bytes changed, lost or repeated', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
  fc.assert(
    fc.property(frame, damage, fc.nat(), (original, changes, cut) => {
      const whole = encodeFrame(original);
      const bytes = cut % 3 === 0 ? whole.slice(0, cut % (whole.length + 1)) : whole.slice();
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      const decoded = decodeFrame(bytes);
      if (decoded !== undefined) assert.equal(toHex(encodeFrame(decoded)), toHex(bytes));
      printPacket(
        { seconds: 0, microseconds: 0, bytes },
        { linkType: LINKTYPE.ETHERNET, verbose: cut % 4, ether: cut % 2 === 0 },
        makePrintState(),
      );
    }),
    { numRuns: 100_000, seed: 4 },
  );
});

for (const file of readdirSync(join(RECORDINGS, 'linux/pcap')).filter((f) => f.endsWith('.pcap'))) {
  test(`${file}: decoded and encoded again, byte for byte`, () => {
    const original = new Uint8Array(readFileSync(join(RECORDINGS, 'linux/pcap', file)));
    const { file: capture, error } = readPcap(original);
    assert.equal(error, undefined);
    const records = capture!.records.map((record) => {
      const decoded = decodeFrame(record.bytes);
      assert.ok(decoded !== undefined);
      // whole packets of IP and ARP must be understood, not kept as raw bytes
      if (record.bytes.length === record.length) assert.notEqual(decoded.payload.kind, 'raw');
      return { ...record, bytes: encodeFrame(decoded) };
    });
    assert.equal(toHex(writePcap({ ...capture!, records })), toHex(original));
  });
}

const tshark = spawnSync('tshark', ['--version']).status === 0;

test(
  'tshark finds nothing malformed and no wrong checksum in what we encode',
  { skip: tshark ? false : 'tshark is not installed' },
  () => {
    const frames = fc
      .sample(frame, { numRuns: 400, seed: 3 })
      // random ports and protocols would be dissected as protocols we did not write
      .filter(
        (f) =>
          f.payload.kind === 'arp' ||
          ((f.payload.kind === 'ipv4' || f.payload.kind === 'ipv6') && f.payload.payload.kind !== 'raw'),
      )
      .map((f) => {
        const p = f.payload;
        if (p.kind !== 'ipv4' && p.kind !== 'ipv6') return f;
        const t = p.payload;
        const port = t.kind === 'tcp' || t.kind === 'udp' ? { ...t, srcPort: 40001, dstPort: 40002, checksum: -1 } : t;
        const plain = port.kind === 'tcp' ? { ...port, payload: new Uint8Array(0) } : port;
        return {
          ...f,
          payload:
            p.kind === 'ipv4'
              ? { ...p, options: undefined, payload: plain }
              : { ...p, hopByHop: undefined, payload: plain },
        };
      });
    const dir = mkdtempSync(join(tmpdir(), 'wire-'));
    try {
      const records = frames.map((f, i) => {
        const bytes = encodeFrame(f);
        return { seconds: 1, microseconds: i, length: bytes.length, bytes };
      });
      writeFileSync(join(dir, 'a.pcap'), writePcap({ linkType: 1, snaplen: 65535, records }));
      const cooked = frames.map((f, i) => {
        const bytes = encodeSll2(f, { ifindex: 2, packetType: 0, arphrd: 1 });
        return { seconds: 1, microseconds: i, length: bytes.length, bytes };
      });
      writeFileSync(join(dir, 'b.pcap'), writePcap({ linkType: LINKTYPE.LINUX_SLL2, snaplen: 65535, records: cooked }));
      for (const name of ['a.pcap', 'b.pcap']) {
        const options = ['ip', 'tcp', 'udp'].flatMap((p) => ['-o', `${p}.check_checksum:TRUE`]);
        const bad =
          'ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0';
        const run = (filter: string): string =>
          execFileSync('tshark', ['-n', '-r', join(dir, name), ...options, '-Y', filter], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
          });
        assert.equal(run(bad), '', `${name}: wrong checksums`);
        // quoted packets of ICMP errors are random bytes and may well look malformed
        assert.equal(run('_ws.malformed && !icmp && !icmpv6'), '', `${name}: malformed packets`);
        assert.ok(run('tcp || udp').split('\n').length > 60, 'the filters see the packets');
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

test('DNS messages survive the round trip', () => {
  const label = fc.stringMatching(/^[a-z0-9-]{1,10}$/);
  const name = fc.array(label, { maxLength: 4 }).map((l) => l.join('.'));
  const u16 = fc.integer({ min: 0, max: 0xffff });
  const data = fc.oneof(
    u16.map((address) => ({ type: 'A' as const, address })),
    name.map((n) => ({ type: 'CNAME' as const, name: n })),
    fc.tuple(u16, name).map(([preference, exchange]) => ({ type: 'MX' as const, preference, exchange })),
    fc
      .tuple(u16, u16, u16, name)
      .map(([priority, weight, port, target]) => ({ type: 'SRV' as const, priority, weight, port, target })),
    fc.array(fc.string({ maxLength: 30 }), { maxLength: 3 }).map((strings) => ({ type: 'TXT' as const, strings })),
    fc.tuple(name, name).map(([mname, rname]) => ({
      type: 'SOA' as const,
      mname,
      rname,
      serial: 1,
      refresh: 2,
      retry: 3,
      expire: 4,
      minimum: 5,
    })),
  );
  const record = plainRecord({ name, class: fc.constant(1), ttl: u16, data });
  const flag = fc.boolean();
  const message = plainRecord({
    id: u16,
    response: flag,
    opcode: fc.integer({ min: 0, max: 15 }),
    authoritative: flag,
    truncated: flag,
    recursionDesired: flag,
    recursionAvailable: flag,
    z: flag,
    authenticData: flag,
    checkingDisabled: flag,
    rcode: fc.integer({ min: 0, max: 15 }),
    questions: fc.array(plainRecord({ name, type: u16, class: u16 }), { maxLength: 2 }),
    answers: fc.array(record, { maxLength: 4 }),
    authorities: fc.array(record, { maxLength: 2 }),
    additionals: fc.array(record, { maxLength: 2 }),
    edns: fc.option(
      plainRecord({
        udpSize: u16,
        extendedRcode: fc.integer({ min: 0, max: 255 }),
        version: fc.constant(0),
        dnssecOk: flag,
        options: fc.array(plainRecord({ code: u16, bytes: fc.uint8Array({ maxLength: 16 }) }), { maxLength: 2 }),
      }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(message, (original) => {
      assert.deepEqual(decodeDns(encodeDns(original)), original);
    }),
    { numRuns: 2000, seed: 4 },
  );
});
