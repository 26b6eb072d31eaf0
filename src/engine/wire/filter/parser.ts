/** The grammar of pcap-filter(7), compiled while it is parsed. `and` and `or` bind equally and to the left; `not` binds most. */
import type { IpAddress } from '../ip';
import { mask4, maskLength4, parseIp4 } from '../ip';
import { ip6Bytes, ip6ToBytesLoose, parseIp6 } from '../ip6-address';
import { parseMac, writeMac } from '../mac';
import { LINKTYPE } from '../pcap';
import { protocolNumber, servicePort } from '../services';
import { parseArithmetic } from './arithmetic';
import { ETHER_PROTOCOLS, IP_PROTOCOLS, KEYWORDS, NOT_SIMULATED } from './constants';
import type { Token } from './lexer';
import { FilterError, parseNumber, syntaxError, tokenize } from './lexer';
import { intersection, nothing } from './domain';
import type { Direction, Layout, Predicate } from './tests';
import {
  both,
  either,
  etherHost,
  etherType,
  host4,
  host6,
  ip4Protocol,
  ip6Protocol,
  layoutOf,
  load,
  opposite,
  port,
} from './tests';

/** What an expression is compiled for; see FilterOptions. */
export interface ParserOptions {
  linkType: number;
  live?: boolean;
  netmask?: number;
  resolveHost?: (name: string) => readonly IpAddress[] | undefined;
}

/** Qualifiers in front of an id; the last ones are inherited by ids that follow `and` and `or` bare. */
interface Qualifiers {
  protocol: string | undefined;
  direction: Direction | undefined;
  type: 'host' | 'net' | 'port' | 'portrange' | 'proto' | undefined;
}

const TYPES = new Set(['host', 'net', 'port', 'portrange', 'proto']);
const PROTOCOLS = new Set(['ether', 'link', 'ip', 'ip6', 'arp', 'rarp', ...IP_PROTOCOLS.keys()]);

/** One expression being parsed. */
export class Parser {
  private readonly tokens: Token[];
  private position = 0;
  /** Bytes of VLAN tags that `vlan` has stepped over so far. */
  private shift = 0;
  private inherited: Qualifiers | undefined;

  constructor(
    expression: string,
    private readonly options: ParserOptions,
  ) {
    this.tokens = tokenize(expression);
  }

  /** The headers' offsets at this point of the expression. */
  get layout(): Layout {
    return layoutOf(this.options.linkType, this.shift);
  }

  /** The token at the cursor. */
  get token(): Token {
    return this.tokens[this.position]!;
  }

  /** Steps over a token. */
  next(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.position++;
    return token;
  }

  /** Is the cursor on this symbol or (unescaped) word? */
  at(text: string): boolean {
    return this.token.kind !== 'end' && !this.token.escaped && this.token.text === text;
  }

  /** Steps over this symbol or word if the cursor is on it. */
  accept(text: string): boolean {
    if (!this.at(text)) return false;
    this.position++;
    return true;
  }

  /** @throws FilterError as libpcap would refuse the expression. */
  parse(): Predicate {
    const predicate = this.expression();
    if (this.token.kind !== 'end') throw syntaxError();
    return predicate;
  }

  private expression(): Predicate {
    let left = this.term();
    for (;;) {
      if (this.accept('and') || this.accept('&&')) left = both(left, this.term());
      else if (this.accept('or') || this.accept('||')) left = either(left, this.term());
      else return left;
    }
  }

  private term(): Predicate {
    if (this.accept('not') || this.accept('!')) {
      return opposite(this.term());
    }
    const start = this.position;
    const relation = this.attempt(() => parseArithmetic(this));
    if (relation !== undefined) return this.withProtocols(relation, start);
    if (this.accept('(')) {
      const inner = this.expression();
      if (!this.accept(')')) throw syntaxError();
      return inner;
    }
    return this.primitive();
  }

  /** Bytes of a protocol's header are there in its packets only. */
  private withProtocols(relation: Predicate, start: number): Predicate {
    const used = this.tokens.slice(start, this.position);
    // Numbers alone are decided now.
    if (!used.some((t) => t.text === '[' || t.text === 'len') && !relation({ bytes: new Uint8Array(), length: 0 }))
      return nothing;
    let kinds = relation;
    for (let i = start; i + 1 < this.position; i++) {
      const { text } = this.tokens[i]!;
      if (this.tokens[i + 1]!.text === '[' && text !== 'ether' && text !== 'link' && PROTOCOLS.has(text))
        kinds = both(kinds, this.protocol(text));
    }
    return kinds === relation ? relation : intersection((p) => relation(p), kinds, relation);
  }

  /** Runs a parser; when it does not apply, puts the cursor back. */
  private attempt<T>(run: () => T | undefined): T | undefined {
    const start = this.position;
    const result = run();
    if (result === undefined) this.position = start;
    return result;
  }

  private primitive(): Predicate {
    const token = this.token;
    if (token.kind === 'end' || token.kind === 'symbol') throw syntaxError();
    if (!token.escaped && NOT_SIMULATED.has(token.text)) {
      throw new FilterError(`not simulated in this course: ${token.text}`);
    }
    if (!token.escaped && token.text === 'gateway') {
      throw new FilterError("'gateway' not supported in this configuration");
    }
    const special = this.special();
    if (special !== undefined) return special;
    const qualifiers = this.qualifiers();
    if (qualifiers === undefined) {
      // a bare id takes the qualifiers of the one before it
      if (this.inherited === undefined || this.isKeyword()) throw syntaxError();
      return this.id(this.inherited);
    }
    const bare = qualifiers.type === undefined && qualifiers.direction === undefined;
    if (bare) {
      if (this.at('broadcast') || this.at('multicast')) return this.cast(qualifiers.protocol!);
      if (this.isIdStart() && !this.at('(')) {
        this.inherited = qualifiers;
        return this.id(qualifiers);
      }
      return this.protocol(qualifiers.protocol!);
    }
    this.inherited = qualifiers;
    if (this.accept('(')) {
      const list = this.idList(qualifiers);
      if (!this.accept(')')) throw syntaxError();
      return list;
    }
    return this.id(qualifiers);
  }

  /** `host (a or b)` */
  private idList(qualifiers: Qualifiers): Predicate {
    const one = (): Predicate => {
      if (this.accept('not') || this.accept('!')) {
        return opposite(one());
      }
      return this.id(qualifiers);
    };
    let left = one();
    for (;;) {
      if (this.accept('and') || this.accept('&&')) left = both(left, one());
      else if (this.accept('or') || this.accept('||')) left = either(left, one());
      else return left;
    }
  }

  private isKeyword(): boolean {
    return this.token.kind === 'word' && !this.token.escaped && KEYWORDS.has(this.token.text);
  }

  private isIdStart(): boolean {
    const token = this.token;
    return token.kind === 'mac' || token.kind === 'ip6' || (token.kind === 'word' && !this.isKeyword());
  }

  /** Primitives without an id of their own. */
  private special(): Predicate | undefined {
    if (this.at('inbound') || this.at('outbound')) {
      if (this.options.live !== true && this.options.linkType === LINKTYPE.ETHERNET) {
        throw new FilterError('inbound/outbound not supported on Ethernet when reading savefiles');
      }
      const outgoing = this.next().text === 'outbound';
      return (p) => (p.outgoing === true) === outgoing;
    }
    if (this.at('less') || this.at('greater')) {
      const less = this.next().text === 'less';
      const limit = this.number();
      return less ? (p) => p.length <= limit : (p) => p.length >= limit;
    }
    if (this.at('broadcast') || this.at('multicast')) return this.cast('ether');
    if (this.accept('vlan')) return this.vlan();
    return undefined;
  }

  private number(): number {
    const value = this.token.kind === 'word' ? parseNumber(this.token.text) : undefined;
    if (value === undefined) throw syntaxError();
    this.position++;
    return value;
  }

  private vlan(): Predicate {
    let id: number | undefined;
    if (this.token.kind === 'word' && /^\d/.test(this.token.text)) {
      id = this.number();
      if (id > 4095) throw new FilterError(`VLAN tag ${id} greater than maximum 4095`);
    }
    if (this.options.live === true && this.shift === 0) {
      return (p) => p.vlan !== undefined && (id === undefined || p.vlan.id === id);
    }
    const { type, network } = this.layout;
    this.shift += 4;
    if (type === undefined) throw new FilterError('no VLAN support for this data link type');
    return (p) => {
      const value = load(p, type, 2);
      if (value !== 0x8100 && value !== 0x88a8 && value !== 0x9100) return false;
      return id === undefined || (load(p, network, 2) & 0xfff) === id;
    };
  }

  private cast(protocol: string): Predicate {
    const broadcast = this.next().text === 'broadcast';
    const layout = this.layout;
    switch (protocol) {
      case 'ether':
      case 'link':
        if (!broadcast) return (p) => (load(p, 0, 1) & 1) === 1;
        return (p) => load(p, 2, 4) === 0xffffffff && load(p, 0, 2) === 0xffff;
      case 'ip': {
        const ip = etherType(layout, 0x0800);
        if (!broadcast) return (p) => ip(p) && load(p, layout.network + 16, 1) >= 224;
        const netmask = this.options.netmask;
        if (netmask === undefined) throw new FilterError("netmask not known, so 'ip broadcast' not supported");
        const hostBits = ~netmask >>> 0;
        return (p) => {
          if (!ip(p)) return false;
          const host = (load(p, layout.network + 16, 4) & hostBits) >>> 0;
          return host === 0 || host === hostBits;
        };
      }
      case 'ip6': {
        const ip6 = etherType(layout, 0x86dd);
        if (!broadcast) return (p) => ip6(p) && load(p, layout.network + 24, 1) === 255;
      }
    }
    throw new FilterError(
      broadcast
        ? 'only link-layer/IP broadcast filters supported'
        : 'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel',
    );
  }

  /** [protocol] [direction] [type]; undefined when there is none of them. */
  private qualifiers(): Qualifiers | undefined {
    const start = this.position;
    const q: Qualifiers = { protocol: undefined, direction: undefined, type: undefined };
    if (this.token.kind === 'word' && !this.token.escaped && PROTOCOLS.has(this.token.text)) {
      q.protocol = this.next().text;
    }
    if (this.at('src') || this.at('dst')) {
      const first = this.next().text;
      q.direction = first as Direction;
      const other = first === 'src' ? 'dst' : 'src';
      const joint = this.tokens[this.position + 1];
      if ((this.at('or') || this.at('and')) && joint?.text === other && !joint.escaped) {
        q.direction = this.next().text === 'or' ? 'either' : 'both';
        this.position++;
      }
    }
    if (this.token.kind === 'word' && !this.token.escaped && TYPES.has(this.token.text)) {
      q.type = this.next().text as NonNullable<Qualifiers['type']>;
    }
    return this.position === start ? undefined : q;
  }

  /** A protocol alone. */
  private protocol(name: string): Predicate {
    const layout = this.layout;
    const type = ETHER_PROTOCOLS.get(name);
    if (type !== undefined) return etherType(layout, type);
    const number = IP_PROTOCOLS.get(name);
    if (number === undefined) throw syntaxError();
    if (name === 'icmp6') return ip6Protocol(layout, number, true);
    if (name === 'icmp' || name === 'igmp' || name === 'igrp') return ip4Protocol(layout, number);
    return either(ip4Protocol(layout, number), ip6Protocol(layout, number, true));
  }

  private id(q: Qualifiers): Predicate {
    if (!this.isIdStart()) throw syntaxError();
    switch (q.type) {
      case 'port':
      case 'portrange':
        return this.port(q);
      case 'proto':
        return this.proto(q);
      case 'net':
      case 'host':
      case undefined:
        return this.host(q);
    }
  }

  private port(q: Qualifiers): Predicate {
    const word = this.next();
    const layout = this.layout;
    let protocols: number[];
    if (q.protocol === undefined) protocols = [132, 6, 17];
    else if (q.protocol === 'tcp' || q.protocol === 'udp' || q.protocol === 'sctp') {
      protocols = [IP_PROTOCOLS.get(q.protocol)!];
    } else throw new FilterError(`illegal qualifier of '${q.type!}'`);
    const named = (name: string): number => {
      const service = servicePort(name);
      if (service === undefined)
        throw new FilterError(`unknown ${q.type === 'portrange' ? 'port in range' : 'port'} '${word.text}'`);
      if (q.protocol === 'tcp' && !service.tcp) throw new FilterError(`port '${name}' is udp`);
      if (q.protocol === 'udp' && !service.udp) throw new FilterError(`port '${name}' is tcp`);
      if (q.protocol === undefined && !(service.tcp && service.udp)) protocols = [service.tcp ? 6 : 17];
      return service.port;
    };
    const checked = (value: number): number => {
      if (value > 65535) throw new FilterError(`illegal port number ${value} > 65535`);
      return value;
    };
    const numberOrName = (text: string): number => {
      const number = parseNumber(text);
      return number === undefined ? named(text) : checked(number);
    };
    const direction = q.direction ?? 'either';
    if (q.type === 'portrange') {
      const dash = /^(\d+)-(\d+)$/.exec(word.text);
      const low = numberOrName(dash?.[1] ?? word.text);
      const high = dash === null ? low : numberOrName(dash[2]!);
      return port(layout, protocols, direction, Math.min(low, high), Math.max(low, high));
    }
    const value = numberOrName(word.text);
    return port(layout, protocols, direction, value, value);
  }

  private proto(q: Qualifiers): Predicate {
    const word = this.next().text;
    const layout = this.layout;
    if (q.direction !== undefined) throw new FilterError("illegal qualifier of 'proto'");
    const number = parseNumber(word);
    switch (q.protocol) {
      case 'ether':
      case 'link': {
        const type = number ?? ETHER_PROTOCOLS.get(word);
        if (type === undefined) throw new FilterError(`unknown ether proto '${word}'`);
        return etherType(layout, type);
      }
      case undefined:
      case 'ip':
      case 'ip6': {
        const protocol = number ?? protocolNumber(word);
        if (protocol === undefined) throw new FilterError(`unknown ip proto '${word}'`);
        const four = ip4Protocol(layout, protocol);
        const six = ip6Protocol(layout, protocol, true);
        return q.protocol === 'ip' ? four : q.protocol === 'ip6' ? six : either(four, six);
      }
      default:
        throw new FilterError(`'${q.protocol} proto' is bogus`);
    }
  }

  /** `host` and `net`, also left out: `src 10.0.0.1`. */
  private host(q: Qualifiers): Predicate {
    const token = this.next();
    const direction = q.direction ?? 'either';
    const net = q.type === 'net';
    if (token.kind === 'mac') {
      if (q.protocol !== 'ether' && q.protocol !== 'link') {
        throw new FilterError('ethernet address used in non-ether expression');
      }
      const mac = new Uint8Array(6);
      writeMac(parseMac(token.text)!, mac, 0);
      return etherHost(direction, mac);
    }
    if (q.protocol === 'ether' || q.protocol === 'link') {
      throw new FilterError(
        parseNumber(token.text) === undefined ? `unknown ether host '${token.text}'` : 'illegal link layer address',
      );
    }
    if (token.kind === 'ip6') {
      const length = this.accept('/') ? this.number() : 128;
      if (length > 128) throw new FilterError('mask length must be <= 128');
      return this.six(q, direction, token.text, length, net);
    }
    if (/^(\d+(\.\d+){0,3}|0[xX][0-9a-fA-F]+)$/.test(token.text)) return this.four(q, direction, token.text, net);
    if (/^\d+(\.\d+){4,}$/.test(token.text)) throw syntaxError();
    const addresses = this.options.resolveHost?.(token.text);
    if (addresses === undefined || addresses.length === 0) {
      throw new FilterError(net ? `unknown network '${token.text}'` : `unknown host '${token.text}'`);
    }
    let result: Predicate = () => false;
    for (const address of addresses) {
      if (typeof address === 'number') {
        if (q.protocol !== 'ip6') result = either(result, this.ip4Test(q, direction, address, 0xffffffff));
      } else if (q.protocol !== 'ip' && q.protocol !== 'arp' && q.protocol !== 'rarp') {
        result = either(result, this.six(q, direction, address, 128, false));
      }
    }
    return result;
  }

  private six(q: Qualifiers, direction: Direction, text: string, length: number, net: boolean): Predicate {
    if (q.protocol !== undefined && q.protocol !== 'ip6') {
      throw new FilterError(
        q.protocol === 'ip' || q.protocol === 'arp' || q.protocol === 'rarp'
          ? `'${q.protocol}' modifier applied to ip6 host`
          : `'${q.protocol}' modifier applied to host`,
      );
    }
    if (length !== 128 && !net) throw new FilterError('Mask syntax for networks only');
    const bytes = ip6ToBytesLoose(text) ?? ip6Bytes(parseIp6(text) ?? '::');
    for (let i = 0; i < 16; i++) {
      const keep = Math.max(0, Math.min(8, length - 8 * i));
      if ((bytes[i]! & (0xff >> keep)) !== 0) throw new FilterError(`non-network bits set in "${text}/${length}"`);
    }
    return host6(this.layout, direction, bytes, length);
  }

  private four(q: Qualifiers, direction: Direction, text: string, net: boolean): Predicate {
    const octets = text.split('.');
    const plain = octets.length === 1 ? parseNumber(text)! : undefined;
    if (octets.length > 1 && octets.some((o) => Number(o) > 255)) {
      throw new FilterError(`invalid IPv4 address '${text}'`);
    }
    let address = plain ?? octets.reduce((sum, o) => sum * 256 + Number(o), 0);
    let mask = 0xffffffff;
    const bits = plain === undefined ? 8 * octets.length : 32;
    if (this.at('/') || this.at('mask')) {
      // A number without dots is no network that a mask could follow.
      if (plain !== undefined) throw syntaxError();
      const slash = this.next().text === '/';
      if (!net) throw new FilterError('Mask syntax for networks only');
      address = (address * 2 ** (32 - bits)) >>> 0;
      let shown: string;
      if (slash) {
        const length = this.number();
        if (length > 32) throw new FilterError('mask length must be <= 32');
        mask = mask4(length);
        shown = `${text}/${length}`;
      } else {
        const maskText = this.next().text;
        const parsed = parseIp4(maskText);
        if (parsed === undefined || maskLength4(parsed) === undefined) {
          if (parsed === undefined) throw syntaxError();
        }
        mask = parsed;
        shown = `${text} mask ${maskText}`;
      }
      if ((address & ~mask) !== 0) throw new FilterError(`non-network bits set in "${shown}"`);
    } else if (net) {
      // a short network number means the prefix of as many bytes as were written
      while (address !== 0 && address >>> 24 === 0) {
        address = (address << 8) >>> 0;
        mask = (mask << 8) >>> 0;
      }
    } else {
      address = (address * 2 ** (32 - bits)) >>> 0;
      mask = mask4(bits);
    }
    return this.ip4Test(q, direction, address, mask);
  }

  private ip4Test(q: Qualifiers, direction: Direction, address: number, mask: number): Predicate {
    switch (q.protocol) {
      case undefined:
        return host4(this.layout, ['ip', 'arp', 'rarp'], direction, address, mask);
      case 'ip':
      case 'arp':
      case 'rarp':
        return host4(this.layout, [q.protocol], direction, address, mask);
      case 'ip6':
        throw new FilterError("'ip6' modifier applied to ip host");
      default:
        throw new FilterError(`'${q.protocol}' modifier applied to ${q.type === 'net' ? 'net' : 'host'}`);
    }
  }
}
