/** What dig is asked to do: lookups with all that holds for each of them. */
import { DNS_TYPE } from '../../wire';
import type { IpAddress } from '../../wire';

/** What holds for one lookup; what stands before the first name holds for all. */
export interface DigLookup {
  name: string;
  type: number;
  typeSet: boolean;
  classSet: boolean;
  class: number;
  tcp: boolean | undefined;
  time: number | undefined;
  /** undefined: what resolv.conf says, or 3. */
  tries: number | undefined;
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
  /** -f: a file of command lines. */
  readonly batch: string | undefined;
  /** What holds for a lookup that says nothing. */
  readonly base: DigLookup;
}

/** What holds when the command line says nothing. */
export function defaults(): DigLookup {
  return {
    name: '.',
    type: DNS_TYPE.A,
    typeSet: false,
    classSet: false,
    class: 1,
    tcp: undefined,
    time: undefined,
    tries: undefined,
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
