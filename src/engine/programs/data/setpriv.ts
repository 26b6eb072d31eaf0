import type { Coroutine } from '../../core';
import type { Program, Sys } from '../../host';
import { getopt, GetoptError } from '../lib/getopt';
import { findGroup, findUser, groups } from '../lib/users';
import { execOrShell } from '../namespaces/common';

const CAPABILITIES =
  'chown,dac_override,dac_read_search,fowner,fsetid,kill,setgid,setuid,setpcap,linux_immutable,net_bind_service,net_broadcast,net_admin,net_raw,ipc_lock,ipc_owner,sys_module,sys_rawio,sys_chroot,sys_ptrace,sys_pacct,sys_admin,sys_boot,sys_nice,sys_time,sys_tty_config,mknod,lease,audit_write,audit_control,setfcap,mac_override,mac_admin,syslog,wake_alarm,block_suspend,audit_read,perfmon,bpf,checkpoint_restore';

const HELP = `
Usage:
 setpriv [options] <program> [<argument>...]

Run a program with different privilege settings.

Options:
 -d, --dump                show the current state, run nothing
     --clear-groups        no supplementary groups
     --keep-groups         keep the supplementary groups
     --init-groups         the groups of the new user
     --groups <list>       these groups
     --reuid <uid|user>    real and effective user
     --regid <gid|group>   real and effective group
     --reset-env           the environment of a fresh login
     --no-new-privs        execve gives no more privileges
`;

function* main(sys: Sys, argv: readonly string[]): Coroutine<number> {
  const fail = function* (message: string, status = 1): Coroutine<number> {
    yield* sys.eprint(`setpriv: ${message}\n`);
    return status;
  };
  let parsed;
  try {
    parsed = getopt(argv, '+dhV', [
      'dump=d',
      'help=h',
      'version=V',
      'clear-groups',
      'keep-groups',
      'init-groups',
      'groups:',
      'reuid:',
      'regid:',
      'ruid:',
      'euid:',
      'rgid:',
      'egid:',
      'reset-env',
      'no-new-privs=nnp',
      'nnp',
      'inh-caps:',
      'ambient-caps:',
      'bounding-set:',
      'list-caps',
      'securebits:',
      'pdeathsig:',
    ]);
  } catch (e) {
    if (!(e instanceof GetoptError)) throw e;
    yield* sys.eprint(`setpriv: ${e.message}\nTry 'setpriv --help' for more information.\n`);
    return 1;
  }
  const { proc } = sys;
  let uid: number | undefined;
  let user: string | undefined;
  let gid: number | undefined;
  let mode: string | undefined;
  let list: number[] = [];
  let dump = false;
  let reset = false;
  for (const { name, arg } of parsed.options) {
    switch (name) {
      case 'h':
        yield* sys.print(HELP);
        return 0;
      case 'V':
        yield* sys.print('setpriv from util-linux 2.38.1\n');
        return 0;
      case 'd':
        dump = true;
        break;
      case 'reuid': {
        const found = findUser(sys, arg!);
        if (!found) return yield* fail(`failed to parse reuid: '${arg!}'`);
        uid = found.uid;
        user = found.user?.name;
        break;
      }
      case 'regid':
        gid = findGroup(sys, arg!);
        if (gid === undefined) return yield* fail(`failed to parse regid: '${arg!}'`);
        break;
      case 'clear-groups':
      case 'keep-groups':
      case 'init-groups':
        if (mode !== undefined)
          return yield* fail('mutually exclusive arguments: --clear-groups --keep-groups --init-groups --groups');
        mode = name;
        break;
      case 'groups':
        mode = name;
        list = [];
        for (const g of arg!.split(',')) {
          const id = findGroup(sys, g);
          if (id === undefined) return yield* fail(`Invalid supplementary group id: '${g}'`);
          list.push(id);
        }
        break;
      case 'reset-env':
        reset = true;
        break;
      case 'nnp':
        break;
      default:
        return yield* fail(`not simulated in this course: --${name}`);
    }
  }
  if (dump) {
    if (parsed.operands.length > 0) return yield* fail('--dump is incompatible with all other options');
    const seen = (id: number): number => proc.ns.user.inside(id);
    const more = proc.groups.filter((g) => g !== proc.gid).map(seen);
    yield* sys.print(
      `uid: ${seen(proc.uid)}\neuid: ${seen(proc.uid)}\ngid: ${seen(proc.gid)}\negid: ${seen(proc.gid)}\n` +
        `Supplementary groups: ${more.length > 0 ? more.join(',') : '[none]'}\nno_new_privs: 0\n` +
        'Inheritable capabilities: [none]\nAmbient capabilities: [none]\n' +
        `Capability bounding set: ${CAPABILITIES}\nSecurebits: [none]\nParent death signal: [none]\n`,
    );
    return 0;
  }
  if (parsed.operands.length === 0) return yield* fail('No program specified');
  if (gid !== undefined && mode === undefined)
    return yield* fail('--[re]gid requires --keep-groups, --clear-groups, --init-groups, or --groups');
  if (mode === 'init-groups' && uid === undefined) return yield* fail('--init-groups requires --ruid or --reuid');
  const root = proc.capable(proc.ns.user);
  if (!root && uid !== undefined && uid !== proc.uid)
    return yield* fail('setresuid failed: Operation not permitted', 127);
  if (!root && gid !== undefined && gid !== proc.gid)
    return yield* fail('setresgid failed: Operation not permitted', 127);
  if (!root && mode !== undefined && mode !== 'keep-groups')
    return yield* fail('setgroups failed: Operation not permitted', 127);
  if (gid !== undefined) proc.gid = gid;
  if (mode === 'clear-groups') proc.groups = [];
  else if (mode === 'groups') proc.groups = list;
  else if (mode === 'init-groups' && user !== undefined) {
    const name = user;
    const own = groups(sys)
      .filter((g) => g.members.includes(name))
      .map((g) => g.gid);
    proc.groups = [...new Set([proc.gid, ...own])];
  }
  if (uid !== undefined) {
    // Leaving uid 0 drops the capabilities (capabilities(7)).
    if (uid !== 0) proc.privileged = false;
    proc.uid = uid;
  }
  if (reset) {
    const found = findUser(sys, String(proc.uid));
    const term = proc.env.get('TERM');
    proc.env = new Map([
      ...(term === undefined ? [] : ([['TERM', term]] as [string, string][])),
      ['SHELL', found?.user?.shell ?? '/bin/sh'],
      ['HOME', found?.user?.home ?? '/'],
      ['USER', found?.user?.name ?? ''],
      ['LOGNAME', found?.user?.name ?? ''],
      ['PATH', '/usr/local/bin:/bin:/usr/bin'],
    ]);
  }
  return yield* execOrShell(sys, 'setpriv', parsed.operands);
}

/** setpriv(1) of util-linux 2.38. */
export const setpriv: Program = {
  name: 'setpriv',
  path: '/usr/bin/setpriv',
  summary: 'run a program with different Linux privilege settings',
  manual: HELP,
  main,
};
