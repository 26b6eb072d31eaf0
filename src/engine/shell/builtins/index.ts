import { control } from './control';
import { register } from './registry';
import { setBuiltins } from './set';
import { settings } from './settings';
import { tests } from './test';
import type { Builtin } from './types';
import { variables } from './variables';

let all: (() => readonly Builtin[]) | null = null;
let done = false;

/**
 * Fills the table of builtins; called once before the first shell starts (the modules refer to each other). Those that no start-up
 * file needs may come later: see `rest.ts`.
 */
export function loadBuiltins(): void {
  if (done) return;
  done = true;
  register(all?.() ?? [...control, ...variables, ...setBuiltins, ...settings, ...tests]);
}

/** Hands over all builtins, in the order in which they are listed. */
export function haveAllBuiltins(list: () => readonly Builtin[]): void {
  all = list;
  if (done) register(list());
}
