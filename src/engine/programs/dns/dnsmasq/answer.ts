/** What a dnsmasq answers without asking anybody (rfc1035.c, domain-match.c of dnsmasq 2.90). */
import type { Micros } from '../../../core';
import type { DnsData, DnsQuestion, DnsRecord, IpAddress } from '../../../wire';
import { DNS_RCODE, DNS_TYPE, dnsTypeNumber, formatIp, parseIp4, parseIp6 } from '../../../wire';
import { isKnownType, typeName } from '../text';
import type { DnsmasqConfig, DomainRule, Upstream } from './config';
import type { Cache, LocalData } from './data';

/** An extended error (RFC 8914) and how the log says it. */
export interface Ede {
  readonly code: number;
  readonly text: string;
}

/** No server to ask: "not ready". */
export const EDE_NOT_READY: Ede = { code: 14, text: 'not ready' };
/** No server could be sent to. */
export const EDE_NETWORK: Ede = { code: 23, text: 'network error' };

/** An answer, and the lines of the log that tell of it. */
export interface LocalAnswer {
  readonly rcode: number;
  readonly answers: readonly DnsRecord[];
  /** Addresses of the targets of SRV and MX records. */
  readonly additionals?: readonly DnsRecord[];
  readonly authoritative: boolean;
  readonly ede?: Ede;
  readonly log: readonly string[];
}

/** Either an answer or where to ask. `alias` lines have been logged before it was clear that others must be asked. */
export type Decision =
  | { readonly kind: 'answer'; readonly answer: LocalAnswer }
  | {
      readonly kind: 'forward';
      readonly servers: readonly Upstream[];
      readonly domain: string;
      readonly log: readonly string[];
    };

/** How the log names a type: `<TXT>`, `<type=65280>`. */
export function logType(type: number): string {
  return isKnownType(type) ? typeName(type) : `type=${type}`;
}

/** How the log says that there is no data of a type. */
export function noData(type: number): string {
  return type === DNS_TYPE.A ? 'NODATA-IPv4' : type === DNS_TYPE.AAAA ? 'NODATA-IPv6' : 'NODATA';
}

/** The address that a name below in-addr.arpa or ip6.arpa stands for. */
export function reverseAddress(name: string): IpAddress | undefined {
  const labels = name.toLowerCase().split('.');
  if (name.toLowerCase().endsWith('.in-addr.arpa') && labels.length === 6)
    return parseIp4(labels.slice(0, 4).reverse().join('.'));
  if (name.toLowerCase().endsWith('.ip6.arpa') && labels.length === 34) {
    const nibbles = labels.slice(0, 32).reverse().join('');
    return /^[0-9a-f]{32}$/.test(nibbles) ? parseIp6(nibbles.match(/.{4}/g)!.join(':')) : undefined;
  }
  return undefined;
}

/** An address of RFC 1918 or of a link, whose name no server of the Internet knows. */
function isPrivate(a: IpAddress): boolean {
  if (typeof a === 'string') return /^(f[cd]|fe[89ab])/.test(a);
  const top = a >>> 24;
  return top === 10 || top === 127 || a >>> 20 === 0xac1 || a >>> 16 === 0xc0a8 || a >>> 16 === 0xa9fe;
}

const dataOf = (address: IpAddress): DnsData =>
  typeof address === 'number' ? { type: 'A', address } : { type: 'AAAA', address };

/** Longest chain of aliases that is followed. */
const MAX_CHAIN = 10;

/** Decides about questions. */
export class Answerer {
  constructor(
    private readonly config: DnsmasqConfig,
    readonly local: LocalData,
    private readonly cache: Cache,
    /** Servers of resolv.conf. */
    private readonly resolvServers: () => readonly Upstream[],
    /** TXT records below `bind` in class CHAOS. */
    private readonly chaos: (name: string) => readonly string[] | undefined,
  ) {}

  /**
   * @param recursion without it, what other servers have said is not told again.
   * @param turn the order of several answers changes for the next question; not when a child of the process answers
   */
  decide(question: DnsQuestion, now: Micros, recursion: boolean, turn = true): Decision {
    const { name, type } = question;
    if (question.class !== 1) return { kind: 'answer', answer: this.otherClass(question) };
    const answers: DnsRecord[] = [];
    const log: string[] = [];
    const { localTtl } = this.config;
    const add = (owner: string, data: DnsData, ttl: number): void =>
      void answers.push({ name: owner, class: 1, ttl: Math.min(ttl, this.config.maxTtl ?? Infinity), data });
    let authoritative = true;
    let current = name;
    for (let i = 0; i < MAX_CHAIN && type !== DNS_TYPE.CNAME; i++) {
      const alias = this.local.aliases.get(current.toLowerCase());
      const [cached] = alias || !recursion ? [] : this.cache.get(current, DNS_TYPE.CNAME, now);
      if (alias) {
        add(current, { type: 'CNAME', name: alias.target }, alias.ttl ?? localTtl);
        log.push(`config ${current} is <CNAME>`);
        current = alias.target;
      } else if (cached?.data?.type === 'CNAME') {
        add(current, cached.data, left(cached.expires, now));
        log.push(`cached ${current} is <CNAME>`);
        authoritative = false;
        current = cached.data.name;
      } else break;
    }
    const found = (rcode = 0): Decision => ({
      kind: 'answer',
      answer: { rcode, answers, authoritative, log, additionals: this.targets(current, type, turn) },
    });
    const before = answers.length;
    let denied: { nxdomain: boolean } | undefined;
    for (const r of this.local.recordsOf(current, type)) {
      add(current, r.data, localTtl);
      log.push(`config ${current} is <${logType(dnsTypeNumber(r.data))}>`);
    }
    if (turn && (type === DNS_TYPE.SRV || type === DNS_TYPE.ANY)) this.local.turnServices(current);
    if (type === DNS_TYPE.CNAME) {
      const alias = this.local.aliases.get(current.toLowerCase());
      if (alias) {
        add(current, { type: 'CNAME', name: alias.target }, alias.ttl ?? localTtl);
        log.push(`config ${current} is <CNAME>`);
      }
    }
    if (type === DNS_TYPE.PTR && answers.length === before) {
      const decided = this.reverse(current, now, recursion, add, log);
      if (decided === 'cached') authoritative = false;
      if (decided === 'nxdomain') return found(DNS_RCODE.NXDOMAIN);
    }
    const wants = (t: number): boolean => type === t || type === DNS_TYPE.ANY;
    if (wants(DNS_TYPE.A) || wants(DNS_TYPE.AAAA)) {
      const filtered =
        (type === DNS_TYPE.A && this.config.filterA) || (type === DNS_TYPE.AAAA && this.config.filterAaaa);
      for (const family of ['inet', 'inet6'] as const) {
        if (!wants(family === 'inet' ? DNS_TYPE.A : DNS_TYPE.AAAA)) continue;
        for (const a of this.local.addresses(current, family, turn)) {
          add(current, dataOf(a.address), a.ttl ?? localTtl);
          log.push(`${a.source} ${current} is ${formatIp(a.address)}`);
        }
      }
      if (answers.length === before && recursion && type !== DNS_TYPE.ANY) {
        for (const e of this.cache.get(current, type, now, true)) {
          authoritative = false;
          if (!e.data) denied = e;
          else if (e.data.type === 'A' || e.data.type === 'AAAA') {
            add(current, e.data, left(e.expires, now));
            log.push(`cached ${current} is ${formatIp(e.data.address)}`);
          }
        }
        const [negative] = answers.length > before ? [] : this.cache.get(current, 0, now);
        denied ??= negative;
      }
      if (filtered && answers.length > before) {
        answers.length = before;
        log.push(`config ${current} is ${noData(type)}`);
        return found();
      }
    } else if (answers.length === before && recursion) {
      const [negative] = [...this.cache.get(current, type, now), ...this.cache.get(current, 0, now)];
      if (negative && !negative.data) {
        denied = negative;
        authoritative = false;
      }
    }
    if (answers.length > before || (type === DNS_TYPE.CNAME && answers.length > 0)) return found();
    if (denied) {
      log.push(`cached ${current} is ${denied.nxdomain ? 'NXDOMAIN' : noData(type)}`);
      return found(denied.nxdomain ? DNS_RCODE.NXDOMAIN : 0);
    }
    // An alias of the configuration is answered as far as it goes.
    if (before > 0 && authoritative) return found();
    return this.byDomain(name, type, log);
  }

  /** Local addresses of the names that SRV and MX records point to, each name once; in the order that the records have now. */
  private targets(name: string, type: number, turn: boolean): DnsRecord[] {
    const names = this.local
      .recordsOf(name, type)
      .flatMap(({ data }) => (data.type === 'SRV' ? [data.target] : data.type === 'MX' ? [data.exchange] : []));
    const once = names.filter((n, i) => !names.slice(i + 1).some((m) => m.toLowerCase() === n.toLowerCase()));
    return once.flatMap((target) =>
      this.local.addresses(target, 'any', turn).map((a) => ({
        name: target,
        class: 1,
        ttl: a.ttl ?? this.config.localTtl,
        data: dataOf(a.address),
      })),
    );
  }

  private otherClass({ name, type, class: klass }: DnsQuestion): LocalAnswer {
    const texts = klass === 3 && (type === DNS_TYPE.TXT || type === DNS_TYPE.ANY) ? this.chaos(name) : undefined;
    if (texts) {
      return {
        rcode: 0,
        answers: [{ name, class: 3, ttl: this.config.localTtl, data: { type: 'TXT', strings: texts } }],
        authoritative: true,
        log: [`config ${name} is <TXT>`],
      };
    }
    // Names below `bind` tell about a server itself and are never passed on.
    if (klass === 3 && /(^|\.)bind$/i.test(name)) {
      return { rcode: DNS_RCODE.NOTIMP, answers: [], authoritative: false, log: [`config ${name} is NOTIMP`] };
    }
    return { rcode: 0, answers: [], authoritative: false, log: [`config ${name} is NODATA`] };
  }

  private reverse(
    name: string,
    now: Micros,
    recursion: boolean,
    add: (owner: string, data: DnsData, ttl: number) => void,
    log: string[],
  ): 'local' | 'cached' | 'nxdomain' | undefined {
    const address = reverseAddress(name);
    if (address === undefined) return undefined;
    const [first] = this.local.namesOf(address);
    if (first) {
      add(name, { type: 'PTR', name: first.name }, first.ttl ?? this.config.localTtl);
      log.push(`${first.source} ${formatIp(address)} is ${first.name}`);
      return 'local';
    }
    const cached = recursion ? this.cache.get(name, DNS_TYPE.PTR, now) : [];
    for (const e of cached) {
      if (e.data?.type !== 'PTR') continue;
      add(name, e.data, left(e.expires, now));
      log.push(`cached ${formatIp(address)} is ${e.data.name}`);
    }
    if (cached.some((e) => e.data)) return 'cached';
    if (this.config.bogusPriv && isPrivate(address) && !this.ruleFor(name, DNS_TYPE.PTR).some((r) => r.domain !== '')) {
      log.push(`config ${formatIp(address)} is NXDOMAIN`);
      return 'nxdomain';
    }
    return undefined;
  }

  /** The rules of the longest domain that has one for the type. */
  private ruleFor(name: string, type: number): DomainRule[] {
    const labels = name.toLowerCase().split('.');
    const fits = (r: DomainRule): boolean =>
      r.action.kind !== 'address' ||
      type === (typeof r.action.address === 'number' ? DNS_TYPE.A : DNS_TYPE.AAAA) ||
      type === DNS_TYPE.ANY;
    for (let i = 0; i <= labels.length; i++) {
      const domain = labels.slice(i).join('.');
      const rules = this.config.rules.filter((r) => r.domain === domain && !r.unqualified && fits(r));
      if (rules.length > 0 && domain !== '') return rules;
    }
    if (labels.length === 1) {
      const rules = this.config.rules.filter((r) => r.unqualified && fits(r));
      if (rules.length > 0) return rules;
    }
    return this.config.rules.filter((r) => r.domain === '' && !r.unqualified && fits(r));
  }

  private byDomain(name: string, type: number, log: readonly string[]): Decision {
    const rules = this.ruleFor(name, type);
    const domain = rules[0]?.domain ?? '';
    const local = (rcode: number, line: string): Decision => ({
      kind: 'answer',
      answer: { rcode, answers: [], authoritative: false, log: [...log, line] },
    });
    const addresses = rules.flatMap((r) => (r.action.kind === 'address' ? [r.action.address] : []));
    if (addresses.length > 0) {
      const answers = addresses.map((a): DnsRecord => ({ name, class: 1, ttl: this.config.localTtl, data: dataOf(a) }));
      return {
        kind: 'answer',
        answer: {
          rcode: 0,
          answers,
          authoritative: true,
          log: [...log, ...addresses.map((a) => `config ${name} is ${formatIp(a)}`)],
        },
      };
    }
    const nothing = (): Decision =>
      this.local.exists(name)
        ? local(0, `config ${name} is ${noData(type)}`)
        : local(DNS_RCODE.NXDOMAIN, `config ${name} is NXDOMAIN`);
    const unqualified =
      this.config.domainNeeded && (type === DNS_TYPE.A || type === DNS_TYPE.AAAA) && !name.includes('.') && name !== '';
    if (rules.some((r) => r.action.kind === 'local') || (unqualified && domain === '')) return nothing();
    const own = rules.flatMap((r) => (r.action.kind === 'server' ? [r.action.upstream] : []));
    const standard = rules.some((r) => r.action.kind === 'standard') || rules.length === 0 || domain === '';
    const general = this.config.rules.flatMap((r) =>
      r.domain === '' && !r.unqualified && r.action.kind === 'server' ? [r.action.upstream] : [],
    );
    const servers = standard ? [...general, ...this.resolvServers()] : own;
    if (servers.length === 0) {
      return {
        kind: 'answer',
        answer: {
          rcode: DNS_RCODE.REFUSED,
          answers: [],
          authoritative: false,
          ede: EDE_NOT_READY,
          log: [...log, `config error is REFUSED (EDE: ${EDE_NOT_READY.text})`],
        },
      };
    }
    return { kind: 'forward', servers, domain: standard ? '' : domain, log };
  }
}

/** Whole seconds until `expires`. */
function left(expires: Micros, now: Micros): number {
  return Math.max(0, expires / 1e6 - Math.floor(now / 1e6));
}
