/** What a curl command line asks for. */
export interface CurlOptions {
  readonly urls: string[];
  readonly headers: string[];
  readonly data: { readonly text: string; readonly kind: 'ascii' | 'raw' | 'binary' }[];
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
  /** Seconds between tries; undefined doubles from one. */
  retryDelay: number | undefined;
  retryRefused: boolean;
  retryAll: boolean;
  unixSocket: string | undefined;
  connectTo: string[];
  cookies: string[];
  jar: string | undefined;
  forms: string[];
  upload: string | undefined;
  proxy: string | undefined;
  http10: boolean;
  /** Braces and brackets in URLs are patterns. */
  globbing: boolean;
  range: string | undefined;
  failWithBody: boolean;
  progressBar: boolean;
  localPort: number | undefined;
  createDirs: boolean;
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

/** An option that real curl has and this one has not. */
export class CurlMissing extends Error {}

/** Options of real curl that are not simulated. */
const MISSING =
  /^(abstract-unix-socket|alt-svc|append|aws-sigv4|ciphers|config|continue-at|crlf|crlfile|curves|delegation|digest|dns-.*|doh-.*|dump-header|egd-file|engine|etag-.*|expect100-timeout|form-.*|ftp-.*|happy-eyeballs-timeout-ms|haproxy-protocol|hsts|http0\.9|http3.*|ignore-content-length|junk-session-cookies|krb|libcurl|limit-rate|list-only|login-options|mail-.*|max-filesize|metalink|negotiate|netrc.*|next|ntlm.*|oauth2-bearer|parallel.*|pass|pinnedpubkey|post30[23]|preproxy|proto.*|proxy-.*|pubkey|quote|random-file|rate|raw|remote-name-all|remote-time|request-target|sasl-.*|service-name|socks.*|speed-.*|ssl.*|stderr|styled-output|suppress-connect-headers|tcp-fastopen|telnet-option|tftp-.*|time-cond|tls.*|tr-encoding|trace.*|url-query|use-ascii|xattr)$/;

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
  globoff: flag((o) => (o.globbing = false)),
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
  range: value((o, v) => (o.range = v)),
  request: value((o, v) => (o.method = v)),
  data: value((o, v) => o.data.push({ text: v, kind: 'ascii' })),
  'data-ascii': value((o, v) => o.data.push({ text: v, kind: 'ascii' })),
  'data-raw': value((o, v) => o.data.push({ text: v, kind: 'raw' })),
  'data-binary': value((o, v) => o.data.push({ text: v, kind: 'binary' })),
  'data-urlencode': value((o, v) => o.data.push({ text: urlencode(v), kind: 'raw' })),
  json: value((o, v) => {
    o.data.push({ text: v, kind: 'binary' });
    for (const h of ['Content-Type: application/json', 'Accept: application/json'])
      if (!o.headers.some((x) => x.toLowerCase().startsWith(h.slice(0, h.indexOf(':') + 1).toLowerCase())))
        o.headers.push(h);
  }),
  'retry-delay': value((o, v) => (o.retryDelay = seconds(v, '--retry-delay'))),
  'retry-max-time': value(() => undefined),
  'retry-connrefused': flag((o) => (o.retryRefused = true)),
  'retry-all-errors': flag((o) => (o.retryAll = true)),
  'unix-socket': value((o, v) => (o.unixSocket = v)),
  'connect-to': value((o, v) => o.connectTo.push(v)),
  cookie: value((o, v) => o.cookies.push(v)),
  'cookie-jar': value((o, v) => (o.jar = v)),
  form: value((o, v) => o.forms.push(v)),
  'upload-file': value((o, v) => (o.upload = v)),
  proxy: value((o, v) => (o.proxy = v)),
  noproxy: value(() => undefined),
  'http1.0': flag((o) => (o.http10 = true)),
  'fail-with-body': flag((o) => (o.failWithBody = true)),
  'fail-early': flag(() => undefined),
  'progress-bar': flag((o) => (o.progressBar = true)),
  'local-port': value((o, v) => (o.localPort = Number(v.split('-')[0]))),
  'create-dirs': flag((o) => (o.createDirs = true)),
  compressed: flag((o) => o.headers.push('Accept-Encoding: deflate, gzip, br, zstd')),
  'tcp-nodelay': flag(() => undefined),
  'keepalive-time': value(() => undefined),
  'no-keepalive': flag(() => undefined),
  disable: flag(() => undefined),
  basic: flag(() => undefined),
  anyauth: flag(() => undefined),
  cacert: value(() => undefined),
  capath: value(() => undefined),
  cert: value(() => undefined),
  key: value(() => undefined),
  http2: flag(() => undefined),
  'tlsv1.2': flag(() => undefined),
  'tlsv1.3': flag(() => undefined),
  post301: flag(() => undefined),
  'location-trusted': flag((o) => (o.location = true)),
  'remote-header-name': flag(() => undefined),
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
  r: 'range',
  X: 'request',
  d: 'data',
  u: 'user',
  b: 'cookie',
  c: 'cookie-jar',
  F: 'form',
  T: 'upload-file',
  x: 'proxy',
  0: 'http1.0',
  '#': 'progress-bar',
  E: 'cert',
  J: 'remote-header-name',
  q: 'disable',
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
    globbing: true,
    range: undefined,
    referer: undefined,
    user: undefined,
    writeOut: undefined,
    connectTimeout: undefined,
    maxTime: undefined,
    maxRedirects: 50,
    retry: 0,
    retryDelay: undefined,
    retryRefused: false,
    retryAll: false,
    unixSocket: undefined,
    connectTo: [],
    cookies: [],
    jar: undefined,
    forms: [],
    upload: undefined,
    proxy: undefined,
    http10: false,
    failWithBody: false,
    progressBar: false,
    localPort: undefined,
    createDirs: false,
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
      if (matches.length === 0 && MISSING.test(name)) throw new CurlMissing(word);
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
