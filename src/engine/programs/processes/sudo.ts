/** sudo(8): root may run anything as anybody. */
import { shellStatus } from '../../host';
import { getopt, GetoptError } from '../lib/getopt';
import { tool } from '../lib/tool';
import { become, CannotRun, execvp, waitFor } from './run-as';
import { readUsers } from './users';

const USAGE = `usage: sudo -h | -K | -k | -V
usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user]
            [command [arg ...]]
usage: sudo [-ABbEHkNnPS] [-r role] [-t type] [-C num] [-D directory] [-g
            group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user]
            [VAR=value] [-i | -s] [command [arg ...]]
usage: sudo -e [-ABkNnS] [-r role] [-t type] [-C num] [-D directory] [-g group]
            [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] file ...
`;

const SECURE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** sudo(8). */
export const sudo = tool({
  name: 'sudo',
  summary: 'run a command as another user, root unless one is named',
  version: 'Sudo version 1.9.13p3',
  help: `[-EHinsS] [-u USER] [VAR=VALUE]... [COMMAND [ARG]...]
Run COMMAND as USER, by default as root.

  -u USER    as USER, a name or #NUMBER
  -i         through a login shell
  -s         through the shell
  -E         keep the environment
  -l         what may be run
`,
  *run(t) {
    const { sys } = t;
    let parsed;
    try {
      parsed = getopt(t.argv, '+AbEeHhiKklNnPp:SsU:u:VvD:g:T:', [
        'user:=u',
        'login=i',
        'shell=s',
        'preserve-env::=E',
        'set-home=H',
        'list=l',
        'validate=v',
        'version=V',
        'non-interactive=n',
        'stdin=S',
        'help=h',
        'chdir:=D',
      ]);
    } catch (e) {
      if (!(e instanceof GetoptError)) throw e;
      yield* sys.eprint(`sudo: ${e.message}\n${USAGE}`);
      return 1;
    }
    const { options } = parsed;
    const has = (name: string): boolean => options.some((o) => o.name === name);
    const words = [...parsed.operands];
    const extra = new Map<string, string>();
    while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) {
      const word = words.shift()!;
      extra.set(word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1));
    }
    if (has('V') || has('h')) {
      yield* t.out.write(has('V') ? 'Sudo version 1.9.13p3\n' : `sudo - execute a command as another user\n\n${USAGE}`);
      return 0;
    }
    const users = yield* readUsers(sys);
    const caller = users.accounts.find((a) => a.uid === sys.proc.uid);
    if (sys.proc.uid !== 0) {
      yield* sys.eprint(`${caller?.name ?? `#${sys.proc.uid}`} is not in the sudoers file.\n`);
      return 1;
    }
    if (has('v') || has('k') || has('K')) return 0;
    const me = caller?.name ?? 'root';
    if (has('l')) {
      const { hostname } = sys.proc.ns.uts;
      yield* t.out.write(
        `Matching Defaults entries for ${me} on ${hostname}:\n    env_reset, mail_badpass, secure_path=${SECURE_PATH.replaceAll(':', '\\:')}, use_pty\n\nUser ${me} may run the following commands on ${hostname}:\n    (ALL : ALL) ALL\n`,
      );
      return 0;
    }
    if (words.length === 0 && !has('i') && !has('s')) {
      yield* sys.eprint(USAGE);
      return 1;
    }
    const wanted = options.findLast((o) => o.name === 'u')?.arg ?? 'root';
    const account = /^#\d+$/.test(wanted)
      ? (users.accounts.find((a) => a.uid === Number(wanted.slice(1))) ?? {
          name: wanted,
          uid: Number(wanted.slice(1)),
          gid: Number(wanted.slice(1)),
          home: '/',
          shell: '/bin/sh',
        })
      : users.account(wanted);
    if (!account) {
      yield* sys.eprint(`sudo: unknown user ${wanted}\nsudo: error initializing audit plugin sudoers_audit\n`);
      return 1;
    }
    const env = new Map<string, string>();
    const keep = has('E') ? [...sys.proc.env.keys()] : ['TERM', 'LANG', 'LC_ALL', 'DISPLAY', 'COLUMNS', 'LINES', 'TZ'];
    for (const name of keep) {
      const value = sys.env(name);
      if (value !== undefined) env.set(name, value);
    }
    env.set('PATH', SECURE_PATH);
    env.set('HOME', account.home);
    env.set('SHELL', has('s') ? (sys.env('SHELL') ?? account.shell) : account.shell);
    env.set('LOGNAME', account.name);
    env.set('USER', account.name);
    env.set('SUDO_USER', me);
    env.set('SUDO_UID', String(sys.proc.uid));
    env.set('SUDO_GID', String(sys.proc.gid));
    let argv: string[] = words;
    if (has('i') || has('s')) {
      const shell = has('i') ? account.shell : env.get('SHELL')!;
      const quoted = words.map((w) => w.replace(/[^\w@%+=:,./$-]/g, '\\$&')).join(' ');
      argv = [shell, ...(words.length > 0 ? ['-c', quoted] : [])];
    }
    const path = sys.which(argv[0]!, SECURE_PATH);
    if (path === undefined) {
      yield* sys.eprint(`sudo: ${argv[0]!}: command not found\n`);
      return 1;
    }
    env.set('SUDO_COMMAND', [path, ...argv.slice(1)].join(' '));
    for (const [name, value] of extra) env.set(name, value);
    const child = sys.fork(function* (c) {
      become(c, account, users);
      if (has('i') && c.files.exists(account.home)) c.files.chdir(account.home);
      try {
        if (has('i')) return yield* c.exec(path, [`-${path.slice(path.lastIndexOf('/') + 1)}`, ...argv.slice(1)], env);
        return yield* execvp(c, argv, env);
      } catch (e) {
        if (!(e instanceof CannotRun)) throw e;
        yield* c.eprint(`sudo: unable to execute ${path}: ${e.message}\n`);
        return e.status;
      }
    });
    for (const s of ['SIGINT', 'SIGQUIT'] as const) sys.onSignal(s, 'ignore');
    return shellStatus(yield* waitFor(sys, child));
  },
});
