/** -j NFQUEUE: to a program that decides (net/netfilter/xt_NFQUEUE.c). Nobody listens here, so that packets are lost, or go on with --queue-bypass. */
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { XtProblem } from '../problem';
import { parseUint } from '../values';

/** struct xt_NFQ_info_v3 */
export interface NfqueueInfo {
  queue: number;
  queues: number;
  bypass: boolean;
  fanout: boolean;
}

const queues = (i: NfqueueInfo): string =>
  i.queues > 1 ? `balance ${i.queue}:${i.queue + i.queues - 1}` : `num ${i.queue}`;

/** The extension. */
export const nfqueue: XtTargetExtension<NfqueueInfo> = {
  kind: 'target',
  name: 'NFQUEUE',
  revision: 3,
  options: [
    { name: 'queue-num', type: 'uint', max: 65535, excludes: ['queue-balance'] },
    { name: 'queue-balance', type: 'string', excludes: ['queue-num'] },
    { name: 'queue-bypass', type: 'none' },
    { name: 'queue-cpu-fanout', type: 'none', also: ['queue-balance'] },
  ],
  make: () => ({ queue: 0, queues: 1, bypass: false, fanout: false }),
  parse(i, option, value) {
    if (option === 'queue-num') i.queue = value.number;
    else if (option === 'queue-bypass') i.bypass = true;
    else if (option === 'queue-cpu-fanout') i.fanout = true;
    else {
      const [low = '', high = ''] = value.text.split(':');
      const from = parseUint(low, 0, 65535);
      const to = parseUint(high, 0, 65535);
      if (from === undefined || to === undefined || to < from) throw new XtProblem(`Bad range \`${value.text}'`);
      i.queue = from;
      i.queues = to - from + 1;
    }
  },
  print: (i) => ` NFQUEUE ${queues(i)}${i.bypass ? ' bypass' : ''}${i.fanout ? ' cpu-fanout' : ''}`,
  save: (i) => ` --queue-${queues(i)}${i.bypass ? ' --queue-bypass' : ''}${i.fanout ? ' --queue-cpu-fanout' : ''}`,
  nft: (i) => {
    const flags = [...(i.bypass ? ['bypass'] : []), ...(i.fanout ? ['fanout'] : [])].join(',');
    const range = i.queues > 1 ? `${i.queue}-${i.queue + i.queues - 1}` : `${i.queue}`;
    return `queue ${flags === '' ? '' : `flags ${flags} `}to ${range}`;
  },
  kernel: { name: 'NFQUEUE', run: (i) => (i.bypass ? VERDICT.ACCEPT : VERDICT.DROP) },
};
