import type * as Unbash from 'unbash';
import { provideRest } from '../../host';
import type { Machine } from '../../host';
import type { Coroutine } from '../../core';
import { knownProgram } from './known';

/**
 * The tree's types go by the names below; words are kept as source text and taken apart by `word.ts`, because expansions also
 * meet text that no parser has seen (here-documents, prompts, subscripts). The grammar itself is in `grammar.ts`, which a browser
 * fetches with the first line that needs it.
 */
export type Statement = Unbash.Statement;
export type CommandNode = Unbash.CommandNode;
export type CompoundCommand = Unbash.CompoundCommand;
export type CompoundList = Unbash.CompoundList;
export type SimpleCommand = Unbash.Command;
export type Pipeline = Unbash.Pipeline;
export type AndOr = Unbash.AndOr;
export type Redirection = Unbash.Redirection;
export type Assignment = Unbash.Assignment;
export type ArrayValue = Unbash.ArrayValue;
export type Word = Unbash.Word;
export type TestExpression = Unbash.TestExpression;
export type FunctionNode = Unbash.Function;
export type CaseNode = Unbash.Case;
export type ArithmeticFor = Unbash.ArithmeticFor;
export type Coproc = Unbash.Coproc;
export type ShellNode = Statement | Unbash.PipelineNode | AndOr | CompoundList;

/** What is wrong with a source, in bash's words. */
export interface SyntaxProblem {
  /** Where. Statements that end on an earlier line are run before it is reported. */
  readonly pos: number;
  /** Line relative to the source's first, when it is not the line of `pos`. */
  readonly atEnd?: boolean;
  readonly message: string;
  /** The token that the grammar waited for, when the source ended. */
  readonly expecting?: string;
  /** Exit status, when it is not 2. */
  readonly status?: number;
  /** The second message, when it is not the offending line. */
  readonly quoted?: string;
  /** True when there is a second message. */
  readonly quoteLine: boolean;
}

/** A parsed source. */
export interface Program {
  readonly statements: readonly Statement[];
  readonly problem: SyntaxProblem | undefined;
  /** More input could complete it: an interactive shell shows PS2. */
  readonly incomplete: boolean;
  /** Here-documents that the end of input delimited. */
  readonly unclosed: readonly { readonly pos: number; readonly delimiter: string }[];
}

/** What knows the whole grammar; see `grammar.ts`. */
export interface Grammar {
  parse(text: string): Program;
  /** Calls `visit` for every simple command outside of substitutions, in source order. */
  eachSimpleCommand(node: ShellNode, visit: (command: SimpleCommand) => void): void;
  substitutionEnd(text: string, pos: number): number | undefined;
}

let grammar: Grammar | null = null;

/** Hands over the grammar; see `builtins/rest.ts`. */
export function haveGrammar(whole: Grammar): void {
  grammar = whole;
}

function theGrammar(): Grammar {
  if (!grammar) throw new Error('the grammar of the shell is used before its code was fetched');
  return grammar;
}

/** Makes sure that `text` can be parsed, and what it says be run. @returns false when the code for it could not be fetched. */
export function* provideGrammar(machine: Machine, text: string): Coroutine<boolean> {
  return knownProgram(text) !== undefined || (yield* provideRest(machine));
}

/** Parses `text`. @throws Error when that takes a grammar that is not there */
export function parseProgram(text: string): Program {
  return knownProgram(text) ?? theGrammar().parse(text);
}

/** Calls `visit` for every simple command outside of substitutions, in source order. */
export function eachSimpleCommand(nodes: readonly ShellNode[], visit: (command: SimpleCommand) => void): void {
  for (const node of nodes) {
    if (node.type === 'Command') visit(node);
    else if (node.type === 'Statement') eachSimpleCommand([node.command], visit);
    else if (node.type === 'AndOr' || node.type === 'CompoundList') eachSimpleCommand(node.commands, visit);
    else if (node.type === 'If') {
      const branches = node.elif.flatMap((e) => [e.clause, e.then]);
      eachSimpleCommand([node.clause, node.then, ...branches, ...(node.else ? [node.else] : [])], visit);
    } else theGrammar().eachSimpleCommand(node, visit);
  }
}

/**
 * Where the `$(...)`, `<(...)` or `${...}` that starts at `pos` ends (after its last character), as the grammar sees it;
 * undefined when the parser does not find one.
 */
export function substitutionEnd(text: string, pos: number): number | undefined {
  return theGrammar().substitutionEnd(text, pos);
}
