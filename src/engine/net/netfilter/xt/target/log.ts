/** -j LOG: a line in the kernel's log (net/netfilter/xt_LOG.c, extensions/libxt_LOG.c). */
import { logPacket } from '../../log-packet';
import type { LogFlag } from '../../nftables/model';
import { VERDICT } from '../../pktinfo';
import type { XtTargetExtension } from '../command-line';
import { XtProblem } from '../problem';
import { saveString } from '../values';

/** struct xt_log_info */
export interface LogInfo {
  level: number;
  prefix: string;
  /** XT_LOG_* bits */
  flags: number;
  /** The same for the log, made once. */
  kinds: readonly LogFlag[] | undefined;
}

/** Option, bit, word of -L, flag of the log. */
const FLAGS: readonly (readonly [string, number, string, LogFlag])[] = [
  ['log-tcp-sequence', 1, 'tcp-sequence', 'tcp sequence'],
  ['log-tcp-options', 2, 'tcp-options', 'tcp options'],
  ['log-ip-options', 4, 'ip-options', 'ip options'],
  ['log-uid', 8, 'uid', 'skuid'],
  ['log-macdecode', 32, 'macdecode', 'ether'],
];
const LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];
const NFT_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
/** Longest prefix that is kept; the array is one longer. */
const PREFIX = 29;

/** The extension. */
export const log: XtTargetExtension<LogInfo> = {
  kind: 'target',
  name: 'LOG',
  revision: 0,
  options: [
    { name: 'log-level', type: 'loglevel', invert: true },
    { name: 'log-prefix', type: 'string' },
    ...FLAGS.map(([name]) => ({ name, type: 'none' as const })),
  ],
  make: () => ({ level: 4, prefix: '', flags: 0, kinds: undefined }),
  parse(i, option, value) {
    if (option === 'log-level') i.level = value.number;
    else if (option === 'log-prefix') {
      if (value.text.includes('\n')) throw new XtProblem('Newlines not allowed in --log-prefix');
      i.prefix = value.text.slice(0, PREFIX);
    } else i.flags |= FLAGS.find(([name]) => name === option)![1];
  },
  print(i, c) {
    let out = ' LOG';
    if (c.numeric) out += ` flags ${i.flags} level ${i.level}`;
    else {
      out += ` level ${LEVELS[i.level] ?? ''}`;
      for (const [, bit, word] of FLAGS) if (i.flags & bit) out += ` ${word}`;
    }
    return i.prefix === '' ? out : `${out} prefix "${i.prefix}"`;
  },
  save(i) {
    let out = i.prefix === '' ? '' : ` --log-prefix ${saveString(i.prefix)}`;
    if (i.level !== 4) out += ` --log-level ${i.level}`;
    for (const [name, bit] of FLAGS) if (i.flags & bit) out += ` --${name}`;
    return out;
  },
  nft(i) {
    let out = 'log';
    if (i.prefix !== '') out += ` prefix "${i.prefix}"`;
    if (i.level !== 4) out += ` level ${NFT_LEVELS[i.level]}`;
    if (i.flags === 47) out += ' flags all';
    else {
      const tcp = [i.flags & 1 ? 'sequence' : '', i.flags & 2 ? 'options' : ''].filter(Boolean);
      if (tcp.length > 0) out += ` flags tcp ${tcp.join(',')}`;
      if (i.flags & 4) out += ' flags ip options';
      if (i.flags & 8) out += ' flags skuid';
      if (i.flags & 32) out += ' flags ether';
    }
    return out;
  },
  kernel: {
    name: 'LOG',
    run(i, p) {
      i.kinds ??= FLAGS.filter(([, bit]) => i.flags & bit).map(([, , , kind]) => kind);
      logPacket(p, i.prefix, i.level, i.kinds);
      return VERDICT.CONTINUE;
    },
  },
};
