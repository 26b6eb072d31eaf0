/** The end of an xtables command: what exit_err of libxtables prints and with which status. */

/** Exit statuses of xtables (enum xtables_exittype). */
export const XT_STATUS = {
  OTHER_PROBLEM: 1,
  PARAMETER_PROBLEM: 2,
  VERSION_PROBLEM: 3,
  RESOURCE_PROBLEM: 4,
} as const;

/** A message that the command prints after its name and version, before it ends with `status`. */
export class XtProblem extends Error {
  /** @param text without the newline that is added */
  constructor(
    text: string,
    readonly status: number = XT_STATUS.PARAMETER_PROBLEM,
  ) {
    super(text);
  }
}
