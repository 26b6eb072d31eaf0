/** `ip link ... type ipvlan`. */
import type { IpvlanInfo } from '../../net';
import { KIND_USAGE } from '../iproute2/link/kind-help';
import { Quit } from '../iproute2/lib/args';
import { unknownOption } from './common';
import type { KindTool } from './tool';

/** Parser and printer of ipvlans. */
export const ipvlanTool: KindTool = {
  parse(_ctx, args) {
    const o: Record<string, unknown> = {};
    while (args.more) {
      if (args.matches('mode')) {
        const word = args.next();
        if (word !== 'l2' && word !== 'l3' && word !== 'l3s')
          throw new Quit(1, 'Error: argument of "mode" must be either "l2", "l3" or "l3s"\n');
        o.mode = word;
      } else if (args.matches('private')) o.flag = 'private';
      else if (args.matches('vepa')) o.flag = 'vepa';
      else if (args.matches('bridge')) o.flag = 'bridge';
      else if (args.matches('help')) throw new Quit(1, KIND_USAGE.ipvlan!);
      else unknownOption('ipvlan', args.word, 'option');
      args.skip();
    }
    return { options: o };
  },

  print({ out }, data) {
    const { mode, flag } = data as IpvlanInfo;
    out.any('mode', mode, ` mode ${mode} `);
    if (out.isJson) out.member(flag, true);
    else out.fp(`${flag} `);
  },
};
