/** ss's filter language: `state ...` and expressions over addresses and ports. */
import type { SocketInfo } from '../../../net';
import type { IpAddress } from '../../../wire';
import { containsIp, parseIp, servicePort } from '../../../wire';
import type { Sys } from '../../../host';
import { SS_USAGE } from './help';
import { Quit, readPrefix } from '../lib/args';

/** TCP states by ss's keywords, with the name in the first column. */
const STATES: Readonly<Record<string, string>> = {
  established: 'ESTAB',
  'syn-sent': 'SYN-SENT',
  'syn-recv': 'SYN-RECV',
  'fin-wait-1': 'FIN-WAIT-1',
  'fin-wait-2': 'FIN-WAIT-2',
  'time-wait': 'TIME-WAIT',
  unconnected: 'UNCONN',
  closed: 'UNCONN',
  'close-wait': 'CLOSE-WAIT',
  'last-ack': 'LAST-ACK',
  listening: 'LISTEN',
  closing: 'CLOSING',
};

/** Every state. */
export const ALL_STATES: ReadonlySet<string> = new Set(Object.values(STATES));

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  all: [...ALL_STATES],
  bucket: ['SYN-RECV', 'TIME-WAIT'],
  big: [...ALL_STATES].filter((s) => s !== 'SYN-RECV' && s !== 'TIME-WAIT'),
  connected: [...ALL_STATES].filter((s) => s !== 'UNCONN' && s !== 'LISTEN'),
  synchronized: [...ALL_STATES].filter((s) => s !== 'UNCONN' && s !== 'LISTEN' && s !== 'SYN-SENT'),
};

/** The states a keyword names; undefined when it is none. */
export function statesOf(word: string): readonly string[] | undefined {
  if (GROUPS[word]) return GROUPS[word];
  const exact = STATES[word];
  if (exact !== undefined) return [exact];
  const found = Object.keys(STATES).find((s) => s.startsWith(word));
  return found === undefined ? undefined : [STATES[found]!];
}

const KEYWORDS: ReadonlySet<string> = new Set(['sport', 'dport', 'src', 'dst', 'dev', 'state']);

/** Decides about one socket. */
export type Predicate = (s: SocketInfo) => boolean;

type Comparison = '=' | '!=' | '<' | '>' | '<=' | '>=';

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '==': '=',
  eq: '=',
  '!=': '!=',
  ne: '!=',
  neq: '!=',
  '<': '<',
  lt: '<',
  '>': '>',
  gt: '>',
  '<=': '<=',
  le: '<=',
  leq: '<=',
  '>=': '>=',
  ge: '>=',
  geq: '>=',
};

function compare(a: number, op: Comparison, b: number): boolean {
  switch (op) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    default:
      return a >= b;
  }
}

function syntaxError(): never {
  throw new Quit(255, `ss: bison bellows (while parsing filter): "syntax error!" Sorry.\n${SS_USAGE}`);
}

function tokenize(words: readonly string[]): string[] {
  return words
    .join(' ')
    .replace(/([()!]|[<>=]=?|!=)/g, ' $1 ')
    .replace(/! +=/g, '!=')
    .replace(/([<>=]) +=/g, '$1=')
    .split(/\s+/)
    .filter((t) => t !== '');
}

/** Words of an expression that may be the names of hosts. */
export function hostWords(words: readonly string[]): string[] {
  const tokens = tokenize(words);
  return tokens.flatMap((word, i) => {
    const before = COMPARISONS[tokens[i - 1] ?? ''] === undefined ? tokens[i - 1] : tokens[i - 2];
    if (before !== 'src' && before !== 'dst') return [];
    const { host } = splitHost(word);
    return /^[a-z0-9][\w.-]*$/i.test(host) && !readPrefix(host, 'unspec') && COMPARISONS[host] === undefined
      ? [host]
      : [];
  });
}

/** Parses an expression. @param hosts addresses of the names in it @throws Quit */
export function parseFilter(
  words: readonly string[],
  sys: Sys,
  hosts: ReadonlyMap<string, IpAddress> = new Map(),
): Predicate {
  const tokens = tokenize(words);
  let at = 0;
  const or = (): Predicate => {
    let left = and();
    while (tokens[at] === 'or' || tokens[at] === '||' || tokens[at] === '|') {
      at++;
      const l = left;
      const r = and();
      left = (s) => l(s) || r(s);
    }
    return left;
  };
  const and = (): Predicate => {
    let left = not();
    while (
      at < tokens.length &&
      tokens[at] !== ')' &&
      tokens[at] !== 'or' &&
      tokens[at] !== '||' &&
      tokens[at] !== '|'
    ) {
      if (tokens[at] === 'and' || tokens[at] === '&&' || tokens[at] === '&') at++;
      const l = left;
      const r = not();
      left = (s) => l(s) && r(s);
    }
    return left;
  };
  const not = (): Predicate => {
    const token = tokens[at];
    if (token === 'not' || token === '!') {
      at++;
      const inner = not();
      return (s) => !inner(s);
    }
    if (token === '(') {
      at++;
      const inner = or();
      if (tokens[at++] !== ')') syntaxError();
      return inner;
    }
    return primary();
  };
  const primary = (): Predicate => {
    const key = tokens[at++];
    if (key === undefined) syntaxError();
    if (!KEYWORDS.has(key)) {
      // A bare word is read as an address before the grammar refuses it.
      readHost(key, hosts);
      syntaxError();
    }
    const opToken = tokens[at];
    const op = opToken === undefined ? undefined : COMPARISONS[opToken];
    if (op) at++;
    const value = tokens[at++];
    if (value === undefined) syntaxError();
    switch (key) {
      case 'sport':
      case 'dport': {
        const port = readPort(value);
        return (s) => compare(key === 'sport' ? s.local.port : s.remote.port, op ?? '=', port);
      }
      case 'src':
      case 'dst': {
        if (/^(unix:|\/)/.test(value)) {
          const path = pathPattern(value.replace(/^unix:/, ''));
          return (s) => path.test((key === 'src' ? s.path : undefined) ?? '') === ((op ?? '=') === '=');
        }
        const match = readHost(value, hosts);
        return (s) => match(key === 'src' ? s.local : s.remote) === ((op ?? '=') === '=');
      }
      case 'dev': {
        const link = sys.net.links.byName(value);
        return (s) => s.device !== undefined && s.device === link?.index;
      }
      case 'state': {
        const states = statesOf(value);
        if (!states) throw new Quit(255, `ss: wrong state name: ${value}\n`);
        return (s) => states.includes(s.state);
      }
      default:
        syntaxError();
    }
  };
  const result = tokens.length === 0 ? () => true : or();
  if (at < tokens.length) syntaxError();
  return result;
}

/** fnmatch(3) of a Unix socket's path. */
function pathPattern(text: string): RegExp {
  const source = text.replace(/[.+^${}()|\\]/g, '\\$&');
  return new RegExp(`^${source.replace(/\*/g, '.*').replace(/\?/g, '.')}$`, 's');
}

function readPort(text: string): number {
  const word = text.slice(text.lastIndexOf(':') + 1);
  if (/^\d+$/.test(word)) return Number(word);
  const service = servicePort(word);
  if (!service) throw new Quit(1, `Error: "${word}" does not look like a port.\nCannot parse dst/src address.\n`);
  return service.port;
}

/** The host and the port of `HOST:PORT`, either of which may be missing. */
function splitHost(text: string): { host: string; port: number | undefined } {
  let host = text;
  let port: number | undefined;
  const bracket = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracket) {
    host = bracket[1]!;
    if (bracket[2] !== undefined && bracket[2] !== '*') port = readPort(bracket[2]);
  } else if (/^[^:]*:[^:]*$/.test(text)) {
    const [h = '', p = ''] = text.split(':');
    host = h;
    if (p !== '' && p !== '*') port = readPort(p);
  }
  return { host, port };
}

function readHost(
  text: string,
  hosts: ReadonlyMap<string, IpAddress>,
): (a: { address: IpAddress; port: number }) => boolean {
  const { host, port } = splitHost(text);
  const any = host === '' || host === '*';
  const prefix = any ? undefined : readPrefix(host, 'unspec');
  const address = prefix?.address ?? hosts.get(host);
  if (!any && !prefix && address === undefined)
    throw new Quit(1, `Error: an inet prefix is expected rather than "${host}".\nCannot parse dst/src address.\n`);
  const length = prefix?.length ?? 128;
  return (a) => {
    if (port !== undefined && a.port !== port) return false;
    if (address === undefined) return true;
    const own =
      typeof address === 'number' && typeof a.address === 'string' && a.address.startsWith('::ffff:')
        ? parseIp(a.address.slice(7))!
        : a.address;
    const bits = typeof address === 'number' ? 32 : 128;
    return containsIp(address, Math.min(length, bits), own);
  };
}
