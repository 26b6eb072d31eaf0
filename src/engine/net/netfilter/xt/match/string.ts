/** -m string: bytes somewhere in the packet (net/netfilter/xt_string.c). Patterns in hexadecimal are not simulated. */
import { encodePayload } from '../../../../wire';
import type { XtMatchExtension } from '../command-line';
import { not } from '../command-line';
import { XtProblem } from '../problem';
import { saveString } from '../values';

/** struct xt_string_info */
export interface StringInfo {
  pattern: string;
  algorithm: string;
  from: number;
  to: number;
  ignoreCase: boolean;
  inverted: boolean;
}

/** The extension. */
export const string: XtMatchExtension<StringInfo> = {
  kind: 'match',
  name: 'string',
  revision: 1,
  options: [
    { name: 'from', type: 'uint', max: 65535 },
    { name: 'to', type: 'uint', max: 65535 },
    { name: 'algo', type: 'string', mandatory: true },
    { name: 'string', type: 'string', invert: true, mandatory: true },
    { name: 'icase', type: 'none' },
  ],
  make: () => ({ pattern: '', algorithm: '', from: 0, to: 65535, ignoreCase: false, inverted: false }),
  parse(i, option, value, inverted) {
    switch (option) {
      case 'from':
        i.from = value.number;
        return;
      case 'to':
        i.to = value.number;
        return;
      case 'algo':
        if (value.text !== 'bm' && value.text !== 'kmp') throw new XtProblem(`STRING must specify "--algo" bm or kmp`);
        i.algorithm = value.text;
        return;
      case 'string':
        i.pattern = value.text;
        i.inverted = inverted;
        return;
      case 'icase':
        i.ignoreCase = true;
    }
  },
  print(i) {
    let out = ` STRING match ${i.inverted ? '!' : ''} "${i.pattern}" ALGO name ${i.algorithm}`;
    if (i.from !== 0) out += ` FROM ${i.from}`;
    if (i.to !== 65535) out += ` TO ${i.to}`;
    return out + (i.ignoreCase ? ' ICASE' : '');
  },
  save(i) {
    const quoted = saveString(i.pattern);
    let out = `${not(i.inverted)} --string ${quoted.startsWith('"') ? quoted : `"${quoted}"`} --algo ${i.algorithm}`;
    if (i.from !== 0) out += ` --from ${i.from}`;
    if (i.to !== 65535) out += ` --to ${i.to}`;
    return out + (i.ignoreCase ? ' --icase' : '');
  },
  nft: () => undefined,
  kernel: {
    name: 'string',
    matches(i, p) {
      const bytes = encodePayload(p.skb.payload);
      let text = '';
      for (let at = i.from; at < Math.min(bytes.length, i.to + i.pattern.length); at++)
        text += String.fromCharCode(bytes[at]!);
      const hit = i.ignoreCase ? text.toLowerCase().includes(i.pattern.toLowerCase()) : text.includes(i.pattern);
      return hit !== i.inverted;
    },
  },
};
