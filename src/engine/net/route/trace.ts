import { formatIp } from '../../wire';
import type { NetNamespace } from '../namespace';
import type { Skb } from '../skb';
import type { RouteEntry } from './lookup';

/** Tells the trace which way a packet goes. @param result `local`, `forward`, a type of route or an error @param entry null without a route */
export function traceRoute(
  ns: NetNamespace,
  skb: Skb,
  direction: 'input' | 'output',
  result: string,
  entry: RouteEntry | null,
): void {
  ns.trace(skb, {
    event: 'route',
    direction,
    result,
    table: entry?.route.table,
    prefix: entry ? ns.routes.prefixText(entry.route) : undefined,
    gateway: entry?.gateway === undefined ? undefined : formatIp(entry.gateway),
    link: entry?.link?.name,
    rule: entry ? ns.fib.lastRule : undefined,
  });
}
