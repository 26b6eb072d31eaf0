/** What a curl command line asks for. */
export interface CurlOptions {
  readonly urls: string[];
  readonly headers: string[];
  readonly data: string[];
  readonly resolve: string[];
  readonly outputs: (string | true)[];
  method: string | undefined;
  agent: string;
  referer: string | undefined;
  user: string | undefined;
  writeOut: string | undefined;
  connectTimeout: number | undefined;
  maxTime: number | undefined;
  maxRedirects: number;
  retry: number;
  interface: string | undefined;
  silent: boolean;
  showError: boolean;
  head: boolean;
  include: boolean;
  verbose: boolean;
  fail: boolean;
  location: boolean;
  get: boolean;
  noProgress: boolean;
  family: 'any' | 'inet' | 'inet6';
}

/** A command line that curl refuses; the message as curl prints it behind `curl: `. */
export class CurlUsage extends Error {}

type Setter = (o: CurlOptions, value: string) => void;

const flag = (set: (o: CurlOptions) => void): { arg: false; set: Setter } => ({ arg: false, set });
const value = (set: Setter): { arg: true; set: Setter } => ({ arg: true, set });

function seconds(text: string, option: string): number {
  if (!/^\d*\.?\d+$|^\d+\.$/.test(text)) throw new CurlUsage(`option ${option}: expected a proper numerical parameter`);
  return Number(text);
}

const OPTIONS: Readonly<Record<string, { arg: boolean; set: Setter }>> = {
  silent: flag((o) => (o.silent = true)),
  'show-error': flag((o) => (o.showError = true)),
  head: flag((o) => (o.head = true)),
  include: flag((o) => (o.include = true)),
  verbose: flag((o) => (o.verbose = true)),
  fail: flag((o) => (o.fail = true)),
  location: flag((o) => (o.location = true)),
  get: flag((o) => (o.get = true)),
  'no-progress-meter': flag((o) => (o.noProgress = true)),
  ipv4: flag((o) => (o.family = 'inet')),
  ipv6: flag((o) => (o.family = 'inet6')),
  insecure: flag(() => undefined),
  'no-buffer': flag(() => undefined),
  globoff: flag(() => undefined),
  'http1.1': flag(() => undefined),
  'path-as-is': flag(() => undefined),
  'remote-name': flag((o) => o.outputs.push(true)),
  output: value((o, v) => o.outputs.push(v)),
  'write-out': value((o, v) => (o.writeOut = v)),
  'max-time': value((o, v) => (o.maxTime = seconds(v, '-m'))),
  'connect-timeout': value((o, v) => (o.connectTimeout = seconds(v, '--connect-timeout'))),
  'max-redirs': value((o, v) => (o.maxRedirects = Number(v))),
  retry: value((o, v) => (o.retry = Number(v))),
  header: value((o, v) => o.headers.push(v)),
  'user-agent': value((o, v) => (o.agent = v)),
  referer: value((o, v) => (o.referer = v)),
  request: value((o, v) => (o.method = v)),
  data: value((o, v) => o.data.push(v)),
  'data-raw': value((o, v) => o.data.push(v)),
  'data-binary': value((o, v) => o.data.push(v)),
  'data-urlencode': value((o, v) => o.data.push(urlencode(v))),
  resolve: value((o, v) => o.resolve.push(v)),
  interface: value((o, v) => (o.interface = v)),
  user: value((o, v) => (o.user = v)),
  url: value((o, v) => o.urls.push(v)),
};

const SHORT: Readonly<Record<string, string>> = {
  s: 'silent',
  S: 'show-error',
  I: 'head',
  i: 'include',
  v: 'verbose',
  f: 'fail',
  L: 'location',
  G: 'get',
  4: 'ipv4',
  6: 'ipv6',
  k: 'insecure',
  N: 'no-buffer',
  g: 'globoff',
  O: 'remote-name',
  o: 'output',
  w: 'write-out',
  m: 'max-time',
  H: 'header',
  A: 'user-agent',
  e: 'referer',
  X: 'request',
  d: 'data',
  u: 'user',
};

function urlencode(text: string): string {
  const at = text.indexOf('=');
  return at < 0 ? encodeURIComponent(text) : `${text.slice(0, at + 1)}${encodeURIComponent(text.slice(at + 1))}`;
}

/** Reads a command line. @throws CurlUsage */
export function parseCurl(args: readonly string[]): CurlOptions {
  const o: CurlOptions = {
    urls: [],
    headers: [],
    data: [],
    resolve: [],
    outputs: [],
    method: undefined,
    agent: 'curl/7.88.1',
    referer: undefined,
    user: undefined,
    writeOut: undefined,
    connectTimeout: undefined,
    maxTime: undefined,
    maxRedirects: 50,
    retry: 0,
    interface: undefined,
    silent: false,
    showError: false,
    head: false,
    include: false,
    verbose: false,
    fail: false,
    location: false,
    get: false,
    noProgress: false,
    family: 'any',
  };
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word.startsWith('--') && word.length > 2) {
      const name = word.slice(2);
      const matches = OPTIONS[name] ? [name] : Object.keys(OPTIONS).filter((k) => k.startsWith(name));
      if (matches.length === 0) throw new CurlUsage(`option ${word}: is unknown`);
      if (matches.length > 1) throw new CurlUsage(`option ${word}: is ambiguous`);
      const option = OPTIONS[matches[0]!]!;
      if (option.arg && i + 1 >= args.length) throw new CurlUsage(`option ${word}: requires parameter`);
      option.set(o, option.arg ? args[++i]! : '');
    } else if (word.startsWith('-') && word.length > 1) {
      for (let j = 1; j < word.length; j++) {
        const name = SHORT[word[j]!];
        if (name === undefined) throw new CurlUsage(`option -${word[j]!}: is unknown`);
        const option = OPTIONS[name]!;
        if (!option.arg) {
          option.set(o, '');
          continue;
        }
        const inline = word.slice(j + 1);
        if (inline === '' && i + 1 >= args.length) throw new CurlUsage(`option -${word[j]!}: requires parameter`);
        option.set(o, inline === '' ? args[++i]! : inline);
        break;
      }
    } else o.urls.push(word);
  }
  return o;
}
