/** Something wrong in a file of the course, with its place. */
export interface Problem {
  /** Path from the repository's root, with slashes. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** `docs/a/b.lab.yaml:12:3 message`: what editors and terminals turn into a link. */
export function formatProblem(p: Problem): string {
  return `${p.file}:${p.line}:${p.column} ${p.message}`;
}

/** By file, then by place. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column,
  );
}

/** Collects the problems of one file. */
export class Report {
  readonly problems: Problem[] = [];
  constructor(readonly file: string) {}

  add(at: { line: number; column: number } | undefined, message: string): void {
    this.problems.push({ file: this.file, line: at?.line ?? 1, column: at?.column ?? 1, message });
  }
}
