/** dig's command line (bin/dig/dig.c of BIND 9.18). */
import type { IpAddress } from '../../wire';
import { DNS_TYPE, parseIp, reverseName } from '../../wire';
import { Stop } from '../network/common';
import { DIG_USAGE } from './help';
import { classByName, typeByName } from './text';

/** What holds for one lookup; what stands before the first name holds for all. */
export interface DigLookup {
  name: string;
  type: number;
  typeSet: boolean;
  classSet: boolean;
  class: number;
  tcp: boolean | undefined;
  time: number | undefined;
  tries: number;
  search: boolean;
  ndots: number | undefined;
  domain: string | undefined;
  rd: boolean;
  ad: boolean;
  cd: boolean;
  aa: boolean;
  tc: boolean;
  ra: boolean;
  z: boolean;
  opcode: number;
  id: number | undefined;
  /** undefined: no EDNS. */
  edns: number | undefined;
  udpSize: number;
  dnssec: boolean;
  cookie: boolean;
  cookieValue: string | undefined;
  nsid: boolean;
  subnet: { readonly address: IpAddress; readonly length: number } | undefined;
  extraOptions: readonly { readonly code: number; readonly bytes: Uint8Array }[];
  noQuestion: boolean;
  failStops: boolean;
  ignore: boolean;
  trace: boolean;
  qr: boolean;
  showSearch: boolean;
  comments: boolean;
  question: boolean;
  answer: boolean;
  authority: boolean;
  additional: boolean;
  stats: boolean;
  identify: boolean;
  ttl: boolean;
  showClass: boolean;
  ttlUnits: boolean;
  multiline: boolean;
  unknown: boolean;
  expandAaaa: boolean;
  /** The command line, for the greeting: set by the first name unless `+nocmd` or `+short` came before. */
  greeting: string | undefined;
}

/** The whole command line. */
export interface DigCommand {
  readonly lookups: readonly DigLookup[];
  /** `@server`s in order. */
  readonly servers: readonly string[];
  readonly family: 'inet' | 'inet6' | 'any';
  readonly port: number;
  readonly source: { readonly address: IpAddress; readonly port: number } | undefined;
  readonly short: boolean;
  readonly cmd: boolean;
  readonly micros: boolean;
  /** Lines for standard error before anything is asked. */
  readonly warnings: readonly string[];
  readonly show: 'help' | 'version' | undefined;
}

function defaults(): DigLookup {
  return {
    name: '.',
    type: DNS_TYPE.A,
    typeSet: false,
    classSet: false,
    class: 1,
    tcp: undefined,
    time: undefined,
    tries: 3,
    search: false,
    ndots: undefined,
    domain: undefined,
    rd: true,
    ad: true,
    cd: false,
    aa: false,
    tc: false,
    ra: false,
    z: false,
    opcode: 0,
    id: undefined,
    edns: 0,
    udpSize: 1232,
    dnssec: false,
    cookie: true,
    cookieValue: undefined,
    nsid: false,
    subnet: undefined,
    extraOptions: [],
    noQuestion: false,
    failStops: true,
    ignore: false,
    trace: false,
    qr: false,
    showSearch: false,
    comments: true,
    question: true,
    answer: true,
    authority: true,
    additional: true,
    stats: true,
    identify: false,
    ttl: true,
    showClass: true,
    ttlUnits: false,
    multiline: false,
    unknown: false,
    expandAaaa: false,
    greeting: undefined,
  };
}

/** The end with the usage, as after an option that dig does not have. */
function invalid(option: string): never {
  throw new Stop(
    1,
    `Invalid option: ${option}\n${DIG_USAGE}\nUse "dig -h" (or "dig -h | more") for complete list of options\n`,
  );
}

function missing(option: string): never {
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

/** The name below in-addr.arpa or ip6.arpa for `-x`: also of parts of addresses. */
export function reverseOf(text: string): string {
  const address = parseIp(text);
  if (address !== undefined) return reverseName(address);
  return `${text.split('.').reverse().join('.')}.in-addr.arpa`;
}

/** Takes a command line apart. @throws Stop */
export function parseDig(argv: readonly string[], version: string): DigCommand {
  const base = defaults();
  const lookups: DigLookup[] = [];
  const servers: string[] = [];
  const warnings: string[] = [];
  const state = {
    family: 'any' as DigCommand['family'],
    port: 53,
    source: undefined as DigCommand['source'],
    short: false,
    cmd: true,
    micros: false,
    show: undefined as DigCommand['show'],
  };
  // Types and classes may come before the name they belong to.
  let early: DigLookup | undefined;
  const current = (): DigLookup => lookups.at(-1) ?? base;
  const newLookup = (name: string): DigLookup => {
    const l = { ...base, name };
    if (early)
      Object.assign(l, { type: early.type, typeSet: early.typeSet, class: early.class, classSet: early.classSet });
    early = undefined;
    if (lookups.length === 0 && state.cmd) {
      const found = servers.length;
      l.greeting = `\n; <<>> DiG ${version} <<>>${argv
        .slice(1)
        .map((a) => ` ${a}`)
        .join('')}\n${found > 0 ? '@' : ''};; global options:${state.short ? ' +short' : ''} +cmd\n`;
    }
    lookups.push(l);
    return l;
  };
  const plus = (word: string): void => {
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
    const l = current();
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
  };
  const setType = (l: DigLookup, text: string): void => {
    const type = /^ixfr=/i.test(text) ? 251 : typeByName(text);
    if (type === undefined) {
      warnings.push(`;; Warning, ignoring invalid type ${text}`);
      return;
    }
    if (l.typeSet) warnings.push(';; Warning, extra type option');
    l.type = type;
    l.typeSet = true;
  };
  const dash = (word: string, next: () => string | undefined): void => {
    for (let k = 1; k < word.length; k++) {
      const letter = word[k]!;
      if (letter === '4') state.family = 'inet';
      else if (letter === '6') state.family = 'inet6';
      else if (letter === 'h') state.show ??= 'help';
      else if (letter === 'v') state.show ??= 'version';
      else if (letter === 'u') state.micros = true;
      else if ('imr'.includes(letter)) continue;
      else {
        const value = k + 1 < word.length ? word.slice(k + 1) : next();
        if (!'bcfkpqtxy'.includes(letter) || value === undefined || value === '') invalid(word);
        dashValue(letter, value);
        return;
      }
    }
  };
  const dashValue = (letter: string, value: string): void => {
    const target = lookups.at(-1) ?? (early ??= { ...base });
    switch (letter) {
      case 'b': {
        const [text = '', port = '0'] = value.split('#');
        const address = parseIp(text);
        if (address === undefined) throw new Stop(1, `dig: invalid address ${text}\n`);
        state.source = { address, port: Number(port) };
        break;
      }
      case 'c': {
        const klass = classByName(value);
        if (klass === undefined) warnings.push(`;; Warning, ignoring invalid class ${value}`);
        else target.class = klass;
        break;
      }
      case 'p': {
        const bad = !/^\d+$/.test(value) ? 'not a valid number' : Number(value) > 65535 ? 'out of range' : undefined;
        if (bad) throw new Stop(1, "dig: Couldn't parse port number\n", `invalid port number '${value}': ${bad}\n`);
        state.port = Number(value);
        break;
      }
      case 'q':
        newLookup(value);
        break;
      case 't':
        setType(target, value);
        break;
      case 'x': {
        const l = newLookup(reverseOf(value));
        if (!l.typeSet) l.type = DNS_TYPE.PTR;
        l.typeSet = l.classSet = true;
        break;
      }
      default:
        missing(`-${letter}`);
    }
  };
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (word.startsWith('@')) servers.push(word.slice(1));
    else if (word.startsWith('+')) plus(word.slice(1));
    else if (word.startsWith('-')) {
      if (word.startsWith('--')) invalid(word);
      dash(word, () => argv[++i]);
    } else {
      const target = lookups.at(-1) ?? (early ??= { ...base });
      const type = /^ixfr=/i.test(word) ? 251 : typeByName(word);
      const klass = classByName(word);
      if (type !== undefined && !(word.toUpperCase() === 'ANY' && target.typeSet)) {
        setType(target, word);
        continue;
      }
      if (klass !== undefined) {
        target.class = klass;
        target.classSet = true;
        continue;
      }
      newLookup(word);
    }
  }
  if (lookups.length === 0) {
    const l = newLookup('.');
    if (!l.typeSet) l.type = DNS_TYPE.NS;
  }
  return { ...state, lookups, servers, warnings };
}
