/** curl(1) 7.88.1, HTTP only. */
import type { Coroutine } from '../../../core';
import type { Program, Sys } from '../../../host';
import { CurlError } from './error';
import { globOutput, globUrls } from './glob';
import { CURL_HELP, CURL_VERSION } from './help';
import type { CurlOptions } from './options';
import { CurlMissing, CurlUsage, parseCurl } from './options';
import type { TransferState } from './state';
import { Transfer } from './transfer';
import { Verbose } from './verbose';
import { newTransferInfo, writeOut } from './write-out';

const TRY_HELP = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/** The program. */
export const curl: Program = {
  name: 'curl',
  path: '/usr/bin/curl',
  summary: 'transfer a URL',
  size: 285696,
  manual: `NAME
       curl - transfer a URL

SYNOPSIS
       curl [options / URLs]

DESCRIPTION
       -s silent, -S show errors all the same, -o FILE, -O, -I head only, -i with headers, -v verbose, -f fail on HTTP errors,
       -L follow redirects, -w FORMAT, -m SECONDS, --connect-timeout SECONDS, -H HEADER, -A AGENT, -X METHOD, -d DATA, -G, -u USER:PASS,
       -4, -6, --resolve HOST:PORT:ADDRESS, --interface DEVICE, --retry N
`,
  *main(sys, argv) {
    let options: CurlOptions;
    if (argv[1] === '--version' || argv[1] === '-V') {
      yield* sys.print(CURL_VERSION);
      return 0;
    }
    if (argv[1] === '--help' || argv[1] === '-h') {
      yield* sys.print(CURL_HELP);
      return 0;
    }
    try {
      options = parseCurl(argv.slice(1));
      if (options.urls.length === 0) {
        yield* sys.eprint(TRY_HELP);
        return 2;
      }
    } catch (e) {
      if (e instanceof CurlMissing) {
        yield* sys.eprint(`curl: not simulated in this course: ${e.message}\n`);
        return 2;
      }
      if (!(e instanceof CurlUsage)) throw e;
      yield* sys.eprint(`curl: ${e.message}\n${TRY_HELP}`);
      return 2;
    }
    sys.onSignal('SIGPIPE', 'ignore');
    let status = 0;
    for (const [i, pattern] of options.urls.entries()) {
      const output = options.outputs[i];
      try {
        for (const { url, parts } of options.globbing ? globUrls(pattern) : [{ url: pattern, parts: [] }]) {
          const file = typeof output === 'string' && options.globbing ? globOutput(output, parts) : output;
          status = yield* withRetries(sys, options, url, file);
        }
      } catch (e) {
        if (!(e instanceof CurlError)) throw e;
        yield* sys.eprint(`curl: (${e.status}) ${e.message}\n`);
        return e.status;
      }
    }
    return status;
  },
};

/** Why a transfer will be tried again; undefined when it will not. */
function willRetry(o: CurlOptions, left: number, status: number, code: number, refused: boolean): string | undefined {
  if (left <= 0) return undefined;
  if (status === 28) return 'timeout';
  if ([408, 429, 500, 502, 503, 504].includes(code)) return 'HTTP error';
  if (refused && o.retryRefused) return 'connection refused';
  return o.retryAll && status !== 0 ? '(retrying all errors)' : undefined;
}

/** --retry: tries again what may be temporary, after 1, 2, 4 ... seconds. */
function* withRetries(sys: Sys, o: CurlOptions, url: string, output: string | true | undefined): Coroutine<number> {
  let delay = o.retryDelay ?? 1;
  for (let left = o.retry; ; left--) {
    const { status, again: problem } = yield* transfer(sys, o, url, output, left);
    if (problem === undefined) return status;
    if (!o.silent || o.showError)
      yield* sys.eprint(
        `Warning: Problem: ${problem}. Will retry in ${delay} seconds. ${left} retr${left === 1 ? 'y' : 'ies'} left.\n`,
      );
    yield* sys.sleep(delay * 1e6);
    if (o.retryDelay === undefined) delay = Math.min(delay * 2, 600);
  }
}

/** One URL with its redirections. @returns the exit status, and why it shall be tried again when `left` tries are left */
function* transfer(
  sys: Sys,
  o: CurlOptions,
  url: string,
  output: string | true | undefined,
  left: number,
): Coroutine<{ status: number; again: string | undefined }> {
  const began = sys.now;
  const info = newTransferInfo(url);
  const verbose = new Verbose(sys, o.verbose);
  const state: TransferState = { sys, options: o, info, verbose, began, refused: false };
  const run = new Transfer(state, output);
  try {
    yield* run.jar.load();
    let next: string | undefined = url;
    while (next !== undefined) {
      next = yield* run.follow(next);
      if (next !== undefined && ++info.redirects > o.maxRedirects)
        throw new CurlError(47, `Maximum (${o.maxRedirects}) redirects followed`);
    }
  } catch (e) {
    if (!(e instanceof CurlError)) throw e;
    info.exit = e.status;
    info.error = e.message;
    yield* run.meter.end();
    if (!o.silent || o.showError) yield* sys.eprint(`curl: (${e.status}) ${e.message}\n`);
  } finally {
    run.release();
  }
  yield* run.jar.save();
  if (info.exit === 0) yield* run.meter.end();
  info.total = sys.now - began;
  const again = willRetry(o, left, info.exit, info.httpCode, state.refused);
  if (o.writeOut !== undefined && again === undefined) {
    const [toStdout, toStderr] = writeOut(o.writeOut, info);
    yield* sys.print(toStdout);
    yield* sys.eprint(toStderr);
  }
  return { status: info.exit, again };
}
