/** iptables-translate: says a command in nft's words (iptables/xtables-translate.c). */
import type { Coroutine } from '../../../core';
import { formatIp, protocolName } from '../../../wire';
import type { Signed, XtRule } from '../../../net/netfilter/xt/rule';
import type { Masked } from '../../../net/netfilter/xt/values';
import { formatMaskShort, maskLength } from '../../../net/netfilter/xt/values';
import type { Command } from './parsed-line';
import { parseCommand } from './parse';
import { printContext } from './print-rule';
import type { Call } from './run';
import { failure, setting, versionOf } from './run';

const sign = (inverted: boolean): string => (inverted ? '!= ' : '');

function interfaceText(key: string, part: Signed<string> | undefined): string {
  if (part === undefined) return '';
  return `${key} ${sign(part.inverted)}"${part.value.replace(/\+$/, '*')}" `;
}

function address(key: string, part: Signed<Masked> | undefined): string {
  if (part === undefined) return '';
  const { address: a, mask } = part.value;
  if (maskLength(mask) === undefined)
    return `${key} & ${formatIp(mask)} ${part.inverted ? '!=' : '=='} ${formatIp(a)} `;
  return `${key} ${sign(part.inverted)}${formatIp(a)}${formatMaskShort(mask)} `;
}

/** The rule without its chain; undefined when some extension has no translation. */
export function translateRule(rule: XtRule): string | undefined {
  const c = printContext(rule, true, () => undefined);
  let out = interfaceText('iifname', rule.input) + interfaceText('oifname', rule.output);
  if (rule.protocol !== undefined) {
    const name = protocolName(rule.protocol.value) ?? String(rule.protocol.value);
    const said = rule.matches.some((m) => m.extension.protocols?.[rule.family] === rule.protocol!.value);
    if (!said || rule.protocol.inverted)
      out += `${rule.family === 'ip' ? 'ip protocol' : 'meta l4proto'} ${sign(rule.protocol.inverted)}${name} `;
  }
  out += address(`${rule.family} saddr`, rule.source) + address(`${rule.family} daddr`, rule.destination);
  if (rule.fragment) out += `ip frag-off & 0x1fff ${rule.fragment.inverted ? '== 0' : '!= 0'} `;
  let note = '';
  for (const m of rule.matches) {
    if (m.extension.name === 'comment') {
      note = ` comment "${(m.info as { comment: string }).comment}"`;
      continue;
    }
    const text = m.extension.nft?.(m.info, c);
    if (text === undefined) return undefined;
    out += text === '' ? '' : `${text} `;
  }
  out += 'counter';
  const { target } = rule;
  if (target.kind === 'verdict') out += ` ${target.verdict.toLowerCase()}`;
  else if (target.kind === 'chain') out += ` ${target.goto ? 'goto' : 'jump'} ${target.chain}`;
  else if (target.kind === 'extension') {
    const text = target.extension.nft?.(target.info, c);
    if (text === undefined) return undefined;
    out += ` ${text}`;
  }
  return out + note;
}

function commandText(command: Command, family: string, original: string): string | undefined {
  const place = `${family} ${command.table} ${command.chain ?? ''}`.trimEnd();
  const [verb] = command.verbs;
  const lines: string[] = [];
  const rule = (head: string): void => {
    for (const r of command.rules) {
      const text = translateRule(r);
      lines.push(text === undefined ? `nft # ${original} ` : `nft '${head} ${place} ${text}'`);
    }
  };
  switch (verb) {
    case 'A':
      rule('add rule');
      break;
    case 'I':
      rule('insert rule');
      break;
    case 'N':
      lines.push(`nft 'add chain ${place}'`);
      break;
    case 'X':
      lines.push(`nft 'delete chain ${place}'`);
      break;
    case 'F':
      lines.push(
        command.chain === undefined ? `nft 'flush table ${family} ${command.table}'` : `nft 'flush chain ${place}'`,
      );
      break;
    case 'L':
      lines.push(
        command.chain === undefined ? `nft 'list table ${family} ${command.table}'` : `nft 'list chain ${place}'`,
      );
      break;
    default:
      return undefined;
  }
  return `${lines.join('\n')}\n`;
}

/** Runs iptables-translate. */
export function* runTranslate(c: Call, args: readonly string[]): Coroutine<number> {
  let warnings = '';
  try {
    const parsed = parseCommand(
      args,
      setting(c, undefined, (t) => void (warnings += t)),
    );
    if (parsed.kind !== 'command') {
      yield* c.sys.print(`${versionOf(c)}\n`);
      return 0;
    }
    const text = commandText(parsed.command, c.family, args.join(' '));
    if (text === undefined) yield* c.sys.eprint('Translation not implemented\n');
    yield* c.sys.print(text ?? 'nft ');
    return text === undefined ? 1 : 0;
  } catch (error) {
    const f = failure(error, c);
    yield* c.sys.eprint(warnings + f.text);
    return f.status;
  }
}
