/** dig(1) of BIND 9.18. */
import type { Coroutine } from '../../core';
import { decode, isErrno, strerror } from '../../core';
import type { Program, Sys } from '../../host';
import type { EdnsOption } from '../../wire';
import { DNS_TYPE, formatIp, ip6Bytes } from '../../wire';
import { strftime } from '../lib/strftime';
import { Stop, stoppable } from '../network/common';
import type { DigCommand, DigLookup } from './dig-lookup';
import { parseDig } from './dig-options';
import { BIND_VERSION, DIG_HELP, DIG_USAGE } from './help';
import type { Answer, BindConf, Lookup, Reporter, Server } from './lookup';
import { bindConf, confServers, illegalName, mappedServer, namedServer, perform } from './lookup';
import type { Style } from './print';
import { bodyText, headerText, serverSocket, styledData } from './print';

function styleOf(l: DigLookup): Style {
  return {
    ttl: l.ttl || l.ttlUnits,
    class: l.showClass,
    ttlUnits: l.ttlUnits,
    multiline: l.multiline,
    unknown: l.unknown,
    expandAaaa: l.expandAaaa,
  };
}

function ednsOptions(sys: Sys, l: DigLookup): EdnsOption[] {
  const options: EdnsOption[] = [];
  if (l.nsid) options.push({ code: 3, bytes: new Uint8Array(0) });
  if (l.subnet) {
    const { address, length } = l.subnet;
    const full =
      typeof address === 'number'
        ? Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255)
        : ip6Bytes(address);
    const head = Uint8Array.of(0, typeof address === 'number' ? 1 : 2, length, 0);
    options.push({ code: 8, bytes: Uint8Array.from([...head, ...full.subarray(0, Math.ceil(length / 8))]) });
  }
  if (l.cookie) {
    const given = l.cookieValue?.match(/../g)?.map((d) => parseInt(d, 16));
    options.push({ code: 10, bytes: given ? Uint8Array.from(given) : sys.random(8) });
  }
  return [...options, ...l.extraOptions];
}

/** What is asked for on behalf of one lookup of the command line. */
function lookupOf(sys: Sys, c: DigCommand, l: DigLookup, servers: readonly Server[], conf: BindConf): Lookup {
  return {
    name: l.name,
    type: l.type,
    class: l.class,
    servers,
    port: c.port,
    tcp: l.tcp ?? (l.type === DNS_TYPE.ANY || l.type === DNS_TYPE.AXFR),
    time: l.time ?? conf.time,
    tries: l.tries ?? conf.tries ?? 3,
    flags: { rd: l.rd, ad: l.ad, cd: l.cd, aa: l.aa, tc: l.tc, ra: l.ra, z: l.z },
    opcode: l.opcode,
    id: l.id,
    edns:
      l.edns === undefined
        ? undefined
        : { udpSize: l.udpSize, extendedRcode: 0, version: l.edns, dnssecOk: l.dnssec, options: ednsOptions(sys, l) },
    search: l.search,
    ndots: l.ndots ?? conf.ndots,
    domains: l.domain === undefined ? conf.search : [l.domain],
    source: c.source,
    failStops: l.failStops,
    ignoreTruncation: l.ignore,
    noQuestion: l.noQuestion,
  };
}

function timeText(c: DigCommand, micros: number): string {
  return c.micros ? `${micros} usec` : `${Math.floor(micros / 1000)} msec`;
}

function statsText(sys: Sys, c: DigCommand, a: Answer): string {
  return (
    `;; Query time: ${timeText(c, a.micros)}\n` +
    `;; SERVER: ${serverSocket(a)}(${a.server.name}) (${a.tcp ? 'TCP' : 'UDP'})\n` +
    `;; WHEN: ${strftime('%a %b %d %H:%M:%S UTC %Y', sys.now)}\n` +
    `;; MSG SIZE  rcvd: ${a.size}\n\n`
  );
}

function answerText(sys: Sys, c: DigCommand, l: DigLookup, a: Answer): string {
  const style = styleOf(l);
  if (c.short) {
    if (!l.answer) return '';
    const tail = l.identify ? ` from server ${formatIp(a.server.address)} in ${Math.floor(a.micros / 1000)} ms.` : '';
    return a.reply.answers.map((r) => `${styledData(r, style)}${tail}\n`).join('');
  }
  if (l.type === DNS_TYPE.AXFR && a.reply.answers.length === 0) return '; Transfer failed.\n';
  let out = '';
  if (l.comments) out += `;; Got answer:\n${headerText(a.reply)}\n`;
  out += bodyText(a.reply, l, style, a.query);
  if (l.stats) out += statsText(sys, c, a);
  return out;
}

/** Follows the delegations from the root, which in most worlds cannot be reached: then it ends with the first answer. */
function* trace(sys: Sys, c: DigCommand, l: DigLookup, base: Lookup, reporter: Reporter): Coroutine<boolean> {
  const style = styleOf(l);
  const received = (a: Answer): string =>
    `;; Received ${a.size} bytes from ${serverSocket(a)}(${a.server.name}) in ${Math.floor(a.micros / 1000)} ms\n\n`;
  const show = { comments: false, question: false, answer: true, authority: true, additional: false };
  let next: Lookup = { ...base, name: '.', type: DNS_TYPE.NS, search: false, flags: { ...base.flags, rd: true } };
  for (let hops = 0; hops < 20; hops++) {
    const a = yield* perform(sys, next, reporter);
    if (!a) return false;
    yield* sys.print(bodyText(a.reply, show, style, a.query) + received(a));
    const done = next.name !== '.' && a.reply.answers.length > 0;
    const list = a.reply.answers.length > 0 ? a.reply.answers : a.reply.authorities;
    const names = list.flatMap((r) => (r.data.type === 'NS' ? [r.data.name] : []));
    if (done || names.length === 0 || (a.reply.authoritative && next.name !== '.')) return true;
    const servers: Server[] = [];
    for (const name of names) {
      const glue = a.reply.additionals.flatMap((r) =>
        r.name.toLowerCase() === name.toLowerCase() && (r.data.type === 'A' || r.data.type === 'AAAA')
          ? [{ address: r.data.address, scope: undefined, name }]
          : [],
      );
      if (glue.length > 0) servers.push(...glue);
      else {
        const found = yield* namedServer(sys, name, c.family);
        if ('error' in found) yield* reporter.say(`${found.error}\n`);
        else servers.push(...found);
      }
    }
    if (servers.length === 0) return true;
    next = { ...base, servers, search: false };
  }
  return true;
}

/** Carries out a command line, or a line of a batch. @returns the exit status */
function* carryOut(sys: Sys, c: DigCommand, conf: BindConf): Coroutine<number> {
  for (const w of c.warnings) yield* sys.eprint(`${w}\n`);
  for (const l of c.lookups) {
    const why = illegalName(l.name);
    if (why) throw new Stop(why.startsWith('IDNA') ? 1 : 10, `dig: '${l.name}' is not a legal ${why}\n`);
  }
  let servers: Server[] = [];
  for (const name of c.servers) {
    const mapped = mappedServer(name, c.family);
    if (mapped !== undefined) {
      yield* sys.print(mapped);
      return 0;
    }
    const found = yield* namedServer(sys, name, c.family);
    if ('error' in found) throw new Stop(1, `dig: ${found.error}\n`);
    servers.push(...found);
  }
  const found = `; (${servers.length} server${servers.length === 1 ? '' : 's'} found)\n`;
  if (servers.length === 0) servers = confServers(conf, c.family);
  let status = 0;
  for (const l of c.lookups) {
    const greeting = l.greeting?.replace('\n@;', `\n${found};`);
    let greeted = false;
    const say = (text: string): Coroutine<void> => sys.print(text);
    const reporter: Reporter = {
      say,
      *unreachable() {
        if (greeting !== undefined && !greeted) yield* sys.print(greeting);
        greeted = true;
      },
      *sending(query, size) {
        if (!l.qr || c.short) return;
        if (greeting !== undefined && !greeted && c.cmd) yield* sys.print(greeting);
        greeted = true;
        yield* sys.print((l.comments ? `;; Sending:\n${headerText(query)}\n` : '') + bodyText(query, l, styleOf(l)));
        if (l.stats) yield* sys.print(`;; QUERY SIZE: ${size}\n\n`);
      },
      *passed(answer) {
        if (l.showSearch) yield* sys.print(answerText(sys, c, l, answer));
      },
    };
    const lookup = lookupOf(sys, c, l, servers, conf);
    if (l.trace) {
      if (greeting !== undefined && c.cmd) yield* sys.print(greeting);
      greeted = true;
      if (!(yield* trace(sys, c, l, lookup, reporter))) status = 9;
      continue;
    }
    const answer = yield* perform(sys, lookup, reporter);
    if (!answer) {
      status = 9;
      continue;
    }
    if (greeting !== undefined && !greeted && c.cmd && !c.short) yield* sys.print(greeting);
    yield* sys.print(answerText(sys, c, l, answer));
  }
  return status;
}

/** The lines of a batch file, without empty ones and comments. @throws Stop */
function* batchLines(sys: Sys, file: string): Coroutine<string[]> {
  try {
    const text = file === '-' ? decode(yield* sys.readAll(0)) : yield* sys.readFile(file);
    return text.split('\n').filter((l) => l !== '' && !/^[\r#;]/.test(l));
  } catch (e) {
    if (!isErrno(e)) throw e;
    throw new Stop(8, `${file}: ${strerror(e.code)}\ndig: couldn't open specified batch file\n`);
  }
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const c = parseDig(argv, BIND_VERSION);
    if (c.show === 'version') {
      yield* sys.eprint(`DiG ${BIND_VERSION}\n`);
      return 0;
    }
    if (c.show === 'help') {
      yield* sys.print(DIG_USAGE + DIG_HELP);
      return 0;
    }
    const lines = c.batch === undefined ? [] : yield* batchLines(sys, c.batch);
    const conf = yield* bindConf(sys, 'dig');
    let status = yield* carryOut(sys, c, conf);
    let last = c;
    for (const line of lines) {
      // +short and its like hold for the lines that follow as well; what is said about one lookup does not.
      const next = parseDig(['dig', ...line.trim().split(/\s+/)], BIND_VERSION, {
        ...last,
        base: c.base,
        servers: c.servers,
      });
      last = next;
      status = (yield* carryOut(sys, next, conf)) || status;
    }
    return status;
  });
}

/** The program. */
export const dig: Program = {
  name: 'dig',
  path: '/usr/bin/dig',
  size: 174728,
  summary: 'DNS lookup utility',
  manual: `NAME
       dig - ask name servers

SYNOPSIS
       dig [@SERVER] [NAME] [TYPE] [-x ADDRESS] [-p PORT] [-4|-6] [+OPTION]...

DESCRIPTION
       Sends a question to a name server and shows the whole answer. Without @SERVER the servers of /etc/resolv.conf are
       asked in turn. The search list is used only with +search.

       +short      the data alone             +noall +answer   the answer section alone
       +tcp        over TCP                   +norecurse       do not ask for recursion
       +time=S     seconds to wait            +tries=N         how often to try
       +search     use the search list        +trace           follow the delegations from the root

EXIT STATUS
       0 when there was an answer, of whatever kind; 9 when no server answered; 10 for internal errors.
`,
  main,
  complete: () => ['+short', '+noall', '+answer', '+tcp', '+search', '+trace', '-x', '-t', '-p', '@'],
};
