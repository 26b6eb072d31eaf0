import type { Program } from '../../host';
import { awk } from './awk';
import { cmp } from './cmp';
import { column } from './column';
import { diff } from './diff';
import { find } from './find';
import { grep, egrep, fgrep } from './grep';
import { rev } from './rev';
import { sed } from './sed';
import { xargs } from './xargs';

/** Programs that work on text: grep, sed, awk, diff and their like. */
export const TEXT_TOOLS: readonly Program[] = [awk, cmp, column, diff, find, grep, egrep, fgrep, rev, sed, xargs];
