/** -R and -T of ping: options of the IPv4 header that collect addresses and times on the way. */
import type { Coroutine } from '../../../core';
import type { Sys } from '../../../host';
import type { Message } from '../../../net';
import { IPOPT, IPOPT_TS, recordedRoute, recordedTimes } from '../../../net';
import { formatIp, formatIp4, writeIp4 } from '../../../wire';
import { Stop } from '../common';
import { nameOf, resolveHost } from '../resolver';
import type { PingOptions } from './options';

/** The most that a header can carry besides its twenty bytes. */
const MAX_OPTIONS = 40;

/** The options of a request; undefined for none. @throws Stop when an address of `-T tsprespec` is not known */
export function* optionsOf(sys: Sys, o: PingOptions): Coroutine<Uint8Array | undefined> {
  const bytes = new Uint8Array(MAX_OPTIONS);
  if (o.recordRoute) {
    bytes.set([IPOPT.NOOP, IPOPT.RR, MAX_OPTIONS - 1, 4]);
    return bytes;
  }
  if (o.stamps === undefined) return undefined;
  const flag = { tsonly: IPOPT_TS.TSONLY, tsandaddr: IPOPT_TS.TSANDADDR, tsprespec: IPOPT_TS.PRESPEC }[o.stamps];
  bytes.set([IPOPT.TIMESTAMP, o.stamps === 'tsonly' ? MAX_OPTIONS : MAX_OPTIONS - 4, 5, flag]);
  if (o.stamps === 'tsprespec') {
    bytes[1] = 4 + 8 * Math.min(4, o.hops.length);
    for (const [i, hop] of o.hops.slice(0, 4).entries()) {
      const found = yield* resolveHost(sys, hop, 'inet');
      if ('error' in found) throw new Stop(2, `ping: ${hop}: ${found.error}\n`);
      writeIp4(found.addresses[0] as number, bytes, 4 + 8 * i);
    }
  }
  return bytes;
}

/** What ping says about the options of replies (pr_options of iputils): a route that is the last one's in two words. */
export function optionNotes(sys: Sys, o: PingOptions): (message: Message) => Coroutine<string> {
  let last: string | undefined;
  const show = function* (address: number): Coroutine<string> {
    const name = o.numeric || address === 0 ? undefined : yield* nameOf(sys, address);
    return name === undefined ? formatIp4(address) : `${name} (${formatIp(address)})`;
  };
  return function* (message) {
    const options = message.packet.kind === 'ipv4' ? message.packet.options : undefined;
    if (options === undefined) return '';
    let text = '';
    const route = recordedRoute(options);
    if (route !== undefined && route.length > 0) {
      const key = route.join();
      if (key === last) text += '\t(same route)';
      else {
        const lines: string[] = [];
        for (const a of route) lines.push(`\t${yield* show(a)}\n`);
        text += `\nRR: ${lines.join('')}`;
      }
      last = key;
    }
    const times = recordedTimes(options);
    if (times !== undefined && times.entries.length > 0) {
      let before: number | undefined;
      text += '\nTS: ';
      for (const { address, time } of times.entries) {
        if (address !== undefined) text += `\t${yield* show(address)}`;
        text += before === undefined ? `\t${time} absolute\n` : `\t${time - before}\n`;
        before = time;
      }
      if (times.overflow > 0) text += `Unrecorded hops: ${times.overflow}\n`;
    }
    return text;
  };
}
