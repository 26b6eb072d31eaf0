/** The command line of wget. */
import { getoptOr } from '../../lib/options';
import { Stop } from '../../network/common';

const TRY = "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n";

/** What a wget command line asks for. */
export interface WgetOptions {
  quiet: boolean;
  brief: boolean;
  output: string | undefined;
  prefix: string | undefined;
  headers: boolean;
  spider: boolean;
  timeout: number;
  tries: number;
  retryRefused: boolean;
  family: 'inet' | 'inet6' | 'any';
  agent: string;
  extra: string[];
  post: string | undefined;
  user: string | undefined;
  password: string | undefined;
  redirects: number;
  continue: boolean;
  clobber: boolean;
  contentOnError: boolean;
  bar: boolean | undefined;
  method: string | undefined;
}

const LONGS = [
  'quiet=q',
  'verbose=v',
  'no-verbose=nv',
  'output-document:=O',
  'directory-prefix:=P',
  'server-response=S',
  'spider',
  'timeout:=T',
  'connect-timeout:=T',
  'read-timeout:=read',
  'dns-timeout:=read',
  'tries:=t',
  'retry-connrefused',
  'inet4-only=4',
  'inet6-only=6',
  'user-agent:=U',
  'header:',
  'post-data:',
  'body-data:=post-data',
  'method:',
  'user:',
  'password:',
  'max-redirect:',
  'continue=c',
  'no-clobber=nc',
  'content-on-error',
  'progress:',
  'no-check-certificate=ignored',
  'no-proxy=ignored',
  'no-cache=ignored',
  'no-hsts=ignored',
  'no-dns-cache=ignored',
  'no-http-keep-alive=ignored',
  'show-progress=ignored',
  'version=V',
  'help=h',
  'waitretry:=waitretry',
  'referer:',
  'recursive=r',
  'page-requisites=p',
  'input-file:=i',
  'background=b',
  'debug=d',
  'mirror=m',
  'wait:=w',
  'limit-rate:',
  'output-file:=o',
  'post-file:',
];

/** Reads a command line. @throws Stop */
export function parseWget(argv: readonly string[]): { o: WgetOptions; urls: readonly string[] } {
  const expanded = argv.map((a) => (a === '-nv' ? '--no-verbose' : a === '-nc' ? '--no-clobber' : a));
  const parsed = getoptOr(
    expanded,
    'qvO:P:ST:t:46U:cVhrpi:bdmw:o:e:',
    LONGS,
    (message) => new Stop(2, `wget: ${message}\n${TRY}`),
  );
  const o: WgetOptions = {
    quiet: false,
    brief: false,
    output: undefined,
    prefix: undefined,
    headers: false,
    spider: false,
    timeout: 900,
    tries: 20,
    retryRefused: false,
    family: 'any',
    agent: 'Wget/1.21.3',
    extra: [],
    post: undefined,
    user: undefined,
    password: undefined,
    redirects: 20,
    continue: false,
    clobber: true,
    contentOnError: false,
    bar: undefined,
    method: undefined,
  };
  for (const { name, arg } of parsed.options) {
    const value = arg ?? '';
    if (name === 'q') o.quiet = true;
    else if (name === 'nv') o.brief = true;
    else if (name === 'O') o.output = value;
    else if (name === 'P') o.prefix = value;
    else if (name === 'S') o.headers = true;
    else if (name === 'spider') o.spider = true;
    else if (name === 'T') {
      if (!/^\d*\.?\d+[smhd]?$/.test(value)) throw new Stop(2, `wget: --timeout: Invalid time period ‘${value}’\n`);
      o.timeout = parseFloat(value);
    } else if (name === 't') {
      if (!/^(\d+|inf)$/.test(value)) throw new Stop(2, `wget: --tries: Invalid number ‘${value}’.\n`);
      o.tries = value === 'inf' || value === '0' ? Infinity : Number(value);
    } else if (name === 'retry-connrefused') o.retryRefused = true;
    else if (name === '4') o.family = 'inet';
    else if (name === '6') o.family = 'inet6';
    else if (name === 'U') o.agent = value;
    else if (name === 'header') {
      if (!value.includes(':')) throw new Stop(2, `wget: --header: Invalid header ‘${value}’.\n`);
      o.extra.push(value);
    } else if (name === 'referer') o.extra.push(`Referer: ${value}`);
    else if (name === 'post-data') o.post = value;
    else if (name === 'method') o.method = value.toUpperCase();
    else if (name === 'user') o.user = value;
    else if (name === 'password') o.password = value;
    else if (name === 'max-redirect') o.redirects = Number(value);
    else if (name === 'c') o.continue = true;
    else if (name === 'nc') o.clobber = false;
    else if (name === 'content-on-error') o.contentOnError = true;
    else if (name === 'progress') o.bar = value.startsWith('bar');
    else if (name === 'V') throw new Stop(0, '', 'GNU Wget 1.21.3 built on linux-gnu.\n');
    else if (name === 'h')
      throw new Stop(0, '', `GNU Wget 1.21.3, a non-interactive network retriever.\n${TRY.split('\n')[0]!}\n`);
    else if (['r', 'p', 'i', 'b', 'd', 'm', 'o', 'limit-rate', 'post-file', 'e'].includes(name))
      throw new Stop(2, `wget: not simulated in this course: ${name.length === 1 ? '-' : '--'}${name}\n`);
  }
  if (parsed.operands.length === 0) throw new Stop(1, `wget: missing URL\n${TRY}`);
  return { o, urls: parsed.operands };
}
