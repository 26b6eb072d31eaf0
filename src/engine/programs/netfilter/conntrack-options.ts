/** The command line of conntrack(8): commands, options, and those that a protocol adds. */
import { containsIp, parseIp, parseIp4 } from '../../wire';
import type { IpAddress } from '../../wire';
import { CT_STATUS, TCP_STATES, protocolNumber } from '../../net/conntrack';

/** A command line that is refused: its message and exit status 2, with a hint at the help. */
export class ParameterProblem extends Error {
  constructor(
    message: string,
    /** Written to standard error before. */
    readonly before = '',
  ) {
    super(message);
  }
}

/** What is done: one letter, as on the command line. */
export type Command = 'L' | 'I' | 'D' | 'U' | 'G' | 'F' | 'E' | 'V' | 'h' | 'C' | 'S' | 'A' | '';

/** Tables by the names of the first argument of a command. */
export type Table = 'conntrack' | 'expect' | 'dying' | 'unconfirmed';

/** A value under a mask. */
interface Masked {
  readonly value: number;
  readonly mask: number;
}

/** An address, a prefix of it, and for NAT a port. */
export interface AddressSpec {
  readonly address: IpAddress;
  readonly length: number;
  readonly port: number | undefined;
}

/** Everything that was asked. */
export interface Request {
  command: Command;
  table: Table;
  family: 'inet' | 'inet6' | undefined;
  protocol: number | undefined;
  src: AddressSpec | undefined;
  dst: AddressSpec | undefined;
  replySrc: AddressSpec | undefined;
  replyDst: AddressSpec | undefined;
  /** Undefined: not asked for; null: any translation of that kind. */
  srcNat: AddressSpec | null | undefined;
  dstNat: AddressSpec | null | undefined;
  anyNat: AddressSpec | null | undefined;
  sport: number | undefined;
  dport: number | undefined;
  replySport: number | undefined;
  replyDport: number | undefined;
  icmpType: number | undefined;
  icmpCode: number | undefined;
  icmpId: number | undefined;
  state: number | undefined;
  mark: Masked | undefined;
  status: number | undefined;
  statusUnset: boolean;
  /** -u UNREPLIED: only those that nobody answered. */
  unreplied: boolean;
  timeout: number | undefined;
  zone: number | undefined;
  zero: boolean;
  events: Set<'NEW' | 'UPDATE' | 'DESTROY'>;
  output: Set<string>;
  /** Warnings for standard error. */
  warnings: string;
}

interface OptionSpec {
  /** The name by which messages call it, and the key below. */
  readonly key: string;
  readonly arg: 'none' | 'one' | 'maybe';
}

const option = (key: string, arg: OptionSpec['arg'] = 'one'): OptionSpec => ({ key, arg });

const SHORT: Readonly<Record<string, OptionSpec>> = {
  s: option('src'),
  d: option('dst'),
  r: option('reply-src'),
  q: option('reply-dst'),
  p: option('protonum'),
  t: option('timeout'),
  u: option('status'),
  z: option('zero', 'none'),
  e: option('event-mask'),
  m: option('mark'),
  f: option('family'),
  n: option('src-nat', 'maybe'),
  g: option('dst-nat', 'maybe'),
  j: option('any-nat', 'maybe'),
  o: option('output'),
  c: option('secmark'),
  b: option('buffer-size'),
  w: option('zone'),
  l: option('label'),
};
const LONG: Readonly<Record<string, OptionSpec>> = {
  src: SHORT.s!,
  'orig-src': SHORT.s!,
  dst: SHORT.d!,
  'orig-dst': SHORT.d!,
  'reply-src': SHORT.r!,
  'reply-dst': SHORT.q!,
  protonum: SHORT.p!,
  timeout: SHORT.t!,
  status: SHORT.u!,
  zero: SHORT.z!,
  'event-mask': SHORT.e!,
  'tuple-src': option('tuple-src'),
  'tuple-dst': option('tuple-dst'),
  'mask-src': option('mask-src'),
  'mask-dst': option('mask-dst'),
  mark: SHORT.m!,
  secmark: SHORT.c!,
  family: SHORT.f!,
  'src-nat': SHORT.n!,
  'dst-nat': SHORT.g!,
  'any-nat': SHORT.j!,
  output: SHORT.o!,
  'buffer-size': SHORT.b!,
  zone: SHORT.w!,
  label: SHORT.l!,
  'label-add': option('label-add'),
  'label-del': option('label-del', 'maybe'),
  'orig-zone': option('orig-zone'),
  'reply-zone': option('reply-zone'),
};
const COMMANDS: Readonly<Record<string, Command>> = {
  dump: 'L',
  create: 'I',
  add: 'A',
  delete: 'D',
  update: 'U',
  get: 'G',
  flush: 'F',
  event: 'E',
  version: 'V',
  help: 'h',
  count: 'C',
  stats: 'S',
};
const PORTS: Readonly<Record<string, string>> = {
  'orig-port-src': 'sport',
  sport: 'sport',
  'orig-port-dst': 'dport',
  dport: 'dport',
  'reply-port-src': 'replySport',
  'reply-port-dst': 'replyDport',
};
const BY_PROTOCOL: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  1: { 'icmp-type': 'icmpType', 'icmp-code': 'icmpCode', 'icmp-id': 'icmpId' },
  6: { ...PORTS, state: 'state' },
  17: PORTS,
  58: { 'icmpv6-type': 'icmpType', 'icmpv6-code': 'icmpCode', 'icmpv6-id': 'icmpId' },
  132: PORTS,
  136: PORTS,
};

const FILTER =
  'src dst reply-src reply-dst protonum mask-src mask-dst mark family src-nat dst-nat output any-nat zone label orig-zone reply-zone';
/** Options a command takes; with `!` those it must have. In the order in which they are missed. */
const ALLOWED: Readonly<Record<Command, string>> = {
  L: `${FILTER} status zero secmark`,
  I: 'src dst reply-src reply-dst !protonum !timeout status mark src-nat dst-nat zone label-add orig-zone reply-zone',
  A: 'src dst reply-src reply-dst !protonum !timeout status mark src-nat dst-nat zone label-add orig-zone reply-zone',
  U: 'src dst reply-src reply-dst protonum timeout status mask-src mask-dst mark id family src-nat dst-nat output label label-add label-del',
  D: `${FILTER} timeout status id`,
  G: 'src dst reply-src reply-dst !protonum id output zone orig-zone reply-zone',
  F: 'family',
  E: `${FILTER} event-mask secmark buffer-size`,
  V: '',
  h: '',
  C: '',
  S: '',
  '': '',
};
/** In the order in which they are looked at. */
const ORDER =
  'src dst reply-src reply-dst protonum timeout status zero event-mask tuple-src tuple-dst mask-src mask-dst nat-range mark id family src-nat dst-nat output secmark buffer-size any-nat zone label label-add label-del orig-zone reply-zone'.split(
    ' ',
  );

const STATUS: Readonly<Record<string, number>> = {
  ASSURED: CT_STATUS.ASSURED,
  SEEN_REPLY: CT_STATUS.SEEN_REPLY,
  UNSET: 0,
  UNREPLIED: 0,
  FIXED_TIMEOUT: CT_STATUS.FIXED_TIMEOUT,
  EXPECTED: CT_STATUS.EXPECTED,
  SRC_NAT: 0,
  DST_NAT: 0,
  OFFLOAD: 1 << 14,
  HW_OFFLOAD: 1 << 15,
};
const OUTPUTS = ['xml', 'extended', 'timestamp', 'id', 'ktimestamp', 'labels', 'userspace', 'save'];

/** Names separated by commas; each may be cut and in any case. @throws ParameterProblem */
function parameters(text: string, names: readonly string[]): string[] {
  const words = text.split(',');
  return words.map((word, i) => {
    const found = names.find((n) => word !== '' && n.toLowerCase().startsWith(word.toLowerCase()));
    if (found === undefined) throw new ParameterProblem(`Bad parameter \`${words.slice(i).join(',')}'`);
    return found;
  });
}

/** strtoul(3), whatever follows. */
function number(text: string): number {
  const m = /^\s*(0[xX][0-9a-fA-F]+|\d+)/.exec(text);
  if (!m) return 0;
  return (m[1]!.length > 1 && /^0\d/.test(m[1]!) ? parseInt(m[1]!, 8) : Number(m[1])) >>> 0;
}

function addressSpec(text: string, withPort: boolean): AddressSpec {
  let word = text;
  let port: number | undefined;
  if (withPort) {
    const m = /^\[(.*)\](?::(\d+))?$/.exec(word) ?? /^([^:]*)(?::(\d+))?$/.exec(word);
    if (m) {
      word = m[1]!;
      if (m[2] !== undefined) port = Number(m[2]);
    }
  }
  const slash = withPort ? -1 : word.indexOf('/');
  const address = parseIp(slash < 0 ? word : word.slice(0, slash));
  if (address === undefined) throw new ParameterProblem(`Invalid IP address \`${text}'`);
  let length = typeof address === 'number' ? 32 : 128;
  if (slash >= 0) {
    const tail = word.slice(slash + 1);
    const n = Number(tail);
    if (!/^\d+$/.test(tail) || n > length) throw new ParameterProblem('Invalid netmask');
    length = n;
  }
  return { address, length, port };
}

/** Does an address fit what was asked? */
export function fits(spec: AddressSpec | undefined, address: IpAddress): boolean {
  return spec === undefined || containsIp(spec.address, spec.length, address);
}

function empty(): Request {
  return {
    command: '',
    table: 'conntrack',
    family: undefined,
    protocol: undefined,
    src: undefined,
    dst: undefined,
    replySrc: undefined,
    replyDst: undefined,
    srcNat: undefined,
    dstNat: undefined,
    anyNat: undefined,
    sport: undefined,
    dport: undefined,
    replySport: undefined,
    replyDport: undefined,
    icmpType: undefined,
    icmpCode: undefined,
    icmpId: undefined,
    state: undefined,
    mark: undefined,
    status: undefined,
    statusUnset: false,
    unreplied: false,
    timeout: undefined,
    zone: undefined,
    zero: false,
    events: new Set(),
    output: new Set(),
    warnings: '',
  };
}

/** Reads one command line word by word. */
class Reader {
  readonly request = empty();
  private readonly given = new Set<string>();
  private at = 1;
  private maskSrc: number | undefined;
  private maskDst: number | undefined;

  constructor(private readonly argv: readonly string[]) {}

  read(): Request {
    const { argv, request } = this;
    while (this.at < argv.length) {
      const word = argv[this.at]!;
      // Operands that no option takes are passed over.
      if (word.length < 2 || word[0] !== '-') this.at++;
      else if (word.startsWith('--')) this.long(word);
      else this.shorts(word);
    }
    this.check();
    if (this.maskSrc !== undefined && request.src) request.src = { ...request.src, length: this.maskSrc };
    if (this.maskDst !== undefined && request.dst) request.dst = { ...request.dst, length: this.maskDst };
    return request;
  }

  private unknown(word: string): never {
    throw new ParameterProblem(`unknown option \`${word}'`);
  }

  private shorts(word: string): void {
    this.at++;
    for (let i = 1; i < word.length; i++) {
      const c = word[i]!;
      const rest = word.slice(i + 1);
      if ('LIDUGFEVhCSA'.includes(c)) {
        this.command(c as Command, rest === '' ? undefined : rest);
        if (rest !== '' && !'Vh'.includes(c)) return;
        continue;
      }
      const spec = SHORT[c];
      if (spec === undefined) this.unknown(`-${c}`);
      if (spec.arg === 'none') {
        this.take(spec.key, undefined);
        continue;
      }
      this.take(spec.key, rest !== '' ? rest : this.argument(spec, word));
      return;
    }
  }

  private long(word: string): void {
    this.at++;
    const eq = word.indexOf('=');
    const name = eq < 0 ? word.slice(2) : word.slice(2, eq);
    const value = eq < 0 ? undefined : word.slice(eq + 1);
    const extra = this.request.protocol === undefined ? {} : (BY_PROTOCOL[this.request.protocol] ?? {});
    const names = [...Object.keys(LONG), ...Object.keys(COMMANDS), ...Object.keys(extra)];
    const exact = names.includes(name) ? [name] : names.filter((n) => n.startsWith(name));
    if (name === '' || exact.length !== 1) this.unknown(word);
    const found = exact[0]!;
    if (found in COMMANDS) return this.command(COMMANDS[found]!, value);
    if (found in extra) return this.protocolOption(extra[found]!, value ?? this.argument(option(found), word));
    const spec = LONG[found]!;
    this.take(spec.key, spec.arg === 'none' ? undefined : (value ?? this.argument(spec, word)));
  }

  private argument(spec: OptionSpec, word: string): string | undefined {
    const next = this.argv[this.at];
    if (spec.arg === 'maybe') {
      if (next === undefined || next.startsWith('-')) return undefined;
      this.at++;
      return next;
    }
    if (next === undefined) throw new ParameterProblem(`option \`${word}' requires an argument`);
    this.at++;
    return next;
  }

  private command(command: Command, value: string | undefined): void {
    const { request } = this;
    if (request.command !== '') throw new ParameterProblem('Invalid commands combination');
    request.command = command;
    if (command === 'V' || command === 'h') return;
    // What is attached to the option is taken from it, and then not looked at.
    if (value !== undefined) return;
    let table: string | undefined;
    const next = this.argv[this.at];
    if (next !== undefined && !next.startsWith('-')) {
      table = next;
      this.at++;
    }
    if (table === undefined) return;
    const found = (['conntrack', 'expect', 'dying', 'unconfirmed'] as const).find((t) => t.startsWith(table));
    if (found === undefined || table === '') throw new ParameterProblem(`unknown type \`${table}'`);
    request.table = found;
  }

  private protocolOption(key: string, text: string | undefined): void {
    const { request } = this;
    if (key === 'state') {
      const state = (TCP_STATES as readonly string[]).indexOf(text!);
      if (state < 1 && text !== 'NONE') throw new ParameterProblem(`unknown TCP state \`${text}'`);
      request.state = state;
      return;
    }
    (request as unknown as Record<string, number>)[key] =
      number(text!) & (key === 'icmpType' || key === 'icmpCode' ? 0xff : 0xffff);
  }

  private take(key: string, text: string | undefined): void {
    const { request: r } = this;
    this.given.add(key);
    const nat = (): AddressSpec | null => (text === undefined ? null : addressSpec(text, true));
    switch (key) {
      case 'src':
        r.src = addressSpec(text!, false);
        break;
      case 'dst':
        r.dst = addressSpec(text!, false);
        break;
      case 'reply-src':
        r.replySrc = addressSpec(text!, false);
        break;
      case 'reply-dst':
        r.replyDst = addressSpec(text!, false);
        break;
      case 'mask-src':
      case 'mask-dst': {
        const mask = parseIp4(text!);
        if (mask === undefined) throw new ParameterProblem(`Invalid IP address \`${text}'`);
        const length = mask === 0 ? 0 : Math.clz32(~mask);
        if (key === 'mask-src') this.maskSrc = length;
        else this.maskDst = length;
        break;
      }
      case 'protonum': {
        const known = protocolNumber(text!.toLowerCase());
        const n = known ?? (/^\d+$/.test(text!) ? Number(text) : NaN);
        if (!(n >= 0 && n <= 255)) throw new ParameterProblem(`\`${text}' unsupported protocol`);
        r.protocol = n;
        break;
      }
      case 'timeout':
        r.timeout = number(text!);
        break;
      case 'status': {
        r.status = 0;
        for (const name of parameters(text!, Object.keys(STATUS))) {
          if (name === 'SRC_NAT' || name === 'DST_NAT')
            r.warnings += `WARNING: ignoring ${name}, use --${name === 'SRC_NAT' ? 'src' : 'dst'}-nat instead\n`;
          if (name === 'UNREPLIED') r.unreplied = true;
          r.status |= STATUS[name]!;
        }
        r.statusUnset = r.status === 0 && !r.unreplied;
        break;
      }
      case 'zero':
        r.zero = true;
        break;
      case 'event-mask':
        for (const name of parameters(text!, ['ALL', 'NEW', 'UPDATES', 'DESTROY'])) {
          if (name === 'ALL') for (const e of ['NEW', 'UPDATE', 'DESTROY'] as const) r.events.add(e);
          else r.events.add(name === 'UPDATES' ? 'UPDATE' : (name as 'NEW'));
        }
        break;
      case 'mark': {
        const slash = text!.indexOf('/');
        const mask = slash < 0 ? 0xffffffff : number(text!.slice(slash + 1));
        r.mark = { value: number(text!), mask };
        break;
      }
      case 'family':
        if (text === 'ipv4' || text === 'inet') r.family = 'inet';
        else if (text === 'ipv6' || text === 'inet6') r.family = 'inet6';
        else throw new ParameterProblem(`\`${text}' unsupported protocol`);
        break;
      case 'src-nat':
        r.srcNat = nat();
        break;
      case 'dst-nat':
        r.dstNat = nat();
        break;
      case 'any-nat':
        r.anyNat = nat();
        break;
      case 'output':
        for (const name of parameters(text!, OUTPUTS)) r.output.add(name);
        break;
      case 'zone':
      case 'orig-zone':
      case 'reply-zone':
        r.zone = number(text!);
        break;
      case 'label':
      case 'label-add':
      case 'label-del':
        if (text !== undefined)
          throw new ParameterProblem(`unknown label '${text}'`, 'nfct_labelmap_new: No such file or directory\n');
        break;
      default:
    }
  }

  /** generic_opt_check */
  private check(): void {
    const words = ALLOWED[this.request.command].split(' ');
    for (const key of ORDER) {
      const must = words.includes(`!${key}`);
      if (this.given.has(key)) {
        if (!must && !words.includes(key)) throw new ParameterProblem(`Illegal option \`--${key}' with this command`);
      } else if (must) throw new ParameterProblem(`You need to supply the \`--${key}' option for this command`);
    }
    if (
      this.request.zero &&
      ['src', 'dst', 'reply-src', 'reply-dst', 'protonum', 'mark'].some((k) => this.given.has(k))
    )
      throw new ParameterProblem("Can't use -z with filtering parameters");
  }
}

/** Reads the command line. @throws ParameterProblem */
export function readCommandLine(argv: readonly string[]): Request {
  return new Reader(argv).read();
}
