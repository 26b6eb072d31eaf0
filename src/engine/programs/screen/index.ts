import type { Program } from '../../host';
import { clear, reset, tput } from './clear';
import { less } from './less';
import { apropos, man, whatis, whereis } from './man';
import { more } from './more';
import { nano } from './nano';
import { stty, tty } from './stty';
import { watch } from './watch';

/** Programs that use the whole screen, or ask and set what the terminal is. */
export const SCREEN_TOOLS: readonly Program[] = [
  apropos,
  clear,
  less,
  man,
  more,
  nano,
  reset,
  stty,
  tput,
  tty,
  watch,
  whatis,
  whereis,
];
