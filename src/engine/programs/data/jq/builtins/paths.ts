/** Builtins that find, read, set and delete what a path leads to. */
import { computed, extend } from '../path';
import { deletePaths, getPath, setPath } from '../operators';
import type { Json } from '../value';
import { isArray, JqError } from '../value';
import type { Builtins } from './builtin';
import { ofValues } from './builtin';

/** Paths. */
export const PATHS: Builtins = {
  ...ofValues({
    'setpath/2': (v, path, x) => {
      if (!isArray(path!)) throw new JqError('Path must be specified as an array');
      return setPath(v, path, x!);
    },
    'delpaths/1': (v, paths) => {
      if (!isArray(paths!)) throw new JqError('Paths must be specified as an array');
      return deletePaths(v, paths);
    },
  }),
  'path/1': (c) => c.interp.paths(c.args[0]!, c.scope, c.input, (p) => c.emit(p, computed(c.path))),
  'del/1': function* (c) {
    const paths: Json[] = [];

    yield* c.interp.paths(c.args[0]!, c.scope, c.input, function* (p) {
      paths.push(p);
    });
    yield* c.emit(deletePaths(c.input, paths), computed(c.path));
  },
  'getpath/1': (c) =>
    c.interp.eval(c.args[0]!, c.scope, c.input, undefined, (keys) => {
      if (!isArray(keys)) throw new JqError('Path must be specified as an array');
      let v: Json;
      try {
        v = getPath(c.input, keys);
      } catch (e) {
        // While a path is being built, what is not there is null.
        if (!(e instanceof JqError) || c.path === undefined) throw e;
        v = null;
      }
      return c.emit(v, extend(c.path, keys, c.input));
    }),
};
