/** The programs of iptables 1.8.9 as Debian installs them: `iptables` is the one on nf_tables. */
import type { Coroutine } from '../../../core';
import type { Program, Sys } from '../../../host';
import { describeLegacyRulesWith } from '../../../net/netfilter/legacy/ip-tables';
import { runCommand } from './command';
import { saveRule } from './print-rule';
import { runRestore } from './restore';
import { call } from './run';
import { runSave } from './save';
import { runTranslate } from './translate';

describeLegacyRulesWith((rule) => saveRule(rule));

/** Runs whatever the multi-call program was called as. */
function* main(sys: Sys, argv: readonly string[], variant: 'nf_tables' | 'legacy'): Coroutine<number> {
  let called = (argv[0] ?? '').replace(/^.*\//, '');
  let args = argv;
  if (called.startsWith('xtables-')) {
    args = argv.slice(1);
    called = args[0] ?? '';
    if (called === 'main4') called = 'iptables';
    if (called === 'main6') called = 'ip6tables';
  }
  const m = /^(ip6?tables)(?:-(?:nft|legacy))?(?:-(save|restore|translate))?$/.exec(called);
  if (m === null) {
    yield* sys.eprint(`ERROR: No valid subcommand given.\nValid subcommands:\n * iptables\n * ip6tables\n`);
    return 1;
  }
  const kind = m[2];
  const name = kind === undefined ? m[1]! : `${m[1]}-${kind}`;
  const c = yield* call(sys, name, called, variant);
  if (kind === 'save') return yield* runSave(c, [called, ...args.slice(1)]);
  if (kind === 'restore') return yield* runRestore(c, [called, ...args.slice(1)]);
  if (kind === 'translate') return yield* runTranslate(c, args.slice(1));
  return yield* runCommand(c, args.slice(1));
}

function program(
  name: string,
  summary: string,
  variant: 'nf_tables' | 'legacy',
  links: readonly string[] = [],
): Program {
  return {
    name,
    path: `/usr/sbin/${name}`,
    summary,
    ...(links.length > 0 ? { links } : {}),
    main: (sys, argv) => main(sys, argv, variant),
    complete: (words) => complete(words),
  };
}

const OPTIONS = [
  '-A',
  '-C',
  '-D',
  '-E',
  '-F',
  '-I',
  '-L',
  '-N',
  '-P',
  '-R',
  '-S',
  '-X',
  '-Z',
  '-d',
  '-g',
  '-i',
  '-j',
  '-m',
  '-n',
  '-o',
  '-p',
  '-s',
  '-t',
  '-v',
  '--dport',
  '--sport',
  '--line-numbers',
];
const CHAINS = ['INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING'];

function complete(words: readonly string[]): readonly string[] {
  const last = words[words.length - 1];
  if (last === '-t') return ['filter', 'nat', 'mangle', 'raw', 'security'];
  if (last !== undefined && /^-[ACDEFILNPRSXZ]$/.test(last)) return CHAINS;
  if (last === '-j')
    return ['ACCEPT', 'DROP', 'RETURN', 'REJECT', 'LOG', 'DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'MARK'];
  if (last === '-m')
    return ['addrtype', 'comment', 'conntrack', 'limit', 'mark', 'multiport', 'physdev', 'statistic', 'tcp', 'udp'];
  if (last === '-p') return ['tcp', 'udp', 'icmp'];
  return OPTIONS;
}

const KINDS: readonly (readonly [string, string])[] = [
  ['', 'administration tool for packet filtering and NAT'],
  ['-save', 'dump rules'],
  ['-restore', 'restore rules'],
];

/** All of them. */
export const IPTABLES_PROGRAMS: readonly Program[] = [
  ...['iptables', 'ip6tables'].flatMap((base) =>
    KINDS.flatMap(([kind, summary]) => [
      program(`${base}${kind}`, summary, 'nf_tables'),
      program(`${base}-nft${kind}`, summary, 'nf_tables'),
      program(`${base}-legacy${kind}`, summary, 'legacy'),
    ]),
  ),
  program('iptables-translate', 'translate a rule into a command of nft', 'nf_tables'),
  program('ip6tables-translate', 'translate a rule into a command of nft', 'nf_tables'),
  program('xtables-nft-multi', 'iptables on nf_tables, all programs in one', 'nf_tables'),
  program('xtables-legacy-multi', 'iptables on ip_tables, all programs in one', 'legacy'),
];
