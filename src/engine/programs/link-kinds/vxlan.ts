/** `ip link ... type vxlan`. */
import type { VxlanInfo } from '../../net';
import type { IpAddress } from '../../wire';
import { formatIp, isMulticast4, isMulticast6 } from '../../wire';
import { KIND_USAGE } from '../iproute2/link/kind-help';
import {
  duplicateOrGarbage,
  invalidArgument,
  Quit,
  readAddress,
  readUnsigned,
  notSimulated,
} from '../iproute2/lib/args';
import { numberOption, unknownOption } from './common';
import type { KindTool } from './tool';

/** Keywords that have a `no...` form, and their fields. */
const SWITCHES: Readonly<Record<string, string>> = {
  learning: 'learning',
  proxy: 'proxy',
  rsc: 'rsc',
  l2miss: 'l2miss',
  l3miss: 'l3miss',
  udpcsum: 'udpCsum',
};

/** Switches that only matter to IPv6 underlays or to hardware. */
const IGNORED = /^(no)?(udp6zerocsumtx|udp6zerocsumrx|remcsumtx|remcsumrx)$/;

const NO_PORT = `vxlan: destination port not specified
Will use Linux kernel default (non-standard value)
Use 'dstport 4789' to get the IANA assigned value
Use 'dstport 0' to get default and quiet this message
`;

const isGroup = (a: IpAddress): boolean => (typeof a === 'number' ? isMulticast4(a) : isMulticast6(a));
const isAny = (a: IpAddress): boolean => a === 0 || a === '::';

/** Parser and printer of VXLAN tunnels. */
export const vxlanTool: KindTool = {
  parse(ctx, args, setting) {
    // Without a word the kernel says what is missing.
    if (!args.more) return { options: {} };
    const o: Record<string, unknown> = {};
    const seen = new Set<string>();
    const once = (key: string, word: string): void => {
      if (seen.has(key)) duplicateOrGarbage(key, word);
      seen.add(key);
    };
    let remote: IpAddress | undefined;
    const address = (key: string): IpAddress => {
      const word = args.next();
      once(key, word);
      const a = readAddress(word, 'unspec');
      if (a === undefined) throw new Quit(1, `Error: any valid address is expected rather than "${word}".\n`);
      return a;
    };
    while (args.more) {
      if (args.matches('id') || args.matches('vni')) {
        const word = args.next();
        once('id', word);
        const n = readUnsigned(word);
        if (n === undefined || n >= 1 << 24) invalidArgument('invalid id', word);
        o.vni = n;
      } else if (args.matches('group') || args.matches('remote')) {
        const group = args.matches('group');
        if (remote !== undefined && !isAny(remote) && seen.has(group ? 'remote' : 'group'))
          throw new Quit(1, 'vxlan: both group and remote cannot be specified\n');
        remote = address(group ? 'group' : 'remote');
        if (group && !isGroup(remote)) invalidArgument('invalid group address', args.word);
        if (!group && isGroup(remote)) invalidArgument('invalid remote address', args.word);
        o.remote = remote;
      } else if (args.matches('local')) {
        const local = address('local');
        if (isGroup(local)) invalidArgument('invalid local address', args.word);
        if (!isAny(local)) o.local = local;
      } else if (args.matches('dev')) o.dev = ctx.needLink(args.next(), 255).index;
      else if (args.matches('ttl') || args.matches('hoplimit')) {
        const word = args.next();
        once('ttl', word);
        if (word === 'inherit') o.ttlInherit = true;
        else if (word === 'auto') o.ttl = 0;
        else {
          const n = readUnsigned(word, 255);
          if (n === undefined)
            invalidArgument(readUnsigned(word) === undefined ? 'invalid TTL' : 'TTL must be <= 255', word);
          o.ttl = n;
        }
      } else if (args.matches('tos') || args.matches('dsfield')) {
        const word = args.next();
        const n =
          word === 'inherit' ? 1 : /^[0-9a-f]{1,2}$/i.test(word.replace(/^0x/, '')) ? parseInt(word, 16) : undefined;
        if (n === undefined) invalidArgument('bad TOS value', word);
        o.tos = n;
      } else if (args.matches('ageing')) {
        const word = args.next();
        o.ageing = word === 'none' ? 0 : readUnsigned(word);
        if (o.ageing === undefined) invalidArgument('ageing timer', word);
      } else if (args.matches('maxaddress')) {
        const word = args.next();
        o.maxAddress = word === 'unlimited' ? 0 : readUnsigned(word);
        if (o.maxAddress === undefined) invalidArgument('max addresses', word);
      } else if (args.matches('dstport')) o.dstPort = numberOption(args, 'dst port', 0xffff);
      else if (args.matches('srcport') || args.matches('port')) {
        o.portMin = numberOption(args, 'min port', 0xffff);
        o.portMax = numberOption(args, 'max port', 0xffff);
      } else if (SWITCHES[args.word] !== undefined) o[SWITCHES[args.word]!] = true;
      else if (args.word.startsWith('no') && SWITCHES[args.word.slice(2)] !== undefined)
        o[SWITCHES[args.word.slice(2)]!] = false;
      else if (IGNORED.test(args.word)) {
        if (args.word.startsWith('rem') || !args.word.startsWith('no')) notSimulated(`vxlan ${args.word}`);
      } else if (args.matches('help')) throw new Quit(1, KIND_USAGE.vxlan!);
      else if (['external', 'df', 'flowlabel', 'gbp', 'gpe', 'vnifilter'].includes(args.word))
        notSimulated(`vxlan ${args.word}`);
      else if (args.word === 'noexternal' || args.word === 'novnifilter') {
        // The default.
      } else unknownOption('vxlan', args.word);
      args.skip();
    }
    if (o.proxy === true || o.rsc === true) notSimulated(`vxlan ${o.proxy === true ? 'proxy' : 'rsc'}`);
    if (setting) return { options: o };
    if (o.vni === undefined) throw new Quit(1, 'vxlan: missing virtual network identifier\n');
    if (remote !== undefined && isGroup(remote) && o.dev === undefined)
      throw new Quit(1, "vxlan: 'group' requires 'dev' to be specified\n");
    return o.dstPort === undefined ? { options: o, warning: NO_PORT } : { options: o };
  },

  print(ctx, data) {
    const { out } = ctx;
    const v = data as VxlanInfo;
    const flag = (key: string, text: string, on: boolean): void => {
      if (out.isJson) {
        if (on) out.member(key, true);
      } else if (on) out.fp(`${text} `);
    };
    out.any('id', v.vni, `id ${v.vni} `);
    if (v.remote !== undefined && !isAny(v.remote)) {
      const suffix = typeof v.remote === 'string' ? '6' : '';
      const key = isGroup(v.remote) ? 'group' : 'remote';
      out.any(key + suffix, formatIp(v.remote), `${key} ${formatIp(v.remote)} `);
    }
    if (v.local !== undefined) {
      const key = typeof v.local === 'string' ? 'local6' : 'local';
      out.any(key, formatIp(v.local), `local ${formatIp(v.local)} `);
    }
    if (v.dev !== undefined) out.any('link', ctx.nameOf(v.dev), `dev ${ctx.nameOf(v.dev)} `);
    if (out.isJson) {
      out.openObject('port_range');
      out.member('low', v.portMin);
      out.member('high', v.portMax);
      out.closeObject();
    } else out.fp(`srcport ${v.portMin} ${v.portMax} `);
    out.any('port', v.dstPort, `dstport ${v.dstPort} `);
    if (out.isJson) out.member('learning', v.learning);
    else if (!v.learning) out.fp('nolearning ');
    flag('proxy', 'proxy', v.proxy);
    flag('rsc', 'rsc', v.rsc);
    flag('l2miss', 'l2miss', v.l2miss);
    flag('l3miss', 'l3miss', v.l3miss);
    if (v.tos !== 0) {
      const tos = v.tos === 1 ? 'inherit' : `0x${v.tos.toString(16)}`;
      out.any('tos', tos, `tos ${tos} `);
    }
    if (v.ttlInherit) out.any('ttl', 'inherit', 'ttl inherit ');
    else out.any('ttl', v.ttl, v.ttl === 0 ? 'ttl auto ' : `ttl ${v.ttl} `);
    out.member('df', 'unset');
    out.any('ageing', v.ageing, v.ageing === 0 ? 'ageing none ' : `ageing ${v.ageing} `);
    if (v.maxAddress !== 0) out.any('limit', v.maxAddress, `maxaddr ${v.maxAddress} `);
    const both = (key: string, text: string, on: boolean): void => {
      if (out.isJson) out.member(key, on);
      else out.fp(`${on ? '' : 'no'}${text} `);
    };
    both('udp_csum', 'udpcsum', v.udpCsum);
    both('udp_zero_csum6_tx', 'udp6zerocsumtx', false);
    both('udp_zero_csum6_rx', 'udp6zerocsumrx', false);
  },
};
