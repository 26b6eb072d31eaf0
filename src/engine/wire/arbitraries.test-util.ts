/** fast-check generators of representations, for the wire layer's tests. */
import fc from 'fast-check';
import { CHECKSUM_AUTO, CHECKSUM_PARTIAL } from './checksum';
import type { EthernetFrame, EthernetPayload } from './frame';
import { makeFrame, payloadEtherType } from './frame';
import type { Icmp4Packet } from './icmpv4';
import type { Icmp6Packet } from './icmpv6';
import { formatIp6 } from './ip6-address';
import { macFromBytes } from './mac';
import type { NdpOption } from './ndp-option';
import { makeRaw } from './raw';
import { makeTcp, makeTcpOptions } from './tcp';
import type { Transport } from './transport';
import { makeUdp } from './udp';

/** Plain objects: fast-check's default null prototypes are never deepEqual to literals. */
export const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = fc.uint8Array({ maxLength: 80 });
export const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((b) => macFromBytes(b));
export const ip6 = fc
  .oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    // many zero groups, so that compression is exercised
    fc.array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 }).map((b) => Uint8Array.from(b)),
  )
  .map((b) => formatIp6(b));
const sum = fc.constantFrom(CHECKSUM_AUTO, CHECKSUM_PARTIAL);
const optional = <T>(a: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(a, { nil: undefined });

const tcp = fc
  .tuple(u16, u16, u32, u32, fc.integer({ min: 0, max: 0xfff }), u16, bytes, sum, u16)
  .chain(([s, d, seq, ack, flags, window, payload, checksum, urgent]) =>
    optional(
      record({
        mss: optional(u16),
        wscale: optional(fc.integer({ min: 0, max: 14 })),
        sackPermitted: fc.boolean(),
        sack: optional(fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 2 })),
        timestamps: optional(record({ val: u32, ecr: u32 })),
      })
        .map(makeTcpOptions)
        // an options object without options is written as none
        .map((o) =>
          o.mss === undefined && o.wscale === undefined && !o.sackPermitted && !o.sack && !o.timestamps ? undefined : o,
        ),
    ).map((options) => makeTcp(s, d, seq, ack, flags, window, options, payload, checksum, urgent)),
  );

const udp = fc.tuple(u16, u16, bytes, sum).map(([s, d, payload, checksum]) => makeUdp(s, d, payload, checksum));

const icmp4: fc.Arbitrary<Icmp4Packet> = fc.oneof(
  record({
    kind: fc.constant('icmp4' as const),
    message: fc.constant('echo' as const),
    type: fc.constantFrom(0 as const, 8 as const),
    code: u8,
    id: u16,
    seq: u16,
    payload: bytes,
    checksum: fc.constant(CHECKSUM_AUTO),
  }),
  record({
    kind: fc.constant('icmp4' as const),
    message: fc.constant('error' as const),
    type: fc.constantFrom(3 as const, 5 as const, 11 as const, 12 as const),
    code: u8,
    rest: u32,
    original: bytes,
    checksum: fc.constant(CHECKSUM_AUTO),
  }),
  record({
    kind: fc.constant('icmp4' as const),
    message: fc.constant('other' as const),
    type: fc.constantFrom(9, 10, 13, 40),
    code: u8,
    body: bytes,
    checksum: fc.constant(CHECKSUM_AUTO),
  }),
);

const ndpOptions: fc.Arbitrary<NdpOption[]> = fc.array(
  fc.oneof(
    mac.map((m): NdpOption => ({ option: 'sourceLinkAddress', mac: m })),
    mac.map((m): NdpOption => ({ option: 'targetLinkAddress', mac: m })),
    u32.map((mtu): NdpOption => ({ option: 'mtu', mtu })),
    fc.tuple(ip6, u8, u8, u32, u32).map(([prefix, length, flags, validLifetime, preferredLifetime]): NdpOption => ({
      option: 'prefix',
      prefix,
      length,
      flags,
      validLifetime,
      preferredLifetime,
    })),
    fc
      .tuple(u32, fc.array(ip6, { minLength: 1, maxLength: 2 }))
      .map(([lifetime, servers]): NdpOption => ({ option: 'rdnss', lifetime, servers })),
  ),
  { maxLength: 3 },
);

const base6 = { kind: 'icmp6' as const, checksum: CHECKSUM_AUTO };
const icmp6: fc.Arbitrary<Icmp6Packet> = fc.oneof(
  fc
    .tuple(u8, fc.constantFrom(128 as const, 129 as const), u16, u16, bytes)
    .map(([code, type, id, seq, payload]): Icmp6Packet => ({
      ...base6,
      code,
      message: 'echo',
      type,
      id,
      seq,
      payload,
    })),
  fc
    .tuple(u8, fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const), u32, bytes)
    .map(([code, type, rest, original]): Icmp6Packet => ({ ...base6, code, message: 'error', type, rest, original })),
  ndpOptions.map((options): Icmp6Packet => ({ ...base6, code: 0, message: 'routerSolicitation', type: 133, options })),
  fc
    .tuple(u8, u8, u16, u32, u32, ndpOptions)
    .map(([hopLimit, flags, lifetime, reachable, retrans, options]): Icmp6Packet => ({
      ...base6,
      code: 0,
      message: 'routerAdvertisement',
      type: 134,
      hopLimit,
      flags,
      lifetime,
      reachable,
      retrans,
      options,
    })),
  fc.tuple(ip6, ndpOptions).map(([target, options]): Icmp6Packet => ({
    ...base6,
    code: 0,
    message: 'neighborSolicitation',
    type: 135,
    target,
    options,
  })),
  fc
    .tuple(fc.boolean(), fc.boolean(), fc.boolean(), ip6, ndpOptions)
    .map(([router, solicited, override, target, options]): Icmp6Packet => ({
      ...base6,
      code: 0,
      message: 'neighborAdvertisement',
      type: 136,
      router,
      solicited,
      override,
      target,
      options,
    })),
  fc
    .array(record({ type: u8, group: ip6, sources: fc.array(ip6, { maxLength: 2 }) }), { maxLength: 3 })
    .map((records): Icmp6Packet => ({ ...base6, code: 0, message: 'mldv2Report', type: 143, records })),
);

const raw = bytes.map(makeRaw);

function withProtocol(
  choices: readonly [fc.Arbitrary<Transport>, number][],
): fc.Arbitrary<{ payload: Transport; protocol: number }> {
  return fc.oneof(...choices.map(([a, protocol]) => a.map((payload) => ({ payload, protocol }))));
}

const payload4: fc.Arbitrary<EthernetPayload> = fc
  .tuple(
    withProtocol([
      [tcp, 6],
      [udp, 17],
      [icmp4, 1],
      [raw, 253],
    ]),
    u32,
    u32,
    u8,
    u8,
    u16,
    fc.boolean(),
    optional(fc.integer({ min: 1, max: 10 }).chain((n) => fc.uint8Array({ minLength: 4 * n, maxLength: 4 * n }))),
  )
  .map(([{ payload, protocol }, src, dst, ttl, tos, id, df, options]) => ({
    kind: 'ipv4' as const,
    src,
    dst,
    ttl,
    tos,
    id,
    df,
    mf: false,
    fragmentOffset: 0,
    protocol,
    options,
    payload,
    checksum: CHECKSUM_AUTO,
  }));

const fragment4: fc.Arbitrary<EthernetPayload> = fc
  .tuple(raw, u32, u32, fc.integer({ min: 1, max: 8191 }), fc.boolean())
  .map(([payload, src, dst, offset, mf]) => ({
    kind: 'ipv4' as const,
    src,
    dst,
    ttl: 64,
    tos: 0,
    id: 1,
    df: false,
    mf,
    fragmentOffset: offset * 8,
    protocol: 17,
    options: undefined,
    payload,
    checksum: CHECKSUM_AUTO,
  }));

const payload6: fc.Arbitrary<EthernetPayload> = fc
  .tuple(
    withProtocol([
      [tcp, 6],
      [udp, 17],
      [icmp6, 58],
      [raw, 253],
    ]),
    ip6,
    ip6,
    u8,
    u8,
    fc.integer({ min: 0, max: 0xfffff }),
    optional(
      fc.integer({ min: 0, max: 2 }).chain((n) => fc.uint8Array({ minLength: 6 + 8 * n, maxLength: 6 + 8 * n })),
    ),
  )
  .map(([{ payload, protocol }, src, dst, hopLimit, trafficClass, flowLabel, hopByHop]) => ({
    kind: 'ipv6' as const,
    src,
    dst,
    hopLimit,
    trafficClass,
    flowLabel,
    nextHeader: protocol,
    hopByHop,
    fragment: undefined,
    payload,
  }));

const fragment6: fc.Arbitrary<EthernetPayload> = fc
  .tuple(raw, ip6, ip6, fc.integer({ min: 1, max: 8191 }), fc.boolean(), u32)
  .map(([payload, src, dst, offset, mf, id]) => ({
    kind: 'ipv6' as const,
    src,
    dst,
    hopLimit: 64,
    trafficClass: 0,
    flowLabel: 0,
    nextHeader: 17,
    hopByHop: undefined,
    fragment: { offset: offset * 8, mf, id },
    payload,
  }));

const arp: fc.Arbitrary<EthernetPayload> = record({
  kind: fc.constant('arp' as const),
  op: u16,
  sha: mac,
  spa: u32,
  tha: mac,
  tpa: u32,
});

const tag = record({ id: fc.integer({ min: 0, max: 4095 }), priority: fc.integer({ min: 0, max: 7 }) });

/** One tag or two, of either protocol. */
const tags = fc.tuple(tag, fc.boolean(), fc.boolean(), optional(tag)).map(([outer, dei, service, inner]) => ({
  ...outer,
  ...(dei ? { dei } : {}),
  ...(service ? { tpid: 0x88a8 } : {}),
  ...(inner ? { inner } : {}),
}));

/** Any frame the representation can hold. */
export const frame: fc.Arbitrary<EthernetFrame> = fc
  .tuple(
    mac,
    mac,
    fc.oneof(payload4, fragment4, payload6, fragment6, arp, raw),
    optional(tags),
    fc.integer({ min: 0, max: 20 }),
  )
  .map(([dst, src, payload, vlan, padding]) => {
    const type = payloadEtherType(payload);
    // padding cannot be told from a raw payload
    const trailer = type === undefined || padding === 0 ? undefined : new Uint8Array(padding);
    return makeFrame(dst, src, type ?? 0x88cc, payload, vlan, trailer);
  });
