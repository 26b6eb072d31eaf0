/** nslookup(1) of BIND 9.18, interactive and not. */
import type { Coroutine } from '../../core';
import { decode } from '../../core';
import type { Program, Sys } from '../../host';
import type { DnsMessage, DnsRecord } from '../../wire';
import { DNS_TYPE, dnsTypeNumber, formatIp, parseIp, reverseName } from '../../wire';
import { Stop, stoppable } from '../network/common';
import { BIND_VERSION, NSLOOKUP_USAGE } from './help';
import type { Answer, BindConf, Lookup, Reporter, Server } from './lookup';
import { bindConf, chaseAliases, confServers, illegalName, namedServer, perform } from './lookup';
import { classByName, className, dataText, rcodeName, typeByName, typeName } from './text';

/** How nslookup says what a record has. */
const WORDS: Readonly<Record<number, string>> = {
  [DNS_TYPE.A]: 'internet address = ',
  [DNS_TYPE.NS]: 'nameserver = ',
  [DNS_TYPE.CNAME]: 'canonical name = ',
  [DNS_TYPE.PTR]: 'name = ',
  [DNS_TYPE.MX]: 'mail exchanger = ',
  [DNS_TYPE.TXT]: 'text = ',
  [DNS_TYPE.AAAA]: 'has AAAA address ',
  [DNS_TYPE.SRV]: 'service = ',
};

function soaText(r: DnsRecord): string {
  if (r.data.type !== 'SOA') return '';
  const { mname, rname, serial, refresh, retry, expire, minimum } = r.data;
  return (
    `\torigin = ${mname}\n\tmail addr = ${rname}\n\tserial = ${serial}\n\trefresh = ${refresh}\n` +
    `\tretry = ${retry}\n\texpire = ${expire}\n\tminimum = ${minimum}\n`
  );
}

const worded = (r: DnsRecord): string => {
  const type = dnsTypeNumber(r.data);
  return `${WORDS[type] ?? `rdata_${type} = `}${dataText(r.data)}`;
};

function recordLines(r: DnsRecord): string {
  const name = r.name === '' ? '.' : r.name;
  if (r.data.type === 'A' || r.data.type === 'AAAA') return `Name:\t${name}\nAddress: ${formatIp(r.data.address)}\n`;
  if (r.data.type === 'SOA') return `${name}\n${soaText(r)}`;
  return `${name}\t${worded(r)}\n`;
}

/** The whole message, as after `set debug`. */
function detail(m: DnsMessage): string {
  const section = (title: string, list: readonly DnsRecord[]): string =>
    `    ${title}:\n${list
      .map((r) => {
        const data = r.data.type === 'SOA' ? soaText(r) : `\t${worded(r)}\n`;
        return `    ->  ${r.name}\n${data}\tttl = ${r.ttl}\n`;
      })
      .join('')}`;
  const questions = m.questions
    .map((q) => `\t${q.name}, type = ${typeName(q.type)}, class = ${className(q.class)}\n`)
    .join('');
  return (
    `------------\n    QUESTIONS:\n${questions}${section('ANSWERS', m.answers)}` +
    `${section('AUTHORITY RECORDS', m.authorities)}${section('ADDITIONAL RECORDS', m.additionals)}------------\n`
  );
}

class Session {
  servers: Server[] = [];
  private type = 'A';
  private typeSet = false;
  private class = 'IN';
  private debug = false;
  private tcp = false;
  private recurse = true;
  private search = true;
  private fail = false;
  private time: number | undefined;
  private tries: number;
  private port = 53;
  private ndots: number;
  private domains: readonly string[];
  /** No answer of any kind so far, and any that told of an error. */
  private silent = true;
  private errors = false;

  constructor(
    private readonly sys: Sys,
    private readonly conf: BindConf,
  ) {
    this.time = conf.time;
    this.tries = conf.tries ?? 3;
    this.ndots = conf.ndots;
    this.domains = conf.search;
  }

  get status(): number {
    return this.silent || this.errors ? 1 : 0;
  }

  private *say(text: string): Coroutine<void> {
    yield* this.sys.print(text);
  }

  /** One setting, from the command line or behind `set`. */
  *set(text: string): Coroutine<void> {
    const eq = text.indexOf('=');
    const key = (eq < 0 ? text : text.slice(0, eq)).toLowerCase();
    const value = eq < 0 ? '' : text.slice(eq + 1);
    const is = (name: string, least: number): boolean => key.length >= least && name.startsWith(key);
    const number = function* (what: string, say: (t: string) => Coroutine<void>): Coroutine<number | undefined> {
      if (/^\d+$/.test(value)) return Number(value);
      yield* say(`invalid ${what} '${value}': not a valid number\n`);
      return undefined;
    };
    const say = (t: string): Coroutine<void> => this.say(t);
    if (eq < 0) {
      if (is('all', 3)) yield* this.showAll();
      else if (is('d2', 2) || is('nod2', 4)) return;
      else if (is('debug', 3)) this.debug = true;
      else if (is('nodebug', 5)) this.debug = false;
      else if (is('vc', 2)) this.tcp = true;
      else if (is('novc', 4)) this.tcp = false;
      else if (is('recurse', 3)) this.recurse = true;
      else if (is('norecurse', 5)) this.recurse = false;
      else if (is('search', 3) || is('defname', 3)) this.search = true;
      else if (is('nosearch', 5) || is('nodefname', 5)) this.search = false;
      else if (is('fail', 4)) this.fail = true;
      else if (is('nofail', 6)) this.fail = false;
      else if (is('silent', 3)) return;
      else yield* this.say(`*** Invalid option: ${text}\n`);
      return;
    }
    if (is('type', 1) || is('query', 1) || is('querytype', 1)) {
      if (typeByName(value) === undefined) yield* this.say(`unknown query type: ${value}\n`);
      else {
        this.type = value;
        this.typeSet = true;
      }
    } else if (is('class', 2)) {
      if (classByName(value) === undefined) yield* this.say(`unknown query class: ${value}\n`);
      else {
        this.class = value;
        this.typeSet = true;
      }
    } else if (is('domain', 2)) {
      this.domains = [value];
      this.search = true;
    } else if (is('srchlist', 5)) {
      this.domains = value.split('/');
      this.search = true;
    } else if (is('port', 2)) this.port = (yield* number('port', say)) ?? this.port;
    else if (is('timeout', 1)) this.time = (yield* number('timeout', say)) ?? this.time;
    else if (is('retry', 3)) this.tries = Math.max(1, (yield* number('retries', say)) ?? this.tries);
    else if (is('ndots', 2)) this.ndots = (yield* number('ndots', say)) ?? this.ndots;
    else yield* this.say(`*** Invalid option: ${text}\n`);
  }

  private serverLines(): string {
    return this.servers
      .map((s) => `Default server: ${s.name}\nAddress: ${formatIp(s.address)}#${this.port}\n`)
      .join('');
  }

  private *showAll(): Coroutine<void> {
    const no = (on: boolean, name: string): string => (on ? name : `no${name}`);
    yield* this.say(
      `${this.serverLines()}\nSet options:\n` +
        `  ${no(this.tcp, 'vc')}\t\t\t${no(this.debug, 'debug')}\t\tnod2\n` +
        `  ${no(this.search, 'search')}\t\t${no(this.recurse, 'recurse')}\n` +
        `  timeout = ${this.time ?? 0}\t\tretry = ${this.tries}\tport = ${this.port}\tndots = ${this.ndots}\n` +
        `  querytype = ${this.type.padEnd(8)}\tclass = ${this.class}\n` +
        `  srchlist = ${this.domains.join('/')}\n`,
    );
  }

  /** Another server. @returns the message when it has no address */
  *server(name: string, announce: boolean): Coroutine<string | undefined> {
    const found = yield* namedServer(this.sys, name, 'any');
    if ('error' in found) return found.error;
    this.servers = found;
    if (announce) yield* this.say(this.serverLines());
    return undefined;
  }

  /** Looks one name or address up. */
  *lookup(name: string): Coroutine<void> {
    const address = parseIp(name);
    const reverse = address !== undefined && !this.typeSet;
    const type = reverse ? DNS_TYPE.PTR : typeByName(this.type)!;
    const why = illegalName(name);
    if (why?.startsWith('IDNA')) throw new Stop(1, `nslookup: '${name}' is not a legal ${why}\n`);
    if (why !== undefined) {
      this.errors = true;
      yield* this.say(`** server can't find ${name}: NXDOMAIN\n`);
      return;
    }
    const text = address !== undefined && type === DNS_TYPE.PTR ? reverseName(address) : name;
    const first = yield* this.ask(text, type, this.search && !reverse);
    if (!first || first.reply.rcode !== 0 || this.typeSet || reverse) return;
    const full = chaseAliases(first.reply, first.query.questions[0]!.name);
    yield* this.ask(`${full}.`, DNS_TYPE.AAAA, false, first.reply.answers.length === 0);
  }

  /** @param noAddress the question for A had no answer, so that AAAA's decides. */
  private *ask(name: string, type: number, search: boolean, noAddress = false): Coroutine<Answer | undefined> {
    const lookup: Lookup = {
      name,
      type,
      class: classByName(this.class)!,
      servers: this.servers,
      port: this.port,
      tcp: this.tcp || type === DNS_TYPE.ANY,
      time: this.time,
      tries: this.tries,
      flags: { rd: this.recurse, ad: false, cd: false, aa: false, tc: false, ra: false, z: false },
      opcode: 0,
      id: undefined,
      edns: undefined,
      search,
      ndots: this.ndots,
      domains: this.domains,
      source: undefined,
      failStops: this.fail,
      ignoreTruncation: false,
      noQuestion: false,
    };
    const reporter: Reporter = { say: (t) => this.say(t), *unreachable() {} };
    const a = yield* perform(this.sys, lookup, reporter);
    if (!a) return undefined;
    this.silent = false;
    const { reply } = a;
    const asked = a.query.questions[0]!.name;
    const main = this.typeSet || type === DNS_TYPE.A;
    let out = '';
    if (main) out += `Server:\t\t${a.server.name}\nAddress:\t${formatIp(a.server.address)}#${a.port}\n\n`;
    if (this.debug) out += detail(reply);
    if (reply.rcode !== 0) {
      this.errors = true;
      yield* this.say(`${out}** server can't find ${asked}: ${rcodeName(reply.rcode)}\n`);
      return a;
    }
    if (!reply.authoritative && main) out += 'Non-authoritative answer:\n';
    if (reply.answers.length > 0) out += reply.answers.map(recordLines).join('');
    else if (this.typeSet || (type === DNS_TYPE.AAAA && noAddress)) out += `*** Can't find ${asked}: No answer\n`;
    if (!reply.authoritative && type !== DNS_TYPE.A && type !== DNS_TYPE.AAAA && type !== DNS_TYPE.PTR) {
      out += '\nAuthoritative answers can be found from:\n';
      out += [...reply.authorities, ...reply.additionals].map((r) => authority(r)).join('');
    }
    yield* this.say(out);
    return a;
  }

  /** One line of the conversation. @returns false at its end */
  *command(line: string): Coroutine<boolean> {
    const [word = '', argument, second] = line.trim().split(/\s+/);
    if (word === '') return true;
    if (/^exit$/i.test(word)) return false;
    if (/^set$/i.test(word)) {
      if (argument === undefined) yield* this.say('*** Invalid set command\n');
      else yield* this.set(argument);
    } else if (/^l?server$/i.test(word)) {
      if (argument !== undefined) {
        const why = yield* this.server(argument, true);
        if (why) yield* this.say(`nslookup: ${why}\n`);
      }
    } else if (/^help$/i.test(word) || word === '?') yield* this.say(`The '${word}' command is not yet implemented.\n`);
    else if (/^(finger|root|ls|view)$/i.test(word)) yield* this.say(`The '${word}' command is not implemented.\n`);
    else {
      if (argument !== undefined) {
        const why = yield* this.server(argument, false);
        if (why) {
          yield* this.say(`nslookup: ${why}\n`);
          return true;
        }
      }
      void second;
      yield* this.lookup(word);
    }
    return true;
  }
}

function authority(r: DnsRecord): string {
  if (r.data.type === 'A') return `${r.name}\tinternet address = ${dataText(r.data)}\n`;
  if (r.data.type === 'AAAA') return `${r.name}\thas AAAA address ${dataText(r.data)}\n`;
  return r.data.type === 'SOA' ? `${r.name}\n${soaText(r)}` : `${r.name}\t${worded(r)}\n`;
}

/** Lines of standard input, with a prompt when it is a terminal. */
function* converse(sys: Sys, session: Session): Coroutine<void> {
  const tty = sys.isatty(0);
  let rest = '';
  for (;;) {
    const end = rest.indexOf('\n');
    if (end >= 0) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (!(yield* session.command(line))) return;
      if (tty) yield* sys.print('> ');
      continue;
    }
    if (rest === '' && tty) yield* sys.print('');
    const data = yield* sys.read(0);
    if (data.length === 0) {
      if (rest !== '') yield* session.command(rest);
      return;
    }
    rest += decode(data);
  }
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const conf = yield* bindConf(sys, 'nslookup');
    const session = new Session(sys, conf);
    session.servers = confServers(conf, 'any');
    const operands: string[] = [];
    for (const word of argv.slice(1)) {
      if (word === '-version') {
        yield* sys.print(`nslookup ${BIND_VERSION}\n`);
        return 0;
      }
      if (word.startsWith('-') && word !== '-') yield* session.set(word.slice(1));
      else operands.push(word);
    }
    if (operands.length > 2) throw new Stop(1, NSLOOKUP_USAGE);
    const [name, server] = operands;
    if (server !== undefined) {
      const why = yield* session.server(server, false);
      if (why) throw new Stop(1, `nslookup: ${why}\n`);
    }
    if (name === undefined || name === '-') {
      if (sys.isatty(0)) yield* sys.print('> ');
      yield* converse(sys, session);
    } else yield* session.lookup(name);
    yield* sys.print('\n');
    return session.status;
  });
}

/** The program. */
export const nslookup: Program = {
  name: 'nslookup',
  path: '/usr/bin/nslookup',
  size: 154216,
  summary: 'query Internet name servers interactively',
  manual: `NAME
       nslookup - ask name servers

SYNOPSIS
       nslookup [-OPTION]... [NAME | -] [SERVER]

DESCRIPTION
       With a NAME it is looked up, IPv4 and IPv6; without, names and commands are read: set OPTION, server SERVER, exit.

       -type=TYPE  ask for one type     -debug   show whole answers      -vc       over TCP
       -port=N     another port         -timeout=S, -retry=N             -domain=NAME, -nosearch, -norecurse
`,
  main,
};
