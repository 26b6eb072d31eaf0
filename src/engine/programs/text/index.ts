import type { Program } from '../../host';
import { column } from './column';
import { grep, egrep, fgrep } from './grep';
import { rev } from './rev';
import { sed } from './sed';

/** Programs that work on text: grep, sed, awk, diff and their like. */
export const TEXT_TOOLS: readonly Program[] = [column, grep, egrep, fgrep, rev, sed];
