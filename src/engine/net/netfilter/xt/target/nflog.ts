/** -j NFLOG: for a program that listens to a group (net/netfilter/xt_NFLOG.c). Nobody listens here. */
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { XtProblem } from '../problem';
import { saveString } from '../values';

/** struct xt_nflog_info */
export interface NflogInfo {
  group: number;
  prefix: string;
  threshold: number;
  /** Bytes of a packet that are copied; undefined: all of it. */
  size: number | undefined;
}

function words(i: NflogInfo, prefix: string): string {
  let out = '';
  if (i.prefix !== '') out += ` ${prefix}nflog-prefix ${saveString(i.prefix)}`;
  if (i.group !== 0) out += ` ${prefix}nflog-group ${i.group}`;
  if (i.size !== undefined) out += ` ${prefix}nflog-size ${i.size}`;
  if (i.threshold !== 0) out += ` ${prefix}nflog-threshold ${i.threshold}`;
  return out;
}

/** The extension. */
export const nflog: XtTargetExtension<NflogInfo> = {
  kind: 'target',
  name: 'NFLOG',
  revision: 0,
  options: [
    { name: 'nflog-group', type: 'uint', max: 65535 },
    { name: 'nflog-prefix', type: 'string', min: 1 },
    { name: 'nflog-size', type: 'uint' },
    { name: 'nflog-threshold', type: 'uint', max: 65535 },
  ],
  make: () => ({ group: 0, prefix: '', threshold: 0, size: undefined }),
  parse(i, option, value) {
    if (option === 'nflog-group') i.group = value.number;
    else if (option === 'nflog-size') i.size = value.number;
    else if (option === 'nflog-threshold') i.threshold = value.number;
    else {
      if (value.text.includes('\n')) throw new XtProblem('Newlines not allowed in --nflog-prefix');
      i.prefix = value.text.slice(0, 63);
    }
  },
  print: (i) => words(i, ''),
  save: (i) => words(i, '--'),
  nft: (i) =>
    `log${i.prefix === '' ? '' : ` prefix "${i.prefix}"`} group ${i.group}${i.size === undefined ? '' : ` snaplen ${i.size}`}`,
  kernel: { name: 'NFLOG', run: () => VERDICT.CONTINUE },
};
