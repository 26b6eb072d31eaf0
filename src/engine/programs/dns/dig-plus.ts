/** dig's `+` options (plus_option of bin/dig/dig.c, BIND 9.18). */
import { parseIp } from '../../wire';
import { Stop } from '../network/common';
import { DIG_USAGE } from './help';
import type { DigLookup } from './dig-lookup';

/** The end with the usage, as after an option that dig does not have. */
export function invalid(option: string): never {
  throw new Stop(
    1,
    `Invalid option: ${option}\n${DIG_USAGE}\nUse "dig -h" (or "dig -h | more") for complete list of options\n`,
  );
}

/** @throws Stop: an option of dig's that this course does not simulate */
export function missing(option: string): never {
  throw new Stop(10, `dig: not simulated in this course: ${option}\n`);
}

const FLAGS: Readonly<Record<string, (l: DigLookup, on: boolean) => void>> = {
  aaflag: (l, on) => (l.aa = on),
  aaonly: (l, on) => (l.aa = on),
  additional: (l, on) => (l.additional = on),
  adflag: (l, on) => (l.ad = on),
  answer: (l, on) => (l.answer = on),
  authority: (l, on) => (l.authority = on),
  badcookie: () => undefined,
  besteffort: () => undefined,
  cdflag: (l, on) => (l.cd = on),
  class: (l, on) => (l.showClass = on),
  comments: (l, on) => (l.comments = on),
  crypto: () => undefined,
  defname: (l, on) => (l.search = on),
  dnssec: (l, on) => {
    l.dnssec = on;
    if (on) l.edns ??= 0;
  },
  do: (l, on) => {
    l.dnssec = on;
    if (on) l.edns ??= 0;
  },
  ednsnegotiation: () => undefined,
  expandaaaa: (l, on) => (l.expandAaaa = on),
  expire: () => undefined,
  fail: (l, on) => (l.failStops = on),
  'header-only': (l, on) => (l.noQuestion = on),
  identify: (l, on) => (l.identify = on),
  idnin: () => undefined,
  idnout: () => undefined,
  ignore: (l, on) => (l.ignore = on),
  keepalive: () => undefined,
  keepopen: () => undefined,
  multiline: (l, on) => (l.multiline = on),
  nsid: (l, on) => (l.nsid = on),
  onesoa: () => undefined,
  qr: (l, on) => (l.qr = on),
  question: (l, on) => (l.question = on),
  raflag: (l, on) => (l.ra = on),
  rdflag: (l, on) => (l.rd = on),
  recurse: (l, on) => (l.rd = on),
  rrcomments: () => undefined,
  search: (l, on) => (l.search = on),
  showbadcookie: () => undefined,
  showsearch: (l, on) => (l.showSearch = l.search = on),
  split: () => undefined,
  stats: (l, on) => (l.stats = on),
  tcflag: (l, on) => (l.tc = on),
  tcp: (l, on) => (l.tcp = on),
  trace: (l, on) => {
    l.trace = on;
    if (on) {
      l.rd = false;
      l.comments = l.question = l.additional = false;
      l.stats = l.dnssec = true;
    }
  },
  ttlid: (l, on) => (l.ttl = on),
  ttlunits: (l, on) => (l.ttlUnits = on),
  unknownformat: (l, on) => (l.unknown = on),
  vc: (l, on) => (l.tcp = on),
  zflag: (l, on) => (l.z = on),
};

const VALUED = [
  'bufsize',
  'cookie',
  'domain',
  'edns',
  'ednsopt',
  'ednsflags',
  'ndots',
  'opcode',
  'padding',
  'qid',
  'retry',
  'subnet',
  'time',
  'timeout',
  'tries',
];

const GLOBAL = ['all', 'cmd', 'short'];

const MISSING = [
  'dns64prefix',
  'https',
  'https-get',
  'http-plain',
  'http-plain-get',
  'nssearch',
  'tls',
  'tls-ca',
  'tls-hostname',
  'tls-certfile',
  'tls-keyfile',
  'yaml',
  'coflag',
];

const NAMES = [...Object.keys(FLAGS), ...VALUED, ...GLOBAL, ...MISSING];

function number(text: string, what: string, limit: number): number {
  const complain = (why: string): never => {
    throw new Stop(10, `dig: Couldn't parse ${what}\n`, `invalid ${what} '${text}': ${why}\n`);
  };
  if (!/^\d+$/.test(text)) complain('not a valid number');
  if (Number(text) > limit) complain('out of range');
  return Number(text);
}

/** Sets what `+WORD` says, for one lookup and for the whole command. @throws Stop on an unknown or missing one */
export function plusOption(word: string, l: DigLookup, state: { short: boolean; cmd: boolean }): void {
  const eq = word.indexOf('=');
  const value = eq < 0 ? undefined : word.slice(eq + 1);
  let name = (eq < 0 ? word : word.slice(0, eq)).toLowerCase();
  const no = name.startsWith('no') && !NAMES.includes(name);
  if (no) name = name.slice(2);
  const full = NAMES.includes(name) ? name : NAMES.find((n) => name.length > 1 && n.startsWith(name));
  if (full === undefined) invalid(`+${eq < 0 ? word : word.slice(0, eq)}`);
  if (MISSING.includes(full)) {
    if (no) return;
    missing(`+${full}`);
  }
  const flag = FLAGS[full];
  if (flag) {
    flag(l, !no);
    return;
  }
  const need = (): string => value ?? invalid(`+${word}`);
  switch (full) {
    case 'all':
      for (const k of ['comments', 'question', 'answer', 'authority', 'additional', 'stats'] as const) l[k] = !no;
      state.cmd = !no;
      break;
    case 'cmd':
      state.cmd = !no;
      break;
    case 'short':
      state.short = !no;
      if (!no) {
        state.cmd = false;
        l.comments = l.question = l.authority = l.additional = l.stats = false;
        l.answer = true;
      }
      break;
    case 'bufsize':
      l.udpSize = value === undefined ? (no ? 0 : 1232) : number(value, 'buffer size', 65535);
      if (!no) l.edns ??= 0;
      break;
    case 'cookie':
      l.cookie = !no;
      l.cookieValue = value;
      if (!no) l.edns ??= 0;
      break;
    case 'domain':
      l.domain = need();
      l.search = true;
      break;
    case 'edns':
      l.edns = no ? undefined : value === undefined ? 0 : number(value, 'edns', 255);
      break;
    case 'ednsopt': {
      if (no) {
        l.extraOptions = [];
        break;
      }
      const [code = '', digits = ''] = need().split(':');
      const bytes = Uint8Array.from((digits.match(/../g) ?? []).map((d) => parseInt(d, 16)));
      l.extraOptions = [...l.extraOptions, { code: number(code, 'ednsopt', 65535), bytes }];
      l.edns ??= 0;
      break;
    }
    case 'ednsflags':
    case 'padding':
      break;
    case 'ndots':
      l.ndots = number(need(), 'ndots', 15);
      break;
    case 'opcode':
      l.opcode = number(need(), 'opcode', 15);
      break;
    case 'qid':
      l.id = number(need(), 'query ID', 65535);
      break;
    case 'retry':
      l.tries = number(need(), 'retries', 1024) + 1;
      break;
    case 'tries':
      l.tries = Math.max(1, number(need(), 'tries', 1024));
      break;
    case 'time':
    case 'timeout':
      l.time = Math.max(1, number(need(), 'timeout', 65535));
      break;
    case 'subnet': {
      if (no) {
        l.subnet = undefined;
        break;
      }
      const [text = '', length] = need().split('/');
      const address = parseIp(text);
      if (address === undefined) throw new Stop(1, `dig: invalid prefix '${value}'\n`);
      l.subnet = {
        address,
        length: length === undefined ? (typeof address === 'number' ? 32 : 128) : Number(length),
      };
      l.edns ??= 0;
      break;
    }
  }
}
