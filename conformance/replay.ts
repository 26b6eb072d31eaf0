import { conntrackOf } from '../src/engine/net/conntrack';
import { createWorld } from '../src/engine/world';
import type { World } from '../src/engine/world';
import type { Recording, Row } from './recording';
import { planFromRows, planFromScenario } from './scenario';
import type { Started } from './shell-run';
import { finish, signal, start } from './shell-run';

/** What the simulation did for one row. */
export interface Replayed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

const SECOND = 1_000_000;
const SEARCH_PATH = '/mnt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const LINUX_ENV = {
  PATH: SEARCH_PATH,
  HOME: '/root',
  LANG: 'C.UTF-8',
  TERM: 'xterm',
  USER: 'root',
  LOGNAME: 'root',
  SHELL: '/bin/bash',
};

/** Replays a recording. @throws Error when there is no world for its form. */
export function replay(recording: Recording): Replayed[] {
  switch (recording.form) {
    case 'bash':
      return recording.rows.map(replayBashCase);
    case 'linux':
      return replayLinux(recording);
    default:
      throw new Error(
        `recordings of form "${recording.form}" cannot be replayed: the course has no ${recording.form} world yet`,
      );
  }
}

function failed(error: unknown): Replayed {
  return {
    stdout: '',
    stderr: `engine failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    exit: -1,
  };
}

/** Each bash case has a fresh machine and an empty directory. */
function replayBashCase(row: Row): Replayed {
  try {
    const world = createWorld('linux', 'conformance');
    const machine = world.machine('host');
    world.exec({ machine: 'host' }, 'mkdir -p /tmp/case');
    const env = { PATH: SEARCH_PATH, HOME: '/root', LC_ALL: 'C.UTF-8', TZ: 'UTC', USER: 'root', SHELL: '/bin/bash' };
    const started = start(machine, ['bash', '-c', row.cmd], env, 'pipes', '/tmp/case');
    finish(world, started, 60);
    return { stdout: started.stdout(), stderr: started.stderr(), exit: started.status() };
  } catch (e) {
    return failed(e);
  }
}

/** Namespaced hosts on one machine called `vm`, entered as the recorder entered them. */
function replayLinux(recording: Recording): Replayed[] {
  const { rows } = recording;
  const plan = (recording.scenario && planFromScenario(recording.scenario, rows)) || planFromRows(rows);
  const world = createWorld('recorder', recording.name);
  // The kernel of the recordings has no modules: what others load is there from the start.
  conntrackOf(world.machine('vm').namespaces.net);
  const results: Replayed[] = rows.map(() => ({ stdout: '', stderr: 'not reached', exit: -1 }));
  const background = new Map<number, Started>();
  for (const host of plan.hosts) addHost(world, host);
  for (const action of plan.actions) {
    try {
      if (action.kind === 'sleep') world.run(action.seconds * SECOND);
      else if (action.kind === 'file') writeFile(world, action.host, action.path, action.text);
      else {
        const row = rows[action.row]!;
        if (action.kind === 'start') background.set(action.row, startRow(world, row));
        else if (action.kind === 'run') results[action.row] = runRow(world, row);
        else {
          const started = background.get(action.row);
          if (!started) continue;
          world.run(0.25 * SECOND);
          if (started.status() < 0 && action.signal) signal(started, action.signal);
          finish(world, started, 10);
          results[action.row] = { stdout: started.stdout(), stderr: started.stderr(), exit: started.status() };
        }
      }
    } catch (e) {
      if ('row' in action) results[action.row] = failed(e);
    }
  }
  return results;
}

function startRow(world: World, row: Row): Started {
  const argv =
    row.host === 'vm'
      ? ['bash', '-c', row.cmd]
      : [
          'ip',
          'netns',
          'exec',
          row.host,
          'unshare',
          '--uts',
          'bash',
          '-c',
          'hostname "$1"; exec bash -c "$2"',
          'bash',
          row.host,
          row.cmd,
        ];
  const attachment = row.tty === false ? 'pipes' : row.tty === 'one' ? 'one' : 'terminals';
  return start(world.machine('vm'), argv, LINUX_ENV, attachment, row.cwd);
}

function runRow(world: World, row: Row): Replayed {
  const began = world.now;
  const started = startRow(world, row);
  finish(world, started, Math.max(25, (row.secs ?? 0) + 5), row.sigint_after);
  const result = { stdout: started.stdout(), stderr: started.stderr(), exit: started.status() };
  // Keep pace with the recording: what is cached or ageing there is so here.
  const left = (row.secs ?? 0.02) * SECOND - (world.now - began);
  if (left > 0) world.run(left);
  return result;
}

function addHost(world: World, host: string): void {
  const quoted = `'${host}'`;
  setUp(
    world,
    `mkdir -p /etc/netns/${quoted}; cd /etc/netns/${quoted}
printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost ip6-localhost ip6-loopback\\n' > hosts
: > resolv.conf; echo 'hosts: files dns' > nsswitch.conf; echo ${quoted} > hostname
ip netns add ${quoted}
# As record.py does: the module is loaded, and does nothing until a scenario switches it on.
modprobe br_netfilter
for x in iptables ip6tables arptables; do ip netns exec ${quoted} sysctl -q -w net.bridge.bridge-nf-call-$x=0; done`,
  );
}

function writeFile(world: World, host: string, path: string, text: string): void {
  const target = host === '-' ? path : `/etc/netns/${host}/${path.replace(/^\/etc\//, '')}`;
  setUp(world, `mkdir -p "$(dirname '${target}')"; cat > '${target}'; chmod 755 '${target}'`, text);
}

function setUp(world: World, script: string, stdin?: string): void {
  const { status, stderr } = world.exec({ machine: 'vm' }, script, stdin === undefined ? {} : { stdin });
  if (status !== 0) throw new Error(`setting up the recorder's world failed (${status}): ${stderr}`);
}
