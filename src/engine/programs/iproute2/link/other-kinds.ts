/** The words of link types other than veth and bridge. Whether the kernel has such devices is for it to say. */
import { kindTool } from '../../link-kinds/tool';
import type { Args } from '../lib/args';
import type { Context } from '../lib/context';
import { notSimulated } from '../lib/args';

/** What the words after `type KIND` said. */
export interface KindWords {
  readonly options: Record<string, unknown>;
  /** For standard error, when the link is made all the same. */
  readonly warning?: string;
}

/** Kinds that exist and are left out. */
const LEFT_OUT = new Set([
  ...['amt', 'bareudp', 'bond', 'bond_slave', 'dsa', 'erspan', 'geneve', 'gre', 'gretap', 'gtp', 'ifb', 'ip6erspan'],
  ...['ip6gre', 'ip6gretap', 'ip6tnl', 'ipip', 'ipoib', 'ipvtap', 'macsec', 'macvtap', 'netdevsim', 'nlmon', 'rmnet'],
  ...['sit', 'team', 'team_slave', 'tun', 'vcan', 'vrf', 'vti', 'vxcan', 'wireguard', 'wwan', 'xfrm', 'virt_wifi'],
]);

/** Options after `type KIND`; of a kind that is none the words stay where they are. @throws Quit */
export function parseOtherKind(ctx: Context, kind: string, args: Args, setting: boolean): KindWords {
  const tool = kindTool(kind);
  if (tool) return tool.parse(ctx, args, setting);
  if (LEFT_OUT.has(kind)) notSimulated(`link type ${kind}`);
  // Its module takes any words and ignores them all.
  if (kind === 'dummy') while (args.more) args.skip();
  return { options: {} };
}
