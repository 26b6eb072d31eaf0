import type { Program } from '../../host';
import { clear, reset, tput } from './clear';
import { less } from './less';
import { watch } from './watch';

/** Programs that use the whole screen, or ask and set what the terminal is. */
export const SCREEN_TOOLS: readonly Program[] = [clear, less, reset, tput, watch];
