import { FileNode } from '../host';
import { findProgram } from './simple';
import type { Shell } from './shell';
import { knownProgram } from './syntax/known';

/**
 * Whether a line that was typed can be run with what is there before the first prompt: it is empty, or one program that needs
 * nothing but its arguments, which name no path. Such lines change nothing that the next one could depend on, so as long as there
 * have been no others the shell is as its start-up files have left it.
 */
export function isModest(sh: Shell, line: string): boolean {
  const words = line.trim().split(/[ \t]+/);
  const name = words[0]!;
  if (name === '') return true;
  if (line.includes('/') || sh.aliases.has(name) || sh.functions.has(name) || !knownProgram(line)) return false;
  const path = findProgram(sh, name, false);
  if (path === undefined) return false;
  const { inode } = sh.sys.files.stat(path);
  const program = inode instanceof FileNode && inode.program !== undefined ? inode.program : '';
  return sh.sys.machine.programs.get(program)?.modest === true;
}
