/** Words of nft's language (nftables src/scanner.l). */

/** Where something stands: 1-based line, 0-based columns, the end exclusive. */
export interface Loc {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** A word. `text` is without quotes. */
export interface Token {
  readonly type: 'word' | 'quoted' | 'number' | 'address' | 'time' | 'wildcard' | 'newline' | 'punct' | 'eof';
  readonly text: string;
  readonly loc: Loc;
}

/** What is wrong with the input, and where. */
export class NftSyntaxError extends Error {
  constructor(
    message: string,
    readonly loc: Loc,
    /** Marked with `~`. */
    readonly second?: Loc,
  ) {
    super(message);
  }
}

/** From the first token to the end of the last. */
export function span(a: Loc, b: Loc): Loc {
  return a.line === b.line ? { line: a.line, start: a.start, end: Math.max(a.end, b.end) } : a;
}

const IP6 =
  /(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?)/y;
const MAC = /[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5}(?![0-9a-fA-F:])/y;
const IP4 = /\d{1,3}(?:\.\d{1,3}){3}(?![\w])/y;
const TIME = /(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?(?![\w])/y;
const NUMBER = /0x[0-9a-fA-F]+|\d+/y;
const WORD = /[A-Za-z_.\\][A-Za-z0-9_.\\/-]*/y;
const ASTERISK = /[A-Za-z][A-Za-z0-9_.\\/-]*\*|\d[A-Za-z0-9_.\\/-]*[A-Za-z][A-Za-z0-9_.\\/-]*\*/y;
const OTHER_WORD = /\d[A-Za-z0-9_.\\/-]*[A-Za-z][A-Za-z0-9_.\\/-]*/y;
const PUNCT = /==|!=|<=|>=|<<|>>|[{}()[\],:;=<>&|^!/+*@$.~-]/y;

/** Splits input into tokens; comments are left out, `\` at the end of a line joins lines. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let begin = 0;
  let i = 0;
  const push = (type: Token['type'], t: string, from: number, to: number): void => {
    tokens.push({ type, text: t, loc: { line, start: from - begin, end: to - begin } });
  };
  const at = (re: RegExp): string | undefined => {
    re.lastIndex = i;
    const m = re.exec(text);
    return m !== null && m[0].length > 0 ? m[0] : undefined;
  };
  while (i < text.length) {
    const c = text[i]!;
    if (c === '\n') {
      push('newline', '\n', i, i + 1);
      i++;
      line++;
      begin = i;
      continue;
    }
    if (c === ' ' || c === '\t' || c === '\r') {
      i++;
      continue;
    }
    if (c === '\\' && /^[ \t]*\r?\n/.test(text.slice(i + 1, i + 40))) {
      i = text.indexOf('\n', i) + 1;
      line++;
      begin = i;
      continue;
    }
    if (c === '#') {
      const end = text.indexOf('\n', i);
      i = end < 0 ? text.length : end;
      continue;
    }
    if (c === '"') {
      const end = text.indexOf('"', i + 1);
      if (end < 0)
        throw new NftSyntaxError('syntax error, unexpected junk', { line, start: i - begin, end: i - begin + 1 });
      const inner = text.slice(i + 1, end);
      push('quoted', inner, i, end + 1);
      for (const ch of inner) if (ch === '\n') line++;
      i = end + 1;
      continue;
    }
    let m: string | undefined;
    let type: Token['type'];
    const hexish = /[0-9a-fA-F:]/.test(c);
    if (hexish && (m = at(MAC)) !== undefined) type = 'address';
    else if (hexish && (m = at(IP6)) !== undefined) type = 'address';
    else if ((m = at(IP4)) !== undefined) type = 'address';
    else if ((m = at(ASTERISK)) !== undefined) type = 'wildcard';
    else if (c >= '0' && c <= '9' && (m = at(TIME)) !== undefined && /[a-z]/.test(m)) type = 'time';
    else if (c >= '0' && c <= '9') {
      m = at(NUMBER)!;
      const longer = at(OTHER_WORD);
      // `0x10` is a number, `80-90` a range; `2abc` is a name.
      if (longer !== undefined && !longer.startsWith('0x') && /^[0-9]+[A-Za-z_]/.test(longer)) {
        m = longer;
        type = 'word';
      } else type = 'number';
    } else if ((m = at(WORD)) !== undefined && m !== '.' && c !== '\\') type = 'word';
    else if ((m = at(PUNCT)) !== undefined) type = 'punct';
    else throw new NftSyntaxError('syntax error, unexpected junk', { line, start: i - begin, end: i - begin + 1 });
    // A word that begins with a dot is the dot of a concatenation glued to it.
    if (type === 'word' && c === '.') {
      m = '.';
      type = 'punct';
    }
    push(type, m, i, i + m.length);
    i += m.length;
  }
  if (tokens.length > 0 && tokens[tokens.length - 1]!.type !== 'newline') push('newline', '\n', i, i + 1);
  push('eof', '', i, i + 1);
  return tokens;
}

/** Words of the grammar: in messages they stand for themselves, any other one is a "string". */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'table chain rule rules sets set element map flowtable handle ruleset trace inet netdev add update replace create insert ' +
    'delete get list reset flush rename describe export destroy monitor import accept drop continue jump goto return to ' +
    'constant interval dynamic auto-merge timeout gc-interval elements expires policy memory performance size flow offload ' +
    'meter meters flowtables number-of hook device devices tables chains index comment xml json vm last position ' +
    'performance fib type typeof limit counter counters quota quotas secmark secmarks log prefix group snaplen queue-threshold ' +
    'level queue num bypass fanout dup fwd masquerade snat dnat redirect random fully-random persistent reject with reset ' +
    'icmp icmpv6 icmpx ip ip6 arp ether vlan tcp udp udplite sctp dccp th ah esp comp igmp meta ct mark rt socket tproxy ' +
    'notrack numgen jhash symhash seed mod offset saddr daddr sport dport vmap over used until rate burst bytes packets ' +
    'second minute hour day week and or xor lshift rshift eq ne lt gt le ge not exists missing counter include define ' +
    'redefine undefine vmap osf synproxy exthdr iif iifname iifgroup iiftype oif oifname oifgroup oiftype skuid skgid priority ' +
    'frag hbh dst rt0 mh option options flags dormant flow state status direction l4proto nfproto protocol length'
  ).split(/\s+/),
);
