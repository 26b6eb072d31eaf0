/** What tcpdump can listen on: -D, and the choice when nothing is said. */
import type { Sys } from '../../host';
import { IFF } from '../../net';
import type { Link } from '../../net';
import { Stop } from './common';

/** One device of -D. */
interface Device {
  readonly name: string;
  readonly note: string;
}

/** Devices in libpcap's order: what is up and running first, what is down last. */
export function devices(sys: Sys): Device[] {
  const first: Device[] = [];
  const loopback: Device[] = [];
  const idle: Device[] = [];
  const down: Device[] = [];
  for (const l of sys.net.links.list()) {
    const isLoopback = (l.flags & IFF.LOOPBACK) !== 0;
    const up = (l.flags & IFF.UP) !== 0;
    const running = up && (l.flags & IFF.RUNNING) !== 0;
    const state = isLoopback ? 'Loopback' : running ? 'Connected' : 'Disconnected';
    const device = { name: l.name, note: `[${up ? (running ? 'Up, Running' : 'Up') : 'none'}, ${state}]` };
    (isLoopback ? (up ? loopback : down) : running ? first : up ? idle : down).push(device);
  }
  const pseudo = [
    { name: 'bluetooth-monitor', note: '(Bluetooth Linux Monitor) [Wireless]' },
    { name: 'nflog', note: '(Linux netfilter log (NFLOG) interface) [none]' },
    { name: 'nfqueue', note: '(Linux netfilter queue (NFQUEUE) interface) [none]' },
    { name: 'dbus-system', note: '(D-Bus system bus) [none]' },
    { name: 'dbus-session', note: '(D-Bus session bus) [none]' },
  ];
  const any = { name: 'any', note: '(Pseudo-device that captures on all interfaces) [Up, Running]' };
  return [...first, any, ...loopback, ...idle, ...pseudo, ...down];
}

/** The link to capture on; null is "any". @throws Stop */
export function chooseDevice(sys: Sys, wanted: string | undefined): { name: string; link: Link | null } {
  let name = wanted;
  if (name === undefined) {
    const first = devices(sys).find((d) => d.name !== 'any' && sys.net.links.byName(d.name));
    if (!first) throw new Stop(1, 'tcpdump: no suitable device found\n');
    name = first.name;
  } else if (/^\d+$/.test(name)) {
    const n = Number(name);
    const device = n > 0 ? devices(sys)[n - 1] : undefined;
    if (!device)
      throw new Stop(1, `tcpdump: Invalid adapter index ${n}: only ${devices(sys).length} interfaces found\n`);
    name = device.name;
  }
  if (name === 'any') return { name, link: null };
  const link = sys.net.links.byName(name);
  if (!link) {
    if (devices(sys).some((d) => d.name === name))
      throw new Stop(1, `tcpdump: not simulated in this course: -i ${name}\n`);
    throw new Stop(1, `tcpdump: ${name}: No such device exists\n(No such device exists)\n`);
  }
  return { name: link.name, link };
}
