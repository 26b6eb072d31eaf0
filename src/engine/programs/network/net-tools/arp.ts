/** arp(8) of net-tools. */
import type { Coroutine } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { NeighbourInfo } from '../../../net';
import { formatIp, parseMac } from '../../../wire';
import { getoptOr } from '../../lib/options';
import { deviceNames, Stop, stoppable, why } from '../common';
import { ARP_TYPES, ARP_USAGE } from '../help';
import { inetAton, nameOf, resolveHost } from '../resolver';

function* address(sys: Sys, host: string): Coroutine<number> {
  const literal = inetAton(host);
  if (literal !== undefined) return literal;
  const found = yield* resolveHost(sys, host, 'inet');
  if ('error' in found) throw new Stop(255, `${host}: Host name lookup failure\n`);
  return found.addresses[0] as number;
}

function valid(n: NeighbourInfo): boolean {
  return n.state !== 'INCOMPLETE' && n.state !== 'FAILED' && n.lladdr !== undefined;
}

function* show(
  sys: Sys,
  numeric: boolean,
  bsd: boolean,
  verbose: boolean,
  dev: string | undefined,
  host: string | undefined,
): Coroutine<number> {
  const wanted = host === undefined ? undefined : yield* address(sys, host);
  let shown = 0;
  let skipped = 0;
  let text = '';
  const all = sys.net.neigh.list({ family: 'inet' }).filter((n) => n.state !== 'NOARP');
  for (const n of all) {
    const name = sys.net.links.get(n.index)?.name ?? '?';
    if ((dev !== undefined && name !== dev) || (wanted !== undefined && n.address !== wanted)) {
      skipped++;
      continue;
    }
    const ip = formatIp(n.address);
    const hostName = numeric ? undefined : yield* nameOf(sys, n.address);
    shown++;
    if (bsd) {
      const perm = n.state === 'PERMANENT' ? 'PERM ' : '';
      text += `${hostName ?? '?'} (${ip}) at ${valid(n) ? `${n.lladdr} [ether] ` : '<incomplete> '}${perm}on ${name}\n`;
      continue;
    }
    if (shown === 1) text += 'Address                  HWtype  HWaddress           Flags Mask            Iface\n';
    const flags = valid(n) ? (n.state === 'PERMANENT' ? 'CM' : 'C') : '';
    const middle = valid(n)
      ? `${'ether'.padEnd(8)}${n.lladdr!.padEnd(20)}`
      : `${''.padEnd(8)}${'(incomplete)'.padEnd(20)}`;
    text += `${(hostName ?? ip).slice(0, 23).padEnd(23)}  ${middle}${flags.padEnd(6)}${''.padEnd(16)}${name}\n`;
  }
  if (verbose) text += `Entries: ${all.length}\tSkipped: ${skipped}\tFound: ${shown}\n`;
  if (shown === 0 && wanted !== undefined && !bsd) {
    text +=
      dev !== undefined
        ? `${host} (${formatIp(wanted)}) -- no entry on ${dev}\n`
        : `${host} (${formatIp(wanted)}) -- no entry\n`;
  } else if (shown === 0 && bsd && wanted !== undefined) text += `arp: in ${all.length} entries no match found.\n`;
  yield* sys.print(text);
  return 0;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const parsed = getoptOr(
      argv,
      'A:H:adfp:nsei:Dt:vh?DNV',
      [
        'verbose=v',
        'version=V',
        'all=a',
        'delete=d',
        'file=f',
        'numeric=n',
        'set=s',
        'protocol:=A',
        'hw-type:=H',
        'device:=i',
        'help=h',
        'use-device=D',
        'symbolic=N',
      ],
      (message) => new Stop(255, `arp: ${message}\n${ARP_USAGE}${ARP_TYPES}`),
    );
    let mode: 'show' | 'set' | 'delete' | 'file' = 'show';
    let numeric = false;
    let bsd = false;
    let verbose = false;
    let dev: string | undefined;
    for (const { name, arg } of parsed.options) {
      if (name === 'h' || name === '?') {
        yield* sys.print(ARP_USAGE);
        yield* sys.eprint(ARP_TYPES);
        return 0;
      }
      if (name === 'V') {
        yield* sys.print('net-tools 2.10\n');
        return 0;
      }
      if (name === 'a') bsd = true;
      else if (name === 'n') numeric = true;
      else if (name === 'v') verbose = true;
      else if (name === 'i') dev = arg!;
      else if (name === 's') mode = 'set';
      else if (name === 'd') mode = 'delete';
      else if (name === 'f') mode = 'file';
      else if (name === 'D') throw new Stop(255, 'arp: not simulated in this course: -D\n');
    }
    if (mode === 'file') throw new Stop(255, 'arp: not simulated in this course: -f\n');
    const [host, hw] = parsed.operands;
    if (mode === 'show') return yield* show(sys, numeric, bsd, verbose, dev, host);
    if (host === undefined) throw new Stop(255, 'arp: need host name\n');
    const ip = yield* address(sys, host);
    const find = (): number => {
      if (dev !== undefined) {
        const link = sys.net.links.byName(dev);
        if (!link) throw new Stop(255, `${mode === 'set' ? 'SIOCSARP' : 'SIOCDARP(priv)'}: No such device\n`);
        return link.index;
      }
      const known = sys.net.neigh.list({ family: 'inet' }).find((n) => n.address === ip);
      if (known && mode === 'delete') return known.index;
      try {
        return sys.net.routes.get({ dst: ip }).index;
      } catch (e) {
        throw new Stop(255, `SIOCSARP: ${why(e)}\n`);
      }
    };
    if (mode === 'set') {
      if (hw === undefined) throw new Stop(255, 'arp: need hardware address\n');
      const mac = parseMac(hw);
      if (!mac) throw new Stop(255, 'arp: invalid hardware address\n');
      if (!sys.netAdmin) throw new Stop(255, 'SIOCSARP: Operation not permitted\n');
      const temporary = parsed.operands.includes('temp');
      try {
        sys.net.neigh.replace({ index: find(), address: ip, lladdr: mac, state: temporary ? 'STALE' : 'PERMANENT' });
      } catch (e) {
        if (e instanceof Stop) throw e;
        throw new Stop(255, `SIOCSARP: ${why(e)}\n`);
      }
      return 0;
    }
    if (!sys.netAdmin) throw new Stop(255, 'SIOCDARP(dontpub): Operation not permitted\n');
    try {
      sys.net.neigh.delete({ index: find(), address: ip });
    } catch (e) {
      if (e instanceof Stop && e.text.includes('No such device')) throw e;
      throw new Stop(255, '', `No ARP entry for ${host}\n`);
    }
    return 0;
  });
}

/** The program. */
export const arp: Program = {
  name: 'arp',
  path: '/usr/sbin/arp',
  size: 64608,
  summary: 'manipulate the system ARP cache',
  manual: `NAME
       arp - show and change the ARP cache

SYNOPSIS
       arp [-n] [-a] [-i INTERFACE] [HOST]
       arp -s HOST MAC
       arp -d HOST

DESCRIPTION
       The older tool for neighbours; ip-neighbour(8) also shows their states.
`,
  main,
  complete: (words, sys) => (words[words.length - 1] === '-i' ? deviceNames(sys) : ['-a', '-d', '-i', '-n', '-s']),
};
