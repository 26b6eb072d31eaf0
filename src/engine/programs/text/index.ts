import type { Program } from '../../host';
import { awk } from './awk';
import { column } from './column';
import { grep, egrep, fgrep } from './grep';
import { rev } from './rev';
import { sed } from './sed';

/** Programs that work on text: grep, sed, awk, diff and their like. */
export const TEXT_TOOLS: readonly Program[] = [awk, column, grep, egrep, fgrep, rev, sed];
