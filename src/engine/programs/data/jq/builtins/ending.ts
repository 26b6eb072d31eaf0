/** Builtins that end the program or the filter they stand in: errors and halting. */
import { Halt } from '../host';
import { JqError } from '../value';
import type { Builtins } from './builtin';

/** Errors and halting. */
export const ENDING: Builtins = {
  'error/0': function* (c) {
    throw new JqError(c.input);
  },
  'error/1': (c) =>
    c.interp.eval(c.args[0]!, c.scope, c.input, undefined, function* (x) {
      throw new JqError(x);
    }),
  'halt/0': function* () {
    throw new Halt(0);
  },
  'halt_error/1': (c) =>
    c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (status) => {
      if (typeof status !== 'number') throw new JqError('halt_error/1: number required');
      throw new Halt(status & 255, c.input);
    }),
};
