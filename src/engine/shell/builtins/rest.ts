/** All builtins of the shell and its later parts. Imported for its effect: a browser does so when the first command is run. */
import { Regex, RegexError } from '../../programs/lib/regex';
import { evaluate } from '../expansion/arith';
import { expandBraces } from '../expansion/brace';
import { expandEvents } from '../history-events';
import { haveLaterParts } from '../later';
import { GRAMMAR } from '../syntax/grammar';
import { haveGrammar } from '../syntax/parser';
import { arithmeticHeader, printFunction, printNode, testText } from '../syntax/printer';
import { makeCompleter } from '../readline/complete';
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

haveGrammar(GRAMMAR);

haveLaterParts({
  evaluate,
  expandBraces,
  expandEvents,
  printer: { arithmeticHeader, printFunction, printNode, testText },
  makeCompleter,
  findRegex(source, ignoreCase, text) {
    try {
      return new Regex(source, { syntax: 'extended', ignoreCase }).exec(text, 0);
    } catch (e) {
      if (e instanceof RegexError) return 'invalid';
      throw e;
    }
  },
});
