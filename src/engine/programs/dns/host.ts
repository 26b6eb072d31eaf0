/** host(1) of BIND 9.18. */
import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import type { DnsRecord, IpAddress } from '../../wire';
import { DNS_TYPE, formatIp, parseIp, reverseName } from '../../wire';
import type { Flags } from '../lib/options';
import { setFlag } from '../lib/options';
import { Stop, stoppable } from '../network/common';
import { BIND_VERSION, HOST_USAGE } from './help';
import type { Answer, Lookup, Reporter } from './lookup';
import { bindConf, chaseAliases, confServers, illegalName, mappedServer, namedServer, perform } from './lookup';
import { bodyText, headerText, PLAIN } from './print';
import { classByName, dataText, rcodeName, recordType, typeByName, typeName } from './text';

interface Options {
  type: number | undefined;
  class: number;
  verbose: boolean;
  list: boolean;
  recurse: boolean;
  tcp: boolean;
  ndots: number | undefined;
  tries: number;
  /** Seconds. */
  time: number | undefined;
  port: number;
  family: 'inet' | 'inet6' | 'any';
  failStops: boolean;
}

const TAKES_VALUE = 'cNtWRmp';

/** Options that only set something. */
const FLAGS: Flags<Options> = {
  '4': { family: 'inet' },
  '6': { family: 'inet6' },
  a: { verbose: true, type: DNS_TYPE.ANY },
  A: { verbose: true, type: DNS_TYPE.ANY },
  d: { verbose: true },
  v: { verbose: true },
  l: { list: true, type: DNS_TYPE.AXFR, tcp: true },
  r: { recurse: false },
  s: { failStops: true },
  T: { tcp: true },
  w: { time: 2147483 },
};

function parse(argv: readonly string[]): { o: Options; operands: string[]; version: boolean } {
  const o: Options = {
    type: undefined,
    class: 1,
    verbose: false,
    list: false,
    recurse: true,
    tcp: false,
    ndots: undefined,
    tries: 2,
    time: undefined,
    port: 53,
    family: 'any',
    failStops: true,
  };
  const operands: string[] = [];
  let version = false;
  const number = (text: string): number => Math.max(1, Number.parseInt(text, 10) || 1);
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i]!;
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    for (let k = 1; k < word.length; k++) {
      const letter = word[k]!;
      let value = '';
      if (TAKES_VALUE.includes(letter)) {
        const next = k + 1 < word.length ? word.slice(k + 1) : argv[++i];
        if (next === undefined) throw new Stop(1, `host: option requires an argument -- ${letter}\n${HOST_USAGE}`);
        value = next;
        k = word.length;
      }
      if (setFlag(o, FLAGS, letter)) continue;
      switch (letter) {
        case 'c': {
          const klass = classByName(value);
          if (klass === undefined) throw new Stop(2, `host: invalid class: ${value}\n\n`);
          o.class = klass;
          break;
        }
        case 'N':
          o.ndots = Number.parseInt(value, 10) || 0;
          break;
        case 'p':
          o.port = number(value);
          break;
        case 'R':
          o.tries = number(value) + 1;
          break;
        case 't': {
          const type = typeByName(value.split('=')[0]!);
          if (type === undefined) throw new Stop(2, `host: invalid type: ${value}\n\n`);
          o.type = type;
          break;
        }
        case 'V':
          version = true;
          break;
        case 'W':
          o.time = number(value);
          break;
        case 'i':
        case 'm':
        case 'U':
          break;
        case 'C':
          throw new Stop(1, 'host: not simulated in this course: -C\n');
        default:
          throw new Stop(1, `host: illegal option -- ${letter}\n${HOST_USAGE}`);
      }
    }
  }
  return { o, operands, version };
}

const SENTENCES: Readonly<Record<number, string>> = {
  [DNS_TYPE.A]: 'has address',
  [DNS_TYPE.NS]: 'name server',
  [DNS_TYPE.CNAME]: 'is an alias for',
  [DNS_TYPE.SOA]: 'has SOA record',
  [DNS_TYPE.PTR]: 'domain name pointer',
  [DNS_TYPE.MX]: 'mail is handled by',
  [DNS_TYPE.TXT]: 'descriptive text',
  [DNS_TYPE.AAAA]: 'has IPv6 address',
};

/** A record in words. */
function sentence(r: DnsRecord): string {
  const type = typeByName(recordType(r))!;
  return `${r.name === '' ? '.' : r.name} ${SENTENCES[type] ?? `has ${recordType(r)} record`} ${dataText(r.data)}\n`;
}

function verboseText(a: Answer): string {
  const all = { comments: true, question: true, answer: true, authority: true, additional: true };
  return (
    `${headerText(a.reply)}\n${bodyText(a.reply, all, PLAIN, undefined, false)}` +
    `Received ${a.size} bytes from ${formatIp(a.server.address)}#${a.port} in ${Math.floor(a.micros / 1000)} ms\n`
  );
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const { o, operands, version } = parse(argv);
    if (version) {
      yield* sys.eprint(`host ${BIND_VERSION}\n`);
      return 0;
    }
    const [name, serverName] = operands;
    if (name === undefined || operands.length > 2) throw new Stop(1, HOST_USAGE);
    const why = illegalName(name);
    if (why) throw new Stop(1, `host: '${name}' is not a legal ${why}\n`);
    const conf = yield* bindConf(sys, 'host');
    let servers = confServers(conf, o.family);
    if (serverName !== undefined) {
      const mapped = mappedServer(serverName, o.family);
      if (mapped !== undefined) {
        yield* sys.print(mapped);
        return 1;
      }
      const found = yield* namedServer(sys, serverName, o.family);
      if ('error' in found) throw new Stop(1, `host: ${found.error}\n`);
      servers = found;
    }
    const address: IpAddress | undefined = parseIp(name);
    let introduced = serverName === undefined;
    const reporter: Reporter = {
      say: (text) => sys.print(text),
      *unreachable() {},
      *trying(full) {
        if (o.verbose) yield* sys.print(`Trying "${full}"\n`);
      },
    };
    let failed = false;
    const look = function* (text: string, type: number, search: boolean): Coroutine<Answer | undefined> {
      const lookup: Lookup = {
        name: text,
        type,
        class: o.class,
        servers,
        port: o.port,
        tcp: o.tcp,
        time: o.time ?? conf.time,
        tries: o.tries,
        flags: { rd: o.recurse, ad: false, cd: false, aa: false, tc: false, ra: false, z: false },
        opcode: 0,
        id: undefined,
        edns: undefined,
        search,
        ndots: o.ndots ?? conf.ndots,
        domains: conf.search,
        source: undefined,
        failStops: o.failStops,
        ignoreTruncation: false,
        noQuestion: false,
      };
      const a = yield* perform(sys, lookup, reporter);
      if (!a) {
        failed = true;
        return undefined;
      }
      if (!introduced) {
        introduced = true;
        yield* sys.print(
          `Using domain server:\nName: ${a.server.name}\nAddress: ${formatIp(a.server.address)}#${a.port}\nAliases: \n\n`,
        );
      }
      const asked = a.query.questions[0]!.name;
      if (type === DNS_TYPE.AXFR && a.reply.answers.length === 0) {
        yield* sys.print('; Transfer failed.\n');
        return undefined;
      }
      if (a.reply.rcode !== 0) {
        failed = true;
        yield* sys.print(`Host ${asked} not found: ${a.reply.rcode}(${rcodeName(a.reply.rcode)})\n`);
        if (o.verbose) yield* sys.print(verboseText(a).split('\n').slice(-2).join('\n'));
        return a;
      }
      if (o.verbose) {
        yield* sys.print(verboseText(a));
        return a;
      }
      const shown = a.reply.answers.filter(
        (r) =>
          type === DNS_TYPE.ANY ||
          type === DNS_TYPE.AXFR ||
          recordType(r) === typeName(type) ||
          r.data.type === 'CNAME',
      );
      yield* sys.print(shown.map(sentence).join(''));
      return a;
    };
    if (address !== undefined && (o.type === undefined || o.type === DNS_TYPE.PTR)) {
      yield* look(reverseName(address), DNS_TYPE.PTR, false);
    } else if (o.type !== undefined) {
      const a = yield* look(name, o.type, !o.list);
      const asked = a?.query.questions[0]!.name ?? name;
      if (a && a.reply.rcode === 0 && a.reply.answers.length === 0 && !o.verbose)
        yield* sys.print(`${asked} has no ${typeName(o.type)} record\n`);
    } else {
      const first = yield* look(name, DNS_TYPE.A, true);
      if (first && first.reply.rcode === 0) {
        const full = chaseAliases(first.reply, first.query.questions[0]!.name);
        yield* look(`${full}.`, DNS_TYPE.AAAA, false);
        yield* look(`${full}.`, DNS_TYPE.MX, false);
      }
    }
    return failed ? 1 : 0;
  });
}

/** The program. */
export const host: Program = {
  name: 'host',
  path: '/usr/bin/host',
  size: 150096,
  summary: 'DNS lookup utility',
  manual: `NAME
       host - look up a name or an address

SYNOPSIS
       host [-aCdlrTvw] [-c CLASS] [-N NDOTS] [-t TYPE] [-W SECONDS] [-R RETRIES] [-p PORT] [-4|-6] NAME [SERVER]

DESCRIPTION
       Asks for the addresses and the mail servers of NAME, or for the name of an address, and says the answer in sentences.

       -t TYPE  ask for one type       -v  show whole answers      -a  everything, with -v
       -T       over TCP               -W  seconds to wait         -R  how often to try again
`,
  main,
};
