/** The address specifications of socat(1): keyword, parameters, options. */
import type { Family } from '../../../net';

/** How data flows through an address. */
export type Direction = 'read' | 'write' | 'both';

/** What an address opens. */
export type Kind =
  | 'stdio'
  | 'stdin'
  | 'stdout'
  | 'stderr'
  | 'fd'
  | 'open'
  | 'gopen'
  | 'create'
  | 'pipe'
  | 'exec'
  | 'system'
  | 'tcp'
  | 'tcp-listen'
  | 'udp'
  | 'udp-listen'
  | 'udp-recvfrom'
  | 'udp-recv'
  | 'udp-sendto'
  | 'udp-datagram'
  | 'unix'
  | 'unix-listen'
  | 'abstract'
  | 'abstract-listen';

/** One parsed address. */
export interface Address {
  readonly kind: Kind;
  /** As it was written, for messages. */
  readonly keyword: string;
  readonly family: Family | undefined;
  readonly parameters: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

/** A mistake in an address: what the message says. */
export class AddressError extends Error {}

interface Keyword {
  readonly kind: Kind;
  readonly family?: Family;
  /** Numbers of parameters that are taken. */
  readonly parameters: readonly number[];
}

function internet(): [string, Keyword][] {
  const table: [string, Keyword][] = [];
  const families: [string, Family | undefined][] = [
    ['', undefined],
    ['4', 'inet'],
    ['6', 'inet6'],
  ];
  const forms: [string, string[], Kind, number][] = [
    ['tcp', ['', '-connect'], 'tcp', 2],
    ['tcp', ['-listen', '-l'], 'tcp-listen', 1],
    ['udp', ['', '-connect'], 'udp', 2],
    ['udp', ['-listen', '-l'], 'udp-listen', 1],
    ['udp', ['-recvfrom'], 'udp-recvfrom', 1],
    ['udp', ['-recv'], 'udp-recv', 1],
    ['udp', ['-sendto'], 'udp-sendto', 2],
    ['udp', ['-datagram', '-dgram'], 'udp-datagram', 2],
  ];
  for (const [number, family] of families)
    for (const [protocol, suffixes, kind, count] of forms)
      for (const suffix of suffixes)
        table.push([`${protocol}${number}${suffix}`, { kind, ...(family ? { family } : {}), parameters: [count] }]);
  return table;
}

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ...internet(),
  ['-', { kind: 'stdio', parameters: [0] }],
  ['stdio', { kind: 'stdio', parameters: [0] }],
  ['stdin', { kind: 'stdin', parameters: [0] }],
  ['stdout', { kind: 'stdout', parameters: [0] }],
  ['stderr', { kind: 'stderr', parameters: [0] }],
  ['fd', { kind: 'fd', parameters: [1] }],
  ['open', { kind: 'open', parameters: [1] }],
  ['file', { kind: 'open', parameters: [1] }],
  ['gopen', { kind: 'gopen', parameters: [1] }],
  ['create', { kind: 'create', parameters: [1] }],
  ['creat', { kind: 'create', parameters: [1] }],
  ['pipe', { kind: 'pipe', parameters: [0, 1] }],
  ['fifo', { kind: 'pipe', parameters: [0, 1] }],
  ['echo', { kind: 'pipe', parameters: [0, 1] }],
  ['exec', { kind: 'exec', parameters: [1] }],
  ['system', { kind: 'system', parameters: [1] }],
  ['unix', { kind: 'unix', parameters: [1] }],
  ['unix-client', { kind: 'unix', parameters: [1] }],
  ['unix-connect', { kind: 'unix', parameters: [1] }],
  ['unix-listen', { kind: 'unix-listen', parameters: [1] }],
  ['unix-l', { kind: 'unix-listen', parameters: [1] }],
  ['abstract', { kind: 'abstract', parameters: [1] }],
  ['abstract-client', { kind: 'abstract', parameters: [1] }],
  ['abstract-connect', { kind: 'abstract', parameters: [1] }],
  ['abstract-listen', { kind: 'abstract-listen', parameters: [1] }],
]);

/** Addresses of the real program that are not here. */
const ELSEWHERE =
  /^(abstract-(recv|recvfrom|sendto)|unix-(recv|recvfrom|sendto)|interface|if|ip[46]?(-(datagram|dgram|recv|recvfrom|sendto))?|openssl.*|ssl(-l|-listen)?|proxy|proxy-connect|pty|sctp.*|socket-.*|socks.*|tun|vsock.*|readline)$/;

/** Options that are simulated, by every name they have. */
const OPTIONS: Readonly<Record<string, string>> = {
  fork: 'fork',
  reuseaddr: 'reuseaddr',
  'so-reuseaddr': 'reuseaddr',
  reuseport: 'reuseport',
  'so-reuseport': 'reuseport',
  bind: 'bind',
  backlog: 'backlog',
  range: 'range',
  sourceport: 'sourceport',
  sp: 'sourceport',
  'connect-timeout': 'connect-timeout',
  retry: 'retry',
  interval: 'interval',
  intervall: 'interval',
  forever: 'forever',
  ttl: 'ttl',
  'ip-ttl': 'ttl',
  tos: 'tos',
  'ip-tos': 'tos',
  broadcast: 'broadcast',
  'so-broadcast': 'broadcast',
  'so-bindtodevice': 'bindtodevice',
  bindtodevice: 'bindtodevice',
  interface: 'bindtodevice',
  if: 'bindtodevice',
  ipv6only: 'ipv6only',
  'ipv6-v6only': 'ipv6only',
  v6only: 'ipv6only',
  pf: 'pf',
  'protocol-family': 'pf',
  nodelay: 'nodelay',
  'tcp-nodelay': 'nodelay',
  keepalive: 'keepalive',
  'so-keepalive': 'keepalive',
  crlf: 'crlf',
  crnl: 'crlf',
  ignoreeof: 'ignoreeof',
  'shut-none': 'shut-none',
  mode: 'mode',
  perm: 'mode',
  append: 'append',
  'o-append': 'append',
  creat: 'creat',
  create: 'creat',
  'o-creat': 'creat',
  excl: 'excl',
  'o-excl': 'excl',
  trunc: 'trunc',
  'o-trunc': 'trunc',
  rdonly: 'rdonly',
  wronly: 'wronly',
  rdwr: 'rdwr',
  'unlink-early': 'unlink-early',
  'unlink-close': 'unlink-close',
  stderr: 'stderr',
  pipes: 'pipes',
  nofork: 'nofork',
};

/** Options that the real program has and this one does not. */
const OPTIONS_ELSEWHERE =
  /^(su|su-d|setuid|setgid|user|uid|group|gid|chroot|chroot-early|cd|chdir|max-children|children-shutup|pty|ctty|setsid|setpgid|sane|raw|rawer|echo|icanon|isig|opost|cfmakeraw|linger|so-linger|sndbuf|so-sndbuf|rcvbuf|so-rcvbuf|mss|mss-late|tcpwrap|tcpwrappers|lowport|sigint|sighup|sigquit|shut-down|shut-close|shut-null|null-eof|end-close|readbytes|cloexec|nonblock|lock|lockfile|waitlock|seek|seek-end|ip-add-membership|add-membership|ip-membership|membership|ip-multicast-.*|ip-transparent|transparent|so-mark|mark|so-.*|ip-.*|ipv6-.*|tcp-.*|keepcnt|keepidle|keepintvl|cork|quickack|syncnt|defer-accept|fdin|fdout|login|path|dash|cr|link|wait-slave|owner|history|prompt|noprompt|commonname|verify|cert|key|cafile|capath|cipher|method|escape|type|so-type|unlink|accept-timeout|listen-timeout|res-.*|ai-.*|f-.*|fs-.*|ext2-.*)$/;

/** Splits at unquoted occurrences of one of `ends`; brackets and quotes protect. @returns the text without quotes, and where it ended */
function word(text: string, at: number, ends: string): { value: string; end: number } {
  let value = '';
  let depth = 0;
  let quote = '';
  for (; at < text.length; at++) {
    const c = text[at]!;
    if (quote !== '') {
      if (c === quote) quote = '';
      else value += c;
      continue;
    }
    if (c === '\\') {
      value += text[++at] ?? '';
      continue;
    }
    if (c === '"' || c === "'") {
      quote = c;
      // The command line keeps its quotes for the parser that splits it into words.
      continue;
    }
    if (c === '[') depth++;
    if (c === ']') depth--;
    if (depth <= 0 && ends.includes(c)) break;
    value += c;
  }
  return { value, end: at };
}

/** A command keeps its quotes: they are taken apart with its words. */
function raw(text: string, at: number): { value: string; end: number } {
  const begin = at;
  let quote = '';
  for (; at < text.length; at++) {
    const c = text[at]!;
    if (c === '\\') at++;
    else if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === ',') break;
  }
  return { value: text.slice(begin, at), end: at };
}

/** Words of a command as EXEC splits them: blanks, quotes, backslashes. */
export function commandWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length;) {
    if (text[at] === ' ') {
      at++;
      continue;
    }
    const w = word(text, at, ' ');
    words.push(w.value);
    at = w.end;
  }
  return words;
}

/** Parses one address. @throws AddressError with the text of the message */
export function parseAddress(text: string): Address {
  const head = word(text, 0, ':,');
  let keyword = head.value;
  let at = head.end;
  const parameters: string[] = [];
  let entry = KEYWORDS.get(keyword.toLowerCase());
  if (!entry && /^\d+$/.test(keyword)) {
    entry = KEYWORDS.get('fd')!;
    parameters.push(keyword);
    keyword = 'FD';
  } else if (!entry && text[at] !== ':' && keyword.includes('/')) {
    entry = KEYWORDS.get('gopen')!;
    parameters.push(keyword);
    keyword = 'GOPEN';
  }
  if (!entry) {
    if (ELSEWHERE.test(keyword.toLowerCase())) throw new AddressError(`not simulated in this course: ${keyword}`);
    throw new AddressError(`unknown device/address "${keyword}"`);
  }
  const command = entry.kind === 'exec' || entry.kind === 'system';
  while (text[at] === ':') {
    const p = command && parameters.length === 0 ? raw(text, at + 1) : word(text, at + 1, ':,');
    parameters.push(p.value);
    at = p.end;
  }
  if (!entry.parameters.includes(parameters.length))
    throw new AddressError(
      `${keyword}: wrong number of parameters (${parameters.length} instead of ${entry.parameters.join(' or ')})`,
    );
  const options = new Map<string, string>();
  while (text[at] === ',') {
    const o = word(text, at + 1, ',');
    at = o.end;
    const equals = o.value.indexOf('=');
    const name = (equals < 0 ? o.value : o.value.slice(0, equals)).toLowerCase();
    if (name === '') continue;
    const known = OPTIONS[name];
    if (known === undefined) {
      if (OPTIONS_ELSEWHERE.test(name)) throw new AddressError(`not simulated in this course: option "${name}"`);
      throw new AddressError(`parseopts_table(): unknown option "${name}"`);
    }
    options.set(known, equals < 0 ? '1' : o.value.slice(equals + 1));
  }
  return { kind: entry.kind, keyword, family: entry.family, parameters, options };
}

/** Names of the addresses that are simulated, for completion and help. */
export const ADDRESS_NAMES: readonly string[] = [...KEYWORDS.keys()].filter((k) => k !== '-');
