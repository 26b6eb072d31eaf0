/** The end of a transfer with curl's exit status (curl(1), EXIT CODES) and the text it prints behind `curl: (N) `. */
export class CurlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
