import type { Program } from '../../host';
import { column } from './column';
import { rev } from './rev';

/** Programs that work on text: grep, sed, awk, diff and their like. */
export const TEXT_TOOLS: readonly Program[] = [column, rev];
