/** brctl(8) of bridge-utils: bridges by ioctl and sysfs. */
import type { Coroutine } from '../../core';
import { provideLinkKinds } from '../link-kinds/fetch';
import { isErrno } from '../../core';
import type { Program, Sys } from '../../host';
import type { BridgeOptions, Link, LinkChange, LinkInfo } from '../../net';
import { deviceNames, Stop, stoppable, why } from './common';
import { BRCTL_USAGE } from './help';

interface Command {
  readonly name: string;
  readonly min: number;
  readonly usage: string;
  readonly run: (sys: Sys, args: readonly string[]) => string;
}

function info(sys: Sys, name: string): LinkInfo | undefined {
  const link = sys.net.links.byName(name);
  return link && sys.net.links.info(link);
}

/** A bridge by name, or the message of the commands that begin with one. @throws Stop */
function bridgeOf(sys: Sys, name: string): { link: Link; info: LinkInfo } {
  const link = sys.net.links.byName(name);
  const i = link && sys.net.links.info(link);
  if (!link || !i || i.kind !== 'bridge') throw new Stop(1, `bridge ${name} does not exist!\n`);
  return { link, info: i };
}

function admin(sys: Sys): void {
  if (!sys.netAdmin) throw new Stop(1, 'Operation not permitted\n');
}

function plainId(id: string): string {
  return id.replace(/:/g, '');
}

function showLine(sys: Sys, b: LinkInfo): string {
  const ports = sys.net.links
    .list()
    .filter((l) => l.master === b.index)
    .map((l) => l.name)
    .sort();
  const stp = b.bridge!.stpState !== 0 ? 'yes' : 'no';
  return `${b.name}\t\t${plainId(b.bridge!.bridgeId)}\t${stp}\t\t${ports.join('\n\t\t\t\t\t\t\t')}\n`;
}

const HEADER = 'bridge name\tbridge id\t\tSTP enabled\tinterfaces\n';

function show(sys: Sys, args: readonly string[]): string {
  const bridges = sys.net.links
    .list()
    .filter((l) => l.kind === 'bridge')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (args.length === 0) return bridges.length === 0 ? '' : HEADER + bridges.map((b) => showLine(sys, b)).join('');
  let text = '';
  for (const name of args) {
    const i = info(sys, name);
    if (!i) throw new Stop(1, `bridge ${name} does not exist!\n`, text);
    if (i.kind !== 'bridge') throw new Stop(1, `device ${name} is not a bridge!\n`, text);
    if (text === '') text = HEADER;
    text += showLine(sys, i);
  }
  return text;
}

/** `%4i.%.2i` of hundredths of a second. */
function seconds(ticks: number): string {
  return `${String(Math.floor(ticks / 100)).padStart(4)}.${String(ticks % 100).padStart(2, '0')}`;
}

function showMacs(sys: Sys, [name = '']: readonly string[]): string {
  const i = info(sys, name);
  if (!i || i.kind !== 'bridge')
    throw new Stop(1, `read of forward table failed: ${i ? 'Operation not supported' : 'No such device'}\n`);
  const ports = new Map(sys.net.links.list().map((l) => [l.index, l.bridgePort?.portNo]));
  const rows = sys.net.fdb
    .list({ bridge: i.index })
    .filter((f) => f.master === i.index && !f.self && ports.get(f.index) !== undefined)
    .sort((a, b) => (a.mac < b.mac ? -1 : 1));
  let text = 'port no\tmac addr\t\tis local?\tageing timer\n';
  for (const f of rows) {
    const local = f.local || f.state === 'permanent';
    const age = local || f.updated === undefined ? 0 : Math.floor((sys.now - f.updated) / 1e4);
    text += `${String(ports.get(f.index)).padStart(3)}\t${f.mac}\t${local ? 'yes' : 'no'}\t\t${seconds(age)}\n`;
  }
  return text;
}

function showStp(sys: Sys, [name = '']: readonly string[]): string {
  const i = info(sys, name);
  if (!i) throw new Stop(1, `bridge ${name} does not exist!\n`);
  if (i.kind !== 'bridge') throw new Stop(1, `device ${name} is not a bridge!\n`);
  const b = i.bridge!;
  const t = (label: string, ticks: number): string => `${label}${seconds(ticks)}`;
  let text = `${name}\n`;
  text += ` bridge id\t\t${plainId(b.bridgeId)}\n designated root\t${plainId(b.designatedRoot)}\n`;
  text += ` root port\t\t${String(b.rootPort).padStart(4)}\t\t\tpath cost\t\t${String(b.rootPathCost).padStart(4)}\n`;
  text += `${t(' max age\t\t', b.maxAge)}\t\t\t${t('bridge max age\t\t', b.maxAge)}\n`;
  text += `${t(' hello time\t\t', b.helloTime)}\t\t\t${t('bridge hello time\t', b.helloTime)}\n`;
  text += `${t(' forward delay\t\t', b.forwardDelay)}\t\t\t${t('bridge forward delay\t', b.forwardDelay)}\n`;
  text += `${t(' ageing time\t\t', b.ageingTime)}\n`;
  text += `${t(' hello timer\t\t', b.helloTimer ?? 0)}\t\t\t${t('tcn timer\t\t', b.tcnTimer ?? 0)}\n`;
  text += `${t(' topology change timer\t', b.topologyChangeTimer ?? 0)}\t\t\t${t('gc timer\t\t', b.gcTimer)}\n flags\t\t\t${b.topologyChange ? 'TOPOLOGY_CHANGE ' : ''}${b.topologyChangeDetected ? 'TOPOLOGY_CHANGE_DETECTED ' : ''}\n\n\n`;
  const ports = sys.net.links
    .list()
    .filter((l) => l.master === i.index && l.bridgePort)
    .sort((a, c) => a.bridgePort!.portNo - c.bridgePort!.portNo);
  for (const port of ports) {
    const p = port.bridgePort!;
    text += `${port.name} (${p.portNo})\n`;
    text += ` port id\t\t${p.portId.toString(16).padStart(4, '0')}\t\t\tstate\t\t${p.state.padStart(15)}\n`;
    text += ` designated root\t${plainId(p.designatedRoot)}\tpath cost\t\t${String(p.cost).padStart(4)}\n`;
    text += ` designated bridge\t${plainId(p.designatedBridge)}\t${t('message age timer\t', p.messageAgeTimer ?? 0)}\n`;
    text += ` designated port\t${p.designatedPort.toString(16).padStart(4, '0')}\t\t\t${t('forward delay timer\t', p.forwardDelayTimer)}\n`;
    text += ` designated cost\t${String(p.designatedCost).padStart(4)}\t\t\t${t('hold timer\t\t', p.holdTimer ?? 0)}\n flags\t\t\t\n`;
    if (p.hairpin) text += ' hairpin mode\t\t   1\n';
    text += '\n';
  }
  return text;
}

function addBridge(sys: Sys, args: readonly string[]): string {
  const name = args[0]!.slice(0, 15);
  if (sys.net.links.byName(name))
    throw new Stop(1, `device ${args[0]} already exists; can't create bridge with the same name\n`);
  try {
    if (!sys.netAdmin) throw new Stop(1, 'add bridge failed: Operation not permitted\n');
    sys.net.links.add({ kind: 'bridge', name });
  } catch (e) {
    if (e instanceof Stop) throw e;
    throw new Stop(1, `add bridge failed: ${why(e)}\n`);
  }
  return '';
}

function deleteBridge(sys: Sys, [name = '']: readonly string[]): string {
  const link = sys.net.links.byName(name);
  if (!link) throw new Stop(1, `bridge ${name} doesn't exist; can't delete it\n`);
  const i = sys.net.links.info(link);
  if (i.kind !== 'bridge' || !sys.netAdmin) throw new Stop(1, `can't delete bridge ${name}: Operation not permitted\n`);
  if ((i.flags & 1) !== 0) throw new Stop(1, `bridge ${name} is still up; can't delete it\n`);
  sys.net.links.delete(link);
  return '';
}

function addInterface(sys: Sys, [name = '', ...devices]: readonly string[]): string {
  for (const dev of devices) {
    const port = sys.net.links.byName(dev);
    const bridge = sys.net.links.byName(name);
    if (!port) {
      // The name of the port is looked up first.
      throw new Stop(1, `interface ${dev} does not exist!\n`);
    }
    if (!bridge) throw new Stop(1, `bridge ${name} does not exist!\n`);
    const i = sys.net.links.info(port);
    if (i.master !== undefined) {
      throw new Stop(1, `device ${dev} is already a member of a bridge; can't add it to bridge ${name}.\n`);
    }
    if (i.kind === 'bridge') {
      throw new Stop(1, `device ${dev} is a bridge device itself; can't add a bridge device to a bridge device.\n`);
    }
    try {
      if (!sys.netAdmin) throw new Stop(1, `can't add ${dev} to bridge ${name}: Operation not permitted\n`);
      sys.net.links.set(port, { master: bridge.index });
    } catch (e) {
      if (e instanceof Stop) throw e;
      throw new Stop(1, `can't add ${dev} to bridge ${name}: ${why(e)}\n`);
    }
  }
  return '';
}

function deleteInterface(sys: Sys, [name = '', ...devices]: readonly string[]): string {
  for (const dev of devices) {
    const port = sys.net.links.byName(dev);
    if (!port) throw new Stop(1, `interface ${dev} does not exist!\n`);
    const bridge = sys.net.links.byName(name);
    if (!bridge) throw new Stop(1, `bridge ${name} does not exist!\n`);
    if (sys.net.links.info(port).master !== bridge.index) throw new Stop(1, `device ${dev} is not a port of ${name}\n`);
    if (!sys.netAdmin) throw new Stop(1, `can't delete ${dev} from ${name}: Operation not permitted\n`);
    sys.net.links.set(port, { master: 0 });
  }
  return '';
}

function setBridge(what: string, options: (value: string) => BridgeOptions | string): Command['run'] {
  return (sys, [name = '', value = '']) => {
    const change = options(value);
    if (typeof change === 'string') throw new Stop(1, `${change}\n`);
    const link = sys.net.links.byName(name);
    if (!link) throw new Stop(1, `set ${what} failed: No such device\n`);
    try {
      admin(sys);
      sys.net.links.set(link, { bridge: change });
    } catch (e) {
      if (e instanceof Stop || !isErrno(e)) throw new Stop(1, `set ${what} failed: Operation not permitted\n`);
      throw new Stop(1, `set ${what} failed: ${why(e)}\n`);
    }
    return '';
  };
}

function time(value: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)/.test(value) ? Math.round(parseFloat(value) * 100) : undefined;
}

function timeOption(
  what: string,
  bad: string,
  key: 'ageingTime' | 'forwardDelay' | 'helloTime' | 'maxAge',
): Command['run'] {
  return setBridge(what, (value) => {
    const ticks = time(value);
    return ticks === undefined ? `bad ${bad} value` : { [key]: ticks };
  });
}

function onOff(word: string): boolean {
  if (['on', 'yes', '1'].includes(word)) return true;
  if (['off', 'no', '0'].includes(word)) return false;
  throw new Stop(1, 'expect on/off for argument\n');
}

function setPort(what: string, bad: string, change: (value: number) => LinkChange): Command['run'] {
  return (sys, [name = '', dev = '', value = '']) => {
    if (!/^\s*-?\d+/.test(value)) throw new Stop(1, `bad ${bad}\n`);
    const bridge = sys.net.links.byName(name);
    const port = sys.net.links.byName(dev);
    if (!bridge || !port) throw new Stop(1, `set ${what} failed: No such device\n`);
    // The file below /sys/class/net/PORT/brport is not there.
    if (sys.net.links.info(port).master === undefined)
      throw new Stop(1, `set ${what} failed: No such file or directory\n`);
    admin(sys);
    try {
      sys.net.links.set(port, change(parseInt(value, 10)));
    } catch (e) {
      throw new Stop(1, `set ${what} failed: ${why(e)}\n`);
    }
    return '';
  };
}

/** The commands with the least number of arguments and their line of help, which is also the usage's. */
const COMMANDS: readonly Command[] = [
  { name: 'addbr', min: 1, usage: '<bridge>\t\tadd bridge', run: addBridge },
  { name: 'delbr', min: 1, usage: '<bridge>\t\tdelete bridge', run: deleteBridge },
  { name: 'addif', min: 2, usage: '<bridge> <device>\tadd interface to bridge', run: addInterface },
  { name: 'delif', min: 2, usage: '<bridge> <device>\tdelete interface from bridge', run: deleteInterface },
  {
    name: 'hairpin',
    min: 3,
    usage: '<bridge> <port> {on|off}\tturn hairpin on/off',
    run: (sys, [name = '', dev = '', word = '']) => {
      const on = onOff(word);
      const { link } = bridgeOf(sys, name);
      const port = sys.net.links.byName(dev);
      if (!port) throw new Stop(1, `interface ${dev} does not exist!\n`);
      if (sys.net.links.info(port).master !== link.index) {
        throw new Stop(1, `can't set ${dev} to hairpin on bridge ${name}: Invalid argument\n`);
      }
      admin(sys);
      sys.net.links.set(port, { port: { hairpin: on } });
      return '';
    },
  },
  {
    name: 'setageing',
    min: 2,
    usage: '<bridge> <time>\t\tset ageing time',
    run: timeOption('ageing time', 'ageing time', 'ageingTime'),
  },
  {
    name: 'setbridgeprio',
    min: 2,
    usage: '<bridge> <prio>\t\tset bridge priority',
    run: setBridge('bridge priority', (v) => (/^\s*-?\d+/.test(v) ? { priority: parseInt(v, 10) } : 'bad priority')),
  },
  {
    name: 'setfd',
    min: 2,
    usage: '<bridge> <time>\t\tset bridge forward delay',
    run: timeOption('forward delay', 'forward delay', 'forwardDelay'),
  },
  {
    name: 'sethello',
    min: 2,
    usage: '<bridge> <time>\t\tset hello time',
    run: timeOption('hello timer', 'hello timer', 'helloTime'),
  },
  {
    name: 'setmaxage',
    min: 2,
    usage: '<bridge> <time>\t\tset max message age',
    run: timeOption('max age', 'max age', 'maxAge'),
  },
  {
    name: 'setpathcost',
    min: 3,
    usage: '<bridge> <port> <cost>\tset path cost',
    run: setPort('path cost', 'path cost value', (cost) => ({ port: { cost } })),
  },
  {
    name: 'setportprio',
    min: 3,
    usage: '<bridge> <port> <prio>\tset port priority',
    run: setPort('port priority', 'path priority value', (priority) => ({ port: { priority } })),
  },
  { name: 'show', min: 0, usage: '[ <bridge> ]\t\tshow a list of bridges', run: show },
  { name: 'showmacs', min: 1, usage: '<bridge>\t\tshow a list of mac addrs', run: showMacs },
  { name: 'showstp', min: 1, usage: '<bridge>\t\tshow bridge stp info', run: showStp },
  {
    name: 'stp',
    min: 2,
    usage: '<bridge> {on|off}\tturn stp on/off',
    run: (sys, [name = '', word = '']) =>
      setBridge('stp status', () => ({ stpState: onOff(word) ? 1 : 0 }))(sys, [name, word]),
  },
];

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  return yield* stoppable(sys, function* () {
    const [word, ...args] = argv.slice(1);
    if (word === '-V' || word === '--version') {
      yield* sys.print('bridge-utils, 1.7\n');
      return 0;
    }
    if (word === '-h' || word === '--help') {
      yield* sys.print(BRCTL_USAGE);
      return 0;
    }
    const command = COMMANDS.find((c) => c.name === word);
    if (!command) {
      if (word !== undefined) yield* sys.eprint(`never heard of command [${word}]\n`);
      yield* sys.print(BRCTL_USAGE);
      return 1;
    }
    if (args.length < command.min) {
      yield* sys.print(`Incorrect number of arguments for command\nUsage: brctl ${command.name} ${command.usage}\n`);
      return 1;
    }
    if (command.name === 'stp' && !(yield* provideLinkKinds(sys)))
      throw new Stop(126, 'brctl: cannot load program: network error\n');
    yield* sys.print(command.run(sys, args));
    return 0;
  });
}

/** The program. */
export const brctl: Program = {
  name: 'brctl',
  path: '/usr/sbin/brctl',
  size: 43056,
  summary: 'ethernet bridge administration',
  manual: `NAME
       brctl - Ethernet bridge administration

SYNOPSIS
       brctl COMMAND [ARGUMENTS]

DESCRIPTION
       The older tool for bridges; ip(8) and bridge(8) do the same and more.

       addbr, delbr BRIDGE          make and take away a bridge
       addif, delif BRIDGE DEVICE   its ports
       show [BRIDGE]                bridges and ports
       showmacs BRIDGE              who was seen behind which port
       showstp BRIDGE               timers and states
`,
  main,
  complete: (words, sys) => (words.length === 0 ? COMMANDS.map((c) => c.name) : deviceNames(sys)),
};
