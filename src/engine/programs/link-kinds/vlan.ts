/** `ip link ... type vlan`. */
import type { VlanInfo } from '../../net';
import { KIND_USAGE } from '../iproute2/link/kind-help';
import { invalidArgument, Quit, notSimulated } from '../iproute2/lib/args';
import { numberOption, unknownOption } from './common';
import type { KindTool } from './tool';

/** Parser and printer of VLAN sub-interfaces. */
export const vlanTool: KindTool = {
  parse(_ctx, args) {
    const o: Record<string, unknown> = {};
    while (args.more) {
      if (args.matches('protocol')) {
        const word = args.next();
        if (!/^802\.1(q|ad)$/i.test(word)) invalidArgument('protocol is invalid', word);
        o.protocol = /ad$/i.test(word) ? 0x88a8 : 0x8100;
      } else if (args.matches('id')) o.id = numberOption(args, 'id is invalid', 0xffff);
      else if (args.matches('reorder_hdr') || args.matches('loose_binding')) {
        const keyword = args.matches('reorder_hdr') ? 'reorder_hdr' : 'loose_binding';
        const word = args.next();
        if (word !== 'on' && word !== 'off')
          throw new Quit(1, `Error: argument of "${keyword}" must be "on" or "off", not "${word}"\n`);
        o[keyword === 'reorder_hdr' ? 'reorderHdr' : 'looseBinding'] = word === 'on';
      } else if (['gvrp', 'mvrp', 'bridge_binding'].some((k) => args.matches(k))) {
        const { word } = args;
        args.next();
        notSimulated(`vlan ${word}`);
      } else if (args.matches('ingress-qos-map') || args.matches('egress-qos-map')) notSimulated(`vlan ${args.word}`);
      else if (args.matches('help')) throw new Quit(1, KIND_USAGE.vlan!);
      else unknownOption('vlan', args.word);
      args.skip();
      o.data = true;
    }
    return { options: o };
  },

  print({ out }, data) {
    const { protocol, id, reorderHdr, looseBinding } = data as VlanInfo;
    const name = protocol === 0x88a8 ? '802.1ad' : '802.1Q';
    out.any('protocol', name, `protocol ${name} `);
    out.any('id', id, `id ${id} `);
    const flags = [...(reorderHdr ? ['REORDER_HDR'] : []), ...(looseBinding ? ['LOOSE_BINDING'] : [])];
    if (out.isJson) {
      out.openArray('flags');
      for (const flag of flags) out.member(null, flag);
      out.closeArray();
    } else out.fp(`<${flags.join(',')}> `);
  },
};
