/** All builtins of the shell. Imported for its effect: a browser does so when the first command is run. */
import { haveAllBuiltins } from '.';
import { completion } from './complete';
import { control } from './control';
import { dirs } from './dirs';
import { historyBuiltins } from './history';
import { info } from './info';
import { io } from './io';
import { jobControl } from './jobs';
import { setBuiltins } from './set';
import { settings } from './settings';
import { tests } from './test';
import { variables } from './variables';

haveAllBuiltins(() => [
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
