/** ifconfig(8) of net-tools. */
import type { Coroutine } from '../../../core';
import type { Program, Sys } from '../../../host';
import type { AddressInfo, Link, LinkChange, LinkInfo } from '../../../net';
import { IFF } from '../../../net';
import { broadcast4, formatIp, formatIp4, mask4, maskLength4, parseMac, parsePrefix } from '../../../wire';
import { deviceNames, Stop, stoppable, why } from '../common';
import { IFCONFIG_TYPES, IFCONFIG_USAGE } from '../help';
import { inetAton, resolveHost } from '../resolver';

const FLAGS: readonly (readonly [number, string])[] = [
  [IFF.UP, 'UP'],
  [IFF.BROADCAST, 'BROADCAST'],
  [IFF.DEBUG, 'DEBUG'],
  [IFF.LOOPBACK, 'LOOPBACK'],
  [IFF.POINTOPOINT, 'POINTOPOINT'],
  [IFF.NOTRAILERS, 'NOTRAILERS'],
  [IFF.RUNNING, 'RUNNING'],
  [IFF.NOARP, 'NOARP'],
  [IFF.PROMISC, 'PROMISC'],
  [IFF.ALLMULTI, 'ALLMULTI'],
  [IFF.SLAVE, 'SLAVE'],
  [IFF.MASTER, 'MASTER'],
  [IFF.MULTICAST, 'MULTICAST'],
  [IFF.DYNAMIC, 'DYNAMIC'],
];

/** Flags as the old ioctl gives them: 16 bits. */
function oldFlags(info: LinkInfo): number {
  return info.flags & 0xffff;
}

const SCOPES: Readonly<Record<number, string>> = {
  0: '0x0<global>',
  200: '0x40<site>',
  253: '0x20<link>',
  254: '0x10<host>',
};

/** `1234 (1.2 KiB)` without the number in front. */
function human(bytes: number): string {
  const units: readonly [number, string][] = [
    [2 ** 50, 'PiB'],
    [2 ** 40, 'TiB'],
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ];
  for (const [size, unit] of units) {
    if (bytes >= size) {
      const tenths = Math.floor((bytes * 10) / size);
      return `${Math.floor(tenths / 10)}.${tenths % 10} ${unit}`;
    }
  }
  return `${bytes}.0 B`;
}

/** One interface; `alias` is the name of an address of its own such as `eth0:1`. */
export function interfaceText(sys: Sys, info: LinkInfo, alias?: string): string {
  const addrs = sys.net.addrs.list({ index: info.index });
  const inet = addrs.filter((a) => a.family === 'inet');
  const own: AddressInfo | undefined =
    alias === undefined ? inet.find((a) => a.label === info.name) : inet.find((a) => a.label === alias);
  const flags = oldFlags(info);
  const names = FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, n]) => n);
  let text = `${alias ?? info.name}: flags=${flags}<${names.join(',')}>  mtu ${info.mtu}\n`;
  if (own) {
    text += `        inet ${formatIp(own.local)}  netmask ${formatIp4(mask4(own.prefixLength))}`;
    if ((flags & IFF.BROADCAST) !== 0) text += `  broadcast ${formatIp(own.broadcast ?? 0)}`;
    if ((flags & IFF.POINTOPOINT) !== 0) text += `  destination ${formatIp(own.peer)}`;
    text += '\n';
  }
  if (alias === undefined) {
    for (const a of addrs.filter((x) => x.family === 'inet6')) {
      text += `        inet6 ${formatIp(a.local)}  prefixlen ${a.prefixLength}  scopeid ${SCOPES[a.scope] ?? '0x0<global>'}\n`;
    }
  }
  if (info.type === 'loopback') text += `        loop  txqueuelen ${info.txqlen}  (Local Loopback)\n`;
  else text += `        ether ${info.mac}  txqueuelen ${info.txqlen}  (Ethernet)\n`;
  if (alias === undefined) {
    const s = info.stats;
    text += `        RX packets ${s.rxPackets}  bytes ${s.rxBytes} (${human(s.rxBytes)})\n`;
    text += `        RX errors ${s.rxErrors}  dropped ${s.rxDropped + s.rxMissed}  overruns 0  frame 0\n`;
    text += `        TX packets ${s.txPackets}  bytes ${s.txBytes} (${human(s.txBytes)})\n`;
    text += `        TX errors ${s.txErrors}  dropped ${s.txDropped} overruns 0  carrier ${s.txCarrier}  collisions ${s.collisions}\n`;
  }
  return `${text}\n`;
}

/** The links as net-tools keeps them: sorted by name, numbers at the end as numbers (nstrcmp). */
export function byName(sys: Sys): LinkInfo[] {
  const split = (name: string): [string, number] => {
    const [, head = '', number = ''] = /^(.*?)(\d*)$/.exec(name)!;
    return [head, number === '' ? -1 : Number(number)];
  };
  return sys.net.links.list().sort((a, b) => {
    const [headA, numberA] = split(a.name);
    const [headB, numberB] = split(b.name);
    return headA === headB ? numberA - numberB : headA < headB ? -1 : 1;
  });
}

/** All interfaces that are up, or all. */
export function allInterfaces(sys: Sys, all: boolean): string {
  let text = '';
  for (const info of byName(sys)) {
    if (!all && (info.flags & IFF.UP) === 0) continue;
    text += interfaceText(sys, info);
    const labels = sys.net.addrs.list({ family: 'inet', index: info.index }).map((a) => a.label);
    for (const label of labels)
      if (label !== undefined && label.startsWith(`${info.name}:`)) text += interfaceText(sys, info, label);
  }
  return text;
}

/** One row of `netstat -i` and `ifconfig -s`. */
export function tableRow(info: LinkInfo): string {
  const s = info.stats;
  const n = (v: number, w: number): string => String(v).padStart(w);
  const f = info.flags;
  let flags = '';
  if ((f & IFF.ALLMULTI) !== 0) flags += 'A';
  if ((f & IFF.BROADCAST) !== 0) flags += 'B';
  if ((f & IFF.DEBUG) !== 0) flags += 'D';
  if ((f & IFF.LOOPBACK) !== 0) flags += 'L';
  if ((f & IFF.MULTICAST) !== 0) flags += (f & IFF.LOOPBACK) === 0 ? 'M' : '';
  if ((f & IFF.PROMISC) !== 0) flags += 'P';
  if ((f & IFF.NOARP) !== 0) flags += 'O';
  if ((f & IFF.POINTOPOINT) !== 0) flags += 'P';
  if ((f & IFF.RUNNING) !== 0) flags += 'R';
  if ((f & IFF.UP) !== 0) flags += 'U';
  return (
    `${info.name.padEnd(15)} ${n(info.mtu, 5)} ${n(s.rxPackets, 8)} ${n(s.rxErrors, 6)} ${n(s.rxDropped + s.rxMissed, 6)} ${String(0).padEnd(6)} ` +
    `${n(s.txPackets, 8)} ${n(s.txErrors, 6)} ${n(s.txDropped, 6)} ${n(0, 6)} ${flags}\n`
  );
}

function notAnOption(): never {
  throw new Stop(1, IFCONFIG_TYPES, IFCONFIG_USAGE);
}

function* change(sys: Sys, name: string, words: readonly string[]): Coroutine<number> {
  const colon = name.indexOf(':');
  const base = colon < 0 ? name : name.slice(0, colon);
  const link = sys.net.links.byName(base);
  const missing = (): never => {
    throw new Stop(255, `${name}: ERROR while getting interface flags: No such device\n`);
  };
  const attempt = (what: string, act: () => void, status = 1): void => {
    if (!sys.netAdmin) throw new Stop(status === 1 ? 255 : status, `${what}: Operation not permitted\n`);
    try {
      act();
    } catch (e) {
      throw new Stop(status, `${what}: ${why(e)}\n`);
    }
  };
  const set = (l: Link, c: LinkChange, what: string): void => attempt(what, () => sys.net.links.set(l, c));
  const current = (): AddressInfo | undefined =>
    link && sys.net.addrs.list({ family: 'inet', index: link.index }).find((a) => a.label === name);
  let netmask: number | undefined;
  let broadcast: number | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const value = (): string => {
      const v = words[++i];
      if (v === undefined) notAnOption();
      return v;
    };
    const l = link;
    switch (word) {
      case 'up':
        if (!l) missing();
        set(l!, { up: true }, 'SIOCSIFFLAGS');
        continue;
      case 'down': {
        if (!l) missing();
        const address = current();
        if (colon >= 0) {
          if (address)
            attempt('SIOCSIFFLAGS', () =>
              sys.net.addrs.delete({
                index: l!.index,
                local: address.local,
                prefixLength: address.prefixLength,
                label: name,
              }),
            );
        } else set(l!, { up: false }, 'SIOCSIFFLAGS');
        continue;
      }
      case 'promisc':
      case '-promisc':
        if (!l) missing();
        set(l!, { promisc: word === 'promisc' }, 'SIOCSIFFLAGS');
        continue;
      case 'arp':
      case '-arp':
        if (!l) missing();
        set(l!, { arp: word === 'arp' }, 'SIOCSIFFLAGS');
        continue;
      case 'allmulti':
      case '-allmulti':
        if (!l) missing();
        set(l!, { allmulticast: word === 'allmulti' }, 'SIOCSIFFLAGS');
        continue;
      case 'multicast':
      case '-multicast':
        if (!l) missing();
        set(l!, { multicast: word === 'multicast' }, 'SIOCSIFFLAGS');
        continue;
      case 'mtu': {
        const mtu = Number.parseInt(value(), 10);
        if (!l) throw new Stop(1, 'SIOCSIFMTU: No such device\n');
        set(l, { mtu }, 'SIOCSIFMTU');
        continue;
      }
      case 'txqueuelen': {
        const txqlen = Number.parseInt(value(), 10);
        if (!l) throw new Stop(1, 'SIOCSIFTXQLEN: No such device\n');
        set(l, { txqlen }, 'SIOCSIFTXQLEN');
        continue;
      }
      case 'name': {
        const newName = value();
        if (!l) throw new Stop(1, 'SIOCSIFNAME: No such device\n');
        set(l, { name: newName }, 'SIOCSIFNAME');
        continue;
      }
      case 'hw': {
        const kind = value();
        if (kind !== 'ether') notAnOption();
        const text = value();
        const mac = parseMac(text);
        if (!mac) throw new Stop(1, `${text}: invalid ether address.\n`);
        if (!l) throw new Stop(1, 'SIOCSIFHWADDR: No such device\n');
        set(l, { mac }, 'SIOCSIFHWADDR');
        continue;
      }
      case 'netmask': {
        const text = value();
        const mask = inetAton(text);
        if (mask === undefined || maskLength4(mask) === undefined)
          throw new Stop(1, `SIOCSIFNETMASK: Invalid argument\n`);
        netmask = mask;
        continue;
      }
      case 'broadcast':
      case '-broadcast': {
        if (word === '-broadcast') continue;
        const text = words[i + 1];
        const address = text === undefined ? undefined : inetAton(text);
        if (address !== undefined) {
          broadcast = address;
          i++;
        }
        continue;
      }
      case 'add':
      case 'del': {
        const text = value();
        const prefix = parsePrefix(text);
        if (!prefix) throw new Stop(1, `${text}: Unknown host\nifconfig: \`--help' gives usage information.\n`);
        if (!l) missing();
        const spec = { index: l!.index, local: prefix.address, prefixLength: prefix.length };
        attempt(word === 'add' ? 'SIOCSIFADDR' : 'SIOCDIFADDR', () =>
          word === 'add' ? sys.net.addrs.add(spec) : sys.net.addrs.delete(spec),
        );
        continue;
      }
      case 'inet':
      case 'trailers':
      case '-trailers':
      case 'dynamic':
      case '-dynamic':
        continue;
      case 'inet6': {
        if (words[i + 1] === 'add' || words[i + 1] === 'del') continue;
        const text = value();
        const prefix = parsePrefix(text);
        if (!prefix) throw new Stop(1, `${text}: Unknown host\nifconfig: \`--help' gives usage information.\n`);
        if (!l) missing();
        attempt('SIOCSIFADDR', () =>
          sys.net.addrs.add({ index: l!.index, local: prefix.address, prefixLength: prefix.length }),
        );
        continue;
      }
      default: {
        if (
          [
            'pointopoint',
            'dstaddr',
            'tunnel',
            'metric',
            'media',
            'irq',
            'mem_start',
            'io_addr',
            'outfill',
            'keepalive',
          ].includes(word)
        ) {
          throw new Stop(1, `ifconfig: not simulated in this course: ${word}\n`);
        }
        const slash = word.indexOf('/');
        const host = slash < 0 ? word : word.slice(0, slash);
        let address = inetAton(host);
        if (address === undefined) {
          const found = yield* resolveHost(sys, host, 'inet');
          if ('error' in found) {
            const reason = /^[\d.]+$/.test(host) ? 'Unknown host' : 'Host name lookup failure';
            throw new Stop(1, `${host}: ${reason}\nifconfig: \`--help' gives usage information.\n`);
          }
          address = found.addresses[0] as number;
        }
        if (!l)
          throw new Stop(
            255,
            `SIOCSIFADDR: No such device\n${name}: ERROR while getting interface flags: No such device\n`,
          );
        if (!sys.netAdmin)
          throw new Stop(255, 'SIOCSIFADDR: Operation not permitted\nSIOCSIFFLAGS: Operation not permitted\n');
        const old = current();
        if (old)
          sys.net.addrs.delete({ index: l.index, local: old.local, prefixLength: old.prefixLength, label: name });
        if (address === 0) continue;
        // Without a mask the address's class decides.
        const top = address >>> 24;
        const length =
          slash >= 0 ? Number(word.slice(slash + 1)) : top < 128 ? 8 : top < 192 ? 16 : top < 224 ? 24 : 32;
        if (!(length >= 0 && length <= 32)) throw new Stop(1, `SIOCSIFNETMASK: Invalid argument\n`);
        const loopback = (sys.net.links.info(l).flags & IFF.LOOPBACK) !== 0;
        attempt('SIOCSIFADDR', () =>
          sys.net.addrs.add({
            index: l.index,
            local: address,
            prefixLength: length,
            label: name,
            ...(!loopback && length < 31 && { broadcast: broadcast4(address, length) }),
          }),
        );
        set(l, { up: true }, 'SIOCSIFFLAGS');
      }
    }
  }
  if (netmask !== undefined || broadcast !== undefined) {
    const old = current();
    if (!old || !link) throw new Stop(1, `SIOCSIFNETMASK: Cannot assign requested address\n`);
    const length = netmask === undefined ? old.prefixLength : maskLength4(netmask)!;
    const brd =
      broadcast ??
      (netmask === undefined ? (old.broadcast as number | undefined) : broadcast4(old.local as number, length));
    if (length !== old.prefixLength || brd !== old.broadcast) {
      attempt('SIOCSIFNETMASK', () => {
        sys.net.addrs.delete({ index: link.index, local: old.local, prefixLength: old.prefixLength, label: name });
        sys.net.addrs.add({
          index: link.index,
          local: old.local,
          prefixLength: length,
          label: name,
          ...(brd !== undefined && { broadcast: brd }),
        });
      });
    }
  }
  return 0;
}

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    let all = false;
    let short = false;
    let i = 1;
    for (; i < argv.length && argv[i]!.startsWith('-'); i++) {
      const word = argv[i]!;
      if (word === '-a') all = true;
      else if (word === '-s') short = true;
      else if (word === '-v') continue;
      else if (word === '-V' || word === '--version') {
        yield* sys.print('net-tools 2.10\n');
        return 0;
      } else if (word === '-?' || word === '-h' || word === '--help') {
        yield* sys.print(IFCONFIG_USAGE);
        yield* sys.eprint(IFCONFIG_TYPES);
        return 0;
      } else
        throw new Stop(
          1,
          `ifconfig: option \`${word}' not recognised.\nifconfig: \`--help' gives usage information.\n`,
        );
    }
    const words = argv.slice(i);
    const heading = 'Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n';
    const [name, ...rest] = words;
    if (name === undefined) {
      if (short) {
        const rows = byName(sys)
          .filter((l) => all || (l.flags & IFF.UP) !== 0)
          .map(tableRow);
        yield* sys.print(heading + rows.join(''));
      } else yield* sys.print(allInterfaces(sys, all));
      return 0;
    }
    if (rest.length > 0) return yield* change(sys, name, rest);
    const base = name.split(':')[0]!;
    const link = sys.net.links.byName(base);
    if (!link) throw new Stop(1, `${name}: error fetching interface information: Device not found\n`);
    const info = sys.net.links.info(link);
    yield* sys.print(
      short ? heading + tableRow(info) : interfaceText(sys, info, name.includes(':') ? name : undefined),
    );
    return 0;
  });
}

/** The program. */
export const ifconfig: Program = {
  name: 'ifconfig',
  path: '/usr/sbin/ifconfig',
  size: 80256,
  summary: 'configure a network interface',
  manual: `NAME
       ifconfig - configure a network interface

SYNOPSIS
       ifconfig [-a] [-s] [INTERFACE]
       ifconfig INTERFACE [ADDRESS[/LENGTH]] [netmask MASK] [up|down] [mtu N] [hw ether MAC] ...

DESCRIPTION
       The older tool for links and addresses. It shows one IPv4 address for each name; ip(8) shows them all.
`,
  main,
  complete: (words, sys) =>
    words.length === 0
      ? [...deviceNames(sys), '-a', '-s']
      : ['up', 'down', 'netmask', 'broadcast', 'mtu', 'hw', 'promisc'],
};
