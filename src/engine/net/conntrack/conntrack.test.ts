import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Icmp4Packet, Transport } from '../../wire';
import {
  CHECKSUM_AUTO,
  ETHERTYPE,
  IPPROTO,
  NO_BYTES,
  TCP_FLAG,
  encodeIpv4,
  makeIcmp4Echo,
  makeIcmp4Error,
  makeIpv4,
  makeIpv6,
  makeNeighborSolicitation,
  makeTcp,
  makeTcpOptions,
  makeUdp,
} from '../../wire';
import { NF } from '../hooks';
import type { NetNamespace } from '../namespace';
import { HOOK, hooksOf } from '../netfilter/hook-table';
import { Skb } from '../skb';
import { TestWorld } from '../testing';
import { CTINFO, CT_STATUS, TCP_STATES, conntrackOf, conntrackTemplate, natApi } from './index';
import type { Connection, Conntrack } from './index';
import { configure, ip } from './testing';

const { SYN, ACK, FIN, RST } = TCP_FLAG;

/** A router whose hooks packets are sent through by hand. */
class Bench {
  readonly w = new TestWorld();
  readonly ns: NetNamespace;
  readonly ct: Conntrack;

  constructor() {
    this.ns = this.w.ns();
    this.ns.links.add({ kind: 'dummy', name: 'd0' });
    configure(this.ns, 'd0', '10.9.9.1');
    natApi.hold(this.ns);
    this.ct = conntrackOf(this.ns);
  }

  /** One packet through PREROUTING and POSTROUTING. */
  pass(src: string, dst: string, payload: Transport): { skb: Skb; verdict: number } {
    const protocol = { tcp: 6, udp: 17, icmp4: 1, icmp6: 58, raw: 99 }[payload.kind];
    const skb = new Skb(ETHERTYPE.IPV4, makeIpv4({ src: ip(src), dst: ip(dst), protocol, payload }));
    const link = this.ns.links.byName('d0')!;
    skb.dev = link;
    let verdict = hooksOf(this.ns).run('ip', HOOK.PREROUTING, skb, link, null);
    if (verdict === NF.ACCEPT) verdict = hooksOf(this.ns).run('ip', HOOK.POSTROUTING, skb, link, link);
    return { skb, verdict };
  }

  /** The state a rule would see. */
  state(src: string, dst: string, payload: Transport): string {
    const { skb } = this.pass(src, dst, payload);
    if (skb.ctInfo === CTINFO.UNTRACKED) return 'UNTRACKED';
    if (skb.ct === null) return 'INVALID';
    const names = ['ESTABLISHED', 'RELATED', 'NEW', 'ESTABLISHED', 'RELATED'];
    return names[skb.ctInfo]!;
  }

  get only(): Connection {
    const all = this.ct.list();
    assert.equal(all.length, 1);
    return all[0]!;
  }

  /** State and seconds left of the only connection. */
  get left(): [string, number] {
    const c = this.only;
    return [TCP_STATES[c.tcpState]!, Math.round((c.expires - this.ns.now) / 1e6)];
  }
}

const A = '10.0.0.1';
const B = '10.0.0.2';

/** TCP by hand: flags, sequence and acknowledgement numbers. */
const seg = (from: 'a' | 'b', flags: number, seq: number, ack = 0, length = 0, window = 64240): Transport => {
  const options = flags & SYN ? makeTcpOptions({ mss: 1460, wscale: 7, sackPermitted: true }) : undefined;
  const [sp, dp] = from === 'a' ? [1000, 80] : [80, 1000];
  return makeTcp(sp, dp, seq, ack, flags, window, options, length ? new Uint8Array(length) : NO_BYTES);
};

test('a TCP connection from SYN to TIME_WAIT: states, timeouts, ASSURED', () => {
  const b = new Bench();
  assert.equal(b.state(A, B, seg('a', SYN, 100)), 'NEW');
  assert.deepEqual(b.left, ['SYN_SENT', 120]);
  b.w.run(3_000_000);
  assert.equal(b.state(A, B, seg('a', SYN, 100)), 'NEW');
  assert.deepEqual(b.left, ['SYN_SENT', 117], 'a repeated SYN does not keep the entry alive');
  assert.equal(b.state(B, A, seg('b', SYN | ACK, 500, 101)), 'ESTABLISHED');
  assert.deepEqual(b.left, ['SYN_RECV', 60]);
  assert.equal(b.state(A, B, seg('a', ACK, 101, 501, 0, 502)), 'ESTABLISHED');
  assert.deepEqual(b.left, ['ESTABLISHED', 432000]);
  assert.ok(b.only.status & CT_STATUS.ASSURED);
  b.pass(A, B, seg('a', ACK, 101, 501, 10, 502));
  assert.deepEqual(b.left, ['ESTABLISHED', 300], 'data that is not acknowledged');
  b.pass(B, A, seg('b', ACK, 501, 111, 0, 502));
  assert.deepEqual(b.left, ['ESTABLISHED', 432000]);
  b.pass(A, B, seg('a', FIN | ACK, 111, 501, 0, 502));
  assert.deepEqual(b.left, ['FIN_WAIT', 120]);
  b.pass(B, A, seg('b', ACK, 501, 112, 0, 502));
  assert.deepEqual(b.left, ['CLOSE_WAIT', 60]);
  b.pass(B, A, seg('b', FIN | ACK, 501, 112, 0, 502));
  assert.deepEqual(b.left, ['LAST_ACK', 30]);
  b.pass(A, B, seg('a', ACK, 112, 502, 0, 502));
  assert.deepEqual(b.left, ['TIME_WAIT', 120]);
  const old = b.only.id;
  assert.equal(b.state(A, B, seg('a', SYN, 900000)), 'NEW', 'the pair of ports begins anew');
  assert.notEqual(b.only.id, old);
});

test('segments outside of the window are INVALID, unless nf_conntrack_tcp_be_liberal', () => {
  const b = new Bench();
  b.pass(A, B, seg('a', SYN, 100));
  b.pass(B, A, seg('b', SYN | ACK, 500, 101));
  b.pass(A, B, seg('a', ACK, 101, 501, 0, 502));
  assert.equal(b.state(A, B, seg('a', ACK, 101 + 20_000_000, 501, 10, 502)), 'INVALID');
  assert.equal(b.state(A, B, seg('a', ACK, 101, 501 + 20_000_000, 10, 502)), 'INVALID');
  assert.equal(b.state(B, A, seg('b', RST, 400)), 'INVALID', 'a blind reset');
  assert.deepEqual(b.left[0], 'ESTABLISHED');
  b.ns.sysctl.set('netfilter/nf_conntrack_tcp_be_liberal', '1');
  assert.equal(b.state(A, B, seg('a', ACK, 101 + 20_000_000, 501, 10, 502)), 'ESTABLISHED');
});

test('a reset that hits closes; one that answers the SYN leaves nothing', () => {
  const b = new Bench();
  b.pass(A, B, seg('a', SYN, 100));
  b.pass(B, A, seg('b', SYN | ACK, 500, 101));
  b.pass(A, B, seg('a', ACK, 101, 501, 0, 502));
  b.pass(B, A, seg('b', RST | ACK, 501, 101));
  assert.deepEqual(b.left, ['CLOSE', 10]);
  const c = new Bench();
  c.pass(A, B, seg('a', SYN, 100));
  assert.equal(c.state(B, A, seg('b', RST | ACK, 0, 101)), 'ESTABLISHED');
  assert.equal(c.ct.count, 0);
});

test('what is already going is picked up, unless nf_conntrack_tcp_loose is off', () => {
  const b = new Bench();
  assert.equal(b.state(A, B, seg('a', ACK, 5000, 6000, 10)), 'NEW');
  assert.deepEqual(b.left, ['ESTABLISHED', 300]);
  assert.equal(b.state(B, A, seg('b', ACK, 6000, 5010)), 'ESTABLISHED');
  const strict = new Bench();
  strict.ns.sysctl.set('netfilter/nf_conntrack_tcp_loose', '0');
  assert.equal(strict.state(A, B, seg('a', ACK, 5000, 6000, 10)), 'INVALID');
  assert.equal(strict.state(B, A, seg('b', SYN | ACK, 1, 2)), 'INVALID', 'a SYN-ACK begins nothing');
  assert.equal(strict.state(A, B, seg('a', SYN | FIN, 1)), 'INVALID');
  assert.equal(strict.ct.count, 0);
});

test('UDP: 30 s, and 120 s for a stream that is older than two seconds', () => {
  const b = new Bench();
  const ask = makeUdp(1000, 53, NO_BYTES);
  const answer = makeUdp(53, 1000, NO_BYTES);
  assert.equal(b.state(A, B, ask), 'NEW');
  assert.equal(b.state(A, B, ask), 'NEW');
  assert.equal(b.state(B, A, answer), 'ESTABLISHED');
  assert.equal(b.left[1], 30);
  b.w.run(3_000_000);
  b.pass(A, B, ask);
  assert.equal(b.left[1], 120);
  assert.ok(b.only.status & CT_STATUS.ASSURED);
});

test('ICMP: echoes by identifier, answers to nobody, errors about connections and about none', () => {
  const b = new Bench();
  assert.equal(b.state(A, B, makeIcmp4Echo(7, 1, NO_BYTES)), 'NEW');
  assert.equal(b.state(B, A, makeIcmp4Echo(7, 1, NO_BYTES, 0)), 'ESTABLISHED');
  assert.equal(b.state(B, A, makeIcmp4Echo(8, 1, NO_BYTES, 0)), 'INVALID');
  const other: Icmp4Packet = {
    kind: 'icmp4',
    message: 'other',
    type: 9,
    code: 0,
    body: new Uint8Array(4),
    checksum: CHECKSUM_AUTO,
  };
  assert.equal(b.state(A, B, other), 'INVALID', 'router advertisements begin no connection');
  b.pass(A, B, makeUdp(1000, 53, NO_BYTES));
  const quote = (port: number): Uint8Array =>
    encodeIpv4(makeIpv4({ src: ip(A), dst: ip(B), protocol: 17, payload: makeUdp(port, 53, NO_BYTES) }));
  assert.equal(b.state('10.0.0.9', A, makeIcmp4Error(3, 3, quote(1000))), 'RELATED');
  assert.equal(b.state('10.0.0.9', A, makeIcmp4Error(3, 3, quote(1001))), 'INVALID');
  assert.equal(b.state('10.0.0.9', '10.0.0.8', makeIcmp4Error(3, 3, quote(1000))), 'INVALID', 'not to the sender');
  assert.equal(b.state('10.0.0.9', A, makeIcmp4Error(3, 3, quote(1000).subarray(0, 20))), 'INVALID');
});

test('neighbour discovery is not tracked', () => {
  const b = new Bench();
  const payload = makeNeighborSolicitation('fe80::1', undefined);
  const packet = makeIpv6({
    src: 'fe80::2',
    dst: 'ff02::1:ff00:1',
    nextHeader: IPPROTO.ICMPV6,
    payload,
    hopLimit: 255,
  });
  const skb = new Skb(ETHERTYPE.IPV6, packet);
  skb.dev = b.ns.links.byName('d0')!;
  assert.equal(hooksOf(b.ns).run('ip6', HOOK.PREROUTING, skb, skb.dev, null), NF.ACCEPT);
  assert.equal(skb.ctInfo, CTINFO.UNTRACKED);
  assert.equal(b.ct.count, 0);
});

test('wrong checksums are INVALID where the packet comes in', () => {
  const b = new Bench();
  assert.equal(b.state(A, B, makeUdp(1, 2, NO_BYTES, 0x1234)), 'INVALID');
  assert.equal(b.ct.stats.error, 1);
  b.ns.sysctl.set('netfilter/nf_conntrack_checksum', '0');
  assert.equal(b.state(A, B, makeUdp(1, 2, NO_BYTES, 0x1234)), 'NEW');
});

test('a full table forgets somebody who never was answered, and else drops', () => {
  const lines: string[] = [];
  const b = new Bench();
  b.ns.host.kernelLog = (line) => lines.push(line);
  b.ns.sysctl.set('netfilter/nf_conntrack_max', '3');
  // Answered for longer than two seconds: assured, not to be forgotten.
  for (let i = 0; i < 3; i++) {
    b.pass(A, B, makeUdp(1000 + i, 53, NO_BYTES));
    b.pass(B, A, makeUdp(53, 1000 + i, NO_BYTES));
  }
  b.w.run(3_000_000);
  for (let i = 0; i < 3; i++) b.pass(A, B, makeUdp(1000 + i, 53, NO_BYTES));
  assert.equal(b.pass(A, B, makeUdp(2000, 53, NO_BYTES)).verdict, NF.DROP);
  assert.deepEqual(lines, ['nf_conntrack: nf_conntrack: table full, dropping packet']);
  assert.equal(b.ct.stats.drop, 1);
  assert.equal(b.ns.sysctl.get('netfilter/nf_conntrack_count'), '3');
});

test('zones keep equal tuples apart', () => {
  const b = new Bench();
  const link = b.ns.links.byName('d0')!;
  for (const zone of [1, 2]) {
    const payload = makeUdp(1000, 53, NO_BYTES);
    const skb = new Skb(ETHERTYPE.IPV4, makeIpv4({ src: ip(A), dst: ip(B), protocol: 17, payload }));
    skb.dev = link;
    skb.ct = conntrackTemplate(zone);
    hooksOf(b.ns).run('ip', HOOK.PREROUTING, skb, link, null);
    hooksOf(b.ns).run('ip', HOOK.POSTROUTING, skb, link, link);
  }
  assert.deepEqual(
    b.ct
      .list()
      .map((c) => c.zone)
      .sort(),
    [1, 2],
  );
});

test('counters only while nf_conntrack_acct is on; events for who listened from the start', () => {
  const b = new Bench();
  b.pass(A, B, makeUdp(1, 53, NO_BYTES));
  assert.deepEqual(b.only.packets, [0, 0]);
  const seen: string[] = [];
  const stop = b.ct.listen((e) => seen.push(`${e.type} ${e.conn.original.sport}`));
  b.ns.sysctl.set('netfilter/nf_conntrack_acct', '1');
  b.pass(A, B, makeUdp(2, 53, new Uint8Array(10)));
  b.pass(B, A, makeUdp(53, 2, NO_BYTES));
  b.pass(B, A, makeUdp(53, 1, NO_BYTES));
  const second = b.ct.list().find((c) => c.original.sport === 2)!;
  assert.deepEqual(
    [second.packets, second.bytes],
    [
      [1, 1],
      [38, 28],
    ],
  );
  b.w.run(100_000_000);
  assert.equal(b.ct.count, 0);
  assert.deepEqual(seen, ['NEW 2', 'UPDATE 2', 'DESTROY 2']);
  stop();
});

test('nobody holds it any more: nothing is tracked, what is known stays until it expires', () => {
  const b = new Bench();
  b.pass(A, B, makeUdp(1, 53, NO_BYTES));
  natApi.release(b.ns);
  assert.equal(b.ns.netfilter, null);
  b.pass(A, B, makeUdp(2, 53, NO_BYTES));
  assert.equal(b.ct.count, 1);
});

test('settings are there for every namespace of the machine, and only the first one may set the maximum', () => {
  const b = new Bench();
  const other = b.w.ns();
  assert.equal(other.sysctl.get('netfilter/nf_conntrack_max'), '262144');
  assert.throws(() => other.sysctl.set('netfilter/nf_conntrack_max', '5'));
  assert.throws(() => b.ns.sysctl.set('netfilter/nf_conntrack_acct', '2'));
  assert.throws(() => b.ns.sysctl.set('netfilter/nf_conntrack_count', '1'));
  assert.equal(b.w.ns(b.w.machine('other')).sysctl.get('netfilter/nf_conntrack_max'), undefined);
});

test('a namespace that ends takes its connections along and leaves no timer', () => {
  const b = new Bench();
  const other = b.w.ns();
  natApi.hold(b.ns);
  b.pass(A, B, makeUdp(1, 53, NO_BYTES));
  b.ns.destroy(other);
  assert.equal(b.ct.count, 0);
  b.w.run(100_000_000);
  assert.equal(b.ct.count, 0);
});
