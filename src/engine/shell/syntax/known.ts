/**
 * Sources that need no grammar: the distribution's start-up files, whose trees are at hand, blank lines, and one command with words
 * that mean themselves. What is known does not depend on whether the grammar is there, so that both run alike.
 */
import { BASH_BASHRC, BASHRC, DOT_PROFILE, PROFILE } from '../../host/rootfs-etc';
import { KEYWORDS } from '../keywords';
import type { Program, SimpleCommand, Statement, Word } from './parser';
import { STARTUP_TREES } from './startup-trees';

/** The start-up files of interactive shells, in the order of `STARTUP_TREES`. */
export const STARTUP_FILES: readonly string[] = [PROFILE, BASH_BASHRC, DOT_PROFILE, BASHRC];

const PLAIN_COMMAND = /^[ \t]*[A-Za-z][\w.-]*(?:[ \t]+[\w.,:/@%+-]+)*[ \t]*\n?$/;

/** The tree of `text`; undefined when that takes a grammar. */
export function knownProgram(text: string): Program | undefined {
  if (/^[ \t\n]*$/.test(text)) return program([]);
  if (PLAIN_COMMAND.test(text)) return plainCommand(text);
  const at = STARTUP_FILES.indexOf(text);
  return at < 0 ? undefined : startupProgram(at);
}

const startup: Program[] = [];

function startupProgram(at: number): Program {
  const tree = STARTUP_TREES[at];
  if (!startup[at]) completeCommands(tree);
  return (startup[at] ??= program(tree as readonly Statement[]));
}

/** Gives commands what a parser works out of their suffix, in which the start-up files have no redirections. */
function completeCommands(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { type, suffix } = node as { type?: string; suffix?: unknown };
  for (const child of Object.values(node)) completeCommands(child);
  if (type === 'Command') Object.assign(node, { args: suffix, redirects: [] });
}

function program(statements: readonly Statement[]): Program {
  return { statements, problem: undefined, incomplete: false, unclosed: [] };
}

function plainCommand(text: string): Program | undefined {
  const words = [...text.matchAll(/[^ \t\n]+/g)].map((m): Word => ({
    type: 'Word',
    text: m[0],
    value: m[0],
    pos: m.index,
    end: m.index + m[0].length,
  }));
  const [name, ...args] = words as [Word, ...Word[]];
  if (KEYWORDS.includes(name.text)) return undefined;
  const place = { pos: name.pos, end: words.at(-1)!.end };
  const command: SimpleCommand = { type: 'Command', ...place, name, prefix: [], suffix: args, args, redirects: [] };
  return program([{ type: 'Statement', ...place, command, background: undefined }]);
}
