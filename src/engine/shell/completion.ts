import type { Coroutine } from '../core';
import { provideRest } from '../host';
import { allBuiltins } from './builtins/registry';
import { KEYWORDS } from './keywords';
import type { Completion } from './editor';
import { makeCompleter } from './later';
import type { Shell } from './shell';

/** Candidates for Tab in an interactive shell. */
export function* complete(sh: Shell, line: string, cursor: number): Coroutine<Completion> {
  if (!(yield* provideRest(sh.sys.machine))) return { start: 0, words: [], suffix: '', filenames: false };
  const completer = makeCompleter(sh.sys, {
    builtins: () => allBuiltins().map((b) => b.name),
    functions: () => sh.functions.keys(),
    aliases: () => sh.aliases.keys(),
    keywords: () => KEYWORDS,
    variables: () => [...new Set([...sh.vars.names(), ...sh.vars.dynamics.keys()])],
    value: (name) => sh.get(name),
    alias: (name) => sh.aliases.get(name),
    offered: (command) => sh.completions.get(command) ?? jobWords(sh, command),
  });
  return yield* completer(line, cursor);
}

function jobWords(sh: Shell, command: string): string[] | undefined {
  if (command !== 'kill' && command !== 'fg' && command !== 'bg') return undefined;
  const jobs = [...sh.jobs.jobs.values()].map((job) => `%${job.id}`);
  return jobs.length > 0 ? jobs : undefined;
}
