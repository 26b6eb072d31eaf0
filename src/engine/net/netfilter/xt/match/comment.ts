/** -m comment: matches everything (net/netfilter/xt_comment.c). */
import type { XtMatchExtension } from '../command-line';
import { XtProblem } from '../problem';
import { saveString } from '../values';

/** struct xt_comment_info */
export interface CommentInfo {
  comment: string;
}

/** The extension. */
export const comment: XtMatchExtension<CommentInfo> = {
  kind: 'match',
  name: 'comment',
  revision: 0,
  options: [{ name: 'comment', type: 'string', mandatory: true }],
  make: () => ({ comment: '' }),
  parse(i, _option, value) {
    if (value.text.length > 255) throw new XtProblem('COMMENT must be shorter than 256 characters');
    i.comment = value.text;
  },
  print: (i) => ` /* ${i.comment} */`,
  save: (i) => ` --comment ${saveString(i.comment)}`,
  nft: () => '',
  kernel: { name: 'comment', matches: () => true },
};
