/** The command line of ncat. */
import type { Family } from '../../../net';
import type { Flags } from '../../lib/options';
import { getoptOr, setFlag } from '../../lib/options';
import { Stop } from '../common';
import { NCAT_HELP, NCAT_VERSION } from './help';

/** Port that is used when none is given. */
export const DEFAULT_PORT = 31337;

/** What an ncat command line asks for. */
export interface NcatOptions {
  listen: boolean;
  keep: boolean;
  udp: boolean;
  unix: boolean;
  verbose: number;
  zero: boolean;
  sendOnly: boolean;
  receiveOnly: boolean;
  crlf: boolean;
  noShutdown: boolean;
  chat: boolean;
  family: Family | undefined;
  /** Microseconds. */
  wait: number | undefined;
  idle: number | undefined;
  delay: number;
  command: readonly string[] | undefined;
  source: string | undefined;
  port: string | undefined;
}

/** Ends the program the way it says that it cannot go on. @throws Stop always */
export const quit = (text: string): never => {
  throw new Stop(2, `Ncat: ${text} QUITTING.\n`);
};

function time(text: string, option: string): number {
  const m = /^(\d+\.?\d*|\.\d+)(ms|s|m|h)?$/.exec(text);
  const value = m ? Number(m[1]) * { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 }[(m[2] ?? 's') as 's'] : 0;
  if (value <= 0) quit(`Invalid -${option} timeout "${text}" (must be greater than 0 and less than 2147483s).`);
  return value;
}

/** A port of the command line. @throws Stop */
export function portOf(text: string): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || n < 1 || n > 65535) quit(`Invalid port number "${text}".`);
  return n;
}

const LONG_OPTIONS = [
  'listen=l',
  'keep-open=k',
  'udp=u',
  'verbose=v',
  'wait:=w',
  'idle-timeout:=i',
  'source-port:=p',
  'source:=s',
  'exec:=e',
  'sh-exec:=c',
  'send-only',
  'recv-only',
  'crlf=C',
  'no-shutdown',
  'nodns=n',
  'unixsock=U',
  'help=h',
  'version',
  'delay:=d',
  'chat',
  'ssl',
  'proxy:=proxy',
  'proxy-type:',
  'proxy-auth:',
  'allow:',
  'deny:',
  'broker',
  'telnet=t',
  'output:=o',
  'hex-dump:=x',
  'lua-exec:',
  'max-conns:=m',
  'allowfile:',
  'denyfile:',
  'append-output',
  'ssl-cert:',
  'ssl-key:',
  'ssl-verify',
  'vsock',
];

/** Options that only set something. */
const FLAGS: Flags<NcatOptions> = {
  '4': { family: 'inet' },
  '6': { family: 'inet6' },
  U: { unix: true },
  l: { listen: true },
  k: { keep: true },
  u: { udp: true },
  z: { zero: true },
  N: { noShutdown: true },
  'no-shutdown': { noShutdown: true },
  C: { crlf: true },
  chat: { chat: true },
  'send-only': { sendOnly: true },
  'recv-only': { receiveOnly: true },
};

/** Reads a command line. @throws Stop */
export function parseNcat(argv: readonly string[]): { o: NcatOptions; words: readonly string[] } {
  const parsed = getoptOr(
    argv,
    '46Uc:g:G:hi:klnNo:p:s:tuvw:x:zCd:e:m:',
    LONG_OPTIONS,
    (message) =>
      new Stop(
        2,
        `ncat: ${message}\nNcat: Try \`--help' or man(1) ncat for more information, usage options and help. QUITTING.\n`,
      ),
  );
  const o: NcatOptions = {
    listen: false,
    keep: false,
    udp: false,
    unix: false,
    verbose: 0,
    zero: false,
    sendOnly: false,
    receiveOnly: false,
    crlf: false,
    noShutdown: false,
    chat: false,
    family: undefined,
    wait: undefined,
    idle: undefined,
    delay: 0,
    command: undefined,
    source: undefined,
    port: undefined,
  };
  for (const { name, arg } of parsed.options) {
    if (setFlag(o, FLAGS, name)) continue;
    switch (name) {
      case 'v':
        o.verbose++;
        break;
      case 'n':
        break;
      case 'w':
        o.wait = time(arg!, 'w');
        break;
      case 'i':
        o.idle = time(arg!, 'i');
        break;
      case 'd':
        o.delay = time(arg!, 'd');
        break;
      case 'e':
        o.command = arg!.split(/\s+/);
        break;
      case 'c':
        o.command = ['/bin/sh', '-c', arg ?? ''];
        break;
      case 'p':
        o.port = arg!;
        break;
      case 's':
        o.source = arg!;
        break;
      case 'h':
        throw new Stop(0, '', NCAT_HELP);
      case 'version':
        throw new Stop(0, NCAT_VERSION);
      default:
        quit(`not simulated in this course: ${name.length === 1 ? '-' : '--'}${name}`);
    }
  }
  return { o, words: parsed.operands };
}
