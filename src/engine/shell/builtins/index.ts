import { completion } from './complete';
import { control } from './control';
import { dirs } from './dirs';
import { historyBuiltins } from './history';
import { info } from './info';
import { io } from './io';
import { jobControl } from './jobs';
import { register } from './registry';
import { setBuiltins } from './set';
import { settings } from './settings';
import { tests } from './test';
import { variables } from './variables';

let done = false;

/** Fills the table of builtins; called once before the first shell starts (the modules refer to each other). */
export function loadBuiltins(): void {
  if (done) return;
  done = true;
  register([
    ...control,
    ...variables,
    ...setBuiltins,
    ...settings,
    ...io,
    ...tests,
    ...dirs,
    ...jobControl,
    ...info,
    ...historyBuiltins,
    ...completion,
  ]);
}
