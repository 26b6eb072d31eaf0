/** Leaves the shell with a status; traps on EXIT still run. */
export class ExitShell {
  constructor(readonly status: number) {}
}

/** An expansion or assignment failed; the message is printed already. The command, or a non-interactive shell, ends. */
export class ShellError {
  /**
   * @param status exit status of the shell, or of the command line when interactive.
   * @param fatal ends a non-interactive shell; otherwise only the current top-level command is given up.
   */
  constructor(
    readonly status: number,
    readonly fatal: boolean,
  ) {}
}

/** Ctrl-C at an interactive shell: back to the prompt. */
export class Interrupted {
  /** @param onFreshRow the cursor is at the start of a row already. */
  constructor(readonly onFreshRow = false) {}
}

/** Arithmetic: what bash prints after the command's name: `EXPR: MESSAGE (error token is "TOKEN")`. */
export class ArithError extends Error {}
