/** The programs bash and sh. */
import type { Program } from '../host';
import type { LineReader } from './editor';
import { shellMain } from './main';

let editor: LineReader | null = null;

/** Sets what interactive shells read lines with; null for the terminal's cooked mode. */
export function setLineReader(reader: LineReader | null): void {
  editor = reader;
}

/** GNU bash 5.2. */
export const bash: Program = {
  name: 'bash',
  path: '/usr/bin/bash',
  links: ['/bin/bash'],
  summary: 'GNU Bourne-Again SHell',
  size: 1265648,
  main: (sys, argv) => shellMain(sys, argv, false, editor),
};

/** sh as Debian's dash behaves: the same interpreter with dash's rules for messages. */
export const sh: Program = {
  name: 'sh',
  path: '/usr/bin/sh',
  links: ['/bin/sh', '/usr/bin/dash', '/bin/dash'],
  summary: 'command interpreter (shell)',
  size: 125640,
  main: (sys, argv) => shellMain(sys, argv, true, editor),
};

/** All programs of this room. */
export const BASH_PROGRAMS: readonly Program[] = [bash, sh];
