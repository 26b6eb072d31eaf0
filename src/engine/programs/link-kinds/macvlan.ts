/** `ip link ... type macvlan`. */
import type { MacvlanInfo } from '../../net';
import { KIND_USAGE } from '../iproute2/link/kind-help';
import { Quit, notSimulated } from '../iproute2/lib/args';
import { unknownOption } from './common';
import type { KindTool } from './tool';

const MODES = ['private', 'vepa', 'bridge', 'passthru', 'source'];

/** Length of the queue for copies of broadcasts (MACVLAN_DEFAULT_BC_QUEUE_LEN). */
const BC_QUEUE = 1000;

/** Parser and printer of macvlans. */
export const macvlanTool: KindTool = {
  parse(_ctx, args) {
    const o: Record<string, unknown> = {};
    while (args.more) {
      if (args.matches('mode')) {
        const word = args.next();
        if (!MODES.includes(word)) {
          throw new Quit(
            1,
            `Error: argument of "mode" must be "private", "vepa", "bridge", "passthru" or "source", not "${word}"\n`,
          );
        }
        if (word === 'source') notSimulated('macvlan mode source');
        o.mode = word;
      } else if (['flag', 'nopromisc', 'macaddr', 'bcqueuelen'].some((k) => args.matches(k)))
        notSimulated(`macvlan ${args.word}`);
      else if (args.matches('help')) throw new Quit(1, KIND_USAGE.macvlan!);
      else unknownOption('macvlan', args.word, 'option');
      args.skip();
    }
    return { options: o };
  },

  print({ out }, data) {
    const { mode } = data as MacvlanInfo;
    out.any('mode', mode, `mode ${mode} `);
    out.any('bcqueuelen', BC_QUEUE, `bcqueuelen ${BC_QUEUE} `);
    out.any('usedbcqueuelen', BC_QUEUE, `usedbcqueuelen ${BC_QUEUE} `);
  },
};
