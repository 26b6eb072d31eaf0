/** dig's command line (bin/dig/dig.c of BIND 9.18). */
import { DNS_TYPE, parseIp, reverseName } from '../../wire';
import { Stop } from '../network/common';
import { classByName, typeByName } from './text';
import { defaults } from './dig-lookup';
import type { DigCommand, DigLookup } from './dig-lookup';
import { invalid, missing, plusOption } from './dig-plus';

/** The name below in-addr.arpa or ip6.arpa for `-x`: also of parts of addresses. */
export function reverseOf(text: string): string {
  const address = parseIp(text);
  if (address !== undefined) return reverseName(address);
  return `${text.split('.').reverse().join('.')}.in-addr.arpa`;
}

/**
 * Takes a command line apart.
 * @param outer the command line that named the file of which this is a line
 * @throws Stop
 */
export function parseDig(argv: readonly string[], version: string, outer?: DigCommand): DigCommand {
  const base = outer ? { ...outer.base } : defaults();
  const lookups: DigLookup[] = [];
  const servers: string[] = [];
  const warnings: string[] = [];
  const state = {
    family: outer?.family ?? 'any',
    port: outer?.port ?? 53,
    source: outer?.source,
    short: outer?.short ?? false,
    cmd: outer?.cmd ?? true,
    micros: outer?.micros ?? false,
    batch: undefined as string | undefined,
    show: undefined as DigCommand['show'],
  };
  // Types and classes may come before the name they belong to.
  let early: DigLookup | undefined;
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
      case 'f':
        if (outer === undefined) state.batch = value;
        break;
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
    else if (word.startsWith('+')) plusOption(word.slice(1), lookups.at(-1) ?? base, state);
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
  if (lookups.length === 0 && state.batch === undefined) {
    const l = newLookup('.');
    if (!l.typeSet) l.type = DNS_TYPE.NS;
  }
  return { ...state, base, lookups, servers: servers.length > 0 || !outer ? servers : outer.servers, warnings };
}
