/** Builtins that read further inputs, say where the reading is, and write to standard error. */
import { computed } from '../path';
import { dump, JqError } from '../value';
import type { Builtins } from './builtin';

/** Input and output. */
export const INPUT_OUTPUT: Builtins = {
  'input/0': function* (c) {
    const v = yield* c.interp.host.input();
    if (v === undefined) throw new JqError('break');
    yield* c.emit(v, computed(c.path));
  },
  '_inputs/0': function* (c) {
    for (;;) {
      const v = yield* c.interp.host.input();
      if (v === undefined) return;
      yield* c.emit(v, computed(c.path));
    }
  },
  'debug/0': function* (c) {
    yield* c.interp.host.eprint(`["DEBUG:",${dump(c.input)}]\n`);
    yield* c.emit(c.input, c.path);
  },
  'stderr/0': function* (c) {
    yield* c.interp.host.eprint(dump(c.input));
    yield* c.emit(c.input, c.path);
  },
  'input_filename/0': (c) => c.emit(c.interp.host.position().file, computed(c.path)),
  'input_line_number/0': (c) => c.emit(c.interp.host.position().line, computed(c.path)),
};
