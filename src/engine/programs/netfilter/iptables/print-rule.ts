/** Rules as -S and iptables-save print them, and as -L does. */
import type { IpAddress } from '../../../wire';
import { formatIp, protocolName } from '../../../wire';
import type { XtPrintContext } from '../../../net/netfilter/xt/command-line';
import type { Signed, XtCounters, XtRule } from '../../../net/netfilter/xt/rule';
import type { Masked } from '../../../net/netfilter/xt/values';
import { formatMask, formatMaskShort, maskLength } from '../../../net/netfilter/xt/values';

/** How addresses become names; undefined keeps numbers. */
export type HostName = (address: IpAddress) => string | undefined;

/** What a rule's extensions are told when they print. */
export function printContext(rule: XtRule, numeric: boolean, name: HostName): XtPrintContext {
  return {
    family: rule.family,
    numeric,
    protocol: rule.protocol === undefined || rule.protocol.inverted ? 0 : rule.protocol.value,
    host: (address) => (numeric ? undefined : name(address)) ?? formatIp(address),
  };
}

const nobody: HostName = () => undefined;

function signed<T>(part: Signed<T> | undefined, option: string, show: (value: T) => string): string {
  return part === undefined ? '' : `${part.inverted ? ' !' : ''} ${option}${show(part.value)}`;
}

/** A protocol's name, or its number. */
export function protocolText(number: number): string {
  return protocolName(number) ?? String(number);
}

/** Everything behind `-A CHAIN`, with a blank before each part. @param counters shows ` -c p b` */
export function saveRule(rule: XtRule, counters = false): string {
  const c = printContext(rule, true, nobody);
  const host = (m: Masked): string => ` ${formatIp(m.address)}${formatMask(m.mask)}`;
  let out = signed(rule.source, '-s', host) + signed(rule.destination, '-d', host);
  out += signed(rule.input, '-i', (n) => ` ${n}`) + signed(rule.output, '-o', (n) => ` ${n}`);
  out += signed(rule.protocol, '-p', (n) => ` ${protocolText(n)}`);
  out += signed(rule.fragment, '-f', () => '');
  for (const m of rule.matches) out += ` -m ${m.extension.name}${m.extension.save?.(m.info, c) ?? ''}`;
  if (counters) out += ` -c ${rule.counters.packets} ${rule.counters.bytes}`;
  const { target } = rule;
  switch (target.kind) {
    case 'none':
      return out;
    case 'verdict':
      return `${out} -j ${target.verdict}`;
    case 'chain':
      return `${out} ${target.goto ? '-g' : '-j'} ${target.chain}`;
    case 'extension':
      return `${out} -j ${target.extension.name}${target.extension.save?.(target.info, c) ?? ''}`;
  }
}

/** How -L prints. */
export interface ListFormat {
  readonly numeric: boolean;
  /** -v: counters and interfaces. */
  readonly verbose: boolean;
  /** -x */
  readonly exact: boolean;
  readonly lineNumbers: boolean;
  readonly host: HostName;
}

const UNITS = ['K', 'M', 'G', 'T'];

/** xtables_print_num: five columns with a unit, or eight when all digits are wanted. */
export function countText(n: number, exact: boolean): string {
  if (exact) return String(n).padStart(8);
  if (n <= 99999) return String(n).padStart(5);
  let unit = 0;
  let value = Math.floor((n + 500) / 1000);
  while (value > 9999 && unit < 3) {
    value = Math.floor((value + 500) / 1000);
    unit++;
  }
  return `${String(value).padStart(4)}${UNITS[unit]}`;
}

/** ` 1 packets, 84 bytes` of a policy. */
export function policyCounters(c: XtCounters, exact: boolean): string {
  const show = (n: number): string => countText(n, exact).trim();
  return ` ${show(c.packets)} packets, ${show(c.bytes)} bytes`;
}

/** The line of column names. */
export function listHeader(f: ListFormat): string {
  let out = f.lineNumbers ? 'num  ' : '';
  if (f.verbose) out += f.exact ? `${'pkts'.padStart(8)} ${'bytes'.padStart(10)} ` : ` pkts bytes `;
  out += 'target     prot opt';
  if (f.verbose) out += ' in     out    ';
  return `${out} ${'source'.padEnd(19)}  ${'destination'.padEnd(19)} \n`;
}

function addressText(part: Signed<Masked> | undefined, rule: XtRule, f: ListFormat): string {
  const any = rule.family === 'ip' ? '0.0.0.0/0' : '::/0';
  if (part === undefined || (maskLength(part.value.mask) === 0 && !part.inverted))
    return ` ${(f.numeric ? any : 'anywhere').padEnd(19)} `;
  const { address, mask } = part.value;
  const name = f.numeric ? undefined : f.host(address);
  return `${part.inverted ? '!' : ' '}${`${name ?? formatIp(address)}${formatMaskShort(mask)}`.padEnd(19)} `;
}

function interfaceText(part: Signed<string> | undefined, f: ListFormat): string {
  if (part === undefined) return (f.numeric ? '*' : 'any').padEnd(6);
  return `${part.inverted ? '!' : ''}${part.value}`.padEnd(6);
}

/** Name in the target column: real names of extensions, not aliases. */
function targetText(rule: XtRule): string {
  const { target } = rule;
  switch (target.kind) {
    case 'none':
      return '';
    case 'verdict':
      return target.verdict;
    case 'chain':
      return target.chain;
    case 'extension':
      return target.extension.realName ?? target.extension.name;
  }
}

/** One line of -L. @param number place in the chain, from 1 */
export function listRule(rule: XtRule, number: number, f: ListFormat): string {
  const c = printContext(rule, f.numeric, f.host);
  let out = f.lineNumbers ? `${String(number).padEnd(4)} ` : '';
  if (f.verbose) out += `${countText(rule.counters.packets, f.exact)} ${countText(rule.counters.bytes, f.exact)} `;
  out += `${targetText(rule).padEnd(9)} `;
  const proto = rule.protocol;
  const number4 = proto?.value ?? 0;
  const protoText = f.numeric ? String(number4) : proto === undefined ? 'all' : protocolText(number4);
  out += `${proto?.inverted ? '!' : ' '}${protoText.padEnd(4)} `;
  out += rule.fragment === undefined ? '-- ' : rule.fragment.inverted ? '!f ' : '-f ';
  if (f.verbose) out += ` ${interfaceText(rule.input, f)} ${interfaceText(rule.output, f)} `;
  out += addressText(rule.source, rule, f) + addressText(rule.destination, rule, f);
  if (rule.target.kind === 'chain' && rule.target.goto) out += '[goto] ';
  for (const m of rule.matches) out += m.extension.print?.(m.info, c) ?? '';
  if (rule.target.kind === 'extension') out += rule.target.extension.print?.(rule.target.info, c) ?? '';
  return `${out}\n`;
}

/** A rule in one line without columns, as -v tells what was done. */
export function noteRule(rule: XtRule): string {
  const f: ListFormat = { numeric: true, verbose: true, exact: true, lineNumbers: false, host: nobody };
  const c = printContext(rule, true, nobody);
  const proto = rule.protocol;
  const frag = rule.fragment === undefined ? '--' : rule.fragment.inverted ? '!f' : '-f';
  const target = targetText(rule);
  let out = `${target} ${proto?.inverted ? '!' : ' '}${proto === undefined ? 'all' : protocolText(proto.value)} opt ${frag} `;
  out += `in ${interfaceText(rule.input, f).trim()} out ${interfaceText(rule.output, f).trim()} `;
  const address = (part: Signed<Masked> | undefined): string => addressText(part, rule, f).trim();
  out += ` ${address(rule.source)}  -> ${address(rule.destination)}  `;
  for (const m of rule.matches) out += m.extension.print?.(m.info, c) ?? '';
  if (rule.target.kind === 'extension') out += rule.target.extension.print?.(rule.target.info, c) ?? '';
  return `${out}\n`;
}
